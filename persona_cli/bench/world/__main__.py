"""`python -m persona_cli.bench.world --seed 1 --split dev --user 3`: one user of PersonaWorld, readable."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from persona_cli.bench.world.attributes import FAMILIES, recommended
from persona_cli.bench.world.inventing import QUARTERS, START
from persona_cli.bench.world.users import User
from persona_cli.bench.world.world import World


def _day(day: int) -> str:
    return f"{START + timedelta(days=day):%a %d %b %Y}"


def _person(world: World, user: User) -> list[str]:
    lines = [f"{user.id}: {user.type}", ""]
    lines += [f"  {name:26} {value}" for name, value in user.attributes.items()]
    lines += ["", f"  {user.style}", ""]
    lines += [f"  {atom.field:18} {atom.kind:8} {'*' * atom.sensitive:4} {atom.value}" for atom in user.atoms]
    lines += [f"  before, {name}: {', '.join(values)}" for name, values in user.former.items()]
    lines += [f"  {family}: {recommended(user.attributes, family)}" for family in FAMILIES]
    return [*lines, "", "FACTS", *(f"  {fact.field:26} {fact.texts[-1]}" for fact in world.facts(user))]


def _life(world: World, user: User) -> list[str]:
    stream, history = world.stream(user), world.sessions(user)
    lines = ["", f"EVENTS ({len(stream.events)})"]
    lines += [
        f"  {_day(event.day)}  {event.category:16} {event.item:24} {event.rating}" for event in stream.events[:10]
    ]
    lines += [f"  prefers {', '.join(stream.before)}; from {_day(stream.drift_day)} on {', '.join(stream.after)}"]
    lines += [f"  dislikes {stream.disliked}; most often: {', '.join(stream.top_items)}", "", "SESSIONS"]
    for place, session in enumerate(history.sessions):
        lines += [f"  {place}, {_day(session.day)}"]
        lines += [f"    {'>' if turn.speaker == 'user' else ' '} {turn.text}" for turn in session.turns]
    lines += ["", "GOLD"]
    lines += [
        f"  {gold.session:2}.{gold.turn:<2} {gold.field:26} {gold.old} -> {gold.new}" for gold in history.mentions
    ]
    lines += [f"  {gold.session:2}.{gold.turn:<2} not the user: {gold.who}, {gold.value}" for gold in history.others]
    lines += ["", "PROBES"]
    for probe in world.probes(user, history):
        lines.append(
            f"  {_day(probe.asked)}  {probe.question} -> {probe.gold} (said before: {', '.join(probe.superseded)})"
        )
    return lines


def _errands(world: World, user: User, count: int) -> list[str]:
    lines = ["", "TASKS"]
    for errand in world.tasks(user, count):
        lines += [f"  {errand.task.intent}", f"    > {errand.task.request}"]
        lines += [f"    note: {note}" for note in errand.task.notes]
        lines += [f"    appear: {', '.join(errand.appear)}", f"    stay: {', '.join(errand.stay)}"]
        lines += [
            f"    outline: {' / '.join(errand.task.outline)}",
            *(f"    | {line}" for line in errand.task.text.splitlines()),
            "",
        ]
    return lines


def main(arguments: list[str]) -> int:
    """Print a user; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m persona_cli.bench.world", description="Print a user of PersonaWorld."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=tuple(QUARTERS), default="dev")
    parser.add_argument("--user", type=int, default=0)
    parser.add_argument("--tasks", type=int, default=3, help="how many tasks")
    given = parser.parse_args(arguments)
    world = World(given.seed, given.split)
    user = world.user(given.user)
    print("\n".join((*_person(world, user), *_life(world, user), *_errands(world, user, given.tasks))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
