"""Opens the page as its user does, and waits for what it comes to show."""

from __future__ import annotations

from typing import Any

from tests.browser.chromium import Browser, Tab
from tests.proxy.page_server import PageServer
from tests.proxy.requests import STAYED

VALUES = [kept.value for kept in STAYED]
LIVE = "document.querySelector('#connection')?.dataset.state == 'live'"


def opened(browser: Browser, server: PageServer, width: int = 1280, **more: Any) -> Tab:
    tab = browser.tab(width, **more)
    tab.open(server.link())
    tab.wait(LIVE)
    return tab


def shows(tab: Tab, number: int, state: str = "Done") -> None:
    """Wait until a request is on the screen in that state."""
    tab.wait(f"document.querySelector('#request-title').textContent == 'Request {number} {state}'")
