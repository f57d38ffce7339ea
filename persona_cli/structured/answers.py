"""An answer in JSON: its placeholders restored string by string, and the whole checked against the schema.

A value that has a quotation mark in it would break the JSON if it were put in as it is. So each string is decoded,
restored (by the rules of restore.py, as a text of its own) and encoded again; between the strings nothing changes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from persona_cli.privacy.restore import restore

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_FENCED: Final = re.compile(r"\A```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```\Z", re.DOTALL)
# JSON has no control characters, though models write line breaks; terminals obey DEL and the C1 controls; JavaScript
# ends a line at the separators.
_ESCAPED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_MESSAGE: Final = 200


class JsonRestorer:
    """Takes the place of a Restorer where the answer is JSON of `schema`: nothing of it comes before it is whole.

    After `close`, `invalid` says what is wrong with it, as a clause, or is "": always against the `schema` "".
    """

    def __init__(self, table: Pseudonyms, sinks: frozenset[str], schema: str) -> None:
        self._table = table
        self._sinks = sinks
        self._schema = schema
        self._heard: list[str] = []
        self.restored = 0
        self.unknown: tuple[str, ...] = ()
        self.held: tuple[str, ...] = ()
        self.invalid = ""

    def feed(self, chunk: str) -> str:
        self._heard.append(chunk)
        return ""

    def close(self) -> str:
        """The JSON, restored; of what is no JSON, the text, restored as such."""
        raw = "".join(self._heard)
        text = json_in(raw)
        if broken := _read(text)[1]:
            self.invalid = f"it is no JSON ({broken})"
            return self._restored(raw)
        text = _STRING.sub(lambda found: self._string(found[0]), text)
        self.invalid = invalid(text, self._schema) if self._schema else ""
        return text

    def _string(self, literal: str) -> str:
        plain = json.loads(literal, strict=False)
        done = self._restored(plain)
        return literal if done == plain and not _ESCAPED.search(literal) else quoted(done)

    def _restored(self, text: str) -> str:
        done = restore(text, self._table, self._sinks)
        self.restored += done.restored
        self.unknown = tuple(dict.fromkeys((*self.unknown, *done.unknown)))
        self.held += done.held
        return done.text


def json_in(text: str) -> str:
    """The JSON of an answer, out of the code block that some models put around it."""
    text = text.strip().removeprefix("\ufeff")
    fenced = _FENCED.match(text)
    return fenced[1].strip() if fenced else text


def quoted(text: str) -> str:
    """`text` as a JSON string."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def invalid(text: str, schema: str) -> str:
    """What is wrong with `text` as an answer of `schema`, as a clause; "" where it holds it. Opens no connection."""
    value, broken = _read(text)
    if broken:
        return f"it is no JSON ({broken})"
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # A registry of its own: the default one fetches what a schema refers to.
    validator = Draft202012Validator(json.loads(schema), registry=Registry())
    try:
        error = best_match(validator.iter_errors(value))
    except (Unresolvable, RecursionError, re.error) as problem:
        return f"it cannot be checked ({str(problem)[:LONGEST_MESSAGE]})"
    if error is None:
        return ""
    return f"at {error.json_path}: {error.message[:LONGEST_MESSAGE]}"


def _read(text: str) -> tuple[Any, str]:
    """(value, "") or (None, what is wrong)."""
    try:
        return json.loads(text, strict=False, parse_constant=_no_number), ""
    except json.JSONDecodeError as error:
        return None, f"{error.msg}, at character {error.pos}"
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError as error:
        return None, str(error)[:LONGEST_MESSAGE]


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
