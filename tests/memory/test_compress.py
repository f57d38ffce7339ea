from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.errors import UsageError
from persona_cli.memory.compress import compress

LETTER = """Dear Emma,

I would really like to thank you for the very nice dinner (which was delicious) on Friday. Tom did not eat the nuts, \
because he is allergic to hazelnuts. We should also talk about the rent of 1,250 euros that is due on the 3rd of June. \
Please tell [PERSON_1] that I can't come before 7 pm.

- buy some milk
- call the doctor

Best wishes, and see you soon!
"""
PIECES = st.sampled_from(
    [
        "word",
        "The",
        "a",
        "rent",
        " ",
        "  ",
        "\n",
        "\n\n  ",
        ". ",
        "(",
        ")",
        "! ",
        "[PERSON_1]",
        "3",
        "-",
        ",",
        "\t",
        "é",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)), st.floats(0.001, 1))
@settings(max_examples=500, deadline=None)
def test_the_share_of_words_is_met_for_any_text(text: str, ratio: float) -> None:
    done = compress(text, ratio)
    assert done.words_in == len(text.split())
    assert done.words_out == len(done.text.split())
    assert abs(done.words_out - round(ratio * done.words_in)) <= 1
    assert compress(text, ratio) == done


@given(st.text())
def test_ratio_1_changes_no_byte(text: str) -> None:
    assert compress(text, 1).text == text


@pytest.mark.parametrize("ratio", [0, -0.5, 1.01, float("nan")])
def test_another_ratio_is_a_sentence(ratio: float) -> None:
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        compress(LETTER, ratio)


def test_half_a_letter_still_reads() -> None:
    assert compress(LETTER, 0.5).text == (
        "Dear Emma,\n\nthank nice dinner delicious Friday. Tom not eat nuts, allergic hazelnuts. talk rent 1,250 euros "
        "3rd June. tell [PERSON_1] can't come before 7 pm.\n\n- buy milk\n- call doctor\n\nBest wishes, see soon!\n"
    )


def test_words_stay_in_their_order() -> None:
    for tenth in range(1, 10):
        original = iter(word.strip("(),.!") for word in LETTER.split())
        assert all(word.strip("(),.!") in original for word in compress(LETTER, tenth / 10).text.split())


def test_what_tells_most_goes_last() -> None:
    text = (
        "the delicious dinner Roberts brought was really never finished by 17:30 on Friday and [PERSON_12b] "
        "couldn't understand 42 complaints"
    )
    telling = ["Roberts", "never", "17:30", "Friday", "[PERSON_12b]", "couldn't", "42"]
    words = len(text.split())
    assert compress(text, len(telling) / words).text.split() == telling
    ordinary = compress(text, 12 / words).text.split()
    assert set(telling) < set(ordinary) and not {"the", "was", "really", "by", "on", "and"} & set(ordinary)
    assert "really" not in compress(text, (words - 2) / words).text.split()


def test_rare_and_long_words_stay() -> None:
    text = "cat and cat and cat and cat and an archaeologist and a dog"
    assert compress(text, 2 / 13).text == "archaeologist dog"


def test_first_and_last_sentence_of_a_paragraph_weigh_more() -> None:
    paragraph = "garden aaaa. garden bbbb. garden cccc. garden dddd. garden eeee."
    assert compress(f"{paragraph}\n\n{paragraph}", 8 / 20).text.split() == ["aaaa.", "bbbb.", "dddd.", "eeee."] * 2
    assert compress(paragraph, 2 / 10).text == "aaaa. eeee."


def test_a_full_stop_outlives_its_word() -> None:
    assert compress("Meet Anna, Bob at the. Then call Carla!", 5 / 8).text == "Meet Anna, Bob. call Carla!"
    assert compress("Bring Anna (and the children with you!) Bob came", 4 / 9).text == "Bring Anna children! Bob"


def test_an_abbreviation_ends_no_sentence() -> None:
    assert compress("Ask Dr. Weiss about it", 3 / 5).text == "Ask Dr. Weiss"


def test_a_bracket_goes_with_its_partner() -> None:
    assert compress("Anna (the plumber from Leeds) calls", 3 / 6).text == "Anna plumber Leeds"
    assert compress("Anna (Leeds, that is) calls", 3 / 5).text == "Anna Leeds, calls"
    assert compress("1) Anna 2) Bob said", 4 / 5).text == "1) Anna 2) Bob"


def test_lines_and_indents_between_kept_words_stay() -> None:
    text = "  - Anna is the plumber\n    * and so\n  - Bob\n\n\nCarla is there\n"
    assert compress(text, 6 / 13).text == "  - Anna plumber\n  - Bob\n\n\nCarla\n"
    assert compress(text, 5 / 13).text == "  - Anna\n  - Bob\n\n\nCarla\n"
