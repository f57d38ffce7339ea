"""The stages of the pipeline as commands of their own: detect, restore, compress (and sketching.py). None opens a
connection."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import jsonl, screen
from persona_cli.cli.intake import read_stdin
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from persona_cli.parts import Parts
    from persona_cli.privacy.spans import PrivateSpan

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line in, one out, in order.")]
ConversationOption = Annotated[
    str, typer.Option("--conversation", help="Whose placeholders to use: an id, or the start of one.")
]
COLOURS = {"PERSON": "magenta", "ORG": "cyan", "PLACE": "green", "ADDRESS": "green", "SECRET": "red", "ID": "red"}
CHUNK = 4096


def detect(as_json: JsonOption = False, as_jsonl: JsonlOption = False) -> None:
    """Find the private spans in the text on stdin.

    \b
    Examples:
      persona detect < notes.txt
      persona detect --json < notes.txt | jq '.spans[].text'
      persona detect --jsonl < texts.jsonl > spans.jsonl
    """
    from persona_cli.parts import Parts
    from persona_cli.serve.client import detector_for

    detector = detector_for(Parts.of_user(reading=screen.reading()))
    if as_jsonl:
        jsonl.each_line(lambda row: {"spans": [asdict(span) for span in detector.find(row["text"])]})
        return
    text = _needed_stdin("persona detect < notes.txt")
    spans = detector.find(text)
    if as_json:
        screen.write_json({"spans": [asdict(span) for span in spans]})
    elif screen.out_is_terminal():
        _show_spans(text, spans)
    else:
        for span in spans:
            screen.write(f"{span.start}\t{span.end}\t{span.kind}\t{span.source}\t{_one_line(span.text)}\n")


def restore(
    conversation: ConversationOption = "",
    restore_in: Annotated[
        str, typer.Option("--restore-in", help="Where placeholders are restored: prose,code,url.")
    ] = "",
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Put the private details back into text with placeholders (of the last conversation, or the one named).

    \b
    Examples:
      persona restore < answer.txt
      persona restore --conversation 7f3a --json < answer.txt
      persona restore --restore-in prose,code < answer.md
    """
    from persona_cli.parts import Parts
    from persona_cli.privacy.restore import Restorer, restore
    from persona_cli.settings import with_value

    parts = Parts.of_user()
    chosen = with_value(parts.settings, "privacy.restore_in", restore_in) if restore_in else parts.settings
    sinks = frozenset(chosen.privacy.restore_in)
    if as_jsonl:

        def answer(row: jsonl.Row) -> jsonl.Row:
            table = parts.conversations.pseudonyms(_conversation(parts, jsonl.optional_text(row, "conversation")))
            done = restore(row["text"], table, sinks)
            return {"text": done.text, "restored": done.restored, "held": done.held, "unknown": done.unknown}

        jsonl.each_line(answer)
        return
    # In `persona sketch | tool | persona restore` all three start at once: the conversation that was last is known only
    # when the first text has come through.
    chunks = _stdin_chunks()
    first = next(chunks)
    table = parts.conversations.pseudonyms(_conversation(parts, conversation))
    if as_json:
        screen.write_json(asdict(restore(first + "".join(chunks), table, sinks)))
        return
    restorer = Restorer(table, sinks)
    for chunk in itertools.chain((first,), chunks):
        screen.write(restorer.feed(chunk))
    screen.write(restorer.close())
    if restorer.unknown:
        screen.say(f"Never issued in this conversation: {', '.join(restorer.unknown)}", "yellow")
    if restorer.held:
        screen.say(f"Left in place inside a link or code: {', '.join(restorer.held)}", "yellow")


def compress(
    ratio: Annotated[
        float | None, typer.Option("--ratio", "-r", help="The share of the words to keep, 0 to 1 (default: 0.5).")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option("--mode", help="In the place of --ratio: readable (half), dense (a sixth), gist (1/26)."),
    ] = None,
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Shorten the text on stdin to a share of its words, keeping what carries it.

    \b
    Examples:
      persona compress < notes.txt
      persona compress --ratio 0.3 < notes.txt > short.txt
      persona compress --mode gist --json < notes.txt
    """
    from persona_cli.memory.compress import compress

    share = _share(ratio, mode)
    if as_jsonl:
        parse = _can_parse()

        def answer(row: jsonl.Row) -> jsonl.Row:
            wanted = row.get("ratio", share)
            if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
                raise UsageError("The field 'ratio' must be a number.")
            return asdict(compress(row["text"], _checked(wanted), parse=parse))

        jsonl.each_line(answer)
        return
    text = _needed_stdin("persona compress --ratio 0.3 < notes.txt")
    done = compress(text, share, parse=_can_parse(), told=screen.Bar("compressing"))
    if as_json:
        fields = asdict(done)
        screen.write_json({**fields, "kept": done.words_out, "dropped": done.words_in - done.words_out})
    else:
        screen.write(done.text if done.text.endswith("\n") else done.text + "\n")
        screen.note(f"{done.words_out} of {done.words_in} words")


def _can_parse() -> bool:
    """Whether the spaCy pipeline loads. Without it words go by a simpler rule, which is said."""
    from persona_cli.errors import ModelBroken, ModelMissing
    from persona_cli.memory.parsing import parser

    try:
        with screen.working("loading"):
            parser()
    except (ModelMissing, ModelBroken) as error:
        screen.say(f"{error} Until then words go by a simpler rule.", "yellow")
        return False
    return True


def _share(ratio: float | None, mode: str | None) -> float:
    from persona_cli.memory.compress import MODES

    if mode is None:
        return _checked(0.5 if ratio is None else ratio)
    if ratio is not None:
        raise UsageError("--ratio and --mode say the same thing twice; give one of them.")
    if mode not in MODES:
        raise UsageError(f"There is no mode '{mode}'. There are: {', '.join(MODES)}.")
    return MODES[mode]


def _checked(ratio: float) -> float:
    if not 0 < ratio <= 1:
        raise UsageError(f"--ratio is a share of the words, more than 0 and at most 1; {ratio} is not.")
    return float(ratio)


def _conversation(parts: Parts, name: str) -> str:
    if name:
        return parts.conversations.get(name).id
    last = parts.conversations.last()
    if last is None:
        raise UsageError("There is no conversation whose placeholders could be restored yet.")
    return last.id


def _needed_stdin(example: str) -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(f"The text comes on stdin, for example: {example}")
    return read_stdin()


def _stdin_chunks() -> Iterator[str]:
    """stdin as it arrives, so that restore can stand behind a model that streams."""
    import codecs

    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("The text comes on stdin, for example: persona restore < answer.txt")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(sys.stdin.fileno(), CHUNK):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _show_spans(text: str, spans: tuple[PrivateSpan, ...]) -> None:
    """The text with its private spans in colour, then a line for each."""
    from rich.text import Text

    drawn = Text(text)
    for span in spans:
        drawn.stylize(f"bold {COLOURS.get(span.kind, 'yellow')}", span.start, span.end)
    screen.console().print(drawn)
    for span in spans:
        screen.note(f"{span.kind:<9} {_one_line(span.text)}  ({span.source}, {span.confidence:.2f})")


def _one_line(text: str) -> str:
    return " ".join(text.split())
