"""`persona bench memory`, the part on BEAM: that it reads a chat right and that its figures are what they say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from persona_cli.bench import answerable, freshness
from persona_cli.errors import PersonaError


def message(number: int, role: str, content: str) -> dict[str, Any]:
    return {"id": number, "role": role, "content": content, "time_anchor": None}


CHAT = {
    "chat": [
        {
            "turns": [
                [
                    message(0, "user", "The rent of the flat is $900 a month ->-> 1,2"),
                    message(1, "assistant", "Noted."),
                ],
                [message(2, "user", "Always give prices in dollars when I ask about costs. ->-> 1,3")],
                [message(3, "user", "My cat Mimi had her teeth cleaned in March"), message(4, "assistant", "Good.")],
            ]
        },
        {
            "turns": [
                [message(5, "user", "The rent of the flat was raised to $950 a month"), message(6, "assistant", "Oh")]
            ]
        },
    ],
    "probing_questions": {
        "knowledge_update": [
            {
                "question": "How much is the rent of the flat?",
                "source_chat_ids": {"original_info": [0], "updated_info": [5, 6]},
            }
        ],
        "event_ordering": [{"question": "In which order did things happen?", "source_chat_ids": [[0], [3, 4]]}],
        "information_extraction": [{"question": "When were Mimi's teeth cleaned?", "source_chat_ids": [3]}],
        "abstention": [{"question": "What did the lawyer say about the lease?"}],
    },
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "beam").mkdir()
    (tmp_path / "beam" / "2.json.gz").write_bytes(gzip.compress(json.dumps(CHAT).encode()))
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    return tmp_path


def test_a_chat_becomes_exchanges_and_questions(data: Path) -> None:
    chat = freshness.read(data / "beam" / "2.json.gz")
    assert [text for text, _ in chat.turns] == [
        "The rent of the flat is $900 a month",
        "Always give prices in dollars when I ask about costs.",
        "My cat Mimi had her teeth cleaned in March",
        "The rent of the flat was raised to $950 a month",
    ]
    times = [time for _, time in chat.turns]
    assert times == sorted(set(times))
    update, order, fact, nothing = chat.questions
    assert update.evidence == {0, 3} and update.old == {0} and update.new == {3}
    assert order.evidence == {0, 2} and fact.evidence == {2} and not nothing.evidence


def test_the_figures_of_one_question() -> None:
    figures = freshness.Figures()
    question = freshness.Question("knowledge_update", "?", frozenset({1, 7}), frozenset({1}), frozenset({7}))
    figures.take(question, [5, 7, 1], [5, 7, 1])
    figures.take(question, [1, 5], [1, 5])
    assert figures.recall["knowledge_update"] == [1.0, 0.5]
    assert figures.rank["knowledge_update"] == [0.5, 1.0]
    assert figures.fresh == [True, False]
    assert figures.newest == [0.5, 0.0]
    figures.take(question, [], [], block=[7])
    assert figures.recall["knowledge_update"][-1] == 0.0
    assert figures.with_block["knowledge_update"][-1] == 0.5


def test_auroc() -> None:
    assert answerable.auroc([3.0, 2.0], [1.0]) == 1.0
    assert answerable.auroc([1.0], [1.0]) == 0.5
    assert answerable.auroc([1.0, 3.0], [2.0]) == 0.5
    assert answerable.auroc([], [2.0]) == 0.0


def test_the_tables(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    freshness.bench()
    printed = capsys.readouterr().out
    assert "1 chats, 3 questions with evidence" in printed
    (line,) = (
        line for line in printed.splitlines() if line.startswith("nearest, newest first") and "(1 changed" in line
    )
    assert line.split()[3] == "1.000"
    assert "short notes" in printed


def test_missing_data_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    with pytest.raises(PersonaError, match="PERSONA_DATA"):
        freshness.bench()
