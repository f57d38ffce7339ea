"""Which sink a position of a Markdown text is in: prose, code, or a URL.

A placeholder restored in prose is read by the user. Restored inside a URL it goes to whoever owns the URL as soon as
something fetches it, and inside code as soon as somebody runs it; and the text around it was written by the cloud,
perhaps on the orders of a document (NVIDIA/garak#166 is the probe for images). So the reader here errs to one side:
where Markdown, HTML and the link finders of terminals disagree, a position counts as URL or code.

code  fenced blocks (``` and ~~~, also unclosed, in lists and in quotes) and `inline` code, up to the end of its
      paragraph where it is not closed; <script> and <style>; a line that begins with a command of the shell that
      sends; a paragraph behind what looks like the arguments of a tool. Indented text is prose: indentation is too
      common in lists.
url   what stands in an escape sequence of the terminal (OSC 8 is a link, OSC 52 the clipboard); link and image targets
      with their titles, reference definitions, the inside of every <tag> and <autolink>, HTML attributes that load or
      send, CSS url(), and every run of non-blank characters that holds a URL, to the left or to the right of the
      position. A URL inside code is both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROSE = "prose"
CODE = "code"
URL = "url"
ALL_SINKS = frozenset({PROSE, CODE, URL})
# Not of a text: what the cloud asks for from a tool of somebody else's (the endpoint of `persona serve --http`).
TOOLS = "tools"
PROSE_ONLY = frozenset({PROSE})

LOOK_RIGHT = 48
"""How many characters glued to the right of a placeholder are searched for a URL that it would be part of."""

_TAIL = 64  # characters of context kept; no pattern that looks left needs more
_HEAD_MOST = 1_000  # of a line, for reference definitions (CommonMark allows labels of 999 characters)
_FENCE_HEAD_MOST = 100

# What cmark-gfm takes for the end of a URL: ASCII blanks only. A no-break space stays inside.
_BLANKS = " \t\n\r\f\v"
_SCHEME = r"//|\\/\\?/|(?:https?|ftps?|wss?|mailto|javascript|data):|(?:tel|sms|smsto):\+?[0-9]"
# A domain with a path is a URL without a scheme, to people and to curl.
_HOST_END = r"(?::[0-9]{1,5})?[/?#]"
_DOMAIN_WITH_PATH = rf"(?:[a-z0-9-]\.[a-z]{{2,24}}|[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}){_HOST_END}"
_URL_LEFT = re.compile(rf"(?ai:{_SCHEME}|www\.|{_DOMAIN_WITH_PATH})")
_URL_RIGHT = re.compile(
    rf"(?ai:{_SCHEME}|{_DOMAIN_WITH_PATH}|\A\.[a-z]{{2,24}}{_HOST_END}"
    r"|\A\.(?:[a-z0-9-]+\.)+[a-z]{2}|@[a-z0-9-]+\.[a-z])"
)
# Besides blanks, the marks that can't stand between a placeholder and the rest of a URL's scheme or host.
_RIGHT_RUN = re.compile(rf"[^{_BLANKS}<>(){{}}\"'`|*]{{0,{LOOK_RIGHT}}}")

_EVENT = re.compile(
    # A new line, with whether it starts a block of its own; code marks; an escaped character; punctuation.
    r"\n(?=([ \t>]*(?:[-*+][ \t]|[0-9]{1,9}[.)][ \t]|\#{1,6}[ \t]|\|))?)|`+|~~~+|\\[^\n`]|[<>()\"']"
    r"|[\x1b\x07\x9b\x9c\x9d]"
)
_ATTRIBUTE = re.compile(
    r"(?ai:\b(?:href|src|srcset|action|formaction|poster|data|background|ping|cite|url|content|style)\s*=\s*)\Z"
)
_BLOCK_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+[ \t>]*)*")
_FENCE_END = re.compile(r"([ \t>]*)(`{3,}|~{3,})[ \t\r]*")
# What a person would paste into a shell, also where no code block is around it.
_COMMAND = re.compile(
    r"(?ai:(?:\A[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?|[|;&(`])[ \t]*(?:[$%#][ \t]+)?(?:sudo[ \t]+)?"
    r"(?:curl|wget|nc|ncat|netcat|socat|ssh|scp|sftp|rsync|telnet|nslookup|httpie|xdg-open|sendmail|echo|printf"
    r"|invoke-webrequest|iwr|irm)[ \t]|\A[ \t>]*\$[ \t]+[a-z]|\$\()"
)
# What a program would take for a call: the arguments of a tool, as JSON, as a tag or as a function.
_CALL = re.compile(
    r"(?ai:[\"'](?:arguments|parameters|tool_input|function_call|tool_calls?)[\"']\s*:"
    r"|<\|?/?(?:tool|function)[_-]?(?:call|use|calls)?\b|<(?:invoke|parameter)\b|\btool(?:_call)?s?:\s)"
)
_RAW_TAG = re.compile(r"(?ai:<(script|style)\b[^<]*\Z)")
_AUTOLINK = re.compile(r"(?ai:[a-z][a-z0-9+.-]{1,31}:[^\s<>]*)")
# [label]: target, perhaps a title. Two plain words after the colon are somebody's speech; [^1]: is a footnote.
_DEFINITION = re.compile(r"[ \t>]*\[(?!\^)[^\]]+\]:[ \t]*(?:<[^>]*|\S*|(?:<[^>]*>|\S+)[ \t]+[\"'(].*)")


def url_on_the_right(text: str, start: int, ended: bool) -> bool | None:
    """Whether the characters glued to `text[:start]` make it part of a URL. None: that takes more text to tell; never
    None where LOOK_RIGHT characters follow or `ended` says that no more will come."""
    match = _RIGHT_RUN.match(text, start)
    run = match[0] if match else ""
    if start + len(run) == len(text) and len(run) < LOOK_RIGHT and not ended:
        return None
    return _URL_RIGHT.search(run) is not None


@dataclass
class _Fence:
    """A fenced block. `opening` while still in its first line."""

    marks: str
    indent: int
    opening: bool = True

    def closed_by(self, line: str) -> bool:
        end = _FENCE_END.fullmatch(line)
        # A closing fence that is indented by more than 3 is text (CommonMark 4.5).
        return end is not None and end[2].startswith(self.marks) and len(end[1]) <= self.indent + 3


@dataclass
class _Target:
    """The parentheses of a link target, `](here "title")`; depth 0 = not in one."""

    depth: int = 0
    angle: bool = False
    quote: str = ""

    def read(self, mark: str, left: str) -> None:
        """`mark` is one of <>()"', `left` the text before it."""
        if self.depth == 0:
            self.depth = int(mark == "(" and (left.endswith("]") or left[-3:].lower() == "url"))
        elif self.angle:
            self.angle = mark != ">"
        elif self.quote:
            self.quote = "" if mark == self.quote else self.quote
        elif mark == "<":
            self.angle = left.rstrip(_BLANKS).endswith("(")
        elif mark in "()":
            self.depth += 1 if mark == "(" else -1
        elif mark in "\"'" and left[-1:] in _BLANKS:
            self.quote = mark


@dataclass
class _Tag:
    """An HTML tag or an autolink. `start` counts from the beginning of the whole text; -1 = not in one."""

    start: int = -1
    quote: str = ""
    quote_end: int = -1

    def read(self, mark: str, left: str, following: str, position: int) -> bool:
        """True where `mark` ends a tag whose last character is surely not part of a URL any more."""
        if self.quote:
            if mark == self.quote:
                self.quote, self.quote_end = "", position + 1
        elif mark == "<" and (following.isalpha() or following in tuple("/!?")):
            self.start = position
        elif self.start >= 0 and mark in "\"'" and left.rstrip().endswith("="):
            self.quote = mark
        elif self.start >= 0 and mark == ">":
            inside = left[len(left) - (position - self.start) + 1 :] if position - self.start <= len(left) else ""
            sure = position == self.quote_end or _AUTOLINK.fullmatch(inside) is not None
            self.start = -1
            return sure
        return False


class SinkReader:
    """Reads a text once, from left to right, and knows the sinks of the position it has reached."""

    def __init__(self) -> None:
        self._read = 0
        self._tail = ""
        self._head = ""  # of the current line
        self._run = ""  # the end of the current run of non-blank characters
        self._run_is_url = False
        self._fence: _Fence | None = None
        # A backtick may pair with one in a later line or may not: both readings are kept, and either is enough.
        self._ticks_in_paragraph = 0
        self._ticks_in_line = 0
        self._target = _Target()
        self._tag = _Tag()
        self._attribute = ""  # the quote that will close it
        self._raw_tag = ""  # script or style, up to its end
        self._called = False  # in this paragraph a tool was
        self._escape = False  # between ESC and the end of what it tells the terminal

    def read(self, text: str) -> None:
        """Go on by `text`. Marks of several characters (``` or a <t) count only where no two calls cut them, so the
        caller cuts at placeholders and nowhere else."""
        known = self._tail + text
        shift = self._read - len(self._tail)
        line_start = run_start = len(self._tail)
        for event in _EVENT.finditer(known, len(self._tail)):
            first, start = known[event.start()], event.start()
            if first == "\n":
                self._end_line(self._head + known[line_start : min(start, line_start + _HEAD_MOST)], event[1])
                self._head = ""
                line_start = event.end()
            elif first in "\x1b\x07\x9b\x9c\x9d":
                self._escape = first in "\x1b\x9b\x9d" and known[start + 1 : start + 2] != "\\"
            elif first in "`~":
                self._read_marks(
                    event[0],
                    known[max(0, start - _TAIL) : start],
                    len(self._head) + start - line_start,
                    (self._head + known[line_start : line_start + _FENCE_HEAD_MOST]),
                )
            elif first != "\\":
                left = known[max(0, start - _TAIL) : start]
                self._target.read(first, left)
                self._read_raw_tag(first, known[max(0, start - _HEAD_MOST) : start], known[start : start + 8])
                if self._tag.read(first, left, known[start + 1 : start + 2], start + shift):
                    run_start = event.end()
                    self._run, self._run_is_url = "", False
                self._read_attribute(first, left)
        self._head = (self._head + known[line_start : line_start + _HEAD_MOST])[:_HEAD_MOST]
        self._read_run(known[run_start:])
        self._tail = known[-_TAIL:]
        self._read += len(text)

    @property
    def sinks(self) -> frozenset[str]:
        """The sinks of what comes next: {prose}, {code}, {url}, or {code, url}."""
        in_url = (
            self._run_is_url
            or self._target.depth > 0
            or self._tag.start >= 0
            or self._attribute != ""
            or self._escape
            or _DEFINITION.fullmatch(self._head) is not None
        )
        in_code = (
            self._fence is not None
            or self._ticks_in_paragraph > 0
            or self._ticks_in_line > 0
            or self._raw_tag != ""
            or self._called
            or _CALL.search(self._head) is not None
            or _COMMAND.search(self._head) is not None
        )
        found = [sink for sink, here in ((URL, in_url), (CODE, in_code)) if here]
        return frozenset(found or [PROSE])

    def _read_run(self, text: str) -> None:
        start = 1 + max(text.rfind(blank) for blank in _BLANKS)
        run = text[start:] if start else self._run + text
        self._run_is_url = (self._run_is_url and not start) or _URL_LEFT.search(run) is not None
        self._run = run[-_TAIL:]

    def _read_marks(self, marks: str, left: str, column: int, head: str) -> None:
        """A run of backticks or tildes at `column` of the line that begins with `head`."""
        if self._fence is not None:
            if not (self._fence.opening and marks[0] == self._fence.marks[0] == "`"):
                return
            # No backtick may follow a fence in its own line: so that was inline code.
            self._ticks_in_paragraph = self._ticks_in_line = len(self._fence.marks)
            self._fence = None
        elif len(marks) >= 3 and column <= _FENCE_HEAD_MOST and _BLOCK_PREFIX.fullmatch(head[:column]):
            self._fence = _Fence(marks, column)
            return
        if marks[0] == "`":
            escaped = (len(left) - len(left.rstrip("\\"))) % 2 == 1
            self._ticks_in_paragraph = _ticks_after(self._ticks_in_paragraph, len(marks), escaped)
            self._ticks_in_line = _ticks_after(self._ticks_in_line, len(marks), escaped)

    def _read_raw_tag(self, mark: str, left: str, following: str) -> None:
        """Inside <script> nothing is Markdown, blank lines included."""
        if mark == ">" and not self._raw_tag and (opened := _RAW_TAG.search(left)):
            self._raw_tag = opened[1].lower()
        elif mark == "<" and self._raw_tag and following.lower().startswith(f"</{self._raw_tag}"):
            self._raw_tag = ""

    def _read_attribute(self, mark: str, left: str) -> None:
        if mark == self._attribute:
            self._attribute = ""
        elif not self._attribute and mark in "\"'" and _ATTRIBUTE.search(left):
            self._attribute = mark

    def _end_line(self, line: str, starts_block: str | None) -> None:
        self._ticks_in_line = 0
        self._target.angle = False
        self._called = self._called or _CALL.search(line) is not None
        if self._fence is not None:
            if self._fence.opening:
                self._fence.opening = False
            elif self._fence.closed_by(line):
                self._fence, self._target, self._tag = None, _Target(), _Tag()
        blank = not line.strip(" \t\r>")
        if blank or starts_block is not None:
            self._ticks_in_paragraph = 0
        if blank:
            self._target, self._tag = _Target(), _Tag()
            self._called = self._escape = False


def _ticks_after(opened: int, marks: int, escaped: bool) -> int:
    """The length of the open backtick run after a run of `marks` of them; 0 = none open. A backslash counts outside
    code only."""
    if opened:
        return 0 if marks == opened else opened
    return marks - 1 if escaped else marks
