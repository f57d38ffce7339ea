"""The mode logits against a real llama_cpp.server, every byte on the way recorded."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from persona_cli.assistant import Assistant
from persona_cli.cli.audit import show
from persona_cli.consent import Choice
from persona_cli.errors import CloudError, Refused, SettingsError
from persona_cli.exchange import Answer, Draft, Request
from persona_cli.local.engine import Engine
from persona_cli.local.server import serving
from persona_cli.modes.combining import even
from persona_cli.modes.fusion import Schedule
from persona_cli.modes.logits import LogitsMode
from persona_cli.modes.matching import Tokens
from persona_cli.modes.probe import PROBE
from persona_cli.modes.steps import Steps
from persona_cli.modes.together import Together
from persona_cli.parts import Parts, make_gate
from persona_cli.paths import embedded_model
from persona_cli.privacy.front_coding import packed, unpacked
from persona_cli.privacy.normal import fold, squash
from persona_cli.sketch.sketch import Message
from tests.servers import JSON, RecordingServer, Turn, server_error, then, unauthorised

NAME = "Theodora Quigley"
LANDLORD = "Bertram Oakes"
SECRETS = (NAME, LANDLORD, "+353 91 555 0142", "theo.quigley@example.net")
WITHHELD = "My gluten allergy is severe, and my sister is called Wilhelmina Achterberg."
ASKED = f"Write a short e-mail to my landlord {LANDLORD} that the rent comes later. Sign as {NAME}."


@pytest.fixture(scope="module")
def large() -> Iterator[str]:
    """The root of a server of the same family. Its model is the local one: the two see different prompts."""
    with serving(embedded_model("nano.gguf"), "large", threads=1, logprobs=True) as base_url:
        yield base_url.removesuffix("/v1")


def relay(root: str) -> Callable[[Turn], None]:
    """Answers with what the server at `root` says."""

    def answer(turn: Turn) -> None:
        path = turn.request.line.split()[1]
        asked = urllib.request.Request(root + path, turn.request.body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked) as got:
                turn.body(got.status, got.read(), JSON)
        except urllib.error.HTTPError as error:
            turn.body(error.code, error.read(), JSON)

    return answer


@pytest.fixture
def made(with_cloud: Callable[..., Parts]) -> Callable[..., tuple[Parts, Request]]:
    def make(server: RecordingServer, **changes: float) -> tuple[Parts, Request]:
        parts = with_cloud(server.base_url, "large", **{"timeout": 60.0, **changes})
        parts.profile.set("name", NAME)
        parts.profile.set("phone", SECRETS[2])
        return parts, Request(ASKED, conversation=parts.conversations.new("x").id, mode="logits")

    return make


Made = Callable[..., tuple[Parts, Request]]


def asked(parts: Parts, request: Request, consent: Callable[[Draft], Choice] | None = None) -> tuple[str, Answer]:
    reply = (Assistant(parts, consent) if consent else Assistant(parts)).ask(request)
    text = "".join(reply)
    assert reply.answer is not None
    return text, reply.answer


def leaked(captured: bytes, value: str) -> bool:
    return squash(fold(value)).text in squash(fold(captured.decode("utf-8", "replace"))).text


def test_two_models_write_and_only_the_sketch_and_the_text_so_far_leave(made: Made, large: str) -> None:
    with RecordingServer(relay(large)) as server:
        parts, request = made(server)
        parts.memory.add(WITHHELD)
        parts.memory.add(f"The e-mail of my landlord {LANDLORD} is {SECRETS[3]}.")
        draft = Assistant(parts).prepare(request)
        reply = Assistant(parts).send(draft)
        text = "".join(reply)
        bodies = [item.body for item in server.requests]
        captured = server.received
    answer = reply.answer
    assert answer is not None and answer.fused > 5 and text.strip()
    assert (answer.restored > 0) == any(entry.value in text for entry in draft.table.entries)
    for value in (*SECRETS, "Achterberg", "gluten"):
        assert not leaked(captured, value), value
    prompts = [json.loads(body)["prompt"] for body in bodies]
    assert prompts[0] == PROBE and bodies[1] == draft.cleared.body
    # Never the local model's prompt, which the paper's released code sends; always the cleared one and what follows.
    here = parts.engine.prompt_text(draft.here)
    assert all(prompt.startswith(prompts[1]) for prompt in prompts[1:]) and here not in prompts
    assert all(after.startswith(before) for before, after in pairwise(prompts[1:]))


def test_the_audit_has_every_body_that_left_byte_for_byte(
    made: Made, large: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with RecordingServer(relay(large)) as server:
        parts, request = made(server)
        _, answer = asked(parts, request)
        bodies = tuple(item.body for item in server.requests)
    sending, outcome = parts.audit.list()
    assert (sending.outcome, outcome.outcome, outcome.refers_to) == ("sending", "answered", sending.n)
    assert answer.receipt == sending.n and parts.audit.payload(sending.n) == bodies[1]
    kept = parts.audit.payload(outcome.n)
    assert unpacked(kept) == bodies and len(bodies) > 10
    assert len(kept) < sum(map(len, bodies)) / 3
    assert outcome.reasons == (f"{len(bodies)} requests, {sum(map(len, bodies))} bytes in all",)
    assert parts.audit.verify().ok
    for number in (0, sending.n, outcome.n):
        capsys.readouterr()
        show(number, as_json=True)
        assert json.loads(capsys.readouterr().out)["payload"] == [body.decode() for body in bodies]


@pytest.mark.parametrize("bodies", [[b"one"], [b"abc", b"abd", "a\u00e9\U0001f642".encode(), b"", b"abdef"]])
def test_packed_bodies_come_back(bodies: list[bytes]) -> None:
    assert unpacked(packed(bodies)) == tuple(bodies)


def test_the_prompt_with_the_context_is_stopped_by_the_gate(made: Made, large: str) -> None:
    """The bug of the paper's released code (the large model gets the local one's prompt), tried at the gate."""
    with RecordingServer(relay(large)) as server:
        parts, request = made(server)
        draft = Assistant(parts).prepare(request)
        raw = parts.engine.prompt_text([Message("user", f"{ASKED}\n\nNotes:\n- {SECRETS[2]}")])
        body = draft.payload | {"prompt": raw}
        with pytest.raises(Refused) as raised:
            make_gate(parts.detector).clear_prompt(body, [], raw, draft.table)
        assert raised.value.findings and server.accepted == 0
    # The control: the witness of the test above would see it.
    assert all(leaked(json.dumps(body).encode(), value) for value in (NAME, LANDLORD, SECRETS[2]))


def test_dry_run_and_consent_show_the_first_body(made: Made, large: str) -> None:
    shown: list[Draft] = []

    def consent(draft: Draft) -> Choice:
        shown.append(draft)
        return Choice("accept") if len(shown) > 1 else Choice("edit", f"Write to {NAME} that the rent comes later.")

    with RecordingServer(relay(large)) as server:
        parts, request = made(server)
        asked(parts, replace(request, confirm=True), consent)
        sent = server.requests[1].body
    assert sent == shown[1].cleared.body and NAME not in shown[1].payload_text
    assert shown[0].message.startswith("Write a short e-mail to my landlord [PERSON_")
    assert shown[1].message.startswith("Write to [PERSON_")


def test_the_schedule_says_how_often_the_cloud_is_asked(made: Made, large: str) -> None:
    with RecordingServer(relay(large)) as server:
        parts, request = made(server)
        mode = LogitsMode(Steps(parts), Schedule(1, 3, 1))
        draft = mode.prepare(replace(request, mode_reason="test"), Steps(parts).record.table(request))
        answer = [piece for piece in mode.answer(draft) if isinstance(piece, Answer)][-1]
    assert answer.alone > 2 * answer.fused > 0


def test_tokens_that_differ_are_noticed_before_anything_else_leaves(made: Made) -> None:
    def other(turn: Turn) -> None:
        turn.body(200, json.dumps({"tokens": [1, 2, 3]}).encode(), JSON)

    with RecordingServer(other) as server:
        parts, request = made(server)
        with pytest.raises(SettingsError, match=r"other tokens .* smaller model of the same family"):
            asked(parts, request)
        assert [json.loads(item.body)["prompt"] for item in server.requests] == [PROBE]
    assert [item.outcome for item in parts.audit.list()] == ["sending", "failed"]


def test_a_server_that_tells_no_tokens_is_judged_by_its_answers(made: Made, large: str) -> None:
    def strange(turn: Turn) -> None:
        if "tokenize" in turn.request.line:
            turn.body(404, b"{}", JSON)
            return
        top = {"▁zzyzx": -0.1, "▁qwrt": -2.0, "▁plugh": -3.0}
        body = {"choices": [{"text": "x", "logprobs": {"top_logprobs": [top]}, "finish_reason": "length"}]}
        turn.body(200, json.dumps(body).encode(), JSON)

    with RecordingServer(strange) as server:
        parts, request = made(server)
        with pytest.raises(SettingsError, match="other tokens"):
            asked(parts, request)
        assert len(server.requests) == 3


def test_a_server_without_completions_and_one_that_fails(made: Made) -> None:
    def nothing(turn: Turn) -> None:
        turn.body(404, b'{"detail": "Not Found"}', JSON)

    with RecordingServer(nothing) as server:
        parts, request = made(server)
        with pytest.raises(SettingsError, match=r"has no /completions.*--mode sketch"):
            asked(parts, request)
    for failing in (unauthorised(), then(server_error(), server_error())):
        with RecordingServer(failing) as server:
            parts, request = made(server)
            with pytest.raises(CloudError) as raised:
                asked(parts, request)
            assert raised.value.exit_code == 5


def test_the_local_side_reads_each_token_once() -> None:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    prompt = engine.prompt([Message("user", "Write a short e-mail to [PERSON_1].")])
    together = Together(engine.scorer(), prompt, ["[PERSON_1]"], lambda text: None, even(), 40)
    text = "".join(together.pieces())
    assert text and engine.evaluated == len(prompt) + together.alone - 1
    engine.close()


def test_inside_a_placeholder_the_cloud_is_not_asked_and_no_other_can_come_up() -> None:
    """The large model wants "[PERSON_9]" above all, and then to leave a placeholder open."""
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    scorer = engine.scorer()
    prompt = engine.prompt([Message("user", "Write a short e-mail to [PERSON_1].")])
    wanted = [scorer.tokenize(text)[0] for text in ("[PERSON_9]", "[", " and")]
    seen: list[str] = []

    def ask(text: str) -> dict[int, float]:
        seen.append(text)
        return dict.fromkeys(wanted, -0.01)

    together = Together(scorer, prompt, ["[PERSON_1]"], ask, even(), 40)
    text = "".join(together.pieces())
    assert "[PERSON_9]" not in text and together.fused == len(seen)
    # A bracket that no placeholder can follow any more ("[ and") is text.
    assert seen and not any(re.search(r"\[[A-Z]*_?[0-9]*$", part) for part in seen)
    engine.close()


def test_the_cloud_cannot_open_another_turn() -> None:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    scorer = engine.scorer()
    prompt = engine.prompt([Message("user", "Write a short e-mail.")])
    (system,) = scorer.tokenize("<|system|>", special=True)
    far = dict.fromkeys(range(1000, 1020), -100.0)
    asked: list[str] = []

    def ask(text: str) -> dict[int, float]:
        asked.append(text)
        return {system: 0.0, **far}

    text = "".join(Together(scorer, prompt, [], ask, even(), 8).pieces())
    assert text and len(asked) == 8, "each step wrote something"
    engine.close()


def test_a_server_may_put_the_token_that_begins_a_text_first() -> None:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    tokens = Tokens(engine.scorer())
    own = tuple(engine.scorer().tokenize(PROBE))
    assert tokens.same(own) and tokens.same((0, *own))
    assert not tokens.same((10**12, *own)) and not tokens.same((-(10**12), *own))
    assert not tokens.same(own[1:]) and not tokens.same((*own, 9)) and not tokens.same((own[0], *own))
    engine.close()
