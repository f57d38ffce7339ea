"""What a person sees: Markdown drawn on a terminal, the same text untouched in a pipe."""

from __future__ import annotations

import re

from tests.journeys.terminal import leave, terminal
from tests.servers import RecordingServer, stream_of

ANSWER = ("# Plan\n\nA **bold** ", "word.\n\n- one\n- two\n\n```py\nx = 1\n```\n")


def shown(no_color: bool) -> str:
    with RecordingServer(stream_of(*ANSWER)) as server:
        env = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        env |= {"NO_COLOR": "1"} if no_color else {"NO_COLOR": ""}
        with terminal("ask", "hello", env=env) as screen:
            assert leave(screen) == 0
            return str(screen.before)


def test_markdown_is_drawn_on_a_terminal() -> None:
    screen = shown(no_color=False)
    assert "**" not in screen and "# Plan" not in screen and "\x1b[1m" in screen
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
    assert "• one" in plain and "x = 1" in plain


def test_no_color_is_honoured() -> None:
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown(no_color=True))
