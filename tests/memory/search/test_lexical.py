from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import bm25s
import numpy as np
import pytest

from persona_cli.memory.search.lexical import K1, NOWHERE, B, LexicalIndex
from persona_cli.memory.search.wording import terms
from persona_cli.memory.storage.records import Memory

START = datetime(2024, 1, 1, 12, tzinfo=timezone.utc)
WORDS = "rent landlord school play garden train ticket holiday recipe music brother sister doctor river boat".split()


def memories(count: int, seed: int = 1) -> list[Memory]:
    chance = random.Random(seed)
    return [
        Memory(
            f"{n:032x}",
            " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 20)))
            + chance.choice(["?", ".", " in 2021"]),
            START + timedelta(minutes=20 * n),
            chance.choice(["Ann", "Ben", ""]),
            chance.choice(["", "one", "two"]),
        )
        for n in range(count)
    ]


def index_of(memories: Sequence[Memory]) -> LexicalIndex:
    index = LexicalIndex()
    index.extend(memories)
    return index


def through_file(index: LexicalIndex) -> LexicalIndex:
    read = LexicalIndex.from_bytes(index.to_bytes())
    assert read is not None
    return read


def assert_same(one: LexicalIndex, other: LexicalIndex) -> None:
    assert one.ids == other.ids and one.speaker_names == other.speaker_names
    for name in ("times", "lengths", "sessions", "before", "after", "conversations", "speakers", "traits", "told"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    for word in WORDS:
        (term,) = terms(word)
        for mine, theirs in zip(one.postings(term), other.postings(term), strict=True):
            np.testing.assert_array_equal(mine, theirs, word)


def test_its_scores_are_those_of_bm25s() -> None:
    kept = memories(60)
    corpus = [terms(memory.text) for memory in kept]
    reference = bm25s.BM25(k1=K1, b=B, method="lucene")
    reference.index(corpus, show_progress=False)
    index = through_file(index_of(kept[:40]))
    index.extend(kept[40:])
    for query in (["rent"], ["garden", "train", "music"], [terms("2021")[0], terms("sister")[0]]):
        np.testing.assert_allclose(index.bm25(query), reference.get_scores(query), rtol=1e-5)
    assert not index.bm25(["nowhere"]).any()
    assert index.bm25(["rent", "rent"]) == pytest.approx(index.bm25(["rent"]))


@pytest.mark.parametrize("cut", [0, 1, 29, 59, 60])
def test_a_file_with_what_came_since_is_the_index_of_all(cut: int) -> None:
    kept = memories(60)
    grown = through_file(index_of(kept[:cut]))
    assert (len(grown), grown.filed, grown.waiting) == (cut, cut, 0)
    for memory in kept[cut:]:
        grown.extend([memory])
    assert grown.waiting == 60 - cut
    assert_same(grown, index_of(kept))
    assert_same(through_file(grown), index_of(kept))


def test_neighbours_are_of_the_same_conversation_and_sitting() -> None:
    def said(n: int, conversation: str, minutes: float) -> Memory:
        return Memory(f"{n:032x}", "words", START + timedelta(minutes=minutes), "", conversation)

    index = index_of(
        [said(0, "a", 0), said(1, "b", 1), said(2, "a", 2), said(3, "", 2), said(4, "", 2), said(5, "a", 90)]
    )
    assert index.before.tolist() == [NOWHERE, NOWHERE, 0, NOWHERE, NOWHERE, NOWHERE]
    assert index.after.tolist() == [2, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE]
    assert len(set(index.sessions.tolist())) == 5
    index.extend([said(6, "a", 95)])
    assert (index.before[6], index.after[5], index.sessions[6]) == (5, 6, index.sessions[5])


def test_what_is_no_index_of_this_version_is_none() -> None:
    assert LexicalIndex.from_bytes(b"") is None
    assert LexicalIndex.from_bytes(b"PK\x03\x04 something else") is None
    empty = through_file(LexicalIndex())
    assert len(empty) == 0 and empty.bm25(["rent"]).shape == (0,)
