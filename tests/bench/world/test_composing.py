"""Composed tasks: everything that a text says was told, nothing of the templates is left, and a seed decides."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache

import pytest

from persona_cli.bench.world.composing import Task, compose, instruction, rewrite
from persona_cli.bench.world.intents import FORMATS, TONES, Intent, intents
from persona_cli.bench.world.values import KINDS, PLACEHOLDER_FORM, PLACEHOLDERS, Values, invented
from persona_cli.sketch.prompts import LENGTHS, MOST_POINTS, POINT_CHARACTERS

EACH = 12
SYNTAX = re.compile(r"[{}|]|\$[a-z]|  | [.,;?!](?= |$)")


@cache
def tasks(cloud: bool, held: bool) -> tuple[tuple[Intent, Values, Task], ...]:
    return tuple(_composed(cloud, held))


def _composed(cloud: bool, held: bool) -> Iterator[tuple[Intent, Values, Task]]:
    rng = random.Random(11)
    for intent in intents():
        for _ in range(EACH):
            values = Values(rng, cloud=cloud)
            yield intent, values, compose(intent, values, rng, held=held)


KINDS_OF_TASKS = pytest.mark.parametrize(("cloud", "held"), [(True, False), (True, True), (False, False)])


def _told(task: Task) -> str:
    return "\n".join((task.request, *task.notes))


@KINDS_OF_TASKS
def test_every_value_of_a_text_and_a_plan_is_told(cloud: bool, held: bool) -> None:
    for _, values, task in tasks(cloud, held):
        told = _told(task)
        for value in values.given:
            if value in "\n".join((task.text, task.plan.audience, *task.plan.points)):
                assert value in told, (value, task)
        assert all(value in task.text and value in told for value in task.required)


@KINDS_OF_TASKS
def test_the_text_and_the_plan_have_every_value_that_matters(cloud: bool, held: bool) -> None:
    for intent, _, task in tasks(cloud, held):
        core = sum(point.core for point in intent.points)
        assert core <= len(task.plan.points) <= MOST_POINTS
        assert len(task.outline) >= core
        plan = " ".join((task.plan.audience, *task.plan.points))
        assert all(value in plan for value in task.required), task


@KINDS_OF_TASKS
def test_no_template_syntax_survives(cloud: bool, held: bool) -> None:
    for _, _, task in tasks(cloud, held):
        parts = (task.request, *task.notes, *task.distractors, *task.plan.points, *task.outline, task.bare, task.text)
        for part in parts:
            assert not SYNTAX.search(part), part
            assert part == part.strip()
            assert not re.search(r"\b[Aa] (?=e-mail|announcement|apologetic)|\b[Aa]n (?=[bcdfgklmnp])", part), part


@KINDS_OF_TASKS
def test_what_is_private_or_unrelated_stays_out(cloud: bool, held: bool) -> None:
    seen = 0
    for _, _, task in tasks(cloud, held):
        for value in task.private:
            assert value in "\n".join(task.distractors)
            assert value not in _told(task) + task.text
        seen += len(task.private)
    assert seen


def test_bare_instructions_and_outlines_name_nothing_private() -> None:
    for _, _, task in tasks(True, False):
        assert not PLACEHOLDER_FORM.search("\n".join((task.bare, *task.outline)))
    for _, values, task in tasks(False, False):
        kept = [value for value in values.given if not value.islower()]
        assert not any(value in task.bare for value in kept), task


def test_plans_fit_their_form() -> None:
    lengths, formats = set(), set()
    for _, _, task in tasks(True, False):
        plan = task.plan
        lengths.add(plan.length)
        formats.add(plan.format)
        assert plan.format in FORMATS
        assert plan.tone in TONES
        assert len(plan.audience) <= 80
        assert all(len(point) <= POINT_CHARACTERS for point in plan.points)
    assert lengths == set(LENGTHS)
    assert {"e-mail", "message"} <= formats


def test_held_out_requests_do_not_occur_in_training() -> None:
    seen = {PLACEHOLDER_FORM.sub("[]", task.request) for _, _, task in tasks(True, False)}
    held = {PLACEHOLDER_FORM.sub("[]", task.request) for _, _, task in tasks(True, True)}
    assert len(held) > EACH
    assert not seen & held


def test_a_seed_decides() -> None:
    def some(seed: int) -> list[Task]:
        rng = random.Random(seed)
        return [compose(intent, Values(rng, cloud=False), rng, held=False) for intent in intents()]

    assert some(3) == some(3)
    assert some(3) != some(4)


def test_a_whole_memory_is_used_where_the_request_has_words_for_it() -> None:
    rng = random.Random(2)
    used = 0
    for intent in intents():
        values = Values(rng, cloud=True)
        whole = values.take("DETAIL")
        task = compose(intent, values, rng, held=False, whole=whole)
        assert (whole in task.text) == any(note.endswith(f": {whole}") for note in task.notes)
        used += whole in task.text
    assert used


def test_a_rewritten_text_keeps_its_values() -> None:
    rng = random.Random(5)
    for intent in intents():
        for held in (False, True):
            done = rewrite(intent, Values(rng, cloud=True), rng, held=held)
            given = set(PLACEHOLDER_FORM.findall(done.wish + done.text))
            assert set(PLACEHOLDER_FORM.findall(done.rewritten)) == given, done
            assert all(value in done.rewritten for value in done.private)


def test_an_instruction_has_an_outline() -> None:
    rng = random.Random(6)
    for intent in intents():
        bare, outline = instruction(intent, rng, held=False)
        assert outline
        assert not PLACEHOLDER_FORM.search("\n".join((bare, *outline)))


def test_values_are_never_given_twice_and_know_their_kind() -> None:
    for cloud in (True, False):
        values = Values(random.Random(1), cloud=cloud)
        given = [(values.take(kind), kind) for kind in KINDS for _ in range(3)]
        assert len({value for value, _ in given}) == len(given)
        assert all(values.kind_of(value) == kind for value, kind in given)
    full = Values(random.Random(1), cloud=True)
    with pytest.raises(RuntimeError, match="more than 9"):
        for _ in range(10):
            full.take("PERSON")


def test_half_of_the_names_are_new() -> None:
    rng = random.Random(1)
    people = [invented("PERSON", rng) for _ in range(2000)]
    assert len(set(people)) > 1500
    assert len(PLACEHOLDERS) == len(set(PLACEHOLDERS)) == 9 * len(KINDS)
    with pytest.raises(ValueError, match="no kind"):
        invented("CAT", rng)
