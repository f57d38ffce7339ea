"""What leaves of a result: placeholders, a limit, and no half of a value at the cut."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_cli.parts import Parts
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.tools.results import CUT, EMPTY, NO_ROOM, sanitised
from persona_cli.tools.tool import Outcome

VALUE = "Theodora Quigley, 14 Larkspur Lane, Galway, IE29 AIBK 9311 5212 3456 78, theo.quigley@example.net"


@pytest.mark.parametrize("room", range(20, 140, 3))
def test_no_value_is_cut_in_two(parts: Parts, room: int) -> None:
    text = f"The note says this: {VALUE}. " + "The weather was fine again. " * 40
    left = sanitised(Outcome(text), parts.detector, Pseudonyms(), room)
    assert left.endswith(CUT)
    plain = re.sub(r"\[[A-Z]+_\d+[a-z]?\]", "", left.removesuffix(CUT))
    for part in ("Theo", "Quig", "Lark", "IE29", "AIBK", "9311", "theo.", "example.net"):
        assert part not in plain, left


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='aE [](){}_1PERSON\\"\n\x1b', min_size=1, max_size=80))
def test_what_leaves_comes_back_as_it_was(parts: Parts, text: str) -> None:
    table = Pseudonyms()
    table.token_for("PERSON", "Emma")
    left = sanitised(Outcome(text), parts.detector, table)
    assert text.strip() == "" or restore(left, table, ALL_SINKS).text == text.strip()


def test_a_name_in_escapes_is_a_name(parts: Parts) -> None:
    table = Pseudonyms()
    text = json.dumps({"owner": "Łukasz Brzęczyszczykiewicz", "sign": "😀", "line": "a\u0000\u0022b"})
    assert "\\u0141" in text
    left = sanitised(Outcome(text), parts.detector, table)
    assert "PERSON_1" in left and "kasz" not in left and "wicz" not in left
    assert json.loads(restore(left, table, ALL_SINKS).text) == json.loads(text)


def test_errors_and_nothing_say_so(parts: Parts) -> None:
    table = Pseudonyms()
    assert sanitised(Outcome("No file.", failed=True), parts.detector, table) == "Error: No file."
    assert sanitised(Outcome(" \n"), parts.detector, table) == EMPTY
    assert sanitised(Outcome("words"), parts.detector, table, room=0) == NO_ROOM
