"""What a conversation has told the cloud about its user in coarse traits, and about how many people share them all.

No single one of "34 years old", "a nurse", "in Galway" names anybody; the three together nearly do. Traits are read off
the user's messages as they leave, attributes of placeholders included (traits.py).

The estimate, k-anonymity style (Sweeney, k-Anonymity, 2002, with the population in place of a table):

    k = inhabitants of the smallest place told  x  the product of the shares of the other traits (marginals.py)

That takes the traits as independent of each other, which is an approximation: nurses are women more often than not, so
their k is higher than estimated here, and for traits that exclude each other it is lower. Two values of one trait (two
ages) count as the rarer one, but for conditions, which add up.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from persona_cli.privacy import marginals
from persona_cli.privacy.traits import HEALTH, Trait, traits

if TYPE_CHECKING:
    from persona_cli.privacy.vault import Vault

# As often as k falls by another factor of this, there is another warning.
STEP: Final = 10
# Below two it is the user alone.
FEW: Final = 2


@dataclass(frozen=True)
class Exposure:
    """The traits a conversation has told, with those of the request at hand; `before` is k without that request."""

    traits: tuple[Trait, ...] = ()
    before: float = math.inf

    @property
    def counted(self) -> tuple[Trait, ...]:
        """One trait a kind, the rarest; every condition."""
        best: dict[str, Trait] = {}
        for trait in self.traits:
            key = trait.words if trait.kind == HEALTH else trait.kind
            if key not in best or (trait.share, trait.people) < (best[key].share, best[key].people):
                best[key] = trait
        return tuple(best.values())

    @property
    def k(self) -> float:
        """About how many people share the traits; infinite where there are none."""
        if not self.traits:
            return math.inf
        people = [trait.people for trait in self.counted if trait.people]
        return min(people, default=marginals.ALL_PEOPLE) * math.prod(trait.share for trait in self.counted)

    @property
    def sentence(self) -> str:
        """What was told and what it comes to, for the user: "" where nothing was."""
        return f"This conversation has told the cloud of you: {self.summary}." if self.traits else ""

    @property
    def summary(self) -> str:
        """The traits that count, and how many people share them: "age 34, nurse. About 6 people share that"."""
        told = ", ".join(trait.words for trait in self.counted)
        return (
            f"{told}. {f'About {_number(self.k)} people share' if self.k >= FEW else 'Hardly anybody else shares'} that"
        )

    def refusal(self, k_refuse: int) -> str:
        """Why the request is not sent when fewer than `k_refuse` people may share the traits; else ""."""
        if self.k >= k_refuse:
            return ""
        return (
            f"Nothing was sent: with this request the conversation would tell the cloud of you: {self.summary} "
            f"(an estimate). privacy.k_refuse is {k_refuse}: say less of yourself, use --local, or begin a new "
            "conversation."
        )

    def warning(self, k_anonymity: int) -> str:
        """The sentence, where the request at hand takes k below `k_anonymity`, or down another step; else ""."""
        if _step(self.k, k_anonymity) <= _step(self.before, k_anonymity):
            return ""
        return (
            f"With this request the conversation tells the cloud of you: {self.summary} "
            f"(an estimate; privacy.k_anonymity is {k_anonymity})."
        )


class Disclosures:
    """The traits that each conversation has told, sealed in its vault. Methods raise StoreError."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def told(self, conversation: str) -> tuple[Trait, ...]:
        """In no order that means anything."""
        return tuple(
            Trait(**json.loads(self._vault.open_text(trait, *_place(conversation, lookup))))
            for lookup, trait in self._vault.rows(
                "SELECT lookup, trait FROM disclosures WHERE conversation = ? ORDER BY rowid", conversation
            )
        )

    def tell(self, conversation: str, traits: Iterable[Trait]) -> None:
        """Add those that are new. What was told once stays told, also where the turn is taken back."""
        with self._vault.transaction() as connection:
            for trait in traits:
                lookup = self._vault.lookup("disclosures", conversation, trait.written())
                connection.execute(
                    "INSERT OR IGNORE INTO disclosures (conversation, lookup, trait) VALUES (?, ?, ?)",
                    (conversation, lookup, self._vault.seal_text(trait.written(), *_place(conversation, lookup))),
                )

    def copy_to(self, vault: Vault) -> None:
        """All into another vault that has the same conversations, sealed by its key."""
        copy = Disclosures(vault)
        with vault.transaction():
            for (conversation,) in self._vault.rows("SELECT DISTINCT conversation FROM disclosures"):
                copy.tell(conversation, self.told(conversation))


def _place(conversation: str, lookup: bytes) -> tuple[str, ...]:
    return ("disclosures", conversation, lookup.hex())


def expose(body: Mapping[str, Any], legend: Sequence[str] = (), told: Iterable[Trait] = ()) -> Exposure:
    """What is told when `body` (a chat-completions request) leaves, after `told`.

    `legend` are the lines about placeholders that are in it. Read is what the user wrote, their system text too, and
    what tools gave.
    """
    before = Exposure(tuple(told))
    texts = [message["content"] for message in body["messages"] if message["role"] in ("system", "user", "tool")]
    found = [trait for text in texts for trait in traits(text, legend)]
    return replace(before, traits=tuple(dict.fromkeys([*before.traits, *found])), before=before.k)


def _step(k: float, threshold: int) -> int:
    """0 where k is enough, 1 below `threshold`, 2 below a tenth of it ...; below two people there are no more steps."""
    if not threshold or k >= threshold:
        return 0
    return math.ceil(math.log(threshold / max(k, FEW), STEP) - 1e-9)


def _number(k: float) -> str:
    """Two figures at most: it is an estimate."""
    return f"{round(k, 1 - math.floor(math.log10(k))):,.0f}"
