"""What another program is handed out of the memory, and what it may put in.

Most MCP clients send what they get to a cloud of their own. So they get what persona's cloud would get: placeholders in
the place of private details, the same ones for a whole run, past the gate, and nothing of what is told to nobody. In a
query the placeholders count as what they stand for, which stays here. All that is handed out is in the audit log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import Refused, UsageError
from persona_cli.privacy.bodies import strings
from persona_cli.privacy.known import Known
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.pseudonyms import Pseudonyms, pseudonymise
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.sketch.need import BALANCED, OPEN
from persona_cli.sketch.sensitive import topic

if TYPE_CHECKING:
    from persona_cli.parts import Parts

MOST_HITS: Final = 20
QUERY_LENGTH: Final = 2_000
TEXT_LENGTH: Final = 4_000
CLIENT_LENGTH: Final = 60
# Special categories (GDPR art. 9 and 10) and what was said in confidence: kept back where the level is balanced.
KEPT_BACK: Final = frozenset({"health", "belief", "law", "confidence"})


class Desk:
    """Hands out for one run. With `plain` nothing is replaced or kept back, not even what hardly fits.

    Methods raise StoreError, UsageError.
    """

    def __init__(self, parts: Parts, plain: bool = False) -> None:
        self._parts = parts
        self._plain = plain
        self._table = Pseudonyms()

    def search(self, query: str, k: int, client: str) -> dict[str, Any]:
        """{"memories": [{"content": text}], "withheld": count}: at most `k` that bear on `query`; `plain`: the best."""
        from persona_cli.memory.recall import recall, search

        asked = restore(query[:QUERY_LENGTH], self._table, ALL_SINKS).text
        store, most, names = self._parts.memory, max(1, min(k, MOST_HITS)), self._parts.user_names
        found = search(store, asked, most, names).hits if self._plain else recall(store, asked, most, names)
        given = self._given([hit.memory.text for hit in found])
        self._note(given, client, "search_memory")
        return given

    def add(self, text: str, client: str) -> dict[str, Any]:
        """Remember `text`, with the values of its placeholders. {"stored": whether it is new}."""
        from persona_cli.memory.statements.standing import INSTRUCTION, standing

        text = restore(text, self._table, ALL_SINKS).text.strip()
        if not text or len(text) > TEXT_LENGTH:
            raise UsageError(f"A memory is a text of 1 to {TEXT_LENGTH} characters.")
        if standing(text) == INSTRUCTION:
            raise UsageError("That is an instruction for every request: only the user gives persona those.")
        _, stored = self._parts.memory.add(text, source_id=f"mcp:{client[:CLIENT_LENGTH]}")
        return {"stored": stored}

    def _given(self, texts: list[str]) -> dict[str, Any]:
        if self._plain:
            return {"memories": [{"content": text} for text in texts], "withheld": 0}
        level = self._parts.settings.privacy.level
        telling = {text for text in texts if level != OPEN and _kept_back(text, level)}
        try:
            cleared = self._cleared([text for text in texts if text not in telling])
        except Refused:
            return {"memories": [], "withheld": len(texts)}
        return {"memories": cleared, "withheld": len(telling)}

    def _cleared(self, texts: list[str]) -> list[dict[str, str]]:
        from persona_cli.parts import make_gate

        parts, table = self._parts, self._table
        told = [{"content": pseudonymise(text, parts.detector.find(text), table)} for text in texts]
        known = [Known(value, fact.kind) for fact in parts.known_facts for value in (fact.value, *fact.aliases)]
        cleared = make_gate(parts.detector).clear({"memories": told}, table, known)
        memories: list[dict[str, str]] = json.loads(cleared.body)["memories"]
        return memories

    def _note(self, given: dict[str, Any], client: str, tool: str) -> None:
        """The receipt of what is handed out, before it is."""
        tokens = {token.token for _, text in strings(given) for token in find_tokens(text)}
        self._parts.audit.append(
            json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            conversation="",
            destination=f"MCP client {client[:CLIENT_LENGTH]}",
            model=tool,
            mode="mcp",
            outcome="handed out",
            withheld=given["withheld"],
            replaced=0 if self._plain else len(tokens),
            consent="--plain" if self._plain else "",
        )


def _kept_back(text: str, level: str) -> bool:
    about = topic(text)
    return about in KEPT_BACK if level == BALANCED else bool(about)
