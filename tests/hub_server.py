"""A model hub on loopback: huggingface.co's protocol for the files that it is given, and misbehaviour on demand.

    with HubServer({("tests/pico-GGUF", "pico.gguf"): data}) as hub:
        hub.endpoint         # for HF_ENDPOINT
        hub.cuts = [1000]    # the first download breaks after so many bytes of its body
        hub.starts           # the first byte of every download

Metadata comes with a redirect to another host name, as from the hub to its storage: X-Repo-Commit, X-Linked-Etag and
X-Linked-Size stand on the redirect, the bytes (and ranges of them) behind it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from persona_cli.bench.recording import RecordingServer, Turn

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubServer(RecordingServer):
    """`files`: {(repository, file): bytes}. What can be set while it runs:

    `cuts`: after so many bytes each of the next downloads breaks; `stalls`: after so many it falls silent. `troubles`:
    the statuses of the next answers. `sent`: other bytes than were announced. `token`: what the repositories want.
    `whole_only`: ranges are ignored. `licence`: what the model's card says.
    """

    def __init__(self, files: Mapping[tuple[str, str], bytes]) -> None:
        self.files = dict(files)
        self.cuts: list[int] = []
        self.stalls: list[int] = []
        self.sent: bytes | None = None
        self.token = ""
        self.whole_only = False
        self.licence = "apache-2.0"
        self.troubles: list[int] = []
        self.starts: list[int] = []
        self.bytes_sent = 0
        super().__init__(self._answer)

    def __enter__(self) -> HubServer:
        return self

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}"

    def _answer(self, turn: Turn) -> None:
        method, path, _ = turn.request.line.split(" ")
        if path.startswith("/storage/"):
            self._bytes(turn, path.removeprefix("/storage/"))
        elif self.token and turn.request.header("authorization") != f"Bearer {self.token}":
            self._no(turn, 401, "GatedRepo")
        elif path.startswith("/api/models/"):
            self._card(turn, path.removeprefix("/api/models/"))
        else:
            self._resolve(turn, method, path)

    def _card(self, turn: Turn, path: str) -> None:
        repository = path.split("/revision/")[0]
        if not any(repository == known for known, _ in self.files):
            return self._no(turn, 404, "RepoNotFound")
        card = {"license": self.licence} if self.licence else {}
        return turn.body(200, json.dumps({"id": repository, "cardData": card}).encode(), "application/json")

    def _resolve(self, turn: Turn, method: str, path: str) -> None:
        owner, name, _, revision, file = path.strip("/").split("/", 4)
        repository = f"{owner}/{name}"
        if self.troubles and method == "GET":
            return self._no(turn, self.troubles.pop(0), "")
        if not any(repository == known for known, _ in self.files):
            return self._no(turn, 404, "RepoNotFound")
        if revision not in ("main", COMMIT):
            return self._no(turn, 404, "RevisionNotFound")
        data = self.files.get((repository, file))
        if data is None:
            return self._no(turn, 404, "EntryNotFound")
        digest = hashlib.sha256(data).hexdigest()
        turn.head(
            302,
            {
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(data)),
                "ETag": '"of the redirect"',
                "Location": f"http://localhost:{self.port}/storage/{digest}",
                "Content-Length": "0",
            },
        )
        return None

    def _bytes(self, turn: Turn, digest: str) -> None:
        data = next(item for item in self.files.values() if hashlib.sha256(item).hexdigest() == digest)
        data = data if self.sent is None else self.sent
        asked = turn.request.header("range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and not self.whole_only else 0
        self.starts.append(start)
        headers = {"Content-Length": str(len(data) - start), "Content-Type": "application/octet-stream"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        turn.head(206 if start else 200, headers)
        cut = self.cuts.pop(0) if self.cuts else None
        stall = self.stalls.pop(0) if self.stalls else None
        end = start + (cut if cut is not None else stall if stall is not None else len(data))
        for at in range(start, min(end, len(data)), 1 << 16):
            piece = data[at : min(at + (1 << 16), end)]
            turn.send(piece)
            self.bytes_sent += len(piece)
        if stall is not None:
            turn.hold()
        turn.keep = cut is None

    def _no(self, turn: Turn, status: int, code: str) -> None:
        headers = {"X-Error-Code": code} if code else {}
        turn.body(status, b"" if turn.request.line.startswith("HEAD") else b"no", "text/plain", headers)
