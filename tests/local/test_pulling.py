"""A model from a hub on loopback: whole, checked, and on from where it broke off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.bench.recording import RecordingServer
from persona_cli.errors import ModelBroken, PersonaError, PullFailed, UsageError
from persona_cli.local.catalog import downloads
from persona_cli.local.hub import HUB, Hub, find_token
from persona_cli.local.installed import find, installed, parts, remove
from persona_cli.local.pulling import OPEN, Source, here, pull, source_of
from persona_cli.paths import Folders, embedded_model, folders
from tests.guards import SocketGuard
from tests.hub_server import COMMIT, HubServer

REPOSITORY, FILE = "tests/pico-GGUF", "pico.gguf"
SOURCE = Source("pico", REPOSITORY, FILE, "main", licence="apache-2.0")
AT_ONCE = (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def data() -> bytes:
    return embedded_model(FILE).read_bytes()


@pytest.fixture
def server(data: bytes) -> Iterator[HubServer]:
    with HubServer({(REPOSITORY, FILE): data}) as server:
        yield server


@pytest.fixture
def mine() -> Folders:
    return folders()


def hub(server: HubServer, token: str | None = None, silent: float = 20.0) -> Hub:
    return Hub(server.endpoint, lambda: token, silent)


def test_a_model_arrives_whole_and_says_where_it_came_from(server: HubServer, mine: Folders, data: bytes) -> None:
    seen: list[tuple[int, int]] = []
    done = pull(SOURCE, mine, hub(server), arrived=lambda have, of: seen.append((have, of)))
    assert done.fresh and done.model.path.read_bytes() == data
    assert done.model.path.stat().st_mode & 0o777 == 0o600
    assert seen[0] == (0, len(data)) and seen[-1] == (len(data), len(data)) and len(seen) > 3
    origin = installed(mine)[0].origin
    assert origin is not None and (origin.repository, origin.file, origin.revision) == (REPOSITORY, FILE, COMMIT)
    assert origin.sha256 == hashlib.sha256(data).hexdigest() and origin.size == len(data)
    assert parts(mine) == () and server.starts == [0]


def test_the_same_model_is_not_downloaded_twice(server: HubServer, mine: Folders) -> None:
    pull(SOURCE, mine, hub(server))
    assert not pull(SOURCE, mine, hub(server)).fresh
    assert server.starts == [0]


def test_what_is_described_by_the_catalog_needs_no_question(server: HubServer, mine: Folders, data: bytes) -> None:
    described = Source("pico", REPOSITORY, FILE, "main", len(data), hashlib.sha256(data).hexdigest())
    assert here(described, mine) is None
    pull(described, mine, hub(server))
    with SocketGuard() as guard:
        assert here(described, mine) is not None
    assert guard.attempts == []


def test_a_broken_connection_goes_on_from_the_byte_where_it_broke(
    server: HubServer, mine: Folders, data: bytes
) -> None:
    server.cuts = [1_000_000, 0, 500_000]
    said: list[str] = []
    done = pull(SOURCE, mine, hub(server), broke=said.append, waits=AT_ONCE)
    assert done.model.path.read_bytes() == data
    assert server.starts == [0, 1_000_000, 1_000_000, 1_500_000]
    assert server.bytes_sent == len(data) and len(said) == 3
    assert all("lost" in why for why in said)


def test_a_hub_in_trouble_is_asked_again(server: HubServer, mine: Folders, data: bytes) -> None:
    server.troubles = [503, 429]
    said: list[str] = []
    assert pull(SOURCE, mine, hub(server), broke=said.append, waits=AT_ONCE).fresh
    assert ["503" in said[0], "429" in said[1]] == [True, True] and server.starts == [0]


def test_a_no_in_the_middle_ends_the_pull_and_keeps_what_arrived(server: HubServer, mine: Folders) -> None:
    server.cuts = [1_000_000]
    said: list[str] = []

    def broke(why: str) -> None:
        said.append(why)
        server.troubles = [403]

    with pytest.raises(PullFailed, match="does not give tests/pico-GGUF to everybody"):
        pull(SOURCE, mine, hub(server), broke=broke, waits=AT_ONCE)
    assert len(said) == 1 and parts(mine)[0].arrived == 1_000_000


def test_a_hub_that_falls_silent_is_left_and_asked_again(server: HubServer, mine: Folders, data: bytes) -> None:
    server.stalls = [700_000]
    said: list[str] = []
    done = pull(SOURCE, mine, hub(server, silent=0.3), broke=said.append, waits=AT_ONCE)
    assert done.model.path.read_bytes() == data and server.starts == [0, 700_000]
    assert "fell silent" in said[0]


def test_giving_up_keeps_what_arrived_and_the_next_pull_goes_on(server: HubServer, mine: Folders, data: bytes) -> None:
    server.cuts = [1_000_000, 0, 0, 0]
    with pytest.raises(PullFailed, match=r"48% of pico has arrived and is kept: the same command goes on"):
        pull(SOURCE, mine, hub(server), waits=AT_ONCE)
    assert [(part.name, part.arrived) for part in parts(mine)] == [("pico", 1_000_000)]
    assert find("pico", mine) is None
    seen: list[int] = []
    pull(SOURCE, mine, hub(server), arrived=lambda have, of: seen.append(have))
    assert seen[0] == 1_000_000 and server.starts[-1] == 1_000_000 and server.bytes_sent == len(data)


def test_a_server_without_ranges_starts_over(server: HubServer, mine: Folders, data: bytes) -> None:
    server.cuts, server.whole_only = [900_000], True
    assert pull(SOURCE, mine, hub(server), waits=AT_ONCE).model.path.read_bytes() == data
    assert server.starts == [0, 0]


def test_a_wrong_checksum_leaves_nothing(server: HubServer, mine: Folders, data: bytes) -> None:
    server.sent = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(PullFailed, match=r"checksum is wrong. It was removed. Pull it again"):
        pull(SOURCE, mine, hub(server))
    assert installed(mine) == () and parts(mine) == ()
    server.sent = None
    assert pull(SOURCE, mine, hub(server)).model.path.read_bytes() == data
    assert server.starts == [0, 0]


def test_more_bytes_than_announced_are_refused(server: HubServer, mine: Folders, data: bytes) -> None:
    server.sent = data + b"more"
    with pytest.raises(PullFailed, match="More came for pico"):
        pull(SOURCE, mine, hub(server))
    assert parts(mine) == ()


def test_what_is_no_gguf_ends_with_its_first_bytes(mine: Folders) -> None:
    page = b"<html>" + bytes(4_000_000)
    with HubServer({(REPOSITORY, FILE): page}) as server, pytest.raises(ModelBroken, match="is no GGUF model"):
        pull(SOURCE, mine, hub(server))
    assert installed(mine) == () and parts(mine) == ()


def test_a_file_that_is_not_what_the_catalog_describes_is_not_begun(server: HubServer, mine: Folders) -> None:
    other = Source("pico", REPOSITORY, FILE, "main", 5, "0" * 64)
    with pytest.raises(PullFailed, match=r"another pico.gguf than .* catalog describes.*hf:tests/pico-GGUF/pico.gguf"):
        pull(other, mine, hub(server))
    assert server.starts == []


def test_another_version_replaces_the_old_one_when_it_is_whole(server: HubServer, mine: Folders, data: bytes) -> None:
    pull(SOURCE, mine, hub(server))
    newer = data + bytes(8)
    server.files[REPOSITORY, FILE] = newer
    server.cuts = [10, 0]
    with pytest.raises(PullFailed):
        pull(SOURCE, mine, hub(server), waits=(0.0,))
    assert installed(mine)[0].path.read_bytes() == data
    pull(SOURCE, mine, hub(server))
    assert installed(mine)[0].path.read_bytes() == newer


def test_a_part_of_an_older_version_is_thrown_away(server: HubServer, mine: Folders, data: bytes) -> None:
    server.cuts = [1_000_000, 0]
    with pytest.raises(PullFailed):
        pull(SOURCE, mine, hub(server), waits=(0.0,))
    server.files[REPOSITORY, FILE] = data + bytes(8)
    pull(SOURCE, mine, hub(server))
    assert parts(mine) == () and server.starts[-1] == 0


def test_two_pulls_of_the_same_model(server: HubServer, mine: Folders, data: bytes) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def arrived(have: int, of: int) -> None:
        begun.set()
        go_on.wait(60)

    first = threading.Thread(target=lambda: pull(SOURCE, mine, hub(server), arrived=arrived))
    first.start()
    begun.wait(60)
    try:
        with pytest.raises(PullFailed, match="is being pulled already"):
            pull(SOURCE, mine, hub(server))
    finally:
        go_on.set()
        first.join()
    assert installed(mine)[0].path.read_bytes() == data


def test_a_disk_without_room_is_said_before_the_first_byte(server: HubServer, mine: Folders) -> None:
    with pytest.raises(PullFailed, match=r"needs 0\.3 GB more on the disk .* 0\.1 GB are free. Make room"):
        pull(SOURCE, mine, hub(server), free=lambda folder: 100_000_000)
    assert server.starts == []


def test_a_model_of_the_same_name_from_elsewhere_is_left_alone(server: HubServer, mine: Folders) -> None:
    pull(SOURCE, mine, hub(server))
    with pytest.raises(PullFailed, match=r"already, tests/pico-GGUF/pico\.gguf\. .*--name NAME"):
        pull(Source("pico", "tests/other", "b.gguf", "main"), mine, hub(server))
    (mine.data / "models" / "own.gguf").write_bytes(b"GGUF")
    with pytest.raises(PullFailed, match="a file that you put there"):
        pull(Source("own", REPOSITORY, FILE, "main"), mine, hub(server))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (Source("a", REPOSITORY, "b.gguf", "main"), r"has no file b\.gguf\. Look for the right name on "),
        (Source("a", "tests/none", FILE, "main"), "has no repository tests/none, or a private one"),
        (Source("a", REPOSITORY, FILE, "v9"), "has no such version"),
    ],
)
def test_what_the_hub_does_not_have(server: HubServer, mine: Folders, source: Source, sentence: str) -> None:
    with pytest.raises(PullFailed, match=sentence):
        pull(source, mine, hub(server))


def test_a_gated_model_wants_a_token_and_only_it_gets_one(server: HubServer, mine: Folders, data: bytes) -> None:
    pull(SOURCE, mine, hub(server, token="hf_secret"))
    assert b"hf_secret" not in server.received
    remove("pico", mine)
    server.token = "hf_secret"
    with pytest.raises(PullFailed, match=r"it wants a token.*persona keys set 127\.0\.0\.1:"):
        pull(SOURCE, mine, hub(server))
    with pytest.raises(PullFailed, match="the token that you have is not allowed"):
        pull(SOURCE, mine, hub(server, token="hf_wrong"))
    assert pull(SOURCE, mine, hub(server, token="hf_secret")).model.path.read_bytes() == data
    storage = [item for item in server.requests if "/storage/" in item.line]
    assert storage and all(item.header("authorization") == "" for item in storage)


def test_nobody_at_the_hub_is_said_at_once(mine: Folders) -> None:
    with HubServer({}) as gone:
        endpoint = gone.endpoint
    with pytest.raises(PullFailed, match=r"cannot be reached: this machine seems to be offline\. Nothing was"):
        pull(SOURCE, mine, Hub(endpoint))


def test_the_hub_learns_the_name_and_nothing_of_the_machine(server: HubServer, mine: Folders) -> None:
    pull(SOURCE, mine, hub(server))
    hub(server).licence(REPOSITORY, "main")
    agents = {item.header("user-agent") for item in server.requests}
    assert len(agents) == 1 and agents.pop().startswith("persona/")
    told = {name.lower() for item in server.requests for name, _ in item.headers}
    assert told <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "x-amzn-trace-id",
    }  # fmt: skip


def test_the_licence_of_a_repository(server: HubServer) -> None:
    assert hub(server).licence(REPOSITORY, "main") == "apache-2.0"
    server.licence = "a\nlong one " * 50
    assert hub(server).licence(REPOSITORY, "main") == ("a long one " * 50)[:80]
    server.licence = ""
    assert hub(server).licence(REPOSITORY, "main") == ""
    with pytest.raises(PullFailed):
        hub(server).licence("tests/none", "main")


def test_a_server_that_is_no_hub(mine: Folders) -> None:
    with RecordingServer(lambda turn: turn.body(200, b"<html>", "text/html")) as other:
        no_hub = Hub(f"http://{other.host}")
        with pytest.raises(PullFailed, match="does not speak the hub's protocol"):
            no_hub.licence(REPOSITORY, "main")
        other.answer = lambda turn: turn.head(200, {"Content-Length": "9"})
        with pytest.raises(PullFailed, match="does not tell the size and the checksum"):
            pull(SOURCE, mine, no_hub)


def test_a_token_is_for_its_own_host(mine: Folders) -> None:
    env = {"HF_TOKEN": "hf_mine", "PERSONA_API_KEY": "sk-cloud", "OPENAI_API_KEY": "sk-openai"}
    assert find_token(HUB, env, mine) == "hf_mine"
    assert find_token("https://mirror.example", env, mine) is None
    assert find_token("http://huggingface.co", env, mine) is None
    assert find_token("http://127.0.0.1:1", env, mine) is None


def test_the_names_of_what_can_be_pulled() -> None:
    named = source_of("hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q5_K_M.gguf")
    assert (named.name, named.repository, named.file, named.revision) == (
        "Qwen3-4B-Q5_K_M", "Qwen/Qwen3-4B-GGUF", "Qwen3-4B-Q5_K_M.gguf", "main",
    )  # fmt: skip
    assert source_of("hf:a/b@v1/deep/c.gguf", "mine") == Source("mine", "a/b", "deep/c.gguf", "v1")
    assert source_of(f"{HUB}/a/b/resolve/main/c.gguf?download=true".split("?")[0]) == source_of("hf:a/b/c.gguf")
    assert source_of("QWEN3-4B").repository == "Qwen/Qwen3-4B-GGUF"
    for text, sentence in {
        "nonsense": "is no model that can be pulled. Name one of smollm2-360m",
        "https://elsewhere.example/a/b/resolve/main/c.gguf": "is no model that can be pulled",
        "hf:a/b/c.safetensors": "is no .gguf file",
        "hf:a/b/../../c.gguf": "is no .gguf file",
        "hf:a/b/c-00001-of-00002.gguf": "one of several pieces",
        "hf:a/b/nano.gguf": "--name NAME",
        "hf:a/b/qwen3-4b.gguf": "--name NAME",
        "hf:a/b/.hidden.gguf": "cannot name a model",
    }.items():
        with pytest.raises(UsageError, match=sentence.replace(".", r"\.")):
            source_of(text)
    with pytest.raises(UsageError, match="cannot name a model"):
        source_of("hf:a/b/c.gguf", "../c")


def test_every_model_of_the_catalog_can_be_named() -> None:
    every = downloads()
    assert len(every) >= 8 and len({model.name for model in every}) == len(every)
    for model in every:
        source = source_of(model.name)
        assert source.is_open == (not model.terms) == (model.licence.lower() in OPEN), model.name
        assert model.memory > model.size > 3e8 and model.context >= 4096
        assert model.sha256 == "" or len(bytes.fromhex(model.sha256)) == 32
        assert model.drafter in ("extractive", "local") and model.file.endswith(".gguf")


def test_a_folder_that_nobody_may_write_into(server: HubServer, mine: Folders, tmp_path: Path) -> None:
    mine.data.mkdir(parents=True)
    (mine.data / "models").write_text("a file is in its place")
    with pytest.raises(PersonaError, match="cannot be made"):
        pull(SOURCE, mine, hub(server))
