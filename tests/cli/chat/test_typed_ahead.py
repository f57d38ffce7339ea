"""What was typed before there was a prompt: text in the next prompt's editor, and never more than that."""

from __future__ import annotations

import os
import pty

import pytest

from persona_cli.cli.chat.typed_ahead import _waiting, as_text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("", ""), ("\r", ""), ("\n\n \n", ""), ("hello\r", "hello"), ("one\rtwo\r\n", "one\ntwo"),
        ("\x1b[A\x1bOBup", "up"),
        ("a\x7fb\x04\x00", "ab"), ("\x1b[200~pasted\x1b[201~", "pasted"), ("é\t!", "é!"), ("\x1b", ""),
    ],
)  # fmt: skip
def test_keys_as_text(keys: str, text: str) -> None:
    assert as_text(keys) == text


def test_what_waits_in_the_terminal_is_taken_also_without_an_enter() -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"ended\rnot ended")
        while not (read := _waiting(theirs)):
            pass  # the kernel hands it over when it likes
        assert read + _waiting(theirs) == "ended\nnot ended"
        assert _waiting(theirs) == ""
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_terminal_has_nothing() -> None:
    read, write = os.pipe()
    os.write(write, b"x")
    assert _waiting(read) == ""
    os.close(read)
    os.close(write)
