"""The mode `sketch`: a sketch leaves, the cloud writes, and its answer is restored as it arrives."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.exchange import Answer, Draft, Pieces, Request
from persona_cli.modes.sending import recorded, restored_answer
from persona_cli.modes.steps import Steps
from persona_cli.sketch.sketch import CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms


class SketchMode:
    """See mode.Mode."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._parts = steps.parts

    def prepare(self, request: Request, table: Pseudonyms) -> Draft:
        from persona_cli.sketch.long_documents import for_cloud

        steps = self._steps
        memories = steps.recall(request)
        steps.style(table, request, memories)
        detector, facts = steps.detection(request)
        level = self._parts.settings.privacy.level
        history = steps.record.history(request)
        draft = self._parts.drafter.draft
        sketch = draft(request.text, request.document, history, memories, detector, table, level)
        sketch = for_cloud(sketch, self._parts.settings.cloud.context)
        sketch = steps.described(sketch, request, table, facts)
        sketch = replace(sketch, decisions=(*sketch.decisions, *steps.record.kept_here(request)))
        with steps.record.kept_when_refused(request):
            cleared = steps.clear(sketch, _system(table), detector, table, facts)
            exposure = steps.expose(request, sketch, cleared, table)
        return Draft(request, sketch, table, cleared, memories, exposure=exposure)

    def edit(self, draft: Draft, text: str) -> Draft:
        from persona_cli.sketch.editing import edited

        steps = self._steps
        detector, facts = steps.detection(draft.request)
        plain, sketch = edited(draft.sketch, text, detector, draft.table)
        cleared = steps.clear(sketch, _system(draft.table), detector, draft.table, facts)
        exposure = steps.expose(draft.request, sketch, cleared, draft.table)
        request = replace(draft.request, text=plain, document="")
        return Draft(request, sketch, draft.table, cleared, draft.memories, exposure=exposure)

    def answer(self, draft: Draft) -> Pieces:
        from persona_cli.privacy.restore import Restorer

        cloud = self._parts.cloud
        restorer = Restorer(draft.table, frozenset(self._parts.settings.privacy.restore_in))
        raw: list[str] = []

        def write() -> Generator[str, None, None]:
            for delta in cloud.stream(draft.cleared):
                raw.append(delta)
                yield restorer.feed(delta)

        def answer(text: str, receipt: int) -> Answer:
            model = self._parts.settings.cloud.model
            return restored_answer(draft, restorer, text, "".join(raw), model, receipt, cloud.cut_short)

        return recorded(self._steps.record, draft, write, restorer.close, answer)


def _system(table: Pseudonyms) -> str:
    return CLOUD_SYSTEM_SURROGATES if table.uses_surrogates else CLOUD_SYSTEM
