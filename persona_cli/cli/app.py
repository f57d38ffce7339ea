"""The command `persona`: from argv to a command group and out with an exit code.

`--version` answers before anything is imported; the other commands import what they need inside their functions.
"""

from __future__ import annotations

import gc
import os
import sys

from persona_cli import __version__

# Importing makes objects that stay, and looking through them for rubbish again and again is an eighth of an import's
# time. Counted are objects made and not yet gone: so many are some megabytes.
OBJECTS_BETWEEN_SEARCHES = 50_000
# The matrices here are small: OpenBLAS's threads wait for each other in a loop that takes ten times the CPU of the sums
# (of a rotation of the memory's vectors on two busy cores .3 s for .03). Read when numpy is first imported.
ONE_THREAD_FOR_NUMPY = ("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """The entry point of the installed command."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"persona {__version__}")
        return
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES)
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault(*ONE_THREAD_FOR_NUMPY)
    try:
        from persona_cli.cli.commands import app
    except KeyboardInterrupt:  # later ones are met where the commands run
        sys.exit(130)
    app()
