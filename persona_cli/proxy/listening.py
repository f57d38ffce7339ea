"""An ASGI application on a port of this machine, in a thread of its own.

with listening(app) as base_url:     # "http://127.0.0.1:40123/v1"
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette

# Connections that wait to be taken.
BACKLOG: Final = 512
# Above every level that there is.
SILENT: Final = logging.CRITICAL + 1
# Who is still being answered when the server stops has so many seconds.
GRACE: Final = 2


@contextmanager
def listening(app: Starlette, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve `app`; gives the base_url for a client. `port` 0: a free one. Raises UsageError where it is taken."""
    place = _bound(host, port)
    # Nothing is logged: a path or an error could hold private text. (Without handlers Python writes it to stderr.)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        log_level=SILENT,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([place],), name="persona-http", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield f"http://{host}:{place.getsockname()[1]}/v1"
    finally:
        app.state.stop()
        server.should_exit = True
        thread.join()
        place.close()


def _bound(host: str, port: int) -> socket.socket:
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((host, port))
    except OSError as error:
        place.close()
        raise UsageError(
            f"Port {port} of {host} cannot be had ({error.strerror}). Name another with --port; 0 takes any free one."
        ) from None
    return place
