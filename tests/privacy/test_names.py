"""The rule for names: what it takes for one, what it leaves, and the lists behind it. All people are invented."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import pytest

from persona_cli.privacy.names import Names
from persona_cli.privacy.spans import DETAIL, ORG, PERSON, PLACE, unite
from persona_cli.privacy.words import lexicon, words_of

FOUND = [
    (PERSON, "Yesterday Emma Roberts called.", "Emma Roberts"),
    (PERSON, "My name is Grace Hope.", "Grace Hope"),
    (PERSON, "Dear Priya,\nthank you", "Priya"),
    (PERSON, "Many thanks.\nKind regards,\nWill", "Will"),
    (PERSON, "my wife Saoirse likes it", "Saoirse"),
    (PERSON, "Mr. Okonkwo and I agreed", "Okonkwo"),
    (PERSON, "I met Will Smith there", "Will Smith"),
    (PERSON, "Mark Rose said so", "Mark Rose"),
    (PERSON, "Patient: Jan Jílek", "Jan Jílek"),
    (PERSON, "- **Name:** Emma Roberts", "Emma Roberts"),
    (PERSON, "JOHN SMITH, 34, SOFTWARE ENGINEER", "JOHN SMITH"),
    (PERSON, "I AM WRITING TO MARIA LOPEZ ABOUT THE HOUSE.", "MARIA LOPEZ"),
    (PERSON, "my name is sarah connor and i need help", "sarah connor"),
    (PERSON, "We met Ann-Marie O'Brien", "Ann-Marie O'Brien"),
    (PERSON, "It was J. R. R. Tolkien himself", "J. R. R. Tolkien"),
    (PERSON, "Ich heiße Hans Müller und wohne hier", "Hans Müller"),
    (PERSON, "| Emma Roberts | 34 |", "Emma Roberts"),
    (ORG, "She works at Target now", "Target"),
    (ORG, "a letter from Deutsche Bank", "Deutsche Bank"),
    (ORG, "The University of Bath is far", "University of Bath"),
    (ORG, "We are Blue Door Ltd, and small", "Blue Door Ltd"),
    (ORG, "He left Siemens AG", "Siemens AG"),
    (ORG, "a firm, Clark, Romero and Hall", "Clark, Romero and Hall"),
    (PLACE, "I live in Kenosha", "Kenosha"),
    (PLACE, "We moved to New York", "New York"),
    (PLACE, "they live in london now", "london"),
    (PLACE, "The trip from Reading was long", "Reading"),
    (DETAIL, 'He read "The Silent Patient" twice', "The Silent Patient"),
    (DETAIL, "We use Zorbulon every day", "Zorbulon"),
]
LEFT = [
    "Please write a short summary of the text below.",
    "On Monday, in March, I will learn English and French.",
    "The API returns JSON over HTTP; see the PDF.",
    "Will you help? May I ask? Mark the date.",
    "Software Engineering and Project Management",
    "Thanks! I'm happy. It's great. Don't worry.",
    "def get_user(name): return name",
    "[PERSON_1] met [PERSON_2b] at [ORG_3].",
    "1. First step\n2. Second step",
    "HELLO WORLD, THIS IS A TEST",
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_finds(kind: str, text: str, value: str) -> None:
    assert (kind, value) in [(span.kind, span.text) for span in unite(text, Names().find(text))]


@pytest.mark.parametrize("text", LEFT)
def test_leaves(text: str) -> None:
    assert [span.text for span in Names().find(text)] == []


def test_propagates_parts_but_not_into_longer_words() -> None:
    text = "Emma Roberts wrote. Then emma left, EMMA'S coat stayed; ROBERTS knew. Robertson is unrelated, Emmanuel too."
    found = {span.text for span in Names().find(text)}
    assert {"Emma", "Roberts", "emma", "EMMA", "ROBERTS"} <= found
    starts = {span.start for span in Names().find(text) if span.text == "Roberts"}
    assert text.index("Robertson") not in starts


def test_a_word_of_a_name_in_lower_case_stays() -> None:
    text = "Grace Hope came. We hope for grace."
    assert [span.text for span in unite(text, Names().find(text))] == ["Grace Hope"]


def test_spans_keep_to_their_line_and_free_of_markup() -> None:
    text = '"Emma\nRoberts", **Bob Baker**, (Ana Silva); {"name": "Eva Novak"}'
    for span in Names().find(text):
        assert "\n" not in span.text
        assert not set('"*(){};,') & set(span.text)


def test_guesses_are_less_sure_than_known_names() -> None:
    text = "I met Emma Roberts and the Gronvald committee."
    sure = {span.text: span.confidence for span in unite(text, Names().find(text))}
    assert sure["Emma Roberts"] >= 0.8 > sure["Gronvald"]


def test_words_of_reads_clitics_and_shapes() -> None:
    words = words_of("Emma's U.S. iPhone, don't I've O'Brien")
    assert [(word.text, word.shape) for word in words] == [
        ("Emma", "cap"),
        ("U.S.", "upper"),
        ("iPhone", "mixed"),
        ("don", "lower"),
        ("I", "cap"),
        ("O'Brien", "cap"),
    ]


def test_lists_tell_words_from_names() -> None:
    lists = lexicon()
    assert all(lists.is_word(word) for word in ("house", "Colour", "will", "rose", "went", "email"))
    assert not any(lists.is_word(word) for word in ("emma", "roberts", "london", "zorbulon"))
    assert {"emma", "priya"} <= lists.given
    assert {"roberts", "müller"} <= lists.family
    assert {"london", "new york", "kenosha"} <= lists.places


def test_lists_are_what_the_recipe_wrote() -> None:
    data = files("persona_cli.privacy") / "data"
    record = json.loads((data / "lexicon.json").read_text(encoding="utf-8"))
    sizes = 0
    for name, made in record["files"].items():
        content = (data / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == made["sha256"]
        sizes += len(content)
    assert sizes < 1_600_000
