"""`persona config`: the settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.errors import SettingsError

if TYPE_CHECKING:
    from persona_cli.settings import Settings

config = typer.Typer(
    help="""The settings: get, set, unset, path.

    \b
    Examples:
      persona config get
      persona config set cloud.model openai:gpt-5-mini
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@config.command()
def get(
    name: Annotated[
        str, typer.Argument(help="A setting such as cloud.model, or a table such as providers.work; all by default.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show a setting as it counts now, a table, or all.

    The cloud section shows the server and the model in use: what cloud.provider, an alias or the environment name is
    looked up.

    \b
    Examples:
      persona config get
      persona config get cloud.model
      persona config get providers.ollama.base_url
    """
    from persona_cli.parts import Parts
    from persona_cli.settings import flatten

    settings = Parts.of_user().settings
    values = {**_looked_up(settings, name), **flatten(settings)}
    chosen = {key: item for key, item in values.items() if not name or key == name or key.startswith(f"{name}.")}
    if not chosen and name:
        raise SettingsError(f"There is no setting '{name}'. `persona config get` lists them all.")
    if as_json:
        screen.write_json(chosen)
        return
    for key, value in chosen.items():
        screen.write(f"{_shown(value)}\n" if key == name else f"{key} = {_shown(value)}\n")


def _shown(value: object) -> str:
    """As `config set` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


@config.command("set")
def set_value(
    name: Annotated[str, typer.Argument(help="A setting such as cloud.model or providers.work.base_url.")],
    value: Annotated[str, typer.Argument(help="Its value; a list is separated by commas.")],
) -> None:
    """Change a setting. Comments in the file stay.

    With `privacy.confirm always` every payload is shown at the terminal and needs a yes before it leaves; without a
    terminal nothing leaves then (exit code 3). `never` is the default; `ask --confirm` and /confirm in the chat ask
    once and for a sitting.

    A server has a name in providers.NAME (base_url, model, key_command, timeout, retries, context, ca, proxy, api,
    api_version), an alias of a model in models.ALIAS, and what a million tokens of a model cost, in and out, in
    prices.PROVIDER:MODEL.

    \b
    Examples:
      persona config set cloud.model openai:gpt-5-mini
      persona config set providers.work.base_url https://llm.example.org/v1
      persona config set providers.work.ca ~/certificates/work.pem
      persona config set models.fast ollama:qwen3:8b
      persona config set prices.openai:gpt-5-mini "0.25 2.00 USD"
    """
    from persona_cli.paths import folders
    from persona_cli.settings import save_value

    save_value(folders().settings_file, name, value)


@config.command()
def unset(
    name: Annotated[str, typer.Argument(help="A setting such as cloud.provider, or a table such as providers.work.")],
) -> None:
    """Take a setting out of the file, so that its default counts again. Ends with 4 when it is not in the file.

    \b
    Examples:
      persona config unset cloud.provider
      persona config unset providers.work
    """
    from persona_cli.paths import folders
    from persona_cli.settings import remove_value

    remove_value(folders().settings_file, name)


@config.command()
def path() -> None:
    """Print where the settings file is.

    \b
    Examples:
      persona config path
    """
    from persona_cli.paths import folders

    screen.write(f"{folders().settings_file}\n")


def _looked_up(settings: Settings, name: str) -> dict[str, Any]:
    """{name: value} for `providers.NAME.KEY`, as it counts when the file says nothing of it; {} for any other name."""
    from persona_cli.settings import ProviderSettings, provider_names, server_of
    from persona_cli.settings.sections import keys_of

    section, _, rest = name.partition(".")
    provider, _, key = rest.rpartition(".")
    if section != "providers" or provider not in provider_names(settings) or key not in keys_of(ProviderSettings):
        return {}
    return {name: getattr(server_of(settings, provider), key)}
