"""The world as a whole: the same on every machine, with splits that share nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations

import pytest

from persona_cli.bench.world.__main__ import main
from persona_cli.bench.world.fields import every_field
from persona_cli.bench.world.users import make_user
from persona_cli.bench.world.world import World

# Changes whenever a wording, a list of words or a rule of the world does; then the figures of benches that used the
# world before are of another world.
FINGERPRINT = "0d1ef868439ae8213e0239e043232d859be70f78406e47ffa6101ffdb1aa7c5c"
IN_ANOTHER_PROCESS = """
import hashlib
from persona_cli.bench.world.world import World
world = World(1, "test")
tasks = [world.tasks(user, 3) for user in world.users(2)]
print(world.fingerprint(1), hashlib.sha256(repr(tasks).encode()).hexdigest())
"""


def test_the_world_of_a_seed_is_the_one_that_it_has_always_been() -> None:
    assert World(1, "dev").fingerprint() == FINGERPRINT


def test_the_order_of_sets_does_not_matter() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_seeds_and_splits_are_different_worlds() -> None:
    prints = {World(seed, split).fingerprint(1) for seed in (1, 2) for split in ("train", "dev", "test")}
    assert len(prints) == 6


def test_a_user_does_not_depend_on_how_many_are_made() -> None:
    world = World(7, "train")
    assert world.users(5)[3] == world.user(3) == make_user(7, "train", 3)
    assert world.sessions(world.user(3)) == world.sessions(world.user(3))
    assert world.probes(world.user(3)) == world.probes(world.user(3), world.sessions(world.user(3)))


def test_the_splits_share_no_private_value_of_tasks_or_sessions() -> None:
    found: dict[str, set[str]] = {}
    for split in ("train", "dev", "test"):
        world = World(1, split)
        values = found.setdefault(split, set())
        for user in world.users(25):
            history = world.sessions(user)
            said = [(gold.field, gold.new) for gold in history.mentions]
            said += [(gold.field, gold.value) for gold in history.others]
            values |= {value for field, value in said if every_field()[field].kind}
            values |= {value for errand in world.tasks(user, 4) for _, value in errand.own}
    for one, other in combinations(found, 2):
        assert not found[one] & found[other]


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="valid"):
        World(1, "valid")


def test_a_user_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "1", "--split", "dev", "--user", "3", "--tasks", "1"]) == 0
    shown = capsys.readouterr().out
    for head in ("dev-0003", "FACTS", "EVENTS", "SESSIONS", "GOLD", "PROBES", "TASKS"):
        assert head in shown
