"""What `ask` takes from a template, a role and a system text: -t, -p, --role, --system, --save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from persona_cli.cli import screen
from persona_cli.errors import UsageError
from persona_cli.settings import AUTO, LOCAL, LOGITS, OUTLINE, SKETCH

if TYPE_CHECKING:
    from persona_cli.settings import Settings
    from persona_cli.templates.template import Template

# How much stays here in a mode: a template may ask for more of it than the user's setting, never for less.
_KEEPS: Final = {SKETCH: 0, LOGITS: 0, AUTO: 1, OUTLINE: 2, LOCAL: 3}


def complete_template(incomplete: str) -> list[str]:
    """The names of templates that begin so, for the shell."""
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import template_names

    return [name for name in template_names(folders()) if name.startswith(incomplete)]


TemplateOption = Annotated[
    str,
    typer.Option("--template", "-t", metavar="NAME", help="Ask with a template.", autocompletion=complete_template),
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A variable of the template. Repeatable."),
]
SystemOption = Annotated[
    str, typer.Option("--system", metavar="TEXT", help="Your own system text: how answers are to be made.")
]
RoleOption = Annotated[
    str,
    typer.Option("--role", metavar="NAME", help="The system text of a template.", autocompletion=complete_template),
]
SaveOption = Annotated[
    str, typer.Option("--save", metavar="NAME", help="Keep the request and its options as a template; ask nothing.")
]


@dataclass(frozen=True)
class Chosen:
    """The template and the role that the options name. `name` is "" where there is no template.

    `template` says nothing then but the user's own system text, if they gave one.
    """

    name: str
    template: Template
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """What stands for the request where no word is typed (intake.read_request)."""
        return f"-t {self.name}" if self.name else ""

    def request(self, text: str, document: str) -> tuple[str, str, str]:
        """(request, document, system text) of what came in. Raises UsageError that names the variables not given."""
        if not self.name:
            return text, document, self.template.system.strip()
        from persona_cli.templates.template import fill

        filled = fill(self.template, "" if text == self.asked else text, document, self.params)
        if not filled.text:
            raise UsageError(f"The template {self.name} is a role: type a request as well, or pipe a text in.")
        return filled.text, filled.document, filled.system

    def allowed(self, mode: str, model: str, settings: Settings, quiet: bool = False) -> tuple[str, str]:
        """(mode, model) of the command line, or else of the template, as far as the settings allow that.

        A template sends nothing for a user whose setting keeps it here, nor to a cloud they never connected. It is said
        where it is not followed.
        """
        remarks = []
        usual, wanted = settings.answer.mode, self.template
        if wanted.mode and not mode:
            if _KEEPS[wanted.mode] >= _KEEPS[usual]:
                mode = wanted.mode
            else:
                remarks.append(
                    f"mode {wanted.mode}: your setting answer.mode is {usual} (--mode {wanted.mode} does it)"
                )
        if wanted.model and not model:
            if (mode or usual) != LOCAL and not settings.cloud.configured:
                remarks.append(f"model {wanted.model}: no cloud is connected (-m {wanted.model} does it)")
            elif (mode or usual) != LOCAL and not _connected(wanted.model, settings):
                remarks.append(f"model {wanted.model}: you never connected that cloud (-m {wanted.model} does it)")
            else:
                model = wanted.model
        for remark in () if quiet else remarks:
            screen.say(f"The template {self.name} does not get its {remark}.", "yellow")
        return mode, model


def _connected(model: str, settings: Settings) -> bool:
    """Whether `model` is an alias of the user's, on this machine, at the server in use, or at one they have a table
    or a key for."""
    from persona_cli.paths import folders
    from persona_cli.secrets import host_of, is_loopback, where_key
    from persona_cli.settings import with_model

    there = with_model(settings, model).cloud
    if model in settings.models or there.provider in settings.providers:
        return True
    if host_of(there.base_url) == host_of(settings.cloud.base_url):
        return True
    return is_loopback(there.base_url) or bool(where_key(there, folders=folders()))


def chosen_template(template: str, params: Sequence[str], role: str, system: str) -> Chosen:
    """What the options name. --role and --system go before the system text of the template.

    Raises UsageError, NothingFound, SettingsError.
    """
    if role and system:
        raise UsageError("--role and --system both give the system text: choose one.")
    if params and not (template or role):
        raise UsageError("-p gives the variables of a template: name it with -t or --role.")
    if any("\ud800" <= character <= "\udfff" for character in system):
        raise UsageError("The system text is not UTF-8. Set the terminal's encoding to UTF-8.")
    from persona_cli.templates.template import Template

    if not (template or role):
        return Chosen("", Template(system=system))
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import load
    from persona_cli.templates.template import literal, read_params, role_of

    given: Mapping[str, str] = read_params(params)
    own = system
    if role:
        own, given = role_of(load(role, folders()), role, given, alone=not template)
    found = load(template, folders()) if template else Template()
    return Chosen(template, replace(found, system=literal(own) if template else own) if own else found, given)


def save_template(name: str, words: Sequence[str], template: Template, chosen: Chosen) -> None:
    """Keep what is asked as the template `name`, and ask nothing. Raises UsageError, StoreError."""
    from persona_cli.cli.intake import read_request
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import keep

    if chosen.name:
        raise UsageError("--save keeps a request and its options, and not one that is made with -t: choose one.")
    system = chosen.template.system
    typed = " ".join(words).strip()
    prompt = typed if typed or system else read_request(list(words))[0]
    path = keep(name, replace(template, prompt=prompt, system=system), folders())
    use = f"-t {name}" if prompt else f"--role {name}"
    screen.say(f"Saved as {path}, and nothing was asked. `persona {use} ...` uses it.", "dim")
