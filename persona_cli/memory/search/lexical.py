"""The index of the memories' words: BM25, and what else is known of each memory without opening it.

A memory is a position here: 0 was stored first. Of each it holds the terms with their counts, the time, the speaker,
the session (what was said in one conversation without a pause) with its neighbours, the traits of wording.py and the
days it speaks of. No texts: they are opened when they are found.

BM25 is Lucene's (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, with idf = ln(1 + (N - n + .5)
/ (n + .5))), and gives what bm25s gives (tests: test_lexical.py). That library bakes the idf into its matrix,
which would have to be built anew for each memory that is added; here postings grow at their end, so that an index from
a file, with the memories since then added to it, is the index that would be built from all of them.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from persona_cli.memory.search.dates import periods
from persona_cli.memory.search.wording import TRAITS, terms, traits

if TYPE_CHECKING:
    from persona_cli.memory.storage.records import Memory

FORMAT: Final = 1
# Tuned with the weights of fusion.py (bench/recalling.py).
K1: Final = 1.2
B: Final = 0.75
# A pause of this many seconds ends a session.
PAUSE: Final = 3600.0
NOWHERE: Final = -1
# Without either of these a text names no days.
_DATED: Final = [TRAITS.index("numbers"), TRAITS.index("times")]

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


class LexicalIndex:
    """Grows with `extend`; read by one thread at a time. Arrays have one row for each memory."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.times: NDArray[np.float64] = np.zeros(0)
        self.lengths: Floats = np.zeros(0, np.float32)
        self.sessions: Ints = np.zeros(0, np.int32)
        # The neighbours in the session, NOWHERE at its ends.
        self.before: Ints = np.zeros(0, np.int32)
        self.after: Ints = np.zeros(0, np.int32)
        self.conversations: Ints = np.zeros(0, np.int32)
        self.speakers: Ints = np.zeros(0, np.int32)
        self.traits: Floats = np.zeros((0, len(TRAITS)), np.float32)
        # First and last day that the text speaks of; (0, -1) when it speaks of none.
        self.told: Ints = np.zeros((0, 2), np.int32)
        self.speaker_names: list[str] = []
        self._positions: dict[str, int] = {}
        self._conversation_codes: dict[str, int] = {}
        # Of each conversation: its last memory.
        self._last: dict[int, int] = {}
        # Postings: those of the file, by term number, and behind them the lists of what came since.
        self._terms: dict[str, int] = {}
        self._starts: NDArray[np.int64] = np.zeros(1, np.int64)
        self._docs: Ints = np.zeros(0, np.int32)
        self._counts: Floats = np.zeros(0, np.float32)
        self._since: dict[str, tuple[list[int], list[int]]] = {}
        self.filed = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def waiting(self) -> int:
        """How many memories came since the index was written."""
        return len(self.ids) - self.filed

    def position(self, id: str) -> int | None:
        return self._positions.get(id)

    def extend(self, memories: Sequence[Memory]) -> None:
        """Add `memories`, which were stored after all that are here."""
        start, count = len(self.ids), len(memories)
        if not count:
            return
        lengths, sessions, speakers, conversations = (np.zeros(count, np.int32) for _ in range(4))
        before = np.full(count, NOWHERE, np.int32)
        told = np.tile(np.array([0, -1], np.int32), (count, 1))
        times = np.array([memory.time.timestamp() for memory in memories])
        rows = np.array([traits(memory.text) for memory in memories], np.float32)
        all_times = np.concatenate([self.times, times])
        self.after = np.concatenate([self.after, np.full(count, NOWHERE, np.int32)])
        names = {name: code for code, name in enumerate(self.speaker_names)}
        newest_session = int(self.sessions.max(initial=-1))
        for n, memory in enumerate(memories):
            here = start + n
            counted = Counter(terms(memory.text))
            lengths[n] = counted.total()
            for term, times_said in counted.items():
                docs, counts = self._since.setdefault(term, ([], []))
                docs.append(here)
                counts.append(times_said)
            speakers[n] = names.setdefault(memory.speaker, len(names))
            code = self._conversation_codes.setdefault(memory.conversation, len(self._conversation_codes))
            conversations[n] = code
            # Notes that nobody said in any conversation have no neighbours: one says nothing of the next.
            last = self._last.get(code) if memory.conversation or memory.speaker else None
            if last is not None and abs(times[n] - all_times[last]) <= PAUSE:
                before[n] = last
                self.after[last] = here
                sessions[n] = sessions[last - start] if last >= start else self.sessions[last]
            else:
                newest_session += 1
                sessions[n] = newest_session
            self._last[code] = here
            if rows[n, _DATED].any() and (days := periods(memory.text, memory.time.date())):
                # The first that it names, for the common case of one.
                told[n] = days[0]
            self._positions[memory.id] = here
            self.ids.append(memory.id)
        self.speaker_names = list(names)
        self.times = all_times
        self.lengths = np.concatenate([self.lengths, lengths.astype(np.float32)])
        self.sessions = np.concatenate([self.sessions, sessions])
        self.before = np.concatenate([self.before, before])
        self.conversations = np.concatenate([self.conversations, conversations])
        self.speakers = np.concatenate([self.speakers, speakers])
        self.traits = np.concatenate([self.traits, rows])
        self.told = np.concatenate([self.told, told])

    def postings(self, term: str) -> tuple[Ints, Floats]:
        """The memories that have `term`, and how often."""
        number = self._terms.get(term)
        docs, counts = self._docs[:0], self._counts[:0]
        if number is not None:
            part = slice(int(self._starts[number]), int(self._starts[number + 1]))
            docs, counts = self._docs[part], self._counts[part]
        if term in self._since:
            more, often = self._since[term]
            docs = np.concatenate([docs, np.array(more, np.int32)])
            counts = np.concatenate([counts, np.array(often, np.float32)])
        return docs, counts

    def mean_lengths(self) -> Floats:
        """For each memory: how many terms those of its conversation have on average."""
        count = len(self._conversation_codes)
        members = np.bincount(self.conversations, minlength=count)
        means = np.bincount(self.conversations, self.lengths, count) / np.maximum(members, 1)
        result: Floats = means.astype(np.float32)[self.conversations]
        return result

    def idf(self, holding: int) -> float:
        """Of a term that `holding` memories have."""
        return float(np.log1p((len(self.ids) - holding + 0.5) / (holding + 0.5)))

    def mean_length(self) -> float:
        return max(1.0, float(self.lengths.mean())) if len(self.ids) else 1.0

    def bm25(self, words: Iterable[str]) -> Floats:
        """The BM25 score of every memory for these terms, each counted once."""
        scores = np.zeros(len(self.ids), np.float32)
        mean = self.mean_length()
        for word in dict.fromkeys(words):
            docs, counts = self.postings(word)
            if len(docs):
                scores[docs] += self.idf(len(docs)) * saturated(counts, self.lengths[docs], mean)
        return scores

    def to_bytes(self) -> bytes:
        """The whole index for `from_bytes`; also puts the postings of what came since in their places."""
        self._file()
        head = {
            "format": FORMAT,
            "terms": list(self._terms),
            "speakers": self.speaker_names,
            "conversations": list(self._conversation_codes),
        }
        file = io.BytesIO()
        np.savez(
            file,
            head=np.frombuffer(json.dumps(head).encode(), np.uint8),
            ids=np.frombuffer(bytes.fromhex("".join(self.ids)), np.uint8),
            starts=self._starts,
            docs=self._docs,
            counts=np.minimum(self._counts, 65535).astype(np.uint16),
            **{name: getattr(self, name) for name in _COLUMNS},
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> LexicalIndex | None:
        """None for what another version of persona wrote: the index is built anew from the memories."""
        index = cls()
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                head = json.loads(file["head"].tobytes())
                if head["format"] != FORMAT:
                    return None
                whole = file["ids"].tobytes().hex()
                index._starts, index._docs = file["starts"], file["docs"]
                index._counts = file["counts"].astype(np.float32)
                for name in _COLUMNS:
                    setattr(index, name, file[name])
        except (ValueError, KeyError, OSError, EOFError, BadZipFile):
            return None
        index.ids = [whole[start : start + 32] for start in range(0, len(whole), 32)]
        index.filed = len(index.ids)
        index.speaker_names = head["speakers"]
        index._terms = {term: number for number, term in enumerate(head["terms"])}
        index._conversation_codes = {name: code for code, name in enumerate(head["conversations"])}
        index._positions = {id: position for position, id in enumerate(index.ids)}
        codes, from_behind = np.unique(index.conversations[::-1], return_index=True)
        index._last = {int(code): index.filed - 1 - int(place) for code, place in zip(codes, from_behind, strict=True)}
        return index

    def _file(self) -> None:
        """Fold what came since into the arrays of postings."""
        if self.filed == len(self.ids):
            return
        fresh = (term for term in self._since if term not in self._terms)
        numbers = self._terms | {term: number for number, term in enumerate(fresh, len(self._terms))}
        old = np.repeat(np.arange(len(self._terms)), np.diff(self._starts))
        new = np.repeat(
            np.array([numbers[term] for term in self._since], np.int64),
            np.array([len(docs) for docs, _ in self._since.values()], np.int64),
        )
        of = np.concatenate([old, new])
        docs = np.concatenate([self._docs, *(np.array(docs, np.int32) for docs, _ in self._since.values())])
        counts = np.concatenate([self._counts, *(np.array(often, np.float32) for _, often in self._since.values())])
        # Stable: within a term the memories stay in their order.
        order = np.argsort(of, kind="stable")
        self._docs, self._counts = docs[order], counts[order]
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(numbers)))]).astype(np.int64)
        self._terms, self._since, self.filed = numbers, {}, len(self.ids)


_COLUMNS: Final = (
    "times", "lengths", "sessions", "before", "after", "conversations", "speakers", "traits", "told",
)  # fmt: skip


def saturated(counts: Floats, lengths: Floats, mean: float, b: float = B) -> Floats:
    """BM25's share of a term, 0..1, that stands `counts` times in texts of `lengths` terms, which are `mean` long."""
    result: Floats = (counts / (counts + K1 * (1 - b + b * lengths / mean))).astype(np.float32)
    return result
