"""The keyring of the operating system, when there is a usable one, asked with a limit on the waiting.

`keyring` takes 0.1 s to import and 0.1 s more to look for backends, and D-Bus can hang for a machine without a desktop
session. So it is imported only where a session can be seen, and every question runs in a thread that is given up.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

SERVICE = "persona"
# Seconds. Finding a backend needs nobody; reading may wait for a person who types the keyring's password.
PATIENCE_TO_FIND = 5.0
PATIENCE_TO_ANSWER = 60.0
# Backends that hold nothing. Naming one in PYTHON_KEYRING_BACKEND is how a person says: no keyring.
EMPTY = ("keyring.backends.null.Keyring", "keyring.backends.fail.Keyring")

T = TypeVar("T")


class Backend(Protocol):
    """What persona asks of a backend; any `keyring.backend.KeyringBackend` has it."""

    def get_password(self, service: str, username: str, /) -> str | None: ...

    def set_password(self, service: str, username: str, password: str, /) -> None: ...

    def delete_password(self, service: str, username: str, /) -> None: ...


class KeyringFailed(Exception):
    """The keyring is there and did not do what was asked; the text says why."""


class OsKeyring:
    """Secrets under the service "persona". Every method raises KeyringFailed, whatever the backend raised."""

    def __init__(self, backend: Backend, patience: float = PATIENCE_TO_ANSWER) -> None:
        self._backend = backend
        self._patience = patience

    @property
    def name(self) -> str:
        return type(self._backend).__module__.rpartition(".")[2]

    def get(self, user: str) -> str | None:
        return _within(self._patience, lambda: self._backend.get_password(SERVICE, user))

    def set(self, user: str, secret: str) -> None:
        """Store, and read back: some backends accept what they do not keep."""
        _within(self._patience, lambda: self._backend.set_password(SERVICE, user, secret))
        if self.get(user) != secret:
            raise KeyringFailed("it did not keep what was stored in it")

    def remove(self, user: str) -> None:
        _within(self._patience, lambda: self._backend.delete_password(SERVICE, user))


def open_keyring(backend: Backend | None, env: Mapping[str, str]) -> OsKeyring | None:
    """`backend`, or the system's own when that is None. None where there is no usable keyring: never an error."""
    if backend is None:
        if not _session(env):
            return None
        try:
            backend = _within(PATIENCE_TO_FIND, lambda: _system_backend(env))
        except KeyringFailed:
            return None
    return OsKeyring(backend) if backend is not None else None


def _session(env: Mapping[str, str]) -> bool:
    """Whether a keyring may exist at all; costs microseconds."""
    if chosen := env.get("PYTHON_KEYRING_BACKEND"):
        return chosen not in EMPTY
    if sys.platform == "darwin":
        return True
    config = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "/")) / ".config")
    runtime = env.get("XDG_RUNTIME_DIR")
    return (
        any(env.get(name) for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"))
        or bool(runtime and (Path(runtime) / "bus").exists())
        or (config / "python_keyring" / "keyringrc.cfg").exists()
    )


def _system_backend(env: Mapping[str, str]) -> Backend | None:
    from keyring import core

    if chosen := env.get("PYTHON_KEYRING_BACKEND"):
        return core.load_keyring(chosen)
    # `recommended` keeps out the third-party backends that write plain text to a file; a person may still
    # choose one in keyringrc.cfg, which `get_keyring` honours.
    if core.load_config() is None:
        core.init_backend(limit=core.recommended)
    backend: Any = core.get_keyring()
    return None if f"{type(backend).__module__}.Keyring" in EMPTY else backend


def _within(seconds: float, question: Callable[[], T]) -> T:
    """The answer to `question`, or KeyringFailed. The thread is a daemon: a backend that hangs cannot hold the exit."""
    answers: list[T] = []
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(question())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="keyring")
    thread.start()
    thread.join(seconds)
    if failures:
        raise KeyringFailed(str(failures[0]) or type(failures[0]).__name__) from failures[0]
    if not answers:
        raise KeyringFailed(f"it did not answer within {seconds:g} seconds")
    return answers[0]
