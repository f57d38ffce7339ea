"""What a generalised fact was in truth, as words that fit where the general ones stand.

"I am allergic to hazelnuts" went as "a dietary restriction", and "an allergy to hazelnuts" fits in its place. Read off
the memory by patterns, and only where they read all of it that matters: half an allergy is worse than none. For the
user's machine alone (finish/specialising.py). What a person may be hurt for stays the personal matter it went as.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.attributes import cities, countries
from persona_cli.sketch.generalising import AGE, BORN, MONEY, is_own, kind_of

# A thing of one or two words, and several of them; behind it the clause is over.
_ITEM: Final = (
    r"(?!(?:and|or)\b)[\w'’-]+(?: (?!(?:and|or|since|but|so|because|which|who|that|when|if|for|from)\b)[\w'’-]+)?"
)
_LAST: Final = r"[\w'’-]+"
_THINGS: Final = rf"((?:{_ITEM}, )*{_ITEM}(?:,? (?:and|or) {_LAST})?)"
_OVER: Final = r"(?=\s*(?:[.;:!?()—–]|$)|,? (?:since|but|so|because|which|who|that|when|if|from|for)\b)"
_STRENGTH: Final[Mapping[str, str]] = {
    "severely": "severe", "badly": "bad", "highly": "severe", "deadly": "deadly", "mildly": "mild",
    "slightly": "slight", "extremely": "severe", "very": "severe",
}  # fmt: skip
_ALLERGIC: Final = re.compile(
    rf"\b(?:({'|'.join(_STRENGTH)}) )?(allergic|intolerant) to {_THINGS}{_OVER}", re.IGNORECASE
)
_ALLERGY: Final = re.compile(
    rf"\b(?:an?|my|the) ((?:[\w'’-]+ ){{0,2}}(?:allergy|intolerance)(?: to {_THINGS})?){_OVER}", re.IGNORECASE
)
_LACTOSE: Final = re.compile(rf"\b(lactose|gluten|fructose|histamine)[- ]intolerant{_OVER}", re.IGNORECASE)
_DIET: Final = re.compile(
    r"\b(?:i am|i['’]m|i eat|i only eat|eats?|user is|we are|we['’]re|we eat) (?:an? |strictly |only )?"
    rf"(vegan|vegetarian|pescatarian|halal|kosher|gluten-free|dairy-free|nut-free|low-carb)(?: food)?{_OVER}",
    re.IGNORECASE,
)
_COELIAC: Final = re.compile(r"\b(?:have|has|with) (c(?:o)?eliac disease|diabetes)\b", re.IGNORECASE)
_WITH_WHEELS: Final = re.compile(
    r"\b(?:use|used|uses|using|in|on|with|need|needs|have)(?: to use)? (?:an? |my )?"
    r"(wheelchair|crutches|walking stick|walking frame|walker)\b",
    re.IGNORECASE,
)
_CHILD: Final = re.compile(
    r"\b(?:[Mm]y|[Oo]ur) ((?:[a-z-]+ )?(?:daughter|son|child|toddler|baby|newborn|kid|stepson|stepdaughter))\b"
    r"(?:,? ([A-Z][a-zà-ÿ]+)\b)?"
)
_SUFFERS: Final = re.compile(
    r"\b(?:i have|i['’]ve|i had|i get|i suffer from|i was diagnosed with|i am recovering from|i['’]m recovering from|"
    rf"because of) (an |a |my )?((?:[\w'’-]+ ){{0,2}}[\w'’-]+?)(?:{_OVER}|(?=, an? ))",
    re.IGNORECASE,
)
_TREATED: Final = re.compile(
    r"\b(my|an|a) ((?:[a-z-]+ ){0,2}(?:operation|surgery|treatment|appointment|biopsy|scan|"
    r"transplant|check-up))(?: on (?:my )?[a-z]+)?\b",
    re.IGNORECASE,
)
# What somebody else has, as theirs.
_THEIRS: Final = re.compile(
    r"^\W*(?:[Mm]y|[Oo]ur) ((?:[a-z-]+ )?[a-z]+)(?:,? ([A-Z][a-zà-ÿ]+(?: [A-Z][\w'’-]+)?),?)? (?:is|has|was|suffers)\b"
)
# None of these is in the name of what somebody suffers from.
_VERBISH: Final = frozenset(
    "been to not a an the got had no never it them him her you i we love loves like felt seen gone become taken kept "
    "lost made done come unwell sick ill better well".split()
)
_EACH: Final = re.compile(r" (?:a|per) (?:year|month|week)\b")
LONGEST: Final = 8


@dataclass(frozen=True)
class Specific:
    """`noun` is the private thing and `kind` the kind of fact. `article` goes before it where "a" stood ("" for none).

    `owner` takes the place of "my" where it is not the user's ("my daughter's").
    """

    kind: str
    noun: str
    article: str = ""
    owner: str = ""


def specific(memory: str, point: str) -> Specific | None:
    """What the sketch's `point` stands for, in the words of the `memory` that it generalised; None where no pattern
    can tell."""
    kind = kind_of(point)
    read = _READERS.get(kind)
    found = read(memory, point) if read else None
    if found is None or not found.noun.strip() or len(found.noun.split()) > LONGEST:
        return None
    if kind in ("food", "health") and not is_own(memory):
        theirs = _THEIRS.match(memory)
        if theirs is None:
            return None
        name = f" {theirs[2]}" if theirs[2] else ""
        return Specific(kind, found.noun, owner=f"my {theirs[1].lower()}{name}'s")
    return found


def _food(memory: str, point: str) -> Specific | None:
    found: list[Specific] = []
    for match in _ALLERGIC.finditer(memory):
        strength = f"{_STRENGTH[match[1].lower()]} " if match[1] else ""
        thing = "allergy" if match[2].lower() == "allergic" else "intolerance"
        found.append(_counted("food", f"{strength}{thing} to {match[3]}"))
    found += [_counted("food", match[1]) for match in _ALLERGY.finditer(memory)]
    found += [_counted("food", f"{match[1].lower()} intolerance") for match in _LACTOSE.finditer(memory)]
    found += [_counted("food", f"{match[1].lower()} diet") for match in _DIET.finditer(memory)]
    found += [Specific("food", match[1].lower()) for match in _COELIAC.finditer(memory)]
    # Of two things in one memory either would be half of it.
    return found[0] if len(found) == 1 else None


def _mobility(memory: str, point: str) -> Specific | None:
    found = {match[1].lower() for match in _WITH_WHEELS.finditer(memory)}
    if len(found) != 1:
        return None
    (aid,) = found
    ways = {"wheelchair": "wheelchair access", "crutches": "access on crutches"}
    return Specific("mobility", ways.get(aid, f"access with a {aid}"))


def _children(memory: str, point: str) -> Specific | None:
    found = {match[0]: match for match in _CHILD.finditer(memory)}
    if len(found) != 1:
        return None
    ((_, match),) = found.items()
    name = f" {match[2]}" if match[2] else ""
    return Specific("children", f"my {match[1].lower()}{name}")


def _health(memory: str, point: str) -> Specific | None:
    if match := _TREATED.search(memory):
        noun = match[0].split(" ", 1)[1]
        return Specific("health", noun, match[1].lower())
    match = _SUFFERS.search(memory)
    if match is None or _VERBISH & set(match[2].lower().split()) or match[2].lower().endswith("ed"):
        return None
    whole = match[0][match.start(2) - match.start() :].strip()
    return Specific("health", whole, (match[1] or "").strip().lower())


def _age(memory: str, point: str) -> Specific | None:
    match = AGE.search(memory)
    return Specific("age", next(filter(None, match.groups()))) if match else None


def _birth(memory: str, point: str) -> Specific | None:
    match = BORN.search(memory)
    year = re.match(r"\d{4}", memory[match.start(1) :]) if match else None
    return Specific("birth", f"in {year[0]}") if year else None


def _money(memory: str, point: str) -> Specific | None:
    found = list(MONEY.finditer(memory))
    if len(found) != 1:
        return None
    amount = found[0][0].strip()
    each = _EACH.match(memory, found[0].start() + len(amount))
    return Specific("money", amount + (each[0] if each else ""))


def _home(memory: str, point: str) -> Specific | None:
    words = re.findall(r"[^\W\d_][\w'’-]*", memory)
    for length in (3, 2, 1):
        for at in range(len(words) - length + 1):
            name = " ".join(words[at : at + length])
            if name[0].isupper() and (code := cities().get(name.casefold(), ("", 0))[0]):
                return Specific("home", name) if f" {countries()[code][0]}." in point else None
    return None


_READERS: Final[Mapping[str, Callable[[str, str], Specific | None]]] = {
    "food": _food, "mobility": _mobility, "children": _children, "health": _health, "age": _age, "birth": _birth,
    "money": _money, "home": _home,
}  # fmt: skip


def _counted(kind: str, noun: str) -> Specific:
    noun = noun.strip()
    return Specific(kind, noun, "an" if noun[:1].lower() in "aeio" else "a")
