"""What people have written for them: the intents of intents/*.toml, loaded and checked.

`python -m persona_cli.bench.world.intents FILE…` prints the faults of files and what the composer makes of them.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from persona_cli.bench.world.template import Template, parse
from persona_cli.bench.world.values import KINDS

FOLDER: Final = Path(__file__).parent / "intents"
FORMATS: Final = (
    "e-mail", "message", "letter", "note", "text message", "card", "list", "post", "announcement", "speech", "form",
)  # fmt: skip
# The register that a text in this tone is written in.
TONES: Final[Mapping[str, str]] = {
    "": "plain", "polite": "formal", "formal": "formal", "firm": "formal", "professional": "formal",
    "friendly": "warm", "warm": "warm", "kind": "warm", "casual": "warm", "cheerful": "warm", "apologetic": "plain",
}  # fmt: skip
POINT_KINDS: Final = ("tell", "ask", "question")
QUESTION_WORDS: Final = frozenset(
    "whether if when what where which who whose whom how why until for by at in on".split()
)
SLOT_NAME: Final = re.compile(r"[a-z][a-z_]*[0-9]*")
# Names that every intent has besides its slots and words: the reader's name, the user's, the reader as the user says.
OWN: Final = frozenset({"who", "me"})
ALWAYS: Final = OWN | {"to"}
INTENT_KEYS: Final = frozenset(
    "name formats readers reader_is tones slots words goals goals_held asks asks_held open close points hard".split()
)
WORDINGS: Final = ("sketch", "clause", "clause_held", "note", "plain", "formal", "warm")
POINT_KEYS: Final = frozenset((*WORDINGS, "outline", "kind", "core"))
FEWEST: Final[Mapping[str, int]] = {
    "sketch": 1, "outline": 1, "clause": 3, "clause_held": 1, "plain": 3, "formal": 2, "warm": 2,
}  # fmt: skip
MOST_OUTLINE_WORDS: Final = 8


@dataclass(frozen=True, eq=False)
class Point:
    """One thing a text says. `slots` are the private values in it; the rest are its wordings, for their uses."""

    kind: str
    core: bool
    slots: frozenset[str]
    sketch: tuple[Template, ...]
    outline: tuple[Template, ...]
    clause: tuple[Template, ...]
    clause_held: tuple[Template, ...]
    note: tuple[Template, ...]
    plain: tuple[Template, ...]
    formal: tuple[Template, ...]
    warm: tuple[Template, ...]

    def told(self, register: str) -> tuple[Template, ...]:
        """The sentences of the text in a register: "plain", "formal" or "warm"."""
        return {"formal": self.formal, "warm": self.warm}.get(register, self.plain)


@dataclass(frozen=True, eq=False)
class Intent:
    """One thing people have written for them. `slots` maps a name to its kind of private value, `words` to choices."""

    name: str
    formats: tuple[str, ...]
    readers: tuple[str, ...]
    reader_is: str
    tones: tuple[str, ...]
    slots: Mapping[str, str]
    words: Mapping[str, tuple[Template, ...]]
    goals: tuple[Template, ...]
    goals_held: tuple[Template, ...]
    asks: tuple[Template, ...]
    asks_held: tuple[Template, ...]
    open: tuple[Template, ...]
    close: tuple[Template, ...]
    points: tuple[Point, ...]
    hard: bool


@cache
def intents() -> tuple[Intent, ...]:
    """All intents, by file and in the order of the file. Raises ValueError for a fault in any of them."""
    found = tuple(intent for path in sorted(FOLDER.glob("*.toml")) for intent in read(path))
    names = [intent.name for intent in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{FOLDER}: two intents have the name '{twice[0]}'. Rename one of them.")
    return found


def read(path: Path) -> tuple[Intent, ...]:
    """The intents of one file. Raises ValueError that names file, intent and fault."""
    found = faults(path)
    if found:
        raise ValueError("\n".join(found))
    return tuple(_intent(entry) for entry in _entries(path))


def faults(path: Path) -> list[str]:
    """What is wrong with a file, as sentences that name file, intent and fault."""
    try:
        entries = _entries(path)
    except (OSError, ValueError) as error:
        return [f"{path.name}: the file cannot be read ({error})."]
    found = [] if entries else [f"{path.name}: there is no [[intent]] in it."]
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = str(entry.get("name") or f"number {number}")
        if name in seen:
            found.append(f"{path.name}: two intents have the name '{name}'.")
        seen.add(name)
        try:
            wrong = list(_faults(entry))
        except (TypeError, AttributeError) as error:
            wrong = [f"a value is of the wrong type ({error})"]
        found += [f"{path.name}: intent '{name}': {fault}." for fault in wrong]
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    found: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8")).get("intent", [])
    return found


def _faults(entry: Mapping[str, Any]) -> Iterable[str]:
    for key in sorted(entry.keys() - INTENT_KEYS):
        yield f"the key '{key}' is not known"
    for key in ("name", "formats", "readers", "tones", "goals", "goals_held", "asks", "asks_held", "points"):
        if key not in entry:
            yield f"'{key}' is missing"
    for key, allowed in (("formats", FORMATS), ("tones", tuple(TONES))):
        yield from (f"'{value}' is not one of the {key}" for value in entry.get(key, ()) if value not in allowed)
        if not entry.get(key):
            yield f"'{key}' is empty"
    if entry.get("reader_is", "PERSON") not in ("PERSON", "ORG"):
        yield "'reader_is' is PERSON or ORG"
    slots, words, points = entry.get("slots", {}), entry.get("words", {}), entry.get("points", [])
    for name, kind in slots.items():
        if kind not in KINDS:
            yield f"the slot '{name}' has the unknown kind '{kind}'"
    for name in (*slots, *words):
        if not SLOT_NAME.fullmatch(name) or name in ALWAYS:
            yield f"'{name}' cannot be the name of a slot or word (small letters; not who, me, to)"
    for name in slots.keys() & words.keys():
        yield f"'{name}' is both a slot and a word"
    for name, options in words.items():
        if isinstance(options, str) or not options:
            yield f"the word '{name}' needs a list of choices"
            continue
        yield from _unreadable(f"word '{name}'", options, frozenset())
    own = OWN | {"to"} if entry.get("readers") else OWN
    known = frozenset(slots) | frozenset(words) | own
    core = frozenset(
        name for point in points if point.get("core") for name in _names(point.get("sketch", ())) if name in slots
    )
    for key, fewest in (("goals", 4), ("goals_held", 1), ("asks", 2), ("asks_held", 1)):
        if len(entry.get(key, ())) < fewest:
            yield f"'{key}' has fewer than {fewest} wordings"
        yield from _unreadable(f"'{key}'", entry.get(key, ()), known)
    yield from (f"the goal '{goal}' ends with a full stop" for goal in entry.get("goals", ()) if goal.endswith("."))
    for key in ("open", "close"):
        if key in entry and len(entry[key]) < 2:
            yield f"'{key}' has fewer than 2 wordings"
        yield from _unreadable(f"'{key}'", entry.get(key, ()), (frozenset(words) | OWN | core))
        yield from _without_stop(
            f"'{key}'", [line.rstrip(":") + "." * line.endswith(":") for line in entry.get(key, ())]
        )
    if set(entry.get("goals", ())) & set(entry.get("goals_held", ())) or set(entry.get("asks", ())) & set(
        entry.get("asks_held", ())
    ):
        yield "a held wording of goals or asks is also one of training"
    if not 3 <= len(points) <= 6:
        yield f"it has {len(points)} points; 3 to 6 are needed"
    if not 1 <= sum(bool(point.get("core")) for point in points) <= 3:
        yield "1 to 3 of its points must be core"
    carried: set[str] = set()
    for number, point in enumerate(points, 1):
        carried |= _names(point.get("sketch", ()))
        for fault in _point_faults(point, frozenset(slots), frozenset(words)):
            yield f"point {number}: {fault}"
    for name in sorted(slots.keys() - carried):
        yield f"no point has the slot '{name}' in its sketch"


def _point_faults(point: Mapping[str, Any], slots: frozenset[str], words: frozenset[str]) -> Iterable[str]:
    for key in sorted(point.keys() - POINT_KEYS):
        yield f"the key '{key}' is not known"
    if point.get("kind") not in POINT_KINDS:
        yield "'kind' is tell, ask or question"
    if not isinstance(point.get("core"), bool):
        yield "'core' is true or false"
    for key, fewest in FEWEST.items():
        if len(point.get(key, ())) < fewest:
            yield f"'{key}' has fewer than {fewest} wordings"
    mine = _names(point.get("sketch", ())) & slots
    if mine and len(point.get("note", ())) < 2:
        yield "it has slots, so 'note' needs 2 wordings"
    if not mine and point.get("note"):
        yield "it has no slots, so it must have no 'note'"
    for key in WORDINGS:
        yield from _unreadable(f"'{key}'", point.get(key, ()), slots | words | OWN)
        for wording in point.get(key, ()):
            try:
                template = parse(wording)
            except ValueError:
                continue
            if template.names & slots != mine or template.always & slots != mine:
                wanted = ", ".join(f"${name}" for name in sorted(mine)) or "no slot"
                yield f"'{key}' must name {wanted} in every branch: \"{wording}\""
    yield from _unreadable("'outline'", point.get("outline", ()), words)
    for wording in point.get("outline", ()):
        if not 2 <= len(wording.split()) <= MOST_OUTLINE_WORDS or wording.endswith("."):
            yield f"'outline' is 2 to 7 words without a full stop: \"{wording}\""
    for key in ("note", "plain", "formal", "warm"):
        yield from _without_stop(f"'{key}'", point.get(key, ()))
    for key in ("sketch", "clause", "clause_held"):
        for wording in point.get(key, ()):
            if wording.rstrip().endswith("."):
                yield f"'{key}' has no full stop: \"{wording}\""
            if wording[:1].isupper() and not re.match(r"I\b", wording):
                yield f"'{key}' starts in lower case: \"{wording}\""
    if set(point.get("clause", ())) & set(point.get("clause_held", ())):
        yield "a wording of 'clause_held' is also one of 'clause'"
    if point.get("kind") == "question":
        for wording in (*point.get("clause", ()), *point.get("clause_held", ())):
            first = re.match(r"\{?([a-z]+)", wording)
            if first is None or first[1] not in QUESTION_WORDS:
                yield f'a question\'s clause starts with whether, when, what …: "{wording}"'


def _unreadable(where: str, wordings: Iterable[str], known: frozenset[str]) -> Iterable[str]:
    for wording in wordings:
        try:
            unknown = parse(wording).names - known
        except ValueError as error:
            yield f'{where} has {error}: "{wording}"'
            continue
        for name in sorted(unknown):
            yield f'{where} cannot name ${name}: "{wording}"'


def _without_stop(where: str, wordings: Iterable[str]) -> Iterable[str]:
    for wording in wordings:
        if not re.search(r"[.!?]\}*$", wording.rstrip().rstrip("|}") if wording.endswith("}") else wording.rstrip()):
            yield f'{where} ends with a full stop: "{wording}"'


def _names(wordings: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for wording in wordings:
        try:
            found |= parse(wording).names
        except ValueError:
            continue
    return found


def _intent(entry: Mapping[str, Any]) -> Intent:
    slots: Mapping[str, str] = entry.get("slots", {})
    return Intent(
        name=entry["name"],
        formats=tuple(entry["formats"]),
        readers=tuple(entry["readers"]),
        reader_is=entry.get("reader_is", "PERSON"),
        tones=tuple(entry["tones"]),
        slots=slots,
        words={name: _parsed(options) for name, options in entry.get("words", {}).items()},
        goals=_parsed(entry["goals"]),
        goals_held=_parsed(entry["goals_held"]),
        asks=_parsed(entry["asks"]),
        asks_held=_parsed(entry["asks_held"]),
        open=_parsed(entry.get("open", ())),
        close=_parsed(entry.get("close", ())),
        points=tuple(_point(point, slots) for point in entry["points"]),
        hard=bool(entry.get("hard", False)),
    )


def _point(entry: Mapping[str, Any], slots: Mapping[str, str]) -> Point:
    return Point(
        kind=entry["kind"],
        core=entry["core"],
        slots=frozenset(_names(entry["sketch"]) & slots.keys()),
        outline=_parsed(entry["outline"]),
        **{key: _parsed(entry.get(key, ())) for key in WORDINGS},
    )


def _parsed(wordings: Iterable[str]) -> tuple[Template, ...]:
    return tuple(parse(wording) for wording in wordings)


def main(files: Sequence[str]) -> int:
    """Print the faults of `files`, and two composed examples of each intent; 1 when there is a fault."""
    wrong = False
    for path in map(Path, files):
        found = faults(path)
        wrong = wrong or bool(found)
        print("\n".join(found) if found else f"{path.name}: no fault.")
        if not found:
            from persona_cli.bench.world.composing import shown

            own = read(path)
            rng = random.Random()
            for intent in own:
                print("\n".join(shown(intent, own, rng) for _ in range(2)))
    return int(wrong)


if __name__ == "__main__":
    # The module as everyone else imports it, so that there is one class Intent.
    from persona_cli.bench.world.intents import main as checked

    raise SystemExit(checked(sys.argv[1:]))
