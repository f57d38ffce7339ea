"""What the page shows of a request that came over the socket, step by step. Without a page nothing is kept of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from persona_cli.errors import PersonaError, Refused

if TYPE_CHECKING:
    from types import TracebackType

    from persona_cli.exchange import Answer, Draft
    from persona_cli.proxy.feed import Feed, Passed

CLIENT: Final = "ask"
# Who watches sees an answer grow in steps of so many seconds.
PACE: Final = 0.1


class Watched:
    """A request to `model` at `host`, as `feed` is told of it (None: it is not)."""

    def __init__(self, feed: Feed | None, host: str, model: str) -> None:
        self._feed = feed
        self._begun = time.perf_counter()
        self._shown = 0.0
        self._said: list[str] = []
        self._passed: Passed | None = None
        if feed is not None:
            from persona_cli.proxy.feed import Passed

            self._passed = Passed(feed.new_number(), datetime.now(timezone.utc), CLIENT, host, model)

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._passed is None or error is None or not self._passed.left:
            if isinstance(error, Refused):
                self._show(state="refused", error=str(error))
            return
        told = str(error) if isinstance(error, PersonaError) else "The request was stopped."
        self._show(state="failed", error=told)

    def prepared(self, draft: Draft) -> None:
        """`draft` stands at the cloud's door."""
        if self._passed is not None:
            from persona_cli.proxy.feed import kept

            spent = (time.perf_counter() - self._begun) * 1000
            self._show(left=draft.cleared.body.decode("utf-8"), stayed=kept(draft), ms_before=spent, state="sending")

    def piece(self, text: str) -> None:
        if self._passed is None:
            return
        self._said.append(text)
        if time.monotonic() - self._shown > PACE:
            self._show(state="answering", answer="".join(self._said))

    def answered(self, answer: Answer) -> None:
        if self._passed is not None and answer.receipt:
            self._show(state="done", answer=answer.text, receipt=answer.receipt)

    def _show(self, **changes: object) -> None:
        if self._passed is None or self._feed is None:
            return
        self._shown = time.monotonic()
        self._passed = replace(self._passed, **changes)  # type: ignore[arg-type]
        self._feed.publish(self._passed)
