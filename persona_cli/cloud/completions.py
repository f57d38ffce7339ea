"""The cloud asked for one token at a time: what it holds likely as the next, with log-probabilities.

A raw completion (/v1/completions) goes on where a text ends, which the chat API cannot. It leaves through the same one
way out as an answer: only cleared bodies, the key at the wire, the same retries and sentences. One connection serves
all the tokens of an answer.

Read are three forms: `top_logprobs` by the text of a token (OpenAI, llama_cpp.server, vLLM), `top_logprobs` with ids
(llama.cpp's own server, which puts them under `content`), and its older `completion_probabilities`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx2

from persona_cli.cloud.client import FIRST_PAUSE, LONGEST_PAUSE, Cloud
from persona_cli.cloud.endpoints import setting_of
from persona_cli.cloud.failures import PROBLEMS, Explain, Failure
from persona_cli.cloud.transport import OneWayOut, proxy_for
from persona_cli.errors import CloudError, SettingsError
from persona_cli.privacy.gate import Cleared

if TYPE_CHECKING:
    from persona_cli.cloud.sdk import OpenAI

COMPLETIONS: Final = "/completions"
# Where servers tell their tokens, beside /v1: llama_cpp.server; llama.cpp's own and vLLM.
TOKENIZERS: Final = ("/extras/tokenize", "/tokenize")
# Of a token, no more than this is said of its rivals; servers that take fewer say so with a 400.
TOP: Final = 20
# How vLLM spells a token by its number.
_BY_ID: Final = re.compile(r"token_id:([0-9]{1,9})")
# Less likely than anything that a server tells of; JSON has numbers that no float holds.
LEAST: Final = -1e9
NOT_THERE: Final = (404, 405, 501)


@dataclass(frozen=True)
class Likely:
    """Log-probabilities of the next token, the likeliest: `ids` by number, `texts` where only the text was told.

    `ended`: the server would end the answer here and told nothing of the rivals.
    """

    ids: Mapping[int, float] = field(default_factory=dict)
    texts: Mapping[str, float] = field(default_factory=dict)
    ended: bool = False


class Completions(Cloud):
    """See Cloud. Use it in a `with`: the connection is kept until its end."""

    _way: _OneAfterTheOther | None = None

    def __enter__(self) -> Completions:
        self._way = _OneAfterTheOther(self._connection()[1])
        self._http = httpx2.Client(transport=self._way, follow_redirects=False, trust_env=False)
        self._client: OpenAI = self._sdk(self._http)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._way = None

    def next_token(self, cleared: Cleared) -> Likely:
        """What the server holds likely behind the prompt of `cleared`.

        Raises CloudError, SettingsError where the server has no raw completions or tells no log-probabilities, and
        TypeError for anything but what the gate cleared.
        """
        try:
            answer = self._post(self._endpoint.at(COMPLETIONS), cleared)
        except _Refusal as refusal:
            if refusal.status in NOT_THERE and "model" not in refusal.said.lower():
                raise self._unfit("has no /completions") from refusal
            if "logprobs" in refusal.said or "n_probs" in refusal.said:
                raise self._unfit("gives no log-probabilities") from refusal
            raise refusal.error from refusal
        likely = read_likely(answer)
        if likely is None:
            raise self._unfit("gives no log-probabilities")
        return likely

    def tokens(self, cleared: Cleared, path: str) -> tuple[int, ...] | None:
        """The server's tokens of a text, at `path` (one of TOKENIZERS); None where it has no such thing.

        Raises CloudError where it cannot be reached or does not accept the key.
        """
        at = urlsplit(self._endpoint.base)
        try:
            answer = self._post(f"{at.scheme}://{at.netloc}{at.path.removesuffix('/v1')}{path}", cleared)
        except _Refusal as refusal:
            if refusal.status in (401, 403, 429):
                raise refusal.error from refusal
            return None
        found = answer.get("tokens") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(token, int) for token in found):
            return None
        return tuple(found)

    def _unfit(self, what: str) -> SettingsError:
        return SettingsError(
            f"{self._host} {what}, which the mode logits needs. Use --mode sketch, or a server that has them: "
            "llama.cpp's own, or `python -m llama_cpp.server --logits_all true`."
        )

    def _post(self, url: str, cleared: Cleared) -> Any:
        """The answer to one cleared body, as JSON. Raises _Refusal for a status that is an error, CloudError."""
        if type(cleared) is not Cleared:
            raise TypeError(f"The cloud takes what the gate cleared, not {type(cleared).__name__}.")
        if self._way is None:
            raise RuntimeError("Completions are asked for inside of a `with`.")
        proxy_host = urlsplit(proxy_for(url, self._env, self._settings.proxy) or "").hostname or ""
        said = json.loads(cleared.body).get("prompt", "")
        explain = Explain(
            self._host, self._settings.model, self._settings.timeout, proxy_host, self._key or "",
            f"{cleared.body.decode('utf-8')}\n{said}", setting_of(self._settings, ""),
        )  # fmt: skip
        authorization = self._endpoint.authorization
        way = self._way.let_out(OneWayOut(url, cleared.body, self._key, self._way.inner, authorization=authorization))
        for attempt in range(self._settings.retries + 1):
            try:
                with self._client.post(
                    url, cast_to=object, content=cleared.body, stream=True, stream_cls=_raw()
                ) as got:
                    return json.loads(got.response.read())
            except (Failure, *PROBLEMS) as problem:
                failure = explain.problem(problem, way.answered)
                response = getattr(problem, "response", None)
                status = response.status_code if isinstance(response, httpx2.Response) else 0
                body = getattr(problem, "body", None)
            if status and (status in NOT_THERE or _names_logprobs(body) or not failure.again):
                raise _Refusal(failure.error, status, str(body))
            pause = failure.wait if failure.wait is not None else FIRST_PAUSE * 2**attempt
            if attempt == self._settings.retries or not failure.again or pause > LONGEST_PAUSE:
                raise failure.error
            self._sleep(pause)
        raise AssertionError("unreachable")


class _Refusal(Exception):
    """The server answered with an error. `said` is the server's own words: read here, never shown."""

    def __init__(self, error: CloudError, status: int, said: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status
        self.said = said


class _OneAfterTheOther(httpx2.BaseTransport):
    """Lets out what the newest OneWayOut lets out; the connections stay open in between."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self.inner = inner
        self._now: OneWayOut | None = None

    def let_out(self, way: OneWayOut) -> OneWayOut:
        self._now = way
        return way

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self._now is not None
        return self._now.handle_request(request)

    def close(self) -> None:
        self.inner.close()


def _raw() -> Any:
    from persona_cli.cloud.sdk import Stream

    return Stream[object]


def _names_logprobs(body: object) -> bool:
    return "logprobs" in str(body)


def read_likely(answer: object) -> Likely | None:
    """The log-probabilities in a whole answer; None where there are none in it. What is malformed is passed over."""
    if not isinstance(answer, dict):
        return None
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    told = choice.get("logprobs")
    ids: dict[int, float] = {}
    texts: dict[str, float] = {}
    for entry in _entries(told, answer):
        if isinstance(entry, dict):
            _take(entry, ids, texts)
    if isinstance(told, dict) and isinstance(first := _first(told.get("top_logprobs")), dict):
        for text, logprob in first.items():
            if told_id := _BY_ID.fullmatch(text):
                _put(ids, int(told_id[1]), logprob)
            else:
                _put(texts, text, logprob)
    if ids or texts:
        return Likely(ids, texts)
    # An end that was chosen is in no list of tokens.
    return Likely(ended=True) if choice.get("finish_reason") == "stop" and isinstance(told, dict) else None


def _entries(told: object, answer: Mapping[str, Any]) -> list[Any]:
    """The rivals of the first token, in the forms of llama.cpp's own server."""
    lists = [told.get("content") if isinstance(told, dict) else None, answer.get("completion_probabilities")]
    for found in lists:
        first = _first(found)
        if isinstance(first, dict):
            rivals = first.get("top_logprobs") or first.get("probs") or []
            return [*rivals, first] if isinstance(rivals, list) else [first]
    return []


def _take(entry: Mapping[str, Any], ids: dict[int, float], texts: dict[str, float]) -> None:
    logprob = entry.get("logprob")
    if logprob is None and isinstance(entry.get("prob"), (int, float)) and entry["prob"] > 0:
        logprob = math.log(entry["prob"])
    number, text = entry.get("id"), entry.get("token", entry.get("tok_str"))
    if isinstance(number, int) and not isinstance(number, bool):
        _put(ids, number, logprob)
    elif isinstance(text, str):
        _put(texts, text, logprob)


def _put(into: dict[Any, float], token: Any, logprob: object) -> None:
    if isinstance(logprob, (int, float)) and not isinstance(logprob, bool) and LEAST <= logprob < math.inf:
        into.setdefault(token, float(min(0.0, logprob)))


def _first(found: object) -> object:
    return found[0] if isinstance(found, list) and found else None
