"""Which of a message's sentences are remembered, and above all which are not."""

from __future__ import annotations

import pytest

from persona_cli.memory.keeping import MOST_SENTENCES, worth_keeping


@pytest.mark.parametrize(
    "message",
    [
        "My sister Anna lives in Bern.",
        "I am allergic to hazelnuts.",
        "We moved to a new flat in Leeds last month.",
        "I've been working at Brightwater since 2019.",
        "My daughter's birthday is on 14 June.",
        "I prefer short e-mails without greetings.",
        "Always sign my letters with Nora.",
    ],
)
def test_statements_and_standing_wishes_are_kept(message: str) -> None:
    assert worth_keeping(message) == [message]


@pytest.mark.parametrize(
    "message",
    [
        "Write an e-mail to the council about the broken lamp.",
        "Can you tell me how I get to the station?",
        "Where does my sister live?",
        "Thanks, that's great!",
        "I think you are right.",
        "I want a poem about my garden.",
        "Please make it shorter.",
        "Could you rewrite what I have written so far",
        "The capital of France is Paris.",
        "I'm not sure my plan is any good.",
        "ok",
        "",
        "> My sister Anna lives in Bern.",
        "```\nmy password is in the vault\n```",
    ],
)
def test_orders_questions_chatter_and_quotations_are_not(message: str) -> None:
    assert worth_keeping(message) == []


def test_of_an_order_only_who_is_who_is_kept() -> None:
    assert worth_keeping("Write to my landlord Ruth Keller that the heating is broken again.") == [
        "My landlord is Ruth Keller."
    ]
    assert worth_keeping("Write to my dentist on Monday.") == []


def test_remember_this_is_obeyed() -> None:
    assert worth_keeping("Please remember that the bins go out on Tuesday.") == ["The bins go out on Tuesday."]
    assert worth_keeping("Don't forget: rent is due on the 3rd") == ["Rent is due on the 3rd"]
    assert worth_keeping("Remember to call me") == []
    assert worth_keeping("Remember the marmalade") == []


def test_a_message_of_several_sentences_is_read_one_by_one() -> None:
    message = "My mother turned 80 in May. Can you draft an invitation? My brother Tom lives in Oslo."
    assert worth_keeping(message) == ["My mother turned 80 in May.", "My brother Tom lives in Oslo."]


def test_a_pasted_text_is_no_message() -> None:
    essay = " ".join(f"I went to town number {n} and bought {n} apples." for n in range(MOST_SENTENCES + 1))
    assert worth_keeping(essay) == []


def test_a_question_teaches_nothing_and_a_title_ends_no_sentence() -> None:
    assert worth_keeping("Is my dentist Dr. Kay?") == []
    assert worth_keeping("My dentist is Dr. Kay in Leeds.") == ["My dentist is Dr. Kay in Leeds."]
    assert worth_keeping("Write to my dentist Dr. Kay that I am late.") == ["My dentist is Dr. Kay."]
