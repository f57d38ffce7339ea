"""`persona ask`: one request from the command line or a pipe, one answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.answering import TINY_FINISH, remark, say_mode, show_answer
from persona_cli.cli.intake import read_request, title
from persona_cli.errors import Cancelled, UsageError
from persona_cli.settings import LOCAL, MODES

if TYPE_CHECKING:
    from persona_cli.assistant import Assistant
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts
    from persona_cli.settings import Settings


def ask(
    text: Annotated[list[str] | None, typer.Argument(help="The request. What is piped in is its document.")] = None,
    resume: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the conversation that was used last.")
    ] = False,
    local: Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")] = False,
    mode: Annotated[
        str, typer.Option("--mode", help="How it is answered: sketch (the default), outline, logits, local, auto.")
    ] = "",
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
    finish: Annotated[
        bool | None, typer.Option("--finish/--no-finish", help="Have the local model fit and fill the answer.")
    ] = None,
    wish: Annotated[str, typer.Option("--wish", help="How the finished answer should be, such as warmer.")] = "",
    diff: Annotated[bool, typer.Option("--diff", help="Show on stderr what the finish changed.")] = False,
    no_log: Annotated[bool, typer.Option("--no-log", "-n", help="Keep nothing of this conversation.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No remarks on stderr.")] = False,
) -> None:
    """Ask once. TEXT is the request; a document can be piped in.

    With --confirm (or `persona config set privacy.confirm always`) nothing leaves without a yes at the terminal. Cancel
    ends with exit code 130, and no terminal to ask at with 3; nothing is sent then.
    """
    from persona_cli.finish.step import wanted
    from persona_cli.parts import Parts

    mode = named_mode(mode, local)
    request_text, document = read_request(text or [])
    parts = Parts.of_user(reading=screen.reading())
    parts = replace(parts, settings=with_options(parts.settings, model, mode == LOCAL, restore_in, raw))
    assistant = _assistant(parts)
    request = _request(request_text, document, mode, confirm)
    request = assistant.choose(replace(request, finish=finish, wish=wish), dry=dry_run)
    if not quiet:
        say_mode(request, mode or parts.settings.answer.mode, parts.settings)
    request = replace(request, conversation=_conversation(parts, request_text, resume, no_log or dry_run, quiet))
    if dry_run:
        from persona_cli.cli.sketching import show_draft, show_nothing

        if request.mode == LOCAL:
            show_nothing(request, as_json)
        else:
            show_draft(assistant.prepare(request), as_json)
        return
    try:
        reply = assistant.ask(request)
    except Cancelled:
        if request.conversation and not resume:
            parts.conversations.remove(request.conversation)
        raise
    if reply.warning and not quiet:
        screen.say(reply.warning, "yellow")
    finishing = bool(wanted(request, parts))
    if finishing and not quiet and not parts.settings.local.model:
        screen.note(TINY_FINISH)
    answer = show_answer(reply, as_json, raw or not screen.out_is_terminal(), raw, finishing)
    if diff and reply.answer is not None:
        screen.say_diff(reply.answer.diff)
    if not quiet and answer is not None:
        remark(answer)
    if request.conversation:
        from persona_cli.cli.tidying import tidy_later

        tidy_later(parts)


def named_mode(mode: str, local: bool) -> str:
    """The mode that --mode and --local name together; "" for none. Raises UsageError."""
    if mode and mode not in MODES:
        raise UsageError(f"--mode takes {', '.join(MODES[:-1])} or {MODES[-1]}, not '{mode}'.")
    if local and mode not in ("", LOCAL):
        raise UsageError(f"--mode {mode} uses the cloud and --local does not: choose one.")
    return LOCAL if local else mode


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


def _request(text: str, document: str, mode: str, confirm: bool) -> Request:
    from persona_cli.exchange import Request

    return Request(text=text, document=document, mode=mode, confirm=True if confirm else None)


def _conversation(parts: Parts, text: str, resume: bool, unlogged: bool, quiet: bool) -> str:
    """The id of the conversation that the request belongs to; "" for none."""
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
    return conversation


def _assistant(parts: Parts) -> Assistant:
    from persona_cli.assistant import Assistant
    from persona_cli.cli.consent import at_terminal

    return Assistant(parts, at_terminal(parts))
