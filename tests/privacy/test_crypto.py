"""The seal, and the data key in its three places."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import persona_cli
from persona_cli.errors import KeyUnavailable, PersonaError, StoreDamaged
from persona_cli.paths import Folders, folders
from persona_cli.privacy.crypto import KEY_BYTES, Seal, data_key, where_key_is
from tests.keyrings import MemoryKeyring

NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
PROJECT = Path(persona_cli.__file__).parent.parent


class LockedKeyring(MemoryKeyring):
    """A keyring whose owner dismissed the prompt. D-Bus backends raise what they like."""

    asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        raise RuntimeError("Failed to unlock the collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)


class ForgetfulKeyring(MemoryKeyring):
    """Accepts and keeps nothing, as keyring's null backend does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return None


@pytest.fixture
def home(tmp_path: Path) -> Folders:
    return folders({"PERSONA_HOME": str(tmp_path)})


@pytest.fixture(autouse=True)
def ordinary_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}


def test_a_seal_opens_what_it_sealed_and_hides_it() -> None:
    seal = Seal(os.urandom(KEY_BYTES))
    sealed = seal.seal(b"Emma Roberts", b"turns 1")
    assert seal.open(sealed, b"turns 1") == b"Emma Roberts"
    assert b"Emma" not in sealed
    assert seal.seal(b"Emma Roberts", b"turns 1") != sealed
    assert seal.open(seal.seal(b"")) == b""


def test_no_single_flipped_bit_goes_unnoticed() -> None:
    seal = Seal(os.urandom(KEY_BYTES))
    sealed = seal.seal(b"Emma")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreDamaged):
            seal.open(bytes(changed))
    for length in range(len(sealed)):
        with pytest.raises(StoreDamaged):
            seal.open(sealed[:length])


def test_a_value_opens_only_in_its_place_and_with_its_key() -> None:
    seal = Seal(os.urandom(KEY_BYTES))
    sealed = seal.seal(b"Emma", b"row 1")
    with pytest.raises(StoreDamaged):
        seal.open(sealed, b"row 2")
    with pytest.raises(StoreDamaged, match="persona doctor"):
        Seal(os.urandom(KEY_BYTES)).open(sealed, b"row 1")


def test_a_digest_finds_a_value_again_only_with_the_key() -> None:
    key = os.urandom(KEY_BYTES)
    assert Seal(key).digest("Emma") == Seal(key).digest("Emma") != Seal(key).digest("emma")
    assert Seal(os.urandom(KEY_BYTES)).digest("Emma") != Seal(key).digest("Emma")
    assert len(Seal(key).digest("an undecodable \udcff argument")) == 32


def test_without_keyring_and_passphrase_there_is_a_private_key_file(home: Folders) -> None:
    assert "no keyring" in where_key_is(home, env=NO_KEYRING)
    sealed = data_key(home, env=NO_KEYRING).seal(b"Emma")
    assert data_key(home, env=NO_KEYRING).open(sealed) == b"Emma"
    assert home.key_file.stat().st_mode & 0o777 == 0o600
    assert modes(home.data) == {0o600}
    assert home.data.stat().st_mode & 0o777 == 0o700
    assert str(home.key_file) in where_key_is(home, env=NO_KEYRING)
    home.key_file.chmod(0o644)
    assert f"chmod 600 {home.key_file}" in where_key_is(home, env=NO_KEYRING)


def test_the_keyring_holds_the_key_when_it_can(home: Folders) -> None:
    keyring = MemoryKeyring()
    sealed = data_key(home, keyring, {}).seal(b"Emma")
    assert data_key(home, keyring, {}).open(sealed) == b"Emma"
    (secret,) = keyring.held.values()
    assert not any(secret.encode() in path.read_bytes() for path in home.data.rglob("*"))
    assert "keyring" in where_key_is(home, keyring, {})
    with pytest.raises(KeyUnavailable, match="no keyring can be reached"):
        data_key(home, env=NO_KEYRING)
    with pytest.raises(KeyUnavailable, match="Unlock it"):
        data_key(home, LockedKeyring(), {})
    keyring.held.clear()
    with pytest.raises(KeyUnavailable, match="no longer holds"):
        data_key(home, keyring, {})


def test_two_homes_share_a_keyring_and_not_a_key(tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    one = data_key(folders({"PERSONA_HOME": str(tmp_path / "one")}), keyring, {})
    two = data_key(folders({"PERSONA_HOME": str(tmp_path / "two")}), keyring, {})
    with pytest.raises(StoreDamaged):
        two.open(one.seal(b"Emma"))


@pytest.mark.parametrize("broken", [LockedKeyring, ForgetfulKeyring])
def test_a_keyring_that_keeps_nothing_is_passed_over_once(home: Folders, broken: type[MemoryKeyring]) -> None:
    keyring = broken()
    sealed = data_key(home, keyring, {}).seal(b"Emma")
    asked = getattr(keyring, "asked", 0)
    assert data_key(home, keyring, {}).open(sealed) == b"Emma"
    assert home.key_file.exists()
    assert getattr(keyring, "asked", 0) == asked


def test_a_passphrase_makes_the_key_and_a_wrong_one_is_recognised(home: Folders) -> None:
    env = {**NO_KEYRING, "PERSONA_PASSPHRASE": "correct höorse"}
    sealed = data_key(home, env=env).seal(b"Emma")
    decomposed = {**NO_KEYRING, "PERSONA_PASSPHRASE": "correct ho\u0308orse"}
    assert data_key(home, env=decomposed).open(sealed) == b"Emma"
    assert modes(home.data) == {0o600}
    assert not home.key_file.exists()
    with pytest.raises(KeyUnavailable, match="not the passphrase"):
        data_key(home, env={**NO_KEYRING, "PERSONA_PASSPHRASE": "correct horse"})
    with pytest.raises(KeyUnavailable, match="read -rs PERSONA_PASSPHRASE"):
        data_key(home, env=NO_KEYRING)
    assert "passphrase" in where_key_is(home, env=NO_KEYRING)
    assert not any(b"orse" in path.read_bytes() for path in home.data.rglob("*"))


@pytest.mark.parametrize("text", ["", "{}", '{"n": 3, "r": 8, "p": 1, "salt": "00", "check": "00"}', "\udcff"])
def test_a_damaged_passphrase_file_is_a_sentence(home: Folders, text: str) -> None:
    env = {**NO_KEYRING, "PERSONA_PASSPHRASE": "correct horse"}
    data_key(home, env=env)
    (home.data / "vault.passphrase").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KeyUnavailable, match=r"vault\.passphrase"):
        data_key(home, env=env)


@pytest.mark.parametrize("sealed_thing", ["vault", "audit", "memory"])
def test_lost_with_data_in_place_the_key_is_never_made_anew(home: Folders, sealed_thing: str) -> None:
    data_key(home, env=NO_KEYRING)
    remains = {
        "vault": home.vault_file, "audit": home.audit_file, "memory": home.memory_folder / "chroma.sqlite3"
    }[sealed_thing]  # fmt: skip
    remains.parent.mkdir(parents=True, exist_ok=True)
    remains.write_bytes(b"sealed")
    home.key_file.unlink()
    for keyring, env in ((None, NO_KEYRING), (MemoryKeyring(), {}), (None, {**NO_KEYRING, "PERSONA_PASSPHRASE": "x"})):
        with pytest.raises(KeyUnavailable, match="key of your data is gone"):
            data_key(home, keyring, env)
    assert "gone" in where_key_is(home, env=NO_KEYRING)
    assert not home.key_file.exists()


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "é"])
def test_a_damaged_key_file_is_a_sentence(home: Folders, text: str) -> None:
    data_key(home, env=NO_KEYRING)
    home.key_file.write_text(text, "latin-1")
    with pytest.raises(KeyUnavailable, match=r"vault\.key"):
        data_key(home, env=NO_KEYRING)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file" / "below", Path("/proc/persona")):
        with pytest.raises(PersonaError, match="cannot be"):
            data_key(folders({"PERSONA_HOME": str(root)}), env=NO_KEYRING)


FIRST_RUN = """
import sys
from persona_cli.paths import folders
from persona_cli.privacy.crypto import data_key
print("ready", flush=True)
sys.stdin.readline()
print(data_key(folders({"PERSONA_HOME": sys.argv[1]}), env=dict(item.split("=") for item in sys.argv[2:]))
      .digest("x").hex())
"""


@pytest.mark.parametrize("passphrase", [(), ("PERSONA_PASSPHRASE=correct",)])
def test_first_runs_at_once_agree_on_one_key(tmp_path: Path, passphrase: tuple[str, ...]) -> None:
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    no_keyring = "=".join(*NO_KEYRING.items())
    command = [sys.executable, "-c", FIRST_RUN, str(tmp_path), no_keyring, *passphrase]
    runs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) for _ in range(4)
    ]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    digests = {run.communicate("go\n")[0].strip() for run in runs}
    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_first_threads_at_once_agree_on_one_keyring_entry(home: Folders) -> None:
    keyring, barrier, digests = MemoryKeyring(), threading.Barrier(6), []

    def first() -> None:
        barrier.wait()
        digests.append(data_key(home, keyring, {}).digest("x"))

    threads = [threading.Thread(target=first) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 6
    assert len(set(digests)) == len(keyring.held) == 1


@pytest.mark.parametrize("passphrase", [{}, {"PERSONA_PASSPHRASE": "correct"}])
def test_the_daily_path_imports_no_keyring(home: Folders, passphrase: dict[str, str]) -> None:
    data_key(home, env={**NO_KEYRING, **passphrase})
    code = (
        "import os, sys\nfrom persona_cli.paths import folders\nfrom persona_cli.privacy.crypto import data_key\n"
        "data_key(folders())\nprint([name for name in ('keyring', 'jeepney') if name in sys.modules])"
    )
    env = {
        "PERSONA_HOME": str(home.data.parent), "PYTHONPATH": str(PROJECT), "DISPLAY": ":0", **passphrase,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_machine_without_a_session_bus_imports_no_keyring(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom persona_cli.paths import folders\nfrom persona_cli.privacy.crypto import data_key\n"
        "data_key(folders())\nprint('keyring' in sys.modules)"
    )
    env = {"PERSONA_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT), "HOME": str(tmp_path)}
    if sys.platform == "darwin":
        env.update(NO_KEYRING)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_bus_that_is_not_there_falls_back_to_the_key_file(tmp_path: Path) -> None:
    env = {"PERSONA_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT), "HOME": str(tmp_path)}
    env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={tmp_path}/no-bus"
    if sys.platform == "darwin":
        env.update(NO_KEYRING)
    code = (
        "from persona_cli.paths import folders\nfrom persona_cli.privacy.crypto import data_key, where_key_is\n"
        "data_key(folders())\nprint(where_key_is(folders()))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert "vault.key (0600)" in done.stdout
    assert done.stderr == ""


def test_the_passphrase_file_says_how_the_key_is_made(home: Folders) -> None:
    data_key(home, env={**NO_KEYRING, "PERSONA_PASSPHRASE": "correct"})
    record = json.loads((home.data / "vault.passphrase").read_text())
    assert (record["n"], record["r"], record["p"], len(record["salt"])) == (2**15, 8, 1, 32)
