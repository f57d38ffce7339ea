"""The man page persona(1), in the macros of man(7)."""

from __future__ import annotations

from typing import Final

from docs.making import facts
from docs.making.tree import Page, Parameter, pages, written
from persona_cli import __version__
from persona_cli.cli.chat.commands import COMMANDS, KEYS

NOTE: Final = '.\\" Made from the code by `python -m docs.make`: change it there.\n'
# In troff a plain one of these is a typographic sign: the output would not be what one has to type.
_SIGNS: Final = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}


def man() -> str:
    """The whole page."""
    all_pages = pages()
    root, *rest = all_pages
    parts = [
        NOTE,
        f'.TH PERSONA 1 "" "persona {__version__}" "User Commands"\n',
        ".SH NAME\n",
        f"persona \\- {plain(_lower(root.summary.removesuffix('.')))}\n",
        ".SH SYNOPSIS\n",
        *(f"{usage}\n.br\n" for usage in ("\\fBpersona\\fR [\\fIOPTIONS\\fR] \\fITEXT\\fR...",)),
        "\\fBpersona\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n",
        ".SH DESCRIPTION\n",
        *(_paragraph(text) for text in root.paragraphs),
        ".SH EXAMPLES\n",
        _examples(root),
        ".SH COMMANDS\n",
        *(_page(page) for page in rest),
        ".SH COMMANDS IN THE CHAT\n",
        *(_item(f"\\fB{plain(item.written)}\\fR", item.help) for item in COMMANDS),
        ".PP\n",
        *(f"{line(text)}\n.br\n" for text in KEYS),
        ".SH EXIT STATUS\n",
        *(_item(f"\\fB{code}\\fR", meaning) for code, meaning in facts.EXIT_CODES.items()),
        ".SH ENVIRONMENT\n",
        *(_item(f"\\fB{plain(name)}\\fR", meaning) for name, meaning in facts.ENVIRONMENT.items()),
        ".SH FILES\n",
        *(_item(f"\\fI{plain(name.replace('`', ''))}\\fR", meaning) for name, meaning in facts.FILES.items()),
        ".SH SETTINGS\n",
        *(_item(f"\\fB{plain(name)}\\fR", meaning) for name, meaning in facts.SETTINGS.items()),
        *(_item(f"\\fB{plain(name)}\\fR", meaning) for name, meaning in facts.TABLES.items()),
    ]
    return "".join(parts)


def plain(text: str) -> str:
    """`text` as troff prints it sign for sign, within a line that begins with something else."""
    return "".join(_SIGNS.get(char, char) for char in text)


def line(text: str) -> str:
    """`text` as a line of its own: a dot or an apostrophe at its beginning is no request. What stands between
    backticks is bold."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        shown = plain(text)
    else:
        shown = "".join(f"\\fB{plain(part)}\\fR" if at % 2 else plain(part) for at, part in enumerate(parts))
    return _no_request(shown)


def _no_request(shown: str) -> str:
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _paragraph(text: str) -> str:
    return f".PP\n{line(text)}\n"


def _item(head: str, text: str) -> str:
    return f".TP\n{head}\n{line(text)}\n"


def _examples(page: Page) -> str:
    return ".PP\n.nf\n" + "".join(f"{_no_request(plain(example))}\n" for example in page.examples) + ".fi\n"


def _page(page: Page) -> str:
    bare = page.usage.removeprefix(page.name)
    parts = [f".SS {plain(page.name)}\n", f"\\fB{plain(page.name)}\\fR{plain(bare)}\n"]
    parts += [_paragraph(text) for text in page.paragraphs]
    parts += [_item(f"\\fI{plain(written(item))}\\fR", _meaning(item)) for item in page.arguments if item.help]
    parts += [_item(_option(item), _meaning(item)) for item in page.options]
    return "".join(parts) + _examples(page)


def _option(item: Parameter) -> str:
    names = ", ".join(f"\\fB{plain(name)}\\fR" for name in item.names)
    return f"{names} \\fI{plain(item.value)}\\fR" if item.value else names


def _meaning(item: Parameter) -> str:
    return f"{item.help} (default: {item.default})" if item.default else item.help
