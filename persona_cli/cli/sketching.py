"""`persona sketch`, and what `ask --dry-run` prints: exactly what would leave. Nothing here opens a connection."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import jsonl, screen
from persona_cli.cli.asking import named_mode
from persona_cli.cli.conversing import forget_old
from persona_cli.cli.intake import read_request, title
from persona_cli.cli.piping import FileOption, pages
from persona_cli.cli.stages import ConversationOption, JsonlOption, JsonOption
from persona_cli.errors import Refused
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.exchange import Draft, Request


def sketch(
    text: Annotated[list[str] | None, typer.Argument(help="The request (or on stdin).")] = None,
    file: FileOption = None,
    conversation: ConversationOption = "",
    mode: Annotated[str, typer.Option("--mode", help="In which mode: sketch, outline, logits, local, auto.")] = "",
    drafter: Annotated[
        str, typer.Option("--drafter", help="Who makes it: extractive (your words), local (a plan by the local model).")
    ] = "",
    as_json: JsonOption = False,
    as_jsonl: JsonlOption = False,
) -> None:
    """Print the payload that would leave for a request, and send nothing.

    \b
    Examples:
      persona sketch "thank Tom Brannigan for the new door"
      persona sketch --json -f mail.txt "answer this mail" | jq .withheld
      persona sketch "thank Tom Brannigan for the new door" | your-own-tool | persona restore
      persona sketch --jsonl < requests.jsonl > payloads.jsonl
    """
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts
    from persona_cli.serve.client import assistant_for
    from persona_cli.settings import with_value

    mode = named_mode(mode, local=False)
    parts = Parts.of_user(reading=screen.reading())
    if drafter:
        parts = replace(parts, settings=with_value(parts.settings, "local.drafter", drafter))
    assistant = assistant_for(parts)
    if as_jsonl:
        jsonl.each_line(lambda row: _sketch_row(assistant, row, mode))
        return
    asked, document = read_request(text or [], file or [], pages(parts, mode, dry=True))
    request = assistant.choose(Request(asked, document, mode=mode), dry=True)
    if request.mode == LOCAL:
        show_nothing(request, as_json)
        return
    chosen = parts.conversations.get(conversation) if conversation else parts.conversations.new(title(asked))
    forget_old(parts, in_use=chosen.id)
    draft = assistant.prepare(replace(request, conversation=chosen.id))
    parts.conversations.save_pseudonyms(chosen.id, draft.table)
    show_draft(draft, as_json)


def show_draft(draft: Draft, as_json: bool) -> None:
    """What would leave: the exact bytes on stdout. A person also sees, on stderr, what was kept back and why."""
    if as_json:
        screen.write_json(draft_fields(draft))
        return
    screen.write(draft.cleared.body.decode("utf-8") + "\n")
    screen.note(f"{'drafter':<11} {draft.sketch.made_by}")
    for remark in draft.sketch.remarks:
        screen.note(f"{'':<11} {remark}")
    for item in draft.sketch.decisions:
        screen.note(f"{item.treatment:<11} {' '.join(item.text.split())}  ({item.reason})")
    if draft.exposure and draft.exposure.traits:
        screen.note(f"told of you {draft.exposure.summary}")


def show_nothing(request: Request, as_json: bool) -> None:
    """That a request leaves nothing: the mode is local."""
    if as_json:
        screen.write_json(nothing_fields(request))
    else:
        screen.say(f"Nothing would leave: the mode is {request.mode}, {request.mode_reason}.", "dim")


def nothing_fields(request: Request) -> dict[str, Any]:
    """What `sketch --json` says of a request that leaves nothing."""
    return {
        "payload": None,
        "payload_text": "",
        "placeholders": {},
        "withheld": [],
        "generalised": [],
        "decisions": [],
        "gate": "nothing leaves",
        "mode": request.mode,
        "mode_reason": request.mode_reason,
    }


def draft_fields(draft: Draft) -> dict[str, Any]:
    """A draft as the JSON object of `sketch --json`."""
    return {
        "payload": draft.payload,
        "payload_text": draft.payload_text,
        "placeholders": draft.placeholders,
        "withheld": [item.text for item in draft.sketch.treated("withheld")],
        "generalised": [item.text for item in draft.sketch.treated("generalised")],
        "decisions": [asdict(item) for item in draft.sketch.decisions],
        "drafter": draft.sketch.drafter,
        "attempts": draft.sketch.attempts,
        "remarks": list(draft.sketch.remarks),
        "gate": "cleared",
        "mode": draft.request.mode,
        "mode_reason": draft.request.mode_reason,
    }


def _sketch_row(assistant: Any, row: jsonl.Row, mode: str) -> jsonl.Row:
    from persona_cli.exchange import Request

    request = Request(
        text=row["text"],
        document=jsonl.optional_text(row, "document"),
        facts=jsonl.texts(row, "facts"),
        mode=mode,
    )
    request = assistant.choose(request, dry=True)
    if request.mode == LOCAL:
        return nothing_fields(request)
    name = jsonl.optional_text(row, "conversation")
    conversations = assistant.parts.conversations if name else None
    table = conversations.pseudonyms(conversations.open(name).id) if conversations else None
    try:
        draft = assistant.prepare(request, table)
    except Refused as refusal:
        return {
            "payload": None,
            "payload_text": "",
            "placeholders": {},
            "withheld": [],
            "generalised": [],
            "gate": "refused",
            "findings": list(refusal.findings),
        }
    if conversations:
        conversations.save_pseudonyms(name, draft.table)
    return draft_fields(draft)
