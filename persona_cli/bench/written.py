"""`persona bench sketch --part coverage`: what becomes of a sketch in the hands of a writer who sees nothing else.

The writer stands in for the cloud: the embedded local model, greedily, in this process. Beside both drafters stand the
gold plan (what the writer can do with the best sketch), the gold text (what the judge can find) and another task's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Final

from persona_cli.bench import covering, validity
from persona_cli.bench.likeness import repeated
from persona_cli.bench.sketch_tasks import DRAFTERS, GIVEN, WORLD, Drafted, draft_all, restored, shown, world_rows
from persona_cli.cli import screen
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.sketch.drafters.covering import clauses
from persona_cli.sketch.drafters.drafter import LOCAL
from persona_cli.sketch.prompts import write_turn
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.local.engine import Engine

ROWS: Final = 40
TOKENS: Final = 400
# Another task's text: so many rows further.
APART: Final = 7


@dataclass(frozen=True)
class Piece:
    """A text for a task. `raw` is the writer's, `text` the restored one, `prompt` what the writer saw.

    `own` are the points of the sketch, with its placeholders; `points` those of the gold plan, `values` its values.
    """

    prompt: str
    raw: str
    text: str
    own: tuple[str, ...]
    points: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """Shares 0..1. `present`: placeholders of what the writer saw that are in its text; `invented`: others in it.

    `own`: points of the sketch that the text says; `gold`: of the gold plan, said by the restored text; `holds`:
    required values in it; `repeated`: phrases of four words said before; `words`: its length.
    """

    present: float
    invented: int
    own: float
    gold: float
    holds: float
    repeated: float
    words: float


def bench(rows: int | None = None) -> None:
    """Print the table."""
    from persona_cli.local.encoder import Encoder
    from persona_cli.local.engine import Engine
    from persona_cli.paths import embedded_model

    encoder, engine = Encoder(), Engine(embedded_model("nano.gguf"))
    asked = world_rows(rows or ROWS)
    screen.write(
        f"{WORLD}, {len(asked)} requests{GIVEN}; {engine.name} writes in place of the cloud\n"
        f"{'':<22} {'present':>8} {'invented':>9} {'own points':>11} {'gold points':>12} {'values':>7} {'repeated':>9} "
        f"{'words':>6}\n"
    )
    found = draft_all(asked, given=True, told=screen.Bar("sketches"))
    scores = {}
    for drafter in DRAFTERS:
        with screen.working(f"texts from the sketches, {drafter}"):
            scores[drafter] = measure(from_sketches(found[drafter], engine), encoder)
        _row(f"sketch, {drafter}", scores[drafter])
    with screen.working("texts from the gold plans"):
        by_plan = measure(from_plans(len(asked), engine), encoder)
    _row("gold plan", by_plan)
    gold = measure(gold_texts(len(asked)), encoder)
    _row("gold text", gold)
    _row("another task's text", measure(gold_texts(len(asked), APART), encoder))
    beside = {**scores, "gold plan": by_plan}
    screen.write(
        "gold points beside those that the judge finds in the gold text: "
        + ", ".join(f"{name} {seen.gold / max(gold.gold, 1e-9):.1%}" for name, seen in beside.items())
        + "\n"
    )
    leaks = {drafter: validity.leak(found[drafter]) for drafter in DRAFTERS}
    screen.write(f"the better drafter for {engine.name}: {better(scores, leaks)}\n")
    engine.close()


def better(scores: dict[str, Written], leaks: dict[str, float]) -> str:
    """The drafter that is to be a model's default: the one whose texts say and hold more, if it leaks no more.

    Where they do not differ, the one that needs no model.
    """
    one, other = scores[DRAFTERS[0]], scores[LOCAL]
    says = other.gold + other.holds > one.gold + one.holds
    return LOCAL if says and leaks[LOCAL] <= leaks[DRAFTERS[0]] else DRAFTERS[0]


def from_sketches(found: Sequence[Drafted], engine: Engine) -> list[Piece]:
    """The texts that the writer makes of what leaves. A request that was refused has none."""
    drafts = [(item, item.draft) for item in found if item.draft is not None]
    prompts = [[Message(turn["role"], turn["content"]) for turn in draft.payload["messages"]] for _, draft in drafts]
    pieces = []
    for (item, draft), prompt, raw in zip(drafts, prompts, write_all(engine, prompts), strict=True):
        sketch = draft.sketch
        own = sketch.points if sketch.drafter == LOCAL else (*clauses(sketch.instruction), *sketch.points)
        pieces.append(Piece(prompt[-1].content, raw, restored(raw, draft), own, item.row.points, item.row.required))
    return pieces


def from_plans(count: int, engine: Engine) -> list[Piece]:
    """The texts that the writer makes of gold plans with placeholders."""
    rows = world_rows(count, cloud=True)
    turns = [write_turn(row.brief, "", row.points) for row in rows]
    prompts = [[Message("system", CLOUD_SYSTEM), Message("user", turn)] for turn in turns]
    return [
        Piece(turn, raw, raw, row.points, row.points, row.required)
        for row, turn, raw in zip(rows, turns, write_all(engine, prompts), strict=True)
    ]


def gold_texts(count: int, apart: int = 0) -> list[Piece]:
    """The gold texts, as if they had been written from the plan of the task `apart` rows before."""
    rows = world_rows(count, cloud=True)
    texts = [rows[(number + apart) % count].gold for number in range(count)]
    return [
        Piece(write_turn(row.brief, "", row.points), text, text, row.points, row.points, row.required)
        for row, text in zip(rows, texts, strict=True)
    ]


def write_all(engine: Engine, prompts: Sequence[Sequence[Message]]) -> list[str]:
    """The answer to each prompt; "" for one that is too long for the window."""
    short = [number for number, prompt in enumerate(prompts) if engine.count(prompt) + TOKENS <= engine.window]
    answers = engine.complete_many([prompts[number] for number in short], TOKENS)
    written = dict(zip(short, answers, strict=True))
    return [written.get(number, "") for number in range(len(prompts))]


def measure(pieces: Sequence[Piece], encoder: TextEncoder) -> Written:
    """The figures over `pieces`: of placeholders over all of them, else means. 0 for none."""
    wanted = [_tokens(piece.prompt) for piece in pieces]
    there = [_tokens(piece.raw) for piece in pieces]
    texts = [piece.text for piece in pieces if piece.text]
    held = [shown(piece.values, piece.text) / len(piece.values) for piece in pieces if piece.values]
    return Written(
        present=sum(len(one & two) for one, two in zip(wanted, there, strict=True))
        / max(1, sum(len(one) for one in wanted)),
        invented=sum(len(two - one) for one, two in zip(wanted, there, strict=True)),
        own=_mean([covering.share(piece.own, piece.raw, encoder) for piece in pieces if piece.own]),
        gold=_mean([covering.share(piece.points, piece.text, encoder, piece.values) for piece in pieces]),
        holds=_mean(held),
        repeated=_mean([repeated(text) for text in texts]),
        words=_mean([len(text.split()) for text in texts]),
    )


def _tokens(text: str) -> set[str]:
    return {token.token for token in find_tokens(text)}


def _mean(numbers: Sequence[float]) -> float:
    return mean(numbers) if numbers else 0.0


def _row(name: str, seen: Written) -> None:
    screen.write(
        f"{name:<22} {seen.present:>8.1%} {seen.invented:>9} {seen.own:>11.1%} {seen.gold:>12.1%} {seen.holds:>7.1%} "
        f"{seen.repeated:>9.1%} {seen.words:>6.0f}\n"
    )
