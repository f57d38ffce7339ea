"""Whether client and server are the same persona: the same code, the same folders, the same certificates and key.

A client that differs in one of them does not use the server. Nothing here is a secret but a passphrase, which goes
to a process of the same user alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import persona_cli
from persona_cli.cloud.providers import KNOWN
from persona_cli.paths import Folders
from persona_cli.serve.frames import Frame

PROTOCOL: Final = 1
CODE: Final = Path(persona_cli.__file__).parent
# These are read once in a process, so that a server cannot have them by request.
FIXED: Final = (
    "PERSONA_PASSPHRASE", "SSL_CERT_FILE", "SSL_CERT_DIR", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND",
)  # fmt: skip
# What a request may bring of its own.
_PROXIES: Final = ("https_proxy", "all_proxy", "no_proxy")
_PREFIX: Final = "PERSONA_"


def own(folders: Folders, env: Mapping[str, str]) -> Frame:
    """What a client says of itself, and a server compares with what it is."""
    return {
        "protocol": PROTOCOL,
        "version": persona_cli.__version__,
        "code": str(CODE),
        "python": sys.version,
        "folders": [str(path.absolute()) for path in (folders.config, folders.data, folders.state, folders.cache)],
        "fixed": {name: env.get(name, "") for name in FIXED},
    }


def brought(env: Mapping[str, str]) -> dict[str, str]:
    """The variables of `env` that a request may depend on: persona's own, keys and proxies."""
    return {name: value for name, value in env.items() if _matters(name)}


def around(env: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """The environment of a request: this process's, with what the client brought in the place of the same of it."""
    return {name: value for name, value in env.items() if not _matters(name)} | dict(told)


def same_proxies(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether both environments lead to clouds by the same way."""
    return all(one.get(name, "") == other.get(name, "") for name in (*_PROXIES, *map(str.upper, _PROXIES)))


def _matters(name: str) -> bool:
    return name.startswith(_PREFIX) or name in _KEYS or name.lower() in _PROXIES


_KEYS: Final = frozenset(known.variable for known in KNOWN.values() if known.variable)


def code_mark(folder: Path = CODE) -> int:
    """Another as soon as a file of the code is another: after an upgrade, a running server knows that it is old."""
    mark = 0
    for path, changed in _files(folder):
        mark ^= hash((path, changed))
    return mark


def _files(folder: Path) -> Iterable[tuple[str, int]]:
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith((".py", ".toml")):
                        yield entry.path, entry.stat().st_mtime_ns
                    elif entry.name != "__pycache__" and entry.is_dir():
                        folders.append(entry.path)
        except OSError:
            yield "gone", 0
