"""API keys: found in the environment, the keyring, by a command, or in a sealed file; never shown, never in arguments.

A key belongs to a host. What is kept for one host is never given for another.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from persona_cli.cloud.endpoints import host_of as host_of
from persona_cli.cloud.endpoints import is_loopback as is_loopback
from persona_cli.cloud.endpoints import setting_of
from persona_cli.cloud.providers import KNOWN, key_variables
from persona_cli.durable import locked, replace_private
from persona_cli.errors import NothingFound, SettingsError, StoreDamaged, StoreError, UsageError
from persona_cli.os_keyring import Backend, KeyringFailed, OsKeyring, open_keyring
from persona_cli.paths import Folders
from persona_cli.privacy.crypto import Seal, data_key
from persona_cli.settings import CloudSettings

# A key command may ask a person for a PIN or a fingerprint.
COMMAND_SECONDS = 60.0
ANY_HOST = "*"
# The key of whatever server the settings name.
GENERAL = "PERSONA_API_KEY"
# How the name of a place begins that tells https (cloud/endpoints.py, host_of).
_TOLD = "https://"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class StoredKey:
    """That there is a key, not the key. `host` is "*" for one that goes to whatever host is configured."""

    host: str
    where: str


def find_key(
    cloud: CloudSettings,
    env: Mapping[str, str] = os.environ,
    *,
    folders: Folders,
    keyring: Backend | None = None,
    seal: Seal | None = None,
    run: Run = subprocess.run,
) -> str | None:
    """The key for `cloud.base_url`: environment, keyring, key command, sealed file, in this order; None without one.

    `seal` None means that of the data folder, looked up only when the file holds a key for this host. Raises
    SettingsError (key command failed, key that no header can carry) and StoreError.
    """
    host = host_of(cloud.base_url)
    for variable in variables_for(cloud):
        if key := env.get(variable, "").strip():
            return _fit(key, f"the environment variable {variable}")
    found = open_keyring(keyring, env)
    try:
        _bring_over(host, folders, found, lambda: seal or data_key(folders, keyring, env))
        if found is not None and (key := found.get(host) or ""):
            return _fit(key, "the keyring")
    except KeyringFailed:
        pass  # locked or broken: there may be a key further down, and without one the caller says what to do
    if cloud.key_command.strip():
        return _from_command(cloud, env, run)
    sealed = _read(_file(folders)).get(host)
    if not sealed:
        return None
    return _open(seal or data_key(folders, keyring, env), host, sealed)


def variables_for(cloud: CloudSettings) -> tuple[str, ...]:
    """The environment variables whose key may go to `cloud.base_url`, in their order.

    PERSONA_API_KEY is for the server that settings and environment name: not for another one that `-m` or /model names.
    A provider's own variable goes to that provider's host alone, whatever base_url says.
    """
    general = (GENERAL,) if cloud.home in (None, host_of(cloud.base_url)) else ()
    return (*general, *key_variables(cloud.base_url, cloud.provider))


def where_key(cloud: CloudSettings, env: Mapping[str, str] = os.environ, *, folders: Folders) -> str:
    """Where `find_key` would find one, in words; "" for nowhere. Asks no keyring and runs no command."""
    for variable in variables_for(cloud):
        if env.get(variable, "").strip():
            return f"the environment variable {variable}"
    host, stored = host_of(cloud.base_url), _read(_file(folders))
    sealed = stored.get(host, stored.get(_former(host)))
    if sealed == "":
        return "the operating system's keyring"
    if cloud.key_command.strip():
        return "the key command of the settings"
    return f"{_file(folders)}, encrypted" if sealed else ""


def set_key(
    host: str,
    key: str,
    env: Mapping[str, str] = os.environ,
    *,
    folders: Folders,
    keyring: Backend | None = None,
    seal: Seal | None = None,
) -> str:
    """Keep `key` for `host` ("api.openai.com", or a base_url): in the keyring, else in the sealed file.

    Returns where, in words. Raises UsageError for a key that no header can carry, and StoreError.
    """
    host = host_of(host)
    try:
        key = _fit(key, "what you entered")
    except SettingsError as error:
        raise UsageError(str(error)) from error
    found = open_keyring(keyring, env)
    if found is not None:
        try:
            found.set(host, key)
        except KeyringFailed:
            pass
        else:
            _note(folders, host, "")
            return f"the operating system's keyring ({found.name})"
    seal = seal or data_key(folders, keyring, env)  # held until the key is noted: it is not rotated in between
    sealed = seal.seal(key.encode(), _about(host))
    _note(folders, host, base64.b64encode(sealed).decode())
    return f"{_file(folders)}, encrypted"


def list_keys(env: Mapping[str, str] = os.environ, *, folders: Folders) -> tuple[StoredKey, ...]:
    """The hosts that have a key and where it is; never the keys. Asks no keyring."""
    keys = []
    if env.get(GENERAL, "").strip():
        keys.append(StoredKey(ANY_HOST, f"the environment variable {GENERAL}"))
    for known in KNOWN.values():
        if known.base_url and known.variable and env.get(known.variable, "").strip():
            keys.append(StoredKey(host_of(known.base_url), f"the environment variable {known.variable}"))
    for host, sealed in sorted(_read(_file(folders)).items()):
        where = f"{_file(folders)}, encrypted" if sealed else "the operating system's keyring"
        keys.append(StoredKey(host, where))
    return tuple(keys)


def remove_key(
    host: str,
    env: Mapping[str, str] = os.environ,
    *,
    folders: Folders,
    keyring: Backend | None = None,
) -> None:
    """Forget the key of `host`, in the keyring and in the file. Raises NothingFound and StoreError."""
    host = host_of(host)
    found = open_keyring(keyring, env)
    in_keyring = False
    try:
        _bring_over(host, folders, found, lambda: data_key(folders, keyring, env))
        if found is not None and found.get(host) is not None:
            in_keyring = True
            found.remove(host)
    except KeyringFailed as error:
        raise StoreError(
            f"The operating system's keyring did not remove the key of {host} ({error}). Unlock it and try again."
        ) from error
    noted = _read(_file(folders)).get(host)
    if noted == "" and found is None:
        raise StoreError(
            f"The key of {host} is in the operating system's keyring, and no keyring can be reached from here. "
            "Run this in your desktop session."
        )
    if noted is None and not in_keyring:
        raise NothingFound(f"There is no stored key for {host}. `persona keys list` shows them all.")
    _note(folders, host, None)


def resealed(folders: Folders, old: Seal, new: Seal) -> bytes:
    """What keys.json holds, with every key sealed anew. Raises StoreDamaged for one that cannot be read."""
    stored = {
        host: base64.b64encode(new.seal(_open(old, host, sealed).encode(), _about(host))).decode() if sealed else ""
        for host, sealed in _read(_file(folders)).items()
    }
    return _written(stored)


def _former(host: str) -> str:
    """What `host` was called when the name of a place did not tell https from http; "" where that is the same."""
    return host.removeprefix(_TOLD) if host.startswith(_TOLD) else ""


def _bring_over(host: str, folders: Folders, found: OsKeyring | None, seal: Callable[[], Seal]) -> None:
    """Give a key that was kept under the former name of `host` to it alone. Raises KeyringFailed, StoreError.

    The way is from plain http to https and never back: a key that may be for https does not go out unencrypted.
    """
    former = _former(host)
    stored = _read(_file(folders)) if former else {}
    if former not in stored or host in stored:
        return
    sealed = stored[former]
    if sealed:
        held = seal()
        sealed = base64.b64encode(held.seal(_open(held, former, sealed).encode(), _about(host))).decode()
    elif found is None or not (key := found.get(former)):
        return
    else:
        found.set(host, key)
        found.remove(former)
    _note(folders, host, sealed)
    _note(folders, former, None)


def _fit(key: str, where: str) -> str:
    """`key` stripped, when an HTTP header can carry it."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            f"The API key from {where} is empty or holds spaces, line breaks or characters that no key has. "
            "Copy it again: persona keys set HOST"
        )
    return key


def _from_command(cloud: CloudSettings, env: Mapping[str, str], run: Run) -> str:
    """The first line the command prints (`pass show` prints the key, then notes)."""
    command, mend = cloud.key_command, setting_of(cloud, "key_command")
    failed = f"The key command `{command}` of your settings"
    try:
        # No shell; and no stdin, which is the document of the user when persona stands in a pipe.
        done = run(
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=COMMAND_SECONDS, env=dict(env), check=False,
        )  # fmt: skip
    except ValueError as error:
        raise SettingsError(f"{failed} cannot be understood ({error}). Mend {mend}.") from error
    except subprocess.TimeoutExpired as error:
        raise SettingsError(f"{failed} did not end within {COMMAND_SECONDS:g} seconds.") from error
    except OSError as error:
        raise SettingsError(f"{failed} cannot be run ({error.strerror}). Mend {mend}.") from error
    if done.returncode != 0:
        said = done.stderr.strip()[-500:] or "it said nothing"
        raise SettingsError(f"{failed} ended with {done.returncode}: {said}")
    lines = done.stdout.strip().splitlines()
    return _fit(lines[0] if lines else "", f"the key command `{command}`")


def _file(folders: Folders) -> Path:
    """{host: sealed key in base64, or "" for one that is in the keyring, which cannot be listed}."""
    return folders.api_keys_file


def _read(path: Path) -> dict[str, str]:
    try:
        stored = json.loads(path.read_bytes())
        if not isinstance(stored, dict) or not all(isinstance(value, str) for value in stored.values()):
            raise ValueError("not a table of keys")
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StoreDamaged(
            f"{path} is damaged. Remove it (rm {path}), and set your keys again: persona keys set HOST"
        ) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    return dict(stored)


def _note(folders: Folders, host: str, sealed: str | None) -> None:
    """Put `sealed` for `host` into the file; None takes the host out."""
    path = _file(folders)
    with locked(path.with_name("keys.lock")):
        stored = _read(path)
        if sealed is None:
            stored.pop(host, None)
        else:
            stored[host] = sealed
        replace_private(path, _written(stored))


def _written(stored: Mapping[str, str]) -> bytes:
    return json.dumps(stored, indent=1, sort_keys=True).encode()


def _open(seal: Seal, host: str, sealed: str) -> str:
    try:
        return seal.open(base64.b64decode(sealed, validate=True), _about(host)).decode()
    except (ValueError, StoreDamaged) as error:
        raise StoreDamaged(
            f"The stored API key for {host} cannot be decrypted. Set it again: persona keys set {host}"
        ) from error


def _about(host: str) -> bytes:
    return f"api key {host}".encode()
