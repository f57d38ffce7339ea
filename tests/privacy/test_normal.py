"""Folding: what counts as the same text to somebody who looks for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.privacy.normal import digits, fold, squash


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Emma Roberts", " emma roberts "),
        ("EMMA  ROBERTS", " emma roberts "),
        ("emma_roberts.pdf", " emma roberts pdf "),
        ("Müller-Lüdenscheidt", " muller ludenscheidt "),
        ("Straße", " strasse "),
        ("Ｅｍｍａ", " emma "),
        ("Em\u200bma", " emma "),
        ("Łukasz Øster", " lukasz oster "),
        ("Emma%20Roberts%2C", " emma roberts "),
        ("Zo%C3%AB 100%", " zoe 100 "),
        ("", " "),
    ],
)
def test_spellings_of_one_text_fold_to_one_form(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_a_folded_stretch_leads_back_to_the_original() -> None:
    text = "To: Straße 12, Zoë!"
    folded = fold(text)
    at = folded.text.index(" zoe ")
    start, end = folded.span(at + 1, at + 4)
    assert text[start:end] == "Zoë"


def test_squash_and_digits_drop_what_separates() -> None:
    assert squash(fold("emma.roberts+x")).text == "emmarobertsx"
    assert digits(fold("+353 (91) 555-0142")).text == "353915550142"


@given(st.text())
def test_every_folded_character_leads_back_in_order(text: str) -> None:
    for form in (fold(text), squash(fold(text)), digits(fold(text))):
        assert len(form.text) == len(form.starts) == len(form.ends)
        assert list(form.starts) == sorted(form.starts) and list(form.ends) == sorted(form.ends)
        assert all(0 <= start <= end <= len(text) for start, end in zip(form.starts, form.ends, strict=True))
