"""The compression part of `persona bench memory`: its baselines, its cases, and a quick look at the whole table."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from persona_cli.bench import compressing
from persona_cli.bench.locomo import Conversation, Question
from persona_cli.errors import PersonaError
from persona_cli.memory.storage.records import Note

TEXT = "The boiler code is in the blue folder, and the plumber from Leeds comes on Friday at nine."


@pytest.mark.parametrize("rate", [1, 2, 4, 8, 26])
@pytest.mark.parametrize("name", list(compressing.methods()))
def test_each_method_keeps_its_share(name: str, rate: int) -> None:
    short = compressing.methods()[name](TEXT, rate).split()
    wanted = max(1, round(len(TEXT.split()) / rate))
    assert wanted - 1 <= len(short) <= wanted and short


def test_the_baselines_do_what_their_names_say() -> None:
    assert compressing.cut_off(TEXT, 4) == "The boiler code is"
    assert compressing.without_stop_words("The cat sat on the mat", 2) == "cat sat mat"
    assert compressing.random_words(TEXT, 2) == compressing.random_words(TEXT, 2) != compressing.cut_off(TEXT, 2)


def test_a_case_knows_which_texts_hold_the_evidence() -> None:
    days = [datetime(2026, 5, 1, tzinfo=timezone.utc), datetime(2026, 6, 1, tzinfo=timezone.utc)]
    turns = (Note("turn 1", days[0]), Note("turn 2", days[0]), Note("later", days[1]))
    talk = Conversation("talk", turns, (Question("When?", 2, frozenset((1, 2))),))
    assert compressing.case_of(talk, of_sessions=False) == compressing.Case(
        ("turn 1", "turn 2", "later"), (("When?", frozenset((1, 2))),)
    )
    assert compressing.case_of(talk, of_sessions=True) == compressing.Case(
        ("turn 1\nturn 2", "later"), (("When?", frozenset((0, 1))),)
    )


def test_bm25_finds_by_stems_and_gives_nothing_where_nothing_matches() -> None:
    texts = ["She paints a sunrise", "He cooks", "They went to Leeds"]
    assert compressing.lexical_tops(texts, ["Who painted?", "zzz"], 2) == [[0], []]


def test_a_quick_look_prints_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    compressing.bench(count=1, rates=(4,), most=25)
    out = capsys.readouterr().out
    assert out.count("LoCoMo dev") == 2 and out.count("all words") == 2
    for name in compressing.methods():
        assert out.count(f"4×    {name} ") == 2


def test_missing_data_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    with pytest.raises(PersonaError, match="PERSONA_DATA"):
        compressing.bench(1)
