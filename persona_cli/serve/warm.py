"""The parts of a persona that stays in memory, for many requests side by side.

What other processes change on the disk meanwhile is seen by the next request: settings, profile, contacts, a key that
was rotated, a vault that was put back from a backup. (The memory and its states look by themselves.) Knows nothing of
sockets.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli import settings as reading_settings
from persona_cli.errors import PersonaError
from persona_cli.rekey import HOLDERS

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.settings import Settings

# Settings that differ (a model for one request) whose parts are kept, those used last.
KEPT: Final = 4
# What a request finds open: light things, of which each loads its model when it is used.
_OPENED: Final = ("detector", "drafter", "memory", "engine", "counts")
_STORED: Final = ("seal", "vault", "conversations", "disclosures", "profile", "contacts", "audit")
# What follows from the profile.
_FACTS: Final = ("known_facts", "profile_fields", "user_names")
# Models that know nothing of what is stored: they outlive a change of the key.
_MODELS: Final = ("tagger", "encoder")
# What belongs to one request alone.
_OWN: Final = ("cloud", "completions", "open_conversations")
_UNLOGGED: Final = ("conversations_vault", "conversations", "disclosures")
_PROBE: Final = "Write a short note to Anna Marlow that the meeting of 12 May has moved to Leeds."


class Warm:
    """The parts that many requests share. Threads may call everything here at once."""

    def __init__(self, parts: Parts) -> None:
        self._used = time.monotonic()
        self._users = 0
        self._begun = replace(parts)
        self._look = threading.RLock()
        self._models = threading.Lock()
        self._reading: Callable[[float], None] | None = None
        self._stopped: Callable[[], bool] | None = None
        self._kept: list[Parts] = []
        self._spare: Parts | None = None
        self._settings = parts.settings
        self._files: tuple[Any, ...] = ()
        self._settings_file: tuple[Any, ...] = _mark(parts.folders.settings_file)
        self._vault_version = 0

    def parts(
        self, settings: Settings | None = None, *, unlogged: bool = False, env: Mapping[str, str] | None = None
    ) -> Parts:
        """The parts for one request, with all that is open shared and a client of the cloud of its own.

        `settings` None means those of the user's file as it is now, with the variables of this process's environment on
        top. `env` is where keys and proxies are looked for, and None again this process's. Raises SettingsError,
        StoreError.
        """
        with self._look:
            self._used = time.monotonic()
            base = self._base(self._of_file() if settings is None else settings)
            lent = replace(base, env=base.env if env is None else env, unlogged=unlogged)
            left_out = {*_OWN, *(_UNLOGGED if unlogged else ())}
            lent.__dict__.update({name: part for name, part in _open_in(base).items() if name not in left_out})
        return lent

    @contextmanager
    def models(
        self, reading: Callable[[float], None] | None = None, stopped: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """One request at a time may use detector, drafter, encoder and engine: hold this up to the cloud's door, and
        not while the cloud is waited for. Not to be entered twice by one request; any thread may leave it.

        `reading` is told how much of a long text the tagger has read. `stopped` is asked while the local model reads
        and writes: where it says so, KeyboardInterrupt is raised.
        """
        with self._models:
            self._reading, self._stopped = reading, stopped
            try:
                yield
            finally:
                self._reading = self._stopped = None

    def warm_up(self) -> None:
        """Load what a request needs, by preparing one. Opens no connection, keeps nothing, and raises nothing."""
        from persona_cli.assistant import Assistant
        from persona_cli.exchange import Request
        from persona_cli.settings import LOCAL

        with suppress(PersonaError), self.models():
            parts = self.parts()
            request = Assistant(parts).choose(Request(_PROBE), dry=True)
            if request.mode == LOCAL or not parts.settings.cloud.configured:
                parts.engine.load()
            if parts.memory.any():
                parts.memory.warm_up()
            if request.mode != LOCAL:
                Assistant(parts).prepare(request)
            if parts.settings.cloud.configured:
                parts.cloud.warm_up()
        self._used = time.monotonic()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """A request is on its way as long as this is open, whether it uses anything or waits for the cloud."""
        with self._look:
            self._users += 1
        try:
            yield
        finally:
            with self._look:
                self._users -= 1
                self._used = time.monotonic()

    @property
    def unused(self) -> float:
        """Seconds since a request came or was through; 0 while one is on its way."""
        return 0.0 if self._users else time.monotonic() - self._used

    def let_go(self) -> None:
        """Close everything, and the hold on the key with it; the next request opens it again."""
        with self._models, self._look:
            self._forget()

    def _of_file(self) -> Settings:
        mark = _mark(self._begun.folders.settings_file)
        if mark != self._settings_file:
            self._settings = reading_settings.load(self._begun.folders.settings_file, self._begun.env)
            self._settings_file = mark
        return self._settings

    def _base(self, settings: Settings) -> Parts:
        self._refresh()
        base = next((kept for kept in self._kept if kept.settings == settings), None)
        if base is None:
            base = self._kept[0].with_settings(settings) if self._kept else self._new(settings)
        self._kept = [base, *(kept for kept in self._kept if kept is not base)][:KEPT]
        _open(base)
        if "engine" in base.__dict__:
            base.engine.interrupted = self._is_stopped
        return base

    def _new(self, settings: Settings) -> Parts:
        made = replace(self._begun, settings=settings, reading=self._tell)
        if self._spare is not None:
            same = self._spare.with_settings(settings).__dict__
            made.__dict__.update({name: same[name] for name in _MODELS if name in same})
        return made

    def _tell(self, share: float) -> None:
        if self._reading is not None:
            self._reading(share)

    def _is_stopped(self) -> bool:
        return self._stopped is not None and self._stopped()

    def _refresh(self) -> None:
        """Drop what is not so any more on the disk."""
        folders = self._begun.folders
        if not any((folders.data / name).exists() for name in HOLDERS):
            with suppress(PersonaError):
                _ = replace(self._begun).seal  # makes the key, which is to be no change afterwards
        files = (*(_mark(folders.data / name) for name in HOLDERS), _mark(folders.vault_file)[:2])
        if files != self._files:
            self._forget()
            self._files = files
        vault = next((kept.__dict__["vault"] for kept in self._kept if "vault" in kept.__dict__), None)
        if vault is None:
            return
        # SQLite counts what other connections commit, and every conversation is that.
        version = int(vault.rows("PRAGMA data_version")[0][0])
        if version != self._vault_version:
            self._vault_version = version
            self._look_at_profile()

    def _look_at_profile(self) -> None:
        """Read the profile again, and build the detector anew only where something in it has changed."""
        fresh = replace(self._kept[0])
        fresh.__dict__.update({name: part for name, part in _open_in(self._kept[0]).items() if name in _STORED})
        now = {name: getattr(fresh, name) for name in _FACTS}
        for kept in self._kept:
            changed = {name for name in _FACTS if kept.__dict__.get(name, now[name]) != now[name]}
            if "known_facts" in changed:
                kept.__dict__.pop("detector", None)
            kept.__dict__.update(now)

    def _forget(self) -> None:
        if self._kept:
            self._spare = replace(self._kept[0])
            models = {name: part for name, part in _open_in(self._kept[0]).items() if name in _MODELS}
            self._spare.__dict__.update(models)
        self._kept, self._vault_version = [], 0
        gc.collect()  # the hold on the key ends with the last seal


def _open(parts: Parts) -> None:
    """What is opened twice when two requests are the first is opened here; what cannot be is for the request to say."""
    if parts.folders.vault_file.exists():
        for name in _STORED:
            getattr(parts, name)
        for name in _FACTS:
            getattr(parts, name)
    for name in _OPENED:
        with suppress(PersonaError):
            getattr(parts, name)


def _open_in(parts: Parts) -> dict[str, Any]:
    fields = parts.__dataclass_fields__
    return {name: part for name, part in parts.__dict__.items() if name not in fields}


def _mark(path: Path) -> tuple[Any, ...]:
    """Another when another file is in the place, or other bytes in the file."""
    try:
        told = path.stat()
    except OSError:
        return ()
    return told.st_dev, told.st_ino, told.st_mtime_ns, told.st_size
