"""Sealing what is stored: AES-256-GCM under one data key, and where that key is kept.

The data folder says by one small file where its key is, and that file decides at once:
    vault.key         the key itself, 0600
    vault.passphrase  salt and scrypt costs; the key follows from PERSONA_PASSPHRASE
    vault.keyring     the name of the entry in the operating system's keyring that holds the key
Without any of them the key is made: in the keyring, else from the passphrase, else as a key file. A folder that
already holds sealed data and has lost its key is never given a new one. Beside a key that took the place of another
(rekey.py) stands when it did.

Knows nothing of what is sealed. A seal hides and authenticates a value, not its length.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_bytes, token_hex

from persona_cli.durable import locked, replace_private
from persona_cli.errors import KeyUnavailable, StoreDamaged
from persona_cli.os_keyring import Backend, KeyringFailed, OsKeyring, open_keyring
from persona_cli.paths import Folders
from persona_cli.privacy.key_use import KeyUse, use_key

KEY_BYTES = 32
NONCE_BYTES = 12  # 96 bits: NIST SP 800-38D §8.2.2, random nonces, safe for 2^32 values under one key
VERSION = b"\x01"
# scrypt costs: OWASP Password Storage Cheat Sheet (32 MiB, 0.12 s on one core here).
SCRYPT = {"n": 2**15, "r": 8, "p": 1}
CHECK = b"persona"
_DAMAGED = (
    "A stored value cannot be decrypted: it was changed, or was encrypted with another key. "
    "`persona doctor` says where the key is; a backup of the data folder brings the value back."
)


class Seal:
    """Seals and opens bytes under one key of 32 bytes. Safe to share between threads.

    `use` is kept as long as the seal: it holds off a rotation of the key.
    """

    def __init__(self, key: bytes, use: KeyUse | None = None) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        # 25 ms to import, and needed by none of the commands that store nothing.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        # Two keys from one: what the digests reveal says nothing about the cipher.
        self._cipher = AESGCM(hmac.digest(key, b"persona seal 1", "sha256"))
        self._digest_key = hmac.digest(key, b"persona digest 1", "sha256")
        self._use = use

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """29 bytes longer than `plain`. `about` (associated data) is not stored and must be given again to open."""
        nonce = token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, VERSION + about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """Raises StoreDamaged when a bit was changed, the value stood in another place, or the key is another."""
        from cryptography.exceptions import InvalidTag

        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, text, VERSION + about)
        except (InvalidTag, ValueError) as error:
            raise StoreDamaged(_DAMAGED) from error

    def open_into(self, sealed: memoryview, about: bytes, room: memoryview) -> None:
        """`open` for large values: into `room`, which is as long as the plain value. Raises StoreDamaged."""
        from cryptography.exceptions import InvalidTag

        try:
            if bytes(sealed[:1]) != VERSION:
                raise InvalidTag
            self._cipher.decrypt_into(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], VERSION + about, room)
        except (InvalidTag, ValueError) as error:
            raise StoreDamaged(_DAMAGED) from error

    def digest(self, value: str) -> bytes:
        """32 bytes that find an equal value again and, without the key, say nothing of it (HMAC-SHA256)."""
        return hmac.digest(self._digest_key, value.encode("utf-8", "surrogatepass"), "sha256")


def data_key(folders: Folders, keyring: Backend | None = None, env: Mapping[str, str] = os.environ) -> Seal:
    """The seal of this data folder; the first call of all makes its key.

    `keyring` None means the system's own. Raises KeyUnavailable (wrong passphrase, locked keyring, lost key) and
    StoreError (folder that cannot be written).
    """

    def finish() -> None:
        from persona_cli.rekey import finish

        finish(folders, keyring, env)

    use = use_key(folders, finish)
    key = kept_key(folders, keyring, env)
    if key is None:
        # Two first runs at once must agree on one key.
        with locked(folders.data / "vault.lock"):
            key = kept_key(folders, keyring, env) or _new_key(folders, keyring, env)
    return Seal(key, use)


def where_key_is(folders: Folders, keyring: Backend | None = None, env: Mapping[str, str] = os.environ) -> str:
    """One or two sentences for `persona doctor`. Makes nothing and raises nothing."""
    if folders.key_file.exists():
        if folders.key_file.stat().st_mode & 0o077:
            return (
                f"The encryption key is in {folders.key_file}, and other users of this machine can read it: "
                f"chmod 600 {folders.key_file}"
            )
        return (
            f"The encryption key is in {folders.key_file} (0600): it keeps out other users and copies of the data "
            "folder without that file, not somebody who can read all your files." + _rotated(folders.key_file)
        )
    if _passphrase_file(folders).exists():
        state = "which is set" if env.get("PERSONA_PASSPHRASE") else "which is not set now"
        told = f"The encryption key is made from your passphrase: PERSONA_PASSPHRASE, {state}."
        return told + _rotated(_passphrase_file(folders))
    if _keyring_file(folders).exists():
        found = open_keyring(keyring, env)
        if found is None:
            return "The encryption key is in the operating system's keyring, and no keyring can be reached now."
        told = f"The encryption key is in the operating system's keyring ({found.name})."
        return told + _rotated(_keyring_file(folders))
    if remains := _sealed_remains(folders):
        return str(_key_is_gone(folders, remains))
    if (found := open_keyring(keyring, env)) is not None:
        return f"There is no encryption key yet; it will be kept in the operating system's keyring ({found.name})."
    if env.get("PERSONA_PASSPHRASE"):
        return "There is no encryption key yet; it will be made from PERSONA_PASSPHRASE."
    return (
        f"There is no encryption key yet, and no keyring: it will be kept in {folders.key_file} (0600). "
        "Set PERSONA_PASSPHRASE before the first use to have a passphrase instead."
    )


def _rotated(holder: Path) -> str:
    """When the key took the place of another, as the holder file tells it."""
    try:
        text = holder.read_text("utf-8")
        time = json.loads(text).get("rotated") if text.startswith("{") else dict([text.split()[1:3]]).get("rotated")
    except (OSError, ValueError, AttributeError):
        time = None
    return f" It was last rotated on {str(time)[:10]}." if time else " It was never rotated (persona keys rotate)."


def _passphrase_file(folders: Folders) -> Path:
    return folders.data / "vault.passphrase"


def _keyring_file(folders: Folders) -> Path:
    return folders.data / "vault.keyring"


def kept_key(folders: Folders, keyring: Backend | None, env: Mapping[str, str]) -> bytes | None:
    """The key that this folder already has; None when it never had one."""
    if (text := _content(folders.key_file)) is not None:
        return _key_from_hex(text, str(folders.key_file))
    if (text := _content(_passphrase_file(folders))) is not None:
        return _key_from_passphrase(text, _passphrase_file(folders), env)
    if (text := _content(_keyring_file(folders))) is not None:
        return _key_from_keyring(_first_word(text), open_keyring(keyring, env))
    return None


def _new_key(folders: Folders, keyring: Backend | None, env: Mapping[str, str]) -> bytes:
    if remains := _sealed_remains(folders):
        raise _key_is_gone(folders, remains)
    key = token_bytes(KEY_BYTES)
    if (found := open_keyring(keyring, env)) is not None:
        # A name of its own for every data folder, so that a second PERSONA_HOME never overwrites the first key.
        entry = f"data-key-{token_hex(8)}"
        try:
            found.set(entry, key.hex())
        except KeyringFailed:
            pass  # the file made below is what remembers that this keyring is not to be asked again
        else:
            replace_private(_keyring_file(folders), entry.encode())
            return key
    if passphrase := env.get("PERSONA_PASSPHRASE"):
        key, record = passphrase_record(passphrase)
        replace_private(_passphrase_file(folders), json.dumps(record).encode())
        return key
    replace_private(folders.key_file, key.hex().encode())
    return key


def passphrase_record(passphrase: str) -> tuple[bytes, dict[str, str | int]]:
    """A key from the passphrase and fresh salt, and what vault.passphrase says of it."""
    salt = token_bytes(16)
    key = _scrypt(passphrase, salt, **SCRYPT)
    return key, {**SCRYPT, "salt": salt.hex(), "check": Seal(key).seal(CHECK).hex()}


def _first_word(text: str) -> str:
    """The key or the entry; behind it may stand when it was rotated."""
    return next(iter(text.split()), "")


def _key_from_hex(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(_first_word(text))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnavailable(
            f"The encryption key in {where} is damaged: it should be 64 hexadecimal digits. "
            "Bring it back from a backup; without it the stored data cannot be read."
        )
    return key


def _key_from_passphrase(text: str, path: Path, env: Mapping[str, str]) -> bytes:
    passphrase = env.get("PERSONA_PASSPHRASE")
    if not passphrase:
        raise KeyUnavailable(
            "Your data is encrypted with a passphrase. Set it for this terminal, and try again: "
            "read -rs PERSONA_PASSPHRASE && export PERSONA_PASSPHRASE"
        )
    try:
        record = json.loads(text)
        n, r, p = (int(record[name]) for name in ("n", "r", "p"))
        salt, check = bytes.fromhex(record["salt"]), bytes.fromhex(record["check"])
        if not (n & (n - 1) == 0 and 2 <= n <= 2**20 and 1 <= r <= 32 and 1 <= p <= 16):
            raise ValueError("costs out of range")
    except (ValueError, KeyError, TypeError) as error:
        raise KeyUnavailable(
            f"{path} is damaged, and the key cannot be made without it. Bring it back from a backup."
        ) from error
    key = _scrypt(passphrase, salt, n, r, p)
    try:
        Seal(key).open(check)
    except StoreDamaged as error:
        raise KeyUnavailable("PERSONA_PASSPHRASE is not the passphrase of this data. Try again.") from error
    return key


def _key_from_keyring(entry: str, keyring: OsKeyring | None) -> bytes:
    if keyring is None:
        raise KeyUnavailable(
            "The encryption key is in the operating system's keyring, and no keyring can be reached from here. "
            "Run persona in your desktop session, or in one with the same D-Bus."
        )
    try:
        secret = keyring.get(entry)
    except KeyringFailed as error:
        raise KeyUnavailable(
            f"The operating system's keyring did not give the encryption key ({error}). Unlock it and try again."
        ) from error
    if secret is None:
        raise KeyUnavailable(
            f"The operating system's keyring no longer holds the encryption key (service persona, entry {entry}). "
            "Bring the keyring back from a backup; without the key the stored data cannot be read."
        )
    return _key_from_hex(secret, "the operating system's keyring")


def _scrypt(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    from unicodedata import normalize

    # Of `cryptography`, not hashlib: a Python built on LibreSSL has no hashlib.scrypt.
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    # NFC: two keyboards may spell one passphrase in different code points (RFC 8265 §4.2).
    text = normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    return Scrypt(salt=salt, length=KEY_BYTES, n=n, r=r, p=p).derive(text)


def _sealed_remains(folders: Folders) -> tuple[Path, ...]:
    """What lies on the disk that only the key can open."""
    files = (folders.vault_file, folders.audit_file, folders.memory_folder)
    return tuple(path for path in files if (any(path.iterdir()) if path.is_dir() else path.exists()))


def _key_is_gone(folders: Folders, remains: tuple[Path, ...]) -> KeyUnavailable:
    names = ", ".join(map(str, remains))
    return KeyUnavailable(
        f"The encryption key of your data is gone: {folders.data} holds none of vault.key, vault.passphrase and "
        f"vault.keyring. Bring that file back from a backup. To begin anew, move away what cannot be read: {names}"
    )


def _content(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"{path} cannot be read ({error}). Check its permissions.") from error
