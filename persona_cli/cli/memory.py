"""`persona memory`: what persona remembers, to be added to, searched, changed and forgotten."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import jsonl, screen
from persona_cli.cli.intake import read_stdin
from persona_cli.errors import NothingFound, PersonaError, UsageError

if TYPE_CHECKING:
    from persona_cli.memory.store import Hit, Memory, MemoryStore

memory = typer.Typer(help="What persona remembers: add, list, show, search, edit, forget.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line in, one out, in order.")]
IdArgument = Annotated[str, typer.Argument(help="A memory's id, or the start of one (4 characters or more).")]


@memory.command()
def add(
    text: Annotated[list[str] | None, typer.Argument(help="What to remember (or on stdin).")] = None,
    time: Annotated[str, typer.Option("--time", help="When it was so (ISO 8601); now by default.")] = "",
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Remember TEXT."""
    store = _store()
    if as_jsonl:
        jsonl.each_line(lambda row: _add_row(store, row))
        return
    written = " ".join(text or []).strip() or (read_stdin().strip() if not sys.stdin.isatty() else "")
    if not written:
        raise UsageError('There is nothing to remember. Type `persona memory add "..."`, or pipe a text in.')
    with screen.working("remembering"):
        kept, stored = store.add(written, time=_time(time))
    if as_json:
        screen.write_json({**_fields(kept), "stored": stored})
    else:
        screen.write(f"{kept.id}\n")
        if not stored:
            screen.say("It was remembered already.", "dim")


@memory.command("list")
def list_memories(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the memories, newest first."""
    kept = _store().list(limit=limit)
    if as_json:
        screen.write_json([_fields(item) for item in kept])
    elif not kept:
        screen.say("Nothing is remembered yet.", "dim")
    for item in [] if as_json else kept:
        screen.write(f"{item.id[:8]}  {item.time:%Y-%m-%d}  {' '.join(item.text.split())}\n")


@memory.command()
def show(memory_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show one memory."""
    item = _store().get(memory_id)
    if as_json:
        screen.write_json(_fields(item))
        return
    screen.write(item.text + "\n")
    about = [item.id, f"{item.time:%Y-%m-%d %H:%M}", item.speaker, item.conversation]
    screen.note(" · ".join(part for part in about if part))


@memory.command()
def search(
    query: Annotated[list[str] | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits at most.")] = 5,
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Find the memories nearest to QUERY. Ends with 4 when nothing is relevant."""
    store = _store()
    if as_jsonl:
        jsonl.each_line(lambda row: _search_row(store, row, k), needed=("query",))
        return
    wanted = " ".join(query or []).strip()
    if not wanted:
        raise UsageError('There is nothing to look for. Type `persona memory search "..."`.')
    with screen.working("searching"):
        found = _found(store, wanted, k)
    if as_json:
        screen.write_json(found)
    elif not found["nothing_relevant"]:
        for hit in found["hits"]:
            screen.write(f"{hit['score']:.2f}  {hit['memory_id'][:8]}  {' '.join(hit['text'].split())}\n")
    if found["nothing_relevant"]:
        raise NothingFound("Nothing that is remembered fits that.")


@memory.command()
def edit(
    memory_id: IdArgument,
    text: Annotated[list[str] | None, typer.Argument(help="The new text; without it, $EDITOR opens.")] = None,
) -> None:
    """Change the text of one memory."""
    store = _store()
    item = store.get(memory_id)
    changed = " ".join(text or []).strip()
    if not changed:
        if not sys.stdin.isatty():
            changed = read_stdin().strip()
        else:
            raise UsageError("Give the new text: `persona memory edit ID new text`.")
    if not changed:
        raise UsageError("An empty memory is no memory: `persona memory forget ID` removes it.")
    store.edit(item.id, changed)
    screen.say(f"{item.id[:8]} changed.", "dim")


@memory.command()
def forget(
    memory_ids: Annotated[list[str], typer.Argument(help="Ids, or starts of ids.")],
) -> None:
    """Forget memories for good: no trace of them is left in any file."""
    store = _store()
    chosen = [store.get(name).id for name in memory_ids]
    with screen.working("forgetting"):
        gone = store.forget(chosen)
    screen.say(f"{gone} forgotten.", "dim")


def _store() -> MemoryStore:
    from persona_cli.parts import Parts

    return Parts.of_user().memory


def _fields(item: Memory) -> dict[str, Any]:
    return {
        "memory_id": item.id,
        "text": item.text,
        "time": item.time.isoformat(),
        "speaker": item.speaker,
        "conversation": item.conversation,
        "source_id": item.source_id,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    fields = _fields(hit.memory)
    return {name: fields[name] for name in ("memory_id", "source_id", "text", "time")} | {"score": round(hit.score, 4)}


def _add_row(store: MemoryStore, row: jsonl.Row) -> jsonl.Row:
    identity = row.get("id")
    kept, stored = store.add(
        row["text"],
        time=_time(jsonl.optional_text(row, "time")),
        speaker=jsonl.optional_text(row, "speaker"),
        conversation=jsonl.optional_text(row, "conversation"),
        source_id="" if identity is None else str(identity),
    )
    return {"memory_id": kept.id, "stored": stored}


def _search_row(store: MemoryStore, row: jsonl.Row, k: int) -> jsonl.Row:
    wanted = row.get("k", k)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        raise PersonaError("The field 'k' must be a whole number of at least 1.")
    return _found(store, row["query"], wanted)


def _found(store: MemoryStore, query: str, k: int) -> dict[str, Any]:
    """The `k` nearest, and whether none of them is near enough to be about the query."""
    from persona_cli.memory.recall import FLOOR, recall

    hits = recall(store, query, k, floor=-1.0)
    return {
        "hits": [_hit(hit) for hit in hits],
        "nothing_relevant": not any(hit.score >= FLOOR for hit in hits),
    }


def _time(text: str) -> datetime | None:
    """ISO 8601 as a time with a zone (UTC where none is given); None for "". Raises UsageError."""
    if not text:
        return None
    try:
        # Python 3.10 reads no trailing Z.
        time = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
    except ValueError:
        raise UsageError(f"'{text}' is not a time in ISO 8601, such as 2026-03-01 or 2026-03-01T09:30.") from None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
