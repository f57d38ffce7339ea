"""`persona models`, from the installed command, against a hub on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.paths import embedded_model, folders
from tests.cli.test_import_rule import imported
from tests.guards import run_guarded
from tests.hub_server import HubServer
from tests.installed import COMMAND, hear_interrupts, persona
from tests.local.tiny_gguf import write_tiny_model

REPOSITORY, FILE = "tests/pico-GGUF", "pico.gguf"
PICO = f"hf:{REPOSITORY}/{FILE}"


@pytest.fixture(scope="module")
def data() -> bytes:
    return embedded_model(FILE).read_bytes()


@pytest.fixture
def hub(data: bytes) -> Iterator[HubServer]:
    with HubServer({(REPOSITORY, FILE): data}) as server:
        yield server


def at(server: HubServer) -> dict[str, str]:
    return {"HF_ENDPOINT": server.endpoint}


def here() -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(persona("models", "list", "--json").stdout)}


def test_pull_use_ask_and_remove(hub: HubServer, data: bytes) -> None:
    pulled = persona("models", "pull", PICO, env=at(hub))
    path = folders().data / "models" / "pico.gguf"
    assert (pulled.returncode, pulled.stdout) == (0, f"{path}\n") and path.read_bytes() == data
    assert f"{REPOSITORY}/{FILE} from {hub.host}, licence: apache-2.0" in pulled.stderr
    assert not here()["pico"]["in_use"] and here()["nano"]["in_use"]

    used = persona("models", "use", "pico")
    assert used.returncode == 0 and "pico is in use. Sketches are drafted by: extractive." in used.stderr
    assert persona("config", "get", "local.model").stdout == "pico\n"
    assert here()["pico"]["in_use"] and here()["pico"]["where"] == f"{hub.host}/{REPOSITORY}"
    # With no hub to ask: what is here answers.
    answer = persona("ask", "--local", "--json", "-n", "Say hello.", env={"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert answer.returncode == 0 and json.loads(answer.stdout)["text"]

    assert persona("models", "rm", "pico").returncode == 2 and path.exists(), "nobody was asked"
    removed = persona("models", "rm", "pico", "--yes")
    assert removed.returncode == 0 and "pico was in use: nano answers from now on." in removed.stderr
    assert list(here()) == ["nano"] and here()["nano"]["in_use"] and not path.exists()
    assert not path.with_suffix(".json").exists()
    assert persona("models", "rm", "pico", "--yes").returncode == 4


def test_pull_and_use_in_one_go_with_json(hub: HubServer) -> None:
    done = persona("models", "pull", PICO, "--name", "small", "--use", "--json", env=at(hub))
    told = json.loads(done.stdout)
    assert (told["name"], told["fresh"]) == ("small", True) and Path(told["path"]).name == "small.gguf"
    assert persona("config", "get", "local.model").stdout == "small\n"
    again = persona("models", "pull", PICO, "--name", "small", "--json", env=at(hub))
    assert json.loads(again.stdout)["fresh"] is False and "is here already" in again.stderr


def test_info_tells_a_whole_model_from_a_changed_one(hub: HubServer, tmp_path: Path) -> None:
    persona("models", "pull", PICO, env=at(hub))
    told = json.loads(persona("models", "info", "pico", "--json").stdout)
    assert told["checksum"] == "right" and told["licence"] == "apache-2.0"
    assert (told["architecture"], told["parameters"], told["quantisation"], told["chat_template"]) == (
        "llama", 1852544, "Q8_0", True,
    )  # fmt: skip
    path = Path(told["file"])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "checksum       WRONG: pull it again" in persona("models", "info", "pico").stdout
    assert json.loads(persona("models", "info", "nano", "--json").stdout)["checksum"] == "right"
    mine = write_tiny_model(tmp_path / "mine.gguf")
    assert json.loads(persona("models", "info", str(mine), "--json").stdout)["checksum"] == "not known"
    known = json.loads(persona("models", "info", "qwen3-4b", "--json").stdout)
    assert known["installed"] is False and known["repository"] == "Qwen/Qwen3-4B-GGUF"
    assert persona("models", "info", "nothing").returncode == 1


def test_use_of_ones_own_file_and_what_it_says_of_it(tmp_path: Path) -> None:
    mine = write_tiny_model(tmp_path / "mine.gguf", template=None)
    done = persona("models", "use", str(mine))
    assert done.returncode == 0 and "carries no chat template" in done.stderr
    assert persona("config", "get", "local.model").stdout == f"{mine}\n"
    assert here()["mine"]["in_use"]
    # A file of one's own stands above a model of the list that has its name.
    models = folders().data / "models"
    models.mkdir(parents=True)
    write_tiny_model(models / "mine.gguf")
    persona("models", "use", str(mine))
    assert persona("config", "get", "local.model").stdout == f"{mine}\n"
    assert persona("models", "use", "mine").returncode == 0
    assert persona("config", "get", "local.model").stdout == "mine\n"
    assert persona("models", "use", "nano").returncode == 0
    assert persona("config", "get", "local.model").stdout == "\n"


def test_use_leaves_the_settings_when_the_model_does_not_load(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(embedded_model(FILE).read_bytes()[:5000])
    done = persona("models", "use", str(broken))
    assert done.returncode == 1 and "no whole GGUF model" in done.stderr
    missing = persona("models", "use", "qwen3-4b")
    assert missing.returncode == 1 and "`persona models pull qwen3-4b` downloads it (2.5 GB)" in missing.stderr
    assert persona("config", "get", "local.model").stdout == "\n"


def test_a_catalog_model_that_is_set_but_not_here_names_the_command() -> None:
    done = persona("ask", "--local", "-n", "Say hello.", env={"PERSONA_LOCAL_MODEL": "qwen3-1.7b"})
    assert done.returncode == 1 and "`persona models pull qwen3-1.7b`" in done.stderr and done.stdout == ""


def test_a_licence_that_is_not_open_has_to_be_accepted(data: bytes) -> None:
    files = {("ggml-org/gemma-3-1b-it-GGUF", "gemma-3-1b-it-Q4_K_M.gguf"): data, (REPOSITORY, FILE): data}
    with HubServer(files) as server:
        server.licence = "llama3.2"
        for model in ("gemma-3-1b", PICO):
            asked = persona("models", "pull", model, env=at(server))
            assert asked.returncode == 3 and "--accept-licence" in asked.stderr
        assert "https://ai.google.dev/gemma/terms" in persona("models", "pull", "gemma-3-1b", env=at(server)).stderr
        assert server.starts == []
        assert persona("models", "pull", "gemma-3-1b", "--accept-licence", env=at(server)).returncode == 0
    assert persona("models", "use", "gemma-3-1b").stderr.endswith("Sketches are drafted by: local.\n")


def test_offline_is_said_at_once_with_what_is_here(tmp_path: Path) -> None:
    done = run_guarded([COMMAND, "models", "pull", "qwen3-4b"], tmp_path, env={"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert done.code == 1 and done.stdout == ""
    assert "this machine seems to be offline" in done.stderr
    assert "On this machine, and usable without a network: nano." in done.stderr
    # One try: the library's own way would be five, and up to a minute.
    assert [attempt.target for attempt in done.attempts if attempt.event == "socket.connect"] in (["127.0.0.1:9"], [])
    assert 1 <= len(done.attempts) <= 2
    told = persona("models", "pull", "qwen3-4b", env={"HF_HUB_OFFLINE": "1"})
    assert told.returncode == 1 and "HF_HUB_OFFLINE is set" in told.stderr


def test_nothing_but_pull_asks_the_hub(hub: HubServer, tmp_path: Path) -> None:
    """Not even for a model of the catalog that is set and not here."""
    env = {**at(hub), "PERSONA_LOCAL_MODEL": "gemma-3-1b"}
    for arguments in (
        ("models", "list", "-a"), ("models", "info", "gemma-3-1b"), ("models", "use", "gemma-3-1b"),
        ("ask", "--local", "-n", "Hello."), ("doctor",),
    ):  # fmt: skip
        assert run_guarded([COMMAND, *arguments], tmp_path, env=env).attempts == [], arguments
    assert hub.accepted == 0


def test_ctrl_c_keeps_what_arrived_and_the_next_pull_goes_on(hub: HubServer, data: bytes) -> None:
    hub.stalls = [1_000_000]
    child = subprocess.Popen(
        [COMMAND, "models", "pull", PICO], env={**os.environ, **at(hub)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts,
    )  # fmt: skip
    folder = folders().data / "models" / ".pull"
    deadline = time.monotonic() + 60
    while sum(path.stat().st_size for path in folder.glob("*.part")) < 1_000_000:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130 and out == "" and "the same command goes on from there" in err
    assert "pico: 48% of 2 MB has arrived" in persona("models", "list").stderr
    assert persona("models", "pull", PICO, env=at(hub)).returncode == 0
    assert hub.starts == [0, 1_000_000] and (folders().data / "models" / "pico.gguf").read_bytes() == data


def test_an_unfinished_pull_can_be_thrown_away(hub: HubServer) -> None:
    hub.sent = b"GGUF"  # and no more, though more was announced
    child = subprocess.Popen(
        [COMMAND, "models", "pull", PICO], env={**os.environ, **at(hub)}, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    while "Going on from there" not in child.stderr.readline():
        assert child.poll() is None
    child.kill()
    child.wait()
    child.stderr.close()
    assert "0% of 2 MB has arrived" in persona("models", "list").stderr
    assert persona("models", "rm", "pico", "--yes").returncode == 0
    assert persona("models", "list").stderr == ""


def test_a_gated_model_with_a_token_from_the_keys(hub: HubServer) -> None:
    hub.token = "hf_secret_of_mine"
    refused = persona("models", "pull", PICO, env=at(hub))
    assert refused.returncode == 1 and f"persona keys set {hub.host}" in refused.stderr
    assert persona("keys", "set", hub.endpoint, stdin="hf_secret_of_mine").returncode == 0
    done = persona("models", "pull", PICO, env={**at(hub), "PERSONA_API_KEY": "sk-of-the-cloud"})
    assert done.returncode == 0 and b"sk-of-the-cloud" not in hub.received
    assert "hf_secret_of_mine" not in done.stderr + done.stdout


def test_the_list_of_what_can_be_pulled_says_what_fits() -> None:
    rows = json.loads(persona("models", "list", "--available", "--json").stdout)
    assert len(rows) >= 8
    assert {row["fits"] for row in rows} <= {"yes", "when little else runs", "not enough RAM", "no disk space"}
    shown = persona("models", "list", "--available").stdout.splitlines()
    assert len(shown) == len(rows) + 1 and shown[0].split()[0] == "NAME"


def test_what_cannot_be_removed(tmp_path: Path) -> None:
    assert persona("models", "rm", "nano", "--yes").returncode == 2
    mine = write_tiny_model(tmp_path / "mine.gguf")
    assert persona("models", "rm", str(mine), "--yes").returncode == 2 and mine.exists()


def test_listing_and_using_import_no_hub(tmp_path: Path) -> None:
    watch = ("huggingface_hub", "httpx2", "httpx", "tqdm", "numpy", "llama_cpp")
    for arguments in (("models", "list"), ("models", "list", "-a"), ("models", "info", "nano"), ("models", "--help")):
        assert imported(tmp_path, *arguments, watch=watch)["end"] == [], arguments
    assert "huggingface_hub" not in imported(tmp_path, "models", "use", "nano", watch=watch)["end"]
