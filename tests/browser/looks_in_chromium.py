"""How the page looks in a real browser, and whether everybody can use it: run as page_in_chromium.py is."""

from __future__ import annotations

import pytest

from persona_cli.proxy.feed import Kept
from tests.browser.chromium import Browser
from tests.browser.opening import VALUES, opened, shows
from tests.proxy.page_server import PageServer
from tests.proxy.requests import STAYED, body, letter

LONG = "x" * 400


@pytest.mark.parametrize("width", [320, 360, 600, 859, 860, 1024, 1180, 1600, 2560])
def test_nothing_is_wider_than_the_window(browser: Browser, server: PageServer, width: int) -> None:
    tab = opened(browser, server, width)
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert tab.run(overflow) <= 0, "empty"
    stayed = (*STAYED, Kept(LONG, "URL", LONG, "replaced"), Kept(f"[{LONG.upper()}_1]", LONG, LONG, "generalised"))
    texts = dict.fromkeys(("client", "host", "model", "answer", "error"), LONG)
    server.feed.publish(letter(1))
    server.feed.publish(letter(2, left=body(LONG), stayed=stayed, **texts, state="failed"))
    tab.wait("document.querySelectorAll('#requests li').length == 2")
    assert tab.run(overflow) <= 0, "list"
    if width < 860:
        assert not tab.run("document.querySelector('#request').checkVisibility()")
        tab.click("#requests li button")
        tab.wait("document.querySelector('#request').checkVisibility()")
    shows(tab, 2, "Failed")
    for step in ("#show-values", "[data-view=exact]", "#show-connect"):
        tab.click(step)
        tab.wait("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
        assert tab.run(overflow) <= 0, step
    inner = (
        "[...document.querySelectorAll('.card, .scroll')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert tab.run(inner) == 0


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_what_is_behind_it(browser: Browser, server: PageServer, dark: bool) -> None:
    tab = opened(browser, server, dark=dark)
    kinds = "PERSON ORG PLACE DATE EMAIL ID SECRET DETAIL OTHER".split()
    stayed = tuple(
        Kept(f"[{kind}_1]", kind, f"value-{kind}", how)
        for kind in kinds
        for how in ("replaced", "withheld", "generalised")
    )
    left = body(" ".join(kept.token for kept in stayed) + " [NAME_9]")
    server.feed.publish(
        letter(1, left=left, stayed=stayed, state="failed", error="It failed.", answer="value-ORG value-ID")
    )
    shows(tab, 1, "Failed")
    faint = tab.run(CONTRAST)
    tab.click("#show-values")
    tab.click("#show-connect")
    tab.hover("mark[data-entry='0']")

    assert faint == []
    assert tab.run(CONTRAST) == []


# Contrast as WCAG 2.2 reckons it (1.4.3: at least 4.5); the colours are painted, so that any way to write one will do.
CONTRAST = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const painted = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const linear = (one) => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map((one) => linear(one / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest(".aloud, .skip, noscript")) continue;
    const behind = [];
    for (let one = element; one; one = one.parentElement) behind.unshift(getComputedStyle(one).backgroundColor);
    const colours = [painted(behind), painted([...behind, getComputedStyle(element).color])];
    const [low, high] = colours.map(light).sort((a, b) => a - b);
    const contrast = (high + .05) / (low + .05);
    if (contrast < 4.5) faint.push([texts.currentNode.data.slice(0, 30), contrast]);
  }
  return faint;
})()"""


def test_everything_can_be_reached_and_used_with_the_keyboard(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    for number in (1, 2, 3):
        server.feed.publish(letter(number))
    shows(tab, 3)
    tab.run("document.querySelector('#requests button').focus()")
    tab.press("ArrowDown")
    shows(tab, 2)
    tab.press("End")
    shows(tab, 1)
    tab.press("Home")
    shows(tab, 3)
    seen = 0
    while not tab.run("document.activeElement.matches('#stayed button')"):
        seen += 1
        tab.press("Tab")
    tab.press("Enter")
    tab.wait("document.activeElement.getAttribute('aria-pressed') == 'true'")

    assert "Tom Brannigan" in tab.text()
    assert tab.run("document.activeElement.matches(':focus-visible')")
    assert seen < 30


def test_everything_has_a_name_for_who_hears_the_page(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.click("#show-connect")
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    named = ("button", "link", "table", "region", "navigation", "main", "list", "heading", "columnheader", "rowheader")
    parts = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]

    assert [part for part in parts if part[0] in named and not part[1].strip()] == []
    assert ("button", "[PERSON_1]: value hidden, press to show") in parts
    assert ("list", "Requests, the newest first") in parts
    assert {role for role, _ in parts} >= {"banner", "navigation", "main", "table", "status"}
    assert not [name for _, name in parts if any(value in name for value in VALUES)]


def test_nothing_moves_for_who_does_not_like_it(browser: Browser, server: PageServer) -> None:
    moving = opened(browser, server, still=False)
    still = opened(browser, server)
    server.feed.publish(letter(1, state="answering"))
    for tab in (moving, still):
        shows(tab, 1, "Answering")

    assert moving.run("document.getAnimations().length") > 0
    assert still.run("document.getAnimations().length") == 0
