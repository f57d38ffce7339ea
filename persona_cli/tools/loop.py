"""The rounds of an answer with tools: the cloud asks for calls, the user approves, the results go back as a new body.

    cloud: text and calls -> arguments read -> values restored in them -> the user's yes -> the tool runs
      ^                                                                                          |
      +-- gate, receipt <- the whole body anew <- result with placeholders <--------------------+

Every body passes the gate as a whole and has a receipt of its own, as has every call. Nothing that a tool gives back
makes a call happen: only the cloud's own calls do, and each of them is the user's to refuse.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from persona_cli.cloud.chunks import Usage
from persona_cli.consent import NOT_ASKED
from persona_cli.errors import PersonaError, Refused
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.structured.asking import COUNT
from persona_cli.tools.approval import Proposed
from persona_cli.tools.results import RESULTS_LENGTH, sanitised
from persona_cli.tools.tool import NAME

if TYPE_CHECKING:
    from persona_cli.cloud.calls import ToolCall
    from persona_cli.exchange import Draft
    from persona_cli.modes.counting import Counting
    from persona_cli.modes.steps import Steps
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.pseudonyms import Pseudonyms

# Bodies that leave for one request. The last has to be answered in words.
MOST_ROUNDS: Final = 10
# Calls that one answer may ask for.
MOST_CALLS: Final = 8
DECLINED: Final = "The user did not allow this call."
TOO_MANY: Final = f"Not run: at most {MOST_CALLS} calls at once."
NO_SUCH: Final = "There is no such tool."
NO_JSON: Final = "Not run: the arguments are not a JSON object."
WITHHELD: Final = "The result was kept back: it is private."
UNNAMED: Final = "unknown"


@dataclass(frozen=True)
class _Said:
    """A call, and what goes back for it."""

    call: ToolCall
    text: str


class Rounds:
    """The rounds for `draft`; `first` sends the first of them.

    After `write`, `receipts` are those of the further bodies and `used` the tools that ran; `usage` sums what the
    server counted, None where it did not.
    """

    def __init__(self, steps: Steps, draft: Draft, first: Counting) -> None:
        self._steps = steps
        self._draft = draft
        self._first = first
        self._cloud = steps.parts.cloud
        self._approval = steps.approval
        self._box = steps.toolbox(draft.request)
        self._detector, self._facts = steps.detection(draft.request)
        # The placeholders whose values a tool may have unasked, by the tool's name.
        self._always: dict[str, set[str]] = {}
        self._room = RESULTS_LENGTH
        self.receipts: tuple[int, ...] = ()
        self.used: tuple[str, ...] = ()
        self.usage: Usage | None = Usage(0, 0)

    def write(self) -> Generator[str, None, None]:
        """Send, run and send again; the cloud's text as it comes. Raises Refused, Cancelled, CloudError."""
        draft, receipt = self._draft, 0
        for left in range(MOST_ROUNDS - 1, -1, -1):
            said: list[str] = []
            outcome = "interrupted"
            try:
                sent = self._cloud.stream(draft.cleared, tools=left > 0) if receipt else self._first.stream(tools=True)
                for delta in sent:
                    said.append(delta)
                    yield delta
                outcome = "answered"
            except PersonaError:
                outcome = "failed"
                raise
            finally:
                if receipt:
                    self._steps.record.ended(draft, receipt, outcome)
            self._count()
            calls = self._cloud.calls
            if not calls:
                return
            if said:
                yield "\n\n"
            results = [self._result(call, place) for place, call in enumerate(calls)]
            draft = self._next(draft, "".join(said), results, last=left == 1)
            if draft.consent != NOT_ASKED:
                self._approval.release(draft)
            elif draft.exposure:
                self._warn(draft.exposure)
            names = ", ".join(dict.fromkeys(_name(call) for call in calls))
            self._steps.record.save_table(draft)
            receipt = self._steps.record.sending(
                draft, (f"round {MOST_ROUNDS - left + 1}, with what came of: {names}",)
            )
            self.receipts += (receipt,)

    def _count(self) -> None:
        sofar, more = self.usage, self._cloud.usage
        self.usage = Usage(sofar.sent + more.sent, sofar.received + more.received) if sofar and more else None

    def _warn(self, exposure: Exposure) -> None:
        if warning := exposure.warning(self._steps.parts.settings.privacy.k_anonymity):
            self._approval.told(warning)

    def _result(self, call: ToolCall, place: int) -> _Said:
        """Run `call`, if the user lets it, and make of its result what may leave."""
        if place >= MOST_CALLS:
            return _Said(call, TOO_MANY)
        tool, arguments = self._box.named(call.name), _arguments(call)
        if tool is None or arguments is None:
            return _Said(call, NO_SUCH if tool is None else NO_JSON)
        table = self._draft.table
        proposed = Proposed(tool, arguments, restored(arguments, table), *_placeholders(arguments, table))
        given = self._allowed(proposed)
        if given is None:
            self._approval.told(f"{tool.name}: not run")
            return _Said(call, DECLINED)
        self._approval.told(f"{tool.name} …")
        outcome = self._box.call(tool, given)
        self.used += (tool.name,)
        self._approval.told(f"{tool.name}: {'an error, ' if outcome.failed else ''}{len(outcome.text)} characters")
        text = sanitised(outcome, self._detector, table, self._room)
        self._room -= len(text)
        return _Said(call, text)

    def _allowed(self, call: Proposed) -> Mapping[str, Any] | None:
        """The arguments that the tool is given; None for not at all. Its receipt is written before it runs."""
        tool, wanted = call.tool, set(call.tokens)
        approved = self._always.get(tool.name)
        if tool.trusted and self._draft.request.approve_tools:
            verdict, consent = "values", "your settings trust it"
        elif approved is not None and wanted <= approved:
            verdict, consent = "values", "accepted for this request"
        else:
            verdict = self._approval.asked(call)
            consent = "accepted" if verdict != "placeholders" else "accepted with placeholders"
        if verdict == "no":
            return None
        if verdict == "always":
            self._always.setdefault(tool.name, set()).update(wanted)
        given = call.arguments if verdict == "placeholders" else call.restored
        self._steps.record.tool(self._draft, tool, given, consent)
        return given

    def _next(self, draft: Draft, said: str, results: Sequence[_Said], last: bool) -> Draft:
        """The body with what the cloud said and what came of its calls, past the gate as a whole. Raises Refused."""
        steps, table = self._steps, draft.table
        asked = table.with_tokens(draft.payload)
        if not steps.parts.counts.asked:
            asked.pop(COUNT, None)
        calls = [
            {
                "id": item.call.id,
                "type": "function",
                "function": {"name": _name(item.call), "arguments": item.call.arguments},
            }
            for item in results
        ]
        turn = {"role": "assistant", "content": table.with_tokens(said), "tool_calls": table.with_tokens(calls)}

        def cleared(texts: Sequence[str]) -> Draft:
            told = [
                {"role": "tool", "tool_call_id": item.call.id, "content": text}
                for item, text in zip(results, texts, strict=True)
            ]
            body = {**asked, "messages": [*asked["messages"], turn, *told]}
            if last:
                body["tool_choice"] = "none"
            passed = steps.clear_body(body, self._detector, table, self._facts, draft.sketch)
            exposure = steps.expose(draft.request, draft.sketch, passed, table)
            return replace(draft, cleared=passed, exposure=exposure)

        try:
            return cleared([item.text for item in results])
        except Refused:
            self._approval.told("the gate kept the results back")
            return cleared([WITHHELD] * len(results))


def restored(value: Any, table: Pseudonyms) -> Any:
    """A JSON value with the private values in its texts, whatever they stand in: the user is shown them."""
    if isinstance(value, str):
        return restore(value, table, ALL_SINKS).text
    if isinstance(value, dict):
        return {key: restored(item, table) for key, item in value.items()}
    return [restored(item, table) for item in value] if isinstance(value, list) else value


def _placeholders(value: Any, table: Pseudonyms) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The placeholders in the texts of a JSON value: those with a value, and those that were never issued."""
    found = [token for text in _texts(value) for token in table.find(text)]
    known = [item.token for item in found if item.value is not None or table.value_of(item.token) is not None]
    unknown = [item.token for item in found if item.value is None and table.value_of(item.token) is None]
    return tuple(dict.fromkeys(known)), tuple(dict.fromkeys(unknown))


def _texts(value: Any) -> Iterator[str]:
    """The texts that `restored` puts values into: no keys."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _arguments(call: ToolCall) -> dict[str, Any] | None:
    try:
        read = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _name(call: ToolCall) -> str:
    """The name that the cloud gave, where it is one."""
    return call.name if NAME.fullmatch(call.name) else UNNAMED
