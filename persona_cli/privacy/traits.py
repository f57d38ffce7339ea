"""The coarse traits that a text tells of its writer: "I am a 34-year-old nurse in Galway" tells three.

Only the first person counts ("I am a nurse", "As a student in Dublin", "my epilepsy"); what the text says of others
does not. English only. How common each trait is stands in marginals.py; what they come to together, disclosure.py says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from persona_cli.privacy import marginals
from persona_cli.privacy.attributes import USER, cities, countries, country_names
from persona_cli.privacy.words import lexicon

HEALTH: Final = "health"
_PLACE: Final = "place"


@dataclass(frozen=True)
class Trait:
    """A coarse trait as it was told. `share` is the share of people who have it (0..1); a place has `people`."""

    kind: str
    words: str
    share: float = 1.0
    people: int = 0

    def written(self) -> str:
        """As JSON, for the vault."""
        return json.dumps(asdict(self), sort_keys=True)


def traits(text: str, legend: Sequence[str] = ()) -> Iterator[Trait]:
    """The traits that `text` tells of its writer. A placeholder counts as what the legend says of it."""
    for line in legend:
        token, _, words = line.partition(": ")
        if USER in words.split(", "):
            yield from _gender(words)
        text = text.replace(line, "").replace(token, words)
    for match in _FIRST_PERSON.finditer(text):
        clause = _CUT.split(text[match.end() : match.end() + _CLAUSE_LENGTH], maxsplit=1)[0]
        said = " ".join(match[0].lower().replace("’", "'").split())
        for begins, readers in _READERS:
            if said.startswith(begins):
                for reader in readers:
                    yield from reader(clause)
                break


_CLAUSE_LENGTH: Final = 160
_FIRST_PERSON: Final = re.compile(
    r"\bI(?: am|['’]m| was born| was diagnosed with| was| have been|['’]ve been| work(?:ed)?| live[ds]?| come| grew up|"
    r" moved| have|['’]ve got| suffer| turned)\b|\bAs an?(?= )|\b[Mm]y(?= )"
)
# Where the clause about the user ends.
_CUT: Final = re.compile(
    r"[.!?;:\n]|\b(?:who|whose|that|because|but|so|if|when|about|(?<!in )my|your|his|her|their|our|he|she|they|you|"
    r"the user)\b",
    re.IGNORECASE,
)
# "I am meeting a nurse" is not about being one, and "I am at the hospital" is about no employer.
_NOT_BEING: Final = re.compile(
    r"\s*(?:not|never|at|on|to|near|back|out|away|home|just|here|there|(?!living|working)\w+ing)\b", re.IGNORECASE
)
_OTHER_THING: Final = re.compile(r"\b(?:to|for|with|of|on)\b")
_KIDS: Final = re.compile(
    r"\b(?:\d|one|two|three|four|five|six) (?:kids?|child(?:ren)?|sons?|daughters?)\b", re.IGNORECASE
)
_WORD: Final = re.compile(r"[a-z][a-z'-]*")
_LONGEST_ENTRY: Final = 3
_MONTHS: Final = frozenset(
    "january february march april may june july august september october november december".split()
)
_AGE: Final = re.compile(
    r"\s*(\d{1,3})(?=\s*(?:$|,|and\b|years?\b|now\b))|\b(\d{1,3})[- ](?:years?|yrs?)[- ]old|\baged (\d{1,3})\b"
)
_DECADES: Final = "teens twenties thirties forties fifties sixties seventies eighties nineties".split()
_BAND: Final = re.compile(
    rf"\b(?:(?:early|mid|late)[- ])?(?:{'|'.join(_DECADES)}|[2-9]0['’]?s)\b|\bteenager\b", re.IGNORECASE
)
_WOMAN: Final = re.compile(r"\b(?:woman|female|girl|mother|mum|mom|widow|lesbian|waitress|actress)\b", re.IGNORECASE)
_MAN: Final = re.compile(r"\b(?:man|male|boy|father|dad|widower)\b", re.IGNORECASE)
_BORN: Final = re.compile(r"\b(?:(January|February|March|April|May|June|July|August|September|October|November|"
                          r"December)\b,? ?)?((?:19|20)\d\d)?\b")  # fmt: skip
_AT_PLACE: Final = re.compile(
    r"\b(?:in|from|near|to|at|of)(?: in)?(?: the)? ([A-Z][\w'’-]*(?: (?:of |the )?[A-Z][\w'’-]*){0,3})"
)
_EMPLOYER: Final = re.compile(r"\b(?:for|at|in|of) (?:an? |the )?(?:\w+ )?([a-z -]+)", re.IGNORECASE)


Reader = Callable[[str], Iterator[Trait]]


def _ages(clause: str) -> Iterator[Trait]:
    for match in _AGE.finditer(clause):
        age = next(group for group in match.groups() if group)
        if match.start() == 0 or match[1] is None:
            yield Trait("age", f"age {age}", marginals.ONE_YEAR)
    for match in _BAND.finditer(clause):
        yield Trait("age", match[0].lower(), marginals.ONE_DECADE)


def _gender(clause: str) -> Iterator[Trait]:
    woman, man = _WOMAN.search(clause), _MAN.search(clause)
    if bool(woman) != bool(man):
        yield Trait("gender", "a woman" if woman else "a man", marginals.GENDER)


def _listed(**tables: Mapping[str, float]) -> Reader:
    """Reads the entries of `tables`, each under its kind."""
    merged = [(entry, Trait(kind.replace("_", " "), entry, table[entry])) for kind, table in tables.items()
              for entry in table]  # fmt: skip
    found: dict[str, list[Trait]] = {}
    for entry, trait in merged:
        found.setdefault(entry, []).append(trait)

    def read(clause: str) -> Iterator[Trait]:
        words = _WORD.findall(clause.lower().replace("’", "'"))
        for start in range(len(words)):
            for end in range(start + 1, min(start + _LONGEST_ENTRY, len(words)) + 1):
                yield from found.get(" ".join(words[start:end]), ())

    return read


def _places(clause: str) -> Iterator[Trait]:
    for match in _AT_PLACE.finditer(clause):
        words = match[1].split()
        for end in range(len(words), 0, -1):
            name = " ".join(words[:end])
            if people := _inhabitants(name.casefold()):
                yield Trait(_PLACE, f"in {name}", people=people)
                break


def _inhabitants(name: str) -> int:
    """0 for what is no place that is listed. March is a town, and more often the month."""
    if name in _MONTHS:
        return 0
    if name in cities():
        return cities()[name][1]
    if name in country_names():
        return countries()[country_names()[name]][1]
    return marginals.TOWN_PEOPLE if name in lexicon().places else 0


def _birth(clause: str) -> Iterator[Trait]:
    for match in _BORN.finditer(clause):
        if match[1]:
            yield Trait("birth month", f"born in {match[1]}", marginals.ONE_MONTH)
        if match[2]:
            yield Trait("age", f"born in {match[2]}", marginals.ONE_YEAR)


_jobs: Final = _listed(job=marginals.JOBS)
_health: Final = _listed(health=marginals.HEALTH)
_employers: Final = _listed(employer=marginals.EMPLOYERS)
_described: Final = _listed(
    job=marginals.JOBS,
    health=marginals.HEALTH,
    children=marginals.CHILDREN,
    nationality=dict.fromkeys(marginals.NATIONALITIES, marginals.NATIONALITY),
    marital_status=marginals.STATUS,
    religion=marginals.FAITH,
    orientation=marginals.ORIENTATION,
)


def _work(clause: str) -> Iterator[Trait]:
    for match in _EMPLOYER.finditer(clause):
        yield from _employers(match[1])


_ABOUT_ONESELF: Final[tuple[Reader, ...]] = (_ages, _gender, _described, _work)


def _being(clause: str) -> Iterator[Trait]:
    if not _NOT_BEING.match(clause):
        for read in (*_ABOUT_ONESELF, _places):
            yield from read(clause)


def _having_been(clause: str) -> Iterator[Trait]:
    """ "I was in London" says where, and not who."""
    if not _NOT_BEING.match(clause):
        for read in _ABOUT_ONESELF:
            yield from read(clause)


def _as(clause: str) -> Iterator[Trait]:
    """ "As a nurse", and not "As a present for a nurse"."""
    yield from _being(_OTHER_THING.split(clause, maxsplit=1)[0])


def _kids(clause: str) -> Iterator[Trait]:
    for match in _KIDS.finditer(clause):
        yield Trait("children", match[0].lower(), marginals.NUMBER_OF_CHILDREN)


def _my(clause: str) -> Iterator[Trait]:
    """ "my epilepsy", and not "my sister's"."""
    first = clause.strip().split(" and ")[0].split(",")[0]
    yield from (trait for trait in _health(first) if first.lower().startswith(trait.words))


_READERS: Final[tuple[tuple[str, tuple[Reader, ...]], ...]] = (
    ("i was born", (_birth, _places)),
    ("i was diagnosed", (_health,)),
    ("i work", (_jobs, _work, _places)),
    ("i live", (_places,)),
    ("i come", (_places,)),
    ("i grew", (_places,)),
    ("i moved", (_places,)),
    ("i was", (_having_been,)),
    ("i have been", (_having_been,)),
    ("i've been", (_having_been,)),
    ("i have", (_health, _kids)),
    ("i've got", (_health, _kids)),
    ("i suffer", (_health,)),
    ("my", (_my,)),
    ("as", (_as,)),
    ("", (_being,)),
)
