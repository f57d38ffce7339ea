"""The parts of many users in one process, whose models are loaded once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from persona_cli.parts import Parts

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.local.engine import Engine
    from persona_cli.privacy.tagger import Tagger


class SharingParts(Parts):
    """A user's parts, with the tagger, the encoder and the local model of `shared`."""

    shared: Parts

    @cached_property
    def tagger(self) -> Tagger:
        return self.shared.tagger

    @cached_property
    def encoder(self) -> TextEncoder:
        return self.shared.encoder

    @cached_property
    def engine(self) -> Engine:
        return self.shared.engine
