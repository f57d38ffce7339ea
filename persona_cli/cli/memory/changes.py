"""`persona memory add|edit|pin|unpin|forget`: the commands that change what is remembered."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import jsonl, screen
from persona_cli.cli.intake import read_stdin, typed
from persona_cli.cli.memory.showing import (
    IdArgument,
    IdsArgument,
    JsonlOption,
    JsonOption,
    YesOption,
    fields,
    line,
    refresh_index,
    time_of,
    user_parts,
    user_store,
)
from persona_cli.errors import NothingFound, PersonaError, Refused, UsageError

if TYPE_CHECKING:
    from persona_cli.memory.contacts import Contact
    from persona_cli.memory.store import Memory, MemoryStore, Note
    from persona_cli.parts import Parts

# Lines of `add --jsonl` that wait already are stored with one write, at most so many.
TOGETHER = 64
# More ids than this are asked about: they came from a list, and a list can be the wrong one.
UNASKED = 9
LISTED = 20


def add(
    text: Annotated[list[str] | None, typer.Argument(help="What to remember (or on stdin).")] = None,
    time: Annotated[str, typer.Option("--time", help="When it was so (ISO 8601); now by default.")] = "",
    pinned: Annotated[bool, typer.Option("--pin", help="It never fades.")] = False,
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Remember TEXT.

    \b
    Examples:
      persona memory add "My landlord is Tom Brannigan."
      persona memory add --time 2026-05-02 "The deadline of the grant was extended to May 20."
      persona memory add --pin "Always sign my letters with Nora."
      persona memory add --jsonl < notes.jsonl
    """
    store = user_store()
    if as_jsonl:
        jsonl.in_batches(lambda rows: _add_rows(store, rows), TOGETHER)
        return
    written = " ".join(text or []).strip() or (read_stdin().strip() if not typed() else "")
    if not written:
        raise UsageError('There is nothing to remember. Type `persona memory add "..."`, or pipe a text in.')
    with screen.working("remembering"):
        kept, stored = store.add(written, time=time_of(time))
        if pinned:
            store.states.put({kept.id: replace(store.states.get(kept.id), pinned=True)})
    if as_json:
        screen.write_json({**fields(kept), "stored": stored})
    else:
        screen.write(f"{kept.id}\n")
        if not stored:
            screen.say("It was remembered already.", "dim")


def edit(
    memory_id: IdArgument,
    text: Annotated[list[str] | None, typer.Argument(help="The new text; without it, $EDITOR opens.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change the text of one memory; what it said before is gone as after `forget`.

    \b
    Examples:
      persona memory edit bb14a197 "The deadline of the grant is May 20."
      persona memory edit bb14a197     opens your editor
    """
    from persona_cli.local.snapshots import forget_snapshots, snapshots_folder

    parts = user_parts()
    item = parts.memory.get(memory_id)
    changed = " ".join(text or []).strip()
    if not changed:
        changed = (_in_editor(parts, item) if typed() else read_stdin()).strip()
    if not changed:
        raise UsageError("An empty memory is no memory: `persona memory forget ID` removes it.")
    if changed == item.text:
        screen.say(f"{item.id[:8]} stays as it is.", "dim")
    else:
        with screen.working("changing"):
            item = parts.memory.edit(item.id, changed)
            refresh_index(parts.memory)
            forget_snapshots(snapshots_folder(parts.folders))
        screen.say(f"{item.id[:8]} changed.", "dim")
    if as_json:
        screen.write_json(fields(item, parts.memory.states.get(item.id)))


def pin(memory_ids: IdsArgument) -> None:
    """Keep memories as they are: what is pinned never fades.

    \b
    Examples:
      persona memory pin bb14a197
    """
    _pin(memory_ids, True)


def unpin(memory_ids: IdsArgument) -> None:
    """Let memories fade again like the others.

    \b
    Examples:
      persona memory unpin bb14a197 ae5aa5e8
    """
    _pin(memory_ids, False)


def forget(
    memory_ids: Annotated[list[str] | None, typer.Argument(help="Ids, or starts of ids.")] = None,
    words: Annotated[
        str, typer.Option("--search", help="Every memory that has these words, in any case.", metavar="WORDS")
    ] = "",
    brought: Annotated[
        str, typer.Option("--import", help='All that an import brought: its number, or "last".', metavar="N")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be forgotten; forget nothing.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forget memories for good: no trace of them is left in any file.

    \b
    Examples:
      persona memory forget ae5aa5e8
      persona memory forget --search "Fennell Heating" --dry-run
      persona memory forget --import last
    """
    from persona_cli.local.snapshots import forget_snapshots, snapshots_folder

    if sum((bool(memory_ids), bool(words), bool(brought))) != 1:
        raise UsageError("Give one of these: ids of memories, --search WORDS, or --import N.")
    parts = user_parts()
    store = parts.memory
    contacts: list[Contact] = []
    number = 0
    if words:
        from persona_cli.forgetting import holding

        holds = holding(words)
        chosen = [item for item in store.entries() if holds(item.text)]
        if not chosen:
            raise NothingFound("No memory has these words.")
    elif brought:
        number = parts.imports.find(brought).n
        chosen, contacts = store.open(parts.imports.memories(number)), parts.contacts.brought_by(number)
    else:
        chosen = list({item.id: item for item in map(store.get, memory_ids or [])}.values())
    if dry_run or words or brought:
        _tell(chosen, contacts, dry_run, as_json)
    if not dry_run:
        if words or brought or len(chosen) > UNASKED:
            _confirm(chosen, contacts, yes)
        with screen.working("forgetting"):
            if chosen:
                store.forget([item.id for item in chosen])
                refresh_index(store)
                forget_snapshots(snapshots_folder(parts.folders))
            if number:
                parts.contacts.remove(contacts)
                parts.imports.remove(number)
        screen.say(f"{_counted(chosen, contacts)} forgotten.", "dim")
    if as_json:
        gone = [item.id for item in chosen]
        names = [item.name for item in contacts]
        screen.write_json({"memories": gone, "contacts": names, "forgotten": not dry_run})


def _tell(chosen: list[Memory], contacts: list[Contact], dry_run: bool, as_json: bool) -> None:
    """The listing is the result of a dry run, and a remark before a question."""
    if as_json:
        return
    shown = chosen if dry_run else chosen[:LISTED]
    rows = [line(item) for item in shown] + [f"contact  {item.name}\n" for item in contacts[: None if dry_run else 5]]
    for row in rows:
        if dry_run:
            screen.write(row)
        else:
            screen.say(row.rstrip("\n"))


def _confirm(chosen: list[Memory], contacts: list[Contact], yes: bool) -> None:
    """Raises UsageError where nobody can be asked, Refused where the answer is no."""
    if yes:
        return
    if not typed() or not screen.err_is_terminal():
        raise UsageError("Nothing was forgotten: without a terminal to ask on, --yes has to say so.")
    if not typer.confirm(f"Forget {_counted(chosen, contacts)} for good?", err=True):
        raise Refused("Nothing was forgotten.")


def _counted(chosen: list[Memory], contacts: list[Contact]) -> str:
    told = [f"{len(chosen):,} {'memory' if len(chosen) == 1 else 'memories'}"] if chosen or not contacts else []
    told += [f"{len(contacts):,} contact{'s' * (len(contacts) != 1)}"] if contacts else []
    return " and ".join(told)


def _pin(memory_ids: list[str], pinned: bool) -> None:
    store = user_store()
    chosen = [store.get(name).id for name in memory_ids]
    store.states.put({id: replace(store.states.get(id), pinned=pinned) for id in chosen})
    screen.say(f"{', '.join(id[:8] for id in chosen)} {'pinned' if pinned else 'not pinned any more'}.", "dim")


def _in_editor(parts: Parts, item: Memory) -> str:
    from persona_cli.cli.editor import edited

    return edited(item.text, parts.folders.state, sys.stdin.fileno(), sys.stderr.fileno(), os.environ)


def _add_rows(store: MemoryStore, rows: list[jsonl.Row]) -> list[jsonl.Row | PersonaError]:
    """An answer for each row; those that can be stored are stored with one write."""
    answers: list[jsonl.Row | PersonaError] = []
    notes: dict[int, Note] = {}
    for at, row in enumerate(rows):
        answers.append({})
        try:
            notes[at] = _note(row)
        except PersonaError as error:
            answers[at] = error
    for at, (kept, stored) in zip(notes, store.add_all(list(notes.values())) if notes else (), strict=True):
        answers[at] = {"memory_id": kept.id, "stored": stored}
    return answers


def _note(row: jsonl.Row) -> Note:
    from persona_cli.memory.store import Note

    identity = row.get("id")
    if not row["text"].strip():
        raise UsageError("There is no text to remember.")
    return Note(
        row["text"],
        time=time_of(jsonl.optional_text(row, "time")),
        speaker=jsonl.optional_text(row, "speaker"),
        conversation=jsonl.optional_text(row, "conversation"),
        source_id="" if identity is None else str(identity),
    )
