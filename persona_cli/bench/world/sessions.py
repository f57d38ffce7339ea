"""Dialogue sessions in which a user mentions facts, changes them, and tells of others; with the gold of every mention.

A share of the sessions has small talk only; some facts are those of somebody else and must not be taken for the
user's. Earlier values are said before the change that ends them. What is asked about all this is probes.py.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from persona_cli.bench.world.fields import Field, Talk, every_field, talk
from persona_cli.bench.world.inventing import Invention
from persona_cli.bench.world.template import Template, sentences
from persona_cli.bench.world.users import User

T = TypeVar("T")
FEWEST_SESSIONS, MOST_SESSIONS = 8, 16
EMPTY_SHARE: Final = 0.3
MENTIONED_SHARE: Final = 0.75
AGAIN_SHARE: Final = 0.3
# Facts of somebody else, for every fact of the user's.
OTHERS_SHARE: Final = 0.15
JOINED_SHARE: Final = 0.3
LONGEST_GAP: Final = 14


@dataclass(frozen=True)
class Turn:
    """What one side says: `speaker` is "user" or "assistant"."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Session:
    """A dialogue on one day (0 is the first of the world)."""

    day: int
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Mention:
    """The user said in a turn what is true: `new`. `old` is what was known before: "" at first, `new` if repeated."""

    session: int
    day: int
    field: str
    old: str
    new: str
    turn: int


@dataclass(frozen=True)
class Misleading:
    """In a turn, a value of a field was said of somebody else."""

    session: int
    day: int
    field: str
    value: str
    who: str
    turn: int


@dataclass(frozen=True)
class History:
    """All sessions of a user, and what was said in them."""

    sessions: tuple[Session, ...]
    mentions: tuple[Mention, ...]
    others: tuple[Misleading, ...]

    def known(self, day: int) -> dict[str, str]:
        """What the user has said to be true, by field, until the end of a day."""
        return {mention.field: mention.new for mention in self.mentions if mention.day <= day}


@dataclass(frozen=True)
class _Item:
    """Something to be said in a session: a fact ("say"), its next value ("change") or somebody else's ("other")."""

    what: str
    field: Field


def sessions(user: User, count: int | None = None) -> History:
    """The sessions of a user, `count` of them (None: 8 to 16). Raises ValueError for fewer than 4."""
    rng = user.rng("sessions")
    drawn = FEWEST_SESSIONS + int(rng.random() * (MOST_SESSIONS - FEWEST_SESSIONS + 1))
    count = drawn if count is None else count
    if count < 4:
        raise ValueError(f"A history has 4 sessions or more, not {count}.")
    return _Told(user, rng).history(_agenda(user, count, rng))


def _agenda(user: User, count: int, rng: random.Random) -> list[list[_Item]]:
    """What is to be said, by session. The empty sessions keep clear of the first and last two."""
    full = [place for place in range(count) if place in (0, 1, count - 2, count - 1) or rng.random() >= EMPTY_SHARE]
    agenda: list[list[_Item]] = [[] for _ in range(count)]
    together: dict[int, int] = {}
    for name in user.values():
        field, steps = every_field()[name], len(user.former.get(name, ()))
        if name == "home.address" and "home.city" in user.former:
            # The new address comes with the new city.
            agenda[full[0]].append(_Item("say", field))
            for place, after in together.items():
                agenda[place].insert(after + 1, _Item("change", field))
            continue
        if steps:
            places = sorted(rng.sample(range(len(full)), steps + 1)) if len(full) > steps else list(range(steps + 1))
            agenda[full[places[0]]].append(_Item("say", field))
            for place in places[1:]:
                if name == "home.city":
                    together[full[place]] = len(agenda[full[place]])
                agenda[full[place]].append(_Item("change", field))
        elif rng.random() < MENTIONED_SHARE:
            agenda[_one(full, rng)].append(_Item("say", field))
            if rng.random() < AGAIN_SHARE:
                agenda[_one(full, rng)].append(_Item("say", field))
    told_of = [field for field in every_field().values() if field.others]
    for items in agenda:
        for _ in range(len(items)):
            if rng.random() < OTHERS_SHARE:
                items.insert(int(rng.random() * (len(items) + 1)), _Item("other", _one(told_of, rng)))
    return agenda


class _Told:
    """A history in the making: what was said so far."""

    def __init__(self, user: User, rng: random.Random) -> None:
        self.user, self.rng = user, rng
        self.talk: Talk = talk(user.held)
        self.now: Mapping[str, str] = user.values()
        self.step: dict[str, int] = {}
        self.known: dict[str, str] = {}
        self.mentions: list[Mention] = []
        self.others: list[Misleading] = []
        self.invention = Invention(user.split, rng, user.currency)
        self.invention.taken(*self.now["me.name"].split(" "))

    def history(self, agenda: Sequence[Sequence[_Item]]) -> History:
        day, found = 0, []
        for place, items in enumerate(agenda):
            found.append(self._session(place, day, items))
            day += 1 + int(self.rng.random() * LONGEST_GAP)
        return History(tuple(found), tuple(self.mentions), tuple(self.others))

    def _session(self, place: int, day: int, items: Sequence[_Item]) -> Session:
        rng, words = self.rng, self.talk
        turns: list[Turn] = []

        def say(user: str, assistant: str) -> None:
            turns.extend((Turn("user", user), Turn("assistant", assistant)))

        if rng.random() < 0.5:
            say(self._line(words.greetings), self._line(words.greeted))
        chats = [chat for chat in words.chats if rng.random() < 1.2 / len(words.chats)]
        if not items and not chats:
            chats = [_one(words.chats, rng)]
        rng.shuffle(chats)
        left = list(items)
        while left or chats:
            chat = chats.pop() if chats and (not left or rng.random() < 0.4) else None
            if chat and not (left and rng.random() < 0.3):
                say(self._line(chat.user), self._line(chat.reply))
                continue
            texts = [self._line(chat.user)] if chat else []
            texts.append(self._item(left.pop(0), place, day, len(turns)))
            if left and rng.random() < JOINED_SHARE:
                texts.append(self._item(left.pop(0), place, day, len(turns)))
            say(" ".join(texts), self._line(chat.reply) if chat else self._line(words.noted))
        if rng.random() < 0.4:
            say(self._line(words.byes), self._line(words.bid))
        return Session(day, tuple(turns))

    def _item(self, item: _Item, session: int, day: int, turn: int) -> str:
        """What is said, kept as gold."""
        if item.what == "other":
            return self._other(item.field, session, day, turn)
        rng, field, held = self.rng, item.field, self.user.held
        step = self.step.get(field.name, 0) + (item.what == "change")
        self.step[field.name] = step
        values = (*self.user.former.get(field.name, ()), self.now[field.name])
        old, new = self.known.get(field.name, ""), values[step]
        self.known[field.name] = new
        self.mentions.append(Mention(session, day, field.name, old, new, turn))
        if item.what == "change":
            wordings, frames = (field.changes_held if held else field.changes), self.talk.change_frames
        else:
            wordings, frames = (field.says_held if held else field.says), self.talk.frames
        clause = _one(wordings, rng).expand(rng, {"v": new, "old": old})
        kept = [value for value in (new, old) if value and field.kind]
        return sentences(_one(frames, rng).expand(rng, {"c": clause}), kept)

    def _other(self, field: Field, session: int, day: int, turn: int) -> str:
        rng, own = self.rng, (self.now.get(field.name, ""), *self.user.former.get(field.name, ()))
        value = self.invention.of(field)
        while value in own:
            value = self.invention.of(field)
        # Nobody is ill because of "my asthma" but me.
        value = value.removeprefix("my ")
        who = _one(self.talk.whos, rng).expand(rng, {})
        self.others.append(Misleading(session, day, field.name, value, who, turn))
        clause = _one(field.others, rng).expand(rng, {"v": value, "who": who})
        return sentences(_one(self.talk.other_frames, rng).expand(rng, {"c": clause}))

    def _line(self, options: Sequence[Template]) -> str:
        return sentences(_one(options, self.rng).expand(self.rng, {}))


def _one(options: Sequence[T], rng: random.Random) -> T:
    return options[int(rng.random() * len(options))]
