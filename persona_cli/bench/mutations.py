r"""What models do to a placeholder on the way back (research protocol 4.8), as cases with one right outcome each.

Shared by `persona bench restore` and the tests. Knows nothing of how restoring is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.spans import KINDS, PERSON, SECRET


@dataclass(frozen=True)
class Mutation:
    """`pattern`: {K} KIND, {k} kind, {t} Kind, {n} the number with its spelling. `ending` stays behind the value."""

    name: str
    pattern: str
    ending: str = ""

    def of(self, kind: str, number: str) -> str:
        """The placeholder, mutated."""
        other = SECRET if kind != SECRET else PERSON
        return self.pattern.format(K=kind, k=kind.lower(), t=kind.capitalize(), n=number, other=other)


# The same placeholder, written otherwise: to be restored.
RESTORED = (
    Mutation("as written", "[{K}_{n}]"),
    Mutation("lower case", "[{k}_{n}]"),
    Mutation("title case", "[{t}_{n}]"),
    Mutation("space for _", "[{K} {n}]"),
    Mutation("no-break space for _", "[{K}\u00a0{n}]"),
    Mutation("hyphen for _", "[{K}-{n}]"),
    Mutation("escaped _", "[{K}\\_{n}]"),
    Mutation("Markdown escapes", "\\[{K}\\_{n}\\]"),
    Mutation("Markdown escape, left only", "\\[{K}_{n}]"),
    Mutation("brackets dropped", "{K}_{n}"),
    Mutation("brackets dropped, lower", "{k}_{n}"),
    Mutation("brackets dropped, escaped", "{K}\\_{n}"),
    Mutation("full-width brackets", "［{K}_{n}］"),
    Mutation("full-width", "［{K}＿{n}］"),
    Mutation("lenticular brackets", "【{K}_{n}】"),
    Mutation("angle brackets", "<{K}_{n}>"),
    Mutation("braces", "{{{K}_{n}}}"),
    Mutation("parentheses", "({K}_{n})"),
    Mutation("HTML, decimal", "&#91;{K}_{n}&#93;"),
    Mutation("HTML, hexadecimal", "&#x5B;{K}&#x5F;{n}&#x5D;"),
    Mutation("HTML, names", "&lbrack;{K}&lowbar;{n}&rbrack;"),
    Mutation("JSON escapes", "\\u005b{K}_{n}\\u005d"),
    Mutation("URL, brackets", "%5B{K}_{n}%5D"),
    Mutation("URL, all", "%5b{K}%5F{n}%5d"),
    Mutation("URL, space for _", "%5B{K}%20{n}%5D"),
    Mutation("padded", "[ {K}_{n} ]"),
    Mutation("wrapped", "[{K}_\n{n}]"),
    Mutation("wrapped in a quotation", "[\r\n> {K}_{n}]"),
    Mutation("wrapped for _", "[{K}\n    {n}]"),
    Mutation("possessive inside", "[{K}_{n}'s]", "'s"),
    Mutation("typographic possessive inside", "[{K}_{n}’s]", "’s"),
    Mutation("plural inside", "[{K}_{n}s]", "s"),
)
# Something of the placeholder is lost: to be left as it is, because whoever restores it guesses.
LEFT = (
    Mutation("number and _ dropped", "[{K}]"),
    Mutation("number dropped", "[{K}_]"),
    Mutation("index changed", "[{K}_9{n}]"),
    Mutation("index padded", "[{K}_0{n}]"),
    Mutation("unknown spelling", "[{K}_{n}x]"),
    Mutation("_ dropped", "[{K}{n}]"),
    Mutation("brackets dropped, space", "{k} {n}"),
    Mutation("kind misspelt", "[{K}X_{n}]"),
    Mutation("other kind", "[{other}_{n}]"),
    Mutation("in a word", "my{K}_{n}"),
    Mutation("in an identifier", "{k}_{n}_id"),
    Mutation("a variable", "obj.{k}_{n}"),
)
# What stands around a placeholder stays, byte for byte.
FRAMES = (
    "{}", "Dear {}, hi.", "{}'s dog", "{}s' dogs", "{}’s", "{}s Hund", "**{}**", "| {} | {} |", '"{}"', "- {}\n- {}",
    "# {}\n", '{"name": "{}"}', '{\\"name\\": \\"{}\\"}', "({})", "… {}: \\n", "{}.", "x\t{}\r\n", "„{}“", "他是 {}。",
    "> {} wrote",
)  # fmt: skip
# Where the user has to consent first.
SINK_FRAMES = (
    "```\necho {}\n```", "Run `mail {}` now.", "[here](https://a.example/?q={})", "![x](https://a.example/{}.png)",
    "https://a.example/{}", "[r]: https://a.example/{}\n",
)  # fmt: skip
# In a path, `person_1` is a file's name and a lone backslash the path's own.
UNCLEAR_IN_SINKS = ("brackets dropped, lower", "Markdown escape, left only")
# The table of every case: two spellings of one entity, one number that another begins with, and a value that is itself
# text for a parser.
VALUES = {"1": "Ada Byron", "1b": "Ada", "2": "N. Bohr", "12": "[x] \\1 $& %s", "3": "y"}
LOOK_ALIKE_FRAMES = ("{}", "Dear {}, hi.", "| {} | {} |", '{"name": "{}"}', "{}s Hund")
NEVER_ISSUED = ("4", "7", "10", "11", "13", "21", "99", "100", "123", "1c", "2b", "3d", "12b", "9999999")


@dataclass(frozen=True)
class Case:
    """`sent` comes from the cloud. `wanted`: the restored text (the same as `sent` where nothing is to be restored).

    `in_sink`: it stands in code or a URL, to be restored with the user's consent only.
    """

    kind: str
    mutation: str
    sent: str
    wanted: str
    in_sink: bool = False

    @property
    def restorable(self) -> bool:
        return self.wanted != self.sent


def table_of(kind: str) -> Pseudonyms:
    """VALUES as placeholders of `kind`."""
    return Pseudonyms(Placeholder(f"[{kind}_{number}]", kind, value) for number, value in VALUES.items())


def cases() -> Iterator[Case]:
    """Every mutation of every placeholder in every frame, kind by kind."""
    for kind in KINDS:
        for number, value in VALUES.items():
            for frame in (*FRAMES, *SINK_FRAMES):
                for mutation in RESTORED:
                    sent = frame.replace("{}", mutation.of(kind, number))
                    if f"({kind}" in sent and mutation.name != "parentheses":
                        continue  # (PERSON_1): its own brackets changed, or lost inside those of the sentence?
                    if frame in SINK_FRAMES and mutation.name in UNCLEAR_IN_SINKS:
                        continue
                    put = json.dumps(value)[1:-1] if mutation.name == "JSON escapes" else value
                    wanted = frame.replace("{}", put + mutation.ending)
                    yield Case(kind, mutation.name, sent, wanted, frame in SINK_FRAMES)
                for mutation in LEFT:
                    if "{n}" not in mutation.pattern and number != next(iter(VALUES)):
                        continue  # without its number it is the same for all of them
                    sent = frame.replace("{}", mutation.of(kind, number))
                    yield Case(kind, mutation.name, sent, sent, frame in SINK_FRAMES)


def look_alikes() -> Iterator[Case]:
    """Placeholders that nobody issued, in every form: nothing of them is to be restored."""
    for kind in KINDS:
        for number in NEVER_ISSUED:
            for mutation in (*RESTORED, *LEFT):
                for frame in LOOK_ALIKE_FRAMES:
                    sent = frame.replace("{}", mutation.of(kind, number))
                    yield Case(kind, mutation.name, sent, sent)
