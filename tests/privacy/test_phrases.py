"""Many phrases in one pass: whole words, in scripts with and without spaces, and lower case as long as the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from persona_cli.privacy.phrases import Phrases, lowered


def test_only_whole_words_count() -> None:
    text = "Ann met Anna, Ann-Marie and Ann."
    assert list(Phrases({"Ann"}).alone(text)) == [(0, "Ann"), (14, "Ann"), (28, "Ann")]
    assert list(Phrases({"Ann"}).within(text))[1] == (8, "Ann")
    assert list(Phrases(()).within(text)) == []


def test_a_script_without_spaces_has_no_longer_words() -> None:
    assert list(Phrases({"华为"}).alone("我在华为工作")) == [(2, "华为")]


def test_overlapping_phrases_are_all_found() -> None:
    assert set(Phrases({"Ann Lee", "Lee Ross", "Lee"}).alone("Ann Lee Ross")) == {
        (0, "Ann Lee"),
        (4, "Lee"),
        (4, "Lee Ross"),
    }


@given(st.text())
def test_lower_case_is_as_long_as_the_text(text: str) -> None:
    assert len(lowered(text)) == len(text)
    assert lowered("İstanbul STRASSE") == "İstanbul strasse"
