"""What is a request of a batch, and what is said of a line that is none."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from persona_cli.batch.rows import Row, read_rows


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def read(*lines: Any) -> list[Row]:
    spelt = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return list(read_rows(spelt, digest))


def test_a_line_without_an_id_has_its_number_and_blank_lines_count() -> None:
    first, second = read({"text": "a"}, b" ", {"id": None, "text": "b"})
    assert (first.id, first.key, first.order) == (1, "1", 0) and (second.id, second.line, second.order) == (3, 3, 1)


def test_what_cannot_be_asked_says_why_and_where() -> None:
    bad = read(
        b"{", {"id": 1}, {"id": {}, "text": "a"}, {"id": True, "text": "a"}, {"id": "m", "text": "a", "mode": "x"},
        {"id": "f", "text": "a", "facts": "b"}, b'{"id": "s", "text": "\\ud800"}',
        {"id": "j", "text": "a", "schema": {"type": 3}}, {"id": "k", "text": "a", "schema": "/etc/passwd"},
    )  # fmt: skip
    assert all(row.problem for row in bad) and [row.line for row in bad] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [row.id for row in bad] == [None, None, None, None, "m", "f", None, "j", "k"]


def test_an_id_that_comes_again_is_not_asked() -> None:
    first, again, other = read({"id": 1, "text": "a"}, {"id": 1, "text": "b"}, {"id": "1", "text": "c"})
    assert not first.problem and "line 1" in again.problem and not other.problem
    assert len({row.key for row in (first, again, other)}) == 3


def test_the_digest_is_of_all_that_is_asked_and_of_nothing_else() -> None:
    plain = {"id": 1, "text": "a"}
    asked = [plain, {**plain, "text": "b"}, {**plain, "document": "d"}, {**plain, "facts": ["f"]},
             {**plain, "conversation": "c"}, {**plain, "mode": "local"}, {**plain, "schema": "name"}]  # fmt: skip
    found = [read(one)[0].digest for one in asked]
    assert len(set(found)) == 7
    assert read({**plain, "id": 9, "note": "more"})[0].digest == found[0]
