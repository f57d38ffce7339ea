"""The bearer token of the endpoint: made once, kept in a file that its user alone can read."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from persona_cli.durable import replace_private
from persona_cli.errors import StoreError
from persona_cli.serve.place import folder_of, own_folder, token_of

if TYPE_CHECKING:
    from persona_cli.paths import Folders

BYTES: Final = 32


def make_token(folders: Folders) -> str:
    """A new token in the place of the one before. Raises StoreError."""
    token = f"persona-{token_urlsafe(BYTES)}"
    own_folder(folder_of(folders))
    replace_private(token_of(folders), f"{token}\n".encode())
    return token


def read_token(folders: Folders) -> str:
    """The token; made now where there is none. Raises StoreError."""
    try:
        path = token_of(folders)
        token = path.read_text("ascii").strip()
        if path.stat().st_mode & 0o077:
            raise StoreError(f"Others can read the token in {path}. `persona serve --http --new-token` makes it anew.")
    except FileNotFoundError:
        token = ""
    except (OSError, ValueError) as error:
        raise StoreError(
            f"The token cannot be read ({error}). `persona serve --http --new-token` makes it anew."
        ) from error
    return token or make_token(folders)
