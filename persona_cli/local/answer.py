"""One answer while it is being written: an iterator over pieces of text that can be closed at any moment."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from persona_cli.local.loops import Loops
from persona_cli.local.placeholder_rule import PlaceholderRule
from persona_cli.local.reading import Reader, Stopped
from persona_cli.local.sampling import Sampler
from persona_cli.local.vocabulary import Vocabulary


class Answer(Iterator[str]):
    """Pieces of whole characters. `tokens` are the answer's so far; `cut_short` tells, when it has ended, whether it
    ended at a limit (of tokens, of repeating itself, of what a grammar leaves) rather than by itself."""

    def __init__(self, write: Callable[[Answer], Generator[str, None, None]]) -> None:
        self.tokens: list[int] = []
        self.cut_short = False
        self.stopped = False
        self._pieces = write(self)

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """Stop the model at once, from this thread or another, even while it reads the prompt."""
        self.stopped = True
        with suppress(ValueError):  # it is being written in another thread, which sees `stopped`
            self._pieces.close()


def write(
    answer: Answer,
    prompt: list[int],
    limit: int,
    reader: Reader,
    vocabulary: Vocabulary,
    sampler: Sampler,
    rule: PlaceholderRule | None = None,
) -> Generator[str, None, None]:
    """Write up to `limit` tokens behind `prompt`. Raises ModelBroken.

    What may become a placeholder is held back until it is one, or none. Bytes that are no text (a grammar lets some
    malformed ones through) are left out where a grammar counts the characters, and shown as U+FFFD elsewhere.
    """
    tokens, ends = answer.tokens, vocabulary.end_tokens
    decoder, loops = codecs.getincrementaldecoder("utf-8")("ignore" if sampler.has_grammar else "replace"), Loops()
    held, opened = b"", 0
    turn, opening = -1, True
    with sampler, suppress(Stopped):
        while True:
            with reader.lock:
                if answer.stopped:
                    return
                if turn == reader.turn and opening:
                    reader.push(tokens[-1])
                else:
                    # At the beginning, after a step back, and where something else was read in the meantime.
                    reader.read([*prompt, *tokens], lambda: answer.stopped)
                    turn = reader.turn
                token = sampler.choose(reader, opening)
            if token is None and rule is not None and rule.is_open and opened < len(tokens):
                # The grammar leaves no room for the rest of a placeholder: on from before its bracket, without one.
                del tokens[opened:]
                sampler.restart(tokens)
                held, opening = b"", False
                continue
            if token in ends:
                answer.cut_short = False
                break
            opening = True
            if token is None:
                answer.cut_short = True
                break
            tokens.append(token)
            text = vocabulary.token_bytes(token)
            held += text
            if rule is None or not rule.is_open:
                opened = len(tokens)
                if piece := decoder.decode(held):
                    yield piece
                held = b""
            if len(tokens) >= limit or loops.closes(text):
                answer.cut_short = True
                break
    if rule is not None and rule.is_unfinished:
        held = b""
    # A character that is not whole stays in the decoder.
    if piece := decoder.decode(held):
        yield piece
