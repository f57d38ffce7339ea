"""`persona models pull`: a model from the hub, with what it costs said before it begins."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.completing import complete_download
from persona_cli.cli.models.facts import in_bytes
from persona_cli.errors import PullFailed, Refused

if TYPE_CHECKING:
    from persona_cli.local.hub import Hub
    from persona_cli.local.pulling import Pulled, Source
    from persona_cli.parts import Parts


def pull(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A name of the catalog, or hf:OWNER/REPO/FILE.gguf.",
            autocompletion=complete_download,
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What the model is to be called here.")] = "",
    use: Annotated[bool, typer.Option("--use", help="Use it from now on.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept-licence", "--yes", "-y", help="Accept its licence without being asked.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Download a model to this machine.

    It comes from huggingface.co, or from the mirror that HF_ENDPOINT names. The hub learns your address and which
    model you want; nothing of yours is sent. An interrupted pull goes on where it stopped, and what arrives has to
    have the right checksum. A model that its maker gives to known people only wants a token: `persona keys set
    huggingface.co` keeps it, and it is sent for such a model alone.

    \b
    Examples:
      persona models pull qwen3-1.7b
      persona models pull llama-3.2-3b --accept-licence --use
      persona models pull hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q5_K_M.gguf --name qwen-large
      persona models list --available
    """
    from persona_cli.local.hub import Hub
    from persona_cli.local.pulling import Pulled, here, source_of
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    source = source_of(model, name)
    if there := here(source, parts.folders):
        done = Pulled(there, fresh=False)
    else:
        try:
            done = _pull(source, parts, Hub.of_user(parts.env, parts.folders), accept)
        except PullFailed as error:
            raise PullFailed(f"{error}\n{_installed(parts)}") from error
    if not done.fresh:
        screen.say(f"{done.model.name} is here already.", "dim")
    if use:
        from persona_cli.cli.models.command import choose

        choose(parts, done.model.name)
    else:
        screen.note(f"`persona models use {done.model.name}` makes it the one that answers.")
    if as_json:
        path = str(done.model.path)
        screen.write_json({"name": done.model.name, "path": path, "size": done.model.size, "fresh": done.fresh})
    else:
        screen.write(f"{done.model.path}\n")


def _pull(source: Source, parts: Parts, hub: Hub, accept: bool) -> Pulled:
    from dataclasses import replace

    from persona_cli.local import ram
    from persona_cli.local.pulling import pull

    if not source.licence:
        source = replace(source, licence=hub.licence(source.repository, source.revision))
    size = f", {in_bytes(source.size)}" if source.size else ""
    screen.say(
        f"{source.name}: {source.repository}/{source.file} from {hub.host}{size}, licence: "
        f"{source.licence or 'the repository names none'}",
        "dim",
    )
    if source.memory and ram.verdict(source.memory, ram.total(), ram.available()) == "no":
        screen.say(
            f"It takes about {source.memory / 1e9:.1f} GB of memory, and this machine has {ram.total() / 1e9:.1f}: it "
            "would be very slow.",
            "yellow",
        )
    if not source.is_open:
        _accept(source, accept)
    with _Progress(source.name) as progress:
        try:
            done = pull(source, parts.folders, hub, arrived=progress.arrived, broke=progress.broke)
        except KeyboardInterrupt:
            progress.stop()
            screen.say("What has arrived is kept: the same command goes on from there.", "dim")
            raise
    if done.fresh:
        screen.say(f"{source.name}: {in_bytes(done.model.size)}, checksum right.", "dim")
    return done


def _accept(source: Source, accepted: bool) -> None:
    """Raises Refused where nobody can be asked, or the answer is no."""
    if accepted:
        return
    what = f"the licence of {source.name} ({source.licence or 'unknown'})"
    read = source.terms or f"the page of {source.repository} at the hub"
    if sys.stdin is None or not sys.stdin.isatty() or not screen.err_is_terminal():
        raise Refused(f"Nothing was downloaded: {what} has to be accepted. Read {read}, then say --accept-licence.")
    screen.say(f"What you may do with it stands in {read}", "yellow")
    if not typer.confirm(screen.visible(f"Accept {what}?"), err=True):
        raise Refused("Nothing was downloaded.")


def _installed(parts: Parts) -> str:
    from persona_cli.local.installed import installed
    from persona_cli.local.model_files import EMBEDDED

    names = ", ".join([EMBEDDED, *(item.name for item in installed(parts.folders))])
    return f"On this machine, and usable without a network: {names}."


class _Progress:
    """A bar on stderr with speed and time left; off a terminal, only what went wrong is said."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def arrived(self, done: int, whole: int) -> None:
        if not screen.err_is_terminal():
            return
        if self._shown is None:
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TaskProgressColumn,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._shown = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), DownloadColumn(),
                TransferSpeedColumn(), TimeRemainingColumn(), console=screen.console(stderr=True), transient=True,
            )  # fmt: skip
            self._shown.add_task(self._name, total=whole, completed=done)
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=done)

    def broke(self, why: str) -> None:
        screen.say(f"{why}. Going on from there.", "yellow")

    def stop(self) -> None:
        if self._shown is not None:
            self._shown.stop()
            self._shown = None
