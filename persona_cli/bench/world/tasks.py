"""What a user has written for them: tasks of the composer, with the values that are the user's own, and their gold.

The landlord of a user is the same person in every task, the account has the same number; dates, sums and orders are
new each time. A user without a child has nothing written to the school. How a task is worded is composing.py.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from persona_cli.bench.world.composing import compose
from persona_cli.bench.world.fields import every_field
from persona_cli.bench.world.intents import TONES, Intent, intents
from persona_cli.bench.world.inventing import FEMININE, MASCULINE, TITLED, Invention
from persona_cli.bench.world.task import Task
from persona_cli.bench.world.users import User, facts
from persona_cli.bench.world.values import Values

# The slots that hold something of the user's own, by kind, and the fields of it.
OWN_SLOTS: Final[Mapping[tuple[str, str], str]] = {
    ("PERSON", "me"): "me.name", ("PERSON", "child"): "people.child", ("PERSON", "boss"): "work.manager",
    ("PHONE", "phone"): "me.phone",
    ("EMAIL", "mail"): "me.email", ("EMAIL", "email"): "me.email", ("EMAIL", "link"): "me.email",
    ("ADDRESS", "address"): "home.address", ("ADDRESS", "home"): "home.address", ("ADDRESS", "where"): "home.address",
    ("ADDRESS", "host"): "home.address", ("ADDRESS", "old"): "home.address",
    ("ID", "account"): "money.account", ("ID", "policy"): "money.insurance",
    ("ORG", "employer"): "work.employer", ("ORG", "firm"): "work.employer",
    ("DETAIL", "condition"): "health.condition", ("DETAIL", "limit"): "health.condition",
    ("DETAIL", "ailment"): "health.condition", ("DETAIL", "injury"): "health.condition",
    ("DETAIL", "worry"): "health.condition", ("SECRET", "wifi"): "home.wifi",
}  # fmt: skip
# Where a slot of that name is something of the user's own only here, or not here ("").
EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("apply for a job", "city"): "home.city",
    ("decline a job offer", "city"): "home.city",
    ("accept an invitation", "city"): "home.city",
    ("make a doctor's appointment", "reason"): "health.condition",
    ("ask a teacher for an extension", "reason"): "health.condition",
    ("move or cancel an appointment", "reason"): "health.condition",
    ("ask a neighbour to be quieter", "reason"): "health.condition",
    ("ask the landlord for permission", "reason"): "health.condition",
    ("call in sick", "reason"): "health.condition",
    ("decline an invitation", "reason"): "health.condition",
    ("cancel plans at short notice", "reason"): "health.condition",
    ("report something broken at home", "reason"): "health.condition",
    ("book a hotel room", "need"): "health.condition",
    ("sell something used", "place"): "home.address",
    ("plan a trip together", "start"): "home.address",
    ("make an appointment instead of the parents' evening", "partner"): "people.partner",
    ("tell a company my new address", "address"): "",
    ("tell about a new job and a move", "address"): "",
    ("tell about a new job and a move", "employer"): "",
    ("tell about a new job and a move", "mail"): "",
    ("make a to-do list for the day", "phone"): "",
    ("make a to-do list for the day", "firm"): "",
    ("give notice for a flat", "phone"): "",
    ("decline a job offer", "mail"): "",
}  # fmt: skip
# What else stays the same from task to task without being a fact that the user has told.
LASTING: Final = frozenset(("ID/patient", "ID/member", "ID/customer", "ID/taxid", "USERNAME/user", "SECRET/alarm"))
# The last words of how readers are called who are somebody that the user knows by a field, or by another name.
SAME_READER: Final[Mapping[str, str]] = {
    "landlord": "home.landlord", "landlady": "home.landlord", "the owner of the flat": "home.landlord",
    "the owner of my flat": "home.landlord", "the property manager": "home.landlord",
    "my doctor": "health.doctor", "my GP": "health.doctor", "my family doctor": "health.doctor",
    "my boss": "work.manager", "my manager": "work.manager", "my team leader": "work.manager",
    "the head of my department": "work.manager", "my sister": "people.sister", "my best friend": "people.friend",
}  # fmt: skip
# What an organisation is called that does this, by a word of how the user calls it, or by the slot that it is in.
TRADES: Final[Mapping[str, str]] = {
    "bank": "Bank", "card": "Bank", "insurance": "Insurance", "insurer": "Insurance", "energy": "Energy",
    "electricity": "Energy", "water": "Water", "phone": "Telecom", "gym": "Fitness", "fitness": "Fitness",
    "sports": "Fitness", "hotel": "Hotel", "guest": "Hotel", "inn": "Hotel", "bed": "Hotel", "resort": "Hotel",
    "rail": "Travel", "bus": "Travel", "ferry": "Travel", "transport": "Travel", "airline": "Travel", "coach": "Travel",
    "baggage": "Travel", "luggage": "Travel", "travel": "Travel", "booking": "Travel", "garage": "Garage",
    "removal": "Removals", "repair": "Services", "appliance": "Services", "streaming": "Media", "newspaper": "Media",
    "language": "School", "electronics": "Electric", "furniture": "Designs", "pharmacy": "Pharmacy", "club": "Sports",
    "shop": "Books", "mail-order": "Books",
}  # fmt: skip
FORMAL_READERS: Final = frozenset(
    "landlord landlady doctor dentist GP teacher professor tutor adviser accountant manager secretary adviser owner "
    "client customer boss orthodontist specialist consultant".split()
)


@dataclass(frozen=True)
class Errand:
    """A task of a user with its gold.

    `task.distractors` are the user's facts that it is not about, `memory` all the user's memories in the order they
    are kept in. `appear` are the private values that should be in the final text, `own` those of them that are atoms
    of the user (field, value); `stay` the user's private values that it is not about: they must never leave the device
    in any form, the others only as placeholders.
    """

    user: str
    task: Task
    memory: tuple[str, ...]
    appear: tuple[str, ...]
    own: tuple[tuple[str, str], ...]
    stay: tuple[str, ...]


class OwnValues(Values):
    """The values of one task of a user's: those that the user has, and for the rest new ones of the user's split."""

    def __init__(self, user: User, intent: Intent, role: str, rng: random.Random) -> None:
        super().__init__(rng, cloud=False)
        self._user, self._intent, self._role = user, intent, role
        self._own = {atom.field: atom.value for atom in user.atoms}
        self._new = _invention(user, rng)

    def take(self, kind: str, name: str = "") -> str:
        """A value of the kind for the slot `name`; the same for the same user where it lasts."""
        value = self._lasting(kind, name)
        if value is None or any(value in given or given in value for given in self.given):
            value = self._fresh(kind)
        self.given.append(value)
        self._kinds[value] = kind
        return value

    def _lasting(self, kind: str, name: str) -> str | None:
        if name == "who":
            return reader(self._user, self._role, kind)
        if kind == "ORG" and name in TRADES:
            return _invention(self._user, self._user.rng(name)).company(TRADES[name])
        field = own_field(self._intent, kind, name)
        if field:
            return self._own.get(field) or _invention(self._user, self._user.rng(field)).of(every_field()[field])
        if f"{kind}/{name}" in LASTING:
            known = SAME_READER.get(self._role, self._role)
            return _invention(self._user, self._user.rng(f"{known}/{name}")).value(kind)
        return None

    def _fresh(self, kind: str) -> str:
        taken = (*self.given, *self._own.values())
        for _ in range(50):
            value = self._new.value(kind)
            if not any(value in other or other in value for other in taken):
                return value
        # A split has few reasons; a fifth one is of all splits.
        return self._invention(kind)


def own_field(intent: Intent, kind: str, name: str) -> str:
    """The user's field that a slot of an intent holds, "" if none."""
    return EXCEPTIONS.get((intent.name, name), OWN_SLOTS.get((kind, name), ""))


def reader(user: User, role: str, kind: str = "PERSON") -> str:
    """The name of somebody (or of an organisation, kind "ORG") as the user knows them; the same for every task."""
    last = role.rsplit(" ", 1)[-1]
    field = SAME_READER.get(role) or SAME_READER.get(last, "")
    for atom in user.atoms:
        if atom.field == field:
            return atom.value
    invention = _invention(user, user.rng(f"reader/{field or role}"))
    if kind == "ORG":
        trades = (TRADES[word] for word in role.split(" ") if word in TRADES)
        return invention.company(next(trades, ""))
    if last in ("sister", "aunt", "mother", "grandmother", "niece"):
        return invention.woman_or_man(MASCULINE)
    if last in ("brother", "uncle", "godfather", "grandfather", "father-in-law"):
        return invention.woman_or_man(FEMININE)
    return invention.person(formal=field in TITLED or last in FORMAL_READERS)


def fits(user: User, intent: Intent) -> bool:
    """Whether somebody like the user has this written: to the school, for instance, only with a child."""
    has = {atom.field for atom in user.atoms}
    needed = {own_field(intent, kind, name) for name, kind in intent.slots.items()} & {"people.child", "people.partner"}
    about_child = "my child" in intent.name or "babysitter" in intent.name or "birth of a baby" in intent.name
    return needed <= has and (not about_child or "people.child" in has)


def errands(user: User, count: int, among: Sequence[Intent] | None = None) -> tuple[Errand, ...]:
    """Tasks of a user, of different intents as long as there are any (`among`: None for all). The first ones stay the
    same when more are asked for. Raises ValueError when none of the intents fits the user."""
    fitting = [intent for intent in (intents() if among is None else among) if fits(user, intent)]
    if not fitting:
        raise ValueError(f"None of the {len(among or ())} intents fits the user {user.id}.")
    order = list(fitting)
    user.rng("intents").shuffle(order)
    return tuple(_errand(user, order[place % len(order)], place) for place in range(count))


def _errand(user: User, intent: Intent, place: int) -> Errand:
    rng = user.rng(f"task {place}")
    role = intent.readers[int(rng.random() * len(intent.readers))] if intent.readers else ""
    # One reader, so that the values can be those of this reader, and the tones of this user.
    own_tones = tuple(tone for tone in intent.tones if TONES[tone] != ("formal" if user.style.informal else "warm"))
    one = replace(intent, readers=(role,) if role else (), tones=own_tones or intent.tones)
    values = OwnValues(user, intent, role, rng)
    composed = compose(one, values, rng, held=user.held, others=())
    told = "\n".join((composed.request, *composed.notes, composed.text))
    private = {atom.value for atom in user.atoms}
    about: list[str] = []
    rest: list[str] = []
    for fact in facts(user):
        text = fact.texts[int(rng.random() * len(fact.texts))]
        (about if fact.value in private and fact.value in told else rest).append(text)
    stay = tuple(atom.value for atom in user.atoms if atom.value not in told)
    memory = [*composed.notes, *about, *rest]
    rng.shuffle(memory)
    task = replace(composed, distractors=tuple(text for text in memory if text in rest), private=stay)
    own = tuple((atom.field, atom.value) for atom in user.atoms if atom.value in composed.required)
    return Errand(user.id, task, tuple(memory), composed.required, own, stay)


def _invention(user: User, rng: random.Random) -> Invention:
    invention = Invention(user.split, rng, user.currency)
    invention.taken(*(word for atom in user.atoms if atom.kind == "PERSON" for word in atom.value.split(" ")))
    return invention
