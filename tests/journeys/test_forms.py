"""In what form an answer goes out: drawn or as it is written, as it comes or whole."""

from __future__ import annotations

from threading import Event

import pytest

from tests.installed import persona
from tests.journeys.terminal import leave, terminal
from tests.journeys.test_chat_editing import cloud, until
from tests.servers import RecordingServer, stream_of

pytestmark = pytest.mark.journey
SAID = "# Tides\n\nThe *moon* does it.\n"


def test_markdown_is_drawn_for_a_pager_and_left_alone_on_a_terminal() -> None:
    with RecordingServer(stream_of(*SAID.replace(" ", " \0").split("\0"))) as server:
        drawn = persona("ask", "-n", "--md", "Why?", env=cloud(server)).stdout
        assert "*" not in drawn and "#" not in drawn and "\x1b[3mmoon" in drawn and "\x1b[A" not in drawn
        assert persona("ask", "-n", "Why?", env=cloud(server)).stdout == SAID
        with terminal("ask", "-n", "--no-md", "Why?", env=cloud(server)) as ask:
            ask.expect_exact("# Tides")
            ask.expect_exact("The *moon* does it.")
            assert leave(ask) == 0
        clash = persona("ask", "-n", "--md", "--json", "Why?", env=cloud(server))
        assert clash.returncode == 2 and "choose one" in clash.stderr


def test_an_answer_that_is_wanted_whole_is_not_shown_before_it_is() -> None:
    go_on = Event()
    with RecordingServer(until(go_on)) as server:
        with terminal("ask", "-n", "--no-stream", "Why?", env=cloud(server)) as ask:
            ask.expect("writing")
            while not server.requests:
                pass
            go_on.set()
            ask.expect("It begins and it ends.")
            assert leave(ask) == 0
        assert persona("ask", "-n", "--no-stream", "Why?", env=cloud(server)).stdout == "It begins and it ends.\n"
