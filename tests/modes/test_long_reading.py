"""A document over the window of the local model: read in parts, answered, and said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from persona_cli.errors import ContextOverflow
from persona_cli.local.engine import Engine
from persona_cli.modes.local import LOCAL_SYSTEM
from persona_cli.modes.long_reading import LongReading
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message, prompt

LONG = "\n".join(f"On day {n} the meeting moved to room {n % 7} and the coffee was cold again." for n in range(120))


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = Engine(embedded_model("nano.gguf"), context=512)
    yield engine
    engine.close()


def reading(nano: Engine, request: str, document: str) -> LongReading:
    def ask(part: str) -> list[Message]:
        return [Message("system", LOCAL_SYSTEM), Message("user", prompt(request, part, (), ""))]

    return LongReading(nano, request, document, ask, most=48)


def test_a_long_document_is_summarised_within_the_window(nano: Engine) -> None:
    long = reading(nano, "Summarise this.", LONG)
    assert "".join(long.answer()).strip()
    assert "the window of nano (512 tokens)" in long.told and "read in" in long.told


def test_a_correction_is_made_part_by_part(nano: Engine) -> None:
    long = reading(nano, "Proofread this.", "\n".join(LONG.splitlines()[:30]))
    answer = "".join(long.answer())
    assert "was answered in" in long.told and "compressed" not in long.told and "\n\n" in answer


def test_a_document_that_fits_is_read_as_it_is(nano: Engine) -> None:
    short = reading(nano, "Summarise this.", "The meeting moved.")
    assert "".join(short.answer()) and short.told == ""


def test_a_request_that_leaves_no_room_is_still_an_overflow(nano: Engine) -> None:
    with pytest.raises(ContextOverflow, match="too long for the local model nano"):
        list(reading(nano, "Write this up: " + LONG, "a document").answer())
