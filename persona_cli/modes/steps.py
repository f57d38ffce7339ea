"""The steps that every mode takes on the way to the cloud's door: recall, detection, the gate, what has been told.

Each is a step of the picture in assistant.py. Knows nothing of which mode takes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import Refused
from persona_cli.record import Record
from persona_cli.settings import SURROGATES
from persona_cli.sketch.need import STRICT
from persona_cli.sketch.sketch import Sketch, body, legend_text
from persona_cli.tools.approval import NobodyApproves

if TYPE_CHECKING:
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled
    from persona_cli.tools.approval import Approval
    from persona_cli.tools.toolbox import Toolbox

# Of standing instructions and preferences, above every request.
STANDING_WORDS: Final = 150


class Steps:
    """The steps over `parts`; `record` keeps what came of them. `approval` is asked before a tool runs."""

    def __init__(self, parts: Parts, approval: Approval | None = None) -> None:
        self.parts = parts
        self.record = Record(parts)
        self.approval = approval or NobodyApproves()
        self._toolbox: tuple[tuple[tuple[str, ...], tuple[str, ...]], Toolbox] | None = None

    def toolbox(self, request: Request) -> Toolbox:
        """The tools of `request`; their servers stay for the next that wants the same. Raises what Toolbox raises."""
        from persona_cli.tools.toolbox import Toolbox

        wanted = (request.tools, request.functions)
        if self._toolbox is None or self._toolbox[0] != wanted:
            self.close()
            self._toolbox = wanted, Toolbox(self.parts, *wanted)
            for remark in self._toolbox[1].remarks:
                self.approval.told(remark)
        return self._toolbox[1]

    def close(self) -> None:
        """End the servers of the tools."""
        opened, self._toolbox = self._toolbox, None
        if opened is not None:
            opened[1].close()

    def look_ahead(self, request: Request) -> None:
        """What of `recall` takes every core. Nothing else should run beside it."""
        if self._memories_wanted(request):
            from persona_cli.memory.recall import look_ahead

            look_ahead(self.parts.memory, request.text, self.parts.user_names)

    def recall(self, request: Request) -> tuple[Recalled, ...]:
        """What of the memory and of the facts given with `request` it may be about."""
        from persona_cli.privacy.stated import statements
        from persona_cli.sketch.extractive import Recalled

        found = [Recalled("", fact) for fact in statements(request.facts)]
        wanted = self._memories_wanted(request)
        if wanted and self.parts.memory.any():
            from persona_cli.memory.recall import looking

            self.look_ahead(request)
            with looking(self.parts.memory):
                found += self._remembered(request, wanted)
        return tuple(found)

    def _remembered(self, request: Request, wanted: int) -> list[Recalled]:
        """What stands above every request, `wanted` memories that this one is about, and what it needs in kind."""
        from persona_cli.memory.recall import always, recall
        from persona_cli.memory.statements.standing import INSTRUCTION, standing
        from persona_cli.sketch.extractive import Recalled

        store, privacy = self.parts.memory, self.parts.settings.privacy
        # The user's own name is in half of what they remember and tells the memories apart no better than "I".
        names = self.parts.user_names
        found = [
            Recalled(memory.id, memory.text, standing=standing(memory.text) == INSTRUCTION)
            for memory in always(store, request.text, STANDING_WORDS, names)
        ]
        bearing = [hit.memory for hit in recall(store, request.text, wanted, names)]
        if privacy.level != STRICT:
            from persona_cli.modes.in_kind import in_kind

            bearing += in_kind(store, request.text, privacy.attributes)
        known = {memory.id for memory in found}
        new = {memory.id: memory.text for memory in bearing if memory.id not in known}
        return found + [Recalled(id, text) for id, text in new.items()]

    def _memories_wanted(self, request: Request) -> int:
        return 0 if self.record.memory_out_of_reach(request) else self.parts.settings.memory.recall

    def detection(self, request: Request) -> tuple[Detector, list[KnownFact]]:
        """What finds private text for `request`, and what is known beforehand."""
        from persona_cli.privacy.stated import read_facts

        facts = read_facts(request.facts)
        detector = self.parts.detector_with(facts) if facts else self.parts.detector
        return detector, [*self.parts.known_facts, *facts]

    def described(self, sketch: Sketch, request: Request, table: Pseudonyms, facts: Sequence[KnownFact]) -> Sketch:
        """`sketch` with what the cloud may be told of its placeholders (the setting privacy.attributes)."""
        allowed = self.parts.settings.privacy.attributes
        if not allowed:
            return sketch
        from persona_cli.privacy.stated import stated_fields
        from persona_cli.sketch.legend import with_legend

        fields = [*self.parts.profile_fields, *stated_fields(request.facts)]
        private = [(fact.kind, value) for fact in facts for value in (fact.value, *fact.aliases)]
        return with_legend(sketch, table, allowed, fields, private)

    def clear(
        self,
        sketch: Sketch,
        system: str,
        detector: Detector,
        table: Pseudonyms,
        facts: Sequence[KnownFact],
        tools: Sequence[Mapping[str, Any]] = (),
        more: Mapping[str, Any] | None = None,
    ) -> Cleared:
        """`sketch` under the prompt `system`, with the `tools` that the cloud may ask for, past the gate.

        `more` are further fields of the body. Raises Refused.
        """
        asked = {**body(sketch, self.parts.settings.cloud.model, system), **(more or {})}
        if tools:
            asked["tools"] = list(tools)
        return self.clear_body(asked, detector, table, facts, sketch)

    def clear_body(
        self,
        asked: Mapping[str, Any],
        detector: Detector,
        table: Pseudonyms,
        facts: Sequence[KnownFact],
        sketch: Sketch,
    ) -> Cleared:
        """The body `asked` past the gate; the legend of `sketch` may stand in it. Raises Refused."""
        from persona_cli.parts import make_gate
        from persona_cli.privacy.known import Known

        known = [Known(value, fact.kind) for fact in facts for value in (fact.value, *fact.aliases)]
        return make_gate(detector).clear(asked, table, known, legend_text(sketch.legend))

    def expose(self, request: Request, sketch: Sketch, cleared: Cleared, table: Pseudonyms) -> Exposure | None:
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

    def style(self, table: Pseudonyms, request: Request, memories: Sequence[Recalled]) -> None:
        """Tags or surrogates (the setting privacy.style). No surrogate is a word of anything private at hand."""
        privacy = self.parts.settings.privacy
        if privacy.style != SURROGATES:
            return
        table.use_surrogates(
            [request.text, request.role, request.document, *request.facts, *(memory.text for memory in memories),
             *(value for fact in self.parts.known_facts for value in (fact.value, *fact.aliases)),
             *privacy.allow, *privacy.deny]
        )  # fmt: skip
