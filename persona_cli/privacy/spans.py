"""Private spans: the pieces of a text that must not leave the machine, and how overlapping finds are united."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# The kinds of private span. A kind is also the word in its placeholder: PERSON -> [PERSON_1].
PERSON = "PERSON"
ORG = "ORG"
PLACE = "PLACE"
ADDRESS = "ADDRESS"
DATE = "DATE"
EMAIL = "EMAIL"
PHONE = "PHONE"
URL = "URL"
ID = "ID"  # card, bank account, passport, insurance, IP: any number that names one person or thing
MONEY = "MONEY"
USERNAME = "USERNAME"
SECRET = "SECRET"  # key, token, password  # noqa: S105
DETAIL = "DETAIL"  # a private fact as a whole, or a value of no other kind
TEXT = "TEXT"  # text of the user's that only looks like a placeholder
KINDS = (
    PERSON, ORG, PLACE, ADDRESS, DATE, EMAIL, PHONE, URL, ID, MONEY, USERNAME, SECRET, DETAIL, TEXT,
)  # fmt: skip


SURE = 0.9


@dataclass(frozen=True)
class PrivateSpan:
    """`text[start:end]` is private. Offsets count characters; `confidence` is 0..1.

    `source` is the detector that found it: facts, patterns, names, deny, ...
    """

    start: int
    end: int
    kind: str
    text: str
    source: str
    confidence: float = 1.0


def unite(text: str, spans: Iterable[PrivateSpan]) -> tuple[PrivateSpan, ...]:
    """Disjoint spans in order that together cover every character any of `spans` covers (the union wins).

    Overlapping spans become one; it takes kind and source from one that is sure (SURE) and covers them all, else from
    the most confident, then the longest: an e-mail address with a known name in it is an e-mail address.
    """
    united: list[list[PrivateSpan]] = []
    end = -1
    for span in sorted(spans, key=lambda item: (item.start, -item.end)):
        if span.end <= span.start:
            continue
        if span.start < end:
            united[-1].append(span)
        else:
            united.append([span])
        end = max(end, span.end)
    return tuple(_merge(text, group) for group in united)


def _merge(text: str, group: list[PrivateSpan]) -> PrivateSpan:
    start, end = group[0].start, max(span.end for span in group)
    length = end - start
    best = max(
        group,
        key=lambda span: (
            span.end - span.start == length and span.confidence >= SURE,
            span.confidence,
            span.end - span.start,
        ),
    )
    return PrivateSpan(start, end, best.kind, text[start:end], best.source, best.confidence)
