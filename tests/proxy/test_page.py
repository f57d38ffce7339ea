"""The page over real HTTP: who gets it, under which rules of the browser, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from importlib.resources import files
from urllib.parse import quote, urlsplit

import pytest

from persona_cli.proxy.page import FILES, Visitors
from tests.proxy.page_server import TOKEN, PageServer, page_server
from tests.proxy.requests import STAYED, letter

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PATHS = [*FILES, "/events"]
FOLDER = files("persona_cli.proxy.page")
SCRIPTS = sorted(name for name, kind in FILES.values() if kind == "text/javascript")


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with page_server() as running:
        running.feed.publish(letter(running.feed.new_number()))
        yield running


def get(server: PageServer, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> HTTPResponse:
    """The answer, whose body is read for all but a stream."""
    connection = HTTPConnection(urlsplit(server.base_url).netloc, timeout=20)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    if "event-stream" not in response.headers["content-type"]:
        response.text = response.read().decode()  # type: ignore[attr-defined]
    return response


def text(response: HTTPResponse) -> str:
    return str(response.text)  # type: ignore[attr-defined]


def session(server: PageServer) -> str:
    """The cookie of a browser that has opened a link."""
    response = get(server, server.link().removeprefix(server.base_url))
    (cookie,) = SimpleCookie(response.headers["set-cookie"]).values()
    return f"{cookie.key}={cookie.value}"


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_gets_a_sentence_and_nothing_else(server: PageServer, path: str) -> None:
    response = get(server, path)

    assert response.status == 401
    assert "persona serve --status" in text(response)
    assert "script" not in text(response)
    assert STAYED[0].value not in text(response)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {quote(TOKEN)}"},
        {"Cookie": f"{Visitors.cookie}="},
        {"Cookie": f"{Visitors.cookie}=wrong"},
        {"Cookie": f"{Visitors.cookie}={quote(TOKEN)}"},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
def test_what_only_looks_like_a_secret_does_not_open(server: PageServer, headers: dict[str, str]) -> None:
    assert get(server, "/events", headers).status == 401


@pytest.mark.parametrize("path", PATHS)
def test_the_token_opens_everything(server: PageServer, path: str) -> None:
    assert get(server, path, BEARER).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_session_opens_everything(server: PageServer, path: str) -> None:
    assert get(server, path, {"Cookie": session(server)}).status == 200


def test_a_link_works_once(server: PageServer) -> None:
    link = server.link().removeprefix(server.base_url)
    first, second = get(server, link), get(server, link)

    assert (first.status, second.status) == (200, 401)
    assert "set-cookie" not in second.headers
    assert 'content="0; url=/"' in text(first)


def test_a_link_that_was_never_given_does_not_work(server: PageServer) -> None:
    for key in ("", "x" * 43, quote(TOKEN)):
        assert get(server, f"/login?key={key}").status == 401
    assert get(server, "/login").status == 401


def test_the_last_links_hold_and_older_ones_go() -> None:
    visitors = Visitors("token")
    keys = [visitors.link("http://127.0.0.1:8000/v1").partition("=")[2] for _ in range(9)]

    assert visitors.login(keys[0]) is None
    assert all(visitors.login(key) for key in keys[1:])


def test_an_empty_token_opens_nothing() -> None:
    assert not Visitors("").knows({"authorization": "Bearer "}, {})


def test_a_link_leads_to_the_page_whatever_the_path_of_the_base_url() -> None:
    assert Visitors("token").link("http://127.0.0.1:8000/v1").startswith("http://127.0.0.1:8000/login?key=")


def test_the_cookie_is_for_this_site_alone_and_for_no_script(server: PageServer) -> None:
    response = get(server, server.link().removeprefix(server.base_url))
    (cookie,) = SimpleCookie(response.headers["set-cookie"]).values()

    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "strict"
    assert (cookie["domain"], cookie["expires"], cookie["max-age"]) == ("", "", "")
    assert len(cookie.value) >= 43


@pytest.mark.parametrize("path", [*PATHS, "/login?key=x"])
@pytest.mark.parametrize(
    "host", ["attacker.example", "127.0.0.1.attacker.example:8000", "[::1", "", "localhost.evil:80"]
)
def test_another_name_for_this_machine_is_refused(server: PageServer, path: str, host: str) -> None:
    response = get(server, path, {**BEARER, "Host": host})

    assert response.status == 421
    assert STAYED[0].value not in text(response)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1234", "[::1]:80", "LOCALHOST"])
def test_every_name_of_this_machine_is_known(server: PageServer, host: str) -> None:
    assert get(server, "/", {**BEARER, "Host": host}).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_gets_nothing_even_with_the_cookie(server: PageServer, site: str) -> None:
    assert get(server, "/events", {"Cookie": session(server), "Sec-Fetch-Site": site}).status == 421


@pytest.mark.parametrize("path", [*PATHS, "/login?key=wrong"])
@pytest.mark.parametrize("headers", [BEARER, {}, {"Host": "attacker.example"}])
def test_every_answer_carries_the_rules(server: PageServer, path: str, headers: dict[str, str]) -> None:
    given = get(server, path, headers).headers
    policy = dict(rule.strip().partition(" ")[::2] for rule in given["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert {policy[name] for name in ("frame-ancestors", "base-uri", "form-action")} == {"'none'"}
    assert policy["require-trusted-types-for"] == "'script'"
    assert given["cache-control"] == "no-store"
    assert given["x-content-type-options"] == "nosniff"
    assert given["referrer-policy"] == "no-referrer"
    assert given["x-frame-options"] == "DENY"
    assert given["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in given


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_for_reading(server: PageServer, method: str) -> None:
    assert get(server, "/", BEARER, method).status == 405


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for path, (_, kind) in FILES.items()])
def test_every_file_says_what_it_is(server: PageServer, path: str, kind: str) -> None:
    assert get(server, path, BEARER).headers["content-type"].partition(";")[0] == kind


def test_the_page_holds_neither_the_token_nor_a_private_value(server: PageServer) -> None:
    for path in FILES:
        shown = text(get(server, path, BEARER))
        assert TOKEN not in shown
        assert not any(kept.value in shown for kept in STAYED)


def test_the_page_is_made_of_its_own_files_alone() -> None:
    named: set[str] = set()
    for name, _ in FILES.values():
        source = FOLDER.joinpath(name).read_text("utf-8")
        addresses = set(re.findall(r"https?://[^\s\"'<>]+", source)) - {"http://www.w3.org/2000/svg"}
        assert addresses == set(), name
        assert not re.search(r"@import|url\(|//cdn|data:", source), name
        named |= set(re.findall(r'(?:src|href|from)[ =]"(/[^"]*)"', source))
    assert named <= FILES.keys()
    assert {path for path in FILES if path != "/"} == named


def test_the_page_has_no_script_or_style_of_its_own_in_the_html() -> None:
    source = FOLDER.joinpath("page.html").read_text("utf-8")

    assert re.findall(r"<script[^>]*>(.*?)</script>", source, re.DOTALL) == [""]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_or_code_of_text(name: str) -> None:
    source = FOLDER.joinpath(name).read_text("utf-8")

    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc|"
        r"createContextualFragment|setHTML|\.href\s*=|\.src\s*=|location\s*=|localStorage|sessionStorage|setAttribute\(\"on",
        source,
    )
