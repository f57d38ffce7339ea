"""The one way out: what the gate cleared goes to an OpenAI-compatible server, and its answer comes back as text.

Knows nothing of placeholders, memory or the terminal. The openai SDK speaks the protocol; the bytes it hands over pass
transport.py, which lets out the cleared body and no other. Retries are made here and not by the SDK, whose delays
cannot be seen, capped or interrupted from outside.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from persona_cli.cloud.chunks import Chunk, Usage, read_chunk
from persona_cli.errors import CloudKeyRejected, SettingsError
from persona_cli.privacy.gate import Cleared
from persona_cli.settings import OPENAI_BASE_URL, CloudSettings

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI, Stream

    from persona_cli.cloud.failures import Explain
    from persona_cli.cloud.transport import OneWayOut

PATH: Final = "/chat/completions"
# A host that takes no connection within this time is not going to; `timeout` is for slow models.
CONNECT_SECONDS: Final = 15.0
FIRST_PAUSE: Final = 0.5
# Nobody waits longer than this before a terminal: when the server asks for more, the person is told instead.
LONGEST_PAUSE: Final = 30.0


class Cloud:
    """A client for `settings.base_url`. After an answer, `cut_short` and `usage` tell how it ended.

    `cut_short` is True when the model stopped at its token limit; `usage` is None when the server did not count.
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
        address = _address(settings.base_url)
        self._settings = settings
        self._host = address.netloc
        self._base_url = settings.base_url.strip().rstrip("/")
        self._url = self._base_url + PATH
        self._key = _sendable(key, self._host)
        self._http_transport = http_transport
        self._sleep = sleep
        self._env = env
        self.cut_short = False
        self.usage: Usage | None = None

    def warm_up(self) -> None:
        """Import the SDK (0.9 s of CPU), for a thread to do while the sketch is drafted. Opens no connection."""
        import httpx2

        from persona_cli.cloud import failures  # noqa: F401
        from persona_cli.cloud.transport import connector

        with httpx2.Client(transport=connector(self._url)) as http:
            self._sdk(http)

    def stream(self, cleared: Cleared) -> Generator[str, None, None]:
        """The answer, piece by piece. Nothing is sent before the first piece is asked for.

        The connection lives as long as the generator: closing it, or Ctrl-C, closes the connection. An attempt that
        failed before any text arrived is repeated, with the same bytes, up to `settings.retries` times. Raises
        CloudError with the text so far in `partial`; TypeError for anything but what the gate cleared.
        """
        if type(cleared) is not Cleared:  # a subclass could have been made without the gate
            raise TypeError(f"The cloud takes what the gate cleared, not {type(cleared).__name__}.")
        return self._answer(cleared)

    def _answer(self, cleared: Cleared) -> Generator[str, None, None]:
        import httpx2

        from persona_cli.cloud.failures import PROBLEMS, Explain, Failure
        from persona_cli.cloud.transport import OneWayOut, connector, proxy_for

        try:
            proxy = proxy_for(self._url, self._env) or ""
            proxy_host = urlsplit(proxy).hostname or ""
            inner = self._http_transport or connector(self._url, proxy or None)
        except (ValueError, ImportError):
            raise SettingsError("HTTPS_PROXY names no proxy persona can use. Give it as http://HOST:PORT.") from None
        model, timeout = self._settings.model, self._settings.timeout
        explain = Explain(self._host, model, timeout, proxy_host, self._key or "", _said(cleared.body))
        way = OneWayOut(self._url, cleared.body, self._key, inner)
        with httpx2.Client(transport=way, follow_redirects=False, trust_env=False) as http:
            sdk = self._sdk(http)
            for attempt in range(self._settings.retries + 1):
                arrived: list[str] = []
                try:
                    for text in self._attempt(sdk, way, cleared, explain):
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

    def _attempt(self, sdk: OpenAI, way: OneWayOut, cleared: Cleared, explain: Explain) -> Iterator[str]:
        from openai import Stream

        self.cut_short, self.usage = False, None
        spoke, finish = False, ""
        with sdk.post(PATH, cast_to=object, content=cleared.body, stream=True, stream_cls=Stream[object]) as stream:
            kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "text/html":
                raise explain.rubbish("a web page")
            whole = kind == "application/json"
            for chunk in [_whole(stream, explain)] if whole else _streamed(stream):
                self.usage = chunk.usage or self.usage
                finish = finish or chunk.finish
                if chunk.text:
                    spoke = True
                    yield chunk.text
        if not (finish or way.done or whole):
            raise explain.truncated()
        if not spoke:
            raise explain.empty(finish)
        self.cut_short = finish == "length"

    def _sdk(self, http: httpx2.Client) -> OpenAI:
        import httpx2
        from openai import OpenAI

        silence = self._settings.timeout or None
        connect = CONNECT_SECONDS if silence is None else min(silence, CONNECT_SECONDS)
        return OpenAI(
            # The key is added at the wire (transport.py): the SDK, its logs and its errors never hold it.
            api_key="added-at-the-wire",
            base_url=self._base_url,
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


def _address(base_url: str) -> SplitResult:
    wanted = f"cloud.base_url must be an address such as {OPENAI_BASE_URL}"
    try:
        address = urlsplit(base_url.strip())
        port_fits = address.port != 0
    except ValueError:
        raise SettingsError(f"{wanted}.") from None
    if address.scheme not in ("http", "https") or not address.hostname or not port_fits:
        raise SettingsError(f"{wanted}.")
    if address.username or address.password or address.query or address.fragment or not base_url.isprintable():
        raise SettingsError(f"{wanted}, without a user name, '?' or '#'. Keys are kept by `persona keys set`.")
    return address


def _sendable(key: str | None, host: str) -> str | None:
    key = (key or "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise CloudKeyRejected(
            f"The key for {host} holds characters that no key can have. Set it again: `persona keys set {host}`."
        )
    return key or None
