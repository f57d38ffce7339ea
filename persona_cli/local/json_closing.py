"""The beginning of a JSON text of a schema, closed into a whole one.

For an answer that met its limit. Nothing is made up: what is open is ended, an item of a list that was still being
written is dropped where the list has enough others, and where a required part was never begun there is no closing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_WHITE = " \t\r\n"
_SCALARS = "-+.0123456789eEtruefalsn"


class Unclosable(ValueError):
    """What was written does not get far enough, or is no beginning of the schema."""


def closed(text: str, schema: Mapping[str, Any]) -> Any:
    """The value that `text`, whole or cut short anywhere, stands for under `schema` (what json_grammar knows).

    Raises Unclosable.
    """
    beginning = _Beginning(text)
    value, whole = beginning.value(schema)
    if whole and beginning.rest():
        raise Unclosable("there is more behind the answer")
    return value


class _Beginning:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :].strip(_WHITE)

    def value(self, schema: Mapping[str, Any]) -> tuple[Any, bool]:
        """A value, and whether it was whole."""
        if "enum" in schema or "const" in schema:
            return self._one_of(schema["enum"] if "enum" in schema else [schema["const"]])
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return self._string(schema)
        return self._scalar()

    def _peek(self) -> str:
        while self._at < len(self._text) and self._text[self._at] in _WHITE:
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _expect(self, character: str) -> bool:
        """False at the end of the text."""
        found = self._peek()
        if found and found != character:
            raise Unclosable(f"{character} was expected at {self._at}, and there is {found}")
        self._at += len(found)
        return bool(found)

    def _object(self, schema: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        if not self._expect("{"):
            raise Unclosable("nothing was begun")
        properties = schema.get("properties", {})
        found: dict[str, Any] = {}
        whole = False
        while True:
            following = self._peek()
            if following == "}":
                self._at += 1
                whole = True
                break
            if found:
                self._expect(",")
            if not self._peek():
                break
            key, key_whole = self._string({})
            if not key_whole:
                break
            if key not in properties or key in found:
                raise Unclosable(f"{key!r} does not belong there")
            if not self._expect(":") or not self._peek():
                break
            found[key], value_whole = self.value(properties[key])
            if not value_whole:
                break
        missing = [key for key in schema.get("required", ()) if key not in found]
        if missing:
            raise Unclosable(f"it does not get as far as {missing[0]!r}")
        return found, whole

    def _array(self, schema: Mapping[str, Any]) -> tuple[list[Any], bool]:
        self._expect("[")
        items: list[Any] = []
        least = schema.get("minItems", 0)
        while True:
            following = self._peek()
            if following == "]":
                self._at += 1
                return items, True
            if items:
                self._expect(",")
            if not self._peek():
                break
            try:
                item, whole = self.value(schema["items"])
            except Unclosable:
                if len(items) >= least and not self.rest():
                    break
                raise
            if whole or (len(items) < least and item not in ("", [], {})):
                items.append(item)
            if not whole:
                break
        if len(items) < least:
            raise Unclosable("a list has too few items")
        return items, False

    def _string(self, schema: Mapping[str, Any]) -> tuple[str, bool]:
        self._expect('"')
        begin = self._at
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                return json.loads(self._text[begin - 1 : self._at], strict=False), True
            if character == "\\" and self._at + 1 >= len(self._text):
                break
            self._at += 2 if character == "\\" else 1
        inside, self._at = self._text[begin : self._at], len(self._text)
        if len(inside) < schema.get("minLength", 0):
            raise Unclosable("a text is too short")
        return json.loads(f'"{inside}"', strict=False), False

    def _one_of(self, values: list[Any]) -> tuple[Any, bool]:
        self._peek()
        left = self._text[self._at :]
        for value in sorted(values, key=lambda value: -len(json.dumps(value, ensure_ascii=False))):
            if left.startswith(written := json.dumps(value, ensure_ascii=False)):
                self._at += len(written)
                return value, True
        possible = [value for value in values if left and json.dumps(value, ensure_ascii=False).startswith(left)]
        if len(possible) != 1:
            raise Unclosable("it ends before a choice is made")
        self._at = len(self._text)
        return possible[0], False

    def _scalar(self) -> tuple[Any, bool]:
        self._peek()
        begin = self._at
        while self._at < len(self._text) and self._text[self._at] in _SCALARS:
            self._at += 1
        try:
            return json.loads(self._text[begin : self._at]), self._at < len(self._text)
        except ValueError as error:
            raise Unclosable("a number or word is not finished") from error
