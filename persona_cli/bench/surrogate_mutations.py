"""What models do to surrogates on the way back, as cases with one right outcome each: mutations.py for the other style.

A case's `kind` is the number of its conversation: each has a seed, people and things of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from persona_cli.bench.mutations import Case
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import DATE
from persona_cli.privacy.surrogates.dates import read_date
from persona_cli.privacy.surrogates.drawing import word_lists
from persona_cli.privacy.surrogates.dressing import issue_for
from persona_cli.privacy.surrogates.table import Surrogates

CONVERSATIONS = 8
PEOPLE = (
    ("Emma", "Roberts"), ("Tomasz", "Nowak"), ("Priya", "Raman"), ("Connor", "Flaherty"), ("Johanna", "Weiss"),
    ("John", "Johnson"), ("María", "Ibáñez"), ("Chidi", "Okonkwo"), ("Sinéad", "O'Brien"), ("Luc", "Marceau"),
)  # fmt: skip
# The others: what it is, as the user wrote it.
THINGS = (
    ("EMAIL", "emma.roberts@acme-freight.com"), ("PHONE", "+44 7712 345678"), ("PHONE", "(415) 321-9876"),
    ("DATE", "12 May 2026"), ("DATE", "2026-06-01"), ("ORG", "Acme Freight GmbH"), ("PLACE", "Galway"),
    ("ADDRESS", "12 Shop Street, Galway"), ("ID", "GB29 NWBK 6016 1331 9268 19"), ("USERNAME", "emma_r92"),
)  # fmt: skip
# {g} {f}: given name and surname; {G} {F}: in capitals; {i}: the initial. The same form is made of value and surrogate.
OF_A_NAME = (
    ("as written", "{g} {f}"), ("given name alone", "{g}"), ("surname alone", "Ms {f}"), ("capitals", "{G} {F}"),
    ("surname in capitals", "{g} {F}"), ("surname first", "{f}, {g}"), ("initial", "{i}. {f}"), ("wrapped", "{g}\n{f}"),
    ("wrapped in a quotation", "{g}\r\n> {f}"), ("no-break space", "{g}\u00a0{f}"), ("escaped space", "{g}%20{f}"),
    ("lower case, whole", "{gl} {fl}"), ("emphasis", "_{g}_ **{f}**"),
)  # fmt: skip
_JOINED = ("wrapped", "wrapped in a quotation", "no-break space", "escaped space")
OF_A_DATE = ("{d} {B} {Y}", "{B} {d}, {Y}", "{Y}-{mm}-{dd}", "{A}, {d} {B} {Y}", "{d} {B}", "{B} {d}{th}")
OF_A_THING = (("as written", "{}"), ("emphasis", "**{}**"))
FRAMES = (
    "{}", "Dear {}, hi.", "{}'s dog", "{}’s", "| {} | {} |", "- {}\n- {}", "# {}\n", '{"name": "{}"}', "({})",
    "… {}: \\n", "{}.", "x\t{}\r\n", "„{}“", "> {} wrote", "Hi\\n{}", "and {} and", "{}?",
)  # fmt: skip
SINK_FRAMES = (
    "```\necho {}\n```",
    "Run `mail {}` now.",
    "[here](https://a.example/?q={})",
    "[r]: https://a.example/{}\n",
)
# Somebody or something else, made of the surrogate.
LEFT = (
    ("inside a word", "x{g}x"), ("inside an identifier", "{g}_id"), ("a file", "{gl}.txt"), ("cut short", "{short}"),
    ("somebody else's", "{g} Jones"), ("somebody else's, before", "Tony {f}"), ("a double name", "{g}-Marie"),
    ("an address", "{gl}.jones@example.com"), ("lower case, one word", "a {fl} a"),
)  # fmt: skip


@dataclass(frozen=True)
class _Person:
    given: str
    family: str

    def form(self, pattern: str) -> str:
        given, family = self.given, self.family
        return pattern.format(
            g=given, f=family, G=given.upper(), F=family.upper(), i=given[0], gl=given.lower(), fl=family.lower(),
            short=given[:-1],
        )  # fmt: skip


def surrogate_tables() -> dict[str, Pseudonyms]:
    """The conversations, each with all of PEOPLE and THINGS."""
    tables = {}
    for number in range(CONVERSATIONS):
        table = Pseudonyms(surrogates=Surrogates(seed=f"bench restore {number}".encode()))
        table.use_surrogates()
        values = [*(("PERSON", f"{given} {family}") for given, family in PEOPLE), *THINGS]
        issue_for([" ".join(table.token_for(kind, value) for kind, value in values)], table, (), lambda text: ())
        tables[str(number)] = table
    return tables


def surrogate_cases(tables: dict[str, Pseudonyms]) -> Iterator[Case]:
    """Every mutation of every surrogate in every frame, and what only looks like a surrogate."""
    for number, table in tables.items():
        people = {entry.value: _Person(*table.shown(entry).split(" ")) for entry in table.entries[: len(PEOPLE)]}
        for given, family in PEOPLE:
            ours, theirs = _Person(given, family), people[f"{given} {family}"]
            for name, pattern in OF_A_NAME:
                whole = ours.form("{g} {f}" if name in _JOINED else pattern)
                yield from _framed(number, name, theirs.form(pattern), whole)
            for name, pattern in LEFT:
                for frame in FRAMES:
                    text = _put(frame, theirs.form(pattern))
                    yield Case(number, name, text, text)
        for entry in table.entries[len(PEOPLE) :]:
            true, shifted = read_date(entry.value), read_date(table.shown(entry))
            if true is not None and shifted is not None and entry.kind == DATE:
                for form in OF_A_DATE:
                    yield from _framed(number, f"date, {form}", shifted.as_form(form), true.as_form(form))
            for name, pattern in OF_A_THING:
                yield from _framed(number, f"{entry.kind.lower()}, {name}", *(
                    _put(pattern, text) for text in (table.shown(entry), entry.value)
                ))  # fmt: skip


def surrogate_look_alikes(tables: dict[str, Pseudonyms]) -> Iterator[Case]:
    """Names out of the same lists that the conversation never issued."""
    lists = word_lists()
    for number, table in tables.items():
        issued = {word for entry in table.entries for word in table.shown(entry).replace("@", " ").split()}
        for given in (word for name in ("women", "men", "neutral") for word in lists[name] if word not in issued):
            for family in ("Jones", next(word for word in lists["families"] if word not in issued)):
                for pattern in ("{g} {f}", "{g}", "{G} {F}", "{i}. {f}"):
                    text = f"Dear {_Person(given, family).form(pattern)}, hi."
                    yield Case(number, pattern, text, text)


def _framed(number: str, mutation: str, sent: str, wanted: str) -> Iterator[Case]:
    for frame in (*FRAMES, *SINK_FRAMES):
        if "http" in frame and (sent + wanted).split() != [sent + wanted]:
            continue  # a link ends at the first blank
        yield Case(number, mutation, _put(frame, sent), _put(frame, wanted), frame in SINK_FRAMES)


def _put(frame: str, text: str) -> str:
    return frame.replace("{}", text)
