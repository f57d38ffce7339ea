from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.placeholders import (
    _TOKEN,
    LONGEST,
    SPELLINGS,
    find_tokens,
    read_token,
    unfinished,
    write_token,
)
from persona_cli.privacy.spans import KINDS

# Pieces of the grammar: texts made of them are dense with placeholders, near-placeholders and halves.
PIECES = (
    *("[", "]", "(", ")", "{", "}", "<", ">", "［", "］", "\\[", "\\]", "&#91;", "&rbrack;", "%5B", "%5D"),
    *("\\u005b", "\\u005d", "\\", "_", "\\_", "%5F", "＿", "-", " ", "\n", "\u00a0", "\t"),
    *("PERSON", "person", "ID", "Id", "TEXT", "PERSON_1", "[ID_2]", "1", "0", "23", "b", "s", "x", "'s", "."),
    *("é", "ſ", "😀", "`", "```", "https://", "](", '"'),
)
soup = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def tokens(text: str) -> list[str]:
    return [found.token for found in find_tokens(text)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read(kind: str) -> None:
    for number, letter in itertools.product((1, 9, 10, 123, 9_999_999), SPELLINGS):
        token = write_token(kind, number, letter)
        assert read_token(token) == (kind, number, letter)
        [found] = find_tokens(f"a {token} b")
        assert (found.start, found.end, found.token, found.ending) == (2, 2 + len(token), token, "")


@pytest.mark.parametrize(
    "text", ["PERSON_1", "[person_1]", "[PERSON_01]", "[PERSON_1s]", "[NAME_1]", "[PERSON_1] ", "[PERSON_１]", ""]
)
def test_only_the_written_form_is_read_as_written(text: str) -> None:
    assert read_token(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "person 1", "Person 1 said", "[PERSON]", "[PERSON_]", "[PERSON_0]", "[PERSON_01]", "[PERSON_12345678]",
        "[PERSN_1]", "[PERSONS_1]", "PERSON_1_2", "XPERSON_1", "PERSON_1x2", "my_person_1", "self.person_1",
        "person_1()", "person_1.jpg", "img/person_1", "[PERſON_1]", "[PERSON_1bc]", "[PERSON__1]", "[1]", "PERSON1",
        "PERSON\n1", "(person 1)", "{person 1}", "[PERSON_1ß]", "[PERSON_²]", "PERSON_①",
        "person_1\\notes", "\\person_1",
    ],
)  # fmt: skip
def test_what_is_no_placeholder(text: str) -> None:
    assert tokens(text) == []


@pytest.mark.parametrize(
    ("text", "token", "rest"),
    [
        ("C:\\Users\\[PERSON_1]\\notes", "[PERSON_1]", "C:\\Users\\|\\notes"),
        ("f(PERSON_1)", "[PERSON_1]", "f(|)"),
        ("say (PERSON_1)", "[PERSON_1]", "say |"),
        ("\\[PERSON_1\\]", "[PERSON_1]", "|"),
        ("**[PERSON_1]**", "[PERSON_1]", "**|**"),
        ("[[PERSON_1]]", "[PERSON_1]", "[|]"),
        ("PERSON_1s", "[PERSON_1]", "|s"),
        ('\\"person_1\\"', "[PERSON_1]", '\\"|\\"'),
        ("[PERSON_1]s", "[PERSON_1]", "|s"),
        ("[PERSON_1B]", "[PERSON_1b]", "|"),
        ("[PERSON_10]", "[PERSON_10]", "|"),
    ],
)
def test_what_belongs_to_a_placeholder_and_what_stays(text: str, token: str, rest: str) -> None:
    [found] = find_tokens(text)
    assert found.token == token
    assert text[: found.start] + "|" + text[found.end :] == rest


def test_an_ending_inside_the_brackets_is_kept() -> None:
    assert [found.ending for found in find_tokens("[PERSON_1's] [PERSON_1s] [PERSON_1’s] [PERSON_1']")] == [
        "'s",
        "s",
        "’s",
        "'",
    ]


@given(soup)
@settings(deadline=None)
def test_found_tokens_are_disjoint_in_order_and_bounded(text: str) -> None:
    end = 0
    for found in find_tokens(text):
        assert end <= found.start < found.end <= found.start + LONGEST
        end = found.end
        kind, number, _ = read_token(found.token) or ("", 0, "")
        # Kind and number are there whole: nothing was guessed.
        raw = text[found.start : found.end]
        assert kind.lower() in raw.lower()
        assert str(number) in re.findall("[0-9]+", raw.replace("%5F", " ").replace("%20", " ").replace("005", ""))


@given(
    st.lists(st.one_of(soup, st.sampled_from(["a line 1 of text ", "[EMAIL_2345b]", "he 1"])), max_size=6).map("".join)
)
@settings(max_examples=500, deadline=None)
def test_the_quick_search_finds_what_the_grammar_does(text: str) -> None:
    assert [(found.start, found.end) for found in find_tokens(text)] == [
        match.span() for match in _TOKEN.finditer(text)
    ]


@given(soup, soup)
@settings(deadline=None)
def test_what_is_before_an_unfinished_ending_never_changes(text: str, more: str) -> None:
    end = unfinished(text)
    decided = [found for found in find_tokens(text) if found.end <= end]
    assert [found for found in find_tokens(text + more) if found.start < end] == decided


@given(st.text())
@settings(deadline=None)
def test_nothing_much_is_held_back(text: str) -> None:
    assert len(text) - unfinished(text) <= LONGEST
    assert unfinished(text + " and so on. ") == len(text) + 12
