"""Where a server is found: its socket, the lock of which there is one, and who stands at the other end.

state/serve/       0700
  socket           0600; elsewhere where the path is too long for a socket
  lock             held as long as the server lives; the kernel drops it with its holder
  token            the bearer token of the endpoint, where one was made
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from persona_cli.errors import StoreError
from persona_cli.paths import Folders, private_folder

# sockaddr_un of Linux has room for 108 bytes, of macOS for 104, each with a NUL at the end.
LONGEST: Final = 103
# struct ucred of Linux: pid, uid, gid. struct xucred of macOS begins with its version and the uid (SOL_LOCAL is 0 there
# and LOCAL_PEERCRED 1).
_UCRED: Final = struct.Struct("3i")
_XUCRED: Final = struct.Struct("II")
_XUCRED_BYTES: Final = 76


def folder_of(folders: Folders) -> Path:
    return folders.state / "serve"


def lock_of(folders: Folders) -> Path:
    return folder_of(folders) / "lock"


def token_of(folders: Folders) -> Path:
    return folder_of(folders) / "token"


def socket_of(folders: Folders, env: Mapping[str, str] = os.environ) -> Path:
    """The socket's path; a short one in the runtime folder, or in /tmp, where the home's is too long for a socket."""
    path = folder_of(folders) / "socket"
    if len(os.fsencode(path.absolute())) <= LONGEST:
        return path.absolute()
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]
    runtime = env.get("XDG_RUNTIME_DIR", "")
    if runtime and len(os.fsencode(short := Path(runtime) / f"persona-{name}" / "socket")) <= LONGEST:
        return short
    return Path(gettempdir()) / f"persona-{os.getuid()}-{name}" / "socket"


def own_folder(path: Path) -> Path:
    """Make `path` (0700), or make sure that it is the user's own and nobody else's. Raises StoreError."""
    private_folder(path)
    if not is_own(path):
        raise StoreError(f"Others can write to {path}, or it is not yours: remove it (rm -r {path}), and try again.")
    return path


def is_own(path: Path, uid: int | None = None) -> bool:
    """Whether `path` is a folder of `uid` (None: this process's user) that nobody else can open."""
    try:
        told = path.lstat()
    except OSError:
        return False
    mine = os.getuid() if uid is None else uid
    return stat.S_ISDIR(told.st_mode) and told.st_uid == mine and not told.st_mode & 0o077


def peer(connection: socket.socket) -> int | None:
    """The user id at the other end; None where the system does not say."""
    try:
        if hasattr(socket, "SO_PEERCRED"):
            told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
            return int(_UCRED.unpack(told)[1])
        told = connection.getsockopt(0, 1, _XUCRED_BYTES)
        version, uid = _XUCRED.unpack_from(told)
        return int(uid) if version == 0 else None
    except (OSError, struct.error):
        return None
