"""A document over the window of the local model: read in parts, answered, and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.errors import ContextOverflow
from persona_cli.exchange import Request
from persona_cli.local.engine import Engine
from persona_cli.modes.local import LOCAL_SYSTEM
from persona_cli.modes.long_reading import LongReading, fits, newest_that_fit
from persona_cli.parts import Parts
from persona_cli.paths import embedded_model
from persona_cli.settings import with_value
from persona_cli.sketch.sketch import Message, prompt
from tests.servers import RecordingServer, stream_of

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


def test_the_oldest_turns_that_the_window_has_no_room_for_are_left_out(nano: Engine) -> None:
    def ask(history: Sequence[Message], document: str) -> list[Message]:
        return [Message("system", LOCAL_SYSTEM), *history, Message("user", prompt("And now?", document, (), ""))]

    said = [Message(role, f"Turn {n}: {LONG[:160]}") for n in range(8) for role in ("user", "assistant")]
    kept, told = newest_that_fit(nano, said, "", ask, 48)
    assert 0 < len(kept) < len(said) and kept == said[-len(kept) :] and kept[0].role == "user"
    assert (
        told == "the oldest turns of this conversation did not fit the window of nano (512 tokens): not read this time"
    )
    assert fits(nano, ask(kept, ""), 48) and not fits(nano, ask(said[-len(kept) - 2 :], ""), 48)
    assert newest_that_fit(nano, kept, "", ask, 48) == (kept, "")
    assert newest_that_fit(nano, kept[-2:], LONG, ask, 48) == (kept[-2:], ""), "the document is read in parts"
    assert newest_that_fit(nano, [Message("user", LONG), Message("assistant", "Yes.")], "", ask, 48)[0] == []


@pytest.mark.parametrize("mode", ["local", "outline"])
def test_a_long_conversation_is_answered_here_and_what_was_left_out_is_said(
    with_cloud: Callable[..., Parts], mode: str
) -> None:
    with RecordingServer(stream_of("1. Greet\n2. Close")) as server:
        parts = with_cloud(server.base_url)
        parts = replace(parts, settings=with_value(parts.settings, "local.context", 512))
        id = parts.conversations.new("long").id
        for n in range(8):
            parts.conversations.add(id, "user", f"Note {n}: {LONG[:300]}")
            parts.conversations.add(id, "assistant", "Fine.")
        reply = Assistant(parts).ask(Request("Write a short note to my landlord.", conversation=id, mode=mode))
        assert "".join(reply) and reply.answer is not None
    assert "the oldest turns of this conversation did not fit" in reply.answer.shortened
