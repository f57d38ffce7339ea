"""The list of commands says of each what its own help says, and holds what there is."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from persona_cli.cli.commands import COMMANDS, app

ROOT: Any = typer.main.get_command(app)
CONTEXT = typer.Context(ROOT, info_name="persona")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [30, 45, 68, 200])
def test_a_command_is_listed_with_its_own_words(name: str, width: int) -> None:
    listed, real = ROOT.get_command(CONTEXT, name), ROOT.commands[name]
    assert listed.get_short_help_str(width) == real.get_short_help_str(width)
    assert not listed.hidden and not real.hidden and real.name == name


def test_the_summary_is_the_first_sentence() -> None:
    for name, listed in COMMANDS.items():
        said = " ".join(ROOT.commands[name].help.split())
        assert said == listed.summary or said.startswith(listed.summary + " "), name
        assert listed.summary.endswith("."), name


def test_what_runs_is_the_real_command() -> None:
    name, found, rest = ROOT.resolve_command(CONTEXT, ["config", "get"])
    assert (name, found, rest) == ("config", ROOT.commands["config"], ["get"])
    assert set(found.commands) == {"get", "set", "unset", "path"}


def test_an_unknown_name_is_none() -> None:
    assert ROOT.get_command(CONTEXT, "nothing") is None and "nothing" not in ROOT.commands
    with pytest.raises(KeyError):
        ROOT.commands["nothing"]
