"""`python -m docs.make` writes what follows from the code: docs/reference/ and the man page docs/persona.1.

`python -m docs.make screenshots` runs the installed command and draws docs/screenshots/*.svg anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).parent


def write() -> None:
    """Write the reference and the man page; pages of commands that are gone go."""
    from docs.making.man import man
    from docs.making.reference import reference

    folder = DOCS / "reference"
    folder.mkdir(exist_ok=True)
    files = reference()
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    (DOCS / "persona.1").write_text(man(), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["screenshots"]:
        from docs.making.screenshots import draw

        draw(DOCS / "screenshots")
    elif sys.argv[1:]:
        sys.exit("usage: python -m docs.make [screenshots]")
    else:
        write()
