"""What a process does that prepares requests for another one: up to the cloud's door, which it has no key to.

It gets a row and its request and gives back what the gate cleared, or the result where there is nothing to send. Knows
nothing of how messages travel (process.py, on_ray.py).
"""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli import __version__, paths
from persona_cli.batch.carrying import Carrier
from persona_cli.batch.worker import Ready, Result, Worker
from persona_cli.errors import ModelMissing, PersonaError
from persona_cli.parts import Parts

if TYPE_CHECKING:
    from persona_cli.batch.rows import Row
    from persona_cli.exchange import Request
    from persona_cli.memory.contacts import Contact
    from persona_cli.memory.storage.state import State
    from persona_cli.paths import Folders
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.settings import Settings

# What messages say they are.
KIT: Final = "kit"
ASKED: Final = "asked"
FOUND: Final = "found"


@dataclass(frozen=True)
class Accident:
    """Something else than a PersonaError was raised: what, and where. Its text may be private and stays there."""

    what: str


@dataclass(frozen=True)
class Known:
    """What a helper on another machine is told of the user. `key` is the data key, where the memory is on a server."""

    facts: tuple[KnownFact, ...]
    fields: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    contacts: tuple[Contact, ...]
    states: Mapping[str, State]
    key: bytes


@dataclass(frozen=True)
class Kit:
    """What a helper works with: what is in the user's own `folders` or, on another machine, what it is told is `known`
    (`folders` then is where the user's models may be, too). `threads` are those of its models."""

    settings: Settings
    mode: str
    threads: int
    folders: Folders | None = None
    known: Known | None = None


class Help:
    """Prepares rows with what the `kit` holds. `env` is that of this process."""

    def __init__(self, kit: Kit, env: Mapping[str, str]) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if kit.known is None:
            parts = Parts(env, kit.folders or paths.folders(env), kit.settings)
        else:
            # What is worked out from memories, sealed.
            self._folder = tempfile.TemporaryDirectory(prefix="persona-", ignore_cleanup_errors=True)
            parts = _far_from_home(kit, kit.known, env, Path(self._folder.name))
        _with_threads(parts, kit.threads)
        self.parts = parts
        self._worker = Worker(parts, None, kit.mode)

    def __call__(self, row: Row, request: Request) -> Ready | Result | Accident | None:
        """None for what needs the cloud in between, and is to be done where there is one."""
        try:
            return self._worker.prepare_away(row, request)
        except Exception as error:
            return Accident(told(error))

    def close(self) -> None:
        if self._folder is not None:
            self.parts.memory.close()
            self._folder.cleanup()


def heard(help: Help, carrier: Carrier, message: bytes) -> bytes:
    """The reply to a message. Sealed, as it is; it never raises what says something private."""
    row, request = carrier.unpack(message, ASKED)
    return carrier.pack(help(row, request), f"{FOUND} {row.order}")


def told(error: BaseException) -> str:
    """What was raised and where, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def fingerprint(parts: Parts) -> tuple[str, ...]:
    """What has to be alike where results are to be: the version, who drafts, and the local model."""
    from persona_cli.local.model_files import resolve_model
    from persona_cli.sketch.drafters.choosing import drafter_name

    try:
        model = resolve_model(parts.settings.local.model, parts.folders)
        named = f"the model {model.name} ({model.stat().st_size} bytes)"
    except (ModelMissing, OSError):
        named = "no local model"
    try:
        drafter = drafter_name(parts.settings, parts.folders)
    except PersonaError:
        drafter = "no"
    return f"persona {__version__}", f"the {drafter} drafter", named


def known_of(parts: Parts) -> Known:
    """What a helper elsewhere needs of this user. Raises what their stores raise."""
    from persona_cli.privacy.crypto import kept_key

    vault, url = parts.folders.vault_file.exists(), parts.settings.memory.url
    key = kept_key(parts.folders, None, parts.env) if url else None
    return Known(
        parts.known_facts,
        parts.profile_fields,
        parts.user_names,
        tuple(parts.contacts.all()) if vault else (),
        parts.memory.states.all() if url else {},
        key or b"",
    )


def _far_from_home(kit: Kit, known: Known, env: Mapping[str, str], folder: Path) -> Parts:
    """Parts over what is `known`: a vault in this process's own memory, and the memory on its server."""
    from secrets import token_bytes

    from persona_cli.memory.contacts import Contacts, MentionedContacts
    from persona_cli.memory.store import MemoryStore
    from persona_cli.privacy.crypto import KEY_BYTES, Seal
    from persona_cli.privacy.vault import Vault

    # No snapshots: what the local model has read would lie on this machine's disk.
    settings = replace(kit.settings, local=replace(kit.settings.local, snapshots=0))
    here = kit.folders if kit.folders and kit.folders.data.exists() else paths.folders(env)
    parts = Parts(env, here, settings, unlogged=True)
    seal = Seal(known.key or token_bytes(KEY_BYTES))
    vault = Vault(None, seal)
    contacts = Contacts(vault)
    for contact in known.contacts:
        contacts.add(contact)
    found: dict[str, object] = {
        "seal": seal,
        "vault": vault,
        "conversations_vault": vault,
        "contacts": contacts,
        "known_facts": known.facts,
        "profile_fields": known.fields,
        "user_names": known.names,
        "_contact_source": (MentionedContacts(contacts),) if known.contacts else (),
    }
    if known.key:
        from persona_cli.memory.storage.remote import Remote

        store = MemoryStore(folder, parts.encoder, seal, place=Remote(folder, settings.memory.url))
        store.states.put(known.states)
        found["memory"] = store
    else:
        found["memory"] = MemoryStore(folder, parts.encoder, seal)
    parts.__dict__.update(found)
    return parts


def _with_threads(parts: Parts, threads: int) -> None:
    """Models on so many threads: as many processes as cores, each with a thread for each core, stand in their way."""
    from persona_cli.local.encoder import open_encoder
    from persona_cli.privacy.detect import LEVELS
    from persona_cli.privacy.tagger import Tagger

    if not threads:
        return
    tagger = Tagger(threshold=LEVELS[parts.settings.privacy.level], threads=threads)
    encoder = parts.__dict__.get("encoder") or open_encoder(parts.settings.memory.embedder, threads)
    parts.__dict__.update(tagger=tagger, encoder=encoder)
