"""What random weights write under a schema is JSON of the schema; cut short, it is closed or refused."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from persona_cli.errors import ModelBroken
from persona_cli.local.engine import Engine
from persona_cli.local.json_closing import Unclosable, closed
from persona_cli.local.json_grammar import grammar
from persona_cli.paths import embedded_model
from persona_cli.sketch.prompts import FACTS_SCHEMA, ROUTE_SCHEMA, SKETCH_SCHEMA
from persona_cli.sketch.sketch import Message
from tests.local.tiny_gguf import write_tiny_model

ASKED = [Message("user", "Plan.")]
MIXED: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "integer"},
        "b": {"type": "array", "items": {"type": "number"}, "maxItems": 3},
        "c": {"type": "boolean"},
        "d": {"const": 'a "quoted" \\ word'},
        "e": {"type": "object", "properties": {"f": {"type": "null"}}, "required": ["f"]},
        "g": {"type": "string", "minLength": 3, "maxLength": 5},
    },
    "required": ["c", "e"],
}


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether `value` is of `schema`, told apart from the code under test."""
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    match schema["type"]:
        case "object":
            known = schema.get("properties", {})
            order = [key for key in known if key in value]
            return (
                list(value) == order
                and set(schema.get("required", ())) <= set(value)
                and all(fits(inner, known[key]) for key, inner in value.items())
            )
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", 100)
            return least <= len(value) <= most and all(fits(item, schema["items"]) for item in value)
        case "string":
            whole = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1000)
            return whole and all(unicodedata.category(character) not in ("Cc", "Zl", "Zp") for character in value)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    return isinstance(value, int if schema["type"] == "integer" else (int, float)) and not isinstance(value, bool)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(write_tiny_model(tmp_path_factory.mktemp("m") / "tiny.gguf", window=4096), 4096, 1)
    yield engine
    engine.close()


@pytest.mark.parametrize("schema", [SKETCH_SCHEMA, FACTS_SCHEMA, ROUTE_SCHEMA, MIXED])
def test_random_weights_write_json_of_the_schema(engine: Engine, schema: Mapping[str, Any]) -> None:
    whole = 0
    # Bytes of malformed characters are left out of the text, and then do not count for its least length.
    ascii_only = {token: -1000.0 for token, text in enumerate(engine._vocabulary.every) if text > b"\x7e"}
    for seed in range(5):
        bias = ascii_only if schema is MIXED else None
        text = engine.complete(ASKED, 3800, temperature=1.0 + seed, seed=seed, schema=schema, bias=bias)
        if not engine.cut_short:
            whole += 1
            assert fits(json.loads(text), schema), text
    assert whole >= 3


def test_what_the_embedded_model_plans_is_a_plan() -> None:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    for seed in range(3):
        value = engine.complete_json(ASKED, SKETCH_SCHEMA, 700, temperature=0.7 * seed, seed=seed)
        assert fits(value, SKETCH_SCHEMA)
    engine.close()


def test_an_answer_of_any_length_is_closed_or_refused_with_a_sentence(engine: Engine) -> None:
    text = engine.complete(ASKED, 3800, temperature=2.0, seed=1, schema=SKETCH_SCHEMA)
    assert not engine.cut_short
    refused = given = 0
    for limit in (1, 3, 30, 80, 120, 200, 260, 300, 500, 800):
        try:
            value = engine.complete_json(ASKED, SKETCH_SCHEMA, limit, temperature=2.0, seed=1)
        except ModelBroken as error:
            refused += 1
            assert "broke off after" in str(error)
            assert "does not get as far as" in str(error) or "too few items" in str(error)
        else:
            given += 1
            assert fits(value, SKETCH_SCHEMA)
    assert refused and given and len(text) > 100


def test_every_beginning_is_closed_into_the_schema_or_refused() -> None:
    value = {
        "task": "a", "format": 'q"\\u', "audience": "", "tone": "é", "length": "medium", "points": ["one", "two", "3"],
    }  # fmt: skip
    for written in (
        json.dumps(value, ensure_ascii=False),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    ):
        assert closed(written, SKETCH_SCHEMA) == value
        outcomes = []
        for end in range(len(written)):
            try:
                found = closed(written[:end], SKETCH_SCHEMA)
            except Unclosable:
                outcomes.append(False)
            else:
                outcomes.append(True)
                assert fits(found, SKETCH_SCHEMA)
                # Nothing is made up, and no point is half a point unless it is the only one.
                assert {**found, "points": 0} == {**value, "points": 0}
                assert found["points"] in (["o"], ["on"], *(value["points"][:count] for count in (1, 2, 3)))
        first = outcomes.index(True)
        assert written[:first].endswith('["o') and all(outcomes[first:])


def test_what_is_no_beginning_is_refused() -> None:
    for text in ("", "[", '{"where": "lo', '{"where": "x"}', '{"else": 1', '{"where": "local"} more'):
        if text == '{"where": "lo':
            assert closed(text, ROUTE_SCHEMA) == {"where": "local"}
        else:
            with pytest.raises(Unclosable):
                closed(text, ROUTE_SCHEMA)
    assert closed('{"c": true, "e": {"f": null', MIXED) == {"c": True, "e": {"f": None}}


def test_a_schema_that_is_not_known_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no grammar for the schema"):
        grammar({"type": "object", "properties": {"a": {"type": "strange"}}})
