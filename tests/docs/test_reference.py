"""The reference and the man page are those of the code as it is, and what they add to it is whole."""

from __future__ import annotations

import re
from pathlib import Path

from docs.making import facts
from docs.making.man import line, man, plain
from docs.making.reference import cell, reference
from docs.making.tree import pages
from persona_cli.cli.chat.commands import COMMANDS
from persona_cli.cloud.providers import KNOWN
from persona_cli.errors import PersonaError
from persona_cli.settings import Settings, flatten
from persona_cli.settings.sections import ELSEWHERE, NAMED

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
AGAIN = "Run `python -m docs.make`."
MACROS = {"TH", "SH", "SS", "PP", "TP", "nf", "fi", "br"}


def test_the_reference_is_that_of_the_code() -> None:
    made = reference()
    there = {path.name: path.read_text("utf-8") for path in (DOCS / "reference").iterdir()}
    assert sorted(there) == sorted(made), AGAIN
    assert not [name for name in made if made[name] != there[name]], AGAIN


def test_the_man_page_is_that_of_the_code() -> None:
    assert (DOCS / "persona.1").read_text("utf-8") == man(), AGAIN


def test_every_command_option_setting_and_slash_command_is_in_both() -> None:
    markdown, roff = "\n".join(reference().values()), man()
    for page in pages():
        assert page.name in markdown and plain(page.name) in roff
        for option in page.options if page.path != ("persona",) else ():
            assert f"`{', '.join(option.names)}" in markdown and plain(option.names[-1]) in roff
    for name in (*facts.SETTINGS, *facts.TABLES, *(command.name for command in COMMANDS)):
        assert name in markdown and plain(name) in roff


def test_every_setting_has_a_meaning() -> None:
    assert list(facts.SETTINGS) == [name for name in flatten(Settings()) if name.split(".")[0] not in NAMED]
    assert {name.split(".")[0] for name in facts.TABLES} == {*NAMED, *ELSEWHERE}


def test_every_exit_code_has_a_meaning() -> None:
    def codes(error: type[PersonaError]) -> set[int]:
        return {error.exit_code}.union(*(codes(inner) for inner in error.__subclasses__()))

    assert set(facts.EXIT_CODES) == {0} | codes(PersonaError)


def test_every_environment_variable_that_is_read_is_told() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for path in (PROJECT / "persona_cli").rglob("*.py")
        if "bench" not in path.relative_to(PROJECT).parts
    )
    read = set(
        re.findall(r"(?<!startswith\()\"((?:PERSONA|HF)_[A-Z_]+|VISUAL|EDITOR|NO_COLOR|(?:HTTPS|ALL|NO)_PROXY)\"", code)
    )
    read -= {name for name in read if name.startswith("HF_HUB_DISABLE")}  # set, not read
    told = {name for names in facts.ENVIRONMENT for name in names.split(", ")}
    assert len(read) > 8
    assert read - told - set(facts.DEVELOPERS) - {known.variable for known in KNOWN.values()} == set()
    assert {name for name in told if name.startswith("PERSONA_")} <= read


def test_the_man_page_holds_only_its_macros_and_ascii_signs_that_print_as_they_are() -> None:
    page = man()
    for row in page.splitlines():
        assert row and row == row.rstrip()
        if row.startswith((".", "'")):
            assert re.match(r"\.(\\\"|[A-Za-z]{2}\b)", row), row
            assert row.startswith('.\\"') or row[1:3] in MACROS, row
        assert not re.search(r"\\(?!\*|e|-|\(aq|\(ga|\(ha|\(ti|&|f[BIR]|\")", row), row
        text = re.sub(r"\\(e|-|\(..|&|f[BIR])", "", row)
        assert row.startswith(".") or not set(text) & set("\\-'`^~"), row
        assert row.count("\\fB") + row.count("\\fI") == row.count("\\fR"), row
    assert (
        page.index(".TH PERSONA 1") < page.index(".SH NAME") < page.index(".SH SYNOPSIS") < page.index(".SH COMMANDS")
    )
    for row, following in zip(page.splitlines(), page.splitlines()[1:], strict=False):
        if row == ".TP":
            assert not following.startswith("."), following


def test_signs_of_markdown_and_troff_are_words() -> None:
    assert cell("a | b * `c|d*` [e]") == "a \\| b \\* `c\\|d*` \\[e]"
    assert plain("a-b 'c' \\n ~ ^ `") == "a\\-b \\(aqc\\(aq \\en \\(ti \\(ha \\(ga"
    assert line(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert line("'so") == "\\(aqso"
    assert line("say `a-b` now") == "say \\fBa\\-b\\fR now"


def test_no_page_names_this_machine() -> None:
    for path in (DOCS / "persona.1", *(DOCS / "reference").iterdir()):
        text = path.read_text("utf-8")
        assert str(PROJECT) not in text and str(Path.home()) + "/" not in text
