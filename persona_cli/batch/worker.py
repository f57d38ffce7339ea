"""The worker: a function from a request to its result, of which two halves may run on different threads.

`prepare` is all up to the cloud's door, with the models: one thread's work. `answer` waits for the cloud and restores:
any thread's that has a connection of its own. Knows nothing of files, of order, or of how many are at work.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.assistant import Assistant
from persona_cli.batch.output import Line
from persona_cli.batch.rows import Row
from persona_cli.consent import Choice
from persona_cli.errors import CloudKeyRejected, CloudRateLimited, PersonaError, Refused, SchemaMissed
from persona_cli.exchange import Draft, Reply, Request
from persona_cli.finish.wanting import wanted
from persona_cli.settings import LOCAL, SKETCH
from persona_cli.sketch.sketch import prompt

if TYPE_CHECKING:
    from persona_cli.cloud.client import Cloud
    from persona_cli.cloud.pace import Pace
    from persona_cli.cloud.paced import Paced
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms

# Of a request whose server is in trouble; "too many requests" counts to none of them (cloud/paced.py).
RETRIES: Final = 5
NO_KEY: Final = 401


@dataclass(frozen=True)
class Result:
    """`line` is what the user gets. `error` is what it failed with; `last`: no other request would do better."""

    row: Row
    line: Line
    error: PersonaError | None = None
    last: bool = False


@dataclass(frozen=True)
class Ready:
    """A request past the gate. `seconds` is what that took."""

    row: Row
    draft: Draft
    seconds: float


@dataclass(frozen=True)
class Connection:
    """A client that one thread uses at a time, and what it goes through."""

    cloud: Cloud
    way: Paced


def connections(parts: Parts, count: int, pace: Pace, retries: int = RETRIES) -> tuple[Connection, ...]:
    """`count` connections to the cloud at one `pace`. Raises CloudError, SettingsError where there can be none."""
    from persona_cli.cloud.paced import paced

    return tuple(Connection(*paced(parts.cloud, pace, retries)) for _ in range(count))


class Worker:
    """Answers rows over `parts`, through `own` where it is not told otherwise (None: there is no cloud).

    `mode` is for the rows that name none, but `local` is for all. `going_on`: an earlier run may have got as far as the
    record of a conversation and no further. With `consent` the user has agreed to every request beforehand.
    """

    def __init__(
        self,
        parts: Parts,
        own: Connection | None,
        mode: str = "",
        consent: bool = False,
        going_on: bool = False,
    ) -> None:
        self.parts = parts.with_cloud(own.cloud) if own is not None else parts
        self._own = own
        self._mode = mode
        self._consent = consent
        self._going_on = going_on
        self._before: dict[str, Row] = {}

    def __call__(self, row: Row) -> Result:
        """The result of `row`, whatever comes of it."""
        found = self.prepare(row)
        return found if isinstance(found, Result) else self.answer(found)

    def prepare(self, row: Row, request: Request | None = None) -> Ready | Result:
        """`row` past the gate; its Result where it cannot get there, or where the local model writes the answer.

        `request` is what `request(row)` gave, where that was called already.
        """
        start = time.perf_counter()
        try:
            if row.problem:
                raise PersonaError(row.problem)
            assistant = self._assistant(self.parts)
            request = replace(assistant.choose(request or self.request(row)), fallback=False)
            if request.mode != SKETCH or wanted(request, self.parts):
                # The local model takes one text at a time, and this is the thread that it belongs to.
                return _told(row, assistant.ask(request), start)
            return Ready(row, assistant.prepare(request), time.perf_counter() - start)
        except PersonaError as error:
            return _failed(row, error, self._own, start)

    def prepare_away(self, row: Row, request: Request) -> Ready | Result | None:
        """As `prepare`, in a process that has no cloud: None for what needs cloud and local model by turns."""
        start = time.perf_counter()
        try:
            assistant = self._assistant(self.parts)
            request = replace(assistant.choose(request), fallback=False)
            if request.mode == LOCAL:
                return _told(row, assistant.ask(request), start)
            if request.mode != SKETCH or wanted(request, self.parts):
                return None
            return Ready(row, assistant.prepare(request), time.perf_counter() - start)
        except PersonaError as error:
            return _failed(row, error, None, start)

    def answer(self, ready: Ready, connection: Connection | None = None) -> Result:
        """Send what is `ready` through `connection`, and restore what comes. Threads may do so side by side."""
        start = time.perf_counter() - ready.seconds
        parts = self.parts if connection is None else self.parts.with_cloud(connection.cloud)
        connection = connection or self._own
        try:
            return _told(ready.row, self._assistant(parts).send(ready.draft), start)
        except PersonaError as error:
            return _failed(ready.row, error, connection, start)

    def show(self, row: Row) -> Result:
        """What would leave for `row`; nothing is sent, and nothing kept. A conversation gives its placeholders."""
        start = time.perf_counter()
        try:
            if row.problem:
                raise PersonaError(row.problem)
            assistant = self._assistant(self.parts)
            request = assistant.choose(self._asked(row), dry=True)
            fields: Line = {"payload": None, "mode": request.mode, "mode_reason": request.mode_reason}
            if request.mode != LOCAL:
                draft = assistant.prepare(request, self._table(row))
                fields = {**fields, "payload": draft.payload, "placeholders": draft.placeholders}
                fields["withheld"] = [item.text for item in draft.sketch.treated("withheld")]
                fields["generalised"] = [item.text for item in draft.sketch.treated("generalised")]
            return Result(row, {"id": row.id, **fields, "ms": _since(start)})
        except PersonaError as error:
            return _failed(row, error, None, start)

    def _assistant(self, parts: Parts) -> Assistant:
        return Assistant(parts, _agreed) if self._consent else Assistant(parts)

    def _asked(self, row: Row) -> Request:
        # Who said --local meant all of it.
        mode = LOCAL if self._mode == LOCAL else row.mode or self._mode
        return Request(row.text, row.document, row.facts, mode=mode, schema=row.schema, usage=True)

    def request(self, row: Row) -> Request:
        """What `row` asks, its conversation open. Raises StoreError."""
        request = self._asked(row)
        if not row.conversation:
            return request
        conversation = self.parts.conversations.open(row.conversation).id
        _ = self.parts.disclosures, self.parts.memory  # open here, to be shared with the thread that answers
        return replace(request, conversation=conversation, retry=self._was_recorded(row))

    def _was_recorded(self, row: Row) -> bool:
        """Whether the conversation's last request is `row`, of which an earlier run could tell no result."""
        before, self._before[row.conversation] = self._before.get(row.conversation), row
        if not self._going_on or before is not None:
            return False
        asked = [turn.text for turn in self.parts.conversations.turns(row.conversation) if turn.role == "user"]
        return asked[-1:] == [prompt(row.text, row.document, (), "")]

    def _table(self, row: Row) -> Pseudonyms | None:
        parts = self.parts
        known = row.conversation and parts.folders.vault_file.exists()
        if not known or row.conversation not in {item.id for item in parts.conversations.list()}:
            return None
        return parts.conversations.pseudonyms(row.conversation)


def _told(row: Row, reply: Reply, start: float) -> Result:
    with closing(reply):
        for _ in reply:
            pass
    answer = reply.answer
    assert answer is not None
    line: Line = {
        "id": row.id,
        "text": answer.text,
        "where": answer.where,
        "model": answer.model,
        "mode": answer.mode,
        "replaced": answer.replaced,
        "withheld": answer.withheld,
        "receipt": answer.receipt,
        "unknown": list(answer.unknown),
        "cut_short": answer.cut_short,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
        "tokens_about": answer.tokens_about,
        "ms": _since(start),
        "input": row.digest,
    }
    if answer.cost is not None:
        line |= {"cost": answer.cost, "currency": answer.currency}
    if reply.warning:
        line["warning"] = reply.warning
    if answer.invalid:
        error = SchemaMissed(f"The answer does not hold the schema: {answer.invalid}.")
        return Result(row, {**line, "error": str(error), "exit_code": error.exit_code}, error)
    return Result(row, line)


def _failed(row: Row, error: PersonaError, connection: Connection | None, start: float) -> Result:
    # A 403 may be about one request; a 401 is about all of them.
    status = connection.way.status if connection is not None else NO_KEY
    rejected = isinstance(error, CloudKeyRejected) and status == NO_KEY
    return failed(row, error, start, last=rejected or isinstance(error, CloudRateLimited))


def failed(row: Row, error: PersonaError, start: float | None = None, last: bool = False) -> Result:
    """The result of a row that came to nothing."""
    line: Line = {"id": row.id, "line": row.line, "error": str(error), "exit_code": error.exit_code}
    if isinstance(error, Refused) and error.findings:
        line["findings"] = list(error.findings)
    if start is not None:
        line["ms"] = _since(start)
    return Result(row, {**line, "input": row.digest}, error, last)


def _agreed(draft: Draft) -> Choice:
    return Choice("accept")


def _since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 3)
