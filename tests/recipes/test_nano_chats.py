"""The text that nano is trained on: every task's chats, the values in them, and what is held out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from models.recipes.nano.chats import TASKS, Example, Turn, examples
from models.recipes.nano.routing import HARD, HARD_HELD
from models.recipes.nano.writing import LOCAL_SYSTEM
from persona_cli.bench.world.values import PLACEHOLDER_FORM, PLACEHOLDERS
from persona_cli.modes import local as local_mode
from persona_cli.sketch.prompts import FACTS_SCHEMA, LENGTHS, MOST_POINTS, ROUTE_SCHEMA, SKETCH_SCHEMA

SEEN = 4000
JSON_TASKS = {"draft": SKETCH_SCHEMA, "facts": FACTS_SCHEMA, "route": ROUTE_SCHEMA}


@pytest.fixture(scope="module", params=[False, True], ids=["training", "held out"])
def stream(request: pytest.FixtureRequest) -> list[Example]:
    return list(islice(examples(3, held=request.param), SEEN))


def test_every_task_has_its_share(stream: list[Example]) -> None:
    counted: dict[str, int] = defaultdict(int)
    for example in stream:
        counted[example.task] += 1
    for task, (_, share) in TASKS.items():
        assert counted[task] / len(stream) == pytest.approx(share, abs=0.03)
    assert sum(share for _, share in TASKS.values()) == pytest.approx(1.0)


def test_answers_use_every_required_value_and_invent_no_placeholder(stream: list[Example]) -> None:
    for example in stream:
        last = example.turns[-1]
        assert all(value in last.assistant for value in example.required), example
        assert all(value in last.user for value in example.required), example
        for turn in example.turns:
            assert not set(PLACEHOLDER_FORM.findall(turn.assistant)) - set(PLACEHOLDER_FORM.findall(turn.user)), turn


def test_no_template_syntax_survives(stream: list[Example]) -> None:
    for example in stream:
        for turn in example.turns:
            answer = re.sub(r"^\{(.*)\}$", r"\1", turn.assistant) if example.task in JSON_TASKS else turn.assistant
            assert not re.search(r"[{}|]|\$[a-z]|  | [.,;]( |$)", turn.user + "\n" + answer), turn


def test_local_chats_have_no_placeholders_and_cloud_ones_all_of_them() -> None:
    found = set()
    for example in islice(examples(5), 8000):
        text = "\n".join(turn.user + turn.assistant for turn in example.turns)
        if not example.cloud:
            assert not PLACEHOLDER_FORM.search(text), example
        found |= set(PLACEHOLDER_FORM.findall(text))
    assert found == set(PLACEHOLDERS)


def test_json_answers_are_of_their_schema(stream: list[Example]) -> None:
    seen = set()
    for example in stream:
        if schema := JSON_TASKS.get(example.task):
            for turn in example.turns:
                answer = json.loads(turn.assistant)
                assert list(answer) == schema["required"]
                for key, rule in schema["properties"].items():
                    _fits(answer[key], rule)
            seen.add(example.task)
    assert seen == JSON_TASKS.keys()


def _fits(value: object, rule: dict[str, object]) -> None:
    if "enum" in rule:
        assert value in rule["enum"]  # type: ignore[operator]
    elif rule["type"] == "string":
        assert isinstance(value, str)
        assert len(value) <= rule["maxLength"]  # type: ignore[operator]
    else:
        assert isinstance(value, list)
        assert rule.get("minItems", 0) <= len(value) <= rule["maxItems"]  # type: ignore[operator]
        for item in value:
            _fits(item, rule["items"])  # type: ignore[arg-type]


def test_plans_have_all_lengths_and_few_points() -> None:
    plans = [json.loads(turn.assistant) for turn in _turns("draft")]
    assert {plan["length"] for plan in plans} == set(LENGTHS)
    assert max(len(plan["points"]) for plan in plans) <= MOST_POINTS
    assert {plan["task"] for plan in plans} == {"write", "reply", "summarise"}


def test_some_messages_have_no_facts_and_some_several() -> None:
    counts = {len(json.loads(turn.assistant)["facts"]) for turn in _turns("facts")}
    assert {0, 1, 2, 3} <= counts


def test_both_routes_are_taken() -> None:
    routes = [json.loads(turn.assistant)["where"] for turn in _turns("route")]
    assert 0.2 < routes.count("local") / len(routes) < 0.7


def _turns(task: str) -> Iterator[Turn]:
    return (turn for example in islice(examples(9), SEEN) if example.task == task for turn in example.turns)


def test_held_out_requests_are_not_in_the_training_text() -> None:
    def lines(held: bool) -> set[tuple[str, str]]:
        found = set()
        for example in islice(examples(1, held=held), SEEN):
            # A plan's brief is worded by persona, not by a person, and is the same everywhere.
            if "Points to make:" not in example.turns[0].user:
                # Without the private values, so that only the wording counts; the first line is the request.
                line = PLACEHOLDER_FORM.sub("[]", example.turns[0].user.splitlines()[0])
                found.add((example.task, line))
        return found

    assert not lines(held=True) & lines(held=False)


def test_hard_requests_are_many_and_the_held_ones_are_others() -> None:
    assert len(HARD) >= 80
    assert not {line.source for line in HARD} & {line.source for line in HARD_HELD}


def test_the_same_seed_gives_the_same_chats() -> None:
    assert list(islice(examples(7), 300)) == list(islice(examples(7), 300))
    assert list(islice(examples(7), 300)) != list(islice(examples(8), 300))


def test_the_same_seed_gives_the_same_chats_in_every_process() -> None:
    code = (
        "from itertools import islice; from models.recipes.nano.chats import examples; "
        "import hashlib; print(hashlib.sha256(repr(list(islice(examples(7), 500))).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    }
    assert len(said) == 1


def test_the_local_system_prompt_is_personas() -> None:
    assert local_mode.LOCAL_SYSTEM == LOCAL_SYSTEM
