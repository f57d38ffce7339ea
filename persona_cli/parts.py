"""The parts of a running persona, each opened when it is first used.

`persona ask --local` never opens the cloud, `persona detect` never opens the memory: what a command does not touch
costs it nothing. This is the one place that knows how the parts are put together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from persona_cli import paths, settings

if TYPE_CHECKING:
    from persona_cli.cloud.client import Cloud
    from persona_cli.cloud.completions import Completions
    from persona_cli.cloud.counts import Counts
    from persona_cli.conversation import Conversations
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.local.engine import Engine
    from persona_cli.local.snapshots import Snapshots
    from persona_cli.memory.contacts import Contacts
    from persona_cli.memory.importing.ledger import Imports
    from persona_cli.memory.profile import Profile
    from persona_cli.memory.store import MemoryStore
    from persona_cli.privacy.audit import AuditLog
    from persona_cli.privacy.crypto import Seal
    from persona_cli.privacy.detect import Detector, Source
    from persona_cli.privacy.disclosure import Disclosures
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.gate import Gate
    from persona_cli.privacy.open_conversations import OpenConversations
    from persona_cli.privacy.tagger import Tagger
    from persona_cli.privacy.vault import Vault
    from persona_cli.settings import Settings
    from persona_cli.sketch.drafters.drafter import Drafter


# The parts of a `Parts` that are the same whatever the settings are.
_UNDER_ALL_SETTINGS = (
    "seal", "vault", "conversations_vault", "conversations", "open_conversations", "disclosures", "profile", "contacts",
    "imports", "audit", "known_facts", "profile_fields", "user_names",
)  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """`env` is the environment that folders, settings and keys are read from.

    `reading` is told how much of a long text the tagger has read: 0..1. With `unlogged` conversations live in this
    process alone, and nothing is learned from them: only their receipts are kept.
    """

    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folders: paths.Folders = field(default_factory=paths.folders)
    settings: settings.Settings = field(default_factory=settings.Settings)
    reading: Callable[[float], None] | None = None
    unlogged: bool = False

    @classmethod
    def of_user(cls, env: Mapping[str, str] = os.environ, reading: Callable[[float], None] | None = None) -> Parts:
        """The parts for this user's folders and settings. Raises SettingsError."""
        folders = paths.folders(env)
        return cls(env, folders, settings.load(folders.settings_file, env), reading)

    @cached_property
    def seal(self) -> Seal:
        from persona_cli.privacy.crypto import data_key

        return data_key(self.folders, env=self.env)

    @cached_property
    def vault(self) -> Vault:
        from persona_cli.privacy.vault import Vault

        return Vault(self.folders.vault_file, self.seal)

    @cached_property
    def conversations_vault(self) -> Vault:
        """Where conversations are: the vault or, unlogged, one in the memory of this process."""
        from persona_cli.privacy.vault import Vault

        return Vault(None, self.seal) if self.unlogged else self.vault

    @cached_property
    def conversations(self) -> Conversations:
        from persona_cli.conversation import Conversations

        return Conversations(self.conversations_vault)

    @cached_property
    def open_conversations(self) -> OpenConversations:
        from persona_cli.privacy.open_conversations import OpenConversations

        return OpenConversations(self.folders.open_conversations)

    @cached_property
    def disclosures(self) -> Disclosures:
        from persona_cli.privacy.disclosure import Disclosures

        return Disclosures(self.conversations_vault)

    @cached_property
    def profile(self) -> Profile:
        from persona_cli.memory.profile import Profile

        return Profile(self.vault)

    @cached_property
    def contacts(self) -> Contacts:
        from persona_cli.memory.contacts import Contacts

        return Contacts(self.vault)

    @cached_property
    def imports(self) -> Imports:
        from persona_cli.memory.importing.ledger import Imports

        return Imports(self.vault)

    @cached_property
    def audit(self) -> AuditLog:
        from persona_cli.privacy.audit import AuditLog

        return AuditLog(self.folders.audit_file, self.seal)

    @cached_property
    def encoder(self) -> TextEncoder:
        from persona_cli.local.encoder import open_encoder

        return open_encoder(self.settings.memory.embedder)

    @cached_property
    def memory(self) -> MemoryStore:
        from persona_cli.memory.store import MemoryStore

        folder, url = self.folders.memory_folder, self.settings.memory.url
        if not url:
            return MemoryStore(folder, self.encoder, self.seal)
        from persona_cli.memory.storage.remote import BESIDE, Remote

        # What stays on this machine of another memory than the one in the folder.
        beside = folder / BESIDE
        return MemoryStore(beside, self.encoder, self.seal, place=Remote(beside, url))

    @cached_property
    def known_facts(self) -> tuple[KnownFact, ...]:
        """What the profile says that must not leave."""
        return tuple(self.profile.known_facts()) if self.folders.vault_file.exists() else ()

    @cached_property
    def profile_fields(self) -> tuple[tuple[str, str], ...]:
        """(field, value) of the profile."""
        found = self.profile.all() if self.folders.vault_file.exists() else {}
        return tuple((field, value) for field, values in found.items() for value in values)

    @cached_property
    def user_names(self) -> tuple[str, ...]:
        """The user's own name or names."""
        return self.profile.get("name") if self.folders.vault_file.exists() else ()

    @cached_property
    def detector(self) -> Detector:
        """Detection with the user's own facts, allow and deny lists."""
        return self.detector_with(())

    @cached_property
    def tagger(self) -> Tagger:
        from persona_cli.privacy.detect import LEVELS
        from persona_cli.privacy.tagger import Tagger

        return Tagger(threshold=LEVELS[self.settings.privacy.level], reading=self.reading)

    def detector_with(self, facts: Sequence[KnownFact]) -> Detector:
        """The detector, with more known facts. Of the contacts it knows those that a text may speak of."""
        from persona_cli.privacy.detect import build_detector

        privacy = self.settings.privacy
        known = [*self.known_facts, *facts]
        return build_detector(known, privacy.allow, privacy.deny, tagger=self.tagger, more=self._contact_source)

    @cached_property
    def _contact_source(self) -> tuple[Source, ...]:
        if not self.folders.vault_file.exists():
            return ()
        from persona_cli.memory.contacts import MentionedContacts

        return (MentionedContacts(self.contacts),)

    @cached_property
    def engine(self) -> Engine:
        from persona_cli.local.engine import Engine
        from persona_cli.local.model_files import resolve_model

        local = self.settings.local
        path = resolve_model(local.model, self.folders)
        return Engine(path, context=local.context, threads=local.threads, snapshots=self._snapshots)

    @property
    def _snapshots(self) -> Snapshots | None:
        from persona_cli.local.snapshots import Snapshots, snapshots_folder

        most = self.settings.local.snapshots * 2**20
        return Snapshots(snapshots_folder(self.folders), lambda: self.seal, most) if most > 0 else None

    @cached_property
    def drafter(self) -> Drafter:
        """Who makes the sketches. The encoder helps to check a plan where the memory has loaded it already."""
        from persona_cli.sketch.drafters.choosing import make_drafter

        return make_drafter(self.settings, self.folders, lambda: self.engine, lambda: self.__dict__.get("encoder"))

    @cached_property
    def cloud(self) -> Cloud:
        from persona_cli.cloud.client import Cloud
        from persona_cli.secrets import find_key

        return Cloud(self.settings.cloud, find_key(self.settings.cloud, self.env, folders=self.folders), env=self.env)

    @cached_property
    def counts(self) -> Counts:
        from persona_cli.cloud.counts import Counts

        return Counts()

    @cached_property
    def completions(self) -> Completions:
        """The same cloud, asked token by token."""
        from persona_cli.cloud.completions import Completions
        from persona_cli.secrets import find_key

        key = find_key(self.settings.cloud, self.env, folders=self.folders)
        return Completions(self.settings.cloud, key, env=self.env)

    def with_cloud(self, cloud: Cloud) -> Parts:
        """These parts with a `cloud` of its own, for another thread.

        What is open by now is shared, and so is the audit log: vault, memory and log may be used by threads. Models may
        not: what needs `engine`, `drafter` or `detector` belongs to one thread.
        """
        _ = self.audit, self.counts
        other = replace(self)
        other.__dict__.update({**self.__dict__, "cloud": cloud})
        return other

    def with_settings(self, changed: Settings) -> Parts:
        """These parts under other settings. What hangs on none of them stays open, as does the local model where it is
        the same one."""
        other = replace(self, settings=changed)
        kept = [*_UNDER_ALL_SETTINGS, *(["engine"] if changed.local == self.settings.local else [])]
        kept += ["memory", "encoder"] if changed.memory == self.settings.memory else []
        kept += ["tagger"] if changed.privacy.level == self.settings.privacy.level else []
        kept += ["detector", "_contact_source"] if changed.privacy == self.settings.privacy else []
        other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other

    @property
    def cloud_host(self) -> str:
        return urlsplit(self.settings.cloud.base_url).netloc


def make_gate(detector: Detector) -> Gate:
    """A gate over `detector` that knows persona's own prompts and the ordinary words."""
    from persona_cli.modes.probe import PROBE
    from persona_cli.privacy.gate import Gate
    from persona_cli.privacy.words import lexicon
    from persona_cli.sketch.prompts import OUTLINE_SYSTEM, POINTS_HEADING
    from persona_cli.sketch.sketch import CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES, DETAILS_HEADING, ROLE_GAP, joints

    above_a_role = (CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES)
    return Gate(
        detector,
        shipped=(*above_a_role, OUTLINE_SYSTEM, PROBE),
        leads=[system + ROLE_GAP for system in above_a_role],
        joints=joints((DETAILS_HEADING, POINTS_HEADING)),
        is_common=lexicon().is_word,
    )
