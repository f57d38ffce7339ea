"""Answers written side by side are the answers written one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.errors import ContextOverflow
from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message
from tests.local.tiny_gguf import write_tiny_model

SYSTEM = Message("system", "You write what is asked. " * 4)


def asked(*texts: str) -> list[list[Message]]:
    return [[SYSTEM, Message("user", text)] for text in texts]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("m") / "tiny.gguf", window=512)


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = Engine(path, 2048, 1)
    yield engine
    engine.close()


MANY = asked("Hello", "A longer request than the others, by far. " * 3, "x", "Hello", "Bye", "", "One more", "And more")


@pytest.mark.parametrize("parallel", [1, 2, 4, 8, 50])
def test_side_by_side_is_one_by_one(engine: Engine, parallel: int) -> None:
    alone = [engine.complete(messages, 40) for messages in MANY]
    assert engine.complete_many(MANY, 40, parallel) == alone
    assert engine.complete(MANY[1], 40) == alone[1]


def test_what_the_prompts_begin_with_is_read_once(engine: Engine) -> None:
    prompts = [engine.prompt(messages) for messages in MANY]
    before = engine.evaluated
    engine.complete_many(MANY, 1, 4)
    shared = engine.prompt([SYSTEM])
    assert engine.evaluated - before < sum(map(len, prompts)) - (len(MANY) - 1) * (len(shared) - 20)


def test_a_context_that_holds_one_at_a_time_takes_one_at_a_time(path: Path) -> None:
    small = Engine(path, 512, 1)
    # 7 answers of 40 tokens behind their prompts are more than 512 tokens together.
    assert small.complete_many(MANY, 40, 8) == [small.complete(messages, 40) for messages in MANY]
    small.close()


def test_limits(engine: Engine) -> None:
    assert engine.complete_many([], 40) == []
    assert engine.complete_many(MANY[:1], 40) == [engine.complete(MANY[0], 40)]
    with pytest.raises(ContextOverflow, match="too long for the local model"):
        engine.complete_many([*MANY, *asked("x" * 500)], 40)
    same = engine.complete_many([MANY[0]] * 3, 20)
    assert same == [engine.complete(MANY[0], 20)] * 3


def test_the_embedded_model_ends_its_answers_side_by_side() -> None:
    nano = Engine(embedded_model("nano.gguf"), threads=1)
    requests = asked("Invite [PERSON_1] to dinner.", "Thank [PERSON_1] for the flowers.", "Cancel the meeting.")
    # Side by side the sums are rounded otherwise, and where two words are as good as each other the text goes on with
    # another one: only that it ends is the same.
    for text in (*nano.complete_many(requests, 200), *(nano.complete(messages, 200) for messages in requests)):
        assert text and "<|" not in text and len(text.split()) < 120
    nano.close()
