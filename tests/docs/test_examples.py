"""Every `--help` has examples, and each of them is a command line that persona understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.making.tree import Page, pages
from tests.docs.command_lines import calls, faults

PROJECT = Path(__file__).parents[2]
PAGES = pages()
WRITTEN = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_help_page_has_examples_that_are_true(page: Page) -> None:
    assert page.examples, f"`{page.name} --help` has no example"
    own = "persona " + " ".join(page.path[1:])
    assert any(own.strip() in line for line in page.examples) or page.name == "persona ask", page.examples
    for line in page.examples:
        assert list(calls(line)), f"no call of persona in: {line}"
        assert not faults(line), line


def test_the_first_sentence_of_a_page_says_what_it_does() -> None:
    assert not [page.name for page in PAGES if not page.summary or len(page.summary) > 160]


def test_every_command_line_in_the_documents_is_understood() -> None:
    texts = [(path.name, path.read_text("utf-8")) for path in WRITTEN]
    lines = [(name, line) for name, text in texts for line in re.findall(r"^\$ (.*persona.*)$", text, re.MULTILINE)]
    assert len(lines) > 20
    assert not {place: told for place in lines if (told := faults(place[1]))}


@pytest.mark.parametrize(
    "wrong",
    [
        "persona ask --louder hello",
        "persona memory remember me",
        "persona models use",
        "cat a.txt | persona ask --mdoe local | less",
        "persona batch in.jsonl --jobs many",
        "persona audit show 1 2 > out.txt",
        "PERSONA_HOME=/tmp/x persona config set cloud.model",
    ],
)
def test_a_wrong_example_would_be_found(wrong: str) -> None:
    assert faults(wrong)


def test_what_stands_in_a_line() -> None:
    assert list(calls("persona chat -c                  go on with the last one")) == [["chat", "-c"]]
    assert list(calls('echo "a | b" | persona ask "c > d" > e.txt  # persona nothing')) == [["ask", "c > d"]]
    assert list(calls("persona detect --json < notes.txt | jq '.spans[].text'")) == [["detect", "--json"]]
    assert list(calls("X=1 persona sketch hello | your-own-tool | persona restore")) == [
        ["sketch", "hello"],
        ["restore"],
    ]
