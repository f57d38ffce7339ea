"""Spans that fit their cells: what is replaced leaves the syntax whole, and columns vote."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.spans import PERSON, SECRET, PrivateSpan
from persona_cli.privacy.structure import cells, widened
from tests.privacy.structure.reading import replaced

NAMES = st.sampled_from(
    [
        "Emma Roberts",
        'Bob "Bo" Baker',
        "Baker, Bob",
        "Siobhan O'Neil",
        "José Müller",
        "Zorbla",
        "",
        "Total",
        "12",
        "a\\b",
    ]
)
ROWS = st.lists(st.lists(NAMES, min_size=3, max_size=3), min_size=2, max_size=6)
WIDTHS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40), st.sampled_from([PERSON, SECRET])), max_size=8)
DETECTOR = build_detector()


def cut(text: str, *pieces: str, kind: str = PERSON) -> list[str]:
    spans = [PrivateSpan(text.index(piece), text.index(piece) + len(piece), kind, piece, "x") for piece in pieces]
    return [span.text for span in widened(text, cells(text), spans)]


def both(text: str, widths: list[tuple[int, int, str]]) -> list[str]:
    """`text` with placeholders for what detection finds, and for any spans that were cut to fit."""
    spans, end = [], 0
    for start, length, kind in sorted(widths):
        start, stop = max(start, end), min(len(text), start + length)
        if start < stop:
            spans.append(PrivateSpan(start, stop, kind, text[start:stop], "any"))
            end = stop
    return [replaced(text, DETECTOR.find(text)), replaced(text, widened(text, cells(text), spans))]


@settings(max_examples=100, deadline=None)
@given(ROWS, WIDTHS, st.sampled_from(",;\t"), st.booleans())
def test_csv_keeps_its_cells(
    rows: list[list[str]], widths: list[tuple[int, int, str]], delimiter: str, quote: bool
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL).writerows(
        [["customer", "email", "city"], *rows]
    )
    for text in both(out.getvalue(), widths):
        again = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
        assert [len(row) for row in again] == [3] * (len(rows) + 1)


@settings(max_examples=100, deadline=None)
@given(ROWS, WIDTHS, st.sampled_from([None, 2]), st.booleans())
def test_json_still_parses(
    rows: list[list[str]], widths: list[tuple[int, int, str]], indent: int | None, ascii: bool
) -> None:
    data = {"people": [dict(zip(("name", "email", "notes"), row, strict=True)) for row in rows], "other": rows}
    for text in both(json.dumps(data, indent=indent, ensure_ascii=ascii), widths):
        assert shape(json.loads(text)) == shape(data)


@settings(max_examples=100, deadline=None)
@given(ROWS, WIDTHS, st.sampled_from("'\""))
def test_yaml_still_parses(rows: list[list[str]], widths: list[tuple[int, int, str]], quote: str) -> None:
    yaml: Any = import_module("yaml")
    load: Callable[[str], Any] = yaml.safe_load
    data = {"people": [dict(zip(("name", "email", "notes"), row, strict=True)) for row in rows]}
    # Quoted, as a plain value may not begin with the bracket of a placeholder.
    text = yaml.safe_dump(data, default_style=quote, width=10**6, allow_unicode=True)
    for again in both(text, widths):
        assert shape(load(again)) == shape(data)


@settings(max_examples=100, deadline=None)
@given(ROWS, WIDTHS, st.booleans())
def test_markdown_keeps_its_pipes(rows: list[list[str]], widths: list[tuple[int, int, str]], outer: bool) -> None:
    left, right = ("| ", " |") if outer else ("", "")
    lines = [" | ".join(row) for row in (["customer", "email", "city"], ["---"] * 3, *rows)]
    text = "\n".join(left + line + right for line in lines)
    for again in both(text, widths):
        assert [line.count("|") for line in again.split("\n")] == [line.count("|") for line in text.split("\n")]


def shape(value: Any) -> Any:
    """Lists and keys; how many keys where one of them may have been replaced."""
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else ""


def test_spans_are_cut_at_borders() -> None:
    assert cut("name,city,x\nEmma,Bath,1\n", "Emma,Bath") == ["Emma", "Bath"]
    assert cut('{"a": "Emma", "b": "Bob"}', '"Emma", "b": "Bob"') == ["Emma", "b", "Bob"]
    assert cut("| name | x |\n|---|---|\n| Emma | Bob |", "| Emma | Bob |") == ["Emma", "Bob"]
    assert cut("I met Emma Roberts.", "Emma Roberts.") == ["Emma Roberts."]


def test_no_escape_is_halved() -> None:
    assert cut('{"a": "Dear\\nEmma"}', "nEmma") == ["Emma"]
    assert cut('{"a": "Jos\\u00e9 x"}', "Jos") == ["Jos\\u00e9"]
    assert cut('{"a": "x\\\\nEmma"}', "nEmma") == ["nEmma"]
    assert cut('name,city\n"Bob ""Bo"" X",Bath\n', 'Bob "') == ["Bob"]


def test_a_secret_over_a_border_takes_its_cells_whole() -> None:
    text = "user,password\nemma,hunter2 rest\n"
    assert cut(text, "mma,hunter2", kind=SECRET) == ["emma", "hunter2 rest"]
    armour = "-----BEGIN X KEY-----\nProc-Type: 4,ENCRYPTED\nabc==\n-----END X KEY-----"
    assert cut(armour, armour, kind=SECRET) == [armour]


def test_a_column_votes() -> None:
    text = "aa,bb,cc\nEmma Roberts,x,1\nBob Baker,y,2\nAna Cruz,z,3\nzorbla qqx,t,4\n,u,5\n"
    assert cut(text, "Emma Roberts", "Bob Baker", "Ana Cruz") == ["Emma Roberts", "Bob Baker", "Ana Cruz", "zorbla qqx"]
    assert cut(text, "Emma Roberts", "Bob Baker", "Ana") == ["Emma Roberts", "Bob Baker", "Ana"]
    told = text.replace("aa", "status")
    assert "zorbla qqx" not in cut(told, "Emma Roberts", "Bob Baker", "Ana Cruz")


def test_the_detector_reads_columns_and_fields() -> None:
    text = "Sort this:\n\nCustomer;Amount\nzorbla qqx;12\nSiobhan O'Neil;13\nEmma Roberts;14\n"
    assert [span.text for span in DETECTOR.find(text)] == ["Siobhan O'Neil", "Emma Roberts"]
    text = '{"patient": "Zorbla Quint", "diagnosis": "flu"}'
    assert [(span.text, span.kind) for span in DETECTOR.find(text)] == [("Zorbla Quint", PERSON)]
