"""The first run: three questions at most, each skipped with Enter, and then the chat works.

They are asked at a terminal, where there is neither a settings file nor a vault, and never again: `persona setup` asks
them once more. Nothing is written before the last answer, and nothing is sent but what a model's download asks for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import typer

from persona_cli.cli import screen
from persona_cli.errors import PersonaError, PullFailed, Refused, SettingsError, UsageError

if TYPE_CHECKING:
    from persona_cli.local.catalog import Download
    from persona_cli.paths import Folders
    from persona_cli.settings import CloudSettings, Settings

HEADER: Final = (
    b"# persona's settings: `persona config get` lists them, `persona setup` asks the first questions again.\n"
)
# The clouds that are asked about, and the model that Enter gives.
OFFERED: Final = {"openai": "gpt-5-mini", "openrouter": "openai/gpt-5-mini", "ollama": "qwen3:8b"}
SAID_OF: Final = {"openai": "OpenAI", "openrouter": "OpenRouter", "ollama": "Ollama on this machine"}
# Of the models that fit this machine, so many are offered, spread over their sizes.
MOST_MODELS: Final = 4
EMBEDDED: Final = "nano"


@dataclass(frozen=True)
class Answers:
    """What was answered; "" and {} where it was skipped. `settings` are to be saved, `key` is for `base_url`."""

    name: str = ""
    settings: Mapping[str, Any] | None = None
    base_url: str = ""
    key: str = ""
    model: str = ""


def is_new(folders: Folders, env: Mapping[str, str] = os.environ) -> bool:
    """Whether persona was never set up or used here, and nothing in the environment says what to use."""
    from persona_cli.settings import ENVIRONMENT

    configured = any(env.get(variable) for variable in ENVIRONMENT)
    return not (configured or folders.settings_file.exists() or folders.vault_file.exists())


def welcome() -> None:
    """Ask a new user at a terminal; nobody else. Raises typer.Exit when they leave with Ctrl-D, KeyboardInterrupt."""
    from persona_cli.paths import folders

    if _at_terminal() and is_new(folders()):
        _run(again=False)


def setup() -> None:
    """Ask the questions of the first run: your name, which cloud, which local model. Enter leaves each as it is.

    \b
    Examples:
      persona setup
    """
    if not _at_terminal():
        raise UsageError(
            "setup asks at a terminal. In a script use `persona config set`, `persona keys set` and others."
        )
    _run(again=True)


def _run(again: bool) -> None:
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    settings = parts.settings
    try:
        screen.say("persona: three questions, and Enter skips each. Nothing is sent by answering.")
        name = _ask("\n1. Your name, so that it never leaves this machine: ")
        values, base_url, key = _cloud(settings, parts.env, parts.folders)
        model = _model(parts.folders)
    except EOFError:
        screen.say("\nNothing was changed." if again else "\nNothing was set up.", "dim")
        raise typer.Exit(0) from None
    _keep(Answers(name, values, base_url, key, model), parts.folders, parts.env)
    if model:
        _pull(model)
    screen.say("Done. `persona setup` asks again, `persona config set` changes the rest.\n", "dim")


def _keep(answers: Answers, folders: Folders, env: Mapping[str, str]) -> None:
    """Write all that was answered. The settings file is last: with it, nobody is asked again."""
    from persona_cli.durable import replace_private
    from persona_cli.parts import Parts
    from persona_cli.secrets import set_key
    from persona_cli.settings import save_values

    if answers.key:
        try:
            screen.say(f"The key is kept in {set_key(answers.base_url, answers.key, env, folders=folders)}.", "dim")
        except PersonaError as error:
            screen.say(f"The key was not kept. {error} `persona keys set` asks for it again.", "yellow")
    if answers.name:
        Parts.of_user().profile.set("name", answers.name)
    if not folders.settings_file.exists():
        replace_private(folders.settings_file, HEADER)
    if answers.settings:
        save_values(folders.settings_file, answers.settings)


def _cloud(settings: Settings, env: Mapping[str, str], folders: Folders) -> tuple[dict[str, Any], str, str]:
    """(the settings to save, the server's address, a key for it or "")."""
    from persona_cli.settings import server_of
    from persona_cli.settings.serving import named_exactly

    names = list(OFFERED)
    options = ["none: answers are made on this machine", *(SAID_OF[name] for name in names), "another address"]
    now = f" (Enter: {settings.cloud.model} as it is)" if settings.cloud.configured else " (Enter: none)"
    screen.say(f"\n2. Which cloud may write, from what is left when everything private is out?\n  {now}")
    chosen = _number(options)
    if chosen is None:
        return {}, "", ""
    if chosen == 0:
        return ({"cloud.provider": "", "cloud.model": ""} if settings.cloud.configured else {}), "", ""
    if chosen == len(options) - 1:
        return _other(settings, env, folders)
    name = names[chosen - 1]
    server = server_of(settings, name)
    default = server.model or OFFERED[name]
    model = _ask(f"   Its model (Enter: {default}): ") or default
    values = {"cloud.provider": name, "cloud.model": named_exactly(settings, name, model)}
    return values, server.base_url, _key(server, env, folders)


def _other(settings: Settings, env: Mapping[str, str], folders: Folders) -> tuple[dict[str, Any], str, str]:
    from persona_cli.settings import with_value

    while True:
        address = _ask("   Its address, such as https://llm.example.org/v1: ")
        if not address:
            return {}, "", ""
        try:
            server = with_value(settings, "cloud.base_url", address).cloud
            break
        except SettingsError as error:
            screen.say(f"   {error}", "yellow")
    model = _ask("   Its model: ")
    if not model:
        screen.say("   Without a model no cloud is used.", "yellow")
        return {}, "", ""
    values = {"cloud.base_url": server.base_url, "cloud.model": model}
    if settings.cloud.provider:
        values = {"cloud.provider": "", **values}
    return values, server.base_url, _key(server, env, folders)


def _key(server: CloudSettings, env: Mapping[str, str], folders: Folders) -> str:
    """The key for a server, typed hidden; "" where there is one already, or none is needed or given."""
    from getpass import getpass

    from persona_cli.secrets import host_of, is_loopback, where_key

    if is_loopback(server.base_url):
        return ""
    if where := where_key(server, env, folders=folders):
        screen.say(f"   Its key is there: {where}.", "dim")
        return ""
    host = host_of(server.base_url)
    key = getpass(f"   The key for {host} (not shown): ").strip()
    if not key:
        screen.say(f"   `persona keys set {host}` keeps one later; without it nothing can be asked there.", "dim")
    return key


def _model(folders: Folders) -> str:
    """The name of a model to download, "" for none."""
    from persona_cli.local.installed import installed

    offered = fitting()
    if not offered or installed(folders):
        return ""
    screen.say(
        f"\n3. A model for this machine, in place of the tiny {EMBEDDED} that is here?\n"
        "   It is downloaded now. (Enter: none)"
    )
    wide = max(len(model.name) for model in offered)
    options = [f"{model.name:<{wide}}  {model.size / 1e9:4.1f} GB  {model.licence}" for model in offered]
    chosen = _number(["none", *options])
    return offered[chosen - 1].name if chosen else ""


def fitting() -> list[Download]:
    """The models of the catalog to offer: from small to the largest that fits this machine's memory with ease."""
    from persona_cli.local import ram
    from persona_cli.local.catalog import downloads

    whole, free = ram.total(), ram.available()
    fit = [model for model in downloads() if ram.verdict(model.memory, whole, free) == "yes"]
    if len(fit) <= MOST_MODELS:
        return fit
    step = (len(fit) - 1) / (MOST_MODELS - 1)
    return [fit[round(at * step)] for at in range(MOST_MODELS)]


def _pull(model: str) -> None:
    """Download it, as `persona models pull` does. That it cannot be had is no reason not to go on."""
    from persona_cli.cli.models.pulling import pull

    try:
        pull(model, name="", use=True, accept=False, as_json=False)
    except (PullFailed, Refused) as error:
        screen.say(
            f"{error}\nUntil then {EMBEDDED} answers. `persona models pull {model} --use` tries again.", "yellow"
        )
    except KeyboardInterrupt:
        screen.say(f"Stopped. `persona models pull {model} --use` goes on; until then {EMBEDDED} answers.", "yellow")


def _number(options: list[str]) -> int | None:
    """Which of `options` is chosen; None for Enter."""
    for at, option in enumerate(options, 1):
        screen.say(f"   {at}  {option}")
    while True:
        said = _ask("   Number: ")
        if not said:
            return None
        if said.isdecimal() and 1 <= int(said) <= len(options):
            return int(said) - 1
        screen.say(f"   A number from 1 to {len(options)}, or Enter.", "yellow")


def _ask(question: str) -> str:
    """A line that is typed. Raises EOFError, KeyboardInterrupt."""
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        screen.say("   That was not UTF-8 text, so it is skipped.", "yellow")
        return ""
    if not line:
        raise EOFError
    return line.strip()


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and screen.err_is_terminal()
