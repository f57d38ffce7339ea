"""Paths and host names inside a firm or a home: they name the user, the project, the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy.patterns.found import found
from persona_cli.privacy.spans import DETAIL, URL, PrivateSpan

# A folder's name may hold spaces, the last part of a path ends at one. Doubled backslashes: the path in a string.
_FOLDER: Final = r"[^\\/:*?\"<>|\r\n\t]{1,80}"
_LAST: Final = r"[^\\/:*?\"<>|\s,;)\]}']{0,120}"
_WINDOWS: Final = re.compile(
    rf"(?:(?<![A-Za-z0-9])[A-Za-z]:|(?<!\\)\\\\[\w.-]{{1,60}})\\{{1,2}}(?:{_FOLDER}\\{{1,2}}){{0,20}}{_LAST}"
)
_HOME: Final = re.compile(r"(?<![\w.])/(?:home|Users)/[^\s/:;,'\"<>|)\]}]{1,60}(?:/[^\s:;,'\"<>|)\]}]{0,200})?")
# The same on every machine.
_SYSTEM: Final = re.compile(
    r"[A-Za-z]:\\{1,2}(?:windows|program files|program files \(x86\)|programdata)\b", re.IGNORECASE
)
_NOBODY: Final = re.compile(
    r"/(?:home|Users)/(?:user|username|you|your[-_]?name|<|\$|shared|runner|vagrant|ubuntu)\b", re.IGNORECASE
)
# DNS service records: _ldap._tcp.office.example.com.
_SERVICE: Final = re.compile(
    r"(?<![\w.-])_[A-Za-z][\w-]{0,30}\._(?:tcp|udp|tls|sip|msdcs|sites)(?:\.[\w-]{1,63}){1,10}"
)


def find(text: str) -> Iterator[PrivateSpan]:
    """Paths in a user's folders or on a Windows drive, and DNS service names."""
    for match in _WINDOWS.finditer(text):
        if not _SYSTEM.match(match[0]) and len(match[0]) > len(r"C:\\"):
            yield found(text, match.start(), match.end(), DETAIL, 0.8)
    for match in _HOME.finditer(text):
        if not _NOBODY.match(match[0]):
            yield found(text, match.start(), match.end(), DETAIL, 0.8)
    for match in _SERVICE.finditer(text):
        yield found(text, match.start(), match.end(), URL, 0.9)
