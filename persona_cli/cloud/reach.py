"""Can the cloud's host be reached? A connection is opened and closed, and nothing is sent."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from persona_cli.errors import CloudUnreachable

PATIENCE = 5.0


def reach(base_url: str, timeout: float = PATIENCE) -> str:
    """A sentence that says the host was reached. `timeout` is seconds. Raises CloudUnreachable."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=timeout):
            return f"{parts.netloc} answers"
    except OSError as error:
        raise CloudUnreachable(
            f"{parts.netloc} cannot be reached ({error.strerror or error}). Check the network and cloud.base_url."
        ) from error
