"""The state of sequence 0 of a context, given to llama.cpp from a snapshot and taken from it for one.

What is restored is what was computed, bit for bit, so that the model goes on as if it had read the text just now. The
logits behind the last token are no part of it: at least that one is read again.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from persona_cli.local.snapshots import Snapshot, Snapshots

# Fewer tokens than this are read faster than a snapshot is looked for, opened and given to llama.cpp.
# `persona bench speed --part snapshots` measures where the two meet.
WORTH_RESTORING: Final = 32
# Fewer new ones are not worth a file.
WORTH_KEEPING: Final = 128


@dataclass(frozen=True)
class Taken:
    """A copy of the state behind `tokens` of `model`, and what had been forgotten by then (see Snapshots)."""

    model: str
    tokens: list[int]
    state: memoryview
    since: bytes


class KeptState:
    """Snapshots of what `context` (llama_cpp._internals.LlamaContext) reads. `model`: see `identity`."""

    def __init__(self, snapshots: Snapshots, context: Any, model: str) -> None:
        import llama_cpp

        self._llama = llama_cpp
        self._snapshots = snapshots
        self._context = context
        self._model = model
        self._restored: Snapshot | None = None

    def restore(self, tokens: Sequence[int], held: int) -> list[int] | None:
        """Put the snapshot into the context that spares the most of reading `tokens`, of which it holds `held`.

        The tokens that it then holds (none where llama.cpp refused); None where it was left as it is.
        """
        self._snapshots.take_turn()
        try:
            found = self._snapshots.longest(self._model, tokens)
            if found is None or found[1] - held < WORTH_RESTORING:
                return None
            snapshot = found[0]
            state = self._snapshots.state(snapshot)
        finally:
            self._snapshots.let_go()
        if state is None:
            return None
        pointer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        done = self._llama.llama_state_seq_set_data(self._context.ctx, pointer, len(state), 0)
        if done != len(state):
            self._llama.llama_memory_seq_rm(self._context.memory, 0, -1, -1)
            return []
        self._restored = snapshot
        return list(snapshot.tokens)

    def known_of(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` the longest snapshot begins with.

        What was restored from counts as used only here: a request that is to leave no trace does not come this far.
        """
        if self._restored is not None:
            self._snapshots.used(self._restored)
            self._restored = None
        found = self._snapshots.longest(self._model, tokens)
        return found[1] if found else 0

    def take(self, tokens: Sequence[int], room: Callable[[int], Any]) -> Taken | None:
        """A copy of the state of `tokens`, which are all that the context holds, in `room` (bytes -> buffer)."""
        since = self._snapshots.since
        size = self._llama.llama_state_seq_get_size(self._context.ctx, 0)
        buffer = room(size)
        whole = (ctypes.c_uint8 * size).from_buffer(buffer)
        done = self._llama.llama_state_seq_get_data(self._context.ctx, whole, size, 0)
        return Taken(self._model, list(tokens), memoryview(buffer), since) if done == size else None

    def keep(self, taken: Taken) -> bool:
        return self._snapshots.keep(taken.model, taken.tokens, taken.state, taken.since)

    def forgotten_since(self) -> bool:
        return self._snapshots.forgotten_since()


def identity(path: Path, context_tokens: int) -> str:
    """What a state depends on: the model file, llama.cpp's build, and how the context is set up (loading.py).

    Of the file: its size, its time, and 64 kB from each of 16 places; all of a large one would take seconds.
    """
    import hashlib

    import llama_cpp

    about = path.stat()
    digest = hashlib.sha256(f"{about.st_size} {about.st_mtime_ns}".encode())
    with path.open("rb") as file:
        for part in range(16):
            file.seek(about.st_size * part // 16)
            digest.update(file.read(2**16))
    built = llama_cpp.llama_print_system_info().decode("utf-8", "replace")
    return f"{digest.hexdigest()} {llama_cpp.__version__} {built} context {context_tokens} unified plain-attention"
