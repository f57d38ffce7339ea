"""The page in a real browser: `apt-get install chromium`, then `python -m pytest tests/browser/*_in_chromium.py`.

Not collected with the other tests: a checkout has no browser of its own. CHROMIUM names one that is not on the PATH.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

import pytest

from persona_cli.proxy.app import application, listening
from persona_cli.proxy.feed import LAST, Feed, Kept
from persona_cli.proxy.page import FILES, Visitors
from persona_cli.serve.warm import Warm
from tests.browser.chromium import Browser
from tests.browser.opening import LIVE, VALUES, opened, shows
from tests.proxy.page_server import TOKEN, PageServer, page_server
from tests.proxy.requests import ANSWER, body, letter

HOSTILE = (
    "<img src=/nowhere onerror=alert(1)><svg onload=alert(2)><script>alert(3)</script>"
    "<a href='javascript:alert(4)'>go</a><iframe srcdoc='<script>alert(5)</script>'></iframe>"
    "</pre></td><style>*{display:none}</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>"
    "\"' onmouseover=alert(6) autofocus onfocus=alert(7) javascript:alert(8) ${alert(9)} {{alert(10)}} &lt;b&gt; \x00"
)


def test_the_empty_page_says_how_a_client_comes_here(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)

    tab.wait("!document.querySelector('#connect').hidden")
    assert f"{server.base_url}/v1" in tab.text()
    assert "Nothing has passed yet" in tab.text()
    assert TOKEN not in tab.source()


def test_requests_show_as_they_pass(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    first = letter(1, state="preparing", left="", answer="", receipt=0, stayed=())
    server.feed.publish(first)
    shows(tab, 1, "Preparing")
    server.feed.publish(replace(letter(1), state="answering", answer="Dear Mr Brannigan", receipt=0))
    shows(tab, 1, "Answering")
    tab.wait("document.querySelector('#answer').innerText == 'Dear [PERSON_1b]'")
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.wait("document.querySelector('#receipt-command').innerText == 'persona audit show 41'")
    server.feed.publish(
        letter(2, client="llm", left=body("What is the capital of Ireland?"), stayed=(), answer="Dublin.")
    )
    shows(tab, 2)

    assert tab.run("[...document.querySelectorAll('.client')].map(one => one.innerText)") == ["llm", "openai"]
    totals = [tab.run(f"document.querySelector('#total-{name}').innerText") for name in ("requests", "kept", "bytes")]
    assert totals == ["2", "8", f"{server.feed.totals().bytes_left} B"]
    assert tab.complaints == []


def test_a_request_that_was_chosen_stays_on_the_screen(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    for number in (1, 2):
        server.feed.publish(letter(number))
    shows(tab, 2)
    tab.click("#requests li:last-child button")
    shows(tab, 1)
    server.feed.publish(letter(3))
    tab.wait("document.querySelectorAll('#requests li').length == 3")

    shows(tab, 1)


def test_a_refused_request_says_that_nothing_left(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1, state="refused", left="", answer="", receipt=0, error="The gate found a name."))
    shows(tab, 1, "Refused")

    assert "The gate found a name." in tab.text()
    assert "persona would not let it go" in tab.text()
    assert not tab.run("document.querySelector('.answer').checkVisibility()")
    assert not tab.run("document.querySelector('#receipt').checkVisibility()")


def test_values_are_not_in_the_page_until_asked_for(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.hover("#stayed-0 button")
    tab.hover("mark[data-entry='0']")
    hidden = tab.source()
    tab.click("#stayed-0 button")
    one = tab.source()
    tab.click("#stayed-0 button")
    tab.click("#answer button[data-value='3']")
    address = tab.run("document.querySelector('#stayed-3 button').innerText")
    tab.click("#show-values")
    every = tab.text()
    tab.click("#show-values")

    assert not [value for value in VALUES if value in hidden]
    assert [value for value in VALUES if value in one] == ["Tom Brannigan"]
    assert address == "14 Harbour Street, Galway"
    assert not [value for value in VALUES if value not in every]
    assert tab.run("document.querySelector('#answer').innerText") != ANSWER
    assert not [value for value in VALUES if value in tab.source()]


def test_the_answer_is_shown_as_it_was_restored(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.click("#show-values")

    assert tab.run("document.querySelector('#answer').textContent") == ANSWER
    assert tab.run("document.querySelectorAll('#answer button[data-value]').length") == 5


def test_another_request_begins_hidden(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.click("#stayed-0 button")
    server.feed.publish(letter(2))
    shows(tab, 2)

    assert not [value for value in VALUES if value in tab.source()]


def test_a_placeholder_marks_its_value_and_the_other_way_round(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server, 1600)
    server.feed.publish(letter(1))
    shows(tab, 1)
    lit = "[...document.querySelectorAll('.lit')].map(one => one.dataset.entry).join()"
    for place in ("mark[data-entry='3']", "#stayed-3 th span", "#answer [data-entry='3']"):
        tab.hover(place)
        tab.wait(f"{lit} == '3,3,3,3'")
        assert tab.run("document.querySelector('#link').classList.contains('on')"), place
        tab.hover("h1")
        tab.wait(f"{lit} == ''")
    tab.run("document.querySelector('mark[data-entry=\"4\"]').focus()")

    assert tab.run("document.querySelector('#stayed-4').classList.contains('lit')")


def test_the_exact_view_is_the_body_to_the_letter(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    left = body('  Zürich \\ "[PERSON_1]"\n\t[NAME_7] €  ', tools=[{"type": "function"}])
    server.feed.publish(letter(1, left=left))
    shows(tab, 1)
    tab.click("[data-view=exact]")
    tab.wait("document.querySelector('#left-body > pre') !== null")

    assert tab.run("document.querySelector('#left-body').textContent") == left
    assert "[PERSON_1]" in tab.run("[...document.querySelectorAll('#left-body mark')].map(one => one.innerText)")


@pytest.mark.parametrize(
    "left", ["", "no JSON", "[]", "null", '{"messages": 7}', '{"messages": [null]}', '{"input": "Hi"}']
)
def test_any_body_can_be_drawn(browser: Browser, server: PageServer, left: str) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1, left=left))
    shows(tab, 1)

    assert tab.complaints == []


def test_what_comes_from_outside_is_text_and_nothing_else(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    server.feed.publish(letter(1))
    shows(tab, 1)
    tab.click("#show-values")
    nodes = "[...document.querySelectorAll('*')].map(one => one.localName)"
    before = set(tab.run(nodes))
    texts = dict.fromkeys(("client", "host", "model", "answer", "error"), HOSTILE)
    stayed = tuple(
        Kept(token, kind, value, "replaced")
        for token, kind, value in ((HOSTILE, "PERSON", "Emma"), ("[PERSON_1]", HOSTILE, HOSTILE), ("", "ORG", HOSTILE))
    )
    message = {"role": HOSTILE, "content": HOSTILE, HOSTILE: HOSTILE}
    lefts = [HOSTILE, json.dumps({"messages": [message], HOSTILE: HOSTILE}), body(HOSTILE)]
    for number, left in enumerate(lefts, 2):
        server.feed.publish(letter(number, left=left, stayed=stayed, state="failed", **texts))
        shows(tab, number, "Failed")
        for place in ("#left-body", "#stayed-1 button", "#answer button", "#requests button", "h1"):
            tab.hover(place)
        assert "alert(1)" in tab.text()

    assert set(tab.run(nodes)) - before <= {"summary", "details", "h4"}
    assert not tab.run(
        "document.querySelector('#request *:is(img, svg, script, a:not(.back), iframe, style, meta, link)')"
    )
    assert (
        tab.run("document.querySelectorAll('[onerror], [onload], [onmouseover], [onfocus], [autofocus]').length") == 0
    )
    assert set(tab.asked[1:]) <= allowed(server)
    assert tab.complaints == []


def allowed(server: PageServer) -> set[str]:
    """Where the page may ask at all; the login link is another one every time."""
    return {server.base_url + path for path in (*FILES, "/events")}


def test_the_endpoints_own_guard_lets_the_page_work(browser: Browser) -> None:
    feed, visitors = Feed(), Visitors(TOKEN)
    warm = cast(Warm, None)  # the page asks nothing of it
    with listening(application(warm, TOKEN, feed, visitors)) as base_url:
        tab = browser.tab()
        tab.open(visitors.link(base_url))
        tab.wait(LIVE)
        feed.publish(letter(1))
        shows(tab, 1)

        assert base_url in tab.source()
        assert tab.complaints == []


def test_nothing_is_asked_of_anybody_else(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    for number in range(1, 4):
        server.feed.publish(letter(number))
    shows(tab, 3)

    login, *asked = tab.asked
    assert login.startswith(f"{server.base_url}/login?key=")
    assert set(asked) == allowed(server)
    assert tab.complaints == []


def test_a_lost_connection_is_told_and_comes_back_by_itself(browser: Browser) -> None:
    feed, visitors = Feed(), Visitors(TOKEN)
    with page_server(feed, visitors) as server:
        tab = opened(browser, server)
        feed.publish(letter(1))
        shows(tab, 1)
        port = urlsplit(server.base_url).port or 0
    tab.wait("document.querySelector('#connection').dataset.state == 'lost'")
    assert "goes on by itself" in tab.text()
    shows(tab, 1)
    later = Feed()
    later.publish(letter(7))
    with page_server(later, visitors, port):
        tab.wait(LIVE)
        shows(tab, 7)
        assert tab.run("document.querySelectorAll('#requests li').length") == 1
        assert not tab.run("document.querySelector('#trouble').checkVisibility()")


def test_a_persona_that_was_started_anew_says_which_link_to_open(browser: Browser) -> None:
    with page_server() as server:
        tab = opened(browser, server)
        port = urlsplit(server.base_url).port or 0
    with page_server(port=port):
        tab.wait("document.querySelector('#connection').dataset.state == 'closed'")
        assert "persona serve --status" in tab.text()


def test_the_page_holds_as_many_requests_as_persona_does(browser: Browser, server: PageServer) -> None:
    tab = opened(browser, server)
    for number in range(1, LAST + 11):
        server.feed.publish(letter(number, left=body("word " * 30_000)))
    shows(tab, LAST + 10)

    assert tab.run("document.querySelectorAll('#requests li').length") == LAST
    assert tab.run("document.querySelector('#total-requests').innerText") == str(LAST + 10)
    assert "Show the other" in tab.text()
    tab.click(".more")
    assert tab.run("document.querySelector('#left-body').textContent.match(/word /g).length") == 30_000


MARKS: list[tuple[str, str, dict[str, str], list[str]]] = [
    ("tokensIn", "Dear [PERSON_1] [PERSON_1b]", {"[PERSON_1]": "A", "[PERSON_1b]": "B"}, ["[PERSON_1]", "[PERSON_1b]"]),
    ("tokensIn", "[PLACE_9] and [not one]", {"[PERSON_1]": "Tom"}, ["[PLACE_9]"]),
    ("tokensIn", "Anna and Annabel", {"Anna": "Tom", "Annabel": "Sue"}, ["Anna", "Annabel"]),
    ("tokensIn", "a.c abc (x|y) $", {"a.c": "1", "(x|y)": "2", "$": "3"}, ["a.c", "(x|y)", "$"]),
    (
        "tokensIn",
        "a-b ^ \\ / {2}",
        {"a-b": "1", "^": "2", "\\": "3", "/": "4", "{2}": "5"},
        ["a-b", "^", "\\", "/", "{2}"],
    ),
    ("valuesIn", "Emma Roberts met Emma.", {"[NAME_1]": "Emma", "[NAME_2]": "Emma Roberts"}, ["Emma Roberts", "Emma"]),
    ("valuesIn", "150 g, 5 g, 15", {"[ID_1]": "5"}, ["5"]),
    ("valuesIn", "Tom and [PERSON_1]", {"[PERSON_1]": "Tom"}, ["Tom", "[PERSON_1]"]),
    ("valuesIn", "Emmas Haus", {"[PERSON_1]": "Emma"}, ["Emma"]),
    ("valuesIn", "nothing", {"": ""}, []),
    ("valuesIn", "six months", {"": "six months"}, ["six months"]),
    ("valuesIn", "", {"[PERSON_1]": "Tom"}, []),
]


@pytest.mark.parametrize(("function", "text", "stayed", "expected"), MARKS)
def test_marks_stand_where_they_should(
    browser: Browser, server: PageServer, function: str, text: str, stayed: dict[str, str], expected: list[str]
) -> None:
    tab = opened(browser, server)
    kept = [{"token": token, "value": value, "kind": "PERSON"} for token, value in stayed.items()]
    pieces = tab.run(f"import('/marks.js').then(marks => marks.{function}({json.dumps(text)}, {json.dumps(kept)}))")

    assert "".join(piece["text"] for piece in pieces) == text
    assert [piece["text"] for piece in pieces if piece["kind"]] == expected
