"""Reads the rows of a Chroma collection where they stand: in the tables of its SQLite file.

Chroma's engine gives the same rows, and takes time that grows with the collection: of 20,000, 12 ms to find one digest
and 140 ms for the ids, where SQLite's indexes give them in 0.1 ms and 10 ms. Only ever reads. The tables are those of
the release in chroma.CHECKED: embeddings(id, embedding_id) counts up in the order of adding, and embedding_metadata
holds one row for each value of a memory.

Called under the lock of generations.py, which is what makes a second SQLite library in one process safe: when a file
is closed, the kernel drops every lock that the process holds on it (SQLite, "How To Corrupt", §2.2).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from persona_cli.memory.storage.records import Row

# Values in one question: SQLite takes a limited number of variables.
ASKED = 500
ROW = """
    SELECT e.embedding_id, d.string_value, s.string_value FROM {0} AS e
    JOIN embedding_metadata AS d ON d.id = e.id AND d.key = 'digest'
    JOIN embedding_metadata AS s ON s.id = e.id AND s.key = 'sealed'
    {1}
"""


class Table:
    """The rows in the SQLite file `path`. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        uri = f"file:{quote(str(path))}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM embeddings").fetchone()[0])

    def newest(self) -> int:
        """The number of the row that was added last; 0 when there is none."""
        return int(self._connection.execute("SELECT max(id) FROM embeddings").fetchone()[0] or 0)

    def ids(self, beginning: str = "") -> list[str]:
        """All ids that begin so, in the order in which they were added."""
        if not beginning:
            return [row[0] for row in self._connection.execute("SELECT embedding_id FROM embeddings ORDER BY id")]
        # A range, so that the index is used; there is one segment with rows, and the index begins with the segment.
        query = """
            SELECT embedding_id FROM embeddings
            WHERE segment_id IN (SELECT id FROM segments) AND embedding_id >= ? AND embedding_id < ? ORDER BY id
        """
        return [row[0] for row in self._connection.execute(query, (beginning, beginning + "\U0010ffff"))]

    def rows(self, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Rows in the order in which they were added."""
        part = "(SELECT id, embedding_id FROM embeddings ORDER BY id LIMIT ? OFFSET ?)"
        values = (-1 if limit is None else limit, offset)
        return [Row(*found) for found in self._connection.execute(ROW.format(part, "ORDER BY e.id"), values)]

    def with_ids(self, ids: Sequence[str]) -> list[Row]:
        """In the order in which they were added; ids that are not there are left out."""
        where = "WHERE e.segment_id IN (SELECT id FROM segments) AND e.embedding_id IN ({0})"
        return self._chosen(where, ids)

    def with_digests(self, digests: Sequence[str]) -> list[Row]:
        """In the order in which they were added."""
        inner = "SELECT id FROM embedding_metadata WHERE key = 'digest' AND string_value IN ({0})"
        return self._chosen(f"WHERE e.id IN ({inner})", digests)

    def _chosen(self, where: str, values: Sequence[str]) -> list[Row]:
        found: list[tuple[int, Row]] = []
        query = ROW.replace("SELECT ", "SELECT e.id, ", 1)
        for part in _parts(values):
            asked = query.format("embeddings", where.format(",".join("?" * len(part))))
            found += [(row[0], Row(*row[1:])) for row in self._connection.execute(asked, part)]
        return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    distinct = list(dict.fromkeys(values))
    return (distinct[start : start + ASKED] for start in range(0, len(distinct), ASKED))
