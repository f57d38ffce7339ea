"""Files that were damaged, and keys that do not fit: a sentence and an exit code, and nothing is made worse.

Every test looks twice: at the damaged file, and, with the file put back from its backup, at everything.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installed import persona
from tests.servers import RecordingServer, stream_of

NAME = "Theodora Quigley"
READ = (("profile", "show"), ("memory", "list"), ("audit", "verify"), ("audit", "show"), ("keys", "list"))


def home() -> Path:
    return Path(os.environ["PERSONA_HOME"])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something of everything in it; made once, copied for every test."""
    folder = tmp_path_factory.mktemp("grown") / "home"
    env = {"PERSONA_HOME": str(folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with RecordingServer(stream_of("Dear [PERSON_1], fine.")) as server:
        cloud = {**env, "PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        for command in (
            ("profile", "set", "name", NAME),
            ("memory", "add", "I like tea."),
            ("keys", "set", "example.org"),
            ("config", "set", "privacy.level", "strict"),
            ("ask", f"Greet {NAME}."),
            ("ask", "-c", "Shorter."),
        ):
            done = persona(*command, env=cloud, stdin="sk-1234567890\n")
            assert done.returncode == 0, (command, done.stderr)
    return folder


@pytest.fixture
def ours(grown: Path) -> Path:
    shutil.copytree(grown, home())
    return home()


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zeroed(content: bytes) -> bytes:
    third = len(content) // 3
    return content[:third] + bytes(third) + content[2 * third :]


def flipped(content: bytes) -> bytes:
    """One bit in every 64 bytes."""
    return bytes(byte ^ (at % 64 == 17) for at, byte in enumerate(content))


def emptied(content: bytes) -> bytes:
    return b""


DAMAGE: tuple[Callable[[bytes], bytes], ...] = (half, zeroed, flipped, emptied)
# The file, and the commands that must not pass it over in silence.
FILES: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("data/vault.db", (("profile", "show"), ("ask", "--local", "-c", "hello"), ("profile", "set", "city", "Cork"))),
    ("data/vault.key", (("profile", "show"), ("audit", "show"))),
    ("data/keys.json", (("keys", "list"),)),
    ("state/audit.jsonl", (("audit", "verify"),)),
    ("state/audit.jsonl.head", (("audit", "verify"),)),
)


@pytest.mark.parametrize("harm", DAMAGE)
@pytest.mark.parametrize(("name", "commands"), FILES, ids=[name for name, _ in FILES])
def test_a_damaged_file_is_a_sentence_and_nothing_else_suffers(
    ours: Path, name: str, commands: tuple[tuple[str, ...], ...], harm: Callable[[bytes], bytes]
) -> None:
    path = ours / name
    whole = path.read_bytes()
    damaged = harm(whole)
    path.write_bytes(damaged)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    for command in commands:
        done = persona(*command)
        assert done.returncode == 1, (command, done.stdout, done.stderr)
        assert "persona: " in done.stderr and "unexpected" not in done.stderr, (command, done.stderr)
    assert path.read_bytes() == damaged or name == "data/vault.db", "what may be evidence, or mended, is left alone"
    path.write_bytes(whole)
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    for command in READ:
        done = persona(*command)
        assert done.returncode == 0, (command, done.stderr)
    assert NAME in persona("profile", "show").stdout and "I like tea." in persona("memory", "list").stdout


@pytest.mark.parametrize("harm", DAMAGE)
def test_every_file_of_the_memory_may_be_damaged(ours: Path, harm: Callable[[bytes], bytes]) -> None:
    """Either the memory is still right, or there is a sentence: never another text, and never none without a word."""
    files = [path for path in (ours / "data" / "memory").rglob("*") if path.is_file() and path.stat().st_size]
    assert len(files) >= 2
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(harm(whole))
        done = persona("memory", "list")
        assert "unexpected" not in done.stderr, (path, done.stderr)
        if done.returncode == 0:
            assert "I like tea." in done.stdout, path
        else:
            assert done.returncode == 1 and "persona: " in done.stderr, (path, done.returncode, done.stderr)
        path.write_bytes(whole)
    assert "I like tea." in persona("memory", "list").stdout


@pytest.mark.parametrize("harm", DAMAGE)
def test_no_request_leaves_while_the_receipt_of_another_key_or_a_damaged_vault_stands(
    ours: Path, harm: Callable[[bytes], bytes]
) -> None:
    path = ours / "data" / "vault.db"
    path.write_bytes(harm(path.read_bytes()))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with RecordingServer(stream_of("Fine.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        done = persona("ask", f"Greet {NAME}.", env=cloud)
        assert done.returncode == 1 and "persona: " in done.stderr and server.accepted == 0
        assert NAME not in done.stderr


@pytest.mark.parametrize("command", [*READ[:2], READ[3], ("ask", "--local", "hello")])
def test_another_key_is_a_sentence_and_opens_and_changes_nothing(ours: Path, command: tuple[str, ...]) -> None:
    key = ours / "data" / "vault.key"
    right = key.read_text()
    key.write_text(f"{int(right.split()[0], 16) ^ 1:064x}")
    done = persona(*command)
    assert done.returncode != 0, (done.stdout, done.stderr)
    assert "persona: " in done.stderr and "unexpected" not in done.stderr
    assert NAME not in done.stdout and "tea" not in done.stdout
    key.write_text(right)
    for again in READ:
        assert persona(*again).returncode == 0, again


def test_without_the_key_nothing_is_made_anew_over_the_old(ours: Path) -> None:
    key = ours / "data" / "vault.key"
    right = key.read_text()
    key.unlink()
    for command in (("profile", "set", "city", "Cork"), ("memory", "add", "x"), ("ask", "--local", "hello")):
        done = persona(*command)
        assert done.returncode == 1 and "key of your data is gone" in done.stderr, (command, done.stderr)
    assert not key.exists()
    key.write_text(right)
    assert all(persona(*command).returncode == 0 for command in READ)


@pytest.mark.parametrize("content", ["[privacy\n", "privacy = 3\n", "[privacy]\nlevel = 'sricter'\n", "\0\0\0"])
def test_damaged_settings_are_a_sentence_and_are_not_overwritten(ours: Path, content: str) -> None:
    path = ours / "config" / "config.toml"
    path.write_text(content)
    for command in (("config", "get"), ("ask", "--local", "hello"), ("config", "set", "privacy.confirm", "always")):
        done = persona(*command)
        if command[1] == "set":  # what is wrong may be mended this way, and nothing is thrown away
            assert content.strip() in path.read_text() and "unexpected" not in done.stderr
            continue
        assert done.returncode == 1 and "persona: " in done.stderr and "unexpected" not in done.stderr, command
        assert path.read_text() == content
