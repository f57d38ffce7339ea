"""What is private in the address of a web page, for the gate.

The address is told to its host, and to the name server the host's name. A path is what the host itself calls its page,
so a name in it (/wiki/Ada_Lovelace) is no news to it: of what only looks private, e-mail addresses, secrets and numbers
with a checksum count there. What stands behind the question mark is said to the host, and counts as any other text.
Known values count everywhere, in every spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus, urlsplit

from persona_cli.privacy.spans import DATE, EMAIL, ID, MONEY, PHONE, SECRET, SURE, TEXT, URL, USERNAME, PrivateSpan

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector

# What nobody is known by.
HARMLESS: Final = frozenset((DATE, MONEY, URL, TEXT))
# What the tagger takes a bare value for (?id=40012345, ?ref=nb_sb_noss): it knows them by the words around.
BARE: Final = frozenset((ID, PHONE, USERNAME))
SURELY_PRIVATE: Final = frozenset((EMAIL, SECRET))
NUMBERS: Final = frozenset((ID, PHONE))
# By its looks, and not because anybody said so.
BY_LOOKS: Final = frozenset(("patterns", "structure", "names", "tagger"))
# An address is encoded once, and within another address twice.
ENCODED: Final = 2
_JOINTS: Final = re.compile(r"[-_+.]+")


def spellings(address: str) -> tuple[str, ...]:
    """`address` as it stands, and decoded."""
    found = [address]
    for _ in range(ENCODED):
        found.append(unquote_plus(found[-1]))
    return tuple(dict.fromkeys(found))


def detected(address: str, detector: Detector) -> Iterator[PrivateSpan]:
    """What `detector` finds in `address` that counts where it stands."""
    parts = urlsplit(address)
    for text in _texts([parts.netloc, *parts.path.split("/")]):
        for span in detector.find(text):
            sure = span.kind in SURELY_PRIVATE or (span.kind in NUMBERS and span.confidence >= SURE)
            if span.source not in BY_LOOKS or (sure and span.source != "tagger"):
                yield span
    pairs = [pair.partition("=") for pair in re.split("[&;]", parts.query)]
    for text in _texts([name for name, _, value in pairs if value]):
        yield from (span for span in detector.find(text) if span.kind in SURELY_PRIVATE and span.source != "tagger")
    for text in _texts([value or name for name, _, value in pairs]):
        for span in detector.find(text):
            if span.kind not in HARMLESS and not (span.source == "tagger" and span.kind in BARE):
                yield span


def _texts(parts: list[str]) -> Iterator[str]:
    """Each part decoded, and where hyphens and the like join its words, these apart."""
    for part in dict.fromkeys(unquote(unquote_plus(part)) for part in parts if part):
        yield part
        apart = _JOINTS.sub(" ", part)
        if apart != part:
            yield apart
