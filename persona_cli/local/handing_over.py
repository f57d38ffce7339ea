"""A turn has ended: what the model read of it goes to a process that nobody waits for, which keeps it for the next one.

The next prompt of a conversation begins with everything said so far, but not quite as the model has it: the notes of
this turn are gone, and the template closes the answer. What the two have in common is handed over as it is, in memory
alone (a memfd: nothing is on the disk that is not sealed); the process keeps it, reads the rest, and keeps that.

    state | head as JSON | size of the state
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from errno import EFBIG
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from persona_cli.local.kept_state import WORTH_KEEPING, WORTH_RESTORING

if TYPE_CHECKING:
    from persona_cli.local.reading import Reader
    from persona_cli.local.snapshots import Snapshots
    from persona_cli.privacy.crypto import Seal

_SIZE: Final = struct.Struct("<Q")
# Prompts of different tasks have fewer tokens in common: what the template begins with, and words such as "You are".
ITS_OWN: Final = 12


@dataclass(frozen=True)
class Head:
    """What the next prompt begins with (`tokens`), how many of them the state is of, and whose it is: see Snapshots
    for `since` and `turn`, kept_state.identity for `identity`."""

    path: str
    context: int
    threads: int
    identity: str
    folder: str
    most: int
    since: str
    turn: str
    tokens: list[int]
    held: int

    @property
    def to_read(self) -> bool:
        """Whether enough is missing to load the model for it."""
        return len(self.tokens) - self.held >= WORTH_RESTORING


def hand_over(
    path: Path, context: int, threads: int, snapshots: Snapshots, reader: Reader, tokens: list[int], since: bytes
) -> int | None:
    """A descriptor with what is to be kept of `tokens`, None where too little of them is in no snapshot, and where the
    model has read something else (drafts, what it finishes) and not this.

    `since` is as it was before the texts of `tokens` were read in the vault: None also where something was forgotten
    after that. What `reader` has read otherwise, it has not read any more. Takes as long as copying the state. Raises
    OSError.
    """
    if reader.shared(tokens) < ITS_OWN or len(tokens) - reader.known_of(tokens) < WORTH_KEEPING:
        return None
    if not snapshots.turn:
        snapshots.take_turn()
    descriptor = os.memfd_create("persona")
    try:
        taken = reader.take(tokens, lambda size: _room(descriptor, size, snapshots.most_bytes), WORTH_RESTORING)
        if snapshots.since != since:
            os.close(descriptor)
            return None
        identity, held = (taken.model, len(taken.tokens)) if taken else ("", 0)
        head = Head(
            str(path.absolute()), context, threads, identity, str(snapshots.folder.absolute()), snapshots.most_bytes,
            since.hex(), snapshots.turn.hex(), tokens, held,
        )  # fmt: skip
        with os.fdopen(os.dup(descriptor), "wb") as file:
            size = file.seek(0, os.SEEK_END)
            file.write(json.dumps(asdict(head)).encode() + _SIZE.pack(size))
            file.seek(0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def keep_handed_over(file: BinaryIO, open_seal: Callable[[], Seal]) -> bool:
    """In the other process: keep it, and read and keep what is missing. Whether that is kept now.

    Ends early, without a trace, when something is forgotten or a user's request reads meanwhile.
    """
    from persona_cli.local.engine import Engine
    from persona_cli.local.snapshots import Snapshots

    with file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        (size,) = _SIZE.unpack(whole[-_SIZE.size :])
        head = Head(**json.loads(whole[size : -_SIZE.size]))
        snapshots = Snapshots(
            Path(head.folder), open_seal, head.most, bytes.fromhex(head.since), bytes.fromhex(head.turn)
        )
        kept = False
        if size:
            with memoryview(whole) as view, view[:size] as state:
                kept = snapshots.keep(head.identity, head.tokens[: head.held], state)
            snapshots.let_go()  # loading the model can take longer than a rotation of the key waits
    if not head.to_read or not snapshots.has_turn():
        return kept
    engine = Engine(Path(head.path), head.context, threads=head.threads or _half(), snapshots=snapshots)
    try:
        return engine.read_ahead(head.tokens) or kept
    finally:
        engine.close()


def _room(descriptor: int, size: int, most: int) -> Any:
    if size > most:
        raise OSError(EFBIG, "more than snapshots may take")  # before it is copied, and read again, in vain
    os.ftruncate(descriptor, size)
    return mmap.mmap(descriptor, size)


def _half() -> int:
    """Threads for a large model. A tiny one gets one anyway."""
    return max(1, (os.cpu_count() or 1) // 2)
