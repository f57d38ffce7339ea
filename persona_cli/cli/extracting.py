"""`-x`: the code of an answer and nothing else, for a file or another program. Nothing is run here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from persona_cli.cli import screen
from persona_cli.errors import NothingFound

if TYPE_CHECKING:
    from persona_cli.exchange import Answer, Reply

# The line that opens a fenced code block (CommonMark 4.5), in a list or a quote as well.
_OPENS: Final = re.compile(r"([ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*")
_BETWEEN: Final = "\n\n"


@dataclass(frozen=True)
class Block:
    """A code block; `language` is what stands behind the fence, or ""."""

    language: str
    text: str


def code_blocks(answer: str) -> list[Block]:
    """The fenced code blocks of a Markdown text, in order; one that is not closed goes to the end."""
    found: list[Block] = []
    fence = lead = language = ""
    lines: list[str] = []
    for line in answer.split("\n"):
        if not fence:
            opened = _OPENS.fullmatch(line.rstrip("\r"))
            if opened:
                lead, fence, language = opened.groups()
                lines = []
            continue
        bare = line.strip(" \t>\r")
        if bare.startswith(fence) and not bare.strip(fence[0]):
            found.append(Block(language, "\n".join(lines)))
            fence = ""
        else:
            lines.append(_without_lead(line, lead))
    if fence:
        found.append(Block(language, "\n".join(lines).rstrip("\n")))
    return found


def show_code(reply: Reply, every: bool = False) -> Answer | None:
    """Print the first code block of an answer, or `every` one with a blank line between them.

    Raises NothingFound where there is none, once the answer is on stderr: it is not lost.
    """
    with screen.working("writing"):
        text = "".join(screen.until_interrupted(reply))
    blocks = code_blocks(text)
    if not blocks:
        screen.say(text.strip("\n"))
        raise NothingFound("The answer holds no code block; it stands above. Without -x it goes to stdout.")
    chosen = _BETWEEN.join(block.text for block in (blocks if every else blocks[:1]))
    screen.write(screen.visible(chosen) + "\n")
    return reply.answer


def _without_lead(line: str, lead: str) -> str:
    """`line` less what stands before the opening fence: indentation, the room of a list's mark, quote marks."""
    marks = " \t>" if ">" in lead else " \t"
    for _ in lead:
        if line[:1] not in tuple(marks):
            break
        line = line[1:]
    return line
