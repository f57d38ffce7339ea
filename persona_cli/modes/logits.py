"""The mode `logits` (the logits variant of CoGenesis, arXiv 2403.03129): two models write one text, token by token.

The local model reads the request with all the notes, the large one the sketch; both see placeholders, which are
restored at the end. The paper's released code gives the large model the local one's prompt. Here what the large model
reads is the sketch that the gate cleared, and behind it the text so far, of which every beginning passes the gate
before it leaves (showing.py).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import ContextOverflow, Refused
from persona_cli.exchange import Answer, Draft, Pieces, Request
from persona_cli.modes.local import ANSWER_TOKENS, LOCAL_SYSTEM, notes
from persona_cli.modes.sending import recorded, restored_answer
from persona_cli.modes.steps import Steps
from persona_cli.sketch.prompts import NOTES_HEADING
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message, Sketch, prompt, with_role

if TYPE_CHECKING:
    from persona_cli.modes.fusion import Schedule
    from persona_cli.modes.matching import Cloudside
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.gate import Cleared, Gate
    from persona_cli.privacy.known import Known
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

# Of the local model's window, the answer gets at least so much.
LEAST_ANSWER: Final = 64


class LogitsMode:
    """See mode.Mode. `schedule` says which tokens ask the cloud; by default all."""

    def __init__(self, steps: Steps, schedule: Schedule | None = None) -> None:
        self._steps = steps
        self._parts = steps.parts
        self._schedule = schedule

    def prepare(self, request: Request, table: Pseudonyms) -> Draft:
        from persona_cli.sketch.long_documents import for_cloud

        steps = self._steps
        memories = steps.recall(request)
        detector, facts = steps.detection(request)
        level = self._parts.settings.privacy.level
        history = steps.record.history(request)
        draft = self._parts.drafter.draft
        sketch = draft(request.text, request.document, history, memories, detector, table, level, request.role)
        sketch = for_cloud(sketch, self._parts.settings.cloud.context)
        sketch = steps.described(sketch, request, table, facts)
        sketch = replace(sketch, decisions=(*sketch.decisions, *steps.record.kept_here(request)))
        with steps.record.kept_when_refused(request):
            return self._draft(request, sketch, table, memories)

    def edit(self, draft: Draft, text: str) -> Draft:
        from persona_cli.sketch.editing import edited

        detector, _ = self._steps.detection(draft.request)
        plain, sketch = edited(draft.sketch, text, detector, draft.table)
        return self._draft(replace(draft.request, text=plain, document=""), sketch, draft.table, draft.memories)

    def answer(self, draft: Draft) -> Pieces:
        from persona_cli.modes import combining
        from persona_cli.modes.matching import Cloudside, Tokens
        from persona_cli.modes.together import Together
        from persona_cli.privacy.restore import Restorer

        request, engine, table = draft.request, self._parts.engine, draft.table
        small_prompt = engine.prompt(draft.here)
        room = min(ANSWER_TOKENS, engine.window - len(small_prompt))
        if room < LEAST_ANSWER:
            self._steps.record.turns(request, "", complete=False)
            raise ContextOverflow(
                f"The request is too long for the local model {engine.name}, which would write it with the cloud: it "
                f"takes {len(small_prompt)} tokens of {engine.window}. Use --mode sketch, or a model with a longer "
                "window."
            )
        scorer = engine.scorer()
        model = self._parts.settings.cloud.model
        cloud = Cloudside(self._parts.completions, Tokens(scorer), scorer, model, engine.name)
        restorer = Restorer(table, frozenset(self._parts.settings.privacy.restore_in))
        combiner = combining.embedded()
        asking = _Asking(self._gate(request), self._known(request), draft, cloud)
        allowed = {entry.token for entry in table.entries if any(entry.token in item.content for item in draft.here)}
        together = Together(scorer, small_prompt, allowed, asking.next, combiner, room, self._schedule)
        raw: list[str] = []

        def write() -> Generator[str, None, None]:
            with self._parts.completions:
                cloud.check(asking.clear_probe)
                for piece in together.pieces():
                    raw.append(piece)
                    yield restorer.feed(piece)

        def answer(text: str, receipt: int) -> Answer:
            name = f"{model} with {engine.name}"
            came = restored_answer(draft, restorer, text, "".join(raw), name, receipt, together.cut_short)
            return replace(came, fused=together.fused, alone=together.alone)

        def stays() -> bool:
            return asking.shown.stays("".join(raw))

        yield from recorded(self._steps.record, draft, write, restorer.close, answer, lambda: cloud.sent, stays)

    def _draft(self, request: Request, sketch: Sketch, table: Pseudonyms, memories: tuple[Recalled, ...]) -> Draft:
        """The sketch past the gate as messages, and then as the prompt that the large model's template makes of them.

        The local model's notes get their placeholders before: what is private in them is looked for in the sketch too.
        """
        steps = self._steps
        detector, facts = steps.detection(request)
        here = _here(request, sketch, memories, detector, table)
        asked = steps.clear(sketch, CLOUD_SYSTEM, detector, table, facts)
        exposure = steps.expose(request, sketch, asked, table)
        messages = [Message(item["role"], item["content"]) for item in json.loads(asked.body)["messages"]]
        told = self._parts.engine.prompt_text(messages)
        contents = [item.content for item in messages]
        body = first_body(self._parts.settings.cloud.model, told)
        cleared = self._gate(request).clear_prompt(body, contents, "", table, self._known(request))
        return Draft(request, sketch, table, cleared, memories, exposure=exposure, said=contents[-1], here=here)

    def _gate(self, request: Request) -> Gate:
        from persona_cli.parts import make_gate

        return make_gate(self._steps.detection(request)[0])

    def _known(self, request: Request) -> list[Known]:
        from persona_cli.privacy.known import Known

        _, facts = self._steps.detection(request)
        return [Known(value, fact.kind) for fact in facts for value in (fact.value, *fact.aliases)]


def first_body(model: str, told: str) -> dict[str, Any]:
    """The raw completion that asks for the token behind `told`. The prompt is last: each body begins as the others."""
    return {"model": model, "max_tokens": 1, "temperature": 0, "logprobs": 20, "n_probs": 20, "prompt": told}


def _here(
    request: Request, sketch: Sketch, memories: tuple[Recalled, ...], detector: Detector, table: Pseudonyms
) -> tuple[Message, ...]:
    """What the local model is told: everything, with placeholders for what is private in it."""
    from persona_cli.privacy.pseudonyms import pseudonymise

    def masked(text: str) -> str:
        return pseudonymise(text, detector.find(text), table) if text else ""

    noted = tuple(masked(note) for note in notes(memories))
    asked = prompt(masked(request.text), masked(request.document), noted, NOTES_HEADING)
    return (Message("system", with_role(LOCAL_SYSTEM, sketch.role)), *sketch.history, Message("user", asked))


class _Asking:
    """The large model's next token behind the text so far, where it may be asked for it."""

    def __init__(self, gate: Gate, known: Sequence[Known], draft: Draft, cloud: Cloudside) -> None:
        from persona_cli.modes.showing import Shown, withheld

        self._gate = gate
        self._known = known
        self._draft = draft
        self._cloud = cloud
        payload = draft.payload
        values = [*(entry.value for entry in draft.table.entries), *(item.value for item in known)]
        here = [item.content for item in draft.here if item.role != "system"]
        self._told = str(payload["prompt"])
        self.shown = Shown(self._clear, draft.table, values, withheld(here, [self._told]))

    def next(self, text: str) -> dict[int, float] | None:
        cleared = self.shown.next(text)
        return None if cleared is None else self._cloud.next(cleared, self._clear_body)

    def clear_probe(self, body: Mapping[str, Any]) -> Cleared:
        return self._gate.clear_prompt(body, [str(body["prompt"])], "", self._draft.table, self._known)

    def _clear(self, text: str) -> Cleared:
        return self._clear_body(first_body(self._cloud.model, self._told + text))

    def _clear_body(self, body: Mapping[str, Any]) -> Cleared:
        prompt = str(body["prompt"])
        if not prompt.startswith(self._told):
            raise Refused("Nothing was sent: the prompt is not the one that was cleared.")
        written = prompt[len(self._told) :]
        return self._gate.clear_prompt(body, [self._draft.said], written, self._draft.table, self._known)
