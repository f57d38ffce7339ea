"""The bare instruction: what kind of text is wanted, and nothing of what is to stand in it."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.modes.bare import bare, in_words
from persona_cli.privacy.detect import Detector, build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.words import lexicon

NAMES = ("Tom Brannigan", "Łukasz Brzęczyszczykiewicz")


@lru_cache(maxsize=1)
def detector() -> Detector:
    return build_detector([KnownFact(name, "PERSON") for name in NAMES])


def told(request: str, document: str = "", level: str = "balanced") -> str:
    return bare(request, detector().find(request), document, level).text


@pytest.mark.parametrize(
    ("request_", "balanced", "strict"),
    [
        (
            "Write a short e-mail to my landlord Tom Brannigan that the heating in Galway is broken since 3 May.",
            "Write a short e-mail to my landlord.",
            "Write a short e-mail to the landlord.",
        ),
        (
            "Write an e-mail to Tom Brannigan about the garden.",
            "Write an e-mail to a person about the garden.",
            "Write an e-mail.",
        ),
        ("Write to Tom Brannigan about the garden.", "Write to a person about the garden.", "Write a text."),
        (
            "please tell Tom Brannigan that i will be late because my son is sick",
            "Tell a person.",
            "Write a text.",
        ),
        (
            "Can you help me write a letter to my doctor about my depression? Mention that I take 20 mg of Sertraline.",
            "Write a letter to my doctor.",
            "Write a letter.",
        ),
        ("My flat has no heating. Write to my landlord.", "Write to my landlord.", "Write a text to the landlord."),
        (
            "Write a resignation letter to my boss: I leave on 1 June because of burnout.",
            "Write a resignation letter to my boss.",
            "Write a letter to the boss.",
        ),
        (
            "I need to invite my neighbours to a barbecue on Saturday at 5pm at 12 Elm Street.",
            "Invite my neighbours to a barbecue.",
            "Write a text.",
        ),
        ('Translate this into French: "Je suis malade"', "Translate this into French.", "Translate a text."),
        ('Rewrite "I quit, Tom" in a polite tone.', "Rewrite in a polite tone.", "Rewrite a text. Tone: formal."),
        ("Reply to Tom Brannigan and say thank you for the flowers.", "Reply to a person.", "Write a reply."),
        (
            "Write a friendly reply to this mail, and tell them that we can't come",
            "Write a friendly reply to this mail.",
            "Write a reply. Tone: friendly.",
        ),
        (
            "Write a complaint to the airline (booking QX48Z1) about a delayed flight.",
            "Write a complaint to the airline about a delayed flight.",
            "Write a text. Tone: firm.",
        ),
        ("Create a python script that renames files in /home/theo/photos", "Create a python script.", "Write a code."),
        ("Task: Write an e-mail to my boss", "Write an e-mail to my boss.", "Write an e-mail to the boss."),
        ("Schreib meinem Vermieter eine E-Mail über die Heizung.", "Write an e-mail.", "Write an e-mail."),
        ("hello", "Write a text.", "Write a text."),
        ("", "Write a text.", "Write a text."),
        ("```\nthe secret plan\n``` explain it", "Explain it.", "Answer a question."),
    ],
)
def test_many_shapes_of_requests(request_: str, balanced: str, strict: str) -> None:
    assert told(request_) == balanced
    assert told(request_, level="strict") == strict


@pytest.mark.parametrize("subject", ["my health", "cocaine", "killing my dog", "coming out", "the gun", "gambling"])
def test_a_telling_subject_is_not_told(subject: str) -> None:
    assert told(f"Write a message to my brother about {subject}.") == "Write a message to my brother."


def test_of_a_document_no_more_than_that_there_is_one() -> None:
    document = "Zanzibar " * 310
    assert told("Summarise it.", document) == "Summarise it. It comes with a document of about 300 words."
    assert told("Summarise it.", document, "strict") == "Sum up the document as a text. It comes with a document."
    assert told("Summarise it.", "Zanzibar") == "Summarise it. It comes with a document of about 50 words."


def test_a_sensitive_subject_goes_only_at_the_level_open() -> None:
    asked = "Write a letter to my friend about my divorce."
    assert told(asked) == "Write a letter to my friend."
    assert told(asked, level="open") == "Write a letter to my friend about my divorce."


def test_what_is_told_as_its_kind_is_counted_and_what_is_left_out_is_not() -> None:
    asked = "Write to Tom Brannigan. Łukasz Brzęczyszczykiewicz is sick."
    told_of = bare(asked, detector().find(asked)).told
    assert [span.text for span in told_of] == ["Tom Brannigan"]


def test_in_words_tells_spans_and_placeholders_as_their_kind() -> None:
    text = "Greet Tom Brannigan, [PERSON_2] and [EMAIL_1b]."
    assert in_words(text, detector().find(text)) == "Greet a person, a person and an e-mail address."


ALLOWED = re.compile(r"[A-Z]?[a-z]+(?:-[a-z]+)*(?:'s)?|\d+")
PIECES = st.sampled_from(
    ["Write", "an e-mail", "to", "my landlord", "about", "that", "because", "Zyxtara", "qwertzuio", "Mention", "4711",
     "“the vault code is blue-7”", "'quiet please now'", ":", ",", ".", "\n", "(Kraków)", "x@y.example", "\ue000",
     *NAMES, "twenty", "HR", "May", "Rose", "https://a.example/b", "<b>", "[PERSON_1]", "привет", "`rm`", "“open"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["strict", "balanced", "open"]))
def test_every_word_that_leaves_is_an_ordinary_one(pieces: list[str], level: str) -> None:
    request = " ".join(pieces)
    text = told(request, "a document", level)
    assert text == told(request, "a document", level), "the same request has the same bare instruction"
    for word in re.findall(r"[^\s.,?:]+", text):
        assert ALLOWED.fullmatch(word), (word, text)
        assert word == "50" or lexicon().is_word(word.removesuffix("'s").partition("-")[0]) or word == "e-mail"
    for private in ("Zyxtara", "qwertzuio", "4711", "vault", "quiet", "Kraków", "Brannigan", "twenty", "May", "Rose"):
        assert private not in text
