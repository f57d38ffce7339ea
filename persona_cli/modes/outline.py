"""The mode `outline` (the sketch variant of CoGenesis, arXiv 2403.03129): the cloud is asked for an outline of what the
bare instruction says, and the local model writes along it with the request, the document and the memory as they are.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from persona_cli.errors import CloudGarbled, ContextOverflow, PersonaError
from persona_cli.exchange import Answer, Draft, Pieces, Request
from persona_cli.modes import outlines
from persona_cli.modes.bare import bare, in_words
from persona_cli.modes.local import ANSWER_TOKENS, LOCAL_SYSTEM, notes
from persona_cli.modes.long_reading import LongReading, newest_that_fit
from persona_cli.modes.sending import recorded
from persona_cli.modes.steps import Steps
from persona_cli.sketch.prompts import OUTLINE_SYSTEM, outlined_turn
from persona_cli.sketch.sketch import Decision, Message, Sketch, with_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

# What the answer needs of the window at the least; points are left off the outline for it.
LEAST_ANSWER: Final = 192
# Tokens of a short outline, for which turns of the conversation make room.
OUTLINE_ROOM: Final = 64
NO_OUTLINE: Final = "The cloud's answer holds no outline. Ask again, or use --mode sketch or --local."
# Characters of the document by which the user is told which one stays.
SHOWN: Final = 60
WRITES_HERE: Final = "the local model writes with it"
# The gate masks what detection finds in the words that are left; that is told as its kind and looked at again.
LOOKS: Final = 3


class OutlineMode:
    """See mode.Mode."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._parts = steps.parts

    def prepare(self, request: Request, table: Pseudonyms) -> Draft:
        steps = self._steps
        memories = steps.recall(request)
        detector, facts = steps.detection(request)
        spans = detector.find(request.text)
        instruction = bare(request.text, spans, request.document, self._parts.settings.privacy.level)
        told = {span.text for span in instruction.told}
        decisions = [
            *(
                Decision("generalised", span.text, f"{span.kind.lower()} ({span.source})")
                if span.text in told
                else Decision("withheld", span.text, f"{span.kind.lower()} ({span.source}); {WRITES_HERE}")
                for span in spans
            ),
            *(
                [Decision("withheld", shorten(request.document, SHOWN), f"the document; {WRITES_HERE}")]
                if request.document
                else []
            ),
            *(
                [Decision("withheld", shorten(request.role, SHOWN), f"your system text; {WRITES_HERE}")]
                if request.role
                else []
            ),
            *(Decision("withheld", memory.text, f"a memory; {WRITES_HERE}") for memory in memories),
        ]
        sketch = Sketch(instruction.text, decisions=tuple(dict.fromkeys(decisions)))
        with steps.record.kept_when_refused(request):
            sketch, cleared = self._cleared(sketch, table, detector, facts)
            exposure = steps.expose(request, sketch, cleared, table)
        return Draft(request, sketch, table, cleared, memories, exposure=exposure)

    def edit(self, draft: Draft, text: str) -> Draft:
        detector, facts = self._steps.detection(draft.request)
        spans = detector.find(text)
        found = [Decision("generalised", span.text, f"{span.kind.lower()} ({span.source})") for span in spans]
        decisions = tuple(dict.fromkeys([*draft.sketch.decisions, *found]))
        sketch = replace(draft.sketch, instruction=in_words(text, spans), decisions=decisions)
        sketch, cleared = self._cleared(sketch, draft.table, detector, facts)
        exposure = self._steps.expose(draft.request, sketch, cleared, draft.table)
        return replace(draft, sketch=sketch, cleared=cleared, exposure=exposure, rejected=None)

    def answer(self, draft: Draft) -> Pieces:
        request, cloud, engine = draft.request, self._parts.cloud, self._parts.engine
        told_before = self._steps.record.history(request)
        history: list[Message] = []
        left_out = ""
        undocumented = replace(request, document="")
        raw: list[str] = []
        outline: tuple[str, ...] = ()

        def write() -> Generator[str, None, None]:
            nonlocal outline
            with closing(cloud.stream(draft.cleared)) as pieces:
                for delta in pieces:
                    raw.append(delta)
                    if sum(map(len, raw)) > outlines.READ_CHARACTERS:
                        break
            outline = outlines.points("".join(raw))
            if not outline:
                raise CloudGarbled(NO_OUTLINE, "".join(raw))
            outline = self._fitting(undocumented, history, draft.memories, outline)
            yield from reading.answer()

        def asked(document: str) -> list[Message]:
            return self._asked(replace(request, document=document), history, draft.memories, outline)

        reading = LongReading(engine, request.text, request.document, asked, ANSWER_TOKENS)

        def answer(text: str, receipt: int) -> Answer:
            return Answer(
                text=text,
                raw=text,
                where="local",
                model=engine.name,
                mode=request.mode,
                mode_reason=request.mode_reason,
                withheld=len(draft.sketch.treated("withheld")),
                memories=tuple(memory.id for memory in draft.memories if memory.id),
                receipt=receipt,
                cut_short=reading.cut_short,
                outline=outline,
                shortened="; ".join(filter(None, (left_out, reading.told))),
            )

        def before(history: Sequence[Message], document: str) -> list[Message]:
            return self._asked(replace(request, document=document), history, draft.memories, ())

        try:
            room = LEAST_ANSWER + OUTLINE_ROOM
            history, left_out = newest_that_fit(engine, told_before, request.document, before, ANSWER_TOKENS, room)
            # What can't be written here is not asked for there.
            self._fitting(undocumented, history, draft.memories, ())
        except PersonaError:
            self._steps.record.turns(request, "", complete=False)
            raise
        yield from recorded(self._steps.record, draft, write, str, answer)

    def _asked(
        self, request: Request, history: Sequence[Message], memories: tuple[Recalled, ...], outline: tuple[str, ...]
    ) -> list[Message]:
        turn = outlined_turn(request.text, request.document, notes(memories), outlines.written(outline))
        return [Message("system", with_role(LOCAL_SYSTEM, request.role)), *history, Message("user", turn)]

    def _fitting(
        self, request: Request, history: Sequence[Message], memories: tuple[Recalled, ...], outline: tuple[str, ...]
    ) -> tuple[str, ...]:
        """As many points as the local model's window has room for. Raises ContextOverflow where it has for none."""
        engine = self._parts.engine
        while True:
            taken = engine.count(self._asked(request, history, memories, outline))
            if engine.window - taken >= LEAST_ANSWER:
                return outline
            if not outline:
                raise ContextOverflow(
                    f"The request is too long for the local model {engine.name}, which would write it: it takes "
                    f"{taken} tokens of {engine.window}. Use --mode sketch, or a model with a longer window."
                )
            outline = outline[:-1]

    def _cleared(
        self, sketch: Sketch, table: Pseudonyms, detector: Detector, facts: Sequence[KnownFact]
    ) -> tuple[Sketch, Cleared]:
        """`sketch` past the gate, without a placeholder in it: what the gate masks is told as its kind."""
        cleared = self._steps.clear(sketch, OUTLINE_SYSTEM, detector, table, facts)
        for _ in range(LOOKS):
            if not cleared.masked:
                break
            message = json.loads(cleared.body)["messages"][-1]["content"]
            sketch = replace(sketch, instruction=in_words(message))
            cleared = self._steps.clear(sketch, OUTLINE_SYSTEM, detector, table, facts)
        return sketch, cleared
