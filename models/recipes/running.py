"""The command that every recipe is: where it writes, where its checkpoints lie, and how it ends.

It knows nothing of models.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"


@dataclass(frozen=True)
class Command:
    """`python -m models.recipes.NAME`. `makes` is the file or folder in models/; `needed` are the modules to import;
    `stopped` is what is said after Ctrl-C; `threads` is the default of --threads (0: there is no such option)."""

    name: str
    does: str
    makes: str
    needed: tuple[str, ...]
    stopped: str = "Stopped. The same command goes on from the last checkpoint."
    threads: int = 0

    def parser(self) -> argparse.ArgumentParser:
        """--out, --work, --small and --threads."""
        parser = argparse.ArgumentParser(prog=f"python -m models.recipes.{self.name}", description=self.does)
        parser.add_argument("--out", type=Path, help=f"what to write (default: models/{self.makes})")
        parser.add_argument("--work", type=Path, help="folder for checkpoints (default: in the user's cache folder)")
        parser.add_argument("--small", action="store_true", help="a tiny model in a few steps: a check of the recipe")
        if self.threads:
            parser.add_argument("--threads", type=int, default=self.threads, help=f"CPU threads ({self.threads})")
        return parser

    def arguments(self, parser: argparse.ArgumentParser, given: Sequence[str] | None) -> argparse.Namespace:
        """The parsed command line, with `out` and `work` filled in. Ends with usage and 2 for one that is wrong."""
        options = parser.parse_args(given)
        if options.small and options.out is None:
            parser.error(f"--small needs --out, so that it can't replace models/{self.makes}.")
        options.out = options.out or MODELS / self.makes
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "persona"
        options.work = options.work or cache / (self.name + ("-small" if options.small else ""))
        return options

    def run(self, options: argparse.Namespace, make: Callable[[argparse.Namespace], None]) -> int:
        """`make(options)`. The exit code: 0; 1 with a sentence when a module is missing; 130 after Ctrl-C."""
        missing = [name for name in self.needed if find_spec(name) is None]
        if missing:
            say(f"The recipe needs {', '.join(missing)}, which this Python does not have. Run ./install.sh test first.")
            return 1
        try:
            make(options)
        except KeyboardInterrupt:
            say(self.stopped)
            return 130
        return 0


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)
