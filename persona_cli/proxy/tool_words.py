"""The words of a client's tools: what a tool is called leaves with it, so it is nothing that a text could still keep.

Without this, no request could offer a tool `github_search`: in "Search GitHub" detection takes GitHub for a company,
and a name cannot be masked. What the user has said to be private, secrets and people's names stay private.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from persona_cli.privacy.bodies import strings
from persona_cli.privacy.detect import DENY, Detector
from persona_cli.privacy.spans import PERSON, SECRET, PrivateSpan
from persona_cli.privacy.words import lexicon

if TYPE_CHECKING:
    from persona_cli.proxy.asking import Asked

# How the path of a name of a field ends (privacy/bodies.py).
KEY: Final = " (key)"
_FACTS: Final = "facts"
# Of github_search, sendMail, HTTPGet2.
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class AmongTools(Detector):
    """`detector`, less what is made of `words` alone and that nobody has said to be private."""

    def __init__(self, detector: Detector, words: Iterable[str]) -> None:
        super().__init__(detector.sources)
        self._detector = detector
        self._words = frozenset(words)

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        return self._less(self._detector.find(text))

    def find_all(self, texts: Sequence[str]) -> list[tuple[PrivateSpan, ...]]:
        return [self._less(found) for found in self._detector.find_all(texts)]

    @contextmanager
    def begun(self, text: str) -> Iterator[None]:
        with self._detector.begun(text):
            yield

    def _less(self, found: Iterable[PrivateSpan]) -> tuple[PrivateSpan, ...]:
        return tuple(span for span in found if not self._named(span))

    def _named(self, span: PrivateSpan) -> bool:
        if span.source in (DENY, _FACTS) or span.kind == SECRET:
            return False
        words = _split(span.text)
        if not words or not span.text.isascii() or not ({*words} <= self._words or "".join(words) in self._words):
            return False
        names = lexicon()
        return span.kind != PERSON or not any(word in names.given or word in names.family for word in words)


def among_tools(detector: Detector, asked: Asked) -> Detector:
    """The detector for `asked`: the same where it offers no tools."""
    return AmongTools(detector, _called(asked)) if asked.tools else detector


def field_names(schema: Mapping[str, Any]) -> Iterable[str]:
    """Every name in a schema, those of its own language included."""
    return (name for path, name in strings(schema) if path.endswith(KEY))


def _called(asked: Asked) -> set[str]:
    """The words of the tools' names and of their fields', and each two of them joined: GitHub of create_git_hub."""
    called: set[str] = set()
    for tool in asked.tools:
        for name in (tool["name"], *field_names(tool.get("parameters", {}))):
            words = _split(name)
            called.update(words, map("".join, pairwise(words)), ["".join(words)])
    return called


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
