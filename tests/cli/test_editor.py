"""The editor on a private text: nothing of it is left in the folder, however the editor ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from persona_cli.cli.consent import visible
from persona_cli.cli.editor import edited, editor
from persona_cli.errors import EditorFailed

Script = Callable[[str], dict[str, str]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """An environment in which $EDITOR is a shell script with this body; its "$1" is the file."""

    def make(body: str) -> dict[str, str]:
        file = tmp_path / "an editor.sh"
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o700)
        return {"EDITOR": f"'{file}'", "PATH": os.environ["PATH"]}

    return make


def edit(text: str, folder: Path, env: dict[str, str]) -> str:
    with Path(os.devnull).open("r+") as nowhere:
        return edited(text, folder, nowhere.fileno(), nowhere.fileno(), env)


def test_the_file_is_private_and_gone_afterwards_with_what_editors_leave_beside_it(
    tmp_path: Path, script: Script
) -> None:
    folder = tmp_path / "state"
    report = tmp_path / "report"
    body = f'stat -c %a "$1" "$(dirname "$1")" > \'{report}\'; cp "$1" "$1~"; echo more >> "$1"'
    assert edit("Grüße,\r\n[PERSON_1]", folder, script(body)) == "Grüße,\r\n[PERSON_1]\nmore"
    assert report.read_text().split() == ["600", "700"]
    assert list(folder.iterdir()) == [] and stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_not_changed_comes_back_as_it_was(tmp_path: Path, script: Script) -> None:
    for text in ("a", "a\n", "\n a \n\n", "a\rb"):
        assert edit(text, tmp_path / "state", script(":")) == text


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("exit 3", "ended with 3"),
        ("kill -9 $$", "ended with -9"),
        ('printf "\\377" > "$1"', "not UTF-8"),
        ('rm "$1"', "not UTF-8"),
    ],
)
def test_a_failed_editor_is_a_sentence_and_leaves_nothing(tmp_path: Path, script: Script, body: str, word: str) -> None:
    with pytest.raises(EditorFailed, match=word):
        edit("text", tmp_path / "state", script(body))
    assert list((tmp_path / "state").iterdir()) == []


def test_an_editor_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EditorFailed, match="cannot be started"):
        edit("text", tmp_path, {"EDITOR": "no-such-editor-at-all", "PATH": ""})
    with pytest.raises(EditorFailed, match="export EDITOR=nano"):
        editor({"PATH": str(tmp_path)})
    with pytest.raises(EditorFailed, match="EDITOR cannot be read"):
        editor({"EDITOR": "vi 'unclosed"})


def test_visual_comes_before_editor_and_may_have_options() -> None:
    assert editor({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]


HOLD = """
import os, signal, sys
from pathlib import Path
from persona_cli.cli.editor import edited
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a test run that outlives its terminal ignores it
with open(os.devnull, "r+") as nowhere:
    edited("private", Path(sys.argv[1]), nowhere.fileno(), nowhere.fileno(), dict(os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_closed_window_or_a_kill_leaves_nothing_for_long(tmp_path: Path, script: Script, number: int) -> None:
    folder = tmp_path / "state"
    started = tmp_path / "started"
    os.mkfifo(started)
    env = {**os.environ, **script(f"echo > '{started}'; exec sleep 30")}
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], env=env, start_new_session=True)
    started.read_text()
    assert len(list(folder.iterdir())) == 1
    held.send_signal(number)
    held.wait(30)
    if number == signal.SIGKILL:
        os.killpg(held.pid, signal.SIGKILL)  # its editor
        assert edit("text", folder, script(":")) == "text", "the next edit sweeps up"
    assert list(folder.iterdir()) == []


def test_what_would_not_be_seen_is_shown_as_an_escape() -> None:
    assert visible("a\x1b[8mb\rc\x7f\u202ed\u200be\U000e0041") == r"a\u001b[8mb\rc\u007f\u202ed\u200be\udb40\udc41"
    assert visible("Grüße, 漢字 [PERSON_1]\n\tfine") == "Grüße, 漢字 [PERSON_1]\n\tfine"
