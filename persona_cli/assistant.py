"""The way of a request (DESIGN §1): recall to audit, each step by its name.

    argv + stdin -> Request -> recall -> sketch (detect, pseudonymise) -> gate -> consent -> cloud -> restore -> Answer
                                                                            ^ edit |-> local ------------^

Knows the order of the steps and nothing of how any of them is done, nor of the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from persona_cli.consent import NOT_ASKED, Consent, nobody_to_ask, settle
from persona_cli.errors import CloudError, PersonaError, Refused
from persona_cli.exchange import Answer, Draft, Reply, Request
from persona_cli.record import Record
from persona_cli.settings import SURROGATES
from persona_cli.sketch.sketch import (
    CLOUD_SYSTEM,
    CLOUD_SYSTEM_SURROGATES,
    Message,
    Sketch,
    body,
    legend_text,
    prompt,
)

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

LOCAL_SYSTEM: Final = (
    "You are persona, a private assistant on the user's own machine. "
    "Write what is asked, using the notes where they help."
)
ANSWER_TOKENS: Final = 1024
# Of standing instructions and preferences, above every request.
STANDING_WORDS: Final = 150


class Assistant:
    """persona's pipeline over `parts`. `consent` is asked before a request leaves, where that is required."""

    def __init__(self, parts: Parts, consent: Consent = nobody_to_ask) -> None:
        self.parts = parts
        self._consent = consent
        self._record = Record(parts)

    def ask(self, request: Request) -> Reply:
        """Answer `request`, streaming.

        Raises Refused or Cancelled before anything leaves, CloudError when the cloud fails.
        """
        if request.local:
            return Reply(self._locally(request))
        return self.send(self.prepare(request))

    def send(self, draft: Draft) -> Reply:
        """Send what the gate cleared, and the user where they are to be asked, and stream the restored answer.

        What they keep local is answered here. Raises Refused, Cancelled, CloudError.
        """
        draft = self._consented(draft)
        if draft.request.local:
            return Reply(self._locally(draft.request))
        exposure, privacy = draft.exposure, self.parts.settings.privacy
        warning = exposure.warning(privacy.k_anonymity) if exposure else ""
        return Reply(self._by_cloud(draft), draft.sketch.treated("withheld"), warning)

    def prepare(self, request: Request, table: Pseudonyms | None = None) -> Draft:
        """Everything up to the cloud's door; opens no connection.

        `table` stands in for the conversation's own placeholders. Raises Refused.
        """
        from persona_cli.sketch.extractive import draft

        table = self._record.table(request) if table is None else table
        memories = self._recall(request)
        self._style(table, request, memories)
        detector, facts = self._detection(request)
        level = self.parts.settings.privacy.level
        sketch = draft(request.text, request.document, self._record.history(request), memories, detector, table, level)
        sketch = self._described(sketch, request, table, facts)
        with self._record.kept_when_refused(request):
            cleared = self._clear(sketch, detector, table, facts)
            exposure = self._expose(request, sketch, cleared, table)
        return Draft(request, sketch, table, cleared, memories, exposure=exposure)

    def edit(self, draft: Draft, text: str) -> Draft:
        """`draft` with `text` as the user's message, past detection and the gate once more. Raises Refused."""
        from persona_cli.sketch.editing import edited

        detector, facts = self._detection(draft.request)
        plain, sketch = edited(draft.sketch, text, detector, draft.table)
        cleared = self._clear(sketch, detector, draft.table, facts)
        exposure = self._expose(draft.request, sketch, cleared, draft.table)
        request = replace(draft.request, text=plain, document="")
        return Draft(request, sketch, draft.table, cleared, draft.memories, exposure=exposure)

    def _consented(self, draft: Draft) -> Draft:
        """The draft that the user lets go, or one with a `local` request. Raises Refused, Cancelled."""
        confirm = draft.request.confirm
        if confirm is None:
            confirm = self.parts.settings.privacy.confirm == "always"
        if not confirm:
            return replace(draft, consent=NOT_ASKED)
        with self._record.kept_when_refused(draft.request):
            return settle(draft, self._consent, self.edit)

    def _by_cloud(self, draft: Draft) -> Iterator[str | Answer]:
        from persona_cli.privacy.restore import Restorer

        request, cloud = draft.request, self.parts.cloud
        receipt = self._record.sending(draft)
        restorer = Restorer(draft.table, frozenset(self.parts.settings.privacy.restore_in))
        raw: list[str] = []
        shown: list[str] = []
        outcome: str = "interrupted"
        failure: PersonaError | None = None
        try:
            for delta in cloud.stream(draft.cleared):
                raw.append(delta)
                shown.append(restorer.feed(delta))
                yield shown[-1]
            outcome = "answered"
        except CloudError as error:
            outcome, failure = "failed", error
        finally:
            shown.append(restorer.close())
            unkept = self._record.conclude(draft, outcome, receipt, "".join(shown))
            if unkept is not None and outcome == "interrupted":
                raise unkept
        yield shown[-1]
        if failure is not None:
            raise failure
        answer = Answer(
            text="".join(shown),
            raw="".join(raw),
            where="cloud",
            model=self.parts.settings.cloud.model,
            restored=restorer.restored,
            held=restorer.held,
            unknown=restorer.unknown,
            withheld=len(draft.sketch.treated("withheld")),
            replaced=len(draft.sketch.treated("replaced")),
            memories=tuple(memory.id for memory in draft.memories if memory.id),
            receipt=receipt,
            cut_short=cloud.cut_short,
        )
        yield answer
        if unkept is not None:
            raise unkept
        yield self._record.learned(request, draft.memories, answer)

    def _locally(self, request: Request) -> Iterator[str | Answer]:
        engine = self.parts.engine
        memories = self._recall(request)
        notes = tuple(dict.fromkeys(memory.text for memory in memories))
        asked = Message("user", prompt(request.text, request.document, notes, "Notes"))
        messages = [Message("system", LOCAL_SYSTEM), *self._record.history(request), asked]
        shown: list[str] = []
        complete = False
        try:
            for delta in engine.stream(messages, max_tokens=ANSWER_TOKENS):
                shown.append(delta)
                yield delta
            complete = True
        finally:
            self._record.turns(request, "".join(shown), complete)
        text = "".join(shown)
        used = tuple(memory.id for memory in memories if memory.id)
        answer = Answer(text, text, "local", engine.name, memories=used, cut_short=engine.cut_short)
        yield answer
        yield self._record.learned(request, memories, answer)

    # The steps, in the order of the picture.

    def _recall(self, request: Request) -> tuple[Recalled, ...]:
        from persona_cli.privacy.stated import statements
        from persona_cli.sketch.extractive import Recalled

        found = [Recalled("", fact) for fact in statements(request.facts)]
        wanted = 0 if self._record.memory_out_of_reach(request) else self.parts.settings.memory.recall
        if wanted and self.parts.memory.count():
            from persona_cli.memory.recall import always, recall
            from persona_cli.memory.statements.standing import INSTRUCTION, standing

            store = self.parts.memory
            for memory in always(store, request.text, STANDING_WORDS):
                found.append(Recalled(memory.id, memory.text, standing=standing(memory.text) == INSTRUCTION))
            # The user's own name is in half of what they remember and tells the memories apart no better than "I".
            hits = recall(store, request.text, wanted, names=self.parts.user_names)
            known = {memory.id for memory in found}
            found += [Recalled(hit.memory.id, hit.memory.text) for hit in hits if hit.memory.id not in known]
        return tuple(found)

    def _detection(self, request: Request) -> tuple[Detector, list[KnownFact]]:
        """What finds private text for `request`, and what is known beforehand."""
        from persona_cli.privacy.stated import read_facts

        facts = read_facts(request.facts)
        detector = self.parts.detector_with(facts) if facts else self.parts.detector
        return detector, [*self.parts.known_facts, *facts]

    def _described(self, sketch: Sketch, request: Request, table: Pseudonyms, facts: Sequence[KnownFact]) -> Sketch:
        """`sketch` with what the cloud may be told of its placeholders (the setting privacy.attributes)."""
        allowed = self.parts.settings.privacy.attributes
        if not allowed:
            return sketch
        from persona_cli.privacy.stated import stated_fields
        from persona_cli.sketch.legend import with_legend

        fields = [*self.parts.profile_fields, *stated_fields(request.facts)]
        private = [(fact.kind, value) for fact in facts for value in (fact.value, *fact.aliases)]
        return with_legend(sketch, table, allowed, fields, private)

    def _clear(self, sketch: Sketch, detector: Detector, table: Pseudonyms, facts: Sequence[KnownFact]) -> Cleared:
        from persona_cli.parts import make_gate
        from persona_cli.privacy.known import Known

        known = [Known(value, fact.kind) for fact in facts for value in (fact.value, *fact.aliases)]
        gate = make_gate(detector)
        system = CLOUD_SYSTEM_SURROGATES if table.uses_surrogates else CLOUD_SYSTEM
        asked = body(sketch, self.parts.settings.cloud.model, system)
        return gate.clear(asked, table, known, legend_text(sketch.legend))

    def _expose(self, request: Request, sketch: Sketch, cleared: Cleared, table: Pseudonyms) -> Exposure | None:
        """What the conversation has told of the user once this has left. Raises Refused below privacy.k_refuse."""
        privacy = self.parts.settings.privacy
        if not (privacy.k_anonymity or privacy.k_refuse):
            return None
        from persona_cli.privacy.disclosure import expose

        told = self.parts.disclosures.told(request.conversation) if request.conversation else ()
        # A surrogate's town is not where the user lives.
        exposure = expose(table.with_tokens(json.loads(cleared.body)), sketch.legend, told)
        if refusal := exposure.refusal(privacy.k_refuse):
            raise Refused(refusal)
        return exposure

    def _style(self, table: Pseudonyms, request: Request, memories: Sequence[Recalled]) -> None:
        """Tags or surrogates (the setting privacy.style). No surrogate is a word of anything private at hand."""
        privacy = self.parts.settings.privacy
        if privacy.style != SURROGATES:
            return
        table.use_surrogates(
            [request.text, request.document, *request.facts, *(memory.text for memory in memories),
             *(value for fact in self.parts.known_facts for value in (fact.value, *fact.aliases)),
             *privacy.allow, *privacy.deny]
        )  # fmt: skip
