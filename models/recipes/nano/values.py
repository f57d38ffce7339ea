"""Private values: as the cloud sees them (placeholders) and as the user's own machine does (invented names, dates, …).

Half of the invented names are put together from syllables, so that the model has to learn to copy a name from the
request instead of learning a list of names.
"""

from __future__ import annotations

import random
import re

KINDS = (
    "PERSON", "ORG", "PLACE", "ADDRESS", "DATE", "EMAIL", "PHONE",
    "URL", "ID", "MONEY", "USERNAME", "SECRET", "DETAIL", "TEXT",
)  # fmt: skip
HIGHEST_NUMBER = 9
PLACEHOLDERS = tuple(f"[{kind}_{number}]" for kind in KINDS for number in range(1, HIGHEST_NUMBER + 1))
PLACEHOLDER_FORM = re.compile(r"\[(?:" + "|".join(KINDS) + r")_\d+\]")

FIRST_NAMES = (
    "Anna Ben Clara David Emma Felix Grace Henry Isla Jack Karen Leo Maria Noah Olivia Paul Quinn Rosa Sam Tina Uma "
    "Victor "
    "Wendy Xavier Yara Zoe Ahmed Bianca Carlos Diana Elena Farid Greta Hassan Ingrid Jonas Kofi Lucia Marek Nadia Omar "
    "Priya Rafael Sofia Tomas Ulrich Vera Wei Yusuf Zara Alice Bruno Chloe Dmitri Esther Frank Gloria Hiro Irene Julia"
).split()
LAST_NAMES = (
    "Adams Becker Cole Dalton Evans Fischer Garcia Hughes Ivanov Jensen Kowalski Lopez Meyer Nguyen Okafor Patel Quist "
    "Roberts Schmidt Tanaka Usman Vargas Walker Xu Young Zimmer Andersen Brandt Carter Duarte Eriksen Foster Grant "
    "Harper Ito Johnson Keller Lund Moreau Novak Olsen Petrov Ramos Silva Turner Varga Weber"
).split()
CITIES = (
    "London Leeds Berlin Hamburg Vienna Paris Lyon Madrid Porto Rome Milan Prague Oslo Dublin Boston Denver Austin "
    "Toronto "
    "Sydney Kyoto Accra Lagos Cairo Zurich Ghent Krakow Turin Bergen Malmo Utrecht"
).split()
STREETS = "Elm Oak Mill Station Church Garden River Park Bridge Market High Rose Hill Lake Castle Forest Queen".split()
ORG_HEADS = "North Blue Green Silver Bright River Stone Nova Alpha City Harbour Summit Delta Prime Maple Orbit".split()
ORG_TAILS = "Bank Insurance Energy Telecom Clinic Books Logistics Systems Foods Motors Travel Studio Fitness".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ONSETS = "b br d dr f g gr h j k kl l m n p pr r s sh st t th tr v w z".split()
VOWELS = "a e i o u ai ea io".split()
CODAS = ["", "", "l", "n", "r", "s", "th", "m", "ck"]
DETAILS = (
    "a bad back", "a peanut allergy", "a broken wrist", "my migraine", "the divorce", "my exam", "an eye operation",
    "a family matter", "my new job", "the court case", "my asthma", "the adoption", "a kidney stone", "the loan",
)  # fmt: skip
TEXTS = (
    "the plan for the summer", "the blue folder", "our old agreement", "the second floor flat", "the spare room",
    "project Heron", "the choir trip", "the garden wall", "the white van", "the night shift", "the winter sale",
)  # fmt: skip


def invented_word(rng: random.Random) -> str:
    """A pronounceable capitalised word of two or three syllables."""
    syllables = [rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.choice((2, 2, 3)))]
    return "".join(syllables).capitalize()


def invented(kind: str, rng: random.Random) -> str:
    """A real-looking value of a kind."""
    first = rng.choice(FIRST_NAMES) if rng.random() < 0.5 else invented_word(rng)
    last = rng.choice(LAST_NAMES) if rng.random() < 0.5 else invented_word(rng)
    city = rng.choice(CITIES) if rng.random() < 0.5 else invented_word(rng)
    digits = "".join(rng.choice("0123456789") for _ in range(8))
    head = rng.choice(ORG_HEADS) if rng.random() < 0.5 else invented_word(rng)
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    match kind:
        case "PERSON":
            return rng.choice(
                (first, first, f"{first} {last}", f"{first} {last}", f"Ms {last}", f"Mr {last}", f"Dr {last}")
            )
        case "ORG":
            return f"{head} {rng.choice(ORG_TAILS)}"
        case "PLACE":
            return city
        case "ADDRESS":
            street = f"{rng.randint(1, 180)} {rng.choice(STREETS)} {rng.choice(('Street', 'Road', 'Lane'))}"
            return rng.choice((street, f"{street}, {city}"))
        case "DATE":
            weekday = rng.choice(DAYS)
            return rng.choice(
                (
                    f"{day} {month}",
                    f"{month} {day}",
                    weekday,
                    f"{weekday}, {day} {month}",
                    f"{day} {month} 20{rng.randint(24, 29)}",
                )
            )
        case "EMAIL":
            return f"{first}.{last}@{head}.{rng.choice(('com', 'org', 'net'))}".lower()
        case "PHONE":
            return rng.choice((f"0{digits[:3]} {digits[3:]}", f"+{digits[:2]} {digits[2:5]} {digits[5:]}"))
        case "URL":
            return f"https://{head.lower()}.{rng.choice(('com', 'org'))}/{rng.choice(('join', 'form', 'login', 'pay'))}"
        case "ID":
            return rng.choice((digits[:6], f"{first[0]}{last[0]}-{digits[:5]}", f"{first[:2].upper()}{digits[:4]}"))
        case "MONEY":
            amount = rng.choice((digits[1:3], digits[:3], f"{digits[1:3]}.{digits[3:5]}")).lstrip("0") or "5"
            return rng.choice((f"{amount} euros", f"${amount}", f"£{amount}", f"€{amount}"))
        case "USERNAME":
            return rng.choice((f"{first}_{last}".lower(), f"{first}{digits[:2]}".lower()))
        case "SECRET":
            return f"{first.lower()}{digits[:3]}{last[0]}!"
        case "DETAIL":
            return rng.choice(DETAILS)
        case "TEXT":
            return rng.choice(TEXTS)
    raise ValueError(f"There is no kind of private value called {kind!r}: it is one of {', '.join(KINDS)}.")


class Values:
    """Hands out private values of one request, never the same one twice; `given` are those handed out so far."""

    def __init__(self, rng: random.Random, *, cloud: bool) -> None:
        self._rng = rng
        self._cloud = cloud
        self._in_order = rng.random() < 0.5
        self.given: list[str] = []

    def take(self, kind: str) -> str:
        """A value of the kind: the placeholder `[KIND_N]`, or an invented one. Raises RuntimeError if none is left."""
        numbers = list(range(1, HIGHEST_NUMBER + 1))
        if not self._in_order:
            self._rng.shuffle(numbers)
        for number in numbers:
            value = f"[{kind}_{number}]" if self._cloud else invented(kind, self._rng)
            if not any(value in given or given in value for given in self.given):
                self.given.append(value)
                return value
        raise RuntimeError(f"A request needs more than {HIGHEST_NUMBER} values of the kind {kind}.")
