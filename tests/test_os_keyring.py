"""The keyring is asked with patience that ends."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from persona_cli.os_keyring import KeyringFailed, OsKeyring, open_keyring


class HangingKeyring:
    """A D-Bus service that never answers."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait()

    def delete_password(self, service: str, username: str) -> None:
        self.released.wait()


def test_a_keyring_that_hangs_is_given_up() -> None:
    backend = HangingKeyring()
    with pytest.raises(KeyringFailed, match="did not answer"):
        OsKeyring(backend, patience=0.05).get("anything")
    backend.released.set()


@pytest.mark.parametrize("name", ["null", "fail"])
def test_a_backend_that_holds_nothing_is_no_keyring(name: str) -> None:
    assert open_keyring(None, {"PYTHON_KEYRING_BACKEND": f"keyring.backends.{name}.Keyring"}) is None


@pytest.mark.parametrize("name", ["keyring.backends.absent.Keyring", "nonsense", "persona_cli.errors.Nothing"])
def test_a_backend_that_cannot_be_loaded_is_no_keyring(name: str) -> None:
    assert open_keyring(None, {"PYTHON_KEYRING_BACKEND": name}) is None


def test_a_session_without_a_keyring_service_is_no_keyring(tmp_path: Path) -> None:
    """A real backend search, over a bus address behind which nothing listens."""
    before = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={tmp_path}/no-bus"
    try:
        found = open_keyring(None, os.environ)
    finally:
        del os.environ["DBUS_SESSION_BUS_ADDRESS"]
        if before is not None:
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = before
    assert found is None or found.name == "macOS"
