"""Pieces of Markdown as lines for a terminal, each a string with its colours.

What is drawn can be copied: no frames, no padding at the ends of lines, links with their addresses beside them, and
code as it is, its lines broken by nobody but the terminal. Imported only where something is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich import box, markdown
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from persona_cli.cli.blocks import Piece

if TYPE_CHECKING:
    from rich.syntax import Syntax

# A language's colours hang on the lines before: on so many of them here.
LINES_BEFORE: Final = 24
CODE_THEME: Final = "ansi_dark"


class Drawing:
    """Draws the pieces of one text in their order on `console`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._code_before: list[str] = []

    def finished(self, piece: Piece) -> list[str]:
        """The lines of a finished piece. The terminal may have to break those of code."""
        if piece.kind == "fence":
            self._code_before = []
            return [*_gap(piece), *self._written([Text(piece.text, "dim")])]
        if piece.kind == "code":
            drawn = self._highlighted(piece)
            return [*_gap(piece), *self._written([drawn])]
        return self._blocks(piece)

    def growing(self, piece: Piece) -> list[str]:
        """The lines of a piece that is not finished."""
        if piece.kind == "code":
            return [*_gap(piece), piece.text]
        return self._blocks(piece)

    def _highlighted(self, piece: Piece) -> Text:
        if not piece.language or self._console.no_color:
            return Text(piece.text)
        code = "\n".join([*self._code_before, piece.text])
        drawn = _syntax(piece.language).highlight(code).split("\n", allow_blank=True)
        at = len(self._code_before)
        self._code_before = [*self._code_before, piece.text][-LINES_BEFORE:]
        return drawn[at] if at < len(drawn) and drawn[at].plain == piece.text else Text(piece.text)

    def _blocks(self, piece: Piece) -> list[str]:
        drawn = _Markdown(piece.text, piece.number)
        lines = self._console.render_lines(drawn, self._console.options, pad=False)
        while lines and not _trimmed(lines[-1]):
            lines.pop()
        while lines and not _trimmed(lines[0]):
            lines.pop(0)
        written = self._printed(segment for line in lines for segment in (*_trimmed(line), Segment.line()))
        return [*_gap(piece), *written.split("\n")[:-1]]

    def _written(self, texts: list[Text]) -> list[str]:
        # Not printed as Text: its tabs would become spaces.
        return [self._printed(text.render(self._console, end="")) for text in texts]

    def _printed(self, segments: Iterable[Segment]) -> str:
        with self._console.capture() as printed:
            self._console.print(Segments(segments), end="", soft_wrap=True)
        return printed.get()


def _gap(piece: Piece) -> list[str]:
    return [""] if piece.gap else []


def _trimmed(line: list[Segment]) -> list[Segment]:
    """Without the spaces at its end."""
    kept = list(line)
    while kept and not kept[-1].text.rstrip():
        kept.pop()
    if kept:
        last = kept[-1]
        kept[-1] = Segment(last.text.rstrip(), last.style, last.control)
    return kept


@cache
def _parser() -> MarkdownIt:
    """CommonMark with tables; HTML and definitions of links are text, which rich would leave out."""
    rules = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    return rules.disable(["reference", "html_block", "html_inline"])


@cache
def _syntax(language: str) -> Syntax:
    """The colours of a language; none for one that nobody knows."""
    from rich.syntax import Syntax

    # Found once: a Syntax with a name looks its lexer up every time.
    lexer = Syntax("", language).lexer
    return Syntax("", lexer if lexer is not None else "text", theme=CODE_THEME)


class _Paragraph(markdown.Paragraph):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "default"
        yield self.text


class _Heading(markdown.Heading):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.justify = "default"
        text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield text


class _Code(markdown.CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip("\n")
        if console.no_color:
            yield Text(code)
            return
        drawn = _syntax(self.lexer_name).highlight(code)
        drawn.rstrip()
        drawn.no_wrap = False
        yield drawn


class _Quote(markdown.BlockQuote):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _behind("▌ ", "▌ ", self.elements, console, options, self.style)


class _Item(markdown.ListItem):
    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bullet = "- " if options.ascii_only else "• "
        yield from _behind(bullet, "  ", self.elements, console, options, self.style)

    def render_number(self, console: Console, options: ConsoleOptions, number: int, last_number: int) -> RenderResult:
        label = f"{number}. "
        yield from _behind(label, " " * len(label), self.elements, console, options, self.style)


class _Table(markdown.TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)
        if self.header is not None and self.header.row is not None:
            for cell in self.header.row.cells:
                table.add_column(cell.content, header_style="bold", justify=cell.justify, overflow="fold")
        for row in self.body.rows if self.body is not None else ():
            table.add_row(*(cell.content for cell in row.cells))
        yield table


class _Rule(markdown.HorizontalRule):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("---" if options.ascii_only else "───", "dim")


class _Markdown(markdown.Markdown):
    """`number` is that of the first item, where `markup` is one of a numbered list."""

    elements: ClassVar[dict[str, type[markdown.MarkdownElement]]] = {
        **markdown.Markdown.elements,
        "paragraph_open": _Paragraph,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
        "blockquote_open": _Quote,
        "list_item_open": _Item,
        "table_open": _Table,
        "hr": _Rule,
    }

    def __init__(self, markup: str, number: int | None = None) -> None:
        super().__init__("", code_theme=CODE_THEME)
        self.parsed = [*_readable(_parser().parse(markup))]
        if number is not None and self.parsed and self.parsed[0].type == "ordered_list_open":
            self.parsed[0].attrs["start"] = number


def _readable(tokens: Iterable[Token]) -> Iterator[Token]:
    """`tokens` with a line's end for a line's end, and with the address of a link behind its words."""
    address, words = "", ""
    for token in tokens:
        if token.children:
            token.children = [*_readable(token.children)]
        if token.type == "softbreak":
            # Of a letter's last lines rich would make one; and models break no lines that they do not mean.
            token.type = "hardbreak"
        elif token.type == "link_open":
            address, words = str(token.attrs.get("href", "")), ""
            continue
        elif token.type == "link_close":
            if address.removeprefix("mailto:") != words:
                yield Token("text", "", 0, content=f" ({address})")
            continue
        elif token.type == "image":
            name = f"{token.content or 'image'} ({token.attrs.get('src', '')})"
            token = Token("text", "", 0, content=name)
        words += token.content if token.nesting == 0 else ""
        yield token


def _behind(
    first: str, others: str, elements: Any, console: Console, options: ConsoleOptions, style: Any
) -> Iterator[Segment]:
    """`elements`, with `first` before the first line and `others` before the others."""
    inner = options.update(width=max(1, options.max_width - len(first)))
    for n, line in enumerate(console.render_lines(elements, inner, style=style, pad=False)):
        yield Segment(others if n else first)
        yield from line
        yield Segment.line()
