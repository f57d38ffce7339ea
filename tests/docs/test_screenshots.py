"""The pictures of the README: they are there, small, whole, and ask for nothing from elsewhere."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pyte
import pytest

from docs.making.screenshots import svg, text_of

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
PICTURES = {
    "help": "Commands:",
    "demo": "The audit receipt",
    "chat": "/private",
    "audit": "sending",
    "models": "LICENCE",
}
# Of the page, by tests/browser/pictures.py.
PAGES = {"page-light", "page-dark", "page-values", "page-phone"}
LARGEST = 150_000


def written(picture: str) -> str:
    """The words of a picture."""
    root = ElementTree.fromstring(picture)
    return " ".join("".join(item.itertext()) for item in root.iter("{http://www.w3.org/2000/svg}text")).replace(
        "\xa0", " "
    )


def test_there_are_these_and_no_others() -> None:
    drawn = {f"{name}.svg" for name in PICTURES} | {f"{name}.png" for name in PAGES}
    assert {path.name for path in FOLDER.iterdir()} == drawn


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_picture_of_the_page_is_small_and_tells_nothing_of_the_machine(name: str) -> None:
    picture = (FOLDER / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n") and len(picture) < LARGEST
    # No texts, no times, no place: what a picture says of who made it.
    assert not {chunk for chunk in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME") if chunk in picture}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_whole_small_and_asks_for_nothing(name: str) -> None:
    picture = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert PICTURES[name] in written(picture)
    assert len(picture) < LARGEST
    assert set(re.findall(r"\w+://[^\"'\s<)]*", picture)) <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in picture and "@font-face" not in picture and "<script" not in picture
    assert not re.search(r"/(?:home|root|work|tmp|Users)/", html.unescape(picture))
    assert "persona: " not in written(picture), "an error was drawn"


def test_what_a_terminal_shows_is_what_is_drawn() -> None:
    screen = pyte.Screen(40, 5)
    pyte.Stream(screen).feed("working...\r\x1b[2K\x1b[1;31mred\x1b[0m and <plain> & more\r\n\r\n  end\r\n")
    text = text_of(screen)
    assert text.plain == "red and <plain> & more\n\n  end"
    assert str(text.spans[0].style) == "bold not italic not underline not reverse red"
    assert "red" in written(svg("x", "persona x", text)) and "<plain> & more" in written(svg("x", "persona x", text))
