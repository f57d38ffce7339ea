"""Where things live on disk: XDG folders, or all of them under `PERSONA_HOME`.

Knows names and modes, not contents. Folders are made 0700 and files 0600 *at creation*: a chmod after the write
leaves a moment in which others can read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from persona_cli.errors import ModelMissing, StoreError


@dataclass(frozen=True)
class Folders:
    """The four roots of persona's files."""

    config: Path
    data: Path
    state: Path
    cache: Path

    @property
    def settings_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def vault_file(self) -> Path:
        """SQLite: conversations, placeholders, profile; every value encrypted."""
        return self.data / "vault.db"

    @property
    def key_file(self) -> Path:
        """The encryption key, where the machine has no OS keyring."""
        return self.data / "vault.key"

    @property
    def api_keys_file(self) -> Path:
        """API keys, sealed, where the machine has no OS keyring."""
        return self.data / "keys.json"

    @property
    def memory_folder(self) -> Path:
        """The Chroma folder."""
        return self.data / "memory"

    @property
    def audit_file(self) -> Path:
        return self.state / "audit.jsonl"

    @property
    def open_conversations(self) -> Path:
        """One empty file for each conversation that a process has open."""
        return self.state / "open"

    @property
    def chat_history_file(self) -> Path:
        return self.state / "chat-history"


def folders(env: Mapping[str, str] = os.environ) -> Folders:
    """The folders for this user. `PERSONA_HOME` puts all four under one root (tests, portable installs)."""
    if home := env.get("PERSONA_HOME"):
        root = Path(home).expanduser()
        return Folders(root / "config", root / "data", root / "state", root / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("persona", appauthor=False)
    return Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path, dirs.user_cache_path)


def private_folder(path: Path) -> Path:
    """Make `path` (and missing parents) readable by the user alone, and return it.

    Raises StoreError where it cannot be made.
    """
    if path.is_dir():
        return path
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not path.is_dir():
            raise NotADirectoryError(20, "a file is in its place")
    except OSError as error:
        raise StoreError(
            f"The folder {path} cannot be made ({error.strerror}). Check its permissions, or set PERSONA_HOME."
        ) from error
    return path


def create_private(path: Path) -> None:
    """Make sure that `path` exists with mode 0600 from its first moment. An existing file is left as it is."""
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(
            f"The file {path} cannot be made ({error.strerror}). Check its permissions and the free disk space."
        ) from error


def embedded_model(name: str) -> Path:
    """The model file or folder `name` that persona ships: in the wheel, or in the checkout's models/.

    Raises ModelMissing.
    """
    package = Path(__file__).parent
    for folder in (package / "models", package.parent / "models"):
        if (folder / name).exists():
            return folder / name
    raise ModelMissing(
        f"The embedded model {name} is not in this installation. Reinstall persona (./install.sh), or run its "
        "recipe in models/recipes/."
    )
