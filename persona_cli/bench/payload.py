"""`persona bench payload`: how much of what persona knows, or is shown, stands in what would leave.

CoGenesis dev (protocol 4.5): the profile is what the user has told persona before: its fields are the profile, each of
its facts is a memory; then the writing task is asked. PrivacyLens dev (4.6): a tool trajectory (mails, notes, calendars
that an agent has looked up) is piped in as the document, as in `tool | persona ask "Reply to Emily"`, with the user's
instruction as the request; and a second time with every text of it as a memory. Both go through Assistant.prepare,
which opens no connection. The data are PERSONA_DATA's (see labelled).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

from persona_cli.bench import labelled
from persona_cli.bench.leaving import TOKEN, Left, content_words, sent, stands_in, users
from persona_cli.cli import screen
from persona_cli.exchange import Request
from persona_cli.settings import LEVELS

if TYPE_CHECKING:
    from persona_cli.parts import Parts

COGENESIS: Final = "cogenesis/dev.jsonl"
PRIVACYLENS: Final = "privacylens/dev.jsonl"
LEAKED_FACT: Final = 0.5  # protocol 4.5
LEAKED_ITEM: Final = 0.6  # protocol 4.6
FEWEST_WORDS: Final = 3  # of a fact that is counted
# A sentence of a document that says no more of any sensitive item than this is one that a task may need.
_HARMLESS: Final = 0.3
_SENTENCE: Final = re.compile(r"[^.!?\n\"{}\[\]]+")


@dataclass(frozen=True)
class Facts:
    """CoGenesis. Shares 0..1. `leak`: facts that stand in the payload; `bare`: in the bare instruction.

    `returned`: of the facts that the gold text uses, those that stand in the payload or come back with a placeholder.
    `names`, `places`, `employers`: of the rows that have one, those whose payload has it in the clear.
    """

    facts: int
    leak: float
    bare: float
    used: int
    returned: float
    names: float
    places: float
    employers: float
    refused: int
    p50: float
    p95: float


@dataclass(frozen=True)
class Items:
    """PrivacyLens. Shares 0..1. `leak`: sensitive items that stand in the payload; `raw`: in the trajectory as it is;
    `bare`: in the instruction alone. `rows`: rows with an item in the payload.

    `words`: of the words of the trajectory, those that leave. `harmless`: of the content words of sentences that tell
    nothing of any item, those that leave. `returned`: items that come back, in the payload or with a placeholder.
    """

    items: int
    leak: float
    raw: float
    bare: float
    rows: float
    words: float
    harmless: float
    returned: float
    refused: int
    p50: float
    p95: float


def bench(most: int | None = None) -> None:
    """Print the tables. `most` rows of each set: a quick look. Raises PersonaError when the data are missing."""
    facts, items = labelled.json_lines(COGENESIS)[:most], labelled.json_lines(PRIVACYLENS)[:most]
    screen.write(
        f"cogenesis/dev, {len(facts)} tasks with the profile as memory\n"
        f"{'':<26} {'leak':>7} {'bare':>7} {'returned':>9} {'names':>7} {'places':>7} {'employers':>10} {'ms p50':>7} "
        f"{'p95':>6}\n"
    )
    for level in LEVELS:
        with screen.working(f"privacy.level {level}"):
            told = cogenesis(facts, level)
        screen.write(
            f"{level:<26} {told.leak:>7.1%} {told.bare:>7.1%} {told.returned:>9.1%} {told.names:>7.1%} "
            f"{told.places:>7.1%} {told.employers:>10.1%} {told.p50:>7.0f} {told.p95:>6.0f}\n"
        )
    screen.write(
        f"({told.facts:,} facts; the gold texts use {told.used})\n\nprivacylens/dev, {len(items)} tasks\n"
        f"{'':<26} {'leak':>7} {'raw':>7} {'bare':>7} {'rows':>7} {'words':>7} {'harmless':>9} {'returned':>9} "
        f"{'ms p50':>7} {'p95':>6}\n"
    )
    for name, level, as_memory in (*((f"document, {level}", level, False) for level in LEVELS), _AS_MEMORY):
        with screen.working(name):
            seen = privacylens(items, level, as_memory)
        screen.write(
            f"{name:<26} {seen.leak:>7.1%} {seen.raw:>7.1%} {seen.bare:>7.1%} {seen.rows:>7.1%} {seen.words:>7.1%} "
            f"{seen.harmless:>9.1%} {seen.returned:>9.1%} {seen.p50:>7.0f} {seen.p95:>6.0f}\n"
        )
    screen.write(f"({seen.items} items)\n")


_AS_MEMORY: Final = ("memory, balanced", "balanced", True)


def cogenesis(rows: Sequence[Mapping[str, Any]], level: str = "balanced") -> Facts:
    """The scores over `rows` of CoGenesis. A user is somebody's profile; tasks of the same profile share them."""
    known: dict[str, Parts] = {}
    facts: list[tuple[frozenset[str], Left, str, str]] = []
    clear: dict[str, list[bool]] = {"Name": [], "Location": [], "Employer": []}
    all_left: list[Left] = []
    with users(level) as user:
        for row in rows:
            stated = row["additional_profile"]
            profile = read_profile(stated)
            if stated not in known:
                known[stated] = user()
                tell(known[stated], profile)
            instruction, gold = asked_and_gold(row)
            left = sent(known[stated], Request(instruction))
            all_left.append(left)
            facts += [(content_words(fact), left, instruction, gold) for fact in private_facts(profile)]
            for field, value in (*profile.items(), ("Employer", _employer(profile.get("Occupation", "")))):
                if field in clear and value:
                    clear[field].append(value.split(",")[0].lower() in left.payload.lower())
        for parts in known.values():
            parts.memory.close()
    facts = [item for item in facts if len(item[0]) >= FEWEST_WORDS]
    used = [item for item in facts if stands_in(item[0], content_words(item[3]), LEAKED_FACT)]
    times = [left.milliseconds for left in all_left]
    return Facts(
        facts=len(facts),
        leak=_share(stands_in(fact, left.words, LEAKED_FACT) for fact, left, _, _ in facts),
        bare=_share(stands_in(fact, content_words(asked), LEAKED_FACT) for fact, _, asked, _ in facts),
        used=len(used),
        returned=_share(stands_in(fact, left.returned, LEAKED_FACT) for fact, left, _, _ in used),
        names=_share(clear["Name"]),
        places=_share(clear["Location"]),
        employers=_share(clear["Employer"]),
        refused=sum(left.refused for left in all_left),
        p50=median(times),
        p95=_p95(times),
    )


def privacylens(rows: Sequence[Mapping[str, Any]], level: str = "balanced", as_memory: bool = False) -> Items:
    """The scores over `rows` of PrivacyLens."""
    leaks, raws, bares, rows_with, words, harmless, back, times = [], [], [], [], [], [], [], []
    refused = 0
    with users(level) as user:
        for row in rows:
            told = row["trajectory"]
            trajectory, instruction = told["executable_trajectory"], told["user_instruction"]
            parts = user()
            parts.profile.set("name", told["user_name"])
            parts.profile.set("email", told["user_email"])
            if as_memory:
                from persona_cli.memory.store import Note

                parts.memory.add_all([Note(text) for text in dict.fromkeys(_texts(trajectory))])
                left = sent(parts, Request(instruction))
                parts.memory.close()
            else:
                left = sent(parts, Request(instruction, trajectory))
            items = [found for item in told["sensitive_info_items"] if (found := content_words(item))]
            whole, asked = content_words(trajectory), content_words(instruction)
            leaked = [stands_in(item, left.words, LEAKED_ITEM) for item in items]
            leaks += leaked
            rows_with.append(any(leaked))
            raws += [stands_in(item, whole | asked, LEAKED_ITEM) for item in items]
            bares += [stands_in(item, asked, LEAKED_ITEM) for item in items]
            back += [stands_in(item, left.returned, LEAKED_ITEM) for item in items]
            words.append(_kept(trajectory, left))
            if plain := _harmless(trajectory, items):
                harmless.append(len(plain & left.words) / len(plain))
            refused += left.refused
            times.append(left.milliseconds)
    return Items(
        len(leaks), _share(leaks), _share(raws), _share(bares), _share(rows_with), _mean(words), _mean(harmless),
        _share(back), refused, median(times), _p95(times),
    )  # fmt: skip


def read_profile(text: str) -> dict[str, str]:
    """The fields of a CoGenesis profile ("Name: ...", one a line)."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {field.strip(): value.strip() for field, value in pairs}


def tell(parts: Parts, profile: Mapping[str, str]) -> None:
    """What the user would have told persona: who they are as profile, what they do as memories."""
    from persona_cli.memory.store import Note

    fields = {"Name": "name", "Location": "city", "Occupation": "occupation", "Age": "age"}
    for field, name in fields.items():
        if value := profile.get(field):
            parts.profile.set(name, value)
    if employer := _employer(profile.get("Occupation", "")):
        parts.profile.set("employer", employer)
    lines = [item for field, value in profile.items() if field not in fields for item in _split(value)]
    parts.memory.add_all([Note(line) for line in dict.fromkeys(lines)])


def private_facts(profile: Mapping[str, str]) -> list[str]:
    """What a profile says of the private life of its person."""
    return [
        fact
        for field, value in profile.items()
        if field.lower().startswith(("privacy", "smart"))
        for fact in _split(value)
    ]


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(";") if part.strip()]


def _employer(occupation: str) -> str:
    """Whom the occupation says they work for, if it names somebody."""
    found = re.search(r"\b(?:at|for|with) (?:the )?([A-Z][\w&.'-]*(?: [A-Z][\w&.'-]*)*)", occupation)
    return found[1] if found else ""


def asked_and_gold(row: Mapping[str, Any]) -> tuple[str, str]:
    """(instruction, gold text) of a row."""
    turns = row["conversations"]
    if isinstance(turns, str):
        turns = ast.literal_eval(turns)
    return turns[0]["value"], turns[1]["value"]


def _texts(trajectory: str) -> Iterator[str]:
    """The texts of a trajectory that somebody would remember: its string values of more than two words."""
    for value in re.findall(r'"((?:[^"\\]|\\.)*)"', trajectory):
        text = value.replace("\\n", "\n").replace('\\"', '"').strip()
        if len(text.split()) > 2:
            yield text


def _kept(trajectory: str, left: Left) -> float:
    """Of the running words of the trajectory, those that are in the payload at all."""
    there = frozenset(re.findall(r"[a-z]+", TOKEN.sub(" ", left.payload).lower()))
    running = re.findall(r"[a-z]+", trajectory.lower())
    return sum(word in there for word in running) / max(1, len(running))


def _harmless(trajectory: str, items: Sequence[frozenset[str]]) -> frozenset[str]:
    """The content words of the sentences that say nothing of any item, and that no item has."""
    found: frozenset[str] = frozenset()
    for sentence in _SENTENCE.findall(trajectory):
        said = content_words(sentence)
        if len(said) >= FEWEST_WORDS and not any(stands_in(said, item, _HARMLESS) for item in items):
            found |= said
    return found.difference(*items)


def _share(found: Iterable[bool]) -> float:
    return _mean([float(item) for item in found])


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else max(times, default=0.0)
