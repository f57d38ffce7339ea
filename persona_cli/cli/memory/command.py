"""`persona memory`: the group, and the commands that only look: list, show, search, history."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import jsonl, screen
from persona_cli.cli.memory import changes, exporting
from persona_cli.cli.memory.care import consolidate, stats
from persona_cli.cli.memory.importing import import_files
from persona_cli.cli.memory.showing import IdArgument, JsonlOption, JsonOption, fields, line, time_of, user_store
from persona_cli.errors import NothingFound, PersonaError, UsageError

if TYPE_CHECKING:
    from persona_cli.memory.store import Hit, MemoryStore

# Of what surely answers nothing, so many are named all the same.
NEAREST = 3

memory = typer.Typer(
    help="""What persona remembers: add, list, show, search, edit, pin, forget, history, import, export.

    \b
    Examples:
      persona memory add "My landlord is Tom Brannigan."
      persona memory search "landlord"
      persona memory import ~/notes
    """,
    no_args_is_help=True,
)
memory.command()(changes.add)


@memory.command("list")
def list_memories(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 50,
    pinned: Annotated[bool, typer.Option("--pinned", help="Only those that are pinned.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the memories, newest first. A * marks what is pinned, a ~ what is out of date.

    \b
    Examples:
      persona memory list
      persona memory list -n 10 --json
      persona memory list --pinned
    """
    store = user_store()
    states = store.states.all()
    if pinned:
        kept = sorted(store.open([id for id, state in states.items() if state.pinned]), key=lambda item: item.stored)
        kept = kept[::-1][:limit]
    else:
        kept = store.list(limit=limit)
    told = [(item, states.get(item.id) or store.states.get(item.id)) for item in kept]
    if as_json:
        screen.write_json([fields(*item) for item in told])
    elif not kept:
        screen.say("Nothing is pinned." if pinned else "Nothing is remembered yet.", "dim")
    for item in [] if as_json else told:
        screen.write(line(*item))


@memory.command()
def show(
    memory_id: IdArgument,
    why: Annotated[bool, typer.Option("--why", help="Also why it is as it is: origin, worth, fading.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one memory.

    \b
    Examples:
      persona memory show bb14a197
      persona memory show --why bb14a197
    """
    store = user_store()
    item = store.get(memory_id)
    state = store.states.get(item.id)
    reasons: list[str] = []
    if why:
        from persona_cli.memory.fading.explaining import explain

        reasons = explain(item, state, datetime.now(timezone.utc))
    if as_json:
        screen.write_json(fields(item, state) | ({"why": reasons} if why else {}))
        return
    screen.write(item.text + "\n")
    about = [item.id, f"{item.time:%Y-%m-%d %H:%M}", item.speaker, item.conversation, item.source_id]
    about += ["pinned"] if state.pinned else []
    screen.note(" · ".join(part for part in about if part))
    for reason in reasons:
        screen.write(f"- {reason}\n")


@memory.command()
def search(
    query: Annotated[list[str] | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits at most.")] = 5,
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Find the memories nearest to QUERY. Ends with 4 when nothing is relevant.

    \b
    Examples:
      persona memory search "when is the grant deadline?"
      persona memory search -k 10 --json "landlord" | jq '.hits[].text'
      persona memory search --jsonl < questions.jsonl
    """
    store = user_store()
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
        for hit in [] if as_json else found["hits"][:NEAREST]:
            screen.note(f"nearest: {hit['memory_id'][:8]}  {' '.join(hit['text'].split())}")
        raise NothingFound("Nothing that is remembered surely answers that.")


@memory.command()
def history(
    memory_id: Annotated[str, typer.Argument(help="A memory's id, or the start of one; without it, all.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What was so before: a memory with the older ones that it has taken the place of, and the newer ones after it.

    \b
    Examples:
      persona memory history
      persona memory history bb14a197 --json
    """
    from persona_cli.memory.storage.state import State

    store = user_store()
    states = store.states.all()
    newer = {id: state.superseded_by for id, state in states.items() if state.superseded_by}
    chains = [chain for chain in _chains(newer) if not memory_id or store.get(memory_id).id in chain]
    if memory_id and not chains:
        chains = [[store.get(memory_id).id]]
    told = [store.open(chain) for chain in chains]
    if as_json:
        screen.write_json([[fields(item, states.get(item.id, State())) for item in chain] for chain in told])
        return
    if not told:
        screen.say("Nothing that is remembered has been superseded yet.", "dim")
    for number, chain in enumerate(told):
        screen.write("\n" if number else "")
        for item in chain:
            screen.write(line(item, states.get(item.id, State())))


memory.command()(changes.edit)
memory.command()(changes.pin)
memory.command()(changes.unpin)
memory.command()(changes.forget)
memory.command("import")(import_files)
memory.command()(exporting.export)
memory.command()(stats)
memory.command()(consolidate)


def _chains(newer: dict[str, str]) -> list[list[str]]:
    """Ids from the oldest statement to the newest, by who superseded whom. Two that one superseded stand before it."""
    older: dict[str, list[str]] = {}
    for id, by in newer.items():
        older.setdefault(by, []).append(id)
    chains = []
    for last in (by for by in older if by not in newer):
        chain, waiting = [], [last]
        while waiting:
            id = waiting.pop()
            if id not in chain:
                chain.append(id)
                waiting += older.get(id, [])
        chains.append(chain[::-1])
    return chains


def _hit(hit: Hit) -> dict[str, Any]:
    told = fields(hit.memory)
    return {name: told[name] for name in ("memory_id", "source_id", "text", "time")} | {"score": round(hit.score, 4)}


def _search_row(store: MemoryStore, row: jsonl.Row, k: int) -> jsonl.Row:
    wanted = row.get("k", k)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        raise PersonaError("The field 'k' must be a whole number of at least 1.")
    return _found(store, row["query"], wanted, time_of(jsonl.optional_text(row, "time")))


def _found(store: MemoryStore, query: str, k: int, now: datetime | None = None) -> dict[str, Any]:
    """The `k` that fit best, and whether they are likely not to hold what is asked for."""
    from persona_cli.memory.recall import search

    found = search(store, query, k, now=now)
    return {"hits": [_hit(hit) for hit in found.hits], "nothing_relevant": found.nothing_relevant}
