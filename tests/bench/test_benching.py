"""`persona bench`: one table says what each bench and each part runs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from persona_cli.cli.benching import BENCHES, MEMORY, SKETCH, Options, Part
from tests.installed import persona


def parts() -> Iterator[tuple[str, Part]]:
    for name, found in BENCHES.items():
        yield from ((name, found),) if isinstance(found, Part) else found.items()


@pytest.mark.parametrize(("name", "part"), list(parts()))
def test_each_part_calls_a_function_of_its_module_as_it_is_declared(name: str, part: Part) -> None:
    from inspect import signature

    module = import_module(f"persona_cli.bench.{part.module}")
    called: list[str] = []

    class Checked:
        def __getattr__(self, attribute: str) -> object:
            value = getattr(module, attribute)
            if not callable(value):
                return value

            def call(*arguments: object, **named: object) -> None:
                signature(value).bind(*arguments, **named)
                called.append(attribute)

            return call

    for rows in (None, 2):
        part.run(Checked(), Options(runs=1, rows=rows, requests=3, plot=None))
    assert len(called) == 2


@pytest.mark.parametrize(("arguments", "said"), [
    (("nonsense",), "There is no bench 'nonsense'. There are: speed, detect"),
    (("memory", "--part", "nonsense"), f"has no part 'nonsense'. There are: {', '.join(MEMORY)}."),
    (("sketch", "--part", "nonsense"), f"has no part 'nonsense'. There are: {', '.join(SKETCH)}."),
    (("leak", "--part", "recall"), "The bench 'leak' has no part 'recall'."),
])  # fmt: skip
def test_a_bench_or_part_that_is_none_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    done = persona("bench", *arguments)
    assert done.returncode == 2 and said in done.stderr
