"""What the large model is shown of a text that is being written: letter by letter, the worst way to cut it."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from persona_cli.modes.showing import OBJECTIONS, Beginnings, Shown, withheld
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.gate import Cleared, Gate
from persona_cli.privacy.known import Known
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.words import lexicon

KNOWN = [Known("Theodora Quigley", "PERSON"), Known("4111 1111 1111 1111", "ID"), Known("Rose Cottage", "ADDRESS")]
TOLD = "Write to my landlord about the rent."
NOTE = "My landlord is [PERSON_1] and my gluten allergy is severe."


class Witness:
    """Clears through a real gate and keeps what would have left."""

    def __init__(self) -> None:
        self.table = Pseudonyms()
        self.bodies: list[str] = []
        self._gate = Gate(build_detector([], (), ()), is_common=lexicon().is_word)

    def clear(self, text: str) -> Cleared:
        body = {"model": "m", "prompt": TOLD + "\n" + text}
        cleared = self._gate.clear_prompt(body, [TOLD], text, self.table, KNOWN)
        self.bodies.append(json.loads(cleared.body)["prompt"].removeprefix(TOLD + "\n"))
        return cleared

    def shown(self) -> Shown:
        values = [item.value for item in KNOWN]
        return Shown(self.clear, self.table, values, withheld([NOTE], [TOLD]))


def written(text: str) -> tuple[Witness, Shown]:
    witness = Witness()
    shown = witness.shown()
    for end in range(len(text) + 1):
        shown.next(text[:end])
    return witness, shown


def test_harmless_text_is_shown_to_its_end_and_every_body_begins_with_the_one_before() -> None:
    text = "Dear [PERSON_1],\n\nI will pay the rent later this month.\n\nBest regards"
    witness, shown = written(text)
    assert witness.bodies[-1] == text and shown.objections == 0
    assert all(after.startswith(before) for before, after in pairwise(witness.bodies))


def test_no_beginning_of_a_private_value_leaves() -> None:
    witness, shown = written("I am Theodora Quigley, of Rose Cottage. My card is 4111 1111 1111 1111.")
    for body in witness.bodies:
        assert not re.search(r"Th|Qui|Ros|4", body), body
    assert shown.objections == OBJECTIONS and shown.over


def test_no_content_word_of_what_was_withheld_leaves_nor_its_beginning() -> None:
    witness, shown = written("Hello. My allergy is bad. I can pay. Nothing with Gluten for me. And more.")
    for body in witness.bodies:
        assert not re.search(r"aller|glut", body, re.IGNORECASE), body
    assert shown.objections == OBJECTIONS


@pytest.mark.parametrize(
    ("note", "text", "private"),
    [
        ("I have HIV.", "Hello. Sadly I have HIV now. Bye.", "HI"),
        ("My son is gay and 34.", "Hello. He is gay. He is 34. Bye.", "ga|3"),
        ("I weigh 92 kg.", "Hello. It is 92 kg. Bye.", "9"),
        ("The code is 48-21.", "Hello. It is 4821. Bye.", "4"),
        ("我有糖尿病", "Hello. 因为糖尿病我不能来。\n", "糖|尿"),
    ],
)
def test_short_words_numbers_and_scripts_without_spaces_are_words_of_it_too(note: str, text: str, private: str) -> None:
    witness = Witness()
    shown = Shown(witness.clear, witness.table, (), withheld([note], [TOLD]))
    for end in range(len(text) + 1):
        shown.next(text[:end])
    assert witness.bodies[-1].startswith("Hello. ")
    assert not any(re.search(private, body) for body in witness.bodies)


def test_after_a_private_sentence_it_goes_on_with_a_placeholder_in_its_place() -> None:
    witness, shown = written("Hello. My allergy is severe. I can pay on the first day.")
    assert shown.objections == 1 and not shown.over
    (token,) = [entry.token for entry in witness.table.entries]
    assert witness.bodies[-1] == f"Hello. My {token}. I can pay on the first day."
    assert "allergy is severe" in {entry.value for entry in witness.table.entries}
    assert all(after.startswith(before) for before, after in pairwise(witness.bodies))


def test_what_detection_finds_is_not_shown_either() -> None:
    witness, shown = written("Hi. Call me at +353 91 555 0142 or at theo.quigley@example.net. Bye.")
    assert not any("0142" in body or "@example" in body for body in witness.bodies)
    assert shown.objections >= 1


def test_where_a_value_might_begin_it_waits_and_goes_on_when_it_did_not() -> None:
    begin = Beginnings(["Theodora Quigley", "3 May"], ["aller"])
    for text in ("The", "Theodora Q", "on 3", "on 3 M", "all"):
        assert begin.at_end(text), text
    for text in ("The ", "all ", "x3", ""):
        assert not begin.at_end(text), text
    witness, shown = written("The rose is red.")
    assert witness.bodies[-1] == "The rose is red." and shown.held > 0 and shown.objections == 0
