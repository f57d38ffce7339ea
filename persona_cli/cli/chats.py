"""`persona chats`: the conversations that are kept. list, show, search, rename, rm, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.completing import complete_conversation
from persona_cli.cli.own_file import check_target, write_out
from persona_cli.errors import NothingFound, UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from persona_cli.chats.searching import Found, Marks
    from persona_cli.conversation import Conversation, Conversations, Turn

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An id, a title, or the start of one (4 characters or more).",
        autocompletion=complete_conversation,
    ),
]
SAID_BY = {"user": "you", "assistant": "persona"}
# The endings of files that say a format by themselves.
ENDINGS = {".md": "md", ".markdown": "md", ".json": "json", ".jsonl": "jsonl"}

chats = typer.Typer(
    help="""Conversations: list, show, search, rename, rm, export. `persona ask --chat NAME` goes on with one.

    \b
    Examples:
      persona chats list
      persona chats search "heating landlord"
      persona chats show "The heating"
    """,
    no_args_is_help=True,
)


@chats.command("list")
def list_chats(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, the last used first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the conversations, the last used first: id, when it was used, turns, title.

    \b
    Examples:
      persona chats list -n 10
      persona chats list --json | jq -r '.[].title'
    """
    kept = _conversations()
    shown = kept.list(limit) if kept else ()
    turns = kept.lengths() if kept else {}
    if as_json:
        screen.write_json([_fields(item, turns.get(item.id, 0)) for item in shown])
        return
    for item in shown:
        screen.write(f"{item.id:<8}  {_when(item)}  {turns.get(item.id, 0):>4}  {_on_a_line(item.title)}\n")
    if kept and len(shown) == limit and (more := len(kept.list()) - limit):
        screen.note(f"{more} older: -n {limit + more} lists them.")
    if not shown:
        screen.say('No conversation is kept yet. `persona ask "..."` begins one.', "dim")


@chats.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show a conversation: as Markdown, rendered on a terminal.

    \b
    Examples:
      persona chats show 2bc65761
      persona chats show "trip to Rome" | less
    """
    from persona_cli.chats import exporting

    kept = _needed(name)
    item = kept.named(name)
    said = exporting.everything_said(kept, item.id)
    if as_json:
        screen.write_json(exporting.as_json(item, said))
    elif screen.out_is_terminal():
        _draw(item, said)
    else:
        screen.write(exporting.markdown(item, said))


@chats.command()
def search(
    words: Annotated[list[str], typer.Argument(help='What to look for: all the words; a phrase in "quotes".')],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many conversations at most.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Find the conversations that hold all the words, in whatever turns or the title. Ends with 4 when none does.

    Case and accents do not matter, and a word is found by its beginning. Everything is decrypted and looked through in
    memory: no index of it lies on the disk.

    \b
    Examples:
      persona chats search mortgage emma
      persona chats search '"fixed rate" 2026'
      persona chats search invoice --json | jq -r '.[0].id'
    """
    from persona_cli.chats.searching import search, words_of

    query = " ".join(words)
    words_of(query)
    kept = _conversations()
    with screen.working("searching"):
        found = search(kept, query, k) if kept else []
    if as_json:
        turns = kept.lengths() if kept else {}
        screen.write_json([_hit(hit, turns.get(hit.conversation.id, 0)) for hit in found])
    for hit in () if as_json else found:
        _draw_hit(hit)
    if not found:
        raise NothingFound("No conversation holds all of that. Fewer words, or the beginnings of words, find more.")


@chats.command()
def rename(name: NameArgument, title: Annotated[list[str], typer.Argument(help="The new title.")]) -> None:
    """Give a conversation another title, by which --chat finds it.

    \b
    Examples:
      persona chats rename 2bc65761 trip to Rome
      persona ask --chat "trip to Rome" "And the second day?"
    """
    kept = _needed(name)
    renamed = kept.rename(kept.named(name).id, " ".join(title))
    screen.say(f"{renamed.id} is now called {renamed.title}", "dim")


@chats.command()
def rm(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Ids, titles, or starts of them (4 characters or more).",
            autocompletion=complete_conversation,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove conversations for good: their turns, placeholders, titles, what was sent and typed for them.

    The same as `persona forget NAME...`, which also forgets by age (--older-than 30d) or one private value (--value).

    \b
    Examples:
      persona chats rm 2bc65761
      persona chats rm "trip to Rome" "letter to the council" --yes
    """
    from persona_cli.cli.forget import forget
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    if parts.folders.vault_file.exists():
        chosen = [parts.conversations.named(name) for name in names]
        still_open = parts.open_conversations.open_elsewhere([item.id for item in chosen])
        for item in chosen:
            if item.id in still_open:
                screen.say(
                    f"{item.id} ({item.title}) is open in another terminal, which can't go on with it.", "yellow"
                )
        names = [item.id for item in chosen]
    forget(names, "", False, "", False, yes, as_json)


@chats.command()
def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="An id, a title, or the start of one. Not with --all.",
            autocompletion=complete_conversation,
        ),
    ] = "",
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The file to write; without it, stdout.")] = "",
    form: Annotated[
        str, typer.Option("--format", "-f", help="md, json or jsonl; by default what the file's ending says, or md.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All conversations, the last used first.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a conversation, or all, as Markdown, JSON, or JSON lines (a turn a line). A file is yours alone (0600).

    \b
    Examples:
      persona chats export "trip to Rome" rome.md
      persona chats export --all chats.jsonl
      persona chats export 2bc65761 --format json | jq -r '.turns[].text'
    """
    from persona_cli.chats.exporting import FORMATS, exported

    if everything:
        if file:
            raise UsageError(f"--all takes no NAME: `persona chats export --all {file}`.")
        name, file = "", name
    elif not name:
        raise UsageError("Name a conversation (`persona chats list` shows them), or give --all.")
    target = None if file in ("", "-") else Path(file)
    form = form or (ENDINGS.get(target.suffix.lower(), "md") if target else "md")
    if form not in FORMATS:
        raise UsageError(f"There is no format '{form}'. The formats are: {', '.join(FORMATS)}.")
    if target is not None:
        if target.is_dir():
            raise UsageError(f"{target} is a folder. Name a file in it.")
        check_target(target, force)
    kept = _needed(name)
    chosen = kept.list() if everything else (kept.named(name),)
    pieces = exported(kept, chosen, form, as_list=everything)
    write_out(pieces, target, f"{len(chosen):,} conversation{'s' * (len(chosen) != 1)}")


def _conversations() -> Conversations | None:
    """None where nothing was ever kept: looking makes no file."""
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    return parts.conversations if parts.folders.vault_file.exists() else None


def _needed(name: str) -> Conversations:
    kept = _conversations()
    if kept is None:
        raise NothingFound("No conversation is kept yet" + (f", so none is called '{name}'." if name else "."))
    return kept


def _when(item: Conversation) -> str:
    return f"{item.used.astimezone():%Y-%m-%d %H:%M}"


def _on_a_line(text: str) -> str:
    return " ".join(text.split())


def _fields(item: Conversation, turns: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "created": item.created.isoformat(),
        "used": item.used.isoformat(),
        "turns": turns,
    }


def _hit(hit: Found, turns: int) -> dict[str, Any]:
    return {
        **_fields(hit.conversation, turns),
        "score": round(hit.score, 4),
        "turn": hit.turn,
        "role": hit.role,
        "snippet": hit.snippet,
        "marks": hit.marks,
    }


def _draw(item: Conversation, said: tuple[Turn, ...]) -> None:
    """On a terminal: each turn rendered under who said it."""
    from rich.markdown import Markdown
    from rich.text import Text

    from persona_cli.chats.exporting import headed

    console = screen.console(wrap=True)
    console.print(Text(screen.visible(f"{_on_a_line(item.title) or item.id}"), style="bold"))
    console.print(Text(f"{item.id}, last used {_when(item)}\n", style="dim"))
    for above, turn in headed(said):
        console.print(Text(above.replace("**", ""), style="cyan"))
        console.print(Markdown(screen.visible(turn.text)))
        console.print()


def _draw_hit(hit: Found) -> None:
    """A line for the conversation and one for its best turn, with the words highlighted on a terminal."""
    item = hit.conversation
    lead = f"{item.id:<8}  {_when(item)}  "
    said = f"          {SAID_BY.get(hit.role, hit.role)}, turn {hit.turn}: "
    title = _on_a_line(item.title)
    if not screen.out_is_terminal():
        screen.write(f"{lead}{title}\n" + (f"{said}{hit.snippet}\n" if hit.snippet else ""))
        return
    console = screen.console(wrap=True)
    console.print(_marked(lead, title, hit.title_marks))
    if hit.snippet:
        console.print(_marked(said, hit.snippet, hit.marks))


def _marked(lead: str, text: str, marks: Marks) -> Text:
    from rich.text import Text

    shown = Text(lead, style="dim").append(screen.visible(text), style="not dim")
    for start, end in marks:
        shown.stylize("bold yellow", len(lead) + start, len(lead) + end)
    return shown
