"""`python -m tests.browser.pictures` draws docs/screenshots/page-*.png anew, with an invented user's requests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from PIL import Image

from persona_cli.proxy.feed import Kept
from tests.browser.chromium import Browser, Tab, chromium
from tests.proxy.page_server import PageServer, page_server
from tests.proxy.requests import STAYED, body, letter

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MARKED: Final = "mark[data-entry='3']"
REVIEW: Final = (
    Kept("[PERSON_1]", "PERSON", "Priya Raman", "replaced"),
    Kept("[ORG_1]", "ORG", "Larkfield Dental", "replaced"),
    Kept("[SECRET_1]", "SECRET", "sk-live-4f1c9a", "replaced"),
)
OTHERS: Final[tuple[dict[str, Any], ...]] = (
    {"left": body("Shorten this note to [PERSON_1] at [ORG_1]."), "stayed": REVIEW[:2], "ms_before": 71.0},
    {"client": "curl", "left": body("What is the capital of Ireland?"), "stayed": (), "answer": "Dublin."},
    {"client": "llm", "left": "", "answer": "", "receipt": 0, "stayed": REVIEW, "state": "refused", "ms_before": 64.0,
     "error": "The gate would not let this go: a tool's schema holds a private value."},
    {"client": "ask", "left": body("Summarise my notes on [PERSON_1] in five lines."), "stayed": REVIEW[:1]},
)  # fmt: skip


def draw(folder: Path) -> None:
    """Write page-light.png, page-dark.png, page-values.png and page-phone.png."""
    with page_server() as server, chromium() as browser:
        for number, more in enumerate((*OTHERS, {}), 1):
            server.feed.publish(letter(number, **more))
        for name, dark in (("page-light", False), ("page-dark", True)):
            tab = _opened(browser, server, 1280, 860, dark=dark)
            tab.hover(MARKED)
            tab.wait("document.querySelector('#link').classList.contains('on')")
            _keep(tab, folder / f"{name}.png")
        tab = _opened(browser, server, 1280, 860)
        tab.click("#show-values")
        tab.run("document.querySelector('.answer').scrollIntoView({block: 'end'})")
        _keep(tab, folder / "page-values.png")
        tab = _opened(browser, server, 360, 740, scale=2)
        tab.click("#requests button")
        tab.wait("document.querySelector('#request').checkVisibility()")
        _keep(tab, folder / "page-phone.png")


def _opened(browser: Browser, server: PageServer, width: int, height: int, **more: Any) -> Tab:
    tab = browser.tab(width, height, **more)
    tab.open(server.link())
    tab.wait(f"document.querySelectorAll('#requests li').length == {len(OTHERS) + 1}")
    tab.wait(f"document.querySelectorAll('#stayed-rows tr').length == {len(STAYED)}")
    return tab


def _keep(tab: Tab, path: Path) -> None:
    """As a small file: the page has few colours."""
    Image.open(io.BytesIO(tab.picture())).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    draw(FOLDER)
