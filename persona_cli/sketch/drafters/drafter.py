"""The interface of the drafters, and the drafter that generates nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from persona_cli.sketch import extractive
from persona_cli.sketch.sketch import EXTRACTIVE, Message, Sketch

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

LOCAL: Final = "local"


class Drafter(Protocol):
    """Makes sketches. `name` is "extractive" or "local"."""

    @property
    def name(self) -> str: ...

    def draft(
        self,
        request: str,
        document: str,
        history: Sequence[Message],
        memories: Sequence[Recalled],
        detector: Detector,
        table: Pseudonyms,
        level: str,
        role: str = "",
    ) -> Sketch:
        """A sketch of `request`; new placeholders are issued in `table`. `level` is privacy.level.

        `role` is the user's own system text.
        """


class Extractive:
    """The request's own words with placeholders: see sketch/extractive.py. `attributes` is privacy.attributes."""

    name = EXTRACTIVE

    def __init__(self, attributes: Collection[str] = ()) -> None:
        self._attributes = attributes

    def draft(
        self,
        request: str,
        document: str,
        history: Sequence[Message],
        memories: Sequence[Recalled],
        detector: Detector,
        table: Pseudonyms,
        level: str,
        role: str = "",
    ) -> Sketch:
        """See Drafter."""
        return extractive.draft(request, document, history, memories, detector, table, level, self._attributes, role)
