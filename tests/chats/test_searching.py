"""Search in conversations: what is found, in which order, and how it is shown."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from persona_cli.chats.searching import Found, search, words_of
from persona_cli.errors import UsageError
from persona_cli.parts import Parts


def said(parts: Parts, title: str, *turns: str) -> str:
    id = parts.conversations.new(title).id
    for number, text in enumerate(turns):
        parts.conversations.add(id, "assistant" if number % 2 else "user", text)
    return id


def ids(parts: Parts, query: str, most: int = 10) -> list[str]:
    return [hit.conversation.id for hit in search(parts.conversations, query, most)]


def marked(hit: Found) -> list[str]:
    return [hit.snippet[start:end] for start, end in hit.marks]


def test_all_words_are_needed_in_whatever_turns_and_the_title(parts: Parts) -> None:
    both = said(parts, "a", "The mortgage is due.", "Tell Emma.")
    title = said(parts, "Emma", "The MORTGAGE again.")
    said(parts, "b", "The mortgage alone.")
    assert set(ids(parts, "emma Mortgage")) == {both, title}
    assert ids(parts, "emma mortgage rate") == []


def test_a_quoted_phrase_stands_together_over_any_space(parts: Parts) -> None:
    together = said(parts, "a", "A fixed\n\n  rate until 2031")
    said(parts, "b", "The rate is fixed.")
    for query in ('"fixed rate"', "“Fixed  rate” 2031"):
        assert ids(parts, query) == [together]
    assert len(ids(parts, "fixed rate")) == 2
    assert ids(parts, '"fixed rate" 2032') == []


def test_a_word_is_found_from_its_beginning_and_not_inside_another(parts: Parts) -> None:
    begins = said(parts, "a", "Two mortgages")
    whole = said(parts, "b", "One mortgage")
    said(parts, "c", "remortgage")
    assert ids(parts, "mortgage") == [whole, begins]
    assert ids(parts, "art") == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_case_accents_and_width_do_not_matter(parts: Parts, form: Literal["NFC", "NFD"]) -> None:
    id = said(parts, "a", unicodedata.normalize(form, "… dans un Café à MÜNCHEN, Straße ２０２６, Ελλάδα"))
    for query in ("cafe", "CAFÉ", "munchen", "münchen", "STRASSE", "2026", "ελλαδα"):
        assert ids(parts, query) == [id], query
    (hit,) = search(parts.conversations, unicodedata.normalize("NFD", "café"), 5)
    assert marked(hit) == ["Café"]


def test_scripts_without_spaces_are_found_anywhere(parts: Parts) -> None:
    id = said(parts, "a", "明日は東京へ行きます")
    assert ids(parts, "東京") == [id] and ids(parts, "大阪") == []


def test_more_and_together_and_in_the_title_come_first_and_of_equals_the_last_used(parts: Parts) -> None:
    apart = said(parts, "x", "zebra", "quagga")
    together = said(parts, "x", "zebra quagga", "nothing")
    title = said(parts, "zebra quagga", "zebra quagga")
    assert ids(parts, "zebra quagga") == [title, together, apart]
    older, newer = said(parts, "x", "heron"), said(parts, "x", "heron")
    assert ids(parts, "heron") == [newer, older] and ids(parts, "heron", 1) == [newer]
    often = said(parts, "x", "heron heron heron")
    parts.conversations.add(newer, "user", "something else")
    assert ids(parts, "heron") == [often, newer, older]


def test_the_snippet_is_one_line_with_the_words_and_where_they_are(parts: Parts) -> None:
    filler = "lorem ipsum dolor sit amet " * 40
    said(parts, "x", "What is it?", f"{filler}zebra {filler}\n\nthe zebra\tand the quagga {filler}")
    (hit,) = search(parts.conversations, "quagga zebra", 5)
    assert (hit.turn, hit.role) == (2, "assistant")
    assert "the zebra and the quagga" in hit.snippet and len(hit.snippet) <= 162
    assert hit.snippet[0] == hit.snippet[-1] == "…" and marked(hit) == ["zebra", "quagga"]


def test_a_title_alone_is_found_without_a_snippet_and_an_empty_conversation_too(parts: Parts) -> None:
    id = parts.conversations.new("Trip to Rome").id
    (hit,) = search(parts.conversations, "rome", 5)
    assert (hit.conversation.id, hit.turn, hit.snippet, hit.title_marks) == (id, 0, "", ((8, 12),))


def test_the_users_own_system_text_is_found(parts: Parts) -> None:
    id = said(parts, "x", "hello", "hi")
    parts.conversations.set_role(id, "Answer as a heron.")
    (hit,) = search(parts.conversations, "heron", 5)
    assert (hit.turn, hit.role, marked(hit)) == (0, "system", ["heron"])


def test_signs_are_looked_for_as_they_are_and_a_query_needs_a_word(parts: Parts) -> None:
    id = said(parts, "x", "a.b@example.com wrote C++ (100%) and [PERSON_1]\0 \udcff")
    for query in ("a.b@example.com", "@example", "C++", "(100%)", "[PERSON_1]", "100%?"):
        assert ids(parts, query) == [id], query
    for nothing in ("", "  ", '""', '" "'):
        with pytest.raises(UsageError):
            words_of(nothing)


def test_more_turns_than_one_batch_are_all_looked_through(parts: Parts) -> None:
    with parts.vault.transaction():
        for number in range(45):
            said(parts, f"t{number}", *(f"turn {number} {n}" for n in range(100)))
    last = said(parts, "last", "the heron")
    assert ids(parts, "heron") == [last]
    (hit,) = search(parts.conversations, '"turn 20 99"', 5)
    assert hit.turn == 100 and hit.conversation.title == "t20"
