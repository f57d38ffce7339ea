"""A chat on terminals of all kinds: wide, narrow, without colours, without a cursor, with wide characters; its keys."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path

import pytest

from tests.journeys.terminal import leave, say, seen, terminal
from tests.servers import RecordingServer, echo, endless, stream_of, then

pytestmark = pytest.mark.journey
ANSWER = ("# Plan\n\nA **bold** word, 漢字 and 👩‍👩‍👧, ", "e\u0301.\n\n1. one\n1. two\n\n```py\nx = 'y'\n```\n")
SHOWN = ["Plan", "A bold word, 漢字 and 👩‍👩‍👧, e\u0301.", "1. one", "2. two", "```py", "x = 'y'", "```"]


def cloud(server: RecordingServer, **more: str) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url, **more}


@pytest.mark.parametrize(
    ("columns", "more"),
    [(80, {}), (140, {"NO_COLOR": "", "COLORTERM": ""}), (40, {}), (100, {"TERM": "dumb"})],
    ids=["80", "140-colours", "40", "dumb"],
)
def test_a_whole_sitting(columns: int, more: dict[str, str]) -> None:
    dumb = more.get("TERM") == "dumb"
    with (
        RecordingServer(stream_of(*ANSWER)) as server,
        terminal("chat", env=cloud(server, **more), columns=columns) as chat,
    ):
        chat.expect(r"/help lists the commands")
        chat.expect(r"\(cloud m\)[^>]*>" if columns >= 60 else r"\(cloud\)[^>]*>")
        if dumb:
            time.sleep(1.5)  # its prompt stands there before the terminal is ready
        say(chat, "Ich heiße 漢字.")
        chat.expect("audit show")
        screen = seen(chat)
        raw = chat.before
        chat.expect(">")
        if dumb:
            time.sleep(1.5)
        chat.sendeof()
        assert leave(chat) == 0
    lines = [line.rstrip() for line in screen.split("\n")]
    if dumb:
        assert "**bold**" in screen and "\x1b[" not in raw.split("# Plan")[1], "the text as it came"
    else:
        assert "**" not in screen and set(SHOWN) <= set(lines), lines
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", raw.split("```py")[-1])) == ("NO_COLOR" in more)


def test_a_resumed_conversation_shows_where_it_was_and_keeps_a_partial_answer() -> None:
    with RecordingServer(then(endless(), stream_of("Yes."))) as server:
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(">")
            say(chat, "talk about tides")
            chat.expect("more more")
            chat.sendintr()
            chat.expect("what had come is kept")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.sendeof()
            assert leave(chat) == 0
        for options, asked, answered in (
            (["-c"], "talk about tides", "more more"),
            (["--chat", "talk about tides"], "go on", "Yes"),
        ):
            with terminal("chat", *options, env=cloud(server)) as chat:
                chat.expect("continuing .*: talk about tides · ")
                chat.expect(f"> {asked}")
                chat.expect(f"< {answered}")
                chat.expect(r"\(cloud m\)[^>]*>")
                say(chat, "go on")
                chat.expect("audit show")
                chat.expect(r"\(cloud m\)[^>]*>")
                chat.sendeof()
                assert leave(chat) == 0
        told = [item["content"] for item in server.requests[-1].json()["messages"]]
    assert "talk about tides" in told and any(text.startswith("more more") for text in told) and "go on" in told


def test_the_keys(tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    report = tmp_path / "report"
    editor.write_text(f'#!/bin/sh\nstat -c "%a %n" "$1" > \'{report}\'\nprintf " in the editor" >> "$1"\n')
    editor.chmod(0o700)
    with RecordingServer(echo()) as server:
        with terminal("chat", env=cloud(server, VISUAL=str(editor))) as chat:
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send("typed\x18\x05")  # Ctrl-X Ctrl-E
            chat.expect("in the editor")
            chat.send("\r")
            chat.expect("audit show")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send("not to be sent\x03")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send("\x03")
            chat.expect("Ctrl-D or /exit leaves")
            chat.expect(r"\(cloud m\)[^>]*>")
            say(chat, "another one")
            chat.expect("audit show")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send("\x12type")  # Ctrl-R
            chat.expect("type")
            chat.send("\r\r")
            chat.expect("audit show")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send("/cop\t")
            chat.expect("/copy")
            chat.send("\x03")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.send('"""one\rtwo\r"""\r')
            chat.expect("audit show")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.sendeof()
            assert leave(chat) == 0
        asked = [request.json()["messages"][-1]["content"] for request in server.requests]
    assert asked == ["typed\n in the editor", "another one", "typed\n in the editor", "one\ntwo"]
    mode, _, name = report.read_text().strip().partition(" ")
    assert mode == "600" and "/home/state/editing-" in name and not Path(name).parent.exists()
    history = Path(name).parents[1] / "chat-history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600 and b"typed" not in history.read_bytes()
