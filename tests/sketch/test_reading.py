"""What a request asks for, read off its words."""

from __future__ import annotations

import pytest

from persona_cli.sketch import reading


@pytest.mark.parametrize(
    ("text", "task", "format", "tone", "length", "audience"),
    [
        ("Write a short friendly e-mail to my landlord", "write", "e-mail", "friendly", "short", "landlord"),
        ("Reply to this politely", "reply", "", "", "", ""),
        ("Summarise the notes as a list", "summarise", "list", "", "", ""),
        ("Please translate this into French", "translate", "", "", "", ""),
        ("Draft a formal letter to the bank", "write", "letter", "formal", "", "bank"),
        ("How do I boil an egg?", "explain", "", "", "", ""),
        ("hello", "", "", "", "", ""),
    ],
)
def test_reading(text: str, task: str, format: str, tone: str, length: str, audience: str) -> None:
    assert reading.first_match(text, reading.TASKS) == task
    assert reading.first_match(text, reading.FORMATS) == format
    assert reading.first_match(text, reading.TONES) == tone
    assert reading.first_match(text, reading.LENGTHS) == length
    assert reading.audience(text) == audience
