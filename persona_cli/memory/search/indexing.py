"""The word index of a store, brought up to date: from memory, from its sealed file, and from what came since.

    current(store)   the index of everything that is stored now, by whichever process
    refresh(store)   the same, and its file written: after an import, so that the next search need not read it all

The file is a derived one of the store: sealed, and gone when a memory is edited or forgotten, since terms of what is
forgotten must not stay. It is written when what came since has grown to a tenth, so that a long stay of adding and
searching costs a few writings, and the start of a search reads a tenth of the memories at most.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from persona_cli.errors import StoreError
from persona_cli.memory.search.lexical import LexicalIndex

if TYPE_CHECKING:
    from persona_cli.memory.store import MemoryStore

NAME: Final = "lexical"
# Fewer memories than this are read again rather than written down.
WAITING: Final = 200
# Another process that edits at the same time makes what was read worthless; so often it is read anew.
TRIES: Final = 5


@dataclass(frozen=True)
class _Kept:
    version: bytes
    epoch: bytes
    index: LexicalIndex


_kept: WeakKeyDictionary[MemoryStore, _Kept] = WeakKeyDictionary()
# Held while an index is brought up to date, and by whoever reads one in the meantime.
reading = threading.RLock()


def current(store: MemoryStore) -> LexicalIndex:
    """The index of every memory in `store`. Not to be changed. Raises what the store raises."""
    with reading:
        for _ in range(TRIES):
            kept = _kept.get(store)
            version = store.version()
            if kept is not None and kept.version == version:
                return kept.index
            epoch = store.epoch()
            index = kept.index if kept is not None and kept.epoch == epoch else _filed(store)
            index.extend(store.entries(len(index)))
            if store.epoch() != epoch:
                _kept.pop(store, None)
                continue
            _kept[store] = _Kept(version, epoch, index)
            if index.waiting >= max(WAITING, len(index) // 10):
                store.keep_derived(NAME, index.to_bytes(), epoch)
            return index
        raise StoreError("The memory is being changed all the time by another process. Try again when it is done.")


def refresh(store: MemoryStore) -> None:
    """Bring the file of the index up to date with everything that is stored."""
    with reading:
        index = current(store)
        epoch = store.epoch()
        if index.waiting and _kept[store].epoch == epoch:
            store.keep_derived(NAME, index.to_bytes(), epoch)


def _filed(store: MemoryStore) -> LexicalIndex:
    data = store.derived(NAME)
    return (LexicalIndex.from_bytes(data) if data is not None else None) or LexicalIndex()
