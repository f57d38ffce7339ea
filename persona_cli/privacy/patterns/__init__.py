"""The source "patterns": what has a form of its own. Each module finds one sort and knows nothing of the others."""

from __future__ import annotations

from collections.abc import Iterator

from persona_cli.privacy.patterns import addresses, amounts, contact, dates, machines, numbers, secrets
from persona_cli.privacy.patterns.found import NAME
from persona_cli.privacy.spans import PrivateSpan

_SORTS = (secrets.find, contact.find, numbers.find, dates.find, addresses.find, amounts.find, machines.find)


class Patterns:
    """Every pattern over one text; spans may overlap."""

    name = NAME

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """E-mail and postal addresses, URLs, numbers, dates, amounts, paths and secrets in `text`."""
        for sort in _SORTS:
            yield from sort(text)
