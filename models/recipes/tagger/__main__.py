"""Makes models/tagger.onnx and tagger.json: `python -m models.recipes.tagger`, from the project root.

About an hour on two cores that nothing else uses; needs PERSONA_DATA. Stopped at any point, the same command goes on
from the last checkpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from models.recipes.running import Command, say
from persona_cli.bench.scores import Find
from persona_cli.privacy.spans import PrivateSpan
from persona_cli.privacy.tagger import LABELS, Tagger, private_spans

if TYPE_CHECKING:
    from models.recipes.tagger.train import Network

COMMAND = Command(
    "tagger",
    "Train persona's tagger.",
    "tagger.onnx",
    ("torch", "tokenizers", "onnx", "safetensors", "faker", "numpy"),
    threads=1,  # 2 on two idle cores
)
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
SURE = 0.7  # of the rule for names, only what it is this sure of


def main(given: Sequence[str] | None = None) -> int:
    """Train, export, measure. The exit code is 0, or 1 with a sentence on stderr."""
    return COMMAND.run(COMMAND.arguments(COMMAND.parser(), given), make)


def make(options: argparse.Namespace) -> None:
    """All the stages of the recipe, one after the other."""
    import torch
    from tokenizers import Tokenizer

    from models.recipes.encoder import source
    from models.recipes.tagger.corpora import SOURCES
    from models.recipes.tagger.export import model, trained
    from models.recipes.tagger.train import SMALL, Recipe, train

    recipe = SMALL if options.small else Recipe()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    tokenizer_file = options.work / "tokenizer.json"
    tokenizer_file.write_bytes(source.tokenizer())
    tokenizer, often = Tokenizer.from_file(str(tokenizer_file)), 1.0 if options.small else 60.0
    done = train(recipe, tokenizer, options.work / "checkpoint.pt", say, often)

    weights = trained(done.network)
    content = model(weights, layers=recipe.layers)
    part = options.out.with_suffix(".part")
    part.write_bytes(content)
    part.replace(options.out)
    wide = options.work / "wide.onnx"
    wide.write_bytes(model(weights, layers=recipe.layers, exact=True))
    tagger, full = (Tagger(path, tokenizer_file) for path in (options.out, wide))
    say(f"Measuring {options.out}.")
    card: dict[str, Any] = {
        "file": options.out.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "recipe": "python -m models.recipes.tagger" + (" --small" if options.small else ""),
        "made_from": {"model": source.MODEL, "package": source.package(), "licence": source.LICENCE},
        "sources": SOURCES,
        "license": "Apache-2.0",
        "labels": LABELS,
        "seed": recipe.seed,
        "settings": asdict(recipe),
        "training": {
            "word_pieces": done.pieces,
            "steps": done.steps,
            "seconds": round(done.seconds),
            "threads": options.threads,
            "curve": [dict(zip(("step", "loss"), point, strict=True)) for point in done.curve],
        },
        "arithmetic": "8 bits, weights 7 (per channel), activations 8 (per tensor, while running)",
        "exported": _compare(done.network, full, tagger, 20 if options.small else 300),
        "measured": _measure(tagger, full, options.small),
    }
    options.out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
    say(json.dumps(card["measured"], indent=1))
    say(f"Wrote {options.out} ({len(content) / 1e6:.2f} MB) and {options.out.with_suffix('.json').name}.")


def _compare(network: Network, full: Tagger, tagger: Tagger, texts: int) -> dict[str, float]:
    """The largest difference of a probability: PyTorch to ONNX in 32 bits, and that to 8 bits."""
    import torch

    from models.recipes.tagger.measure import held_out_texts
    from persona_cli.privacy.tagger import END, START

    exact, rounded, same, words = 0.0, 0.0, 0, 0
    for text in held_out_texts()[:texts]:
        found, wide = full.odds(text)
        _, small = tagger.odds(text)
        if len(found.ids) > 250:
            continue
        ids, shapes = ([first, *own.tolist(), last] for first, own, last in (
            (START, found.ids, END), (0, found.shapes, 0)
        ))  # fmt: skip
        with torch.no_grad():
            logits = network(torch.tensor([ids]), torch.tensor([shapes]), torch.ones(1, len(ids), dtype=torch.long))
        odds = logits.softmax(-1)[0, 1:-1].numpy()
        exact = max(exact, float(abs(odds - wide).max()))
        rounded = max(rounded, float(abs(wide - small).max()))
        same += int((wide.argmax(-1) == small.argmax(-1)).sum())
        words += len(found.ids)
    return {
        "most_difference_pytorch_onnx": exact,
        "most_difference_8_bits": round(rounded, 4),
        "same_label_8_bits": round(same / words, 5),
    }


def _measure(tagger: Tagger, full: Tagger, small: bool) -> dict[str, Any]:
    from models.recipes.tagger import measure
    from models.recipes.tagger.corpora import presidio
    from models.recipes.tagger.examples import held_out
    from persona_cli.privacy.names import Names
    from persona_cli.privacy.patterns import Patterns

    synthetic, own = presidio(held_out=True), list(held_out())
    if small:
        return {"presidio held-out templates": measure.hiding(tagger.find, synthetic)}
    patterns, names = Patterns(), Names()
    sets: dict[str, Sequence[Find]] = {
        "tagger and patterns": [patterns.find],
        "tagger, patterns and sure names": [
            patterns.find, lambda text: [span for span in names.find(text) if span.confidence >= SURE]
        ],
        "tagger, patterns and names": [patterns.find, names.find],
    }  # fmt: skip
    return {
        "threshold": tagger.threshold,
        "pupa dev": measure.curves(tagger, sets, THRESHOLDS),
        "presidio held-out templates": measure.hiding(tagger.find, synthetic),
        "presidio held-out templates, with patterns": measure.hiding(
            lambda text: [*tagger.find(text), *patterns.find(text)], synthetic
        ),
        "own held-out templates": measure.hiding(tagger.find, own),
        "own held-out templates, with patterns": measure.hiding(
            lambda text: [*tagger.find(text), *patterns.find(text)], own
        ),
        "EWT dev": measure.web(tagger.find),
        "wnut17 dev, words": measure.tweets(tagger.find),
        "wnut17 dev, words, at 0.5": measure.tweets(_at(tagger, 0.5)),
        "wnut17 dev, words, at 0.5, before 8 bits": measure.tweets(_at(full, 0.5)),
    }


def _at(tagger: Tagger, threshold: float) -> Callable[[str], Iterable[PrivateSpan]]:
    return lambda text: private_spans(text, *tagger.odds(text), threshold)


if __name__ == "__main__":
    sys.exit(main())
