"""The schema of an answer: from a file, from JSON, or from the short form of simonw/llm, and as it goes to the cloud.

    name, age int, city                      three fields; text unless a type follows
    name: as in the passport, tags str[]     what stands behind a colon describes the field
    (one field a line, where descriptions have commas in them)

Types: str, int, float, bool, and each of them with [] for a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.privacy.spans import PrivateSpan

LONGEST: Final = 64 << 10
TYPES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
# What OpenAI calls the schema by; nothing of the user's.
NAME: Final = "answer"
# Who made the schema and which dialect it is in: nothing that an answer hangs on.
UNSENT: Final = frozenset(("$schema", "$id", "$comment"))
# Keywords whose values are the language's own words, and name nothing of the user's.
FIXED: Final = frozenset(("type", "format", "$ref"))
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_HELP: Final = "Give a file, JSON, or fields such as --schema 'name, age int, tags str[]'."


def read_schema(source: str, files: bool = True) -> str:
    """The JSON text of the schema that `source` is, names (where it may name `files`) or says in the short form.

    Raises UsageError.
    """
    given = source.strip()
    if given.startswith("{"):
        return _checked(given, "--schema")
    if not files:
        return json.dumps(short_form(given), ensure_ascii=False)
    path = Path(given).expanduser()
    try:
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(LONGEST + 1)
            return _checked(data.decode("utf-8-sig"), f"'{path.name}'")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The schema '{path.name}' cannot be read ({error}). {_HELP}") from None
    except ValueError:  # a name that no path can have
        pass
    if given.endswith(".json"):
        raise UsageError(f"There is no file '{given}'. {_HELP}")
    return json.dumps(short_form(given), ensure_ascii=False)


def short_form(fields: str) -> dict[str, Any]:
    """The schema that a line such as "name, age int" stands for: an object in which every field is required.

    Raises UsageError.
    """
    properties: dict[str, Any] = {}
    for field in fields.split("\n" if "\n" in fields.strip() else ","):
        head, _, description = (part.strip() for part in field.partition(":"))
        if not head and not description:
            continue
        name, *rest = head.split() or [""]
        kind = rest[0] if rest else "str"
        plain = TYPES.get(kind.removesuffix("[]"))
        if len(rest) > 1 or plain is None or not _NAME.fullmatch(name):
            wrong = f"'{field.strip()}' is no field: a field is a name, and a type where it is no text"
            raise UsageError(f"{wrong} ({', '.join(TYPES)}, or a list: str[]). {_HELP}")
        if name in properties:
            raise UsageError(f"The field '{name}' is there twice. {_HELP}")
        properties[name] = {"type": "array", "items": {"type": plain}} if kind.endswith("[]") else {"type": plain}
        if description:
            properties[name]["description"] = description
    if not properties:
        raise UsageError(f"The schema is empty. {_HELP}")
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What asks an OpenAI-compatible server for an answer of `schema`."""
    return {
        "type": "json_schema",
        "json_schema": {"name": NAME, "strict": is_strict(schema), "schema": schema},
    }


def is_strict(schema: Any) -> bool:
    """Whether OpenAI takes it with "strict": every object names all its fields, requires them and allows no others."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict):
        closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(properties)
        return closed and all(map(is_strict, properties.values()))
    if schema.get("type") == "object":
        return False
    return all(is_strict(value) for key, value in schema.items() if key not in ("enum", "const", "required"))


def for_cloud(schema: str, detector: Detector, table: Pseudonyms) -> tuple[dict[str, Any], tuple[PrivateSpan, ...]]:
    """The schema as it may leave, with placeholders for what is private in its descriptions and values, and what was
    replaced. Names of fields stay: with a private one the gate refuses."""
    from persona_cli.privacy.pseudonyms import pseudonymise

    found: list[PrivateSpan] = []

    def masked(text: str) -> str:
        spans = detector.find(text)
        found.extend(spans)
        return pseudonymise(text, spans, table)

    whole = {key: value for key, value in json.loads(schema).items() if key not in UNSENT}
    return _mapped(whole, masked), tuple(found)


def _mapped(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """`value` with its strings changed, but for those that are the schema language's own and the names of fields."""
    if isinstance(value, str):
        return value if key in FIXED or key == "required" else change(value)
    if isinstance(value, list):
        return [_mapped(item, change, key) for item in value]
    if isinstance(value, dict):
        names = key in ("properties", "$defs", "definitions")
        return {name: _mapped(item, change, "" if names else name) for name, item in value.items()}
    return value


def _checked(text: str, called: str) -> str:
    """`text` as it came, once it is known to be a schema. Raises UsageError."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if len(text.encode("utf-8", "replace")) > LONGEST:
        raise UsageError(f"The schema {called} is longer than {LONGEST >> 10} kB. Ask for less at once.")
    try:
        schema = json.loads(text)
        if not isinstance(schema, dict):
            raise ValueError("it is no object")
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its top"
        raise UsageError(f"{called} is no JSON schema: {error.message[:200]} (at {place}). {_HELP}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{called} is no JSON schema: {error}. {_HELP}") from None
    if outside := next((ref for ref in _references(schema) if not ref.startswith("#")), ""):
        raise UsageError(
            f"{called} refers to '{outside[:80]}', and nothing is fetched for a schema. Put it into $defs."
        )
    return json.dumps(schema, ensure_ascii=False)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(item, str):
                yield item
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
