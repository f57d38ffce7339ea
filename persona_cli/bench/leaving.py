"""What would leave for a request of a made-up user, and whether something that was said stands in it.

Content words as in protocols 4.5 and 4.6 of the CoGenesis and PrivacyLens measurements.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from persona_cli import paths
from persona_cli.assistant import Assistant
from persona_cli.bench.sharing import SharingParts
from persona_cli.errors import Refused
from persona_cli.exchange import Request
from persona_cli.parts import Parts
from persona_cli.settings import Settings

_STOP: Final = frozenset(
    "with from that this have their they them into about your more than over such also when which what been".split()
)
TOKEN: Final = re.compile(r"\[[A-Z]+_\d+[a-z]?\]")


def content_words(text: str) -> frozenset[str]:
    """The words of more than three letters that are no stop words, in lower case (protocol 4.5)."""
    return frozenset(word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3 and word not in _STOP)


def stands_in(said: frozenset[str], words: frozenset[str], share: float) -> bool:
    """Whether at least `share` of the words of something `said` are among `words`."""
    return bool(said) and len(said & words) >= share * len(said)


@dataclass(frozen=True)
class Left:
    """What would leave for one request, and what its placeholders bring back. Both empty where the gate refused."""

    payload: str
    values: tuple[str, ...]
    milliseconds: float
    refused: bool = False

    @cached_property
    def words(self) -> frozenset[str]:
        return content_words(TOKEN.sub(" ", self.payload))

    @cached_property
    def returned(self) -> frozenset[str]:
        return self.words | content_words("\n".join(self.values))


@contextmanager
def users(level: str, settings: Settings | None = None) -> Iterator[Callable[[], Parts]]:
    """Makes users in temporary folders, each with nothing in it. `settings` but for the level."""
    # No keyring: the key is a file in the user's folder.
    env = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    settings = settings or Settings()
    settings = replace(settings, privacy=replace(settings.privacy, level=level))
    count = 0
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home:
        shared = Parts(env, paths.folders({"PERSONA_HOME": str(Path(home) / "shared")}), settings)

        def user() -> Parts:
            nonlocal count
            count += 1
            parts = SharingParts(env, paths.folders({"PERSONA_HOME": str(Path(home) / f"user-{count}")}), settings)
            parts.__dict__["shared"] = shared
            return parts

        yield user


def sent(parts: Parts, request: Request) -> Left:
    """What would leave for `request`."""
    start = time.perf_counter()
    try:
        draft = Assistant(parts).prepare(request)
    except Refused:
        return Left("", (), 1000 * (time.perf_counter() - start), refused=True)
    took = 1000 * (time.perf_counter() - start)
    payload = draft.payload_text
    back = tuple(entry.value for entry in draft.table.entries if entry.token in payload)
    return Left(payload, back, took)
