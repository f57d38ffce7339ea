"""The trained tagger as a source of private spans: all-MiniLM-L6-v2 fine-tuned to label words (models/recipes/tagger).

Finds what no rule knows: names, organisations, places, works and details by their context. Knows nothing of patterns,
checksums or facts; those are sources of their own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_cli.ahead import Soon, side_by_side
from persona_cli.errors import ModelBroken
from persona_cli.local import encoder
from persona_cli.paths import embedded_model
from persona_cli.privacy import spans
from persona_cli.privacy.phrases import Phrases, lowered
from persona_cli.privacy.pieces import Pieces, pieces
from persona_cli.privacy.spans import PrivateSpan, unite
from persona_cli.privacy.words import is_unspaced, lexicon

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

TAGGER = "tagger"

# What a word can be, in the order of the graph's output. O: nothing private.
LABELS = ("O", "PERSON", "ORG", "PLACE", "ADDRESS", "WORK", "DATE", "ID", "CONTACT", "OTHER")
_KINDS = {
    "PERSON": spans.PERSON, "ORG": spans.ORG, "PLACE": spans.PLACE, "ADDRESS": spans.ADDRESS, "WORK": spans.DETAIL,
    "DATE": spans.DATE, "ID": spans.ID, "OTHER": spans.DETAIL,
}  # fmt: skip

START, END = encoder.START, encoder.END
# Nobody waits long for so many windows.
FEW = 2
WINDOW = 254  # word pieces, without [CLS] and [SEP]
# A text of more characters is hardly ever of one window: it is not cut into pieces just to find that out.
LONGER = 8 * WINDOW
OVERLAP = 32  # each piece is judged in the window where it stands farther from an edge
# A word is private from this much probability on: what the curve in models/tagger.json was read at.
THRESHOLD = 0.2
# What this sure a span of these kinds is, is looked for in the rest of the text.
SURE = 0.3
_ECHOED = frozenset((spans.PERSON, spans.ORG, spans.PLACE, spans.DETAIL, spans.USERNAME))
_SHORTEST = 3
_SHORTEST_UNSPACED = 2
# What a name does not begin or end with, in lower case: "the Bay Area" loses its article, not its place.
_LOOSE = frozenset("a an and at by for from her his in is its my of on or our the their to with your".split())
_WORD = re.compile(r"[^\W_]+")
# What may stand, unlabelled and without spaces, between two words of one span: Anne-Marie, O'Brien, J.R.
_JOINTS = frozenset("-'’.&")


class Tagger:
    """The source "tagger". `model` (ONNX) and `tokenizer` (JSON): without them, the files that persona ships.

    A word is private when the model gives it a private label with `threshold` (0..1) or more of the probability.
    The windows of a long text are read by `threads` threads (0: as many as there are cores, at most four), each by
    one: a window in two threads takes three quarters of the time and a third more of the processor.
    `reading` is told how much of a text of many windows is done: 0..1.
    Loaded at the first text (ModelMissing, ModelBroken); threads may share one tagger.
    """

    name = TAGGER

    def __init__(
        self,
        model: Path | None = None,
        tokenizer: Path | None = None,
        threads: int = 0,
        threshold: float = THRESHOLD,
        reading: Callable[[float], None] | None = None,
    ) -> None:
        self._model = model
        self._vocabulary = tokenizer
        self._threads = threads or min(encoder.MOST_THREADS, encoder.usable_cores())
        self.threshold = threshold
        self._reading = reading
        self._under_way: dict[str, Soon[tuple[Pieces, list[NDArray[np.float32]]]]] = {}
        self._loading = threading.Lock()
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def is_warm(self) -> bool:
        """Whether the first text has nothing to load any more."""
        return self._session is not None

    def warm_up(self) -> None:
        """Load now what the first text would load."""
        self._open()

    @contextmanager
    def begun(self, text: str) -> Iterator[None]:
        """`text` is read by a second thread from here on, and a `find` of it inside the block waits for that.

        Nothing is begun of a text of several windows, which has work for every thread as it is, nor on one core.
        """
        if self._threads < 2 or len(text) > LONGER or not text.strip() or text in self._under_way:
            yield
            return
        found = self._pieces(text)
        windows = _windows(len(found.ids))
        if len(windows) > 1:
            yield
            return
        with Soon(lambda: (found, [self._run(found, windows[0])])) as read:
            self._under_way[text] = read
            try:
                yield
            finally:
                self._under_way.pop(text, None)

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Disjoint spans in order, on word boundaries, without the punctuation around them."""
        if not text.strip():
            return
        found, odds = self.odds(text)
        yield from private_spans(text, found, odds, self.threshold)

    def odds(self, text: str) -> tuple[Pieces, NDArray[np.float32]]:
        """The pieces of `text`, and for each the probability of each label: float32 [pieces, len(LABELS)]."""
        read = self._under_way.get(text)
        found, of_windows = read.result() if read else self._read(text)
        length = len(found.ids)
        odds = np.zeros((length, len(LABELS)), np.float32)
        for (start, end), logits in zip(_windows(length), of_windows, strict=True):
            # From the middle of one overlap to the middle of the next.
            first = start and start + OVERLAP // 2
            until = end if end == length else end - OVERLAP // 2
            odds[first:until] = _softmax(logits[1 + first - start : 1 + until - start])
        return found, odds

    def _pieces(self, text: str) -> Pieces:
        tokenizer, _ = self._open()
        return pieces(text, tokenizer.encode(encoder.encodable(text), add_special_tokens=False))

    def _read(self, text: str) -> tuple[Pieces, list[NDArray[np.float32]]]:
        found = self._pieces(text)
        return found, self._logits(found, _windows(len(found.ids)))

    def _logits(self, found: Pieces, windows: list[tuple[int, int]]) -> list[NDArray[np.float32]]:
        """Of each window float32 [its pieces and two, len(LABELS)]."""
        done, caller = 0, threading.get_ident()

        def read(window: tuple[int, int]) -> NDArray[np.float32]:
            nonlocal done
            if watching and threading.get_ident() == caller:  # what draws is asked to by one thread alone
                watching(done / len(windows))
            logits = self._run(found, window)
            done += 1
            return logits

        watching = self._reading if len(windows) > FEW else None
        try:
            return side_by_side(read, windows, self._threads)
        finally:  # also when it is interrupted: who draws a bar takes it away
            if watching:
                watching(1.0)

    def _run(self, found: Pieces, window: tuple[int, int]) -> NDArray[np.float32]:
        start, end = window
        ids = np.array([[START, *found.ids[start:end], END]], np.int64)
        shapes = np.array([[0, *found.shapes[start:end], 0]], np.int64)
        _, session = self._open()
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "shape_ids": shapes}
        logits: NDArray[np.float32] = session.run(["logits"], inputs)[0][0]
        return logits

    def _open(self) -> tuple[Tokenizer, InferenceSession]:
        with self._loading:
            if self._tokenizer is None:
                self._tokenizer = _tokenizer(encoder.present(self._vocabulary or embedded_model("tokenizer.json")))
            if self._session is None:
                path = encoder.present(self._model or embedded_model("tagger.onnx"))
                try:
                    self._session = encoder.open_session(path, threads=1)
                except ModelBroken as error:
                    raise _broken(path) from error
            return self._tokenizer, self._session


def private_spans(text: str, found: Pieces, odds: NDArray[np.float32], threshold: float) -> tuple[PrivateSpan, ...]:
    """The spans of the words of which at least one piece has a private label with `threshold` of the probability.

    Disjoint, in order. A name that is found for sure is private wherever the text repeats it: one occurrence that
    stays would tell it.
    """
    marked = list(_labelled(text, found, odds, threshold))
    return unite(text, [*marked, *_echoes(text, marked)])


def _echoes(text: str, marked: list[PrivateSpan]) -> Iterator[PrivateSpan]:
    """What `marked` holds for sure, wherever else it stands: whole names, and their words that are no English words.

    Names of English words only in the same case: a firm called Apple is not an apple.
    """
    exact: dict[str, PrivateSpan] = {}
    folded: dict[str, PrivateSpan] = {}
    for span in marked:
        if span.kind in _ECHOED and span.confidence >= SURE:
            rare = [word for word in _WORD.findall(span.text) if not word.islower() and not lexicon().is_word(word)]
            for name in (span.text, *rare):
                if len(name) >= (_SHORTEST_UNSPACED if is_unspaced(name) else _SHORTEST):
                    exact.setdefault(name, span)
                    if rare:
                        folded.setdefault(lowered(name), span)
    for names, where in ((exact, text), (folded, lowered(text) if folded else "")):
        for start, name in Phrases(names).alone(where):
            end = start + len(name)
            yield replace(names[name], start=start, end=end, text=text[start:end])


def _labelled(text: str, found: Pieces, odds: NDArray[np.float32], threshold: float) -> Iterator[PrivateSpan]:
    private = np.zeros((len(found.words), len(LABELS)), np.float32)
    np.maximum.at(private, found.word_of, odds)
    score = np.zeros(len(found.words), np.float32)
    np.maximum.at(score, found.word_of, 1 - odds[:, 0])
    label = private[:, 1:].argmax(axis=1) + 1
    run: list[int] = []
    for index in np.flatnonzero(score >= threshold).tolist():
        if run and not (label[index] == label[run[-1]] and _joined(text, found.words, run[-1], index)):
            yield from _span(text, found.words, run, score, LABELS[label[run[0]]])
            run = []
        run.append(index)
    if run:
        yield from _span(text, found.words, run, score, LABELS[label[run[0]]])


def _joined(text: str, words: list[tuple[int, int]], left: int, right: int) -> bool:
    between = text[words[left][1] : words[right][0]]
    if right == left + 1:
        return "\n" not in between
    return right == left + 2 and between in _JOINTS


def _span(
    text: str, words: list[tuple[int, int]], run: list[int], score: NDArray[np.float32], label: str
) -> Iterator[PrivateSpan]:
    while run and not _speaks(text, words[run[0]]):
        run = run[1:]
    while run and not _speaks(text, words[run[-1]]):
        run = run[:-1]
    if run:
        start, end = words[run[0]][0], words[run[-1]][1]
        value = text[start:end]
        sure = float(score[run].mean())
        yield PrivateSpan(start, end, _KINDS.get(label) or _contact(value), value, TAGGER, min(1.0, sure))


def _speaks(text: str, word: tuple[int, int]) -> bool:
    surface = text[word[0] : word[1]]
    return any(map(str.isalnum, surface)) and surface not in _LOOSE


def _contact(value: str) -> str:
    if "@" in value[1:]:
        return spans.EMAIL
    if sum(map(str.isdigit, value)) * 2 > len(value):
        return spans.PHONE
    return spans.URL if "/" in value or "." in value else spans.USERNAME


def _windows(length: int) -> list[tuple[int, int]]:
    """Start and end of the overlapping windows over `length` pieces."""
    if length <= WINDOW:
        return [(0, length)]
    starts = range(0, length - OVERLAP, WINDOW - OVERLAP)
    return [(start, min(start + WINDOW, length)) for start in starts]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    odds: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return odds


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise _broken(path) from error


def _broken(path: Path) -> ModelBroken:
    return ModelBroken(
        f"The model file {path} cannot be used. Reinstall persona (./install.sh), or run its recipe: "
        "python -m models.recipes.tagger"
    )
