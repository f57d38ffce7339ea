from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from persona_cli.bench import fusing, locomo, recalling
from persona_cli.memory.search import fusion

TALK = {
    "speaker_a": "Ann",
    "speaker_b": "Ben",
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [
        {"speaker": "Ann", "dia_id": "D1:1", "text": "Hi Ben! How is the boat?"},
        {"speaker": "Ben", "dia_id": "D1:2", "text": "I painted it green.", "blip_caption": "a photo of a boat"},
    ],
    "session_2_date_time": "10:00 am on 1 June, 2023",
    "session_2": [{"speaker": "Ann", "dia_id": "D2:1", "text": "My sister moved to Oslo last week."}],
    "session_3_date_time": "10:00 am on 2 June, 2023",
}
ASKED = [
    {"question": "What colour is Ben's boat?", "category": 4, "evidence": ["D:1:02"]},
    {"question": "Where did Ann's sister move?", "category": 1, "evidence": ["D2:1; D1:1", "D"]},
    {"question": "Who won?", "category": 5, "evidence": ["D9:9"]},
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "locomo").mkdir()
    (tmp_path / "locomo" / "dev.json").write_text(json.dumps([{"conversation": TALK, "qa": ASKED}]))
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("data")
def test_evidence_that_is_written_badly_is_read_and_what_is_not_there_is_left_out() -> None:
    (read,) = locomo.conversations()
    assert [question.evidence for question in read.questions] == [{1}, {0, 2}]
    assert [turn.speaker for turn in read.turns] == ["Ann", "Ben", "Ann"]
    assert read.turns[2].time is not None and read.turns[2].time.isoformat() == "2023-06-01T10:00:00+00:00"
    assert locomo.conversations(captions=True)[0].turns[1].text == "I painted it green. [shares a photo of a boat]"


@pytest.mark.usefixtures("data")
def test_the_table_has_every_way_and_category(capsys: pytest.CaptureFixture[str]) -> None:
    recalling.bench(sizes=(12,))
    printed = capsys.readouterr().out
    assert "2 questions" in printed and "12 memories" in printed
    for way in ("BM25", "MiniLM", "persona", "persona, all in one"):
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{way}  ")]
        assert line.split("  ")[-1].strip() == "-"  # adversarial: none
        assert "1.000 / 1.000" in line  # three turns are all among the first five


def test_the_fit_finds_what_evidence_has_and_never_punishes_a_better_match() -> None:
    chance = np.random.default_rng(0)
    width = len(fusion.FEATURES)
    cosine, length, cover = (fusion.FEATURES.index(name) for name in ("cosine", "length", "cover"))
    asked = []
    for n in range(60):
        rows = chance.random((20, width)).astype(np.float32)
        # Short texts with a high cosine are evidence; those that cover the request are not, which must not be learnt.
        evidence = np.zeros(20, np.float32)
        evidence[np.argmax(rows[:, cosine] - rows[:, length] - 0.5 * rows[:, cover])] = 1
        asked.append(fusing.Asked(n % 5, "", np.concatenate([rows, 0 * rows], 1), evidence, 1))
    weights = fusing.fit({"each": asked})
    assert weights[cosine] > 1 and weights[length] < -1 and weights[cover] == 0
    assert np.argmax(np.abs(weights)) in (cosine, length)
    scale, bias = fusing.calibrate(asked, weights)
    assert scale > 0 and bias < 0
