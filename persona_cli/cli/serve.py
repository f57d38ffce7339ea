"""`persona serve`: keeps everything ready for the other commands, and is the endpoint for other programs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Final

import typer

from persona_cli.cli import screen
from persona_cli.errors import NothingFound, PersonaError, UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.proxy.feed import Feed
    from persona_cli.proxy.page.visitors import Visitors
    from persona_cli.serve.warm import Warm

NEVER: Final = "never"
NOBODY: Final = "No server runs. `persona serve` starts one; the other commands work without."
PORT: Final = 8377
ENDED: Final = {
    "told": "The server was told to end, and has.",
    "unused": "Nobody asked for {idle}: the server has ended.",
    "changed": "Persona has changed on the disk: the server of the old one has ended.",
}


def serve(
    idle: Annotated[
        str, typer.Option("--idle", metavar="TIME", help="End when nobody asked for so long: 15m, 2h, never.")
    ] = "",
    http: Annotated[
        bool, typer.Option("--http", help="Also serve an OpenAI-compatible endpoint on 127.0.0.1, and its page.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the endpoint; 0: any free one.")] = PORT,
    new_token: Annotated[bool, typer.Option("--new-token", help="Make the endpoint's bearer token anew.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the running server.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Tell whether one runs, since when, and how large.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --status: one JSON object on stdout.")] = False,
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
) -> None:
    """Keep models, memory and profile ready: `ask`, `chat`, `sketch` and `detect` are quicker while this runs.

    Only you can use it: it listens on a socket in a folder of yours. The commands do the same without it. With
    `persona config set serve.auto true` the first command starts one in the background.

    With --http other programs can use it as an OpenAI endpoint, with the bearer token in the file that is named: what
    they send is sanitised, goes to your cloud, and comes back restored. It does not end by itself then.
    docs/serving.md has recipes, and what is dropped and refused.

    \b
    Examples:
      persona serve                    until Ctrl-C, or until nobody asked for 15 minutes
      persona serve --idle never &     in the background of this shell
      persona serve --http             an OpenAI-compatible endpoint as well
      persona serve --status
      persona serve --stop
    """
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    if sum((stop, status, http or bool(idle))) > 1:
        raise UsageError("--stop and --status stand alone.")
    if as_json and not status:
        raise UsageError("--json goes with --status.")
    if port != PORT and not http:
        raise UsageError("--port goes with --http.")
    if stop:
        _stop(parts)
    elif status:
        _status(parts, as_json)
    elif new_token and not http:
        from persona_cli.serve.token import make_token

        make_token(parts.folders)
        screen.say("The bearer token is made anew. An endpoint that runs takes the old one until it is started again.")
    else:
        _serve(
            parts, idle or (NEVER if http else parts.settings.serve.idle), port if http else None, new_token, background
        )


def _status(parts: Parts, as_json: bool) -> None:
    from persona_cli.ages import told_wait
    from persona_cli.serve.starting import told

    found = told(parts.folders, parts.env, {"do": "status", "link": not as_json})
    if as_json:
        screen.write_json({"running": found is not None, **(found or {})})
        if found is None:
            raise typer.Exit(NothingFound.exit_code)
        return
    if found is None:
        raise NothingFound(NOBODY)
    screen.write(f"process {found['pid']}, persona {found['version']}, since {found['since']}\n")
    number = found["requests"]
    screen.write(
        f"{number} request{'s' if number != 1 else ''} answered, {found['under_way']} under way, "
        f"{found['megabytes']:.0f} MB\n"
    )
    if found.get("outdated"):
        screen.write("persona has changed on the disk since it began: --stop, and start it again\n")
    wait = found["idle_seconds"]
    screen.write(f"ends {'when told to' if wait is None else f'when nobody asked for {told_wait(wait)}'}\n")
    if found["url"]:
        screen.write(f"endpoint {found['url']}, its bearer token is in {found['token_file']}\n")
        screen.write(f"page {found['page']} (opens once)\n")


def _stop(parts: Parts) -> None:
    from persona_cli.serve.starting import end_running, is_taken

    if not is_taken(parts.folders):
        screen.say("No server runs.", "dim")
        return
    with screen.working("waiting for what it is answering"):
        ended = end_running(parts.folders, parts.env)
    if not ended:
        raise PersonaError("The server has not ended yet: it is still answering. `persona serve --status` shows it.")
    screen.say("The server has ended.", "dim")


def _serve(parts: Parts, idle: str, port: int | None, new_token: bool, background: bool) -> None:
    from persona_cli.ages import read_wait
    from persona_cli.serve import identity
    from persona_cli.serve.starting import end_running, only_one, told

    wait = read_wait(idle)
    os.umask(0o077)
    with ExitStack() as stack:
        alone = stack.enter_context(only_one(parts.folders))
        if not alone:
            running = told(parts.folders, parts.env, {"do": "hello", **identity.own(parts.folders, parts.env)})
            if running is None or running.get("refused") == "":
                if background:
                    return  # it runs, or is starting
                raise PersonaError("A server runs already. `persona serve --status` shows it, and --stop ends it.")
            # One of another version, or of another installation: this one takes its place.
            end_running(parts.folders, parts.env)
            if not stack.enter_context(only_one(parts.folders)):
                raise PersonaError("The server of another persona is still answering. Try again when it has ended.")
        _run(parts, wait, port, new_token, stack)
    if threading.active_count() > 1:
        # A thread is still loading a model, or in one: native code does not survive the end of the interpreter.
        screen.write("")
        os._exit(0)


def _run(parts: Parts, wait: float | None, port: int | None, new_token: bool, stack: ExitStack) -> None:
    from persona_cli.ages import told_wait
    from persona_cli.serve import identity
    from persona_cli.serve.place import token_of
    from persona_cli.serve.server import Server, Serving
    from persona_cli.serve.standing import ended_by_signals, listening
    from persona_cli.serve.warm import Warm

    start = time.perf_counter()
    listener, path = stack.enter_context(listening(parts.folders, parts.env))
    warm = Warm(parts)
    feed, url, visitors = None, "", None
    elsewhere: Callable[[], int] = int
    if port is not None:
        feed, url, visitors, elsewhere = _endpoint(parts, warm, port, new_token, stack)
    me = identity.own(parts.folders, parts.env)
    token_file = str(token_of(parts.folders)) if url else ""

    def page() -> str:
        return visitors.link(url) if visitors is not None else ""

    server = Server(warm, listener, Serving(str(path), wait, url, token_file, page, elsewhere), me, feed)

    def warm_up() -> None:
        warm.warm_up()
        screen.note(f"ready after {time.perf_counter() - start:.1f} s; Ctrl-C ends it")

    stack.enter_context(ended_by_signals(server))
    threading.Thread(target=warm_up, name="persona-warm-up", daemon=True).start()
    screen.say(f"persona serves you on {path}", "dim")
    if url:
        screen.write(f"base_url  {url}\n")
        screen.write(f"token     {token_file}\n")
        screen.write(f"page      {page()}\n")
    why = server.run()
    if why in ENDED:
        screen.say(ENDED[why].format(idle=told_wait(wait or 0)), "dim")


def _endpoint(
    parts: Parts, warm: Warm, port: int, new_token: bool, stack: ExitStack
) -> tuple[Feed, str, Visitors, Callable[[], int]]:
    """The endpoint for other programs, until `stack` ends: what it and the socket publish to, its base_url, who may
    see its page, and how many requests it has answered."""
    from persona_cli.proxy.app import application, listening
    from persona_cli.proxy.feed import Feed
    from persona_cli.proxy.page.visitors import Visitors
    from persona_cli.serve.token import make_token, read_token

    token = make_token(parts.folders) if new_token else read_token(parts.folders)
    feed, visitors = Feed(), Visitors(token)
    app = application(warm, token, feed, visitors)
    return feed, stack.enter_context(listening(app, port)), visitors, app.state.answered
