from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.errors import StoreDamaged
from persona_cli.privacy.placeholders import SPELLINGS
from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms, pseudonymise
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import (
    DATE,
    DETAIL,
    EMAIL,
    ID,
    KINDS,
    ORG,
    PERSON,
    PHONE,
    PLACE,
    TEXT,
    PrivateSpan,
)
from tests.privacy.test_placeholders import soup


def people(*names: str) -> list[str]:
    table = Pseudonyms()
    return [table.token_for(PERSON, name) for name in names]


def mark(text: str, *values: tuple[str, str]) -> list[PrivateSpan]:
    """A span for the first place of each (kind, value)."""
    return [
        PrivateSpan(text.index(value), text.index(value) + len(value), kind, value, "test") for kind, value in values
    ]


# ------------------------------------------------------------------------------------------------------- linking


def test_the_spellings_of_one_person_share_a_number() -> None:
    assert people("Emma Roberts", "Emma", "Ms Roberts", "EMMA ROBERTS", "E. Roberts", "Roberts, Emma", "Emma’s") == [
        "[PERSON_1]", "[PERSON_1b]", "[PERSON_1c]", "[PERSON_1d]", "[PERSON_1e]", "[PERSON_1f]", "[PERSON_1g]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        ("John", "Johnson"),
        ("Emma Roberts", "Emma Stone"),
        ("Emma Roberts", "John Roberts"),
        ("Ms Roberts", "Mr Roberts"),
        ("John Smith Jr.", "John Smith Sr."),
        ("Emma Roberts", "E. Stone"),
        ("Emma Roberts", "Jane R."),
        ("E. Roberts", "E. R."),
        ("Ann", "Anna"),
        ("王", "王伟"),
        ("Emma Jane Roberts", "J. Roberts"),
    ],
)
def test_two_people_stay_two(names: tuple[str, str]) -> None:
    assert people(*names) == ["[PERSON_1]", "[PERSON_2]"]
    assert people(*reversed(names)) == ["[PERSON_1]", "[PERSON_2]"]


@pytest.mark.parametrize(
    "names",
    [
        ("Emma", "Emma Roberts"),
        ("Emma Roberts", "Emma Jane Roberts"),
        ("E. Roberts", "Emma Roberts"),
        ("Jan van der Berg", "van der Berg"),
        ("J.R.R. Tolkien", "Tolkien"),
        ("Dr. Anna Smith, PhD", "Anna Smith"),
        ("Zoë Müller", "ZOE\u0308 MU\u0308LLER"),
        ("王伟", "王伟 "),
    ],
)
def test_the_same_person_in_either_order(names: tuple[str, str]) -> None:
    assert people(*names) == ["[PERSON_1]", "[PERSON_1b]"]
    assert people(*reversed(names)) == ["[PERSON_1]", "[PERSON_1b]"]


def test_a_first_name_that_two_people_have_is_nobody_s() -> None:
    assert people("Emma Roberts", "Emma Stone", "Emma") == ["[PERSON_1]", "[PERSON_2]", "[PERSON_3]"]
    # ... and does not become a third Emma's either.
    assert people("Emma Roberts", "Emma Stone", "Emma", "Emma Watson")[3] == "[PERSON_4]"
    # What was said before the second Emma came up keeps its token; a new spelling is not linked any more.
    assert people("Emma Roberts", "Emma", "Emma Stone", "Emma", "EMMA") == [
        "[PERSON_1]", "[PERSON_1b]", "[PERSON_2]", "[PERSON_1b]", "[PERSON_3]",
    ]  # fmt: skip


def test_within_one_text_fuller_names_count_first() -> None:
    text = "Emma wrote. Ms Roberts is Emma Roberts."
    spans = mark(text, (PERSON, "Emma"), (PERSON, "Ms Roberts"), (PERSON, "Emma Roberts"))
    assert pseudonymise(text, spans, Pseudonyms()) == "[PERSON_1b] wrote. [PERSON_1c] is [PERSON_1]."


@pytest.mark.parametrize(
    ("kind", "one", "other", "linked"),
    [
        (EMAIL, "Emma@X.org", "emma@x.org", True),
        (EMAIL, "emma@x.org", "emma@y.org", False),
        (PHONE, "+1 (555) 010-9999", "15550109999", True),
        (ID, "DE89 3704 0044", "de8937040044", True),
        (ID, "AB 123", "CD 123", False),
        (ORG, "Acme  Corp", "ACME corp", True),
        (PLACE, "Ulm", "Neu-Ulm", False),
        (DATE, "May 5", "May 6", False),
        (TEXT, "[a]", "[A]", False),
    ],
)
def test_other_kinds_link_when_equal_but_for_writing(kind: str, one: str, other: str, linked: bool) -> None:
    table = Pseudonyms()
    assert table.token_for(kind, one) == f"[{kind}_1]"
    assert table.token_for(kind, other) == (f"[{kind}_1b]" if linked else f"[{kind}_2]")


def test_one_value_has_one_token_whatever_the_kind() -> None:
    table = Pseudonyms()
    assert table.token_for(PERSON, "Paris") == table.token_for(PLACE, "Paris") == "[PERSON_1]"
    assert table.token_for("HOBBY", "chess") == "[DETAIL_1]"
    assert table.entries == (
        Placeholder("[PERSON_1]", PERSON, "Paris"),
        Placeholder("[DETAIL_1]", DETAIL, "chess"),
    )


def test_more_spellings_than_letters_get_a_new_number() -> None:
    for kind in (PERSON, ORG):
        table = Pseudonyms()
        issued = [table.token_for(kind, "Emma" + " " * n) for n in range(60)]
        assert len(set(issued)) == 60
        assert issued[len(SPELLINGS) - 1 : len(SPELLINGS) + 2] == [f"[{kind}_1z]", f"[{kind}_2]", f"[{kind}_2b]"]
        assert [table.value_of(token) for token in issued] == ["Emma" + " " * n for n in range(60)]


values = st.one_of(
    st.text(min_size=1),
    st.lists(
        st.sampled_from(["Emma", "emma", "E.", "Roberts", "Stone", "Ms", "Mr", "Jr.", "van", ","]), min_size=1
    ).map(" ".join),
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), values), max_size=40), st.integers(0, 40))
@settings(deadline=None)
def test_the_table_is_injective_and_survives_storage(issues: list[tuple[str, str]], stored_after: int) -> None:
    table, again = Pseudonyms(), Pseudonyms()
    for index, (kind, value) in enumerate(issues):
        if index == stored_after:
            again = Pseudonyms(again.entries)
        assert table.token_for(kind, value) == again.token_for(kind, value)
    assert again.entries == table.entries
    assert len({entry.token for entry in table.entries}) == len({value for _, value in issues})
    assert all(table.value_of(table.token_for(kind, value)) == value for kind, value in issues)


@pytest.mark.parametrize(
    "entries",
    [
        [("[PERSON_1]", "Emma"), ("[PERSON_1]", "John")],
        [("[PERSON_1]", "Emma"), ("[PERSON_2]", "Emma")],
        [("PERSON_1", "Emma")],
        [("[PERSON_1s]", "Emma")],
    ],
)
def test_a_damaged_table_is_refused(entries: list[tuple[str, str]]) -> None:
    with pytest.raises(StoreDamaged, match="damaged or there twice"):
        Pseudonyms([Placeholder(token, PERSON, value) for token, value in entries])


def test_the_empty_value_has_no_token() -> None:
    with pytest.raises(ValueError, match="empty"):
        Pseudonyms().token_for(PERSON, "")


# ---------------------------------------------------------------------------------------------------- round trip


def there_and_back(text: str, spans: list[PrivateSpan], table: Pseudonyms) -> str:
    return restore(pseudonymise(text, spans, table), table, ALL_SINKS).text


def test_nothing_of_a_span_is_left_and_the_rest_is_untouched() -> None:
    text = "Emma Roberts (emma@x.org) wrote to Acme."
    spans = mark(text, (PERSON, "Emma Roberts"), (EMAIL, "emma@x.org"), (ORG, "Acme"))
    assert pseudonymise(text, spans, Pseudonyms()) == "[PERSON_1] ([EMAIL_1]) wrote to [ORG_1]."


@pytest.mark.parametrize(
    "lookalike", ["[PERSON_1]", "PERSON_7", "［id 3］", "&#91;TEXT_1&#93;", "\\[ORG\\_2\\]", "id_1"]
)
def test_lookalikes_of_the_user_s_become_text(lookalike: str) -> None:
    table = Pseudonyms()
    text = f"The form says {lookalike} and {lookalike}, says Emma."
    sent = pseudonymise(text, mark(text, (PERSON, "Emma")), table)
    assert sent == "The form says [TEXT_1] and [TEXT_1], says [PERSON_1]."
    assert restore(sent, table, ALL_SINKS).text == text


@pytest.mark.parametrize(
    "text",
    [
        "\\|Emma", "[|Emma]", "[PERSON_1|Emma", "PERSON_|Emma", "|Emma1]", "|Emma_1", "\\\\|Emma\\]", "[PERSON_|Emma]",
        "`|Emma`", "https://x/|Emma", "\\u005b|Emma\\u005d", "[ID_1 |Emma", "C:\\Users\\|Emma\\x", "(|Emma)",
    ],
)  # fmt: skip
def test_half_tokens_beside_a_span(text: str) -> None:
    start = text.index("|")
    text = text.replace("|", "")
    span = PrivateSpan(start, start + 4, PERSON, "Emma", "test")
    assert there_and_back(text, [span], Pseudonyms()) == text


cuts = st.lists(st.tuples(st.integers(-5, 200), st.integers(-5, 200), st.sampled_from(KINDS)), max_size=8)


def as_spans(text: str, raw: list[tuple[int, int, str]]) -> list[PrivateSpan]:
    return [PrivateSpan(start, end, kind, text[max(0, start) : end], "test") for start, end, kind in raw]


@given(soup, cuts, soup, cuts)
@settings(max_examples=500, deadline=None)
def test_the_round_trip_of_dense_text_over_two_turns(
    first: str, first_cuts: list[tuple[int, int, str]], second: str, second_cuts: list[tuple[int, int, str]]
) -> None:
    table = Pseudonyms()
    sent_first = pseudonymise(first, as_spans(first, first_cuts), table)
    sent_second = pseudonymise(second, as_spans(second, second_cuts), table)
    assert restore(sent_first, table, ALL_SINKS).text == first
    assert restore(sent_second, table, ALL_SINKS).text == second


@given(st.text(max_size=300), cuts)
@settings(max_examples=300, deadline=None)
def test_the_round_trip_of_any_text(text: str, raw: list[tuple[int, int, str]]) -> None:
    assert there_and_back(text, as_spans(text, raw), Pseudonyms()) == text


@given(
    st.lists(st.sampled_from(["id_1", "-", ".", "(", "PERSON_2", " ", "[TEXT_1]", "y 1: "]), max_size=200).map("".join)
)
@settings(deadline=None)
def test_the_round_trip_of_chains(text: str) -> None:
    assert there_and_back(text, [], Pseudonyms()) == text


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))


@pytest.mark.parametrize("corpus", ["pupa", "cogenesis", "privacylens"])
def test_the_round_trip_of_real_texts(corpus: str) -> None:
    data = Path(os.environ.get("PERSONA_DATA", Path(__file__).parents[3] / "shared" / "data"))
    file = data / corpus / "dev.jsonl"
    assert file.is_file(), f"{file} is missing: set PERSONA_DATA to the folder of the evaluation data"
    chance = random.Random(corpus)
    broken = total = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        table = Pseudonyms()
        for text in strings(json.loads(line)):
            spans = []
            for _ in range(len(text) // 150 + 1):
                start = chance.randrange(len(text) + 1)
                end = start + chance.randrange(30)
                spans.append(PrivateSpan(start, end, chance.choice(KINDS), text[start:end], "test"))
            total += 1
            # A count, not the text: these are real people's words.
            broken += there_and_back(text, spans, table) != text
    assert (broken, total > 1_000) == (0, True)
