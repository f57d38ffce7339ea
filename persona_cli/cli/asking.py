"""`persona ask`: one request from the command line or a pipe, one answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.answering import TINY_FINISH, remark, say_mode
from persona_cli.cli.conversing import begin, conversation_to_resume, drop_unused
from persona_cli.cli.intake import FILL_IN, read_request
from persona_cli.cli.options import (
    ApproveToolsOption,
    ChatOption,
    FunctionsOption,
    LocalOption,
    ModelOption,
    ModeOption,
    ResumeOption,
    ToolOption,
)
from persona_cli.cli.piping import (
    ExtractAllOption,
    ExtractOption,
    FileOption,
    MarkdownOption,
    SchemaOption,
    StreamOption,
    UsageOption,
    pages,
)
from persona_cli.cli.piping import form as wanted_form
from persona_cli.cli.templates.options import (
    ParamOption,
    RoleOption,
    SaveOption,
    SystemOption,
    TemplateOption,
    chosen_template,
    save_template,
)
from persona_cli.errors import PersonaError, StoreError, UsageError
from persona_cli.settings import LOCAL, MODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from persona_cli.exchange import Request
    from persona_cli.parts import Parts
    from persona_cli.serve.client import Served
    from persona_cli.settings import Settings
    from persona_cli.tools.approval import Approval


def ask(
    text: Annotated[list[str] | None, typer.Argument(help="The request. What is piped in is its document.")] = None,
    file: FileOption = None,
    resume: ResumeOption = False,
    chat: ChatOption = "",
    local: LocalOption = False,
    mode: ModeOption = "",
    model: ModelOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--show-sketch", help="Print exactly what would leave, and send nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    extract: ExtractOption = 0,
    extract_all: ExtractAllOption = False,
    schema: SchemaOption = "",
    usage: UsageOption = False,
    markdown: MarkdownOption = None,
    stream: StreamOption = True,
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
    template: TemplateOption = "",
    param: ParamOption = None,
    system: SystemOption = "",
    role: RoleOption = "",
    save: SaveOption = "",
    tool: ToolOption = None,
    functions: FunctionsOption = None,
    approve_tools: ApproveToolsOption = False,
    no_log: Annotated[bool, typer.Option("--no-log", "-n", help="Keep nothing of this conversation.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No remarks on stderr.")] = False,
) -> None:
    """Ask once. TEXT is the request; a document can be piped in.

    With --confirm (or `persona config set privacy.confirm always`) nothing leaves without a yes at the terminal. Cancel
    ends with exit code 130, and no terminal to ask at with 3; nothing is sent then.

    -f reads text, Markdown, HTML, PDF, code, CSV and JSON; a page is fetched only where its address holds nothing
    private. -x prints the first code block (exit code 4: there is none), -xx every one.

    \b
    Examples:
      persona "write to my landlord that the heating is broken"
      cat notes.md | persona "summarise"
      persona -f a.py -f b.md "compare"
      persona -f https://example.org/story "summarise"
      git diff | persona "write a commit message"
      persona -x "bash to list big files" > big.sh
      persona --schema "name, age int" < bio.txt
      persona -u --json "explain TCP" | jq .tokens_out
      persona --md "explain TCP" | less -R
    """
    from persona_cli.finish.wanting import wanted
    from persona_cli.parts import Parts

    mode = named_mode(mode, local)
    used = chosen_template(template, param or [], role, system)
    extract = extract or used.template.extract
    form = wanted_form(extract, extract_all, schema or used.template.schema, usage, markdown, stream)
    finish, wish = used.template.finish if finish is None else finish, wish or used.template.wish
    form.check(as_json, finish)
    if save:
        kept_options = replace(used.template, mode=mode, model=model, finish=finish, wish=wish, schema=form.schema)
        save_template(save, text or [], replace(kept_options, extract=bool(form.extract)), used)
        return
    parts = Parts.of_user(reading=screen.reading())
    mode, model = used.allowed(mode, model, parts.settings, quiet)
    parts = replace(parts, settings=with_options(parts.settings, model, mode == LOCAL, restore_in, raw))
    fetch = pages(parts, mode, dry_run, confirm)
    unasked = used.asked or (FILL_IN if form.schema else "")
    request_text, document = read_request(text or [], file or [], fetch, unasked, _say(quiet))
    request_text, document, role_text = used.request(request_text, document)
    resumed = conversation_to_resume(parts, resume=resume, name=chat, no_log=no_log, quiet=quiet)
    assistant = _assistant(parts, quiet)
    request = replace(_request(request_text, document, mode, confirm), role=role_text)
    request = replace(request, schema=form.schema, usage=form.usage)
    request = replace(request, finish=finish, wish=wish, **with_tools(tool, functions, approve_tools))
    request = assistant.choose(request, dry=dry_run)
    if not quiet:
        say_mode(request, mode or parts.settings.answer.mode, parts.settings)
    kept = resumed if resumed or no_log or dry_run else begin(parts, request_text, name=chat, quiet=quiet)
    request = replace(request, conversation=kept.id if kept else "")
    if dry_run:
        from persona_cli.cli.sketching import show_draft, show_nothing

        if request.mode == LOCAL:
            show_nothing(request, as_json)
        else:
            show_draft(assistant.prepare(request), as_json)
        return
    try:
        reply = assistant.ask(request)
        if reply.warning and not quiet:
            screen.say(reply.warning, "yellow")
        finishing = bool(wanted(request, parts))
        if finishing and not quiet and not parts.settings.local.model:
            screen.note(TINY_FINISH)
        answer = form.show(reply, as_json, raw, finishing)
    except (PersonaError, KeyboardInterrupt):
        if kept and not resumed:
            with suppress(StoreError):  # what went wrong first is what the user is told
                drop_unused(parts, kept.id)
        raise
    if diff and reply.answer is not None:
        screen.say_diff(reply.answer.diff)
    if not quiet and answer is not None:
        remark(answer)
    if request.conversation and not assistant.is_served:
        from persona_cli.cli.memory.tidying import keep_later, tidy_later

        tidy_later(parts)
        keep_later(parts, request.conversation)
    form.conclude(reply)


def named_mode(mode: str, local: bool) -> str:
    """The mode that --mode and --local name together; "" for none. Raises UsageError."""
    if mode and mode not in MODES:
        raise UsageError(f"--mode takes {', '.join(MODES[:-1])} or {MODES[-1]}, not '{mode}'.")
    if local and mode not in ("", LOCAL):
        raise UsageError(f"--mode {mode} uses the cloud and --local does not: choose one.")
    return LOCAL if local else mode


def with_options(settings: Settings, model: str, local: bool, restore_in: str, raw: bool) -> Settings:
    """The settings with the options of this command line on top. Raises SettingsError."""
    from persona_cli.settings import with_model, with_value

    if model:
        settings = with_model(settings, model, local=local)
    if restore_in:
        settings = with_value(settings, "privacy.restore_in", restore_in)
    if raw:
        settings = with_value(settings, "privacy.restore_in", "")
    return settings


def _say(quiet: bool) -> Callable[[str], None]:
    """What tells the user how a file was read."""
    return (lambda text: None) if quiet else (lambda text: screen.say(text, "yellow"))


def _request(text: str, document: str, mode: str, confirm: bool) -> Request:
    from persona_cli.exchange import Request

    return Request(text=text, document=document, mode=mode, confirm=True if confirm else None)


def with_tools(names: list[str] | None, functions: list[str] | None, approve: bool) -> dict[str, Any]:
    """The fields of a request with tools. Raises UsageError."""
    if not names and (functions or approve):
        raise UsageError("--functions and --approve-tools say nothing without -T NAME (or -T all): name the tools.")
    return {"tools": tuple(names or ()), "functions": tuple(functions or ()), "approve_tools": approve}


def _assistant(parts: Parts, quiet: bool) -> Served:
    from persona_cli.cli.consent import at_terminal
    from persona_cli.serve.client import assistant_for

    def approval() -> Approval:
        from persona_cli.cli.approving import AtTerminal

        return AtTerminal(parts, quiet)

    return assistant_for(parts, at_terminal(parts), approval)
