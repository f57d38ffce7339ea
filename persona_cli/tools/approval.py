"""The user's yes to a call, and what stands in where nobody can be asked. Knows nothing of terminals.

What a call carries was written by the cloud, perhaps on the orders of a document that the cloud has read. So private
values go into it only where the user saw them go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from persona_cli.errors import Refused

if TYPE_CHECKING:
    from persona_cli.exchange import Draft
    from persona_cli.tools.tool import Tool

NOBODY_TO_ASK: Final = (
    "The tool {name} was not run: it needs your consent, and there is no terminal to ask at. Run persona at one, "
    "or let tools run that your settings trust: `trusted = true` under [mcp.NAME], or tools.trusted, and "
    "--approve-tools."
)

Verdict = Literal["values", "placeholders", "always", "no"]


@dataclass(frozen=True)
class Proposed:
    """A call that the cloud asks for. `arguments` are as it wrote them, `restored` has the private values in them.

    `tokens` are the placeholders that became values, and `unknown` those that this conversation never issued.
    """

    tool: Tool
    arguments: Mapping[str, Any] = field(hash=False)
    restored: Mapping[str, Any] = field(hash=False)
    tokens: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Approval(Protocol):
    """Asks the user."""

    def asked(self, call: Proposed) -> Verdict:
        """What becomes of `call`; "always": run it with values, and again while it needs no others.

        Raises Refused where nobody can be asked, Cancelled when the user stops the request.
        """

    def release(self, draft: Draft) -> None:
        """Show the next body before it leaves, where the user wants to see each. Raises Refused, Cancelled."""

    def told(self, text: str) -> None:
        """A remark on how it goes."""


class NobodyApproves:
    """The approval of a caller that has none to give."""

    def asked(self, call: Proposed) -> Verdict:
        raise Refused(NOBODY_TO_ASK.format(name=call.tool.name))

    def release(self, draft: Draft) -> None:
        from persona_cli.consent import nobody_to_ask

        nobody_to_ask(draft)

    def told(self, text: str) -> None:
        """Nobody hears it."""
