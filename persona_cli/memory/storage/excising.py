"""Cuts deleted vectors out of Chroma's index files, so that forgetting need not build the whole index anew.

Chroma marks a deleted vector and keeps it: its numbers, its links to the vectors near it, and theirs to it. Here the
numbers and both kinds of links are taken out of the files of an index that nobody has open. To build the index of
100,000 memories anew takes minutes, this a second.

The files are hnswlib's as the release in chroma.CHECKED writes them (hnswalg.h, persistDirty), little-endian:
    header.bin         how long everything is, and where the search begins
    data_level0.bin    one element for each vector: links (count, mark, 64 numbers of elements), the vector, its label
    link_lists.bin     for each element the length of its links in the upper levels, and those links
Whatever does not look like this is left alone: the index is then built anew.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Version, offset, room, elements, bytes of an element, offsets of label and vector, top level, first element of a
# search, links of an element in the upper levels and in the lowest, M, factor of the levels, ef_construction.
HEADER = struct.Struct("<iQQQQQQiIQQQdQ")
VERSION = 1
COUNT = 4  # bytes before an element's links: their count (2), and a byte whose lowest bit marks it as deleted
MARK = 2


def excise(folder: Path, most: float) -> bool:
    """Take every deleted vector out of the index in `folder`, a Chroma folder that nobody has open.

    False, with nothing changed, when more than the share `most` of the index is deleted, when a search begins at a
    deleted vector, or when the files are not as expected: then the index has to be built anew.
    """
    import numpy as np

    headers = list(folder.glob("*/header.bin"))
    if len(headers) != 1 or headers[0].stat().st_size != HEADER.size:
        return False
    version, _, _, number, size, label, at, _, first, upper, links, *_ = HEADER.unpack(headers[0].read_bytes())
    lowest, lists = headers[0].with_name("data_level0.bin"), headers[0].with_name("link_lists.bin")
    if version != VERSION or at != COUNT + 4 * links or label + 8 != size or lowest.stat().st_size != number * size:
        return False
    elements = np.memmap(lowest, np.uint8, "r+", shape=(number, size))
    gone = (elements[:, MARK] & 1).astype(bool)
    above = _upper_links(lists.read_bytes(), number, COUNT + 4 * upper)
    if above is None or gone.sum() > most * number or first >= number or gone[first]:
        return False
    _cut_links(elements[:, :at], gone)
    elements[gone, at:label] = 0
    elements.flush()
    lists.write_bytes(b"".join(_cut_upper(part, index, gone, COUNT + 4 * upper) for index, part in enumerate(above)))
    return True


def _cut_links(heads: NDArray[np.uint8], gone: NDArray[np.bool_]) -> None:
    """Links to what is gone give way to one of its own links, so that the way through it stays open."""
    import numpy as np

    links = heads[:, COUNT:].view("<u4")
    used = np.arange(links.shape[1]) < heads[:, :2].copy().view("<u2")
    touched = np.flatnonzero((gone[np.minimum(links, len(gone) - 1)] & used).any(axis=1) & ~gone)
    ways = {int(index): links[index][used[index]].tolist() for index in np.flatnonzero(gone)}
    for index in touched.tolist():
        before = links[index][used[index]].tolist()
        kept = [item for item in before if not gone[item]]
        for item in before:
            if gone[item]:
                there = {*kept, index}
                kept += [way for way in ways[item] if not gone[way] and way not in there][:1]
        _write_links(heads[index], kept)
    for index in ways:
        _write_links(heads[index], [])


def _write_links(head: NDArray[np.uint8], links: list[int]) -> None:
    """The count and the links; what follows them is zeroed, and the mark stays."""
    import numpy as np

    head[:2] = np.frombuffer(struct.pack("<H", len(links)), np.uint8)
    head[COUNT:] = 0
    head[COUNT : COUNT + 4 * len(links)] = np.frombuffer(struct.pack(f"<{len(links)}I", *links), np.uint8)


def _upper_links(data: bytes, number: int, level: int) -> list[bytes] | None:
    """The links of each element in the upper levels; None when the file is not as expected."""
    parts, start = [], 0
    for _ in range(number):
        if start + 4 > len(data):
            return None
        (length,) = struct.unpack_from("<I", data, start)
        if length % level or start + 4 + length > len(data):
            return None
        parts.append(data[start + 4 : start + 4 + length])
        start += 4 + length
    return parts if start == len(data) else None


def _cut_upper(part: bytes, index: int, gone: Any, level: int) -> bytes:
    kept = b""
    for start in range(0, len(part), level):
        count, *links = struct.unpack_from(f"<{level // 4}I", part, start)
        left = [] if gone[index] else [item for item in links[: count & 0xFFFF] if not gone[item]]
        kept += struct.pack(f"<{level // 4}I", len(left), *left, *[0] * (level // 4 - 1 - len(left)))
    return struct.pack("<I", len(part)) + kept
