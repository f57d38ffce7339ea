"""What a template file may say, and the request that it makes of what is typed and piped in."""

from __future__ import annotations

import stat

import pytest

from persona_cli.errors import NothingFound, SettingsError, UsageError
from persona_cli.paths import folders
from persona_cli.templates.shelf import SHIPPED, find, keep, keep_text, load, own_folder, remove, template_names
from persona_cli.templates.template import (
    Filled,
    Template,
    fill,
    literal,
    read_params,
    read_template,
    role_of,
    written,
)

WRITE = Template(prompt="Write a $tone note: $input", defaults={"tone": "dry"})
WORK_ON = Template(prompt="Summarise it in $points points.", system="You are ${who}.")


def test_what_is_typed_and_the_variables_come_into_it_once() -> None:
    """A value is data: a dollar in it is no variable."""
    assert fill(WRITE, "ask for $tone", "", {}) == Filled("Write a dry note: ask for $tone", "", "")
    assert fill(WRITE, "hello", "", {"tone": "$input"}).text == "Write a $input note: hello"
    costs = Template(prompt="It costs $5, or $$name, or $$$x. ${x}y")
    assert fill(costs, "", "", {"x": "1"}).text == "It costs $5, or $name, or $1. 1y"
    assert costs.variables == ("x",)


def test_what_is_piped_in_is_the_input_or_the_document() -> None:
    assert fill(WRITE, "", "from the pipe", {}) == Filled("Write a dry note: from the pipe", "", "")
    assert fill(WRITE, "hello", "from the pipe", {}) == Filled("Write a dry note: hello", "from the pipe", "")
    given = {"points": "3", "who": "brief"}
    assert fill(WORK_ON, "", "text", given) == Filled("Summarise it in 3 points.", "text", "You are brief.")
    assert fill(WORK_ON, "text", "", given) == Filled("Summarise it in 3 points.", "text", "You are brief.")
    both = Filled("Summarise it in 3 points.\n\nFor my boss.", "text", "You are brief.")
    assert fill(WORK_ON, "For my boss.", "text", given) == both
    answers = Template(prompt="Reply. $input", defaults={"input": "Say yes."})
    assert fill(answers, "", "message", {}) == Filled("Reply. Say yes.", "message", "")
    role = Template(system="Be kind.")
    assert fill(role, "", "a question", {}) == Filled("a question", "", "Be kind.")
    assert fill(role, "a question", "a text", {}) == Filled("a question", "a text", "Be kind.")


@pytest.mark.parametrize(
    ("template", "given", "sentence"),
    [
        (WORK_ON, {}, "The template needs $points, $who: -p points=..., and -p who=...."),
        (WRITE, {}, "The template needs $input: type the request or pipe a text in ($input)."),
        (WRITE, {"size": "5"}, "The template has no variable $size. Its variables: tone."),
        (Template(prompt="Tell a joke."), {"size": "5"}, "The template has no variable $size. Its variables: none."),
    ],
)
def test_variables_that_are_missing_or_unknown_are_named(
    template: Template, given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        fill(template, "", "", given)
    assert str(refused.value) == sentence


def test_params_are_name_and_value() -> None:
    assert read_params(["a=1=2", "b="]) == {"a": "1=2", "b": ""}
    for wrong in ("a", "=1", "a b=1", "1=1"):
        with pytest.raises(UsageError, match="NAME=VALUE"):
            read_params([wrong])


def test_a_role_is_the_system_text_of_any_template() -> None:
    assert role_of(WORK_ON, "x", {"who": "brief"}) == ("You are brief.", {})
    assert role_of(WORK_ON, "x", {"who": "brief", "points": "3"}, alone=False) == ("You are brief.", {"points": "3"})
    with pytest.raises(UsageError, match=r"no variable \$points"):
        role_of(WORK_ON, "x", {"who": "brief", "points": "3"})
    with pytest.raises(UsageError, match="no system text, so it is no role"):
        role_of(WRITE, "x", {})
    assert Template(system="x").is_role and not WORK_ON.is_role


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('prompt = "x"\nrestore_in = "prose,code,url"', "has the key 'restore_in', which no template has"),
        ('prompt = "x"\nconfirm = false', "has the key 'confirm'"),
        ('prompt = "x"\n[privacy]\nlevel = "open"', "has the key 'privacy'"),
        ('prompt = "x"\ntools = ["all"]', "has the key 'tools'"),
        ('prompt = "x"\nmode = "open"', "'mode' takes sketch, outline, logits, local, auto; not open"),
        ('prompt = "x"\nfinish = "yes"', "'finish' must be true or false"),
        ("prompt = 5", "'prompt' must be text"),
        ('prompt = "x"\nmode = 5', "'mode' must be text"),
        ('prompt = "x', "is not TOML"),
        ('description = "x"', "neither a prompt nor a system text"),
        ('prompt = "x"\n[defaults]\ny = "1"', "a default for $y, which it does not use"),
    ],
)
def test_a_file_that_is_no_template_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_template(text, "mine")
    assert sentence in str(refused.value) and "mine" in str(refused.value)


def test_what_is_written_reads_the_same() -> None:
    whole = Template(
        "what for", 'Line one\n"$input"\n\\ and \'\'\' and """', "Be $tone.", "local", "m", False, "warm", '{"a": 1}',
        True, {"tone": "ü"},
    )  # fmt: skip
    assert read_template(written(whole), "x") == whole
    assert read_template('prompt = "x"\n[schema]\ntype = "object"', "x").schema == '{"type": "object"}'
    assert read_template('prompt = "$n"\n[defaults]\nn = 5', "x").defaults == {"n": "5"}
    assert fill(Template(prompt=literal("$a $$ $5")), "", "", {}).text == "$a $$ $5"


def test_every_one_that_persona_brings_is_whole() -> None:
    names = template_names(folders())
    assert {"email", "reply", "summary", "translate", "proofread", "explain-code", "commit-message"} <= set(names)
    assert names == sorted(path.stem for path in SHIPPED.iterdir())
    for name in names:
        template = load(name, folders())
        assert template.description and not (template.mode or template.model)
        filled = fill(template, "typed", "piped", {})
        assert "$" not in filled.text + filled.system


def test_the_users_stands_above_personas_and_is_readable_by_them_alone() -> None:
    mine = Template(prompt="Mine: $input")
    path = keep("email", mine, folders())
    assert load("email", folders()) == mine
    assert find("email", folders()).own and find("email", folders()).covers
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own_folder(folders()).stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="already"):
        keep("email", mine, folders())
    with pytest.raises(SettingsError, match="not TOML"):
        keep_text("email", "prompt =", folders())
    assert load("email", folders()) == mine
    remove("email", folders())
    assert load("email", folders()) != mine
    with pytest.raises(UsageError, match="persona's own and stays"):
        remove("email", folders())


@pytest.mark.parametrize("name", ["../config", "a/b", "/etc/passwd", ".hidden", "", "Email", "a b", "a\n", "x" * 65])
def test_a_name_is_one_word_and_no_way_out_of_the_folder(name: str) -> None:
    for call in (lambda: find(name, folders()), lambda: keep(name, WRITE, folders()), lambda: remove(name, folders())):
        with pytest.raises(UsageError, match="one word"):
            call()
    assert not own_folder(folders()).exists() or not any(own_folder(folders()).iterdir())


def test_an_unknown_name_is_nothing_found() -> None:
    with pytest.raises(NothingFound, match="no template 'nosuch'"):
        load("nosuch", folders())
