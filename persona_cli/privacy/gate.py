"""The gate: the only maker of `Cleared`, and `Cleared` is all that the cloud accepts.

It does not trust the drafter. It reads every string of the HTTP body for every known private value (folded, as parts
of names, run together, digits only, base64, URL-encoded) and runs detection once more. What it finds it masks, once; if
a known value is still there afterwards it refuses. It fails closed: an error in here means that nothing leaves.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import Refused
from persona_cli.privacy.bodies import (
    FIXED,
    NAMES,
    NUMBERS,
    READ,
    VALUES,
    WORDED,
    WORDS,
    answers,
    encode,
    map_strings,
    numbers,
    strings,
)  # fmt: skip
from persona_cli.privacy.known import DIGITS_LENGTH, Known, KnownValues
from persona_cli.privacy.masking import mask, moved, outside_tokens
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import TEXT, PrivateSpan, unite

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms

# A second look at text full of placeholders guesses more than the first: only a confident find is a reason to refuse.
SURE: Final = 0.8
# Masking one value can uncover another: of "pe/acme.is" it leaves "pe" a word by itself. A repair looks so often.
UNCOVERED: Final = 3
CARRIED: Final = b"cleared by the gate"
_PASS: Final = object()
# What detection found in the texts that it has read.
Read = Mapping[str, tuple[PrivateSpan, ...]]
NOTHING: Final[Read] = MappingProxyType({})


class Cleared:
    """Bytes that may leave. `body` is the exact JSON body (UTF-8); `sha256` is its hex digest; `masked` counts repairs.

    Only the gate can make one: anything else raises TypeError.
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


def without(cleared: Cleared, key: str) -> Cleared:
    """`cleared` less one field of its body: what may leave may leave without it."""
    body = json.loads(cleared.body)
    if key not in body:
        return cleared
    del body[key]
    return Cleared(encode(body), cleared.masked, _PASS)


def carried(cleared: Cleared, seal: Seal) -> bytes:
    """`cleared` for another process of the same run, under the run's own seal."""
    return seal.seal(cleared.masked.to_bytes(4, "big") + cleared.body, CARRIED)


def arrived(sealed: bytes, seal: Seal) -> Cleared:
    """What a gate has cleared in another process: nobody else has the run's seal. Raises StoreDamaged."""
    plain = seal.open(sealed, CARRIED)
    return Cleared(plain[4:], int.from_bytes(plain[:4], "big"), _PASS)


class Gate:
    """Looks at all the bytes that would leave.

    `shipped` are strings persona itself wrote (its system prompts): a private value that happens to be one of their
    words is no leak, as they are the same for every user. `leads` are such beginnings of a string, behind which the
    user's own text is looked at like any other. `joints` are what it puts between texts, which detection reads each
    for itself: a request that stood above other details in the turn before is not read anew. `is_common` tells whether
    a lower-case word is ordinary English: the name "May" is looked for capitalised only.
    """

    def __init__(
        self,
        detector: Detector,
        shipped: Iterable[str] = (),
        leads: Iterable[str] = (),
        joints: Iterable[str] = (),
        is_common: Callable[[str], bool] = lambda word: False,
    ) -> None:
        self._detector = detector
        self._shipped = frozenset(shipped)
        self._leads = tuple(leads)
        self._joint = re.compile("|".join(map(re.escape, joints)) or r"(?!)")
        self._is_common = is_common
        self._read: dict[tuple[str, bool], tuple[PrivateSpan, ...]] = {}
        self._guarded: tuple[tuple[Known, ...], KnownValues] = ((), KnownValues((), is_common))

    def clear(
        self, body: Mapping[str, Any], table: Pseudonyms, known: Sequence[Known] = (), legend: str = ""
    ) -> Cleared:
        """Clear `body`, masking once with placeholders of `table` what should not be in it.

        `legend` is what persona itself wrote at the end of a message about the placeholders, as the user allows:
        detection reads the message without it, and known values are looked for in it like anywhere else.

        Raises Refused when a private value is still there after the repair.
        """
        # By path and text: a key with a dot in it gives two strings one path.
        texts = list(dict.fromkeys((path, _before(text, legend)) for path, text in strings(body)))
        to_read = [piece for path, text in texts for _, piece in self._to_read(path, text)]
        with self._detector.begun(max(to_read, key=len, default="")):
            # Meanwhile the known values are looked for, which stay the same where detection finds nothing new.
            guarded = self._values(_known_in(table, known))
            for _, text in texts:
                guarded.find(text[self._lead(text) :])
            read = dict(zip(to_read, self._detector.find_all(to_read), strict=True))
        found = {(path, text): self._detected(path, text, read) for path, text in texts}
        for span in (span for spans in found.values() for span in spans):
            table.token_for(span.kind, span.text)  # now known: looked for in every other string as well
        guarded = self._values(_known_in(table, known))
        answered = answers(body)
        masked = 0
        clean: set[tuple[str, str]] = set()

        def repair(path: str, text: str) -> str:
            nonlocal masked
            if FIXED.search(path):
                return text
            detected = found[path, _before(text, legend)]
            spans = self._findings(text, guarded, detected, path in answered)
            if not spans:
                clean.add((path, text))
            for _ in range(UNCOVERED):
                if not spans:
                    break
                masked += len(spans)
                text = mask(text, spans, table)
                spans = self._findings(text, guarded, (), path in answered)
            return text

        repaired = map_strings(body, repair)
        legend = mask(legend, self._findings(legend, guarded, ()), table)
        left = [
            f"{path}: {span.kind} '{span.text}' ({span.source})"
            for path, text in strings(repaired)
            if (path, text) not in clean  # a second look at the same text finds the same: nothing
            for span in self._findings(
                text, guarded, self._still_detected(path, _before(text, legend), read), path in answered
            )
        ]
        encoded = encode(repaired)
        left += [f"the body: {item.value!r}, encoded" for item in guarded.encoded(encoded)]
        left += self._private_numbers(repaired, guarded)
        if left:
            raise Refused(
                "Nothing was sent: private text was still in the request after one repair. Reword it, or use --local.",
                tuple(left),
            )
        if table.uses_surrogates:
            encoded = self._with_surrogates(repaired, table, guarded, known, answered) or encoded
        return Cleared(encoded, masked, _PASS)

    def clear_prompt(
        self,
        body: Mapping[str, Any],
        texts: Sequence[str],
        answer: str,
        table: Pseudonyms,
        known: Sequence[Known] = (),
    ) -> Cleared:
        """Clear the raw completion `body` as it stands, or not at all: nothing in it is masked.

        `texts` are the messages in its prompt, in order, each cleared as such before; `answer` is what was written
        behind them, at which nobody has looked yet. Detection reads each message and each paragraph of the answer for
        itself, and once. Known values are looked for in every string of the body. Raises Refused.
        """
        prompt = str(body["prompt"])
        if not _in_order(prompt, texts, answer):
            texts, answer = (), prompt
        guarded = self._values(_known_in(table, known))
        spans = [span for text in texts for span in self._once(text, again=True)]
        spans += [span for paragraph in answer.split("\n\n") for span in self._once(paragraph, again=False)]
        spans += outside_tokens(answer, guarded.glued(answer))
        for _, text in strings(body):
            spans += [span for piece in self._own(text) for span in self._findings(piece, guarded, ())]
        encoded = encode(body)
        left = [f"the prompt: {span.kind} '{span.text}' ({span.source})" for span in spans]
        left += [f"the body: {item.value!r}, encoded" for item in guarded.encoded(encoded)]
        if left:
            raise Refused("Nothing was sent: private text was in the prompt. Reword it, or use --local.", tuple(left))
        return Cleared(encoded, 0, _PASS)

    def clear_address(self, address: str, known: Sequence[Known] = ()) -> Cleared:
        """Clear the address of a web page as it stands, or not at all. Raises Refused (see addresses.py)."""
        from persona_cli.privacy.addresses import detected, spellings

        guarded, texts = self._values(tuple(known)), spellings(address)
        spans = [span for text in texts for span in (*guarded.find(text), *guarded.glued(text))]
        spans += detected(address, self._detector)
        left = [f"the address: {span.kind} '{span.text}' ({span.source})" for span in spans]
        left += [f"the address: {item.value!r}, encoded" for text in texts for item in guarded.encoded(text.encode())]
        if left:
            raise Refused(
                "Nothing was fetched: there is private text in the address, and its host would read it. Save the "
                "page and give the file with -f FILE. `persona config set privacy.allow` says what is not private.",
                tuple(dict.fromkeys(left)),
            )
        return Cleared(address.encode("utf-8"), 0, _PASS)

    def _values(self, known: tuple[Known, ...]) -> KnownValues:
        if self._guarded[0] != known:
            self._guarded = (known, KnownValues(known, self._is_common))
        return self._guarded[1]

    def _once(self, text: str, again: bool) -> tuple[PrivateSpan, ...]:
        """What detection finds in a text of a prompt; `again`: in one that was cleared as a message before."""
        key = (text, again)
        if key not in self._read:
            path = "content"
            self._read[key] = self._still_detected(path, text) if again else self._detected(path, text)
        return self._read[key]

    def _lead(self, text: str) -> int:
        """Where in `text` begins what is not persona's own: behind a lead, or nowhere."""
        if text in self._shipped:
            return len(text)
        return max((len(lead) for lead in self._leads if text.startswith(lead)), default=0)

    def _own(self, text: str) -> list[str]:
        """`text` without what persona itself wrote."""
        pieces = [text]
        for shipped in filter(None, self._shipped):
            pieces = [part for piece in pieces for part in piece.split(shipped)]
        return pieces

    def _with_surrogates(
        self,
        body: Mapping[str, Any],
        table: Pseudonyms,
        guarded: KnownValues,
        known: Sequence[Known],
        answered: frozenset[str],
    ) -> bytes:
        """The cleared `body` with surrogates for its placeholders, b"" where a known value would then be in it.

        They come last: detection finds them private, for that is how they look. Known values are looked for once more.
        """
        from persona_cli.privacy.surrogates.dressing import issue_for, put_on, stays

        def leaks(text: str) -> Iterator[PrivateSpan]:
            yield from guarded.find(text)
            yield from guarded.glued(text)

        issue_for((text for _, text in strings(body)), table, [item.value for item in known], leaks)

        def dress(_: str, text: str) -> str:
            lead = self._lead(text)
            return text[:lead] + put_on(text[lead:], table, leaks)

        dressed = map_strings(body, dress)
        left = [
            span
            for path, text in strings(dressed)
            for span in self._findings(text, guarded, (), path in answered)
            if not stays(span.text)
        ]
        encoded = encode(dressed)
        return b"" if left or guarded.encoded(encoded) else encoded

    def _private_numbers(self, body: Mapping[str, Any], guarded: KnownValues) -> list[str]:
        """The findings in the numbers of a schema or of a tool, of as many digits as a private one has."""
        found: list[str] = []
        for path, text in numbers(body):
            if len(text) < DIGITS_LENGTH or not NUMBERS.search(path):
                continue
            spans = list(guarded.find(text))
            if VALUES.search(path):
                spans += [span for span in self._detector.find(text) if span.confidence >= SURE]
            found += [f"{path}: {span.kind} '{span.text}' ({span.source})" for span in spans]
        return found

    def _to_read(self, path: str, text: str) -> list[tuple[int, str]]:
        """What detection reads of `text`, piece by piece, each with where it begins."""
        lead = self._lead(text)
        if not READ.search(path) or lead == len(text) or (WORDED.search(path) and WORDS.fullmatch(text)):
            return []
        bounds = [lead, *(edge for joint in self._joint.finditer(text, lead) for edge in joint.span()), len(text)]
        return [(start, text[start:end]) for start, end in zip(bounds[::2], bounds[1::2], strict=True)]

    def _detected(self, path: str, text: str, read: Read = NOTHING, floor: float = 0.0) -> tuple[PrivateSpan, ...]:
        """What detection finds in `text`; of the pieces that were `read` already, what it found."""
        floor = max(floor, SURE if NAMES.search(path) else 0.0)
        found = [
            span
            for start, piece in self._to_read(path, text)
            for span in moved(read[piece] if piece in read else self._detector.find(piece), start)
            if span.confidence >= floor
        ]
        return outside_tokens(text, found)

    def _still_detected(self, path: str, text: str, read: Read = NOTHING) -> tuple[PrivateSpan, ...]:
        """What detection is sure of after the repair, less the stumps that masking itself left beside a placeholder.

        `SystemContext.is[DETAIL_1]` reads as a domain now and did not before.
        """
        edges = {edge for token in find_tokens(text) for edge in (token.start, token.end)}
        return tuple(
            span for span in self._detected(path, text, read, SURE) if span.start not in edges and span.end not in edges
        )

    def _findings(
        self, text: str, guarded: KnownValues, detected: Iterable[PrivateSpan], answered: bool = False
    ) -> tuple[PrivateSpan, ...]:
        lead = self._lead(text)
        if lead == len(text):
            return ()
        rest = text[lead:]
        known = [*guarded.find(rest), *(guarded.glued(rest) if answered else ())]
        return outside_tokens(text, unite(text, [*moved(known, lead), *detected]))


def _known_in(table: Pseudonyms, known: Sequence[Known]) -> tuple[Known, ...]:
    return (*(Known(entry.value, entry.kind) for entry in table.entries if entry.kind != TEXT), *known)


def _in_order(prompt: str, texts: Sequence[str], answer: str) -> bool:
    """Whether `texts` stand in `prompt`, one behind the other, and `answer` at its end."""
    at = 0
    for text in texts:
        if (found := prompt.find(text, at)) < 0:
            return False
        at = found + len(text)
    return prompt[at:].endswith(answer)


def _before(text: str, legend: str) -> str:
    return text.removesuffix(legend) if legend else text
