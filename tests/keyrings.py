"""A keyring backend for tests: the seam that crypto.py and secrets.py take."""

from __future__ import annotations


class MemoryKeyring:
    """A keyring backend that works."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]
