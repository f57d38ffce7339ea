"""The mode `sketch`: a sketch leaves, the cloud writes, and its answer is restored as it arrives."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from persona_cli.ahead import Meanwhile
from persona_cli.exchange import Answer, Draft, Pieces, Request
from persona_cli.modes.counting import Counting, counted, uncounted
from persona_cli.modes.sending import recorded, restored_answer
from persona_cli.modes.steps import Steps
from persona_cli.sketch.sketch import CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES
from persona_cli.structured.asking import fields

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.tools.loop import Rounds

# A request of no more characters is read by detection while the memory is searched, which keeps what it finds for the
# draft. Of a longer one only the model is loaded: nobody who interrupts waits until it is read.
SOON_READ: Final = 2_000


class SketchMode:
    """See mode.Mode."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._parts = steps.parts

    def prepare(self, request: Request, table: Pseudonyms) -> Draft:
        from persona_cli.sketch.long_documents import for_cloud

        steps = self._steps
        with self._models():
            detector, facts = steps.detection(request)
        steps.look_ahead(request)
        with self._read_soon(request.text, detector):
            memories = steps.recall(request)
        steps.style(table, request, memories)
        level = self._parts.settings.privacy.level
        history = steps.record.history(request)
        draft = self._parts.drafter.draft
        sketch = draft(request.text, request.document, history, memories, detector, table, level, request.role)
        sketch = for_cloud(sketch, self._parts.settings.cloud.context)
        sketch = steps.described(sketch, request, table, facts)
        more, replaced = fields(request, detector, table, self._parts.counts.asked)
        sketch = replace(sketch, decisions=(*sketch.decisions, *replaced, *steps.record.kept_here(request)))
        with steps.record.kept_when_refused(request):
            offers = self._offers(request, table)
            cleared = steps.clear(sketch, _system(table), detector, table, facts, offers, more)
            exposure = steps.expose(request, sketch, cleared, table)
        return Draft(request, sketch, table, cleared, memories, exposure=exposure)

    def _models(self) -> AbstractContextManager[None]:
        """Loads the models of recall and of detection meanwhile. The parts are made here, by one thread."""
        tagger, encoder = self._parts.tagger, None
        if self._parts.settings.memory.recall:
            memory, encoder = self._parts.memory, self._parts.encoder
        if tagger.is_warm and (encoder is None or encoder.is_warm):
            return nullcontext()

        def load() -> None:
            if encoder is not None and memory.any():
                encoder.warm_up()
            tagger.warm_up()

        return Meanwhile(load)

    @contextmanager
    def _read_soon(self, text: str, detector: Detector) -> Iterator[None]:
        """A short `text` is read by detection, which keeps what it finds for the draft, beside what the block does."""
        if len(text) > SOON_READ:
            with Meanwhile(self._parts.tagger.warm_up):
                yield
            return
        with detector.begun(text):
            yield
            detector.find(text)

    def edit(self, draft: Draft, text: str) -> Draft:
        from persona_cli.sketch.editing import edited

        steps = self._steps
        detector, facts = steps.detection(draft.request)
        plain, sketch = edited(draft.sketch, text, detector, draft.table)
        offers = self._offers(draft.request, draft.table)
        more, _ = fields(draft.request, detector, draft.table, self._parts.counts.asked)
        cleared = steps.clear(sketch, _system(draft.table), detector, draft.table, facts, offers, more)
        exposure = steps.expose(draft.request, sketch, cleared, draft.table)
        request = replace(draft.request, text=plain, document="")
        return Draft(request, sketch, draft.table, cleared, draft.memories, exposure=exposure)

    def _offers(self, request: Request, table: Pseudonyms) -> Sequence[Mapping[str, Any]]:
        """The tools of `request`, as the cloud is told of them."""
        if not request.tools:
            return ()
        from persona_cli.tools.offering import offered

        return offered(self._steps.toolbox(request).tools, table)

    def answer(self, draft: Draft) -> Pieces:
        from persona_cli.privacy.restore import Restorer
        from persona_cli.structured.answers import JsonRestorer

        cloud = self._parts.cloud
        draft = uncounted(draft, self._parts.counts)
        counting = Counting(cloud, self._parts.counts, draft)
        rounds: Rounds | None = None
        if draft.request.tools:
            from persona_cli.tools.loop import Rounds

            rounds = Rounds(self._steps, draft, counting)
        sinks, schema = frozenset(self._parts.settings.privacy.restore_in), draft.request.schema
        restorer = JsonRestorer(draft.table, sinks, schema) if schema else Restorer(draft.table, sinks)
        raw: list[str] = []

        def write() -> Generator[str, None, None]:
            for delta in rounds.write() if rounds else counting.stream():
                raw.append(delta)
                yield restorer.feed(delta)

        def answer(text: str, receipt: int) -> Answer:
            model = self._parts.settings.cloud.model
            made = restored_answer(draft, restorer, text, "".join(raw), model, receipt, cloud.cut_short)
            if isinstance(restorer, JsonRestorer):
                made = replace(made, invalid=restorer.invalid)
            if rounds:
                made = replace(made, tools=rounds.used, rounds=rounds.receipts)
            if rounds and rounds.usage is None:  # the texts of several bodies are no measure
                return made
            usage = rounds.usage if rounds else cloud.usage
            return counted(made, usage, draft, self._parts.settings.cloud.prices)

        return recorded(self._steps.record, draft, write, restorer.close, answer, lambda: counting.sent)


def _system(table: Pseudonyms) -> str:
    return CLOUD_SYSTEM_SURROGATES if table.uses_surrogates else CLOUD_SYSTEM
