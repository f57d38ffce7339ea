"""The memory on a real Chroma server (`chroma run`) on loopback."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from persona_cli.errors import NothingFound, SettingsError, StoreDamaged, StoreError
from persona_cli.memory.storage.place import FORMAT
from persona_cli.memory.storage.remote import COLLECTION, Remote
from persona_cli.memory.storage.residue import residue
from persona_cli.memory.storage.server import Server, server_url
from persona_cli.memory.store import MemoryStore, Note, State
from persona_cli.privacy.crypto import Seal
from tests.chroma_server import chroma_server, free_port
from tests.memory.hashed_words import HashedWords

KEY = b"k" * 32
FACTS = [
    "My landlord is Emma Roberts, and she wants the rent on the third.",
    "I am allergic to hazelnuts.",
    "Tom's school play is on the fourteenth of June.",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def running(files: Path) -> Iterator[str]:
    with chroma_server(files) as url:
        yield url


@pytest.fixture
def url(running: str) -> str:
    """A server without memories."""
    with suppress(NothingFound):
        Server(running).ask("DELETE", f"/collections/{COLLECTION}")
    return running


def at(folder: Path, url: str, key: bytes = KEY) -> MemoryStore:
    return MemoryStore(folder, HashedWords(), Seal(key), place=Remote(folder, url))


def test_it_does_all_that_a_folder_does(tmp_path: Path, url: str) -> None:
    store = at(tmp_path / "here", url)
    assert (store.count(), store.list(), store.entries(), store.version(), store.search("rent", 3)) == (
        0,
        [],
        [],
        b"",
        [],
    )
    when = datetime(2024, 6, 14, 9, 30, tzinfo=timezone.utc)
    added = [store.add(text, when, "me", "chat-1", f"note-{n}")[0] for n, text in enumerate(FACTS)]
    assert store.add(FACTS[0], source_id="note-0") == (added[0], False)
    assert store.count() == 3 and store.list() == added[::-1] and store.entries(1) == added[1:]
    assert store.list(1, offset=1) == [added[1]]
    assert store.get(added[2].id[:8].upper()) == added[2]
    assert store.open([added[2].id, "0" * 32, added[0].id]) == [added[2], added[0]]
    hits = store.search("what does the landlord want?", 2)
    assert hits[0].memory == added[0] and 1 >= hits[0].score > hits[1].score
    assert store.similarities(FACTS[1], [added[1].id])[0] == pytest.approx(1, abs=1e-5)
    epoch, version = store.epoch(), store.version()
    assert store.keep_derived("words", b"derived", epoch) and store.derived("words") == b"derived"
    store.states.put({added[0].id: State(pinned=True), added[1].id: State(uses=3)})

    edited = store.edit(added[0].id[:6], "My landlord is Paula Weiss now.")
    assert store.epoch() != epoch and store.version() != version and store.derived("words") is None
    assert not store.keep_derived("words", b"told of what is forgotten", epoch) and store.derived("words") is None
    assert store.entries() == [edited, *added[1:]] and store.search("Paula Weiss", 1)[0].memory == edited
    assert store.forget([added[1].id]) == 1
    assert store.states.all() == {added[0].id: State(pinned=True)}
    with pytest.raises(NothingFound):
        store.get(added[1].id)
    other = at(tmp_path / "elsewhere", url)
    assert other.entries() == [edited, added[2]]
    other.add("from another machine")
    assert store.count() == 3


def test_the_server_never_sees_a_text_or_an_unturned_vector(tmp_path: Path, files: Path, url: str) -> None:
    store = at(tmp_path / "here", url)
    for text in FACTS:
        store.add(text, speaker="Zacharias", conversation="holiday-plans", source_id="mail-77123")
    store.search("landlord", 1)
    everything = b"".join(path.read_bytes() for path in files.rglob("*") if path.is_file())
    for word in ("landlord", "Roberts", "hazelnuts", "Zacharias", "holiday", "77123"):
        assert word.encode() not in everything and word.encode("utf-16-le") not in everything
    assert residue(files, [vector.tobytes() for vector in HashedWords().embed(FACTS)]) == []
    with pytest.raises(StoreDamaged, match="cannot be decrypted"):
        at(tmp_path / "here", url, b"x" * 32).list()


def test_all_is_there_after_the_server_was_killed(tmp_path: Path) -> None:
    """chroma-core/chroma#7090 tells of an index that was lost at a restart with more than about 1,000 items."""
    port = free_port()
    notes = [Note(f"note {n} on {chr(97 + n % 26)}{n * 7919}") for n in range(1600)]
    with chroma_server(tmp_path / "files", port, signal.SIGKILL) as url:
        store = at(tmp_path / "here", url)
        for start in range(0, len(notes), 400):
            store.add_all(notes[start : start + 400])
    with pytest.raises(StoreError, match="cannot be reached"):
        store.count()
    with chroma_server(tmp_path / "files", port):
        assert [memory.text for memory in store.entries()] == [note.text for note in notes]
        asked = notes[::40]
        assert sum(store.search(note.text, 1)[0].memory.text == note.text for note in asked) >= len(asked) - 1


def test_a_collection_that_is_none_of_personas_is_left_alone(tmp_path: Path, url: str) -> None:
    server = Server(url)
    server.ask("POST", "/collections", {"name": COLLECTION, "metadata": {"somebody": "else"}})
    with pytest.raises(StoreDamaged, match="not one that persona made"):
        at(tmp_path, url).add("more")
    server.ask("DELETE", f"/collections/{COLLECTION}")
    store = at(tmp_path, url)
    store.add(FACTS[0])
    path = f"/collections/{server.ask('GET', f'/collections/{COLLECTION}')['id']}"
    newer = {"indexed": 0, "dimension": 384, "embedder": "hashed-words", "epoch": "", "format": FORMAT + 1}
    server.ask("PUT", path, {"new_metadata": newer})
    with pytest.raises(StoreError, match="newer persona"):
        store.add("more")


def test_a_changed_row_is_noticed(tmp_path: Path, url: str) -> None:
    store = at(tmp_path, url)
    first, second = (store.add(text)[0] for text in FACTS[:2])
    collection = store._place.collection()
    assert collection is not None
    vector = np.ones(384, np.float32)
    rows = collection.rows([first.id, second.id])
    server = Server(url)
    id = server.ask("GET", f"/collections/{COLLECTION}")["id"]
    moved = {"digest": rows[1].digest, "sealed": rows[0].sealed}
    server.ask("POST", f"/collections/{id}/update", {"ids": [second.id], "embeddings": [vector.tolist()],
                                                     "metadatas": [moved]})  # fmt: skip
    assert store.get(first.id) == first
    with pytest.raises(StoreDamaged, match="cannot be decrypted"):
        store.get(second.id)


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"id": 1}', b"null"])
def test_what_is_no_chroma_server_is_a_sentence(tmp_path: Path, body: bytes) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(StoreDamaged, match=r"no Chroma server|not one that persona made"):
            at(tmp_path, f"http://127.0.0.1:{server.server_port}").count()
        server.shutdown()


def test_a_server_that_hangs_up_is_asked_again_once(tmp_path: Path, url: str) -> None:
    store = at(tmp_path, url)
    store.add(FACTS[0])
    place = store._place
    assert isinstance(place, Remote) and place._server._connection is not None
    place._server._connection.sock.shutdown(socket.SHUT_RDWR)
    assert store.count() == 1


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("chroma", "address of a Chroma server"),
        ("ftp://localhost", "address of a Chroma server"),
        ("http://memory.example.org:8000", "ssh -L"),
        ("http://192.168.1.5:8000", "ssh -L"),
        ("https://me:secret@memory.example.org", "no place for secrets"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(url: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        server_url(url)


def test_addresses_that_are_safe() -> None:
    for url in (
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://memory.example.org/chroma",
    ):
        assert server_url(url + "/") == url


def test_what_stays_here_says_which_server_it_was(tmp_path: Path, url: str) -> None:
    at(tmp_path / "server", url).add(FACTS[0])
    assert json.loads((tmp_path / "server" / "server.json").read_bytes()) == {"url": url}
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*"))
