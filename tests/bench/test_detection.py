"""`persona bench detect`: that it reads its sets right, prints every table, and says when its data are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_cli.bench import detection, detection_speed, labelled
from persona_cli.errors import PersonaError
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.spans import ORG, PERSON
from persona_cli.privacy.tagger import Tagger
from tests.installed import persona


def test_tokens_and_tags_become_a_text_and_its_entities() -> None:
    sentence = [("Ann", "B-person"), ("Lee", "I-person"), ("of", "O"), ("Acme", "B-corporation"), ("left", "O")]
    assert detection._entities(sentence) == ("Ann Lee of Acme left", [(0, 7, PERSON), (11, 15, ORG)])


def test_judging_a_text_once_finds_what_each_threshold_finds() -> None:
    text = "Dear Maria Kowalska, greetings to jonas of Fabrikam Robotics Ltd in Leeds, and to Rowan."
    thresholds = (0.05, 0.9)
    for threshold, find in zip(thresholds, detection.detectors(thresholds), strict=True):
        assert find(text) == build_detector(tagger=Tagger(threshold=threshold)).find(text)


def test_the_document_is_as_long_as_asked_and_never_the_same_twice() -> None:
    document = detection_speed._document(["one row", "another, mit Umlaut: ü"], 1000)
    assert 990 <= len(document) <= 1000
    lines = [line for line in document.decode("utf-8").splitlines() if line]
    assert len(set(lines)) == len(lines) > 20


def test_missing_data_are_an_error_that_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    with pytest.raises(PersonaError, match="PERSONA_DATA"):
        labelled.json_lines("pupa/dev.jsonl")
    done = persona("bench", "detect")
    assert done.returncode == 1
    assert "PERSONA_DATA" in done.stderr


@pytest.mark.journey
def test_the_bench_prints_every_table() -> None:
    done = persona("bench", "detect", "--rows", "3", timeout=280)
    assert done.returncode == 0, done.stderr
    for table in (
        "what `persona sketch` would send",
        "by the tagger's threshold",
        "presidio-synth-v2",
        "held out by hand",
    ):
        assert table in done.stdout
    for row in ("strict", "balanced", "open", "rules alone", "scrubadub", "Presidio", "tagger at 0.5"):
        assert row in done.stdout
    assert "words a second over 3 prompts" in done.stdout
    assert "persona sketch (which the gate checks again)" in done.stdout
