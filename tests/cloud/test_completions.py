"""One token at a time: the forms that servers answer in, the one way out, and what a server has to have."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from persona_cli.cloud.completions import Completions, Likely, read_likely
from persona_cli.errors import CloudError, CloudGarbled, CloudKeyRejected, CloudUnreachable, SettingsError
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.gate import Cleared, Gate
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.settings import CloudSettings
from tests.cloud.clients import KEY, MODEL, Waits
from tests.servers import JSON, Answer, RecordingServer, rubbish, server_error, then, unauthorised

PROMPT = "Write to [PERSON_1].\nDear"


def clear(prompt: str = PROMPT) -> Cleared:
    body = {"model": MODEL, "max_tokens": 1, "prompt": prompt}
    return Gate(build_detector([], (), ())).clear_prompt(body, [prompt], "", Pseudonyms())


def says(body: Any, status: int = 200) -> Answer:
    return lambda turn: turn.body(status, json.dumps(body).encode(), JSON)


def completions(server: RecordingServer, waits: Waits | None = None, retries: int = 1) -> Completions:
    settings = CloudSettings(MODEL, server.base_url, timeout=10.0, retries=retries)
    return Completions(settings, KEY, sleep=Waits() if waits is None else waits)


def choice(logprobs: Any, finish: str = "length") -> dict[str, Any]:
    return {"choices": [{"index": 0, "text": "x", "logprobs": logprobs, "finish_reason": finish}]}


OPENAI = choice({"tokens": [" A"], "token_logprobs": [-0.5], "top_logprobs": [{" A": -0.5, "": -1.5}]})
RIVALS = [{"id": 7, "token": " A", "bytes": [32, 65], "logprob": -0.5}, {"id": 9, "token": "", "logprob": -1.5}]
IDS = choice({"content": [{"id": 7, "token": " A", "logprob": -0.5, "top_logprobs": RIVALS}]})
NATIVE = {"content": " A", "completion_probabilities": [{"id": 7, "logprob": -0.5, "top_logprobs": RIVALS}]}
PROBABLE = [{"tok_str": " A", "prob": 0.5}, {"tok_str": "b", "prob": 0}]
OLD = {"completion_probabilities": [{"content": " A", "probs": PROBABLE}]}
VLLM = choice({"tokens": ["token_id:7"], "top_logprobs": [{"token_id:7": -0.5, "token_id:9": -1.5}]})


@pytest.mark.parametrize(
    ("answer", "likely"),
    [
        (OPENAI, Likely(texts={" A": -0.5, "": -1.5})),
        (IDS, Likely(ids={7: -0.5, 9: -1.5})),
        (NATIVE, Likely(ids={7: -0.5, 9: -1.5})),
        (OLD, Likely(texts={" A": math.log(0.5)})),
        (VLLM, Likely(ids={7: -0.5, 9: -1.5})),
        (choice({"tokens": [], "top_logprobs": []}, "stop"), Likely(ended=True)),
        (choice(None), None),
        (choice({"tokens": [], "top_logprobs": []}, "length"), None),
        ({}, None),
        ([], None),
        (choice({"top_logprobs": [{"a": "x", "b": None, "c": True}]}), None),
        (choice({"top_logprobs": [{"a": 3.0}]}), Likely(texts={"a": 0.0})),
        (choice({"top_logprobs": [{"a": 10**400, "b": -(10**400)}]}), Likely(texts={"a": 0.0})),
        (choice({"top_logprobs": [{"token_id:" + "9" * 5000: -1.0}]}), Likely(texts={"token_id:" + "9" * 5000: -1.0})),
    ],
)
def test_the_forms_of_an_answer(answer: Any, likely: Likely | None) -> None:
    assert read_likely(answer) == likely


def test_the_cleared_bytes_leave_over_one_connection_with_the_key() -> None:
    with RecordingServer(says(OPENAI)) as server:
        with completions(server) as cloud:
            bodies = [clear(PROMPT + end) for end in ("", " A", " A b")]
            assert [cloud.next_token(body).texts[" A"] for body in bodies] == [-0.5] * 3
        assert [item.body for item in server.requests] == [body.body for body in bodies]
        assert server.accepted == 1
        assert {item.line for item in server.requests} == {"POST /v1/completions HTTP/1.1"}
        assert {item.header("authorization") for item in server.requests} == {f"Bearer {KEY}"}
        assert not any(key.lower().startswith("x-stainless") for item in server.requests for key, _ in item.headers)


def test_tokens_are_asked_for_beside_v1() -> None:
    with RecordingServer(then(says({"tokens": [1, 2]}), says({"detail": "Not Found"}, 404))) as server:
        with completions(server) as cloud:
            assert cloud.tokens(clear(), "/extras/tokenize") == (1, 2)
            assert cloud.tokens(clear(), "/tokenize") is None
        assert [item.line.split()[1] for item in server.requests] == ["/extras/tokenize", "/tokenize"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (says({"detail": "Not Found"}, 404), "has no /completions"),
        (says({"error": {"message": "logprobs is not supported for models created with logits_all=False"}}, 500),
         "gives no log-probabilities"),
        (says({"error": {"message": "unknown field logprobs"}}, 400), "gives no log-probabilities"),
        (says(choice(None)), "gives no log-probabilities"),
    ],
)  # fmt: skip
def test_a_server_without_them_is_told_from_one_in_trouble(answer: Answer, sentence: str) -> None:
    with RecordingServer(answer) as server, completions(server) as cloud:
        with pytest.raises(SettingsError, match=sentence) as raised:
            cloud.next_token(clear())
        assert "--mode sketch" in str(raised.value) and len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error", "requests"),
    [
        (unauthorised(), CloudKeyRejected, 1),
        (server_error(), CloudError, 2),
        (rubbish(), CloudGarbled, 1),
        (says({"error": {"message": "the model 'x' is not loaded"}}, 404), CloudError, 1),
    ],
)
def test_when_the_cloud_fails(answer: Answer, error: type[CloudError], requests: int) -> None:
    with RecordingServer(answer) as server, completions(server) as cloud:
        with pytest.raises(error) as raised:
            cloud.next_token(clear())
        assert raised.value.exit_code == 5 and len(server.requests) == requests
        assert {item.body for item in server.requests} == {clear().body}


def test_it_is_asked_again_after_a_pause() -> None:
    waits = Waits()
    with RecordingServer(then(server_error(), says(OPENAI))) as server, completions(server, waits) as cloud:
        assert cloud.next_token(clear()).texts and len(waits) == 1


def test_nothing_listens_there() -> None:
    with RecordingServer(says(OPENAI)) as server:
        pass
    with completions(server, retries=0) as cloud, pytest.raises(CloudUnreachable):
        cloud.next_token(clear())


def test_only_what_the_gate_cleared() -> None:
    with RecordingServer(says(OPENAI)) as server, completions(server) as cloud:
        with pytest.raises(TypeError, match="the gate cleared"):
            cloud.next_token(b'{"prompt": "x"}')  # type: ignore[arg-type]
        assert server.accepted == 0
