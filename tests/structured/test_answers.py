"""Restoring inside JSON: the JSON stays JSON, whatever the values hold, and what is no JSON is said."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.structured.answers import JsonRestorer, invalid, quoted
from tests.guards import SocketGuard

ANY = "{}"
PROSE = frozenset({"prose"})


def restored(raw: str, *values: str, sinks: frozenset[str] = PROSE, schema: str = ANY) -> tuple[str, JsonRestorer]:
    table = Pseudonyms([Placeholder(f"[PERSON_{n}]", "PERSON", value) for n, value in enumerate(values, 1)])
    restorer = JsonRestorer(table, sinks, schema)
    shown = "".join(restorer.feed(character) for character in raw)
    assert shown == ""
    return restorer.close(), restorer


def test_a_value_that_would_break_the_json_does_not() -> None:
    value = 'Anna "the\\boss"\nO\'Neil\x85'
    text, restorer = restored('{"name": "[PERSON_1]", "n": 1.10, "by": ["[person_1]\'s", null]}', value)
    assert json.loads(text) == {"name": value, "n": 1.1, "by": [f"{value}'s", None]}
    assert '"n": 1.10' in text and "\x85" not in text and "\n" not in text
    assert restorer.restored == 2 and restorer.invalid == ""


def test_escaped_placeholders_and_keys_are_restored() -> None:
    text, _ = restored('{"\\u005bPERSON_1\\u005d": "x", "a": "\\u005bPERSON_1\\u005d"}', 'A "B"')
    assert json.loads(text) == {'A "B"': "x", "a": 'A "B"'}


def test_a_code_block_around_it_is_taken_off() -> None:
    assert restored('```json\n{"a": "[PERSON_1]"}\n```\n', "Ann")[0] == '{"a": "Ann"}'


def test_links_and_code_in_a_string_are_held_as_everywhere() -> None:
    text, restorer = restored('{"a": "https://x.example/?q=[PERSON_1]", "b": "`[PERSON_1]` [PERSON_1]"}', "Ann")
    assert json.loads(text) == {"a": "https://x.example/?q=[PERSON_1]", "b": "`[PERSON_1]` Ann"}
    assert restorer.held == ("[PERSON_1]", "[PERSON_1]") and restorer.restored == 1
    text, restorer = restored('{"b": "`[PERSON_1]`"}', "Ann", sinks=frozenset({"prose", "code"}))
    assert json.loads(text) == {"b": "`Ann`"} and restorer.held == ()


def test_what_is_no_json_is_restored_as_text_and_said() -> None:
    for raw in ("Dear [PERSON_1],", '{"a": "[PERSON_1]"', '{"a": NaN}', "[" * 100_000, "", '{"a": 1} {"b": 2}'):
        text, restorer = restored(raw, "Ann")
        assert text == raw.replace("[PERSON_1]", "Ann") and restorer.invalid.startswith("it is no JSON (")


def test_unknown_placeholders_stay_and_are_told() -> None:
    text, restorer = restored('{"a": "[PERSON_7]"}', "Ann")
    assert text == '{"a": "[PERSON_7]"}' and restorer.unknown == ("[PERSON_7]",)


def test_the_schema_is_checked_behind_the_restoring() -> None:
    schema = json.dumps({"type": "object", "properties": {"who": {"enum": ["Ann", "Bo"]}}, "required": ["who"]})
    assert restored('{"who": "[PERSON_1]"}', "Ann", schema=schema)[1].invalid == ""
    assert "$.who" in restored('{"who": "[PERSON_1]"}', "Cy", schema=schema)[1].invalid
    assert "'who' is a required property" in restored("{}", schema=schema)[1].invalid
    # A schema may refer to itself, and to nothing outside: no connection is opened for it.
    with SocketGuard() as guard:
        told = invalid("{}", '{"$ref": "https://example.org/s.json"}')
        assert "cannot be checked" in told and guard.attempts == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["[PERSON_1]", "to [PERSON_2].", "PERSON_1 and [PERSON_2]'s", "x\\[PERSON_1\\]"]),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just("[PERSON_1]"), inside),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(value=json_values, names=st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=2, unique=True),
       ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))  # fmt: skip
def test_json_with_any_values_in_it_is_the_same_json_with_the_values(
    value: Any, names: list[str], ascii_only: bool, indent: int | None
) -> None:
    """Parsing what was restored gives what restoring each parsed string gives: nothing else of the JSON changes."""
    table = Pseudonyms([Placeholder(f"[PERSON_{n}]", "PERSON", name) for n, name in enumerate(names, 1)])

    def expected(item: Any) -> Any:
        if isinstance(item, str):
            return restore(item, table, PROSE).text
        if isinstance(item, list):
            return [expected(one) for one in item]
        if isinstance(item, dict):
            return {expected(key): expected(one) for key, one in item.items()}
        return item

    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    text, restorer = restored(raw, *names)
    assert json.loads(text) == expected(json.loads(raw)) and restorer.invalid == ""


@given(text=st.text(alphabet=st.characters(codec=None)))
def test_a_quoted_text_is_one_line_that_a_terminal_does_not_obey(text: str) -> None:
    literal = quoted(text)
    assert json.loads(literal) == text
    assert not [mark for mark in literal if mark < " " or "\x7f" <= mark <= "\x9f" or mark in "\u2028\u2029"]
