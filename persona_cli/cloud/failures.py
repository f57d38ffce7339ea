"""What went wrong at the cloud, as a sentence with the next step.

    no connection, DNS, TLS, proxy      CloudUnreachable   tried again if the reason may pass
    connected, then silence             CloudTimeout       not tried again: the server may still be at work
    401, 403                            CloudKeyRejected
    429                                 CloudRateLimited   tried again, unless the credit is used up
    408, 409, 5xx                       CloudError         tried again
    404, 400, 413, 422, redirects       CloudError
    truncated, rubbish, no text         CloudGarbled       truncated before any text: tried again

What a server says about an error is data: at most 200 printable characters of it are quoted, and nothing of it when it
gives the request back. The key, the body and what the user wrote are in no message.
"""

from __future__ import annotations

import email.utils
import math
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2

from persona_cli.cloud.sdk import APIConnectionError, APIError, APIStatusError, OpenAIError
from persona_cli.errors import (
    CloudError,
    CloudGarbled,
    CloudKeyRejected,
    CloudRateLimited,
    CloudTimeout,
    CloudUnreachable,
    CountRefused,
)

QUOTE_LENGTH: Final = 200
# So many characters in common with the request are no accident: the server is giving it back.
ECHO_LENGTH: Final = 16
_ESCAPES: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b.?", re.DOTALL)
EXPIRED: Final = (9, 10)
OTHER_NAME: Final = (62, 63, 64)
_TOO_LONG: Final = re.compile(
    r"context[ _](?:length|window|size)|maximum context|too (?:long|large)|exceed\w* .*tokens"
)
_BUSY: Final = re.compile(r"overloaded|server_error|internal|unavailable|timeout|^5\d\d$")

# Everything a request can end in, short of a bug: openai wraps most, not all, of what httpx2 and the JSON reader raise.
PROBLEMS: Final = (
    CloudError,
    OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    OSError,
    ValueError,
    RecursionError,
)

_E = TypeVar("_E", bound=BaseException)


class Failure(Exception):
    """One failed attempt. `again`: another may succeed. `wait`: the seconds the server asked for."""

    def __init__(self, error: CloudError, again: bool = False, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.error.wait = wait
        self.again = again
        self.wait = wait


@dataclass(frozen=True)
class Explain:
    """Turns what was raised into a Failure. `body` and `key` are known here to be kept out of the sentences."""

    host: str
    model: str
    timeout: float
    proxy: str = ""
    key: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    # What stands before the names of this server's settings: "cloud." or "providers.NAME.".
    named: str = "cloud."

    def problem(self, problem: BaseException, answered: bool) -> Failure:
        """`answered`: the head of a response had arrived before `problem`."""
        if isinstance(problem, Failure):
            return problem
        if isinstance(problem, CloudError):
            return Failure(problem)
        if isinstance(problem, APIStatusError):
            failure = self.status(problem.response, problem.body)
            failure.error.status = problem.response.status_code
            return failure
        if silence := _cause(problem, httpx2.TimeoutException):
            return self._silence(silence)
        if isinstance(problem, APIConnectionError) or _cause(problem, httpx2.TransportError, OSError):
            return self.truncated() if answered else self._unreachable(problem)
        if isinstance(problem, APIError):
            return self.error_event(problem.body)
        return self.rubbish("something that is not JSON")

    def truncated(self) -> Failure:
        return Failure(CloudGarbled(f"The answer of {self.host} broke off before its end. Ask again."), again=True)

    def rubbish(self, what: str) -> Failure:
        return Failure(
            CloudGarbled(
                f"{self.host} answered with {what}, which is not the chat-completions protocol. "
                f"Check `persona config get {self.named}base_url`; most servers want it to end in /v1."
            )
        )

    def empty(self, finish: str) -> Failure:
        reasons = {
            "length": "its tokens were used up before the first word. Ask for less, or use another model",
            "content_filter": "the server's content filter stopped it. Reword the request, or use --local",
            "tool_calls": "it asked for tools, and none were offered. Ask again, or use another model",
        }
        reason = reasons.get(finish, "no reason was given. Ask again, or use another model")
        return Failure(CloudGarbled(f"The answer of {self.host} holds no text: {reason}."))

    def _silence(self, silence: httpx2.TimeoutException) -> Failure:
        if isinstance(silence, httpx2.ConnectTimeout):
            return Failure(
                CloudUnreachable(f"{self.host} does not take connections. Check the network, or use --local."),
                again=True,
            )
        return Failure(
            CloudTimeout(
                f"{self.host} sent nothing for {self.timeout:g} seconds. Ask again, or wait longer: "
                f"`persona config set {self.named}timeout {math.ceil(self.timeout * 3)}`."
            )
        )

    def _unreachable(self, problem: BaseException) -> Failure:
        again = True
        if wrong := _cause(problem, ssl.SSLCertVerificationError):
            reason = f"its certificate is not trusted ({self.quote(wrong.verify_message)})"
            step, again = self._mistrust(wrong.verify_code), False
        elif _cause(problem, ssl.SSLError):
            reason, step, again = (
                "it does not speak TLS here",
                f"Check the port and the https:// of {self.named}base_url",
                False,
            )
        elif unknown := _cause(problem, socket.gaierror):
            reason, step = "its name is not known", f"Check the network and {self.named}base_url, or use --local"
            again = unknown.errno == socket.EAI_AGAIN
        elif _cause(problem, httpx2.ProxyError):
            reason = f"the proxy {self.proxy} does not let it through"
            step, again = f"Check HTTPS_PROXY and {self.named}proxy", False
        elif broken := _cause(problem, httpx2.RemoteProtocolError):
            if "disconnected" not in str(broken):
                return self.rubbish("something that is not HTTP")
            reason, step = "it closed the connection without a word", "Ask again, or use --local"
        elif _cause(problem, ConnectionRefusedError):
            reason, step = "nothing listens there", f"Is the server running? Check {self.named}base_url, or use --local"
        else:
            reason, step = "the connection failed", f"Check the network and {self.named}base_url, or use --local"
        return Failure(CloudUnreachable(f"{self.host} cannot be reached: {reason}. {step}."), again)

    def _mistrust(self, code: int) -> str:
        """The next step for a certificate that did not verify. `code` is OpenSSL's (X509_V_ERR_*)."""
        if code in EXPIRED:
            return "It has expired or is not valid yet: check the clock of this machine, or tell who runs the server"
        if code in OTHER_NAME:
            return f"It was made for another name: check {self.named}base_url"
        return (
            f"If the server or the network is your own, name the PEM file of its certificate authority: "
            f"`persona config set {self.named}ca FILE` (or SSL_CERT_FILE); else somebody may be listening"
        )

    def status(self, response: httpx2.Response, body: object) -> Failure:
        """An answer with a status that is an error. `body` is what came with it, decoded."""
        status = response.status_code
        said = "" if "html" in response.headers.get("content-type", "") else _message(body)
        code = _field(body, "code")
        told = f" ({status}: {quoted})" if (quoted := self.quote(said)) else f" ({status})"
        if status == 401:  # never quoted: servers give the key back here
            return Failure(CloudKeyRejected(f"{self._key_trouble()} (401). Set one: `persona keys set {self.host}`."))
        if status == 403:
            return Failure(
                CloudKeyRejected(
                    f"{self.host} does not allow this key to use {self.model}{told}. "
                    f"Use another model, or another key: `persona keys set {self.host}`."
                )
            )
        if status == 429:
            return self._limited(response.headers, code, told)
        if status == 404:
            return self._failed(
                f"{self.host} has no model '{self.model}', or no such API{told}",
                f"Check `persona config get cloud.model` and `persona config get {self.named}base_url`; "
                "`persona providers check` lists its models",
            )
        if status == 413 or (status in (400, 422) and _TOO_LONG.search(f"{code} {said}".lower())):
            return self._failed(
                f"The request is longer than {self.model} takes{told}",
                "Send a shorter document, start a new conversation, or use a model with a larger window",
            )
        if status in (408, 409) or status >= 500:
            error = CloudError(f"{self.host} is in trouble{told}. Ask again in a while, or use --local.")
            return Failure(error, again=True, wait=retry_after(response.headers))
        if 300 <= status < 400:
            where = self.quote(_host_in(response.headers.get("location", ""))) or "elsewhere"
            return self._failed(
                f"{self.host} sends the request on to {where} ({status}), and persona follows no redirects",
                f"If you trust that address, make it your {self.named}base_url",
            )
        if status in (400, 422, 501) and '"stream_options":{' in self.body:
            return Failure(
                CountRefused(
                    f"{self.host} does not accept the request{told}. It may not know stream_options, which asks for "
                    "a count of tokens: without -u it is not sent, and they are reckoned here."
                )
            )
        if unknown := self._unusual(status):
            return self._failed(f"{self.host} does not accept the request{told}", unknown)
        return self._failed(
            f"{self.host} does not accept the request{told}",
            f"Check `persona config get cloud.model` and `persona config get {self.named}base_url`",
        )

    def _unusual(self, status: int) -> str:
        """What to do without, where the body has a field that not every server knows; "" where it has none."""
        if status not in (400, 422, 501):
            return ""
        if '"response_format":{"type":"json_schema"' in self.body:
            return (
                "It may not know response_format, or not this schema: ask for JSON in words without --schema, use "
                "another model, or --local, where every model is held to it"
            )
        return ""

    def _limited(self, headers: Mapping[str, str], code: str, told: str) -> Failure:
        if code == "insufficient_quota":
            return Failure(CloudRateLimited(f"The credit at {self.host} is used up{told}. Top it up, or use --local."))
        wait = retry_after(headers)
        when = f"in {math.ceil(wait)} seconds" if wait else "in a while"
        error = CloudRateLimited(f"{self.host} takes no more requests for now{told}. Ask again {when}, or use --local.")
        return Failure(error, again=True, wait=wait)

    def error_event(self, body: object) -> Failure:
        """An error that the server sent within a stream, after a status of 200."""
        code = f"{_field(body, 'code')} {_field(body, 'type')}".strip().lower()
        said = self.quote(_message(body))
        told = f" ({said})" if said else ""
        if "rate_limit" in code or code == "429":
            return self._limited({}, code, told)
        if _TOO_LONG.search(f"{code} {_message(body)}".lower()):
            return self._failed(f"The request is longer than {self.model} takes{told}", "Send a shorter one")
        error = CloudError(f"{self.host} is in trouble{told}. Ask again in a while, or use --local.")
        return Failure(error, again=_BUSY.search(code) is not None)

    def _failed(self, what: str, step: str) -> Failure:
        return Failure(CloudError(f"{what}. {step}."))

    def _key_trouble(self) -> str:
        if self.key:
            return f"{self.host} does not accept the key"
        return f"{self.host} wants a key, and there is none for it"

    def quote(self, said: str) -> str:
        """What a server said, as one short printable line; "" when it holds the key or gives the request back."""
        plain = " ".join(_ESCAPES.sub("", said[: 20 * QUOTE_LENGTH]).split())
        plain = "".join(character for character in plain if character.isprintable())
        if (self.key and self.key in plain) or self._echoes(plain):
            return ""
        return plain[: QUOTE_LENGTH - 1] + "…" if len(plain) > QUOTE_LENGTH else plain

    def _echoes(self, text: str) -> bool:
        text = text.replace(self.model, "\0") if self.model else text
        windows = (text[start : start + ECHO_LENGTH] for start in range(len(text) - ECHO_LENGTH + 1))
        return any(window in self.body for window in windows)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 §10.2.3: seconds or a date), None without a readable one."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _message(body: object) -> str:
    """The sentence in an error body: {"error": {"message": ...}}, FastAPI's {"detail": ...}, or plain text."""
    if isinstance(body, dict):
        inner = body.get("message") or body.get("detail") or body.get("error")
        return inner if isinstance(inner, str) else ""
    return body if isinstance(body, str) else ""


def _host_in(location: str) -> str:
    try:
        return urlsplit(location).hostname or ""
    except ValueError:
        return ""


def _field(body: object, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    return str(value) if isinstance(value, (str, int)) else ""


def _cause(problem: BaseException, *kinds: type[_E]) -> _E | None:
    """The first exception of one of `kinds` among `problem` and what it was raised from."""
    return next((link for link in _chain(problem) if isinstance(link, kinds)), None)


def _chain(problem: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = problem
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
