"""Make models/encoder.onnx, tokenizer.json and encoder.json.

python -m models.recipes.encoder              about a minute; needs PERSONA_DATA to measure
python -m models.recipes.encoder --compare    also measure the other ways of 8 bits, and write that down
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from models.recipes.encoder import source
from models.recipes.encoder.graph import Storage, model
from models.recipes.encoder.measure import (
    Conversation,
    Vectors,
    cold_load,
    embedded,
    locomo,
    nearness,
    reference,
    tokens_per_second,
)
from persona_cli.local.encoder import Encoder

MODELS = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.encoder", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS, help="the folder to write to")
    parser.add_argument("--compare", action="store_true", help="measure the other ways of 8 bits too")
    arguments = parser.parse_args()
    conversations = locomo()
    weights = source.weights()
    content, vocabulary = model(weights), source.tokenizer()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "encoder.onnx").write_bytes(content)
    (arguments.out / "tokenizer.json").write_bytes(vocabulary)
    _say(f"encoder.onnx: {len(content) / 1e6:.1f} MB, sha256 {source.digest(content)}")
    wanted = embedded(reference(), conversations)
    card = {
        "what": "all-MiniLM-L6-v2 with 8-bit weights: texts to unit vectors of 384 numbers",
        "recipe": "python -m models.recipes.encoder",
        "made_from": {
            "model": source.MODEL,
            "package": source.package(),
            "licence": source.LICENCE,
            "model.safetensors": source.WEIGHTS_SHA256,
            "tokenizer.json": source.TOKENIZER_SHA256,
        },
        "files": {
            "encoder.onnx": {"bytes": len(content), "sha256": source.digest(content)},
            "tokenizer.json": {"bytes": len(vocabulary), "sha256": source.digest(vocabulary)},
        },
        "storage": asdict(Storage()),
        "measured_against": f"sentence-transformers {version('sentence-transformers')}, all LoCoMo dev conversations",
        "measured": _measure(content, arguments.out / "tokenizer.json", conversations, wanted),
    }
    card_file = arguments.out / "encoder.json"
    if arguments.compare:
        from models.recipes.encoder.dynamic import others

        card["compared"] = {
            name: _measure(other, arguments.out / "tokenizer.json", conversations, wanted)
            for name, other in others(weights).items()
        }
    elif card_file.is_file() and "compared" in (before := json.loads(card_file.read_text("utf-8"))):
        card["compared"] = before["compared"]
    card_file.write_text(json.dumps(card, indent=2) + "\n", "utf-8")


def _measure(
    content: bytes,
    vocabulary: Path,
    conversations: Sequence[Conversation],
    wanted: Sequence[tuple[Vectors, Vectors]],
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "encoder.onnx")
        path.write_bytes(content)
        encoder = Encoder(path, vocabulary)
        near = nearness(conversations, embedded(encoder, conversations), wanted)
        load = cold_load(path, vocabulary)
        wall, processor = tokens_per_second(encoder, conversations[0].turns)
    figures = {
        "megabytes": round(len(content) / 1e6, 1),
        **asdict(near),
        "agreement": round(near.agreement, 4),
        "tokens_per_second": round(wall),
        "tokens_per_processor_second": round(processor),
        "cold_load_processor_ms": load,
    }
    _say(json.dumps(figures))
    return figures


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
