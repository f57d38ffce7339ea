"""`-x`: the code of an answer and nothing else, for a file or another program. Nothing is run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from persona_cli.cli import screen
from persona_cli.errors import NothingFound

if TYPE_CHECKING:
    from persona_cli.exchange import Answer, Reply

_BETWEEN: Final = "\n\n"


@dataclass(frozen=True)
class Block:
    """A code block; `language` is what stands behind the fence, or ""."""

    language: str
    text: str


def code_blocks(answer: str) -> list[Block]:
    """The fenced code blocks of a Markdown text, those in lists and quotes too; one that is not closed goes to the end.

    What is merely indented is no code here: models indent the text of their lists, and fences as well.
    """
    from markdown_it import MarkdownIt

    fences = [token for token in MarkdownIt().disable("code").parse(answer) if token.type == "fence"]
    return [Block((token.info.split() or [""])[0], token.content.removesuffix("\n")) for token in fences]


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
