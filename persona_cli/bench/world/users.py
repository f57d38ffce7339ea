"""The people of PersonaWorld: who they are, what is private of them, what it was before, and their facts as sentences.

What happens to them is elsewhere.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from persona_cli.bench.world.attributes import TYPES, Style, drawn_attributes, style_of
from persona_cli.bench.world.fields import Field, every_field, private_fields, talk
from persona_cli.bench.world.inventing import CURRENCIES, FEMININE, MASCULINE, QUARTERS, START, Invention, dealt
from persona_cli.bench.world.template import sentences
from persona_cli.bench.world.values import MONTHS

FEWEST_ATOMS, MOST_ATOMS = 8, 15


@dataclass(frozen=True)
class Atom:
    """One private value of somebody: what it is to them ("my landlord"), and how sensitive, from 1 to 3."""

    field: str
    kind: str
    value: str
    relation: str
    sensitive: int


@dataclass(frozen=True)
class User:
    """Somebody. `attributes` and `atoms` are as they are now; `former` are a field's earlier values, oldest first.
    `currency` is how the user writes a sum ("{} euros")."""

    id: str
    seed: int
    split: str
    number: int
    type: str
    attributes: Mapping[str, str]
    style: Style
    currency: str
    atoms: tuple[Atom, ...]
    former: Mapping[str, tuple[str, ...]]

    @property
    def held(self) -> bool:
        """Whether what this user says is worded as never in training."""
        return self.split == "test"

    def values(self) -> dict[str, str]:
        """What is true now, by field."""
        return {atom.field: atom.value for atom in self.atoms} | dict(self.attributes)

    def rng(self, part: str) -> random.Random:
        """The chance of one part of this user's world; the same for the same user and part."""
        return random.Random(f"{self.seed}/{self.split}/{self.number}/{part}")


@dataclass(frozen=True)
class Fact:
    """Something true of a user, as they would say it, in several wordings."""

    field: str
    value: str
    texts: tuple[str, ...]


def make_user(seed: int, split: str, number: int) -> User:
    """The user of a number, from 0. No two of a world have the same name. Raises ValueError for an unknown split."""
    if split not in QUARTERS:
        raise ValueError(f"There is no split called {split!r}: it is one of {', '.join(QUARTERS)}.")
    rng = random.Random(f"{seed}/{split}/{number}")
    kind = TYPES[int(rng.random() * len(TYPES))]
    person = drawn_attributes(kind, rng)
    first, last = _own_name(seed, split, number)
    if first in FEMININE or first in MASCULINE:
        person["demographics.gender"] = "woman" if first in FEMININE else "man"
    style = style_of(person, rng)
    currency = CURRENCIES[int(rng.random() * len(CURRENCIES))]
    invention = Invention(split, rng, currency)
    invention.taken(first, last)
    own = {
        "me.name": f"{first} {last}",
        "me.birth": _birth(person["demographics.age"], split, rng),
        "me.email": _email(first, last, split, rng),
    }
    fields = _fields_of(rng)
    atoms = tuple(
        Atom(field.name, field.kind, own.get(field.name) or invention.of(field), field.relation, field.sensitive)
        for field in fields
    )  # fmt: skip
    now = {atom.field: atom.value for atom in atoms} | person
    former = _former(now, (first, last), split, invention, rng)
    about = MappingProxyType(person)
    return User(
        f"{split}-{number:04}", seed, split, number, kind, about, style, currency, atoms, MappingProxyType(former)
    )


def facts(user: User, *, held: bool | None = None) -> tuple[Fact, ...]:
    """Everything that is true of a user now, as first-person sentences in several wordings; `held`: those kept for
    evaluation (None: as the user's split has it)."""
    held = user.held if held is None else held
    rng, frames = user.rng("facts"), [frame for frame in talk(held).frames if frame.source != "$c."]
    found = []
    for name, value in user.values().items():
        field = every_field()[name]
        texts = []
        for wording in field.says_held if held else field.says:
            clause = wording.expand(rng, {"v": value})
            texts.append(sentences(f"{clause}.", (value,) if field.kind else ()))
            frame = frames[int(rng.random() * len(frames))]
            texts.append(sentences(frame.expand(rng, {"c": clause}), (value,) if field.kind else ()))
        found.append(Fact(name, value, tuple(dict.fromkeys(texts))))
    return tuple(found)


def _own_name(seed: int, split: str, number: int) -> tuple[str, str]:
    """First and last name: the number's place in a walk over all pairs that comes to each once."""
    firsts, lasts = dealt("first", split), dealt("last", split)
    total = len(firsts) * len(lasts)
    rng = random.Random(f"{seed}/{split}/names")
    start, step = int(rng.random() * total), int(rng.random() * total)
    while math.gcd(step, total) != 1:
        step += 1
    place = (start + number * step) % total
    return firsts[place % len(firsts)], lasts[place // len(firsts)]


def _birth(age: str, split: str, rng: random.Random) -> str:
    decade = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60}[age.rsplit(" ", 1)[-1]]
    while True:
        # A year more than the decade and a year less, so that nobody's age changes its decade in two years.
        born = START - timedelta(days=int((decade + 0.3 + rng.random() * 7.4) * 365.25))
        text = f"{born.day} {MONTHS[born.month - 1]} {born.year}"
        if sum(int(char) for char in text if char.isdigit()) % 4 in QUARTERS[split]:
            return text


def _email(first: str, last: str, split: str, rng: random.Random) -> str:
    first, last = (name.lower().replace("'", "").replace("ö", "o").replace("ü", "u") for name in (first, last))
    hosts = dealt("company", split)
    host = hosts[int(rng.random() * len(hosts))].lower()
    names = (f"{first}.{last}", f"{first[0]}.{last}", f"{last}.{first}", f"{first}{last}")
    return f"{names[int(rng.random() * 4)]}@{host}.{('com', 'org', 'net', 'example')[int(rng.random() * 4)]}"


def _fields_of(rng: random.Random) -> list[Field]:
    """The private fields somebody has: those that everybody has and some of the others, 15 at most."""
    some = [field.name for field in private_fields() if field.share < 1 and rng.random() < field.share]
    rng.shuffle(some)
    everybody = sum(field.share == 1 for field in private_fields())
    kept = set(some[: MOST_ATOMS - everybody])
    return [field for field in private_fields() if field.share == 1 or field.name in kept]


def _former(
    now: Mapping[str, str], name: tuple[str, str], split: str, invention: Invention, rng: random.Random
) -> dict[str, tuple[str, ...]]:
    """What two to four fields were before: most one value, some two."""
    can = [
        field
        for field in every_field().values()
        if field.changes and field.name in now and field.name != "home.address"
    ]
    chosen = rng.sample(can, 2 + int(rng.random() * 3))
    found: dict[str, tuple[str, ...]] = {}
    for field in chosen:
        earlier = [now[field.name]]
        for _ in range(1 if rng.random() < 0.7 or 0 < len(field.values) < 4 else 2):
            earlier.append(_other_than(earlier, field, name, split, invention, rng))
        found[field.name] = tuple(reversed(earlier[1:]))
    if "home.city" in found:
        # Who moves to another city has another address.
        address, earlier = every_field()["home.address"], [now["home.address"]]
        for _ in found["home.city"]:
            earlier.append(_other_than(earlier, address, name, split, invention, rng))
        found["home.address"] = tuple(reversed(earlier[1:]))
    return found


def _other_than(
    not_these: Sequence[str], field: Field, name: tuple[str, str], split: str, invention: Invention, rng: random.Random
) -> str:
    while True:
        value = _email(*name, split, rng) if field.name == "me.email" else invention.of(field)
        if value not in not_these:
            return value
