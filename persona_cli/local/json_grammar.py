"""A JSON schema as a GBNF grammar for llama.cpp.

Tighter than the binding's own converter, for the sake of tiny models: nowhere more than one space between two parts, so
that none can go on writing white space for ever; no control characters in a string, written out or as an escape; the
keys in the schema's order, each one there unless it is not required; lengths held to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

# Characters of a string: what needs no escape and is no control or line separator, and the two escapes that are needed.
# The ranges are spelt out because a class of what is excluded lets through numbers that are no characters.
CHARACTER = r'[ !#-\[\]-~\u00A0-\u2027\u202A-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF] | "\\" ["\\]'
# The first of a string is no space.
FIRST = CHARACTER.replace("[ ", "[", 1)
# A string or a list without a limit in its schema ends here.
LONGEST_STRING = 1000
MOST_ITEMS = 100


def grammar(schema: Mapping[str, Any]) -> str:
    """GBNF, root `root`. Knows type (object, array, string, integer, number, boolean, null), properties, required,
    items, minItems, maxItems, minLength, maxLength, enum and const; other properties than the schema's are never
    allowed. Raises ValueError for anything else."""
    return _written(json.dumps(schema))


@lru_cache(maxsize=32)
def _written(schema: str) -> str:
    rules = [
        f"character ::= {CHARACTER}",
        f"first ::= {FIRST}",
        'sp ::= " "?',
        'integer ::= "-"? ("0" | [1-9] [0-9]{0,14})',
        'number ::= integer ("." [0-9]{1,12})?',
    ]
    rules.append(f"root ::= {_rule(json.loads(schema), rules)}")
    return "\n".join(reversed(rules)) + "\n"


def _rule(schema: Mapping[str, Any], rules: list[str]) -> str:
    """The right-hand side for `schema`; rules of its own go to `rules`."""
    if "enum" in schema or "const" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return "(" + " | ".join(_literal(json.dumps(value, ensure_ascii=False)) for value in values) + ")"
    match schema.get("type"):
        case "object":
            return _object(schema, rules)
        case "array":
            return _array(schema, rules)
        case "string":
            least, most = schema.get("minLength", 0), schema.get("maxLength", LONGEST_STRING)
            if not most:
                return r'"\"\""'
            some = f"first character{{{max(least - 1, 0)},{most - 1}}}"
            return rf'"\"" {some} "\""' if least else rf'"\"" ({some})? "\""'
        case "integer" | "number" as kind:
            return str(kind)
        case "boolean":
            return '("true" | "false")'
        case "null":
            return '"null"'
    raise ValueError(f"no grammar for the schema {json.dumps(schema)[:200]}")


def _object(schema: Mapping[str, Any], rules: list[str]) -> str:
    required = set(schema.get("required", ()))
    members = [
        (key in required, f'{_literal(json.dumps(key, ensure_ascii=False))} sp ":" sp {_named(of, rules)}')
        for key, of in schema.get("properties", {}).items()
    ]
    starts: list[str] = []
    for number, (needed, member) in enumerate(members):
        rest = [f'(sp "," sp {other}){"" if must else "?"}' for must, other in members[number + 1 :]]
        starts.append(" ".join([member, *rest]))
        if needed:
            break
    inside = f"({' | '.join(starts)}){'' if required else '?'} sp " if members else ""
    return f'"{{" sp {inside}"}}"'


def _array(schema: Mapping[str, Any], rules: list[str]) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems", MOST_ITEMS)
    if not most:
        return '"[" sp "]"'
    item = _named(schema["items"], rules)
    some = f'{item} (sp "," sp {item}){{{max(least - 1, 0)},{most - 1}}}'
    return f'"[" sp {some} sp "]"' if least else f'"[" sp ({some} sp)? "]"'


def _named(schema: Mapping[str, Any], rules: list[str]) -> str:
    return _add(_rule(schema, rules), rules)


def _add(right: str, rules: list[str]) -> str:
    name = f"part-{len(rules)}"
    rules.append(f"{name} ::= {right}")
    return name


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
