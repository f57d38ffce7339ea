"""The user's own editor on a text that must not lie around: a private folder, removed whatever happens.

The whole folder goes, with the swap and backup files that editors leave beside a text.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType
from typing import Final

from persona_cli.errors import EditorFailed
from persona_cli.paths import create_private, private_folder

USUAL: Final = ("nano", "vi", "vim", "emacs")
FOLDER: Final = "editing-"
NO_EDITOR: Final = "No editor was found. Name yours, for example: export EDITOR=nano"


def edited(text: str, folder: Path, keyboard: int, screen: int, env: Mapping[str, str] = os.environ) -> str:
    """`text` as the user leaves it in $VISUAL, $EDITOR or a usual editor, on the terminal with these descriptors.

    The file lies below `folder`, 0600 in a folder 0700, for as long as the editor runs. A last newline that editors add
    is taken off. Raises EditorFailed, and StoreError where the file cannot be made.
    """
    command = editor(env)
    with _private_file(folder) as file:
        file.write_text(text + "\n", "utf-8", newline="")
        try:
            code = subprocess.run(
                [*command, str(file)], stdin=keyboard, stdout=screen, stderr=screen, env=dict(env)
            ).returncode
        except OSError as error:
            raise EditorFailed(f"The editor '{command[0]}' cannot be started ({error.strerror}).") from error
        if code != 0:
            raise EditorFailed(f"The editor '{command[0]}' ended with {code}, so nothing was changed.")
        try:
            # Not read_text's universal newlines: what is not changed must come back as it was.
            changed = file.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise EditorFailed("What the editor left is not UTF-8 text, so nothing was changed.") from error
    return changed.removesuffix("\n")


def editor(env: Mapping[str, str] = os.environ) -> list[str]:
    """The command line of the user's editor: $VISUAL, $EDITOR, or the first of the usual ones. Raises EditorFailed."""
    for variable in ("VISUAL", "EDITOR"):
        if wanted := env.get(variable, "").strip():
            try:
                return shlex.split(wanted)
            except ValueError as error:
                raise EditorFailed(f"${variable} cannot be read ({error}): {wanted}") from error
    found = next((name for name in USUAL if shutil.which(name, path=env.get("PATH"))), None)
    if found is None:
        raise EditorFailed(NO_EDITOR)
    return [found]


@contextmanager
def _private_file(parent: Path) -> Iterator[Path]:
    private_folder(parent)
    _sweep(parent)
    with _ending_in_order():
        folder = Path(mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=parent))
        try:
            file = folder / "message.md"
            create_private(file)
            yield file
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what a persona that was killed left behind."""
    for folder in parent.glob(f"{FOLDER}*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except (ProcessLookupError, ValueError, IndexError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue  # alive, and another user's by now


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """A closed window or a kill ends persona by way of `finally`; Ctrl-C belongs to the editor."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # A handler of Python's is not inherited by the editor; being ignored would be.
    wanted = {signal.SIGINT: lambda number, frame: None, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {number: signal.getsignal(number) for number in wanted}
    for number, handler in wanted.items():
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            with suppress(TypeError):  # a handler that was not set from Python
                signal.signal(number, old)
