"""`persona ask`: one request from the command line or a pipe, one answer."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.intake import read_request, title
from persona_cli.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from persona_cli.assistant import Assistant
    from persona_cli.exchange import Answer, Reply, Request
    from persona_cli.parts import Parts
    from persona_cli.settings import Settings

NO_CLOUD = (
    "No cloud is configured, so this is answered on this machine. "
    "`persona config set cloud.model NAME` connects one (and cloud.base_url, if it is not OpenAI)."
)
TOO_SMALL = (
    "The embedded model nano is tiny: it can word a short e-mail or note and little else. "
    "`persona config set local.model FILE.gguf` uses a larger one."
)


def ask(
    text: Annotated[list[str] | None, typer.Argument(help="The request. What is piped in is its document.")] = None,
    resume: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the conversation that was used last.")
    ] = False,
    local: Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")] = False,
    mode: Annotated[str, typer.Option("--mode", help="sketch (the default) or local.")] = "",
    model: Annotated[str, typer.Option("--model", "-m", help="The cloud model, or with --local a .gguf file.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--show-sketch", help="Print exactly what would leave, and send nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Show what would leave, and ask: accept, edit, keep local or cancel.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Leave the placeholders of the answer as they came.")] = False,
    restore_in: Annotated[
        str, typer.Option("--restore-in", help="Where placeholders are restored: prose,code,url.")
    ] = "",
    no_log: Annotated[bool, typer.Option("--no-log", "-n", help="Keep nothing of this conversation.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No remarks on stderr.")] = False,
) -> None:
    """Ask once. TEXT is the request; a document can be piped in.

    With --confirm (or `persona config set privacy.confirm always`) nothing leaves without a yes at the terminal. Cancel
    ends with exit code 130, and no terminal to ask at with 3; nothing is sent then.
    """
    from persona_cli.parts import Parts

    if mode not in ("", "sketch", "local"):
        raise UsageError(f"--mode takes sketch or local, not '{mode}'.")
    if mode == "sketch" and local:
        raise UsageError("--mode sketch uses the cloud and --local does not: choose one.")
    request_text, document = read_request(text or [])
    parts = Parts.of_user(reading=screen.reading())
    here = local or mode == "local"
    parts = replace(parts, settings=with_options(parts.settings, model, here, restore_in, raw))
    where_local = here or (not parts.settings.cloud.configured and not dry_run)
    if mode == "sketch" and where_local:
        raise UsageError("--mode sketch needs a cloud: `persona config set cloud.model NAME`, or give --model NAME.")
    request = _request(parts, request_text, document, where_local, resume, no_log or dry_run, quiet)
    request = replace(request, confirm=True if confirm else None)
    assistant = _assistant(parts)
    if dry_run:
        from persona_cli.cli.stages import show_draft

        show_draft(assistant.prepare(replace(request, local=False)), as_json)
        return
    if where_local and not here and not quiet:
        screen.say(NO_CLOUD, "dim")
    if where_local and not parts.settings.local.model and not quiet:
        screen.note(TOO_SMALL)
    try:
        reply = assistant.ask(request)
    except Cancelled:
        if request.conversation and not resume:
            parts.conversations.remove(request.conversation)
        raise
    if reply.warning and not quiet:
        screen.say(reply.warning, "yellow")
    answer = show_answer(reply, as_json, plain=raw or not screen.out_is_terminal(), raw=raw)
    if not quiet and answer is not None:
        remark(answer)
    if request.conversation:
        from persona_cli.cli.tidying import tidy_later

        tidy_later(parts)


def with_options(settings: Settings, model: str, local: bool, restore_in: str, raw: bool) -> Settings:
    """The settings with the options of this command line on top. Raises SettingsError."""
    from persona_cli.settings import with_value

    if model:
        settings = with_value(settings, "local.model" if local else "cloud.model", model)
    if restore_in:
        settings = with_value(settings, "privacy.restore_in", restore_in)
    if raw:
        settings = with_value(settings, "privacy.restore_in", "")
    return settings


def show_answer(reply: Reply, as_json: bool, plain: bool, raw: bool = False) -> Answer | None:
    """Print an answer as it arrives, or as one JSON object when it is complete."""
    if as_json:
        try:
            for _ in reply:
                pass
        finally:  # an answer that came and could not be kept is shown all the same
            if reply.answer is not None:
                screen.write_json(answer_fields(reply.answer))
        return None
    if plain:
        screen.stream_plain(reply, raw)
    else:
        screen.stream_markdown(reply)
    return reply.answer


def answer_fields(answer: Answer) -> dict[str, Any]:
    """An answer as the JSON object of `--json`."""
    return asdict(answer)


def remark(answer: Answer) -> None:
    """What a person wants to know about an answer, dim on stderr; warnings even where stderr is no terminal."""
    if answer.cut_short:
        screen.say("The answer stopped at the model's length limit.", "yellow")
    if answer.held:
        screen.say(
            f"Left in place in a link or code: {', '.join(answer.held)}. --restore-in prose,code,url restores them.",
            "yellow",
        )
    if answer.unknown:
        screen.say(f"The answer has placeholders that were never issued: {', '.join(answer.unknown)}.", "yellow")
    screen.note(summary(answer))
    for text in answer.learned:
        screen.note(f"remembered: {text}")


def summary(answer: Answer) -> str:
    """One line: where the answer was made, and what was kept back."""
    if answer.where == "local":
        return f"local · {answer.model} · nothing left this machine"
    return (
        f"cloud · {answer.model} · replaced {answer.replaced}, withheld {answer.withheld}, "
        f"restored {answer.restored} · `persona audit show {answer.receipt}`"
    )


def _request(parts: Parts, text: str, document: str, local: bool, resume: bool, unlogged: bool, quiet: bool) -> Request:
    from persona_cli.exchange import Request
    from persona_cli.forgetting import expire

    conversation = ""
    if resume:
        last = parts.conversations.last() if parts.folders.vault_file.exists() else None
        if last is None:
            raise UsageError("There is no conversation to continue yet. Ask without -c first.")
        conversation = last.id
        if not quiet:
            screen.note(f"continuing {last.id}: {last.title}")
    elif not unlogged:
        conversation = parts.conversations.new(title(text)).id
    expire(parts, in_use=conversation)
    return Request(text=text, document=document, conversation=conversation, local=local)


def _assistant(parts: Parts) -> Assistant:
    from persona_cli.assistant import Assistant
    from persona_cli.cli.consent import at_terminal

    return Assistant(parts, at_terminal(parts))
