"""The steps of requests on their way to the cloud, timed in this process while the real pipeline runs.

    python -m persona_cli.bench.steps cold SPAWNED TEXT      `persona ask -n TEXT`, from SPAWNED (perf_counter) on
    python -m persona_cli.bench.steps warm COUNT             one request after the other in a conversation

One JSON line for each request: {"began": ..., "steps": {name: seconds}}. A step's time is what the main thread spends
in it and in no step inside of it; work that runs beside it in another thread is not in it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

# What is outside of every step, until the first one begins and afterwards.
START: Final = "start: interpreter, command"
REST: Final = "the rest"
# The step in which the first byte leaves: what comes after it is not timed.
LAST: Final = "connection, first byte"
# The functions of each step, by module.
STEPS: Final = {
    "persona_cli.parts": (("Parts.of_user", "settings"),),
    "persona_cli.privacy.crypto": (("data_key", "key and vault"),),
    "persona_cli.privacy.vault": (("Vault.__init__", "key and vault"),),
    "persona_cli.record": (
        ("Record.table", "key and vault"),
        ("Record.history", "key and vault"),
        ("Record.with_role", "key and vault"),
        ("Record.sending", "placeholders and receipt kept"),
        ("Record.save_table", "placeholders and receipt kept"),
    ),
    "persona_cli.memory.storage.chroma": (("Collection.__init__", "memory: open"),),
    "persona_cli.local.encoder": (
        ("Encoder._open_tokenizer", "encoder: load"),
        ("Encoder._open_session", "encoder: load"),
        ("Encoder._run", "encoder: run"),
    ),
    "persona_cli.modes.steps": (
        ("Steps.detection", "detector: build"),
        ("Steps.recall", "recall"),
        ("Steps.clear", "gate"),
        ("Steps.expose", "gate"),
    ),
    "persona_cli.privacy.tagger": (
        ("Tagger._open", "tagger: load"),
        ("Tagger._run", "tagger: run"),
    ),
    "persona_cli.sketch.extractive": (("draft", "detect and draft"),),
    "persona_cli.ahead": (
        ("Meanwhile.__exit__", "waiting for the second thread"),
        ("Soon.result", "waiting for the tagger"),
    ),
    "persona_cli.privacy.detect": (("Detector._find", "detection: rules"),),
    "persona_cli.cloud.client": (
        ("Cloud.__init__", "SDK and client"),
        ("Cloud._answer", "SDK and client"),
        ("Cloud._attempt", LAST),
    ),
}  # fmt: skip


class Clock:
    """Where the main thread is, and how long it was where."""

    def __init__(self, began: float, label: str) -> None:
        self._main = threading.get_ident()
        self._stack = [label]
        self._since = began
        self.began = began
        self.steps: defaultdict[str, float] = defaultdict(float)
        self._over = False

    def again(self) -> None:
        """A new request begins, in this thread."""
        self._main = threading.get_ident()
        self.began = self._since = time.perf_counter()
        self._stack = [REST]
        self.steps.clear()
        self._over = False

    def enter(self, label: str) -> None:
        self._tick()
        if self._stack == [START]:
            self._stack = [REST]
        self._stack.append(label)

    def leave(self) -> None:
        self._tick()
        self._over = self._over or self._stack[-1] == LAST
        if len(self._stack) > 1:
            self._stack.pop()

    def _tick(self) -> None:
        if self._over:
            return
        now = time.perf_counter()
        self.steps[self._stack[-1]] += now - self._since
        self._since = now

    def timed(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        @wraps(function)
        def inside(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() != self._main:
                return function(*arguments, **named)
            self.enter(label)
            try:
                return function(*arguments, **named)
            finally:
                self.leave()

        @wraps(function)
        def pieces(*arguments: Any, **named: Any) -> Any:
            # Of what yields: until it gives the first piece.
            self.enter(label)
            yield from _first_within(function(*arguments, **named), self.leave)

        from inspect import isgeneratorfunction

        return pieces if isgeneratorfunction(function) else inside


def _first_within(made: Any, then: Callable[[], None]) -> Any:
    left = False
    try:
        for piece in made:
            if not left:
                left = True
                then()
            yield piece
    finally:
        if not left:
            then()
        made.close()


class Watching(MetaPathFinder):
    """Puts the clock around the functions of STEPS when their modules are imported, and not before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in STEPS else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_watch(module: ModuleType) -> None:
            run(module)
            for dotted, label in STEPS[name]:
                *owners, last = dotted.split(".")
                owner: Any = module
                for part in owners:
                    owner = getattr(owner, part)
                plain = vars(owner)[last]
                if isinstance(plain, classmethod):
                    setattr(owner, last, classmethod(self._clock.timed(plain.__func__, label)))
                else:
                    setattr(owner, last, self._clock.timed(plain, label))

        spec.loader.exec_module = run_and_watch  # type: ignore[method-assign]
        return spec


def cold(spawned: float, text: str) -> None:
    clock = Clock(spawned, START)
    sys.meta_path.insert(0, Watching(clock))
    sys.argv = ["persona", "ask", "-n", "-q", text]
    from persona_cli.cli.app import main

    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.stdout = stdout
    _tell(clock)


def warm(count: int) -> None:
    clock = Clock(time.perf_counter(), START)
    sys.meta_path.insert(0, Watching(clock))
    from persona_cli.assistant import Assistant
    from persona_cli.bench.made_user import request
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    assistant = Assistant(parts)
    conversation = ""
    for number in range(count):
        if not number % 5:
            conversation = parts.conversations.new("bench").id
        clock.again()
        for _ in assistant.ask(Request(text=request(number), conversation=conversation)):
            pass
        _tell(clock)


def _tell(clock: Clock) -> None:
    sys.stdout.write(json.dumps({"began": clock.began, "steps": clock.steps}) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "cold":
        cold(float(sys.argv[2]), sys.argv[3])
    else:
        warm(int(sys.argv[2]))
