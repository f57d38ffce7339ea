"""A local model answers about a document that may be longer than its window.

Where the document fits, it is asked once. Else a translation or a correction is made part by part; for everything else
the model says what each part holds, and answers the request with that in the place of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from persona_cli.sketch.long_documents import condensed, iter_parts
from persona_cli.sketch.reading import TASKS, first_match
from persona_cli.sketch.sketch import Message, prompt

if TYPE_CHECKING:
    from persona_cli.local.engine import Engine

# What becomes of every part: no sentence of the document may be missing.
PART_BY_PART: Final = ("translate", "rewrite")
SUMMARISE: Final = "Summarise this in a few sentences."
# Of the window, so much is the answer's, and so much is what is said of one part.
ANSWER_SHARE: Final = 1 / 4
PART_SHARE: Final = 1 / 10


def fits(engine: Engine, messages: Sequence[Message], most: int, least: int = 0) -> bool:
    """Whether the window of `engine` has room for `messages` and an answer of `most` tokens, or its share for one.

    `least` tokens are kept free in any case.
    """
    return engine.count(messages) + max(least, min(most, int(engine.window * ANSWER_SHARE))) <= engine.window


def newest_that_fit(
    engine: Engine,
    history: Sequence[Message],
    document: str,
    ask: Callable[[Sequence[Message], str], Sequence[Message]],
    most: int,
    least: int = 0,
) -> tuple[list[Message], str]:
    """`history` without as many of its oldest exchanges as the window has no room for, and what to say of that.

    `ask` makes the messages for a history and a document. A document that is too long by itself is none of the reasons
    to leave turns out: LongReading reads it in parts.
    """
    kept = list(history)
    if kept and not fits(engine, ask((), document), most, least):
        document = ""
    while kept and not fits(engine, ask(kept, document), most, least):
        del kept[0]
        while kept and kept[0].role != "user":
            del kept[0]
    if len(kept) == len(history):
        return kept, ""
    left = "the oldest turns of this conversation" if kept else "all that was said before in this conversation"
    return kept, f"{left} did not fit {_limit(engine)}: not read this time"


def _limit(engine: Engine) -> str:
    return f"the window of {engine.name} ({engine.window} tokens)"


class LongReading:
    """One request to `engine` about `document`; `ask` makes the messages for a document that stands in its place.

    While and after `answer()` has been iterated, `told` says what was done to the document ("" for nothing), and
    `cut_short` whether an answer ended at its limit. `tokens_in` and `tokens_out` count what the model read and wrote
    for all of it. With a `schema` the answer is JSON of it, and one piece whatever the request asks for.
    """

    def __init__(
        self,
        engine: Engine,
        request: str,
        document: str,
        ask: Callable[[str], Sequence[Message]],
        most: int,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.told = ""
        self.cut_short = False
        self._engine = engine
        self._request = request
        self._document = document
        self._ask = ask
        self._most = most
        self._schema = schema
        self.tokens_in = 0
        self.tokens_out = 0

    def answer(self) -> Iterator[str]:
        """The text as it comes. Raises ContextOverflow where request and notes alone are too long."""
        if not self._document or self._fits(self._document) or not self._fits(""):
            yield from self._one(self._document)
        elif self._schema is None and first_match(self._request, TASKS) in PART_BY_PART:
            parts = list(iter_parts(self._document, self._fits))
            self.told = f"the document is longer than {self._limit} and was answered in {len(parts)} parts"
            for number, part in enumerate(parts):
                if number:
                    yield "\n\n"
                yield from self._one(part)
        else:
            done = condensed(self._document, self._fits, self._of_part)
            self.told = done.told(self._limit)
            yield from self._one(done.text)

    @property
    def _limit(self) -> str:
        return _limit(self._engine)

    def _fits(self, document: str) -> bool:
        return fits(self._engine, self._ask(document), self._most)

    def _one(self, document: str) -> Iterator[str]:
        yield from self._written(self._ask(document), self._most, self._schema)
        self.cut_short = self.cut_short or self._engine.cut_short

    def _of_part(self, part: str) -> str:
        asked = [self._ask("")[0], Message("user", prompt(SUMMARISE, part, (), ""))]
        return "".join(self._written(asked, int(self._engine.window * PART_SHARE)))

    def _written(
        self, messages: Sequence[Message], most: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        with closing(self._engine.stream(messages, max_tokens=most, schema=schema)) as pieces:
            try:
                yield from pieces
            finally:
                self.tokens_in += self._engine.count(messages)
                self.tokens_out += len(pieces.tokens)
