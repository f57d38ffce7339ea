"""No placeholder comes up that was not allowed: with any tokenizer, at any temperature, with and without a grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from persona_cli.local.engine import Engine
from persona_cli.local.placeholder_rule import PlaceholderRule
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message
from tests.local.tiny_gguf import write_tiny_model

ALLOWED = ("[PERSON_1]", "[PERSON_12]", "[ORG_2]")
LIKE_ONE = re.compile(r"\[\s*[A-Za-z]+[\s_-]*\d|\[[A-Z]")
ASKED = [Message("user", "Write to [PERSON_1] and [PERSON_2] of [ORG_2], then [DATE_1] again.")]
TEXT_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 12, "maxLength": 14}},
    "required": ["text"],
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One token a byte: a placeholder is ten of them (but [PERSON_1], which is one as well)."""
    engine = Engine(write_tiny_model(tmp_path_factory.mktemp("m") / "tiny.gguf", window=2048), 2048, 1)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    yield engine
    engine.close()


def rule_of(engine: Engine) -> PlaceholderRule:
    return PlaceholderRule(ALLOWED, engine._vocabulary)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Dear [PERSON_1], and [PERSON_12]: [ORG_2].", True),
        ("- [ ] a [x] b [1] c [see above] d [[PERSON_1]] e[] [", True),
        ('{"a": ["b", "[ORG_2]"]}', True),
        ("[PERSON_2]", False),
        ("[PERSON_1b]", False),
        ("[PERSON_", True),
        ("[PERSON ", False),
        ("[NAME]", False),
        ("[Your name]", False),
        ("[ PERSON_1]", False),
        ("[person_9]", False),
        ("[person 1]", False),
        ("[date-1", False),
        ("[[DATE_1]]", False),
        ("{PERSON_9}", False),
        ("PERSON_9", False),
        ("so person_9", False),
        ("[*PERSON_9]", False),
        ("［PERSON_９］", False),
        ("［PERSON 9］", False),
        ("【person-9】", False),
        ("[\nPERSON_9]", False),
        ("(PERSON_9)", False),
        ("<PERSON_9>", False),
        ("PERSON\\_9", False),
        ("PERSON%5F9", False),
        ("&#91;PERSON 9&#93;", False),
        ("[PERSON_1] and PERSON_1", False),
        ("[PERSON_1] and PERSON_12b", False),
        ("[PERSON_1](PERSON_1)", False),
        ("[PERSON_12][PERSON_1]\\[ORG_2]", True),
        ("Person 9 on date 5, ID-7: a text 3 update_1, grid_2 PERSON_ and PERSON_0", True),
    ],
)
def test_what_is_a_placeholder(tiny: Engine, text: str, fine: bool) -> None:
    rule = rule_of(tiny)
    allowed = []
    for byte in text.encode():
        token = tiny._vocabulary.every.index(bytes([byte]))
        allowed.append(rule.allows(token))
        assert rule.mask()[token] == allowed[-1]
        if not allowed[-1]:
            break
        rule.take(token)
    assert all(allowed) is fine


def test_the_mask_is_what_is_allowed_token_by_token(nano: Engine) -> None:
    rule = rule_of(nano)
    texts = (
        "",
        " [",
        "[PERSON",
        "[PERSON_1",
        "[see",
        "[see ",
        "[ ",
        "PERSON_",
        "a {DATE",
        "［ORG",
        "5%",
        "MY_ID_",
        "xPERSON",
    )
    for text in texts:
        rule.restart(nano._vocabulary.tokenize(text))
        assert rule.mask().tolist() == [rule.allows(token) for token in range(nano._vocabulary.size)]


def test_random_weights_never_write_another(tiny: Engine) -> None:
    # A push towards brackets and capitals, so that the rule has something to forbid.
    every = tiny._vocabulary.every
    push = {every.index(bytes([byte])): 4.0 for byte in b"[PERSON_12]GDAT "}
    for allowed in (ALLOWED, ()):
        texts = [
            tiny.complete(ASKED, 300, temperature=1.0, seed=seed, bias=push, allowed_placeholders=allowed)
            for seed in range(3)
        ]
        for text in texts:
            for token in ALLOWED if allowed else ():
                text = text.replace(token, "")
            assert not LIKE_ONE.search(text), text
        assert "".join(texts).count("[") > 5
        assert ("[ORG_2]" in "".join(texts) or "[PERSON_1" in "".join(texts)) is bool(allowed)
    free = tiny.complete(ASKED, 300, temperature=1.0, seed=0, bias=push)
    assert LIKE_ONE.search(free.replace("[PERSON_1]", ""))


def test_with_a_grammar_a_placeholder_that_has_no_room_is_taken_back(tiny: Engine) -> None:
    every = tiny._vocabulary.every
    push = {every.index(bytes([byte])): 3.0 for byte in b"[PERSON_12]O "}
    whole = 0
    for seed in range(6):
        answer = tiny.stream(
            ASKED, 400, temperature=0.8, seed=seed, schema=TEXT_SCHEMA, bias=push, allowed_placeholders=ALLOWED
        )
        text = "".join(answer)
        if answer.cut_short:
            continue
        whole += 1
        found = json.loads(text)["text"]
        assert len(found) <= 14
        for token in ALLOWED:
            found = found.replace(token, "")
        assert not LIKE_ONE.search(found), text
        assert tiny._vocabulary.detokenize(answer.tokens) == text
    assert whole >= 4


def test_the_embedded_model_keeps_to_what_is_allowed(nano: Engine) -> None:
    for allowed in (["[PERSON_1]"], []):
        text = nano.complete(ASKED, 120, temperature=1.0, seed=3, allowed_placeholders=allowed)
        assert set(re.findall(r"\[[A-Z]+_\d+\w*\]", text)) <= set(allowed)
        assert not LIKE_ONE.search(text.replace("[PERSON_1]", ""))


def test_a_placeholder_is_not_cut_in_two_by_the_limit(tiny: Engine) -> None:
    every = tiny._vocabulary.every
    steps = dict.fromkeys(range(len(every)), -1000.0)
    for byte in b"[ORG_2]":
        steps[every.index(bytes([byte]))] = 1000.0
    seen = set()
    for limit in range(1, 40):
        text = tiny.complete(ASKED, limit, bias=steps, allowed_placeholders=["[ORG_2]"])
        assert not any(text.endswith("[ORG_2]"[:end]) for end in range(1, 7))
        seen.add(text)
    assert any("[ORG_2]" in text for text in seen)


def test_a_ban_takes_away_single_tokens(tiny: Engine) -> None:
    ban = tiny.ban(["[PERSON_1]", "", "[NOT_A_TOKEN_9]"])
    assert ban == {261: float("-inf")}
    push = {261: 1000.0}
    assert tiny.complete(ASKED, 3, bias=push) == "[PERSON_1]" * 3
    assert "[PERSON_1]" not in tiny.complete(ASKED, 50, bias={**push, **ban})
