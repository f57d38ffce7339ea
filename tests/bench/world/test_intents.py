"""The intents: that all of them load, and that a fault is named with its file and intent."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_cli.bench.world.intents import FOLDER, faults, intents, main, read
from persona_cli.bench.world.template import expand, parse, sentences

WHOLE = """
[[intent]]
name = "ask for the key"
formats = ["e-mail", "message"]
readers = ["my neighbour"]
tones = ["", "friendly"]
slots = { when = "DATE", phone = "PHONE" }
words = { thing = ["the key", "the spare key"] }
goals = ["get $thing back", "ask for $thing", "have $thing returned", "remind them of $thing"]
goals_held = ["see $thing again"]
asks = ["I need $thing. Ask $to.", "ask $to for $thing"]
asks_held = ["$thing is still with $to, write to them."]

[[intent.points]]
kind = "ask"
core = true
sketch = ["return $thing by $when"]
outline = ["when to return it"]
clause = ["bring $thing by $when", "return $thing by $when", "drop $thing off by $when"]
clause_held = ["hand over $thing by $when"]
note = ["I need $thing by $when.", "By $when I want $thing back."]
plain = ["Please bring $thing by $when.", "Could I have $thing by $when?", "I need $thing by $when."]
formal = ["I kindly ask you to return $thing by $when.", "Please return $thing by $when."]
warm = ["It would be lovely to have $thing by $when.", "Could you bring $thing by $when?"]

[[intent.points]]
kind = "tell"
core = false
sketch = ["can be reached on $phone"]
outline = ["how to reach me"]
clause = ["my number is $phone", "I can be called on $phone", "they can call $phone"]
clause_held = ["I answer on $phone"]
note = ["My number is $phone.", "I can be reached on $phone."]
plain = ["My number is $phone.", "Call me on $phone.", "You can reach me on $phone."]
formal = ["You can reach me on $phone.", "My telephone number is $phone."]
warm = ["Just call me on $phone.", "Ring me on $phone."]

[[intent.points]]
kind = "question"
core = false
sketch = ["is everything fine"]
outline = ["whether everything is fine"]
clause = ["whether all is well", "how they are", "if all is fine"]
clause_held = ["how life is"]
plain = ["Is all well?", "How are you?", "Is everything fine?"]
formal = ["I hope that all is well.", "I trust that you are well."]
warm = ["How are things?", "How is life?"]
"""


def _faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "some.toml"
    path.write_text(text, "utf-8")
    return faults(path)


def test_all_intents_load_and_are_many() -> None:
    assert len(intents()) >= 2
    assert len({intent.name for intent in intents()}) == len(intents())
    for path in FOLDER.glob("*.toml"):
        assert faults(path) == []


def test_a_whole_intent_has_no_fault(tmp_path: Path) -> None:
    assert _faults(tmp_path, WHOLE) == []
    intent = read(tmp_path / "some.toml")[0]
    assert [point.slots for point in intent.points] == [{"when"}, {"phone"}, set()]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('formats = ["e-mail"', 'formats = ["telegram"', "'telegram' is not one of the formats"),
        ('when = "DATE"', 'when = "TIME"', "the unknown kind 'TIME'"),
        ("Please bring $thing by $when.", "Please bring $thing.", "must name $when in every branch"),
        ("Please bring $thing by $when.", "Please bring $thing{ by $when|}.", "must name $when in every branch"),
        ("Please bring $thing by $when.", "Please bring $thing by $when", "ends with a full stop"),
        ("ask for $thing", "ask for $thong", "cannot name $thong"),
        ("ask for $thing", "{ask for $thing", "a '{' that is never closed"),
        ("ask for $thing", "ask for | $thing", "a '|' outside"),
        ("when to return it", "when to return it: $when", "cannot name $when"),
        ('"whether all is well"', '"all is well"', "a question's clause starts with"),
        ('note = ["My number is $phone.", "I can be reached on $phone."]\n', "", "'note' needs 2 wordings"),
        ('goals_held = ["see $thing again"]\n', "", "'goals_held' is missing"),
        ("core = true", "core = false", "1 to 3 of its points must be core"),
        ("tones =", "tonnes =", "the key 'tonnes' is not known"),
        (', phone = "PHONE"', "", "cannot name $phone"),
        ("see $thing again", "ask for $thing", "a held wording"),
    ],
)
def test_a_fault_is_named_with_its_file_and_intent(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    found = _faults(tmp_path, WHOLE.replace(old, new, 1))
    assert any(said in fault and fault.startswith("some.toml: intent 'ask for the key'") for fault in found), found
    with pytest.raises(ValueError, match="ask for the key"):
        read(tmp_path / "some.toml")


def test_a_broken_file_and_a_name_twice_are_told(tmp_path: Path) -> None:
    assert "cannot be read" in _faults(tmp_path, "[[intent")[0]
    assert any("two intents have the name" in fault for fault in _faults(tmp_path, WHOLE + WHOLE))


def test_the_command_prints_faults_or_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.toml"
    path.write_text(WHOLE, "utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.count("=== ask for the key") == 2
    path.write_text(WHOLE.replace("ask for $thing", "ask for $thong"), "utf-8")
    assert main([str(path)]) == 1
    assert "$thong" in capsys.readouterr().out


def test_templates_know_which_names_are_always_there() -> None:
    template = parse("{$a and $b|$a {alone|with $c}}")
    assert template.names == {"a", "b", "c"}
    assert template.always == {"a"}


def test_sentences_start_in_upper_case_but_for_values() -> None:
    import random

    assert sentences("one. two? three") == "One. Two? Three"
    assert sentences("anna_k is it. so", ["anna_k"]) == "anna_k is it. So"
    assert expand("a {|b}{|}  c .", random.Random(1), {}) in ("a c.", "a b c.")
