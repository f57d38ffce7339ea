"""`persona providers`: the servers that can answer, which one is in use, and what models it has."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.settings import CloudSettings, Settings

providers = typer.Typer(
    help="""The servers that can answer: list, check, use.

    \b
    Examples:
      persona providers list
      persona providers check ollama
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
NO_KEY_NEEDED = "none needed: it is on this machine"
NO_KEY = "none"
NO_ADDRESS = "(no address yet)"


@dataclass(frozen=True)
class Row:
    """`key` says whether there is one, `where` where it is kept. `model` is the one in use, or the provider's own."""

    name: str
    base_url: str
    key: bool
    where: str
    model: str
    in_use: bool


@providers.command("list")
def list_providers(as_json: JsonOption = False) -> None:
    """List the servers that are known by name, their keys and the model in use (*).

    "cloud" is the server at cloud.base_url. Asks no server, no keyring and no key command; keys are never shown.

    \b
    Examples:
      persona providers list
      persona config set providers.work.base_url https://llm.example.org/v1
    """
    from persona_cli.parts import Parts

    rows = _rows(Parts.of_user())
    if as_json:
        screen.write_json([asdict(row) for row in rows])
        return
    width = max(len(row.name) for row in rows)
    across = max(len(row.base_url or NO_ADDRESS) for row in rows)
    for row in rows:
        mark = "*" if row.in_use else " "
        line = f"{mark} {row.name:<{width}}  {row.base_url or NO_ADDRESS:<{across}}  key: {row.where}"
        screen.write(f"{line}{f'  model: {row.model}' if row.model else ''}\n")


@providers.command()
def check(
    name: Annotated[str, typer.Argument(help="A provider; the one in use by default.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a server for the list of its models.

    This sends GET .../models with the key of that server, and no text of yours: nothing passes the gate because there
    is nothing to clear. Only this command does it, and only when you type it. Ends with 5 when the server fails.

    \b
    Examples:
      persona providers check
      persona providers check ollama
      persona providers check openrouter | grep llama
    """
    from persona_cli.cloud.listing import list_models
    from persona_cli.parts import Parts
    from persona_cli.secrets import find_key

    parts = Parts.of_user()
    cloud = _server(parts.settings, name)
    key = find_key(cloud, parts.env, folders=parts.folders)
    found = list_models(cloud, key, parts.env)
    if as_json:
        screen.write_json({"name": cloud.provider, "base_url": cloud.base_url, "models": found})
        return
    for model in found:
        screen.write(f"{screen.visible(model)}\n")
    screen.say(f"{len(found)} {'model' if len(found) == 1 else 'models'} at {cloud.base_url}", "dim")
    if cloud.model and cloud.model not in found:
        screen.say(f"The model {cloud.model} of your settings is not in this list.", "yellow")


@providers.command()
def use(
    name: Annotated[str, typer.Argument(help="A provider; cloud is the server at cloud.base_url.")],
    model: Annotated[str, typer.Argument(help="Its model; that of the provider's own table by default.")] = "",
) -> None:
    """Have NAME answer from now on, with MODEL.

    Writes cloud.provider and cloud.model into the settings file. For one request there is `-m PROVIDER:MODEL`.

    \b
    Examples:
      persona providers use openrouter meta-llama/llama-3.3-70b-instruct
      persona providers use ollama qwen3:8b
      persona ask -m groq:llama-3.3-70b-versatile "hello"
    """
    from persona_cli.parts import Parts
    from persona_cli.settings import ENVIRONMENT, save_values, server_of
    from persona_cli.settings.serving import OWN, named_exactly

    parts = Parts.of_user()
    own = name == OWN
    chosen = model or server_of(parts.settings, name).model
    if not chosen:
        raise UsageError(
            f"Name the model too: `persona providers use {name} MODEL`. `persona providers check {name}` lists them."
        )
    after = save_values(
        parts.folders.settings_file,
        {"cloud.provider": "" if own else name, "cloud.model": named_exactly(parts.settings, name, chosen)},
    )
    screen.say(f"From now on {after.cloud.model} at {after.cloud.base_url} answers.", "dim")
    for variable in ENVIRONMENT:
        if variable.startswith("PERSONA_CLOUD") and variable in os.environ:
            screen.say(f"But {variable} is set, and the environment stands above the file.", "yellow")
    _say_key(Parts(parts.env, parts.folders, after))


def _say_key(parts: Parts) -> None:
    from persona_cli.secrets import GENERAL, is_loopback, where_key

    cloud = parts.settings.cloud
    where = where_key(cloud, parts.env, folders=parts.folders)
    if GENERAL in where:
        screen.say(f"The key in {GENERAL} goes to {parts.cloud_host} from now on. Is it the key for that?", "yellow")
    elif not where and not is_loopback(cloud.base_url):
        screen.say(
            f"There is no key for it yet: `persona keys set {cloud.provider or parts.cloud_host}` keeps one.", "yellow"
        )


def _rows(parts: Parts) -> list[Row]:
    from persona_cli.secrets import is_loopback, where_key
    from persona_cli.settings import provider_names
    from persona_cli.settings.serving import OWN

    settings = parts.settings
    used = settings.cloud.provider or OWN
    answers = settings.cloud.configured
    rows = []
    for name in (*((OWN,) if used == OWN else ()), *provider_names(settings)):
        try:
            server = settings.cloud if name == used else _server(settings, name)
        except SettingsError:
            rows.append(Row(name, "", False, NO_KEY, "", False))
            continue
        where = where_key(server, parts.env, folders=parts.folders)
        absent = NO_KEY_NEEDED if is_loopback(server.base_url) else NO_KEY
        rows.append(Row(name, server.base_url, bool(where), where or absent, server.model, name == used and answers))
    return sorted(rows, key=lambda row: not row.in_use)


def _server(settings: Settings, name: str) -> CloudSettings:
    from persona_cli.settings import server_of

    return server_of(settings, name) if name and name != settings.cloud.provider else settings.cloud
