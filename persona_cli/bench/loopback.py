"""A cloud on loopback for the benches of speed: it answers at once, and notes when it was reached."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_CHUNK: Final = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
_FIRST: Final = {"index": 0, "delta": {"role": "assistant", "content": "Done."}, "finish_reason": None}
_LAST: Final = {"index": 0, "delta": {}, "finish_reason": "stop"}


@dataclass
class Reached:
    """Times (perf_counter, which processes of one machine share) in the order in which they came."""

    connected: list[float] = field(default_factory=list)
    spoken_to: list[float] = field(default_factory=list)
    """When the first byte of each request had come."""

    def clear(self) -> None:
        self.connected.clear()
        self.spoken_to.clear()


@contextmanager
def a_cloud() -> Iterator[tuple[str, Reached]]:
    """An OpenAI-compatible server on loopback; gives its base_url and when it was reached."""
    reached = Reached()
    chunks = ({**_CHUNK, "choices": [choice]} for choice in (_FIRST, _LAST))
    answer = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            reached.connected.append(time.perf_counter())
            super().setup()

        def handle_one_request(self) -> None:
            if self.rfile.peek(1):  # type: ignore[attr-defined]  # a BufferedReader
                reached.spoken_to.append(time.perf_counter())
            super().handle_one_request()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *arguments: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", reached
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
