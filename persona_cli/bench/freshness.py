"""`persona bench memory`, BEAM-100K: what recall finds in long chats, and whether it knows the old from the new.

Each chat is a store of its own with the user's turns as memories; evidence counts by exchange (a user's turn and the
answer to it). An ability's R@10 is the share of a question's exchanges among the first ten, averaged over questions.

    newest first   of the questions whose answer changed: the newest statement stands before the oldest
    MRR            of the first exchange that is evidence; "facts" are the abilities that ask for a fact once said
    AUROC          of `relevance`: whether the memories hold what is asked for (answerable.py)
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import compress
from math import log
from pathlib import Path
from typing import Any

from persona_cli.bench import answerable
from persona_cli.bench.answerable import ASKED, EVERY_DAY, EVERYDAY, OTHER_CHAT, SHORT, TAKEN_AWAY, Case, auroc
from persona_cli.bench.labelled import data_files
from persona_cli.cli import screen
from persona_cli.local.encoder import Encoder
from persona_cli.memory.recall import Found, always, recall, search
from persona_cli.memory.search.relevance import NOTHING_RELEVANT, evidence, logit
from persona_cli.memory.statements.superseding import newest_first
from persona_cli.memory.store import Hit, MemoryStore, Note
from persona_cli.privacy.crypto import Seal

ABSTENTION, UPDATE = "abstention", "knowledge_update"
FACTS = frozenset(
    {"information_extraction", "temporal_reasoning", "contradiction_resolution", "multi_session_reasoning", UPDATE}
)
WIDE = frozenset({"event_ordering", "summarization"})
FIRST, LOOKED = 10, 20
BLOCK_WORDS = 150  # of the always-on block
# "->-> 2,14" behind a user's turn numbers the plan that the chat was made from.
_MARK = re.compile(r"\s*->->[\s\d,]*$")


@dataclass(frozen=True)
class Question:
    """`evidence`: numbers of exchanges. `old` and `new` are set where the answer changed and the two stand apart."""

    ability: str
    text: str
    evidence: frozenset[int]
    old: frozenset[int] = frozenset()
    new: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Chat:
    """`turns`: what the user wrote in each exchange, with a time that orders them."""

    name: str
    turns: tuple[tuple[str, datetime], ...]
    questions: tuple[Question, ...]


@dataclass
class Figures:
    """What one way of finding got, by ability."""

    recall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rank: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    fresh: list[bool] = field(default_factory=list)
    newest: list[float] = field(default_factory=list)
    with_block: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, question: Question, first: Iterable[int], found: Sequence[int], block: Iterable[int] = ()) -> None:
        """Numbers of exchanges: of the ten hits, of the longer list in its order, of the always-on block."""
        if not question.evidence:
            return
        first = set(first)
        self.recall[question.ability].append(len(question.evidence & first) / len(question.evidence))
        beside = first | set(block)
        self.with_block[question.ability].append(len(question.evidence & beside) / len(question.evidence))
        self.rank[question.ability].append(1 / (1 + _place(found, question.evidence)))
        if question.old and question.new:
            self.fresh.append(_place(found, question.new) < _place(found, question.old))
            self.newest.append(1 / (1 + _place(found, question.new)))


def bench(most: int | None = None) -> None:
    """Print the tables; of the first `most` chats when it is given. Raises PersonaError when the data are missing."""
    encoder = Encoder()
    ways: dict[str, Figures] = {name: Figures() for name in ("nearest", "nearest, newest first", "search")}
    cases = list(answerable.short_notes(encoder))
    told: list[int] = []
    chats = [read(path) for path in data_files("beam/*.json.gz")][:most]
    for at, chat in enumerate(chats):
        with screen.working(f"chat {chat.name}"), tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
            store = MemoryStore(Path(folder) / "memory", encoder, Seal(secrets.token_bytes(32)))
            store.add_all(
                [Note(text, time, "user", chat.name, str(exchange)) for exchange, (text, time) in enumerate(chat.turns)]
            )
            _measure(store, chat, ways)
            cases += _cases(store, chat, chats[at - 1])
            told += [len(recall(store, request, FIRST)) for request in EVERYDAY]
            store.close()
    _show(len(chats), ways)
    _show_judged(cases, told)


def _measure(store: MemoryStore, chat: Chat, ways: dict[str, Figures]) -> None:
    for question in chat.questions:
        nearest = store.search(question.text, LOOKED)
        ordered = newest_first(question.text, nearest)
        ways["nearest"].take(question, _exchanges(nearest[:FIRST]), _exchanges(nearest))
        ways["nearest, newest first"].take(question, _exchanges(ordered[:FIRST]), _exchanges(ordered))
        found, wider = search(store, question.text, FIRST), search(store, question.text, LOOKED)
        block = [int(memory.source_id) for memory in always(store, question.text, BLOCK_WORDS)]
        ways["search"].take(question, _exchanges(found.hits), _exchanges(wider.hits), block)


def _cases(store: MemoryStore, chat: Chat, other: Chat) -> Iterator[Case]:
    """What relevance has to tell apart, with the memories of `chat`."""
    for question in chat.questions:
        hits = _likenesses(search(store, question.text, LOOKED))
        there = question.ability != ABSTENTION
        yield Case(chat.name, ASKED, evidence(question.text, hits[:FIRST]), there, question.ability)
        if question.ability in FACTS and question.evidence:
            left = [hit for hit in hits if int(hit.memory.source_id) not in question.evidence]
            yield Case(chat.name, TAKEN_AWAY, evidence(question.text, left[:FIRST]), False)
    strange = [question.text for question in other.questions if question.ability in FACTS] if other != chat else []
    for group, requests in ((OTHER_CHAT, strange), (EVERY_DAY, EVERYDAY)):
        for request in requests:
            yield Case(chat.name, group, evidence(request, _likenesses(search(store, request, FIRST))), False)


def _likenesses(found: Found) -> list[Hit]:
    return [replace(hit, score=score) for hit, score in zip(found.hits, found.likeness, strict=True)]


def _show(chats: int, ways: dict[str, Figures]) -> None:
    abilities = sorted(ways["search"].recall)
    count = sum(map(len, ways["search"].recall.values()))
    screen.write(f"BEAM-100K, {chats} chats, {count} questions with evidence: R@{FIRST} by exchange\n")
    screen.write(f"{'':<26} {'all':>6} " + " ".join(f"{ability[:11]:>11}" for ability in abilities) + "\n")
    rows = [(name, figures.recall) for name, figures in ways.items()]
    for name, by_ability in [*rows, ("search + always-on block", ways["search"].with_block)]:
        screen.write(
            f"{name:<26} {_mean(value for values in by_ability.values() for value in values):>6.3f} "
            + " ".join(f"{_mean(by_ability[ability]):>11.2f}" for ability in abilities)
            + "\n"
        )
    screen.write(f"\n{'':<26} {'newest first':>12} {'MRR newest':>11} {'MRR facts':>10} {'MRR others':>11}\n")
    for name, figures in ways.items():
        facts = [rank for ability in FACTS - {UPDATE} for rank in figures.rank[ability]]
        others = [rank for ability, ranks in figures.rank.items() if ability != UPDATE for rank in ranks]
        screen.write(
            f"{name:<26} {_mean(figures.fresh):>12.3f} {_mean(figures.newest):>11.3f} {_mean(facts):>10.3f} "
            f"{_mean(others):>11.3f}   ({len(figures.fresh)} changed answers)\n"
        )


def _show_judged(cases: Sequence[Case], told: Sequence[int]) -> None:
    now, left_out = [logit(case.weighed) for case in cases], answerable.left_out(cases)
    asked = [case.group == ASKED for case in cases]
    fact = [case.ability in FACTS for case in cases]
    narrow = [here and case.ability not in WIDE for here, case in zip(asked, cases, strict=True)]
    screen.write(f"\nis it there? AUROC of relevance{'':<21} {'as it is':>9} {'chat left out':>14}\n")
    for title, group, positive in (
        ("questions that cannot be answered / all others", ASKED, asked),
        ("the same without orders and summaries", ASKED, narrow),
        ("facts taken away / facts", TAKEN_AWAY, fact),
        ("facts of another chat / facts", OTHER_CHAT, fact),
        ("everyday requests / facts", EVERY_DAY, fact),
        ("short notes", SHORT, [case.group == SHORT for case in cases]),
    ):
        at = [n for n, case in enumerate(cases) if case.there and positive[n]]
        absent = [n for n, case in enumerate(cases) if not case.there and case.group == group]
        figures = [auroc([s[n] for n in at], [s[n] for n in absent]) for s in (now, left_out)]
        screen.write(f"{title:<52} {figures[0]:>9.3f} {figures[1]:>14.3f}   ({len(absent)} / {len(at)})\n")
    passed = [score >= log(NOTHING_RELEVANT / (1 - NOTHING_RELEVANT)) for score in now]
    everyday = [case.group == EVERY_DAY for case in cases]
    screen.write(
        f"at {NOTHING_RELEVANT}: {_mean(compress(passed, fact)):.1%} of the facts and "
        f"{_mean(compress(passed, everyday)):.1%} of everyday requests pass; of everyday requests "
        f"{_mean(count > 0 for count in told):.1%} bring a memory up\n"
        f"weights fitted on all of them: {' '.join(f'{weight:.2f}' for weight in answerable.fitted(cases))}\n"
    )


def read(path: Path) -> Chat:
    """A chat of BEAM (mohammadtavakoli78/BEAM, chats/100K) from its gzipped JSON."""
    data = json.loads(gzip.decompress(path.read_bytes()))
    exchange_of: dict[int, int] = {}
    turns: list[tuple[str, datetime]] = []
    at = datetime(2024, 1, 1, tzinfo=timezone.utc)
    for batch in data["chat"]:
        for message in (message for group in batch["turns"] for message in group):
            # The anchors are months apart and not in every chat: the order is what counts.
            if message["role"] == "user" or not turns:
                turns.append((_MARK.sub("", message["content"]), at + timedelta(hours=len(turns))))
            exchange_of[message["id"]] = len(turns) - 1
    questions = tuple(
        _question(ability, asked, exchange_of)
        for ability, several in data["probing_questions"].items()
        for asked in several
    )
    return Chat(path.name.partition(".")[0], tuple(turns), questions)


def _question(ability: str, asked: dict[str, Any], exchange_of: dict[int, int]) -> Question:
    sources = asked.get("source_chat_ids")
    evidence = _numbers(sources, exchange_of)
    old = new = frozenset[int]()
    if ability == UPDATE and isinstance(sources, dict):
        before, after = (_numbers(sources.get(name), exchange_of) for name in ("original_info", "updated_info"))
        old, new = before - after, after - before
    return Question(ability, asked["question"], evidence, old, new)


def _numbers(sources: Any, exchange_of: dict[int, int]) -> frozenset[int]:
    return frozenset(exchange_of[number] for number in _flat(sources) if number in exchange_of)


def _flat(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit()):
        yield int(value)


def _exchanges(hits: Iterable[Hit]) -> list[int]:
    return [int(hit.memory.source_id) for hit in hits]


def _place(found: Sequence[int], wanted: frozenset[int]) -> float:
    """The place of the first of `wanted`, from 0; infinite when none was found."""
    return next((float(place) for place, exchange in enumerate(found) if exchange in wanted), float("inf"))


def _mean(values: Iterable[float]) -> float:
    counted = list(values)
    return sum(counted) / len(counted) if counted else 0.0
