"""Closing, and Ctrl-C: while the prompt is read and while the answer is written. The engine goes on afterwards."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from persona_cli.local.engine import Engine
from persona_cli.sketch.sketch import Message
from tests.local.tiny_gguf import write_tiny_model

SHORT = [Message("user", "Say hello.")]
# Its reading takes seconds: attention over 30,000 tokens.
LONG = [Message("user", "A-long-text." * 2300)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(write_tiny_model(tmp_path_factory.mktemp("m") / "tiny.gguf", window=32768), 32768, 1)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore SIGINT, and what hypothesis calls at each
    collection of rubbish may swallow it.
    """
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()
    yield
    gc.enable()
    signal.signal(signal.SIGINT, outside)


@pytest.fixture
def expected(engine: Engine) -> str:
    return engine.complete(SHORT, 30)


def when_reading(engine: Engine, then: object) -> threading.Thread:
    """Does `then` as soon as the engine has begun to read (has been given a chunk)."""
    before = engine.evaluated

    def wait() -> None:
        while engine.evaluated == before:
            time.sleep(0.001)
        then()  # type: ignore[operator]

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_ctrl_c_stops_the_reading(engine: Engine, expected: str) -> None:
    length, before = engine.count(LONG), engine.evaluated
    thread = when_reading(engine, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        engine.complete(LONG, 5)
    thread.join()
    assert 0 < engine.evaluated - before < length / 2
    assert engine.complete(SHORT, 30) == expected


def test_closing_in_another_thread_stops_the_reading(engine: Engine, expected: str) -> None:
    length, before = engine.count(LONG), engine.evaluated
    stream = engine.stream(LONG, 5)
    thread = when_reading(engine, stream.close)
    assert list(stream) == []
    thread.join()
    assert 0 < engine.evaluated - before < length / 2
    assert engine.complete(SHORT, 30) == expected


def test_ctrl_c_stops_the_writing(engine: Engine, expected: str) -> None:
    stream = engine.stream(SHORT, 20_000, temperature=1.0)
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        for number, _ in enumerate(stream):
            if number == 10:
                signal.raise_signal(signal.SIGINT)
    stream.close()
    timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        while True:
            engine.complete(SHORT, 20_000, temperature=1.0)
    assert engine.complete(SHORT, 30) == expected


def test_ctrl_c_stops_the_side_by_side(engine: Engine, expected: str) -> None:
    thread = when_reading(engine, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        while True:
            engine.complete_many([SHORT, LONG], 5)
    thread.join()
    assert engine.complete_many([SHORT, SHORT], 30) == [expected] * 2


def test_what_was_read_before_the_stop_counts(engine: Engine) -> None:
    other = [Message("user", "Another-text." * 2000)]
    thread = when_reading(engine, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        engine.complete(other, 5)
    thread.join()
    read = len(engine._reader.held)
    assert read and list(engine._reader.held) == engine.prompt(other)[:read]


def test_a_closed_stream_that_never_began_costs_nothing(engine: Engine) -> None:
    before = engine.evaluated
    stream = engine.stream(LONG, 5)
    stream.close()
    assert list(stream) == [] and engine.evaluated == before
