"""The one way out: what the gate cleared goes to an OpenAI-compatible server, and its answer comes back as text.

Knows nothing of placeholders, memory or the terminal. The openai SDK speaks the protocol; the bytes it hands over pass
transport.py, which lets out the cleared body and no other. Retries are made here and not by the SDK, whose delays
cannot be seen, capped or interrupted from outside.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from persona_cli.cloud.calls import Calls, ToolCall
from persona_cli.cloud.chunks import Chunk, Usage, read_chunk
from persona_cli.cloud.endpoints import CHAT, endpoint, setting_of
from persona_cli.errors import CloudKeyRejected, SettingsError
from persona_cli.privacy.gate import Cleared
from persona_cli.settings import CloudSettings

if TYPE_CHECKING:
    import httpx2

    from persona_cli.cloud.failures import Explain
    from persona_cli.cloud.sdk import OpenAI, Stream
    from persona_cli.cloud.transport import OneWayOut

# A host that takes no connection within this time is not going to; `timeout` is for slow models.
CONNECT_SECONDS: Final = 15.0
FIRST_PAUSE: Final = 0.5
# Nobody waits longer than this before a terminal: when the server asks for more, the person is told instead.
LONGEST_PAUSE: Final = 30.0


def load(settings: CloudSettings) -> None:
    """Import what a request needs and read the certificates, for a thread to do while the sketch is drafted.

    Opens no connection and asks for no key. Raises SettingsError for certificates that cannot be read.
    """
    from persona_cli.cloud import failures  # noqa: F401
    from persona_cli.cloud.transport import trusted

    if settings.base_url.startswith("https:"):
        trusted(settings.ca)


class Cloud:
    """A client for `settings.base_url`. After an answer, `cut_short`, `usage` and `calls` tell how it ended.

    `cut_short` is True when the model stopped at its token limit; `usage` is None when the server did not count.
    `finish` is the finish_reason, and `told` what stood beside the text, event by event: its ids, model and counts.
    `http_transport` makes the connections (its own by default: https honours HTTPS_PROXY and NO_PROXY of `env`, plain
    http never goes through a proxy); `sleep` waits between attempts, in seconds. A `timeout` of 0 waits for ever.

    Raises SettingsError for a base_url that is no http(s) address, CloudKeyRejected for a key that no header can carry.
    """

    def __init__(
        self,
        settings: CloudSettings,
        key: str | None,
        http_transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self._endpoint = endpoint(settings)
        self._settings = settings
        self._host = self._endpoint.host
        self._url = self._endpoint.at(CHAT)
        self._key = _sendable(key, self._host)
        self._http_transport = http_transport
        self._sleep = sleep
        self._env = env
        self.cut_short = False
        self.usage: Usage | None = None
        self.calls: tuple[ToolCall, ...] = ()
        self.finish = ""
        self.told: dict[str, Any] = {}

    def warm_up(self) -> None:
        """See `load`."""
        load(self._settings)

    def another(
        self,
        around: Callable[[httpx2.BaseTransport], httpx2.BaseTransport],
        sleep: Callable[[float], None],
        retries: int,
    ) -> Cloud:
        """A client of the same server for a thread of its own: nothing that changes is shared.

        `around` is given what makes the connections, and gives what is to make them. Raises SettingsError.
        """
        twin = copy.copy(self)
        twin._settings = replace(self._settings, retries=retries)
        twin._http_transport = around(self._connection()[1])
        twin._sleep = sleep
        twin.cut_short, twin.usage, twin.calls = False, None, ()
        twin.finish, twin.told = "", {}
        return twin

    def stream(self, cleared: Cleared, tools: bool = False) -> Generator[str, None, None]:
        """The answer, piece by piece. Nothing is sent before the first piece is asked for.

        With `tools` the answer may be calls in place of words, or beside them: `calls`, afterwards.

        The connection lives as long as the generator: closing it, or Ctrl-C, closes the connection. An attempt that
        failed before any text arrived is repeated, with the same bytes, up to `settings.retries` times. Raises
        CloudError with the text so far in `partial`; TypeError for anything but what the gate cleared.
        """
        if type(cleared) is not Cleared:  # a subclass could have been made without the gate
            raise TypeError(f"The cloud takes what the gate cleared, not {type(cleared).__name__}.")
        return self._answer(cleared, tools)

    def _answer(self, cleared: Cleared, tools: bool) -> Generator[str, None, None]:
        import httpx2

        from persona_cli.cloud.failures import PROBLEMS, Explain, Failure
        from persona_cli.cloud.transport import OneWayOut

        proxy_host, inner = self._connection()
        model, timeout = self._settings.model, self._settings.timeout
        named = setting_of(self._settings, "")
        explain = Explain(self._host, model, timeout, proxy_host, self._key or "", _said(cleared.body), named)
        way = OneWayOut(self._url, cleared.body, self._key, inner, authorization=self._endpoint.authorization)
        with httpx2.Client(transport=way, follow_redirects=False, trust_env=False) as http:
            sdk = self._sdk(http)
            for attempt in range(self._settings.retries + 1):
                arrived: list[str] = []
                try:
                    for text in self._attempt(sdk, way, cleared, explain, tools):
                        arrived.append(text)
                        yield text
                    return
                except (Failure, *PROBLEMS) as problem:
                    failure = explain.problem(problem, way.answered)
                pause = failure.wait if failure.wait is not None else FIRST_PAUSE * 2**attempt
                last = attempt == self._settings.retries
                if arrived or last or not failure.again or pause > LONGEST_PAUSE:
                    failure.error.partial = "".join(arrived)
                    raise failure.error
                self._sleep(pause)

    def _connection(self) -> tuple[str, httpx2.BaseTransport]:
        """The host of the proxy ("" for none), and what makes the connections. Raises SettingsError."""
        from persona_cli.cloud.transport import connector, proxy_for

        try:
            proxy = proxy_for(self._url, self._env, self._settings.proxy) or ""
            inner = self._http_transport or connector(self._url, proxy or None, self._settings.ca)
            return urlsplit(proxy).hostname or "", inner
        except (ValueError, ImportError):
            raise SettingsError("HTTPS_PROXY names no proxy persona can use. Give it as http://HOST:PORT.") from None

    def _attempt(self, sdk: OpenAI, way: OneWayOut, cleared: Cleared, explain: Explain, tools: bool) -> Iterator[str]:
        from persona_cli.cloud.sdk import Stream

        self.cut_short, self.usage = False, None
        self.calls, self.finish, self.told = (), "", {}
        calls = Calls()
        spoke = False
        with sdk.post(
            self._url, cast_to=object, content=cleared.body, stream=True, stream_cls=Stream[object]
        ) as stream:
            kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "text/html":
                raise explain.rubbish("a web page")
            whole = kind == "application/json"
            for chunk in [_whole(stream, explain)] if whole else _streamed(stream):
                self.usage = chunk.usage or self.usage
                self.finish = self.finish or chunk.finish
                self.told |= {name: value for name, value in chunk.event.items() if value and name != "choices"}
                for piece in chunk.calls if tools else ():
                    calls.add(piece)
                if chunk.text:
                    spoke = True
                    yield chunk.text
        if not (self.finish or way.done or whole):
            raise explain.truncated()
        self.calls = calls.finished
        if not spoke and not self.calls:
            raise explain.empty(self.finish)
        self.cut_short = self.finish == "length"

    def _sdk(self, http: httpx2.Client) -> OpenAI:
        import httpx2

        from persona_cli.cloud.sdk import OpenAI

        silence = self._settings.timeout or None
        connect = CONNECT_SECONDS if silence is None else min(silence, CONNECT_SECONDS)
        return OpenAI(
            # The key is added at the wire (transport.py): the SDK, its logs and its errors never hold it.
            api_key="added-at-the-wire",
            base_url=self._endpoint.base,
            http_client=http,
            max_retries=0,
            timeout=httpx2.Timeout(silence, connect=connect),
        )


def _streamed(stream: Stream[object]) -> Iterator[Chunk]:
    """The events; a connection that breaks after the last word of the answer takes nothing away from it."""
    from persona_cli.cloud.failures import PROBLEMS

    finished = False
    try:
        for event in stream:
            chunk = read_chunk(event)
            finished = finished or bool(chunk.finish)
            yield chunk
    except PROBLEMS:
        if not finished:
            raise


def _whole(stream: Stream[object], explain: Explain) -> Chunk:
    """The answer of a server that does not stream."""
    answer = json.loads(stream.response.read())
    if isinstance(answer, dict) and answer.get("error"):
        raise explain.error_event(answer["error"])
    return read_chunk(answer)


def _said(body: bytes) -> str:
    """Every text in the request, as it is and as JSON spells it: what an error message must not repeat."""
    messages = json.loads(body).get("messages", [])
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    return "\n".join([body.decode("utf-8"), *(content for content in contents if isinstance(content, str))])


def _sendable(key: str | None, host: str) -> str | None:
    key = (key or "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise CloudKeyRejected(
            f"The key for {host} holds characters that no key can have. Set it again: `persona keys set {host}`."
        )
    return key or None
