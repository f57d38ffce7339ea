"""The server over a real socket: what it sees of changes, whom it serves, how it ends."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from persona_cli.consent import Choice
from persona_cli.errors import CloudError, KeyUnavailable, Refused
from persona_cli.exchange import Draft, Reply, Request
from persona_cli.parts import Parts
from persona_cli.rekey import rotate
from persona_cli.serve import identity
from persona_cli.serve.client import Served, ServedDetector
from persona_cli.serve.frames import receive, written
from persona_cli.serve.place import LONGEST, folder_of, peer, socket_of
from persona_cli.serve.reaching import connection, greet, reach
from persona_cli.serve.server import Server
from persona_cli.serve.starting import told
from persona_cli.serve.warm import Warm
from persona_cli.settings import with_value
from tests.serve.served import FRIEND, in_thread, user, wait_for
from tests.servers import Answer, RecordingServer, echo, stalls, truncated

ASKED = "Write to Tom Brannigan that the door is fine."
OTHERS = os.getuid() + 1


class Cloud:
    def __init__(self) -> None:
        self.answer: Answer = echo()
        self.server = RecordingServer(lambda turn: self.answer(turn))


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    with made.server:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cloud: Cloud) -> Iterator[tuple[Server, Parts]]:
    """A server, and the parts of its user."""
    parts = user(tmp_path_factory.mktemp("home"), cloud.server.base_url)
    parts.memory.add(f"{FRIEND} is my dentist.")
    with in_thread(parts) as running:
        yield running, parts


@pytest.fixture
def asking(server: tuple[Server, Parts], cloud: Cloud) -> Parts:
    """The parts of a command whose server runs, opened anew as a command's are."""
    cloud.answer = echo()
    _, parts = server
    return replace(parts)


def ask(parts: Parts, text: str = ASKED, served: Served | None = None, **fields: Any) -> Reply:
    """The whole answer to `text`, in a conversation, by the server."""
    assistant = served or Served(parts)
    request = Request(text, conversation=parts.conversations.new("test").id, **fields)
    reply = assistant.ask(assistant.choose(request))
    for _ in reply:
        pass
    assert assistant.is_served
    return reply


def test_the_answer_and_all_that_belongs_to_it(asking: Parts, cloud: Cloud) -> None:
    reply = ask(asking)
    assert reply.answer is not None
    assert (reply.answer.text, reply.answer.replaced, reply.answer.mode) == (ASKED, 1, "sketch")
    assert asking.audit.payload(reply.answer.receipt) == cloud.server.requests[-1].body
    turns = asking.conversations.turns(asking.audit.list()[-1].conversation)
    assert [turn.text for turn in turns] == [ASKED, ASKED]


def test_many_at_once(asking: Parts) -> None:
    texts: list[str] = []

    def one(name: str) -> None:
        reply = ask(replace(asking), f"Greet {name} from me.")
        assert reply.answer is not None
        texts.append(reply.answer.text)

    names = ("Tom Brannigan", "Emma Roberts", "Ines Castellano", "Yusuf Demir")
    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == sorted(f"Greet {name} from me." for name in names)


def test_a_wait_for_the_cloud_keeps_nobody_waiting(asking: Parts, cloud: Cloud) -> None:
    cloud.answer = stalls()
    waiting = Served(asking)
    request = waiting.choose(Request(ASKED, conversation=asking.conversations.new("slow").id))
    pieces = iter(waiting.ask(request))
    thread = threading.Thread(target=lambda: _until_error(pieces), daemon=True)
    before = len(cloud.server.requests)
    thread.start()
    wait_for(lambda: len(cloud.server.requests) > before)
    cloud.answer = echo()
    assert ask(replace(asking)).answer is not None
    waiting.close()


def _until_error(pieces: Iterator[str]) -> None:
    try:
        for _ in pieces:
            pass
    except Exception:
        return


def test_consent_is_asked_for_at_the_client(asking: Parts, cloud: Cloud) -> None:
    shown: list[Draft] = []

    def consent(draft: Draft) -> Choice:
        shown.append(draft)
        return Choice("accept") if len(shown) > 1 else Choice("edit", "Write to Emma Roberts instead.")

    reply = ask(asking, served=Served(asking, consent), confirm=True)
    assert [draft.message for draft in shown] == [
        "Write to [PERSON_1] that the door is fine.",
        "Write to [PERSON_2] instead.",
    ]
    assert shown[0].placeholders == {"[PERSON_1]": "Tom Brannigan"}
    assert shown[1].cleared.body == cloud.server.requests[-1].body
    assert reply.answer is not None and reply.answer.text == "Write to Emma Roberts instead."
    with pytest.raises(TypeError):  # what was shown is not what the gate cleared
        asking.cloud.stream(shown[1].cleared)


def test_nobody_to_ask_is_a_refusal_and_the_request_is_kept(asking: Parts) -> None:
    id = asking.conversations.new("refused").id
    with pytest.raises(Refused):
        Served(asking).ask(Request(ASKED, conversation=id, mode="sketch", confirm=True))
    assert [turn.text for turn in asking.conversations.turns(id)] == [ASKED]


def test_errors_come_over_as_they_are(asking: Parts, cloud: Cloud) -> None:
    cloud.answer = truncated("Dear ")
    with pytest.raises(CloudError) as failed:
        ask(asking)
    assert failed.value.partial == "Dear " and type(failed.value).__name__ == "CloudGarbled"


def test_ending_an_answer_keeps_what_had_come(asking: Parts, cloud: Cloud) -> None:
    cloud.answer = stalls("Dear Sir ")
    cloud.server.hung_up.clear()
    assistant = Served(asking)
    id = asking.conversations.new("stopped").id
    reply = assistant.ask(Request(ASKED, conversation=id, mode="sketch"))
    assert next(iter(reply)).startswith("Dear")
    reply.close()
    assert [turn.role for turn in asking.conversations.turns(id)] == ["user", "assistant"]
    assert asking.audit.list()[-1].outcome == "interrupted"
    assert cloud.server.hung_up.wait(10)


def test_a_conversation_is_open_in_the_server_while_its_answer_is_under_way(asking: Parts, cloud: Cloud) -> None:
    """An interrupted command drops a conversation in which nothing was said, as it may still seem to it."""
    cloud.answer = stalls("Dear Sir ")
    id = asking.conversations.new("open").id
    reply = Served(asking).ask(Request(ASKED, conversation=id, mode="sketch"))
    assert next(iter(reply)).startswith("Dear")
    others = replace(asking).open_conversations
    with others.nobody_in([id]) as free:
        assert not free
    reply.close()
    wait_for(lambda: not others.open_elsewhere([id]))


def test_the_local_model_stops_when_nobody_waits(asking: Parts) -> None:
    assistant = Served(asking)
    id = asking.conversations.new("local").id
    reply = assistant.ask(Request("Write a long letter about the sea.", conversation=id, mode="local"))
    assert next(iter(reply))
    reply.close()
    again = ask(replace(asking), "Write one word.", mode="local")
    assert again.answer is not None and again.answer.where == "local"


def test_what_others_change_is_seen_by_the_next_request(asking: Parts, cloud: Cloud) -> None:
    def leaves(text: str, parts: Parts = asking) -> str:
        served = Served(replace(parts))
        return served.prepare(served.choose(Request(text), dry=True)).message

    assert leaves("Ask about the zeppelin works.") == "Ask about the zeppelin works."
    other = Parts.of_user(asking.env)
    other.profile.add("company", "zeppelin works")
    assert "zeppelin" not in leaves("Ask about the zeppelin works.")
    other.profile.remove("company")
    assert leaves("Ask about the zeppelin works.") == "Ask about the zeppelin works."
    denied = replace(asking, settings=with_value(asking.settings, "privacy.deny", "zeppelin"))
    assert "zeppelin" not in leaves("Draw a zeppelin.", denied)
    assert leaves("Draw a zeppelin.") == "Draw a zeppelin."

    memory, _ = other.memory.add("My boat is called Windermere Star.")
    text = "What is the name of my boat?"
    assert ask(replace(asking), text).answer.memories == (memory.id,)  # type: ignore[union-attr]
    other.memory.forget([memory.id])
    assert ask(replace(asking), text).answer.memories == ()  # type: ignore[union-attr]


def test_a_rotated_key_is_seen_and_the_server_does_not_stand_in_its_way(tmp_path: Path, cloud: Cloud) -> None:
    cloud.answer = echo()
    parts = user(tmp_path, cloud.server.base_url)
    with in_thread(parts):
        ask(replace(parts))
        assert told(parts.folders, parts.env, {"do": "let go"}) == {}
        parts = user(tmp_path, cloud.server.base_url)
        gc.collect()  # what this process has open of it
        rotate(parts.folders, env=parts.env)
        reply = ask(parts)
    assert reply.answer is not None and len(parts.conversations.list()) == 2


def test_settings_and_the_environment_come_with_the_request(asking: Parts, cloud: Cloud) -> None:
    changed = with_value(asking.settings, "cloud.model", "another-model")
    keyed = replace(asking, settings=changed, env={**asking.env, "PERSONA_API_KEY": "sk-of-this-request"})
    ask(keyed)
    last = cloud.server.requests[-1]
    assert last.json()["model"] == "another-model"
    assert last.header("authorization") == "Bearer sk-of-this-request"
    ask(replace(asking))
    assert cloud.server.requests[-1].header("authorization") == ""


def test_detection(asking: Parts) -> None:
    text = f"{FRIEND} and Tom Brannigan, tom@x.org"
    assert ServedDetector(asking).find(text) == asking.detector.find(text)


def test_tools_and_what_is_not_kept_stay_in_the_command(asking: Parts) -> None:
    assistant = Served(asking)
    reply = assistant.ask(Request(ASKED, mode="sketch"))
    for _ in reply:
        pass
    assert not assistant.is_served and reply.answer is not None


def test_only_the_user_reaches_it(asking: Parts) -> None:
    path = socket_of(asking.folders, asking.env)
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    with closing(socket.socket(socket.AF_UNIX)) as way:
        way.connect(str(path))
        assert peer(way) == os.getuid()
    assert reach(asking.folders, asking.env, peer_of=lambda way: OTHERS) is None
    assert reach(asking.folders, asking.env, uid=OTHERS) is None
    folder = folder_of(asking.folders)
    folder.chmod(0o750)
    try:
        assert connection(asking) is None
    finally:
        folder.chmod(0o700)
    assert connection(asking) is not None


def test_another_user_is_not_answered(tmp_path: Path) -> None:
    parts = user(tmp_path)
    with in_thread(parts, peer_of=lambda way: OTHERS):
        way = reach(parts.folders, parts.env)
        assert way is not None
        with way, _gone():
            way.sendall(written({"do": "status"}))
            assert receive(way) is None


class _gone:
    """A connection that was closed before it was read may end in a reset."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, ConnectionError)


def test_a_client_that_differs_is_not_served(asking: Parts) -> None:
    for name in ("version", "code", "folders"):
        way = reach(asking.folders, asking.env)
        assert way is not None
        with way:
            way.sendall(written({"do": "hello", **identity.own(asking.folders, asking.env), name: "other"}))
            assert receive(way) == {"end": {"refused": name}}
    other = replace(asking, env={**asking.env, "PERSONA_PASSPHRASE": "something else"})
    assert connection(other) is None and connection(asking) is not None
    with reach(asking.folders, asking.env) as way:  # type: ignore[union-attr]
        way.sendall(written({"do": "ask"}))  # without a hello
        assert receive(way) is None


def test_nonsense_ends_the_line_and_not_the_server(asking: Parts) -> None:
    deep = b'{"do":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for nonsense in (b"\xff\xff\xff\xff", b"\0\0\0\2{]", b"GET / HTTP/1.1\r\n\r\n" * 9,
                     len(deep).to_bytes(4, "big") + deep):  # fmt: skip
        with reach(asking.folders, asking.env) as way:  # type: ignore[union-attr]
            way.sendall(nonsense)
            with _gone():
                assert receive(way) is None
    assert ask(replace(asking)).answer is not None


def test_old_code_ends_by_itself(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "one.py").write_text("a = 1\n")
    parts = user(tmp_path / "home")
    with in_thread(parts, code=code) as server:
        assert connection(parts) is not None and not server._status()["outdated"]
        (code / "one.py").write_text("a = 22\n")
        os.utime(code / "one.py", (1, 1))
        assert server._status()["outdated"]
        server._code_looked -= 10  # a second has passed
        assert connection(parts) is None
        wait_for(lambda: reach(parts.folders, parts.env) is None)


def test_nobody_asks(tmp_path: Path) -> None:
    parts = user(tmp_path)
    with in_thread(parts) as server:
        assert not server._nobody_asks()
        server._serving = replace(server._serving, idle=0.01)
        wait_for(lambda: reach(parts.folders, parts.env) is None)


def test_an_answer_under_way_over_http_is_waited_for(tmp_path: Path) -> None:
    parts = user(tmp_path)
    warm = Warm(parts)
    with in_thread(parts, warm) as server:
        with warm.in_use():
            server._serving = replace(server._serving, idle=0.0)
            assert not server._nobody_asks()
        wait_for(lambda: reach(parts.folders, parts.env) is None)


def test_without_a_server_nothing_is_different(tmp_path: Path, cloud: Cloud) -> None:
    cloud.answer = echo()
    parts = user(tmp_path, cloud.server.base_url)
    assistant = Served(parts)
    id = parts.conversations.new("alone").id
    reply = assistant.ask(assistant.choose(Request(ASKED, conversation=id)))
    assert "".join(reply) == ASKED and not assistant.is_served
    assert not folder_of(parts.folders).exists()


def test_a_socket_has_a_short_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-long-name-of-a-folder"] * 6)
    parts = user(deep)
    short = socket_of(parts.folders, {"XDG_RUNTIME_DIR": str(tmp_path / "run")})
    assert short.parent.parent == tmp_path / "run" or len(str(tmp_path)) > 60
    for env in ({}, {"XDG_RUNTIME_DIR": str(deep)}, parts.env):
        assert len(os.fsencode(socket_of(parts.folders, env))) <= LONGEST
    assert socket_of(parts.folders, {}) != socket_of(user(deep / "other").folders, {})
    with in_thread(parts):
        assert greet(reach(parts.folders, parts.env), parts.folders, parts.env) == ""  # type: ignore[arg-type]


def test_warm_parts_of_a_home_that_begins(tmp_path: Path) -> None:
    parts = user(tmp_path, "http://127.0.0.1:9/v1")
    warm = Warm(parts)
    first = warm.parts(parts.settings)
    assert not first.folders.vault_file.exists() and warm.parts(parts.settings).detector is first.detector
    Parts.of_user(parts.env).profile.add("name", "Wilhelmina Okafor")
    later = warm.parts(parts.settings)
    assert later.user_names == ("Wilhelmina Okafor",) and later.tagger is first.tagger
    assert later.env is parts.env and warm.parts(parts.settings, env={"A": "b"}).env == {"A": "b"}
    unlogged = warm.parts(parts.settings, unlogged=True)
    assert unlogged.conversations_vault is not later.vault


def test_warm_parts_read_the_settings_file_again(tmp_path: Path) -> None:
    from persona_cli.settings import save_value

    parts = user(tmp_path)
    warm = Warm(parts)
    assert warm.parts().settings.cloud.model == ""
    save_value(parts.folders.settings_file, "cloud.model", "test-model")
    assert warm.parts().settings.cloud.model == "test-model"


def test_a_key_that_is_not_the_one_in_use(tmp_path: Path, cloud: Cloud) -> None:
    parts = user(tmp_path, cloud.server.base_url)
    with in_thread(parts):
        ask(replace(parts))
        before = parts.folders.key_file.read_text()
        time.sleep(0.01)
        parts.folders.key_file.write_text("ab" * 32)
        assistant = Served(replace(parts))
        with pytest.raises(KeyUnavailable):
            assistant.ask(Request(ASKED, mode="sketch", conversation="some"))
        parts.folders.key_file.write_text(before)
        assert ask(replace(parts)).answer is not None
