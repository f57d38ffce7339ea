"""Web pages for `-f`: the fetching of cloud/fetching.py with this user's gate and audit log around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persona_cli.cloud.fetching import Fetching

if TYPE_CHECKING:
    from persona_cli.cloud.fetching import Told
    from persona_cli.parts import Parts
    from persona_cli.privacy.audit import AuditLog
    from persona_cli.privacy.gate import Cleared

# What a receipt says in the place of a mode, and of the consent: the user typed the address.
FETCHED: Final = "fetch"
NAMED: Final = "you named the address"


class _Receipts:
    """Receipts in the audit log, of no conversation: a page is fetched before there is one."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def sending(self, cleared: Cleared, host: str) -> int:
        return self._log.append(
            cleared.body,
            conversation="",
            destination=host,
            model="",
            mode=FETCHED,
            outcome="sending",
            consent=NAMED,
        ).n

    def concluded(self, receipt: int, host: str, outcome: str, reason: str) -> None:
        self._log.append(
            b"",
            conversation="",
            destination=host,
            model="",
            mode=FETCHED,
            outcome=outcome,
            refers_to=receipt,
            reasons=(reason,),
        )


def fetching(parts: Parts, told: Told = lambda count: None) -> Fetching:
    """What fetches pages for the user of `parts`. Opens nothing yet."""
    from persona_cli.parts import make_gate
    from persona_cli.privacy.known import Known

    known = [Known(value, fact.kind) for fact in parts.known_facts for value in (fact.value, *fact.aliases)]

    def clear(address: str) -> Cleared:
        return make_gate(parts.detector).clear_address(address, known)

    return Fetching(clear, _Receipts(parts.audit), parts.env, told=told)
