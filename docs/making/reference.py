"""The reference: Markdown pages, one for each command, and those for settings, environment and exit codes."""

from __future__ import annotations

import re
from textwrap import fill
from typing import Final

from docs.making import facts
from docs.making.tree import Page, Parameter, pages, written
from persona_cli.cli.chat.commands import COMMANDS, KEYS
from persona_cli.cloud.providers import KNOWN
from persona_cli.settings import Settings, flatten

NOTE: Final = "<!-- Made from the code by `python -m docs.make`: change it there. -->\n"
WIDTH: Final = 120


def reference() -> dict[str, str]:
    """The files of docs/reference: {name: content}."""
    all_pages = pages()
    top = {page.path[1]: page for page in all_pages if len(page.path) == 2}
    files = {"README.md": _index(all_pages[0], list(top.values()))}
    for name in top:
        own = [page for page in all_pages if page.path[1:2] == (name,)]
        more = _slash_commands() if name == "chat" else ""
        files[f"{name}.md"] = "\n".join([NOTE, *(_page(page) for page in own)]) + more
    files["settings.md"] = _settings()
    files["environment.md"] = _environment()
    return files


def plain(text: str) -> str:
    """`text` so that Markdown leaves it as it is, but for what stands between backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an odd backtick is a backtick
        return re.sub(r"([\\*_<\[`])", r"\\\1", text)
    return "`".join(part if at % 2 else re.sub(r"([\\*_<\[])", r"\\\1", part) for at, part in enumerate(parts))


def cell(text: str) -> str:
    """`text` in a table, where a bar divides cells between backticks too."""
    return plain(text).replace("|", "\\|")


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|--|--|", *(f"| {left} | {right} |" for left, right in rows)]
    return "\n".join(lines) + "\n"


def _index(root: Page, top: list[Page]) -> str:
    rows = [(f"[{page.name}]({page.path[1]}.md)", cell(page.summary)) for page in top]
    codes = [(str(code), meaning) for code, meaning in facts.EXIT_CODES.items()]
    return "\n".join(
        [
            NOTE,
            "# The reference\n",
            *(_paragraph(text) for text in root.paragraphs),
            _examples(root),
            _table(("command", "what it does"), rows),
            "[The settings](settings.md) · [environment and files](environment.md)\n",
            "## Exit codes\n",
            _table(("code", "means"), codes),
        ]
    )


def _page(page: Page) -> str:
    title = "#" if len(page.path) == 2 else "##"
    parts = [f"{title} {page.name}\n", *(_paragraph(text) for text in page.paragraphs), f"```text\n{page.usage}\n```\n"]
    parts.append(_examples(page))
    if page.commands:
        rows = [(f"[{name}](#{'-'.join((*page.path, name))})", cell(summary)) for name, summary in page.commands]
        parts.append(_table(("command", "what it does"), rows))
    if page.arguments:
        parts.append(_table(("argument", ""), [(_code(written(item)), _meaning(item)) for item in page.arguments]))
    if page.options:
        parts.append(_table(("option", ""), [(_option(item), _meaning(item)) for item in page.options]))
    return "\n".join(parts)


def _paragraph(text: str) -> str:
    return fill(plain(text), WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def _examples(page: Page) -> str:
    return "```console\n" + "\n".join(f"$ {line}" for line in page.examples) + "\n```\n"


def _option(item: Parameter) -> str:
    return _code(", ".join(item.names) + (f" {item.value}" if item.value else ""))


def _meaning(item: Parameter) -> str:
    more = f" Default: {item.default}." if item.default else ""
    return cell(item.help) + more


def _slash_commands() -> str:
    rows = [
        (
            _code(item.written) + (f" (also {', '.join(map(_code, item.aliases))})" if item.aliases else ""),
            cell(item.help),
        )
        for item in COMMANDS
    ]
    keys = "\n".join(f"- {plain(line.rstrip(';.'))}" for line in KEYS)
    return f"\n## Commands in the chat\n\n{_table(('command', 'what it does'), rows)}\n## Keys\n\n{keys}\n"


def _settings() -> str:
    parts = [
        NOTE,
        "# The settings\n",
        "`persona config set NAME VALUE` writes them into `config.toml`, `persona config get` shows what counts now.\n",
    ]
    values = flatten(Settings())
    for section in dict.fromkeys(name.split(".")[0] for name in facts.SETTINGS):
        rows = [
            (_code(name), f"{cell(meaning)}{_default(values[name])}")
            for name, meaning in facts.SETTINGS.items()
            if name.startswith(f"{section}.")
        ]
        parts += [f"## {section}\n", _table(("setting", ""), rows)]
    parts += ["## Tables that you name\n"]
    parts += [_table(("table", ""), [(_code(name), cell(meaning)) for name, meaning in facts.TABLES.items()])]
    return "\n".join(parts)


def _default(value: object) -> str:
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f" Default: `{shown}`." if shown else ""


def _environment() -> str:
    variables = [(_codes(name), cell(meaning)) for name, meaning in facts.ENVIRONMENT.items()]
    keys = [
        (_code(known.variable), f"The key for the provider {name}." if known.base_url else f"The key for {name}.")
        for name, known in KNOWN.items()
        if known.variable
    ]
    files = [(_codes(name), cell(meaning)) for name, meaning in facts.FILES.items()]
    return "\n".join(
        [
            NOTE,
            "# Environment and files\n",
            _table(("variable", ""), [*variables, *keys]),
            "## Files\n",
            "`persona doctor` checks them. Folders are 0700 and files 0600 from their first moment.\n",
            _table(("file", ""), files),
        ]
    )


def _codes(names: str) -> str:
    bare, bracket, rest = names.partition(" (")
    return ", ".join(_code(name) for name in bare.split(", ")) + bracket + rest
