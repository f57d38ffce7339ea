"""Invents the private values of somebody of a split.

Train, dev and test never share a name, a street, a company, a number or an illness: the words that values are made of
are dealt out between the splits, numbers go by the sum of their digits, the rest by a checksum. Only dates are shared.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final

from persona_cli.bench.world import values
from persona_cli.bench.world.fields import Field

# Day 0 of everything that happens.
START: Final = date(2025, 1, 6)
# The quarters of all words and digit sums that each split has.
QUARTERS: Final[Mapping[str, tuple[int, ...]]] = {"train": (0, 1), "dev": (2,), "test": (3,)}
CONDITIONS: Final = (
    "my asthma", "my migraine", "my diabetes", "a peanut allergy", "a bad back", "my high blood pressure",
    "a hearing problem", "my anxiety", "a slipped disc", "my insomnia", "a weak heart", "my hay fever",
    "a knee operation", "my epilepsy", "a thyroid problem", "my rheumatism", "an eye disease", "my eczema",
    "a stomach ulcer", "my depression", "a shellfish allergy", "my arthritis", "a kidney problem", "my vertigo",
)  # fmt: skip
REASONS: Final = (
    "a family matter", "my new job", "the divorce", "a tax problem", "a burst pipe", "my night shifts", "the loan",
    "my exam", "the court case", "a death in the family", "the adoption", "my redundancy", "the separation",
    "a visit from abroad", "the building work", "my training course",
)  # fmt: skip
FEMININE: Final = frozenset(
    "Anna Clara Emma Grace Isla Karen Maria Olivia Rosa Tina Uma Wendy Yara Zoe Bianca Diana Elena Greta Ingrid "
    "Lucia Nadia Priya Sofia Vera Zara Alice Chloe Esther Gloria Irene Julia Adaeze Agnes Aisha Alina Amara Anika "
    "Astrid Ayumi Beatriz Brigitte Camille Chiara Ciara Dalia Daniela Deepa Delphine Desta Ebru Eilidh Ekaterina "
    "Eleni Fatima Fiona Freya Georgia Giulia Hana Hannah Helena Ida Imani Isabel Jana Jelena Joana Katarina Keiko "
    "Khadija Laila Leila Lena Ling Magda Mai Manon Marta Mei Mia Mila Nina Nora Oksana Petra Rania Renata Ruth "
    "Salma Sara Selin Simone Siobhan Tamar Tatiana Thandi Valentina Wanjiku Ximena Yasmin Yuki Zainab Zofia".split()
)
MASCULINE: Final = frozenset(
    "Ben David Felix Henry Jack Leo Noah Paul Victor Xavier Ahmed Carlos Farid Hassan Jonas Kofi Marek Omar "
    "Rafael Tomas Ulrich Yusuf Bruno Dmitri Frank Hiro Akira Alejandro Amit Anders Andrei Antonio Arjun Bilal "
    "Bogdan Caleb Cem Chidi Daan Darius Dylan Eduardo Emeka Emre Enzo Erik Filip Florin Gabriel Gareth Gianni "
    "Goran Harald Hector Ibrahim Ivan Jamal Javier Jorge Joseph Kamal Karim Kenji Kwame Lars Liam Lorenzo Luca "
    "Malik Mateo Mehmet Miguel Milan Minh Mohammed Mustafa Nils Ole Owen Pablo Paolo Pavel Pedro Pierre Rahul "
    "Ravi Ricardo Rohan Samir Sanjay Sean Sergei Sven Tariq Theo Thomas Tuan Viktor William".split()
)
TITLED: Final = frozenset(("health.doctor", "home.landlord", "work.manager"))
CURRENCIES: Final = ("{} euros", "£{}", "${}", "€{}", "{} francs")


@cache
def dealt(what: str, split: str) -> tuple[str, ...]:
    """The words of a split, of one of the lists of words: every fourth (train: every second) in alphabetical order."""
    lists: Mapping[str, Sequence[str]] = {
        "first": values.FIRST_NAMES, "last": values.LAST_NAMES, "city": values.CITIES, "street": values.STREETS,
        "company": values.ORG_HEADS, "condition": CONDITIONS, "reason": REASONS,
    }  # fmt: skip
    # "Milan" is a man here and a city there: such words could be of two splits.
    elsewhere = {word for other, words in lists.items() if other != what for word in words}
    own = sorted(set(lists[what]) - elsewhere)
    return tuple(word for place, word in enumerate(own) if place % 4 in QUARTERS[split])


class Invention:
    """Invents values for somebody of a split; no first or last name twice."""

    def __init__(self, split: str, rng: random.Random, currency: str = CURRENCIES[0]) -> None:
        self._split, self._rng, self._currency = split, rng, currency
        self._taken: set[str] = set()

    def of(self, field: Field) -> str:
        """A value for a private field, or any of an attribute's."""
        if not field.kind:
            return self._one(field.values)
        if field.name == "people.sister":
            return self.woman_or_man(MASCULINE)
        if field.kind == "PERSON":
            return f"Dr {self._last()}" if field.name == "health.doctor" else self.person(formal=field.name in TITLED)
        if field.kind == "MONEY":
            return self.money(600, 1400) if field.name == "money.rent" else self.money(2200, 7900)
        if field.kind == "DETAIL":
            return self._one(dealt("condition", self._split))
        if field.name == "money.account":
            return self._counted(lambda: str(self._rng.randint(10**7, 10**8 - 1)))
        return self.value(field.kind)

    def company(self, trade: str = "") -> str:
        """A company, of a trade ("Bank") or of any."""
        return f"{self._one(dealt('company', self._split))} {trade or self._one(values.ORG_TAILS)}"

    def value(self, kind: str) -> str:
        """A value of a kind; only dates are shared by the splits. Raises ValueError for a kind that there is not."""
        if kind == "PERSON":
            return self.person(formal=False)
        if kind == "PLACE":
            return self._one(dealt("city", self._split))
        if kind == "ORG":
            return self.company()
        if kind == "ADDRESS":
            street = f"{self._one(dealt('street', self._split))} {self._one(values.STREET_TAILS)}"
            return f"{self._rng.randint(1, 180)} {street}"
        if kind == "DETAIL":
            return self._one(dealt("reason", self._split))
        if kind == "MONEY":
            return self.money(20, 990)
        if kind in ("PHONE", "ID", "SECRET"):
            return self._counted(lambda: values.invented(kind, self._rng))
        if kind == "DATE":
            return self._date()
        while True:
            value = values.invented(kind, self._rng)
            if zlib.crc32(value.encode()) % 4 in QUARTERS[self._split]:
                return value

    def first(self) -> str:
        """A first name that has not been given."""
        return self._fresh(dealt("first", self._split))

    def woman_or_man(self, unlike: frozenset[str]) -> str:
        """The name of a woman (`unlike`: MASCULINE) or of a man (FEMININE), informal."""
        while True:
            name = self.person(formal=False)
            if name.split(" ")[0] not in unlike:
                return name

    def person(self, *, formal: bool) -> str:
        """A name as one says it: "Ms Keller" (formal), "Anna Keller", "Anna"."""
        form = self._rng.random()
        if formal and form < 0.7:
            title = ("Ms", "Mr", "Mrs")[int(form * 10) % 3]
            return f"{title} {self._last()}"
        return self.first() if not formal and form < 0.5 else f"{self.first()} {self._last()}"

    def money(self, least: int, most: int) -> str:
        """A sum in the user's currency, to ten."""
        sum_ = self._counted(lambda: f"{self._rng.randint(least // 10, most // 10) * 10:,}")
        return self._currency.format(sum_)

    def taken(self, *names: str) -> None:
        """Never give these names to anybody."""
        self._taken.update(names)

    def _date(self) -> str:
        """A day in the year from day 0 on, with its own weekday."""
        rng = self._rng
        day = START + timedelta(days=int(rng.random() * 365))
        weekday, month = values.DAYS[day.weekday()], values.MONTHS[day.month - 1]
        forms = (
            f"{day.day} {month}", f"{month} {day.day}", weekday, f"{weekday}, {day.day} {month}",
            f"{day.day} {month} {day.year}", f"{day.day}/{day.month}/{day.year}",
            f"{weekday} at {8 + int(rng.random() * 12)}:{self._one(('00', '15', '30', '45'))}",
        )  # fmt: skip
        return self._one(forms)

    def _last(self) -> str:
        return self._fresh(dealt("last", self._split))

    def _fresh(self, names: Sequence[str]) -> str:
        while True:
            name = self._one(names)
            if name not in self._taken:
                self._taken.add(name)
                return name

    def _one(self, options: Sequence[str]) -> str:
        return options[int(self._rng.random() * len(options))]

    def _counted(self, draw: Callable[[], str]) -> str:
        """The first value drawn whose digits add up to one of the split's quarters."""
        while True:
            value = draw()
            if sum(int(char) for char in value if char.isdigit()) % 4 in QUARTERS[self._split]:
                return value
