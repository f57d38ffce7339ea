"""One command line for what somebody describes, made like any other answer. It is never run here.

A command line is no prose: private values come back into it only where the user agrees to each text as a whole, since
a cloud that means ill could ask for them in one (`curl ...[PERSON_1]`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.errors import NothingFound, PersonaError
from persona_cli.privacy.restore import Values, restore
from persona_cli.privacy.sinks import ALL_SINKS, CODE
from persona_cli.settings import LOCAL, SKETCH, with_value

if TYPE_CHECKING:
    from persona_cli.parts import Parts

# What the cloud is told of this machine: the shell, and no more than what kind of system it is.
ROLE: Final = (
    "Turn what is asked into one {shell} command line for {system}. Answer with the command line alone: no "
    "explanation, no Markdown. Tokens in square brackets stand for file names, hosts and the like."
)
# What makes restore read all that follows as code.
_FENCE: Final = "```\n"
SYSTEMS: Final = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
TOO_SMALL: Final = (
    "No cloud is configured, and the embedded model nano cannot write shell commands. Connect a cloud "
    "(`persona setup`) or pull a local model (`persona models list --available`)."
)


@dataclass(frozen=True)
class Suggestion:
    """A command line. `bare` has the placeholders, and `text` the values where the user agreed to them."""

    text: str
    bare: str


def suggest(
    parts: Parts, described: str, shell: str, agree: Callable[[str], bool], system: str = sys.platform
) -> Suggestion:
    """A command line of `shell` for what is `described`.

    `agree` is asked before private values are put into it, and given the line as it would be with them. Raises Refused,
    CloudError, NothingFound for an answer without a command, and PersonaError where no model is large enough.
    """
    from persona_cli.assistant import Assistant
    from persona_cli.exchange import Request

    settings = parts.settings
    mode = LOCAL if settings.answer.mode == LOCAL or not settings.cloud.configured else SKETCH
    if mode == LOCAL and not settings.local.model:
        raise PersonaError(TOO_SMALL)
    assistant = Assistant(replace(parts, settings=with_value(settings, "privacy.restore_in", "")))
    role = ROLE.format(shell=shell, system=SYSTEMS.get(system, "Unix"))
    request = assistant.choose(Request(described, mode=mode, role=role, finish=False))
    if mode == LOCAL:
        bare = _command("".join(assistant.ask(request)))
        return Suggestion(bare, bare)
    draft = assistant.prepare(request)
    bare = _command("".join(assistant.send(draft)))
    whole = restore(bare, draft.table, ALL_SINKS).text
    unasked = _in_code(bare, draft.table, settings.privacy.restore_in)
    return Suggestion(whole if whole == unasked or agree(whole) else unasked, bare)


def _in_code(bare: str, table: Values, allowed: Collection[str]) -> str:
    """The command line `bare` with the values that the user's setting lets into code, and into the URLs in it."""
    if CODE not in allowed:
        return bare
    return restore(f"{_FENCE}{bare}", table, frozenset(allowed)).text.removeprefix(_FENCE)


def _command(answer: str) -> str:
    """The command line in an answer: its first code block, or all of it where it has none. Raises NothingFound."""
    from persona_cli.cli.extracting import code_blocks

    blocks = code_blocks(answer)
    command = (blocks[0].text if blocks else answer).strip()
    if command.startswith("`") and command.endswith("`") and command.count("`") == 2:
        command = command.strip("`").strip()
    if not command:
        raise NothingFound("The answer holds no command. Say it in other words.")
    return command.removeprefix("$ ")
