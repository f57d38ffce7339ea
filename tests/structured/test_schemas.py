"""The schema of an answer: the short form, files and JSON, and what of it goes to the cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona_cli.errors import UsageError
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.structured.schemas import for_cloud, is_strict, read_schema, response_format, short_form

PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}


def test_the_short_form() -> None:
    assert short_form("name, age int, tags str[]") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "age", "tags"],
        "additionalProperties": False,
    }
    lines = short_form("price float: without tax, in EUR\n\nopen bool\n")
    assert lines["properties"] == {
        "price": {"type": "number", "description": "without tax, in EUR"},
        "open": {"type": "boolean"},
    }
    assert is_strict(short_form("name, tags str[]"))


@pytest.mark.parametrize("wrong", ["name age", "age integer", "name, name", ",", "a b c", "x int[][]", "3d", ": only"])
def test_a_short_form_that_is_none_gets_a_sentence(wrong: str) -> None:
    with pytest.raises(UsageError, match="--schema"):
        read_schema(wrong)


def test_json_and_files(tmp_path: Path) -> None:
    file = tmp_path / "person.json"
    file.write_text(json.dumps(PERSON))
    assert json.loads(read_schema(json.dumps(PERSON))) == PERSON == json.loads(read_schema(str(file)))
    for wrong, said in (
        ("{", "no JSON schema"),
        ('{"type": "strin"}', "no JSON schema"),
        (str(tmp_path / "other.json"), "There is no file"),
        ('{"$ref": "https://example.org/person.json"}', "nothing is fetched"),
        ('{"properties": {"a": {"items": {"$ref": "file:///etc/passwd"}}}}', "nothing is fetched"),
        ('{"description": "' + "x" * 70_000 + '"}', "longer than"),
    ):
        with pytest.raises(UsageError, match=said):
            read_schema(wrong)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        read_schema(str(file))


def test_strict_is_said_only_of_what_openai_takes_as_strict() -> None:
    closed = {**PERSON, "required": ["name", "age"], "additionalProperties": False}
    assert is_strict(closed) and not is_strict(PERSON) and not is_strict({**closed, "required": ["name"]})
    nested = {**closed, "properties": {"name": {"type": "object"}, "age": {"type": "integer"}}}
    assert not is_strict(nested)
    # A field may be called anything, "enum" as well.
    assert not is_strict({**closed, "properties": {"enum": PERSON}, "required": ["enum"]})
    assert response_format(closed) == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": closed},
    }


def test_what_is_private_in_a_schema_leaves_as_a_placeholder() -> None:
    detector = build_detector([KnownFact("Theodora Quigley", "PERSON")])
    table = Pseudonyms()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "made by Theodora Quigley",
        "type": "object",
        "properties": {
            "role": {"type": "string", "description": "of Theodora Quigley", "enum": ["Theodora Quigley", "other"]}
        },
        "required": ["role"],
    }
    sent, spans = for_cloud(json.dumps(schema), detector, table)
    assert sent == {
        "type": "object",
        "properties": {"role": {"type": "string", "description": "of [PERSON_1]", "enum": ["[PERSON_1]", "other"]}},
        "required": ["role"],
    }
    assert {span.text for span in spans} == {"Theodora Quigley"}
