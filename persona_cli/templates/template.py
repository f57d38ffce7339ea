"""A template: a request, a system text and a few options, in TOML.

    description = "An e-mail from a few words"
    prompt      = "Write a short $tone e-mail: $input"     the request; $input is what is typed, or else piped in
    system      = "You write as I do: brief, no frills."   the user's own system text; alone, it makes a role
    mode, model, finish, wish, schema, extract             as the options of `persona ask`
    [defaults]
    tone        = "friendly"                               the other variables are given as -p NAME=VALUE

`$name` and `${name}` are variables, `$$` is a dollar, and a dollar before anything else is one as well. The text is
data: nothing in it is run. What guards the user's privacy is no key of a template: a file that names another key is
refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from persona_cli.errors import SettingsError, UsageError
from persona_cli.settings import MODES

INPUT: Final = "input"
_VARIABLE: Final = re.compile(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Template:
    """`prompt`, `system` and the texts in `defaults` are as written, with their variables.

    `mode` is one of settings.MODES or "". `schema` is a JSON Schema as text, or what --schema takes besides.
    """

    description: str = ""
    prompt: str = ""
    system: str = ""
    mode: str = ""
    model: str = ""
    finish: bool | None = None
    wish: str = ""
    schema: str = ""
    extract: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_role(self) -> bool:
        return bool(self.system) and not self.prompt

    @property
    def takes_input(self) -> bool:
        """Whether it says itself where what is typed stands."""
        return INPUT in self.variables

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables, in the order they come."""
        return tuple(dict.fromkeys((*_names(self.prompt), *_names(self.system))))


@dataclass(frozen=True)
class Filled:
    """What a template and what was typed come to: request, document and system text."""

    text: str
    document: str
    system: str


def read_template(text: str, where: str) -> Template:
    """The template in the TOML `text`. `where` is named in the sentence of a SettingsError."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    try:
        given = tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(f"The template {where} is not TOML: {error}. Mend or remove it.") from None
    known = {item.name: item.default for item in fields(Template)}
    if strange := [name for name in given if name not in known]:
        raise SettingsError(
            f"The template {where} has the key '{strange[0]}', which no template has. Keys: {', '.join(known)}."
        )
    if isinstance(given.get("schema"), dict):
        given["schema"] = json.dumps(given["schema"], ensure_ascii=False)
    for name, value in given.items():
        wanted: type = {"finish": bool, "extract": bool, "defaults": dict}.get(name, str)
        if not isinstance(value, wanted):
            said = {bool: "true or false", dict: "a table", str: "text"}[wanted]
            raise SettingsError(f"The template {where}: '{name}' must be {said}.")
    if given.get("mode", MODES[0]) not in MODES:
        raise SettingsError(f"The template {where}: 'mode' takes {', '.join(MODES)}; not {given['mode']}.")
    given["defaults"] = {
        name: value if isinstance(value, str) else json.dumps(value, default=str)
        for name, value in given.get("defaults", {}).items()
    }
    template = Template(**given)
    if not (template.prompt.strip() or template.system.strip()):
        raise SettingsError(f"The template {where} has neither a prompt nor a system text: write one of them.")
    if unused := [name for name in template.defaults if name not in template.variables]:
        raise SettingsError(f"The template {where} has a default for ${unused[0]}, which it does not use.")
    return template


def written(template: Template) -> str:
    """`template` as TOML, without the keys that say nothing. What `read_template` makes of it is the same."""
    import tomlkit

    document = tomlkit.document()
    for item in fields(Template):
        value: Any = getattr(template, item.name)
        if item.name != "defaults" and value not in ("", None, False):
            document[item.name] = tomlkit.string(value, multiline="\n" in value) if isinstance(value, str) else value
        elif item.name == "finish" and value is False:
            document[item.name] = False
    if template.defaults:
        document["defaults"] = dict(template.defaults)
    return tomlkit.dumps(document)


def fill(template: Template, typed: str, piped: str, given: Mapping[str, str]) -> Filled:
    """The request that `template` makes of what was `typed` and `piped` in; `given` are the other variables.

    Where it has no $input it works on the document: what is piped in, or else what is typed. With both, what is typed
    is more of the request. Raises UsageError that names the variables nobody gave, or that it does not have.
    """
    if strange := [name for name in given if name not in template.variables]:
        raise _strange(strange[0], template.variables)
    values = {**template.defaults, **given}
    document = piped
    if typed and template.takes_input:
        values[INPUT] = typed
    elif piped and template.takes_input and INPUT not in values:
        values[INPUT], document = piped, ""
    if missing := [name for name in template.variables if name not in values]:
        raise UsageError(_missing(missing))
    text, system = (_with(part, values).strip() for part in (template.prompt, template.system))
    if not template.takes_input:
        if not template.prompt:
            text, document = (typed, piped) if typed else (piped, "")
        elif typed and piped:
            text = f"{text}\n\n{typed}"
        elif typed:
            document = typed
    return Filled(text, document, system)


def role_of(
    template: Template, name: str, given: Mapping[str, str], alone: bool = True
) -> tuple[str, Mapping[str, str]]:
    """The system text of `template` with its variables, and those of `given` that it has no use for.

    `alone`: there may be none of those. Raises UsageError.
    """
    if not template.system:
        raise UsageError(f"The template {name} has no system text, so it is no role. Use it with -t {name}.")
    values = {**template.defaults, **given}
    variables = dict.fromkeys(_names(template.system))
    rest = {variable: value for variable, value in given.items() if variable not in variables}
    if alone and rest:
        raise _strange(next(iter(rest)), variables)
    if missing := [variable for variable in variables if variable not in values]:
        raise UsageError(_missing(missing))
    return _with(template.system, values).strip(), rest


def literal(text: str) -> str:
    """`text` as a template has it in which every dollar is one."""
    return text.replace("$", "$$")


def read_params(given: Sequence[str]) -> dict[str, str]:
    """{NAME: VALUE} of `-p NAME=VALUE`. Raises UsageError."""
    found: dict[str, str] = {}
    for item in given:
        name, mark, value = item.partition("=")
        if not (mark and _NAME.fullmatch(name)):
            raise UsageError(f"-p takes NAME=VALUE, such as -p tone=warm, and '{item}' is not.")
        found[name] = value
    return found


def _strange(name: str, variables: Iterable[str]) -> UsageError:
    has = ", ".join(variable for variable in variables if variable != INPUT) or "none"
    return UsageError(f"The template has no variable ${name}. Its variables: {has}.")


def _missing(names: list[str]) -> str:
    ways = [f"-p {name}=..." for name in names if name != INPUT]
    if INPUT in names:
        ways.append("type the request or pipe a text in ($input)")
    return f"The template needs {', '.join(f'${name}' for name in names)}: {', and '.join(ways)}."


def _names(text: str) -> Iterator[str]:
    for found in _VARIABLE.finditer(text):
        if not found[1]:
            yield found[2] or found[3]


def _with(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables, once: what stands in a value stays as it is."""
    return _VARIABLE.sub(lambda found: "$" if found[1] else values[found[2] or found[3]], text)
