"""What is the same in every mode that sends: the receipt before, the answer as it comes, the record afterwards."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from persona_cli.errors import PersonaError
from persona_cli.exchange import Answer, Draft, Pieces

if TYPE_CHECKING:
    from persona_cli.privacy.restore import Restorer
    from persona_cli.record import Record
    from persona_cli.structured.answers import JsonRestorer


def recorded(
    record: Record,
    draft: Draft,
    write: Callable[[], Generator[str, None, None]],
    rest: Callable[[], str],
    answer: Callable[[str, int], Answer],
    also: Callable[[], Sequence[bytes]] = tuple,
    here: Callable[[], bool] = lambda: False,
) -> Pieces:
    """Stream what `write()` sends for and yields, keeping a receipt before and what came of it after.

    `rest()` is what was held back when it ends, however it ends; `answer(text, receipt)` makes the Answer. `also()` are
    all the bodies that left, where there may be several; `here()` tells whether the answer, that far, says what the
    cloud is not to be told when the conversation goes on. Raises what `write` raises, and StoreError once the answer is
    out where it could not be kept.
    """
    receipt = record.sending(draft)
    shown: list[str] = []
    outcome: str = "interrupted"
    failure: PersonaError | None = None
    try:
        with closing(write()) as pieces:
            for piece in pieces:
                shown.append(piece)
                yield piece
        outcome = "answered"
    except PersonaError as error:
        outcome, failure = "failed", error
    finally:
        shown.append(rest())
        unkept = record.conclude(draft, outcome, receipt, "".join(shown), also(), here())
        if unkept is not None and outcome == "interrupted":
            raise unkept
    yield shown[-1]
    if failure is not None:
        raise failure
    made = answer("".join(shown), receipt)
    yield made
    if unkept is not None:
        raise unkept
    yield record.learned(draft.request, draft.memories, made)


def restored_answer(
    draft: Draft, restorer: Restorer | JsonRestorer, text: str, raw: str, model: str, receipt: int, cut_short: bool
) -> Answer:
    """The answer to `draft` that came as `raw` from `model` and reads `text` now that `restorer` is through with it."""
    request, sketch = draft.request, draft.sketch
    return Answer(
        text=text,
        raw=raw,
        where="cloud",
        model=model,
        mode=request.mode,
        mode_reason=request.mode_reason,
        restored=restorer.restored,
        held=restorer.held,
        unknown=restorer.unknown,
        withheld=len(sketch.treated("withheld")),
        replaced=len(sketch.treated("replaced")),
        memories=tuple(memory.id for memory in draft.memories if memory.id),
        receipt=receipt,
        cut_short=cut_short,
        shortened=sketch.shortened,
    )
