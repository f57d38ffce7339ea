"""Tool calls as servers stream them, put together."""

from __future__ import annotations

from typing import Any

import pytest

from persona_cli.cloud.calls import MOST_ARGUMENTS, MOST_CALLS, Calls, ToolCall, read_pieces


def calls(*deltas: list[Any]) -> tuple[ToolCall, ...]:
    made = Calls()
    for delta in deltas:
        for piece in read_pieces({"tool_calls": delta}):
            made.add(piece)
    return made.finished


def piece(index: Any, arguments: Any, **more: Any) -> dict[str, Any]:
    named = {"name": more.pop("name")} if "name" in more else {}
    return {"index": index, "function": {"arguments": arguments, **named}, **more}


def test_parallel_calls_in_pieces() -> None:
    assert calls(
        [piece(0, "", id="a", name="one"), piece(1, '{"x"', id="b", name="two")],
        [piece(1, ": 1}"), piece(0, "{")],
        [piece(0, "}")],
    ) == (ToolCall("a", "one", "{}"), ToolCall("b", "two", '{"x": 1}'))


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        # Every call is number 0, with an id of its own.
        ([[piece(0, "{}", id="a", name="x")], [piece(0, "[]", id="b", name="y")]],
         (ToolCall("a", "x", "{}"), ToolCall("b", "y", "[]"))),
        # Without an index, whole, the arguments as an object.
        ([[{"id": "a", "function": {"name": "x", "arguments": {"k": 1}}}, {"function": {"name": "y"}}]],
         (ToolCall("a", "x", '{"k": 1}'), ToolCall("call_2", "y", ""))),
        # One id twice, and ids that no server could have meant.
        ([[piece(0, "", id="a", name="x"), piece(1, "", id="a", name="y"), piece(2, "", id="a\nb", name="z"),
           piece(3, "", id="i" * 101, name="w")]],
         (ToolCall("a", "x", ""), ToolCall("call_2", "y", ""), ToolCall("call_3", "z", ""),
          ToolCall("call_4", "w", ""))),
        ([["rubbish", {"function": "x"}, {"function": {"name": 3, "arguments": 4}, "index": "0"}]],
         (ToolCall("call_1", "", ""),)),
    ],
)  # fmt: skip
def test_the_forms_of_other_servers(deltas: list[list[Any]], expected: tuple[ToolCall, ...]) -> None:
    assert calls(*deltas) == expected


def test_calls_and_arguments_without_an_end_are_cut() -> None:
    endless = calls(*[[piece(0, "x" * 1000, id="a", name="x")]] * 400)
    assert len(endless[0].arguments) == MOST_ARGUMENTS
    assert len(calls([piece(index, "{}", id=str(index), name="x") for index in range(1000)])) == MOST_CALLS
    assert calls() == () and list(read_pieces({"tool_calls": {"x": 1}})) == [] and list(read_pieces(None)) == []
