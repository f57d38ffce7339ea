"""A client's request on its way: prepared, its receipt, the cloud, its values restored. As persona's own (modes/).

Nothing of it is remembered and nothing is recalled for it: it is another program's conversation. A thread of its own
takes each request through; `warm.models()` is held up to the cloud's door and not while the cloud is waited for.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, Protocol

from persona_cli.cloud.lines import Line, Lines
from persona_cli.errors import (
    CloudError,
    CloudGarbled,
    CloudKeyRejected,
    CountRefused,
    PersonaError,
    StoreError,
)
from persona_cli.modes.counting import reckoned
from persona_cli.privacy.gate import without
from persona_cli.privacy.restore import Restorer
from persona_cli.privacy.sinks import CODE, PROSE, TOOLS, URL
from persona_cli.proxy.errors import Wrong, wrong
from persona_cli.proxy.feed import Passed, kept
from persona_cli.proxy.naming import chosen
from persona_cli.proxy.preparing import prepare
from persona_cli.record import Record
from persona_cli.secrets import find_key
from persona_cli.structured.answers import JsonRestorer
from persona_cli.structured.asking import COUNT

if TYPE_CHECKING:
    from persona_cli.cloud.calls import ToolCall
    from persona_cli.cloud.client import Cloud
    from persona_cli.exchange import Draft
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.proxy.asking import Asked
    from persona_cli.proxy.feed import Feed, State
    from persona_cli.serve.warm import Warm
    from persona_cli.settings import CloudSettings

CLIENT: Final = "openai"
# A key that was looked up is used for so many seconds, or until the cloud rejects it.
KEY_SECONDS: Final = 60.0
# Who watches sees an answer grow in steps of so many seconds.
PACE: Final = 0.1


@dataclass(frozen=True)
class Begun:
    """The cloud has begun to answer. `told`: its ids and model, as far as they are known."""

    receipt: int
    told: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """The answer is whole. `told` has the count of tokens, where the cloud made one."""

    calls: tuple[ToolCall, ...]
    finish: str
    told: dict[str, Any]


class Client(Protocol):
    """Who asked: takes Begun, then texts, then Ended; or Wrong, at any time, as the last. Never waits."""

    gone: threading.Event

    def take(self, item: Begun | str | Ended | Wrong) -> None: ...


class _Gone(Exception):
    """The client has hung up."""


@dataclass
class _Prepared:
    parts: Parts
    record: Record
    draft: Draft
    key: str | None


class Desk:
    """Takes requests through, for `warm`, and shows them in `feed`; `answered` counts those that are through, however
    they ended. Threads may call `serve` at once."""

    def __init__(self, warm: Warm, feed: Feed, lines: Lines | None = None) -> None:
        self._warm = warm
        self._feed = feed
        self._lines = lines or Lines()
        self._keys: dict[CloudSettings, tuple[float, str | None]] = {}
        # Servers that know nothing of stream_options.
        self._uncounted: set[str] = set()
        self._active: set[_Request] = set()
        self.answered = 0
        self._lock = threading.Lock()

    def serve(self, asked: Asked, client: Client, arrived: float) -> None:
        """Take `asked` through to its end. `arrived` is on the clock of time.perf_counter. Raises nothing."""
        request = _Request(self, asked, client, arrived)
        with self._lock:
            self._active.add(request)
        try:
            with self._warm.in_use():
                request.run()
        finally:
            with self._lock:
                self._active.discard(request)
                self.answered += 1

    def left(self, client: Client) -> None:
        """`client` has hung up: so does persona."""
        client.gone.set()
        with self._lock:
            found = [request for request in self._active if request.client is client]
        for request in found:
            request.hang_up()

    def close(self) -> None:
        """Hang up for everybody."""
        with self._lock:
            active = list(self._active)
        for request in active:
            request.client.gone.set()
            request.hang_up()
        self._lines.close()

    def key(self, parts: Parts) -> str | None:
        """The key for the cloud of `parts`. Raises SettingsError, StoreError."""
        cloud, now = parts.settings.cloud, time.monotonic()
        found = self._keys.get(cloud)
        if found is None or now - found[0] > KEY_SECONDS:
            found = self._keys[cloud] = now, find_key(cloud, parts.env, folders=parts.folders)
        return found[1]

    def forget_key(self, cloud: CloudSettings) -> None:
        self._keys.pop(cloud, None)


class _Request:
    """One request."""

    def __init__(self, desk: Desk, asked: Asked, client: Client, arrived: float) -> None:
        self.client = client
        self._desk = desk
        self._asked = asked
        self._arrived = arrived
        self._line: Line | None = None
        self._shown = 0.0
        self._said: list[str] = []
        now = datetime.now(timezone.utc)
        self._passed = Passed(desk._feed.new_number(), now, CLIENT, "", "")

    def run(self) -> None:
        try:
            prepared = self._prepare()
            self._send(prepared)
        except _Gone:
            self._show("failed", error="The client hung up.")
        except BaseException as error:
            told = wrong(error)
            self._show(
                "refused" if told.status in (400, 403, 404) and not self._passed.receipt else "failed", told.message
            )
            self.client.take(told)

    def hang_up(self) -> None:
        if (line := self._line) is not None:
            line.hang_up()

    def _prepare(self) -> _Prepared:
        """Everything up to the cloud's door. Raises Wrong, Refused, SettingsError, StoreError."""
        asked, desk = self._asked, self._desk
        with desk._warm.models(lambda _: self._if_there()):
            self._if_there()
            base = desk._warm.parts()
            settings = chosen(base.settings, asked.model)
            parts = base if settings == base.settings else base.with_settings(settings)
            self._passed = replace(self._passed, host=parts.cloud_host, model=settings.cloud.model)
            self._show("preparing")
            wanted = asked.count or not asked.stream
            draft = prepare(asked, base, parts, wanted and settings.cloud.base_url not in desk._uncounted)
        return _Prepared(parts, Record(parts), draft, desk.key(parts))

    def _send(self, prepared: _Prepared) -> None:
        """The receipt, then the cloud. Raises PersonaError, _Gone."""
        self._if_there()
        draft, cloud = prepared.draft, prepared.parts.settings.cloud
        try:
            self._attempt(prepared, draft)
        except CountRefused:
            self._attempt(prepared, replace(draft, cleared=without(draft.cleared, COUNT)))
            self._desk._uncounted.add(cloud.base_url)
        except CloudKeyRejected:
            self._desk.forget_key(cloud)
            raise

    def _attempt(self, prepared: _Prepared, draft: Draft) -> None:
        record, settings = prepared.record, prepared.parts.settings
        receipt = record.sending(draft)
        self._passed = replace(
            self._passed,
            left=draft.cleared.body.decode(),
            stayed=kept(draft),
            receipt=receipt,
            ms_before=(time.perf_counter() - self._arrived) * 1000,
        )
        self._show("sending")
        outcome = "interrupted"
        try:
            with self._desk._lines.borrowed(settings.cloud, prepared.key, prepared.parts.env, self._sleep) as (
                cloud,
                line,
            ):
                self._line = line
                self._if_there()
                ended = self._answer(cloud, draft, receipt, settings.privacy.restore_in)
            outcome = "answered"
            self.client.take(ended)
        except PersonaError:
            outcome = "interrupted" if self.client.gone.is_set() else "failed"
            if outcome == "failed":
                raise
            raise _Gone from None
        finally:
            self._line = None
            with suppress(StoreError):  # the answer is out: what came of it is all that is missing then
                record.ended(draft, receipt, outcome)
        self._show("done")

    def _answer(self, cloud: Cloud, draft: Draft, receipt: int, restore_in: tuple[str, ...]) -> Ended:
        """Stream the answer to the client. Raises CloudError, _Gone."""
        table, sinks = draft.table, frozenset(restore_in)
        restorer = JsonRestorer(table, sinks, "") if self._asked.wants_json else Restorer(table, sinks)
        begun = False
        try:
            with closing(cloud.stream(draft.cleared, tools=bool(self._asked.tools))) as pieces:
                for piece in pieces:
                    self._if_there()
                    if not begun:
                        begun = True
                        self.client.take(Begun(receipt, dict(cloud.told)))
                    self._say(restorer.feed(piece))
        except CloudGarbled:
            if begun or not cloud.finish:
                self._say(restorer.close())
                raise
            # An answer without a word is one: a limit of tokens that was too low, for example.
        except CloudError:
            if begun:
                self._say(restorer.close())
            raise
        self._if_there()
        if not begun:
            self.client.take(Begun(receipt, dict(cloud.told)))
        self._say(restorer.close())
        calls = tuple(_restored(call, table, sinks) for call in cloud.calls)
        told = dict(cloud.told)
        if "usage" not in told and (self._asked.count or not self._asked.stream):
            told["usage"] = _usage(draft, "".join(self._said))  # clients read it without asking whether it is there
        return Ended(calls, cloud.finish or ("tool_calls" if calls else "stop"), told)

    def _say(self, text: str) -> None:
        if not text:
            return
        self._said.append(text)
        self.client.take(text)
        if time.monotonic() - self._shown > PACE:
            self._show("answering")

    def _show(self, state: State, error: str = "") -> None:
        self._shown = time.monotonic()
        self._passed = replace(self._passed, state=state, error=error, answer="".join(self._said))
        self._desk._feed.publish(self._passed)

    def _if_there(self) -> None:
        if self.client.gone.is_set():
            raise _Gone

    def _sleep(self, seconds: float) -> None:
        """Between two attempts."""
        if self.client.gone.wait(seconds):
            raise _Gone


def _usage(draft: Draft, said: str) -> dict[str, int]:
    """About as many tokens as the texts have, in OpenAI's words."""
    taken, given = reckoned(draft, said)
    return {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given}


def _restored(call: ToolCall, table: Pseudonyms, sinks: frozenset[str]) -> ToolCall:
    """The call with the values in its arguments, where the user lets the client's tools have them.

    A URL in an argument is fetched by whoever owns it: there they stand only where restore_in has `url` as well. Where
    they do not, no surrogate may pass for a value: what stands there is a placeholder.
    """
    if TOOLS not in sinks:
        return replace(call, arguments=table.with_tokens(call.arguments))
    restorer = JsonRestorer(table, frozenset({PROSE, CODE}) | (sinks & {URL}), "")
    restorer.feed(call.arguments)
    return replace(call, arguments=restorer.close() if call.arguments else "")
