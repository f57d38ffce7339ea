"""persona as a stage of a pipe: the options of `ask` that say what comes in (`-f`) and in what form the answer goes out
(`-x`, `--schema`, `-u`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.answering import check_schema, show_answer, show_structured, usage_line
from persona_cli.errors import Cancelled, UsageError
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.cloud.fetching import Page
    from persona_cli.exchange import Answer, Reply
    from persona_cli.parts import Parts
    from persona_cli.reading.attachment import Fetch

FileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--file", "-f", metavar="FILE|URL|-", help="A document: a file, a web page, or - (stdin). Repeatable."
    ),
]
ExtractOption = Annotated[
    int,
    typer.Option(
        "--extract",
        "-x",
        count=True,
        show_default=False,
        help="Print the first code block of the answer and nothing else; -xx: every one.",
    ),
]
ExtractAllOption = Annotated[bool, typer.Option("--extract-all", help="The same as -xx.")]
SchemaOption = Annotated[
    str,
    typer.Option("--schema", metavar="SCHEMA", help="Answer in JSON of a schema: a file, JSON, or 'name, age int'."),
]
MarkdownOption = Annotated[
    bool | None,
    typer.Option("--md/--no-md", help="Draw the answer's Markdown, or print it as it is written.", show_default=False),
]
StreamOption = Annotated[bool, typer.Option("--stream/--no-stream", help="Print the answer as it comes, or whole.")]
UsageOption = Annotated[bool, typer.Option("--usage", "-u", help="Tell tokens, and the cost where prices are set.")]

SAVE_IT = 'save it first: `curl -s URL | persona -f - "summarise"`, or -f FILE'
NAMED = "This page is fetched now, and its address leaves for its host: {address}\nFetch it? [y]es / [n]o: "


@dataclass(frozen=True)
class Form:
    """In what form the answer goes out. `extract`: 0 whole, 1 the first code block, 2 every one.

    `markdown`: drawn, or as it is written; None leaves that to what stdout is. `stream`: as it comes.
    """

    extract: int = 0
    schema: str = ""
    usage: bool = False
    markdown: bool | None = None
    stream: bool = True

    def check(self, as_json: bool, finish: bool | None) -> None:
        """Raises UsageError for options that contradict each other."""
        if self.extract and (as_json or self.schema):
            raise UsageError(f"-x prints code and {'--json' if as_json else '--schema'} prints JSON: choose one.")
        if self.markdown and (self.extract or self.schema or as_json):
            other = "-x" if self.extract else "--json" if as_json else "--schema"
            raise UsageError(f"--md draws the answer for a reader and {other} is for a program: choose one.")
        if self.schema and finish:
            raise UsageError("--finish words the answer anew, and --schema fixes its form: choose one.")

    def show(self, reply: Reply, as_json: bool, raw: bool, finishing: bool) -> Answer | None:
        """Print the answer, and what it took. None where it went out as one JSON object."""
        drawn = screen.out_is_terminal() if self.markdown is None else self.markdown
        plain = not drawn or (raw and self.markdown is None)
        if self.extract:
            from persona_cli.cli.extracting import show_code

            answer = show_code(reply, every=self.extract > 1)
        elif self.schema and not as_json:
            answer = show_structured(reply)
        else:
            answer = show_answer(reply, as_json, plain, raw, finishing, whole=not self.stream)
        if self.usage and reply.answer is not None:
            screen.say(usage_line(reply.answer), "dim")
        return answer

    def conclude(self, reply: Reply) -> None:
        """Raises SchemaMissed for an answer that does not hold the schema; the last thing that is done."""
        if self.schema:
            check_schema(reply.answer)


def form(
    extract: int, every: bool, schema: str, usage: bool, markdown: bool | None = None, stream: bool = True
) -> Form:
    """The form that the options name. Raises UsageError."""
    from persona_cli.structured.schemas import read_schema

    return Form(2 if every else min(extract, 2), read_schema(schema) if schema else "", usage, markdown, stream)


def pages(parts: Parts, mode: str, dry: bool = False, confirm: bool = False) -> Fetch:
    """What fetches the pages that -f names, or says why none is fetched. `mode` is the one asked for, "" for none.

    Where the user must consent to what leaves, they are asked for each.
    """
    if dry:
        return _refusing("--dry-run and `persona sketch` open no connection, and a page is fetched with one")
    if (mode or parts.settings.answer.mode) == LOCAL or not parts.settings.cloud.configured:
        return _refusing("In the mode local no connection is opened, and a page is fetched with one")
    asks = confirm or parts.settings.privacy.confirm == "always"

    def fetch(address: str) -> Page:
        from persona_cli.reading.web import fetching

        if asks:
            from persona_cli.cli.consent import agreed

            if not agreed(NAMED.format(address=address)):
                raise Cancelled("Cancelled: nothing was fetched and nothing was sent.")
        return fetching(parts).fetch(address)

    return fetch


def _refusing(why: str) -> Fetch:
    def refuse(address: str) -> Page:
        raise UsageError(f"{why}: {SAVE_IT}.")

    return refuse
