"""The body of a request as the gate reads it: every string and number in it, and what each of them is by its path.

Knows nothing of what is private.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

# Where detection reads: what people or tools write, not what the protocol calls things.
READ: Final = re.compile(
    r"content$|^tools\[.*\.(?:description|title|const|default)$|^tools\[.*\.(?:enum|examples)\[\d+\]$"
    # Of the schema of an answer all that is not the schema language's own; names of fields as far as it is sure.
    r"|^response_format\.json_schema\.(?:schema\.|description$)|^stop(?:\[\d+\])?$"
)
WORDED: Final = re.compile(r"\.(?:type|type\[\d+\]|format|\$ref)$")
WORDS: Final = re.compile(r"[a-z]+(?:-[a-z]+)*|#[\w$/.-]*")
NAMES: Final = re.compile(r" \(key\)$|\.required\[\d+\]$")
# Numbers that are not the protocol's own. They cannot be masked, so a private one is refused; where somebody gives one
# as a value, detection reads it too.
NUMBERS: Final = re.compile(r"^(?:tools\[|response_format\.|seed$)")
VALUES: Final = re.compile(r"\.(?:const|default)$|\.(?:enum|examples)\[\d+\]$")
# A name that a program reads: it cannot be masked, so a private one is refused.
FIXED: Final = re.compile(r"\.function\.name$")


def encode(body: Mapping[str, Any]) -> bytes:
    """The one serialisation of a request body: compact JSON, UTF-8, keys in the order given."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value, keys included, with its path ("messages[1].content")."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}.{key} (key)", key
            yield from strings(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from strings(item, f"{path}[{index}]")


def numbers(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every number of a JSON value as it is written there, with its path."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, json.dumps(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from numbers(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from numbers(item, f"{path}[{index}]")


def map_strings(value: Any, change: Callable[[str, str], str], path: str = "") -> Any:
    """A copy of a JSON value with every string that is not a key changed."""
    if isinstance(value, str):
        return change(path, value)
    if isinstance(value, Mapping):
        return {key: map_strings(item, change, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [map_strings(item, change, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def answers(body: Mapping[str, Any]) -> frozenset[str]:
    """The paths of what the cloud said earlier and restore has filled in."""
    messages = enumerate(body.get("messages", ()))
    return frozenset(f"messages[{at}].content" for at, message in messages if message.get("role") == "assistant")
