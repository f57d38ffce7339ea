"""What a request tells on the way that persona was told before."""

from __future__ import annotations

import pytest

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.sketch.background import background
from persona_cli.sketch.extractive import Recalled, draft

KNEE = "Had knee surgery in the spring, which still hurts"
ORCHARD = "Volunteers in the orchard of the deaf school on Mondays"
NOTE = "Voice note titled 'Lanterns over Harrow Lake'"


@pytest.mark.parametrize(
    ("request_text", "memory", "piece"),
    [
        ("Considering my knee surgery in spring, plan a gentle week of walking tours.", KNEE,
         "my knee surgery in spring"),
        ("Plan a gentle week of walking tours after the knee surgery.", KNEE, "the knee surgery"),
        ("Draft a talk about pruning old apple trees for my work in the orchard of the deaf school.", ORCHARD,
         "work in the orchard of the deaf school"),
        ("Turn 'Lanterns over Harrow Lake' into an outline with seven short chapters.", NOTE,
         "Lanterns over Harrow Lake"),
    ],
)  # fmt: skip
def test_a_fact_named_on_the_way_is_found(request_text: str, memory: str, piece: str) -> None:
    (span,) = background(request_text, [memory])
    assert span.text == piece == request_text[span.start : span.end]


@pytest.mark.parametrize(
    ("request_text", "memory"),
    [
        # Nothing would be left of the request.
        ("Explain my knee surgery.", KNEE),
        # No memory says so.
        ("Considering my broken arm, plan a gentle week of walking tours.", KNEE),
        # The matter itself, and no aside.
        ("Write an article about knee surgery, recovery, nutrition and walking.", KNEE),
    ],
)
def test_what_the_request_is_about_stays(request_text: str, memory: str) -> None:
    assert background(request_text, [memory]) == ()


def test_without_memories_nothing_is_replaced() -> None:
    assert background("Considering my knee surgery in spring, plan a week of walking tours.", []) == ()


def test_the_piece_goes_as_a_placeholder_and_comes_back() -> None:
    table = Pseudonyms()
    request = "Considering my knee surgery in spring, plan a gentle week of walking tours."
    sketch = draft(request, "", (), [Recalled("1", KNEE)], build_detector(), table)
    assert sketch.instruction == "Considering [DETAIL_1], plan a gentle week of walking tours."
    assert restore(sketch.instruction, table, ALL_SINKS).text == request
    assert ("replaced", "my knee surgery in spring") in {(item.treatment, item.text) for item in sketch.decisions}
    assert draft(request, "", (), [Recalled("1", KNEE)], build_detector(), Pseudonyms(), "open").instruction == request
