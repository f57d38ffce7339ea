"""The status line: what matters most is kept where there is little room."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from persona_cli.cli.chat.sitting import Chat
from persona_cli.cli.chat.status import status
from persona_cli.exchange import Answer
from persona_cli.parts import Parts

SENT = Answer("", "", "cloud", "m", replaced=2, withheld=1, receipt=4)


@pytest.fixture
def chat(with_cloud: Callable[..., Parts]) -> Chat:
    return Chat(with_cloud("http://127.0.0.1:9/v1", "gpt"), "", None)


def test_it_says_what_is_open_who_answers_and_what_was_kept_back(chat: Chat) -> None:
    assert status(chat, 80) == "new conversation · cloud gpt"
    chat.open(chat.parts.conversations.new("Trip\x1b]0;x\x07 to\nLisbon"))
    chat.answer_before = SENT
    assert status(chat, 80) == "Trip␛]0;x␇ to Lisbon · cloud gpt · 2 replaced, 1 withheld"
    chat.mode = "local"
    chat.answer_before = Answer("", "", "local", "nano")
    assert status(chat, 80) == "Trip␛]0;x␇ to Lisbon · local nano · nothing left"
    chat.begin()
    assert status(chat, 80) == "new conversation · local nano"


@pytest.mark.parametrize("columns", [1, 10, 30, 40, 60, 80])
def test_it_never_takes_more_columns_than_there_are(chat: Chat, columns: int) -> None:
    chat.open(chat.parts.conversations.new("東京への旅行とホテルの予約について 👩‍👩‍👧 and more words"))
    chat.answer_before = SENT
    assert cell_len(status(chat, columns)) <= columns
    assert columns < 40 or "cloud gpt · 2 replaced, 1 withheld" in status(chat, columns)
