"""What a shell reads at its start to complete persona's command line, and to have a hot key that suggests a command.

The completion is Typer's own; the hot keys are in hotkeys/, one file a shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from persona_cli.errors import UsageError

HOTKEYS: Final = Path(__file__).with_name("hotkeys")
# {shell: the file of its hot key}; the names are Typer's as well.
SHELLS: Final[Mapping[str, str]] = {
    "bash": "bash.sh",
    "zsh": "zsh.sh",
    "fish": "fish.fish",
    "powershell": "powershell.ps1",
}
# What has to stand before Typer's script: zsh completes nothing before compinit has run.
FIRST: Final[Mapping[str, str]] = {"zsh": "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"}


def known_shell(name: str) -> str:
    """`name` as one of SHELLS. Raises UsageError."""
    wanted = {"pwsh": "powershell"}.get(name.lower(), name.lower())
    if wanted not in SHELLS:
        raise UsageError(f"persona knows the shells {', '.join(SHELLS)}, not '{name}'.")
    return wanted


def script(shell: str) -> str:
    """The script for `shell`, one of SHELLS."""
    from typer._completion_shared import get_completion_script

    completion = get_completion_script(prog_name="persona", complete_var="_PERSONA_COMPLETE", shell=shell)
    hot_key = (HOTKEYS / SHELLS[shell]).read_text("utf-8")
    # zsh's form for a file in its path; sourced, it is a remark about nothing.
    completion = completion.replace("#compdef persona\n", "")
    return f"{FIRST.get(shell, '')}{completion.strip()}\n\n{hot_key}"
