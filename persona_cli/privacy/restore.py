r"""Restore: put the values back where the cloud's text names their placeholders. While it streams, too.

Surrogates (surrogates/) are read like placeholders. Three rules make it safe to run on text that somebody else wrote.
Only a placeholder of this conversation's table is restored, and a restored value is not read again. Where the spelling
letter is unknown or the number is, nothing is guessed. And a placeholder is restored only in the sinks that the user
consented to (see sinks.py); the others stay visible and are reported.

Values go in as they are, also into HTML or a URL. One exception: a placeholder that came with JSON's \u escapes stands
in a JSON string, so its value gets the escapes of one (quotes, backslashes, control characters).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from persona_cli.privacy.placeholders import Found
from persona_cli.privacy.sinks import ALL_SINKS, PROSE_ONLY, TOOLS, URL, SinkReader, url_on_the_right

CONTEXT = 48
"""Characters to the left of a placeholder that decide whether it is one."""


class Values(Protocol):
    """The table of one conversation, as far as restore needs it."""

    def value_of(self, token: str) -> str | None: ...
    def find(self, text: str, start: int = 0) -> Iterator[Found]: ...
    def unfinished(self, text: str, start: int = 0) -> int: ...
    def doubts(self, text: str) -> Iterator[str]: ...
    @property
    def longest(self) -> int: ...


@dataclass(frozen=True)
class Restored:
    """The text with its values, and what did not become one."""

    text: str
    restored: int
    """How many placeholders became values."""
    unknown: tuple[str, ...]
    """Placeholders that the conversation never issued, each once, and what is made of a surrogate and something else.
    They are left in the text."""
    held: tuple[str, ...] = ()
    """Placeholders left in the text because of their sink, one entry for each place."""
    held_in: tuple[str, ...] = ()
    """The sinks that would have to be allowed for all of `held`: of "code", "prose" and "url", in this order."""


def restore(text: str, table: Values, sinks: frozenset[str] = PROSE_ONLY) -> Restored:
    """Restore a whole text. `sinks`: a subset of {"prose", "code", "url"}."""
    restorer = Restorer(table, sinks)
    restorer._waiting = text  # not fed: nothing of it has to be held back
    restorer._heard.append(text)
    whole = restorer.close()
    return Restored(whole, restorer.restored, restorer.unknown, restorer.held, restorer.held_in)


class Restorer:
    """Restores a stream. However the text is cut into chunks, all that `feed` and `close` return is, joined, what
    `restore` makes of the whole."""

    def __init__(self, table: Values, sinks: frozenset[str] = PROSE_ONLY) -> None:
        if not sinks <= ALL_SINKS | {TOOLS}:
            raise ValueError(f"sinks are {sorted(ALL_SINKS)}, not {sorted(sinks)}")
        self.restored = 0
        self._table = table
        self._sinks = sinks
        self._unknown: dict[str, None] = {}
        self._held: list[str] = []
        self._held_in: set[str] = set()
        self._before = ""  # the end of the input that is done with: context for the grammar
        self._waiting = ""
        self._heard: list[str] = []  # all of it: what became of a surrogate may show at the end only
        # Where every sink is allowed, nobody needs to know which one it is.
        self._reader = None if sinks >= ALL_SINKS else SinkReader()
        self._unread: list[
            str
        ] = []  # output that the reader has not seen: it is read up to a placeholder, when one comes

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(self._unknown)

    @property
    def held_back(self) -> int:
        """How many characters of the input wait for more of it."""
        return len(self._waiting)

    @property
    def held(self) -> tuple[str, ...]:
        return tuple(self._held)

    @property
    def held_in(self) -> tuple[str, ...]:
        return tuple(sorted(self._held_in))

    def feed(self, chunk: str) -> str:
        """Take the next piece, return what can be shown now: all but the shortest ending that more text could still
        turn into a placeholder, or a placeholder whose sink depends on what is glued to its right."""
        self._waiting += chunk
        self._heard.append(chunk)
        return self._go_on(ended=False)

    def close(self) -> str:
        """The rest. The stream has ended."""
        self._unknown.update(dict.fromkeys(self._table.doubts("".join(self._heard))))
        return self._go_on(ended=True)

    def _go_on(self, ended: bool) -> str:
        text = self._before + self._waiting
        done = len(self._before)
        out: list[str] = []
        for found in self._table.find(text, done):
            near = not ended and found.end > len(text) - self._table.longest
            if near and self._table.unfinished(text, done) <= found.start:
                break
            self._say(text[done : found.start], out)
            done = found.start
            replacement = self._replacement(found, text, ended)
            if replacement is None:
                return self._wait(text, done, out)
            self._say(replacement, out)
            done = found.end
        end = len(text) if ended else self._table.unfinished(text, done)
        self._say(text[done:end], out)
        return self._wait(text, end, out)

    def _say(self, piece: str, out: list[str]) -> None:
        out.append(piece)
        if self._reader is not None:
            self._unread.append(piece)

    def _wait(self, text: str, done: int, out: list[str]) -> str:
        self._before, self._waiting = text[max(0, done - CONTEXT) : done], text[done:]
        return "".join(out)

    def _replacement(self, found: Found, text: str, ended: bool) -> str | None:
        """What is shown in the place of `found`; None when that takes more text to tell."""
        raw = text[found.start : found.end]
        value = self._table.value_of(found.token) if found.value is None else found.value
        if value is None:
            if found.deliberate:
                self._unknown[found.token] = None
            return raw
        needed = self._sinks_here(found, text, ended)
        if needed is None:
            return None
        if not needed <= self._sinks:
            self._held.append(found.token if found.value is None else raw)
            self._held_in |= needed - self._sinks
            return raw
        self.restored += 1
        if found.json_escaped:
            value = json.dumps(value, ensure_ascii=False)[1:-1]
        return value + found.ending

    def _sinks_here(self, found: Found, text: str, ended: bool) -> frozenset[str] | None:
        if self._reader is None:
            return ALL_SINKS
        self._reader.read("".join(self._unread))
        self._unread.clear()
        needed = self._reader.sinks
        if URL not in self._sinks and needed <= self._sinks:
            glued = url_on_the_right(text, found.end, ended)
            if glued is None:
                return None
            if glued:
                return frozenset({URL})
        return needed
