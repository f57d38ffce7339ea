"""A tool: what the cloud is told of it, and what came of a call. Values, and the cleaning of what strangers wrote.

The description of a tool from an MCP server is written by whoever wrote the server. It is cut, and stripped of what
cannot be seen; that it can still ask a model to do things is why every call is shown to the user first.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

# What OpenAI-compatible servers take for a name.
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Between the name of a server and that of its tool.
JOINT: Final = "__"
DESCRIPTION_LENGTH: Final = 1_000
# Of a text inside a schema, and of a schema as JSON: a tool that needs more is not offered.
TEXT_LENGTH: Final = 300
SCHEMA_LENGTH: Final = 8_000
SCHEMA_DEPTH: Final = 12
# Characters of a result that are read at all.
OUTCOME_LENGTH: Final = 400_000
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@dataclass(frozen=True)
class Tool:
    """`name` is what the cloud and the user call it, `own_name` what its source does. `parameters` is a JSON Schema.

    `source` names the server or the file, `where` says in words where it runs, and `host` is set where its arguments
    leave this machine for another. `trusted`: the user's settings say that it may run unasked (--approve-tools).
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = field(hash=False)
    source: str
    own_name: str
    where: str
    host: str = ""
    trusted: bool = False

    @property
    def offer(self) -> dict[str, Any]:
        """The tool as it stands in the body of a request."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class Outcome:
    """What a tool gave back, as text: private data. `failed` says that it is an error."""

    text: str
    failed: bool = False


class ToolSource(Protocol):
    """Where tools come from. `tools` raises ToolFailed; `call` raises nothing: what went wrong is an outcome."""

    name: str

    def tools(self) -> tuple[Tool, ...]: ...
    def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Outcome: ...
    def close(self) -> None: ...


def plain(text: object, length: int) -> str:
    """`text` of a stranger, without what is not seen, and no longer than `length` characters."""
    if not isinstance(text, str):
        return ""
    seen = (item if item in "\n\t" or unicodedata.category(item) not in _UNSEEN else " " for item in text[: 4 * length])
    kept = "".join(seen).strip()
    return kept if len(kept) <= length else kept[: length - 1].rstrip() + "…"


def clean_schema(schema: object) -> dict[str, Any] | None:
    """A JSON Schema of a stranger, its texts cut; None where it is too long or too deep to be offered."""
    if not isinstance(schema, dict):
        return {"type": "object", "properties": {}}
    try:
        cleaned = _cleaned(schema, 0)
        fits = len(json.dumps(cleaned)) <= SCHEMA_LENGTH
    except (ValueError, RecursionError):
        return None
    # OpenAI wants the properties, also where there are none.
    return {"type": "object", "properties": {}, **cleaned} if fits else None


def _cleaned(value: object, depth: int) -> Any:
    if depth > SCHEMA_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, str):
        return plain(value, TEXT_LENGTH)
    if isinstance(value, dict):
        return {
            plain(key, TEXT_LENGTH): _cleaned(item, depth + 1)
            for key, item in value.items()
            # What libraries add to every schema, and no model needs.
            if key != "$schema" and not (key == "title" and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
