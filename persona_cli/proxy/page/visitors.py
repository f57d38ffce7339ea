"""Who may see the page: the holder of the bearer token, and a browser that came by a link that works once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hmac import compare_digest
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

# As a browser writes them. Another name means that a page elsewhere has had its own name point here (DNS rebinding).
HOME: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# A browser says where a request comes from; a page of another server on this machine is "same-site".
WELCOME_SITES: Final = frozenset({"same-origin", "none"})
LINKS = 8  # given out and not used: the older ones go
SESSIONS = 32


class Visitors:
    """Links that work once, and the sessions they began. All of it lives as long as the process. Thread-safe."""

    cookie: Final = "persona_page"

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = Lock()
        self._links: list[str] = []
        self._sessions: list[str] = []

    def link(self, base_url: str) -> str:
        """An address that opens the page at `base_url` (its path does not count) once, in one browser."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._links = [*self._links, key][-LINKS:]
        where = urlsplit(base_url)
        return f"{where.scheme}://{where.netloc}/login?key={key}"

    def login(self, key: str) -> str | None:
        """The secret of a new session; None where `key` is not that of a link, or of one that was used."""
        with self._lock:
            left = [link for link in self._links if not _same(link, key)]
            if len(left) == len(self._links):
                return None
            self._links = left
            session = secrets.token_urlsafe(32)
            self._sessions = [*self._sessions, session][-SESSIONS:]
            return session

    def at_home(self, headers: Mapping[str, str]) -> bool:
        """Whether a request was meant for this machine by its name, and by no other site's page."""
        try:
            name = urlsplit(f"//{headers.get('host', '')}").hostname
        except ValueError:
            return False
        return name in HOME and headers.get("sec-fetch-site", "none") in WELCOME_SITES

    def knows(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        """Whether a request carries the token or a session."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(self._token, given.strip()):
            return True
        with self._lock:
            sessions = list(self._sessions)
        return any(_same(session, cookies.get(self.cookie, "")) for session in sessions)


def _same(expected: str, given: str) -> bool:
    """Compared in constant time. An empty secret is nobody's."""
    return bool(expected) and compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
