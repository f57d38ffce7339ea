"""The command `persona`: from argv to a command group and out with an exit code.

`--version` answers before anything is imported; the other commands import what they need inside their functions.
"""

from __future__ import annotations

import sys

from persona_cli import __version__


def main() -> None:
    """The entry point of the installed command."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"persona {__version__}")
        return
    try:
        from persona_cli.cli.commands import app
    except KeyboardInterrupt:  # later ones are met where the commands run
        sys.exit(130)
    app()
