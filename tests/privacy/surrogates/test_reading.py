from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import Restorer, restore
from persona_cli.privacy.sinks import ALL_SINKS, PROSE_ONLY
from persona_cli.privacy.spans import KINDS, PrivateSpan
from persona_cli.privacy.surrogates.dates import Written, read_date
from tests.privacy.surrogates.tables import VALUES, sent, surrogate, table

TABLE = table()
GIVEN, FAMILY = surrogate(TABLE, "Emma Roberts").split()
DAY, MONTH, YEAR = surrogate(TABLE, "12 May 2026").split()
ORDINAL = DAY + ("th" if DAY in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(DAY[-1], "th"))
PHONE = surrogate(TABLE, "(415) 321-9876")
MAIL = surrogate(TABLE, "emma.roberts@acme.com")
LINK = surrogate(TABLE, "https://acme.com/x?y=1")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (f"Dear {GIVEN},", "Dear Emma,"),
        (f"{GIVEN} {FAMILY}'s dog", "Emma Roberts's dog"),
        (f"{FAMILY}, {GIVEN}", "Roberts, Emma"),
        (f"Mrs {FAMILY} and Dr. {FAMILY}", "Mrs Roberts and Dr. Roberts"),
        (f"the {FAMILY}s", "the Robertses"),
        (f"{GIVEN[0]}. {FAMILY}", "E. Roberts"),
        (f"{GIVEN.upper()} {FAMILY.upper()}", "EMMA ROBERTS"),
        (f"{GIVEN.lower()} {FAMILY.lower()}", "emma roberts"),
        (f"{GIVEN} {FAMILY.upper()}", "Emma ROBERTS"),
        (f"{GIVEN}\n> {FAMILY}", "Emma Roberts"),
        (f"{GIVEN}\u00a0{FAMILY}", "Emma Roberts"),
        (f"**{GIVEN}**, _{GIVEN}_ | {FAMILY} |", "**Emma**, _Emma_ | Roberts |"),
        (f'{{"name": "{GIVEN} {FAMILY}", "text": "Hi\\n{GIVEN}"}}', '{"name": "Emma Roberts", "text": "Hi\\nEmma"}'),
        (f"ex-{FAMILY}, {FAMILY}-style, {GIVEN}/{FAMILY}", "ex-Roberts, Roberts-style, Emma/Roberts"),
        (f"See {MAIL}.", "See emma.roberts@acme.com."),
        (f"Call {PHONE}.", "Call (415) 321-9876."),
        (f"Call {PHONE[1:4]}-{PHONE[6:]} or ({PHONE[1:4]}-{PHONE[6:]})", "Call (415) 321-9876 or ((415) 321-9876)"),
        (f"On {DAY} {MONTH} {YEAR}, {MONTH} {DAY}!", "On 12 May 2026, May 12!"),
        (f"On {MONTH} {DAY}, {YEAR}", "On May 12, 2026"),
        (f"On {ORDINAL} of {MONTH}", "On 12th of May"),
        (surrogate(TABLE, "Acme Freight GmbH").split()[0], "Acme Freight"),
        (f"{surrogate(TABLE, 'Tom Roberts').split()[0]} {FAMILY}", "Tom Roberts"),
        ("[PERSON_1] and [MONEY_1]", "Emma Roberts and €240"),
    ],
)  # fmt: skip
def test_what_models_make_of_a_surrogate_is_restored(answer: str, shown: str) -> None:
    assert restore(answer, TABLE).text == shown


@pytest.mark.parametrize(
    "answer",
    [
        f"{GIVEN} Jones", f"Tony {FAMILY}", f"{GIVEN}-Marie", f"x{GIVEN}", f"{GIVEN}x", f"{GIVEN}_2", f"{GIVEN}2",
        f"{GIVEN.lower()}.jones@example.com", f"{MAIL}.evil.com", f"x{MAIL}", f"{DAY} {MONTH} 1999", f"1{DAY} {MONTH}",
        f"{DAY} {MONTH}, 1999", f"{PHONE}-12", f"{LINK}/settings", f"{LINK}.evil.com", "Emma", "Bennett",
    ],
)  # fmt: skip
def test_what_could_be_something_else_is_left_as_it_is(answer: str) -> None:
    assert restore(answer, TABLE, ALL_SINKS).text == answer


def test_what_is_made_of_a_surrogate_and_dates_never_issued_are_reported() -> None:
    answer = f"{GIVEN} Jones, Tony {FAMILY} and {GIVEN} meet on {DAY} {MONTH} {YEAR} or on 24 December 2033."
    done = restore(answer, TABLE)
    assert done.unknown == (f"{GIVEN} Jones", f"Tony {FAMILY}", "24 December 2033")
    assert done.restored == 2


def test_code_and_links_hold_surrogates_as_they_hold_tokens() -> None:
    answer = f"`{GIVEN}` and https://a.example/?q={GIVEN} and {GIVEN}"
    done = restore(answer, TABLE)
    assert done.text == f"`{GIVEN}` and https://a.example/?q={GIVEN} and Emma"
    assert done.held == (GIVEN, GIVEN) and done.held_in == ("code", "url")
    assert restore(answer, TABLE, ALL_SINKS).text == "`Emma` and https://a.example/?q=Emma and Emma"


def test_a_restored_value_is_not_read_again() -> None:
    made = table([("PERSON", "Emma"), ("PERSON", "王")])
    assert made.surrogates is not None
    name = surrogate(made, "Emma")
    made.token_for("PERSON", name)  # now somebody real is called that
    assert restore("[PERSON_3]", made).text == name


pieces = st.sampled_from(
    [GIVEN, FAMILY, GIVEN.lower(), FAMILY.upper(), f"{GIVEN} {FAMILY}", MAIL, PHONE, LINK, f"{DAY} {MONTH}", YEAR, DAY]
    + [surrogate(TABLE, value) for _, value in VALUES]
    + [" ", " ", "\n", "\n> ", "-", ".", ",", "'s", "s", "_", "%20", "&nbsp;", "(", ")", "+", "`", "Jones", "Tony"]
    + ["J", "x", "[PERSON_1]", "[PER", "1", "https://", "@", "\\n", "\r"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map("".join), st.lists(st.integers(1, 9), max_size=60), st.booleans())
@settings(max_examples=400, deadline=None)
def test_however_it_is_cut_the_stream_is_restored_as_the_whole(text: str, sizes: list[int], consent: bool) -> None:
    sinks = ALL_SINKS if consent else PROSE_ONLY
    restorer = Restorer(TABLE, sinks)
    shown, start = [], 0
    for size in sizes:
        shown.append(restorer.feed(text[start : start + size]))
        start += size
    shown += [restorer.feed(text[start:]), restorer.close()]
    whole = restore(text, TABLE, sinks)
    assert "".join(shown) == whole.text
    assert (restorer.unknown, restorer.held) == (whole.unknown, whole.held)


def test_a_stream_holds_back_no_more_than_it_must() -> None:
    restorer = Restorer(TABLE)
    assert restorer.feed("Dear ") == "Dear "
    assert restorer.feed(GIVEN) == ""
    assert restorer.feed(", ") == "Emma, "
    assert restorer.feed(f"{GIVEN} ") == ""  # somebody else's surname may follow
    assert restorer.feed("wrote. ") == "Emma wrote. "


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.binary(min_size=16, max_size=16))
@settings(max_examples=60, deadline=None)
def test_a_date_comes_back_in_the_form_that_the_cloud_gave_it(day: date, seed: bytes) -> None:
    forms = ("{d} {B} {Y}", "{B} {d}, {Y}", "{Y}-{mm}-{dd}", "{A}, {d} {B} {Y}", "{d} {B}", "{B} {d}{th}")
    true = Written(day, forms[0])
    made = table([("DATE", str(true))], seed)
    shifted = read_date(surrogate(made, str(true)))
    assert shifted is not None
    for form in forms:
        assert restore(f"On {shifted.as_form(form)}.", made).text == f"On {true.as_form(form)}."


words = st.sampled_from(
    [value for _, value in VALUES] + [surrogate(TABLE, value) for _, value in VALUES]
    + [GIVEN, FAMILY, "Emma", "Roberts", "Jones", " ", ", ", "\n", "-", ".", "'s", "x", "[PERSON_1]", "PERSON_1", "§"]
)  # fmt: skip
texts = st.lists(words | st.text(max_size=4), max_size=10).map(lambda parts: parts)


@given(st.lists(texts, min_size=1, max_size=3), st.booleans(), st.data())
@settings(max_examples=250, deadline=None)
def test_what_leaves_comes_back_byte_for_byte(several: list[list[str]], surrogates: bool, data: st.DataObject) -> None:
    # The seed is the one by which the surrogates among the words were drawn: they are issued again, or avoided.
    made = table([], private=[]) if surrogates else Pseudonyms()
    for parts in several:
        text, spans = "", []
        for part in parts:
            if part and data.draw(st.booleans()):
                kind = next((kind for kind, value in VALUES if value == part), data.draw(st.sampled_from(KINDS)))
                spans.append(PrivateSpan(len(text), len(text) + len(part), kind, part, "test"))
            text += part
        leaving = sent(text, spans, made)
        assert restore(leaving, made, ALL_SINKS).text == text
        if surrogates:
            assert restore(made.with_tokens(leaving), made, ALL_SINKS).text == text
