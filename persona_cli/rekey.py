"""A new data key, and everything sealed anew under it: all old or all new, whenever the power goes.

Nothing is changed in place. What is sealed is written a second time, beside the first, under the new key
(`*.rotated`, and the folder memory/rotated). Then one atomic write of the journal, `vault.rotation`, says that the new
is whole: that is the moment of the rotation. After it the new files take the names of the old ones, which can be
interrupted and done again as often as need be. Before it, whoever finds the journal throws the beginning away.

    begun  ->  anything that is *.rotated is thrown away
    done   ->  anything that is still *.rotated takes its place

It needs as much disk again as persona's data takes. No other persona may use the key meanwhile (key_use.py).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any

from persona_cli.chats.rows import copy_conversations
from persona_cli.durable import cannot_write, locked, remove_unfinished, replace_private
from persona_cli.errors import KeyUnavailable, NothingFound, StoreDamaged, StoreError
from persona_cli.local.snapshots import forget_snapshots, snapshots_folder
from persona_cli.memory.contacts import Contacts
from persona_cli.memory.importing.ledger import Imports
from persona_cli.memory.profile import Profile
from persona_cli.os_keyring import Backend, KeyringFailed, open_keyring
from persona_cli.paths import Folders
from persona_cli.privacy.audit import AuditLog
from persona_cli.privacy.crypto import KEY_BYTES, Seal, kept_key, passphrase_record
from persona_cli.privacy.key_use import journal_of, key_alone
from persona_cli.privacy.vault import Vault
from persona_cli.typed import TypedLines

KEY, PASSPHRASE, KEYRING = "vault.key", "vault.passphrase", "vault.keyring"
# In the order in which crypto.py looks for them.
HOLDERS = (KEY, PASSPHRASE, KEYRING)
SUFFIX = ".rotated"
BESIDE = "rotated"


def _now() -> datetime:
    return datetime.now(timezone.utc)


def rotate(
    folders: Folders,
    keyring: Backend | None = None,
    env: Mapping[str, str] = os.environ,
    passphrase: str = "",
    step: Callable[[str], None] = lambda what: None,
    clock: Callable[[], datetime] = _now,
) -> None:
    """Make a new key, kept where the old one was, and seal everything anew with it.

    With `passphrase` the new key follows from that, wherever the old one was kept. `step` is told what comes next.
    Raises NothingFound (there is no key yet), KeyUnavailable, StoreDamaged (something sealed cannot be read) and
    StoreError (another persona runs, disk full): after each of them everything is as it was.
    """
    with key_alone(folders), locked(folders.data / "keys.lock"):
        finish(folders, keyring, env)
        kept = next((name for name in HOLDERS if (folders.data / name).exists()), "")
        key = kept_key(folders, keyring, env)
        if key is None:
            raise NothingFound("There is no encryption key yet: the first thing that persona stores makes one.")
        old_entry = (folders.data / KEYRING).read_text("utf-8").split()[0] if kept == KEYRING else ""
        holder = PASSPHRASE if passphrase else kept
        entry = f"data-key-{token_hex(8)}" if holder == KEYRING else ""
        _write_journal(folders, {"state": "begun", "entry": entry})
        try:
            step("key")
            new = _stage_key(folders, holder, entry, passphrase, keyring, env, clock)
            for what, stage in _STAGES:
                step(what)
                stage(folders, Seal(key), new)
            step("change")
            _write_journal(folders, {"state": "done", "holder": holder, "entry": old_entry})
        except BaseException:
            with suppress(StoreError):
                finish(folders, keyring, env)
            raise
        finish(folders, keyring, env, step)


def finish(
    folders: Folders,
    keyring: Backend | None = None,
    env: Mapping[str, str] = os.environ,
    step: Callable[[str], None] = lambda what: None,
) -> None:
    """End an interrupted rotation: forward when the new files are whole, else back. Called inside `key_alone`.

    Raises StoreError.
    """
    remove_unfinished(journal_of(folders))
    journal = _read_journal(folders)
    if journal is None:
        return
    try:
        if journal["state"] == "done":
            _put_in_place(folders, str(journal["holder"]), step)
        _throw_away(folders)
        _drop_entry(str(journal["entry"]), keyring, env)
        step("done")
        for folder in (folders.state, folders.memory_folder, folders.data):
            if folder.exists():
                _to_disk(folder)
        journal_of(folders).unlink()
    except OSError as error:
        raise cannot_write(folders.data, error) from error


def _put_in_place(folders: Folders, holder: str, step: Callable[[str], None]) -> None:
    from persona_cli.memory.storage.generations import Generations

    for staged, path in _moves(folders):
        if not staged.exists():
            continue
        if path == folders.vault_file:
            # A log that was left beside it would be played into the new file. Its content was written back before.
            for side in ("-wal", "-shm"):
                path.with_name(path.name + side).unlink(missing_ok=True)
        if path == _states(folders):
            path.with_name(path.name + "-journal").unlink(missing_ok=True)
        step(path.name)
        staged.replace(path)
    # Nothing opens them any more.
    forget_snapshots(snapshots_folder(folders))
    step("memory in place")
    Generations(folders.memory_folder).adopt(BESIDE)
    for other in HOLDERS:
        if other != holder:
            (folders.data / other).unlink(missing_ok=True)


def _throw_away(folders: Folders) -> None:
    for folder in (folders.data, folders.state, folders.memory_folder):
        # Also what a kill left of a staged file that was being written.
        for path in folder.glob(f"*{SUFFIX}*"):
            path.unlink(missing_ok=True)
    if (folders.memory_folder / BESIDE).exists():
        shutil.rmtree(folders.memory_folder / BESIDE)


def _moves(folders: Folders) -> list[tuple[Path, Path]]:
    """What is written beside what, the holder of the key among them."""
    log, head = _audit_files(folders.audit_file)
    plain = (folders.vault_file, folders.chat_history_file, folders.api_keys_file, log, _states(folders))
    staged_head = _audit_files(_beside(log))[1]
    holders = tuple(folders.data / name for name in HOLDERS)
    return [(staged_head, head), *((_beside(path), path) for path in (*plain, *holders))]


def _states(folders: Folders) -> Path:
    from persona_cli.memory.storage.state import STATE

    return folders.memory_folder / STATE


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _audit_files(log: Path) -> tuple[Path, Path]:
    return log, log.with_name(f"{log.name}.head")


def _stage_key(
    folders: Folders,
    holder: str,
    entry: str,
    passphrase: str,
    keyring: Backend | None,
    env: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Seal:
    time = clock().astimezone(timezone.utc).isoformat(timespec="seconds")
    key = token_bytes(KEY_BYTES)
    text = f"{key.hex()} rotated {time}"
    if holder == PASSPHRASE:
        key, record = passphrase_record(passphrase or env["PERSONA_PASSPHRASE"])
        text = json.dumps({**record, "rotated": time})
    elif holder == KEYRING:
        found = open_keyring(keyring, env)
        try:
            if found is None:
                raise KeyringFailed("it cannot be reached now")
            found.set(entry, key.hex())
        except KeyringFailed as error:
            raise KeyUnavailable(
                f"The operating system's keyring did not take the new key ({error}). Unlock it and try again."
            ) from error
        text = f"{entry} rotated {time}"
    replace_private(_beside(folders.data / holder), text.encode())
    return Seal(key)


def _stage_vault(folders: Folders, old: Seal, new: Seal) -> None:
    if not folders.vault_file.exists():
        return
    with Vault(folders.vault_file, old) as vault, Vault(_beside(folders.vault_file), new) as fresh:
        copy_conversations(vault, fresh)
        Profile(vault).copy_to(fresh)
        Contacts(vault).copy_to(fresh)
        Imports(vault).copy_to(fresh)
        for (table,) in vault.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            count = f"SELECT count(*) FROM {table}"  # noqa: S608
            if vault.rows(count) != fresh.rows(count):
                raise StoreDamaged(f"The vault's {table} cannot be copied whole. Nothing was changed; report this.")
        # Back into the one file: the names of the side files do not move along.
        vault.wipe_deleted()
        fresh.wipe_deleted()


def _stage_audit(folders: Folders, old: Seal, new: Seal) -> None:
    path = folders.audit_file
    if not path.exists():
        return
    log = AuditLog(path, old)
    if path.stat().st_size and not log.list():
        raise KeyUnavailable(
            f"Not one line of {path} can be read with the key in use. Bring the right key back, or move the log away."
        )
    log.write_anew(AuditLog(_beside(path), new))


def _stage_typed(folders: Folders, old: Seal, new: Seal) -> None:
    path = folders.chat_history_file
    if path.exists():
        TypedLines(path, old).write_anew(TypedLines(_beside(path), new))


def _stage_api_keys(folders: Folders, old: Seal, new: Seal) -> None:
    from persona_cli.secrets import resealed

    if folders.api_keys_file.exists():
        replace_private(_beside(folders.api_keys_file), resealed(folders, old, new))


def _stage_memory(folders: Folders, old: Seal, new: Seal) -> None:
    from persona_cli.memory.storage.remote import sent_to
    from persona_cli.memory.storage.resealing import write_resealed, write_resealed_states

    folder = folders.memory_folder
    if server := sent_to(folder):
        raise StoreError(
            f"Memories are on the Chroma server at {server}, sealed with the key in use, and cannot be sealed anew "
            f"there all at once. Export them, forget them there, remove {folder / 'server'}, rotate the key, and "
            "import them again. Nothing was changed."
        )
    write_resealed(folder, BESIDE, old, new)
    write_resealed_states(folder, _beside(_states(folders)), old, new)


_STAGES: tuple[tuple[str, Callable[[Folders, Seal, Seal], None]], ...] = (
    ("conversations and profile", _stage_vault),
    ("audit log", _stage_audit),
    ("what was typed", _stage_typed),
    ("API keys", _stage_api_keys),
    ("memory", _stage_memory),
)


def _drop_entry(entry: str, keyring: Backend | None, env: Mapping[str, str]) -> None:
    """A key that nothing is sealed with any more. One that cannot be removed now opens nothing."""
    found = open_keyring(keyring, env) if entry else None
    with suppress(KeyringFailed):
        if found is not None and found.get(entry) is not None:
            found.remove(entry)


def _write_journal(folders: Folders, content: Mapping[str, str]) -> None:
    replace_private(journal_of(folders), json.dumps(content).encode())


def _read_journal(folders: Folders) -> dict[str, Any] | None:
    path = journal_of(folders)
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}). Bring the data folder back from a backup.") from error


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
