"""The gate: the only maker of `Cleared`, and `Cleared` is all that the cloud accepts.

It does not trust the drafter. It reads every string of the HTTP body for every known private value (folded, as parts
of names, run together, digits only, base64, URL-encoded) and runs detection once more. What it finds it masks, once; if
a known value is still there afterwards it refuses. It fails closed: an error in here means that nothing leaves.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from persona_cli.errors import Refused
from persona_cli.privacy.normal import Folded, digits, fold, squash
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import DETAIL, PERSON, TEXT, PrivateSpan, unite

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms

# A second look at text full of placeholders guesses more than the first: only a confident find is a reason to refuse.
SURE: Final = 0.8
# Shorter run-together or digit forms turn up by chance in ordinary text.
SQUASHED_LENGTH: Final = 8
DIGITS_LENGTH: Final = 6
NAME_PART_LENGTH: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
_PASS: Final = object()


class Cleared:
    """Bytes that may leave. `body` is the exact JSON body (UTF-8); `sha256` is its hex digest; `masked` counts repairs.

    Only `Gate.clear` can make one: anything else raises TypeError.
    """

    __slots__ = ("body", "masked", "sha256")
    body: bytes
    sha256: str
    masked: int

    def __init__(self, body: bytes, masked: int, gate_pass: object) -> None:
        if gate_pass is not _PASS:
            raise TypeError("Only the gate clears a request.")
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "masked", masked)
        object.__setattr__(self, "sha256", hashlib.sha256(body).hexdigest())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("What the gate cleared cannot be changed.")


@dataclass(frozen=True)
class Known:
    """A private value that must not leave, and its kind. Most come from the conversation's table and the profile."""

    value: str
    kind: str = DETAIL


def encode(body: Mapping[str, Any]) -> bytes:
    """The one serialisation of a request body: compact JSON, UTF-8, keys in the order given."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


class Gate:
    """Looks at all the bytes that would leave.

    `shipped` are strings persona itself wrote (its system prompts): a private value that happens to be one of their
    words is no leak, as they are the same for every user. `is_common` tells whether a lower-case word is ordinary
    English: the name "May" is looked for capitalised only.
    """

    def __init__(
        self,
        detector: Detector,
        shipped: Iterable[str] = (),
        is_common: Callable[[str], bool] = lambda word: False,
    ) -> None:
        self._detector = detector
        self._shipped = frozenset(shipped)
        self._is_common = is_common

    def clear(self, body: Mapping[str, Any], table: Pseudonyms, known: Sequence[Known] = ()) -> Cleared:
        """Clear `body`, masking once with placeholders of `table` what should not be in it.

        Raises Refused when a private value is still there after the repair.
        """
        found = {path: self._detected(path, text) for path, text in strings(body)}
        for span in (span for spans in found.values() for span in spans):
            table.token_for(span.kind, span.text)  # now known: looked for in every other string as well
        values = [Known(entry.value, entry.kind) for entry in table.entries if entry.kind != TEXT]
        searches = [_Search(item, self._is_common) for item in dict.fromkeys([*values, *known]) if item.value.strip()]
        masked = 0

        def repair(path: str, text: str) -> str:
            nonlocal masked
            spans = self._findings(text, searches, found.get(path, ()))
            masked += len(spans)
            return _mask(text, spans, table)

        repaired = _map_strings(body, repair)
        left = [
            f"{path}: {span.kind} '{span.text}' ({span.source})"
            for path, text in strings(repaired)
            for span in self._findings(text, searches, self._still_detected(path, text))
        ]
        encoded = encode(repaired)
        left += [f"the body: {item.value!r}, encoded" for item in _encoded_forms(encoded, searches)]
        if left:
            raise Refused(
                "Nothing was sent: private text was still in the request after one repair. Reword it, or use --local.",
                tuple(left),
            )
        return Cleared(encoded, masked, _PASS)

    def _detected(self, path: str, text: str, floor: float = 0.0) -> tuple[PrivateSpan, ...]:
        if not path.endswith("content") or text in self._shipped:
            return ()
        return _outside_tokens(text, [span for span in self._detector.find(text) if span.confidence >= floor])

    def _still_detected(self, path: str, text: str) -> tuple[PrivateSpan, ...]:
        """What detection is sure of after the repair, less the stumps that masking itself left beside a placeholder.

        `SystemContext.is[DETAIL_1]` reads as a domain now and did not before.
        """
        edges = {edge for token in find_tokens(text) for edge in (token.start, token.end)}
        return tuple(
            span for span in self._detected(path, text, floor=SURE) if span.start not in edges and span.end not in edges
        )

    def _findings(
        self, text: str, searches: Sequence[_Search], detected: Iterable[PrivateSpan]
    ) -> tuple[PrivateSpan, ...]:
        if text in self._shipped:
            return ()
        folded = fold(text)
        forms = (folded, squash(folded), digits(folded))
        known = [span for search in searches for span in search.find(text, forms)]
        return _outside_tokens(text, unite(text, [*known, *detected]))


class _Search:
    """One known value in the forms it could leak in."""

    def __init__(self, known: Known, is_common: Callable[[str], bool]) -> None:
        self.value = known.value
        self.kind = known.kind
        self._is_common = is_common
        words = fold(known.value).text.split()
        # A name's parts leak the name; a part of two letters or an ordinary word is looked for only within the whole.
        parts = _WORD.findall(known.value) if known.kind == PERSON and len(words) > 1 else []
        long = [fold(part).text.strip() for part in parts if len(part) >= NAME_PART_LENGTH]
        self._phrases = [" ".join(words), *long]
        joined = "".join(words)
        self._squashed = joined if len(joined) >= SQUASHED_LENGTH and not joined.isdigit() else ""
        number = "".join(character for character in joined if character.isdigit())
        mostly_digits = 2 * len(number) >= len(joined)
        self._digits = number if len(number) >= DIGITS_LENGTH and mostly_digits else ""

    def find(self, text: str, forms: tuple[Folded, Folded, Folded]) -> Iterator[PrivateSpan]:
        folded, squashed, numbers = forms
        for phrase in self._phrases:
            if phrase:
                yield from self._found(text, folded, f" {phrase} ", trim=1)
        if self._squashed:
            yield from self._found(text, squashed, self._squashed)
        if self._digits:
            yield from self._found(text, numbers, self._digits)

    def _found(self, text: str, form: Folded, needle: str, trim: int = 0) -> Iterator[PrivateSpan]:
        at = form.text.find(needle)
        while at >= 0:
            start, end = form.span(at + trim, at + len(needle) - trim)
            surface = text[start:end]
            # Run-together forms may stretch over some punctuation, never from one sentence into the next.
            near = end - start <= 2 * len(needle) + 8
            ordinary = surface.islower() and " " not in needle.strip() and self._is_common(surface)
            if near and not ordinary:
                yield PrivateSpan(start, end, self.kind, surface, "known", 1.0)
            at = form.text.find(needle, at + 1)

    def encodings(self) -> Iterator[bytes]:
        """The value as base64 (at all three alignments) and URL-encoded."""
        raw = self.value.strip().encode("utf-8")
        if len(raw) < SQUASHED_LENGTH:
            return
        for shift in range(3):
            # The characters at both ends mix with whatever stands beside the value: they are left out.
            coded = base64.b64encode(b"\0" * shift + raw)
            first, last = (0, 2, 3)[shift], len(coded) - (4 if coded.endswith(b"=") else 0)
            yield coded[first:last]
            yield coded[first:last].replace(b"+", b"-").replace(b"/", b"_")
        for escaped in (quote(self.value), quote_plus(self.value)):
            if escaped != self.value:
                yield escaped.encode("ascii")


def _encoded_forms(body: bytes, searches: Sequence[_Search]) -> Iterator[_Search]:
    for search in searches:
        if any(form in body for form in search.encodings()):
            yield search


def _outside_tokens(text: str, spans: Iterable[PrivateSpan]) -> tuple[PrivateSpan, ...]:
    """The spans, less what stands inside placeholders; a span around a placeholder is cut into its parts."""
    tokens = [(token.start, token.end) for token in find_tokens(text)]
    pieces: list[PrivateSpan] = []
    for span in spans:
        start = span.start
        for token_start, token_end in [*tokens, (len(text), len(text))]:
            if token_end <= start:
                continue
            stop = min(span.end, token_start)
            piece = text[start:stop]
            if stop > start and any(character.isalnum() for character in piece):
                left, right = len(piece) - len(piece.lstrip()), len(piece) - len(piece.rstrip())
                pieces.append(
                    PrivateSpan(start + left, stop - right, span.kind, piece.strip(), span.source, span.confidence)
                )
            start = max(start, token_end)
            if start >= span.end:
                break
    return tuple(pieces)


def _mask(text: str, spans: Sequence[PrivateSpan], table: Pseudonyms) -> str:
    for span in reversed(spans):
        text = text[: span.start] + table.token_for(span.kind, span.text) + text[span.end :]
    return text


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value, keys included, with its path ("messages[1].content")."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}.{key} (key)", key
            yield from strings(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from strings(item, f"{path}[{index}]")


def _map_strings(value: Any, change: Callable[[str, str], str], path: str = "") -> Any:
    """A copy of a JSON value with every string that is not a key changed."""
    if isinstance(value, str):
        return change(path, value)
    if isinstance(value, Mapping):
        return {key: _map_strings(item, change, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_strings(item, change, f"{path}[{index}]") for index, item in enumerate(value)]
    return value
