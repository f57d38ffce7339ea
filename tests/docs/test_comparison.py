"""docs/comparison.md: every row has a mark, and every Y and P of persona a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "comparison.md").read_text("utf-8")
PEERS = 11
LINK = re.compile(r"\[(\w+)\]\(([^)]+)\)")
# Of these rows persona's mark is what it does, not whether: where keys and files are, and that nothing reports home.
DESCRIBED = {19, 21, 32}


def rows(section: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    text = TEXT[TEXT.index(section) :] if section else TEXT
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table
    return [re.split(r" \| ", line.strip("| ")) for line in table[0].splitlines()[2:]]


FEATURES = {int(cells[0]): cells for cells in rows("")}
PROOFS = {int(line[0]): line[-1] for line in rows("## What proves it")}
NOVEL = rows("## What none of the eleven has")


def test_every_row_has_a_mark_for_everyone() -> None:
    assert list(FEATURES) == list(range(1, 35)) == list(PROOFS)
    for number, cells in FEATURES.items():
        assert len(cells) == 3 + PEERS, number
        mark = cells[2].strip("*")
        assert number in DESCRIBED or re.match(r"(Y|P|N)\b", mark), (number, mark)
    assert len(NOVEL) == 10
    assert all(re.fullmatch(r"\*\*[YPN]\*\*", cells[1]) for cells in NOVEL)


def test_every_yes_has_a_test_and_every_test_exists() -> None:
    told = {f"row {number}": (FEATURES[number][2], cell) for number, cell in PROOFS.items()}
    told |= {cells[0]: (cells[1], " | ".join(cells[2:])) for cells in NOVEL}
    for name, (mark, cell) in told.items():
        links = LINK.findall(cell)
        assert links or mark.strip("*").startswith("N"), f"{name} is {mark} and names no test"
        for test, path in links:
            assert exists(DOCS / path, test), f"{name}: {path}::{test} does not exist"


@pytest.mark.parametrize("name", ["test_what_nobody_wrote", "exists"])
def test_a_test_that_does_not_exist_would_be_found(name: str) -> None:
    assert not exists(Path(__file__), name)


def test_links_lead_somewhere() -> None:
    for path in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def exists(path: Path, test: str) -> bool:
    """Whether the file has a test of this name that pytest would collect."""
    if not path.is_file() or not path.name.startswith("test_") or not test.startswith("test_"):
        return False
    return any(
        isinstance(node, ast.FunctionDef) and node.name == test for node in ast.parse(path.read_text("utf-8")).body
    )
