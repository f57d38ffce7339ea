"""Perplexity of gold texts: the small model with the context, the large one without it, and both weighed together.

What is wanted is a mixture below both. In process: the two models read the same gold text behind their own prompts, and
of the large one no more is used than the wire tells (the likeliest 20; what is left of its probability is spread over
the rest). PersonaWorld (held-out templates, placeholders in place of values, as the models see them) and cogenesis/dev.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from persona_cli.cli import screen
from persona_cli.modes.combining import Combiner, embedded, features
from persona_cli.modes.fusion import Schedule, top, union
from persona_cli.modes.local import LOCAL_SYSTEM
from persona_cli.modes.together import place
from persona_cli.settings import LOGITS
from persona_cli.sketch.content import stems
from persona_cli.sketch.prompts import NOTES_HEADING
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message, prompt

if TYPE_CHECKING:
    from persona_cli.bench.sketch_tasks import Row
    from persona_cli.local.engine import Engine
    from persona_cli.parts import Parts

Floats = NDArray[np.float64]

ROWS: Final = 60
# Of a profile, the facts nearest to the request stand in the small model's prompt: as many as recall gives.
FACTS: Final = 5
# A text that is longer than a tiny model's window is read up to here, in tokens.
LONGEST: Final = 400
WEIGHTS: Final = (0.3, 0.5, 0.7)
TOGETHER: Final = 20
# Every token with the cloud; the paper's every second; openings only, then every fourth.
SCHEDULES: Final = (Schedule(), Schedule(1, 1, 1), Schedule(8, 3, 1))


@dataclass(frozen=True)
class Told:
    """One gold text as both models are to write it."""

    small: tuple[Message, ...]
    large: tuple[Message, ...]
    text: str


@dataclass(frozen=True)
class Scored:
    """Of each token of gold texts: `rows` [n, 12] the combiner's features, `small` and `large` [n] its probability."""

    rows: Floats
    small: Floats
    large: Floats

    def perplexity(self, weights: Floats | float) -> float:
        """Under the mixture in which the small model counts `weights`."""
        mixed = weights * self.small + (1 - weights) * self.large
        return float(np.exp(-np.log(mixed).mean()))


def told(request: str, notes: Sequence[str], text: str) -> Told:
    here = prompt(request, "", tuple(notes), NOTES_HEADING)
    return Told(
        (Message("system", LOCAL_SYSTEM), Message("user", here)),
        (Message("system", CLOUD_SYSTEM), Message("user", request)),
        text,
    )


def of_row(row: Row) -> Told:
    """A row of the sketch's bench. Of a profile, what has most words in common with the request."""
    asked = stems(row.request)
    facts = sorted(row.facts, key=lambda fact: -len(stems(fact) & asked))[:FACTS]
    return told(row.request, [*row.memories, *facts], row.gold)


def scored(small: Engine, large: Engine, texts: Sequence[Told]) -> Scored:
    """Both engines over `texts`; their tokens are the same. Texts that fit neither window are cut, or left out."""
    found = [list(_tokens(small, large, item)) for item in texts]
    flat = [entry for entries in found for entry in entries]
    return Scored(
        np.array([row for row, _, _ in flat]),
        np.array([share for _, share, _ in flat]),
        np.array([share for _, _, share in flat]),
    )


def _tokens(small: Engine, large: Engine, item: Told) -> Iterator[tuple[Floats, float, float]]:
    scorers = (small.scorer(), large.scorer())
    prompts = (small.prompt(item.small), large.prompt(item.large))
    room = min(scorer.window - len(tokens) for scorer, tokens in zip(scorers, prompts, strict=True))
    gold = scorers[0].tokenize(item.text)[: min(LONGEST, max(0, room))]
    both = (scorer.sequence_rows(tokens, gold) for scorer, tokens in zip(scorers, prompts, strict=True))
    written = ""
    for step, (token, here, there) in enumerate(zip(gold, *both, strict=True)):
        near, far = top(here), top(there)
        where = place(step, written, scorers[0].token_bytes(next(iter(near))))
        rest = (1 - sum(np.exp(list(far.values())))) / (len(there) - len(far))
        share = np.exp(far[token]) if token in far else max(rest, 1e-9)
        yield features(union(near, far), where), float(np.exp(here[token])), float(share)
        written += scorers[0].token_bytes(token).decode("utf-8", "replace")


def bench(rows: int | None = None, small: Path | None = None, large: Path | None = None) -> None:
    """Print the table. Raises ModelMissing where a model of the pair is not there, PersonaError without the data."""
    from persona_cli.bench.sketch_tasks import COGENESIS, WORLD, cogenesis_rows, world_rows
    from persona_cli.errors import SettingsError
    from persona_cli.local.engine import Engine
    from persona_cli.paths import embedded_model

    paths = [small or embedded_model("pico.gguf"), large or embedded_model("nano.gguf")]
    engines = [Engine(path) for path in paths]
    if len({engine.scorer().fingerprint for engine in engines}) > 1:
        raise SettingsError(f"{paths[0].name} and {paths[1].name} have other tokens: train both by one recipe.")
    count = rows or ROWS
    screen.write(f"perplexity of the gold text, {paths[0].stem} with context and {paths[1].stem} without\n")
    names = ["small", "large", *(f"w={weight:g}" for weight in WEIGHTS), "learned"]
    screen.write(f"{'':<36}" + "".join(f"{name:>9}" for name in names) + "\n")
    for name, chosen in ((WORLD, world_rows(count, cloud=True)), (COGENESIS, cogenesis_rows(count))):
        found = scored(engines[0], engines[1], [of_row(row) for row in chosen])
        line = "".join(f"{value:9.3f}" for value in figures(found, embedded()))
        screen.write(f"{f'{name} ({len(chosen)}, {len(found.small)} tokens)':<36}{line}\n")


def together(rows: int | None = None, small: Path | None = None, large: Path | None = None) -> None:
    """Print what it costs: requests of PersonaWorld over a real server on loopback, by schedule, and what leaked."""
    from persona_cli.bench.sketch_tasks import people, world_rows
    from persona_cli.local.server import serving
    from persona_cli.paths import embedded_model
    from persona_cli.settings import CloudSettings, LocalSettings, Settings

    near, far = small or embedded_model("pico.gguf"), large or embedded_model("nano.gguf")
    chosen = world_rows(rows or TOGETHER)
    screen.write(f"{near.stem} here and {far.stem} on loopback, {len(chosen)} requests, P/K/T\n")
    screen.write(
        f"{'':<10}{'seconds':>9}{'tokens/s':>10}{'fused':>8}{'alone':>8}{'requests':>10}{'kB sent':>9}{'leaks':>7}\n"
    )
    with serving(far, "large", logprobs=True, context=4096) as base_url:
        cloud = CloudSettings("large", base_url, timeout=0)
        with people(Settings(cloud=cloud, local=LocalSettings(model=str(near)))) as of:
            for schedule in SCHEDULES:
                done = [_written(of(row), row, schedule) for row in chosen]
                seconds, fused, alone, requests, size, leaks = (sum(column) for column in zip(*done, strict=True))
                name = f"{schedule.first}/{schedule.skip}/{schedule.use}"
                rate = (fused + alone) / seconds if seconds else 0.0
                screen.write(
                    f"{name:<10}{seconds / len(done):9.2f}{rate:10.1f}{fused / len(done):8.1f}{alone / len(done):8.1f}"
                    f"{requests / len(done):10.1f}{size / len(done) / 1000:9.1f}{leaks:7.0f}\n"
                )


def _written(parts: Parts, row: Row, schedule: Schedule) -> tuple[float, int, int, int, int, int]:
    """Seconds, tokens fused and alone, requests, bytes, private values that left, for one request."""
    from persona_cli.exchange import Answer, Request
    from persona_cli.modes.logits import LogitsMode
    from persona_cli.modes.steps import Steps
    from persona_cli.privacy.front_coding import unpacked

    steps = Steps(parts)
    request = Request(row.request, mode=LOGITS, mode_reason="bench")
    mode = LogitsMode(steps, schedule)
    draft = mode.prepare(request, steps.record.table(request))
    start = time.perf_counter()
    answers = [piece for piece in mode.answer(draft) if isinstance(piece, Answer)]
    seconds = time.perf_counter() - start
    bodies = unpacked(parts.audit.payload(parts.audit.list()[-1].n))
    sent = b"\n".join(bodies).decode("utf-8").lower()
    leaks = sum(value.lower() in sent for value in row.private)
    return seconds, answers[-1].fused, answers[-1].alone, len(bodies), sum(map(len, bodies)), leaks


def figures(found: Scored, combiner: Combiner) -> list[float]:
    """Perplexity of small alone, large alone, at each of WEIGHTS, and with `combiner`."""
    weights: list[Floats | float] = [1.0, 0.0, *WEIGHTS, combiner.weights(found.rows)]
    return [found.perplexity(weight) for weight in weights]
