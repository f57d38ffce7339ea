"""`persona memory import`: notes, documents, chats, mail, contacts and calendars become memories, and can go again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.memory.showing import JsonOption, refresh_index, user_parts
from persona_cli.errors import PersonaError, UsageError

if TYPE_CHECKING:
    from persona_cli.memory.importing.run import Tally
    from persona_cli.memory.importing.sources import Found
    from persona_cli.parts import Parts

INTERRUPTED = 130


def import_files(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, folders and zip archives.")] = None,
    form: Annotated[
        str,
        typer.Option(
            "--from", help="markdown, text, pdf, chatgpt, claude, mbox, vcard, ics, jsonl. By default each file's own."
        ),
    ] = "",
    with_answers: Annotated[
        bool, typer.Option("--with-answers", help="Of chats, what the assistant answered too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything, remember nothing.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the imports so far.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remember what stands in files: Markdown and Obsidian folders, text, PDF, the exports of ChatGPT and Claude,
    mbox, vCard, iCalendar, and persona's own exports.

    What is known already is not taken in twice, so an import that was interrupted is simply run again.
    `persona memory forget --import N` takes an import back.

    \b
    Examples:
      persona memory import ~/notes people.vcf
      persona memory import mail.mbox --dry-run
      persona memory import export.zip --from chatgpt --with-answers
      persona memory import --list
    """
    from persona_cli.memory.importing.items import Options
    from persona_cli.memory.importing.sources import find_sources

    parts = user_parts()
    if listed:
        _list(parts, as_json)
        return
    if not paths or Path() in paths:
        raise UsageError("Name the files or folders to import: persona memory import ~/notes")
    options = Options(with_answers)
    with screen.working("looking for files"):
        found = find_sources(paths, form)
    started = time.perf_counter()
    with _shown() as show:
        tally = _dry(found, options, show) if dry_run else _import(parts, found, paths, options, show)
        show(1.0, tally)
    seconds = time.perf_counter() - started
    if as_json:
        screen.write_json(_fields(tally, found, seconds))
    elif dry_run:
        _write_counts(tally)
    else:
        screen.write(_sentence(tally, found) + "\n")
        if tally.stored or tally.contacts:
            screen.note(f"To take it back: persona memory forget --import {tally.number}")
    if found.left_alone and not as_json:
        screen.say(f"{found.left_alone:,} files of other kinds were left alone.", "dim")
    if tally.problems:
        raise typer.Exit(PersonaError.exit_code)


def _import(parts: Parts, found: Found, paths: list[Path], options: Any, show: _Show) -> Tally:
    from persona_cli.memory.importing.run import Importer

    importer = Importer(parts.memory, parts.vault, parts.imports, parts.seal, show)
    what = tuple(str(path.resolve()) for path in paths)
    try:
        tally = importer.run(found, what, options)
        if tally.stored:
            refresh_index(parts.memory)
        return tally
    except KeyboardInterrupt:
        show.close()
        tally = importer.tally
        screen.say(
            f"Interrupted: {_counted(tally.stored, 'memory', 'memories')} kept so far. The same command goes on; "
            f"`persona memory forget --import {tally.number}` takes it back."
        )
        raise typer.Exit(INTERRUPTED) from None


def _dry(found: Found, options: Any, show: _Show) -> Tally:
    from persona_cli.memory.importing.run import Tally, items

    tally = Tally()
    for _ in items(found, options, tally, show):
        pass
    show(1.0, tally)
    return tally


class _Show:
    """Tells of problems as they come, and on a terminal how far the import is."""

    def __init__(self) -> None:
        self._told = 0
        self._progress: Any = None

    def __call__(self, share: float, tally: Tally) -> None:
        for problem in tally.problems[self._told :]:
            # Not through the bar's console: rich would read brackets in a file name as markup.
            screen.say(f"persona: {problem.where}: {problem.sentence}", "red")
        self._told = len(tally.problems)
        if not screen.err_is_terminal():
            return
        if self._progress is None:
            self._progress = self._bar()
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=share, stored=f"{tally.stored:,} remembered")

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _bar(self) -> Any:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("importing"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[stored]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        progress = Progress(*columns, console=screen.console(stderr=True), transient=True)
        progress.add_task("", total=1.0, stored="")
        return progress


@contextmanager
def _shown() -> Iterator[_Show]:
    show = _Show()
    try:
        yield show
    finally:
        show.close()


def _fields(tally: Tally, found: Found, seconds: float) -> dict[str, Any]:
    formats = Counter("markdown" if form == "own" else form for form, _ in found.files)
    return {
        "import": tally.number if tally.stored or tally.contacts else None,
        "files": tally.files,
        "formats": dict(formats),
        "stored": tally.stored,
        "known": tally.known,
        "contacts": tally.contacts,
        "contacts_known": tally.known_contacts,
        "left_alone": found.left_alone,
        "by_file": tally.by_file,
        "failed": [{"where": item.where, "error": item.sentence} for item in tally.problems],
        "seconds": round(seconds, 3),
    }


def _write_counts(tally: Tally) -> None:
    for name, count in tally.by_file.items():
        screen.write(f"{count:>7,}  {name}\n")
    screen.write(f"{sum(tally.by_file.values()):>7,}  to remember; nothing was stored\n")


def _sentence(tally: Tally, found: Found) -> str:
    brought = [_counted(tally.stored, "new memory", "new memories")]
    if tally.contacts:
        brought.append(_counted(tally.contacts, "contact", "contacts"))
    known = tally.known + tally.known_contacts
    again = f" ({known:,} known already)" if known else ""
    failed = f"; {_counted(len(tally.problems), 'thing', 'things')} could not be read" if tally.problems else ""
    return f"{' and '.join(brought)} from {_counted(tally.files, 'file', 'files')}{again}{failed}."


def _list(parts: Parts, as_json: bool) -> None:
    imports = parts.imports.all() if parts.folders.vault_file.exists() else []
    if as_json:
        screen.write_json(
            [
                {
                    "import": item.n, "what": item.what, "begun": item.begun.isoformat(),
                    "ended": item.ended.isoformat() if item.ended else None, "memories": item.memories,
                    "contacts": item.contacts,
                }
                for item in imports
            ]
        )  # fmt: skip
        return
    if not imports:
        screen.say("Nothing was imported yet.", "dim")
    for item in imports:
        state = "" if item.ended else "  (interrupted)"
        counts = ", ".join(
            (_counted(item.memories, "memory", "memories"), _counted(item.contacts, "contact", "contacts"))
        )
        screen.write(f"{item.n:>3}  {item.begun:%Y-%m-%d %H:%M}  {counts}  {', '.join(item.what)}{state}\n")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
