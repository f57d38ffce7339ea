"""How near an encoder is to sentence-transformers, and how fast it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.recipes.encoder.source import folder

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Conversation:
    """One of LoCoMo: the turns are the corpus, the questions the queries."""

    turns: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Nearness:
    """`same_top` of `queries` find the same turn first; cosine over turns and questions."""

    queries: int
    same_top: int
    cosine_mean: float
    cosine_min: float

    @property
    def agreement(self) -> float:
        return self.same_top / self.queries


def locomo() -> list[Conversation]:
    """The dev conversations under the folder of the environment variable PERSONA_DATA.

    Raises FileNotFoundError with a sentence that names the variable.
    """
    data = Path(os.environ.get("PERSONA_DATA", "../shared/data"))
    path = data / "locomo" / "dev.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: set PERSONA_DATA to the folder with locomo/dev.json.")
    return [
        Conversation(tuple(_turns(row["conversation"])), tuple(pair["question"] for pair in row["qa"]))
        for row in json.loads(path.read_text("utf-8"))
    ]


def _turns(conversation: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    session = 1
    while f"session_{session}_date_time" in conversation:
        yield from (turn["text"] for turn in conversation.get(f"session_{session}", []))
        session += 1


def reference() -> TextEncoder:
    """all-MiniLM-L6-v2 through sentence-transformers, from the package's files."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from persona_cli.local.encoder import SentenceTransformersEncoder

    return SentenceTransformersEncoder(str(folder()))


def embedded(encoder: TextEncoder, conversations: Sequence[Conversation]) -> list[tuple[Vectors, Vectors]]:
    """The vectors of turns and questions of each conversation."""
    return [(encoder.embed(one.turns), encoder.embed(one.questions)) for one in conversations]


def nearness(
    conversations: Sequence[Conversation],
    found: Sequence[tuple[Vectors, Vectors]],
    wanted: Sequence[tuple[Vectors, Vectors]],
) -> Nearness:
    """How near `found` is to `wanted`. Two turns with the same words are the same hit."""
    same = 0
    cosines = []
    for one, (turns, questions), (true_turns, true_questions) in zip(conversations, found, wanted, strict=True):
        cosines += [(turns * true_turns).sum(axis=1), (questions * true_questions).sum(axis=1)]
        tops = (questions @ turns.T).argmax(axis=1)
        true_tops = (true_questions @ true_turns.T).argmax(axis=1)
        same += sum(one.turns[a] == one.turns[b] for a, b in zip(tops, true_tops, strict=True))
    every = np.concatenate(cosines)
    queries = sum(len(one.questions) for one in conversations)
    return Nearness(queries, same, round(float(every.mean()), 6), round(float(every.min()), 6))


def tokens_per_second(encoder: TextEncoder, texts: Sequence[str]) -> tuple[float, float]:
    """Per second of wall time and per second of processor time; the latter hardly depends on what else runs."""
    tokens = sum(encoder.count_tokens(text) for text in texts)
    encoder.warm_up()
    wall, processor = time.perf_counter(), time.process_time()
    encoder.embed(texts)
    return tokens / (time.perf_counter() - wall), tokens / (time.process_time() - processor)


def cold_load(model: Path, vocabulary: Path) -> int:
    """Processor milliseconds to load model and tokenizer in a fresh process, without the imports; the best of three."""
    code = (
        "import sys, time, pathlib, numpy, onnxruntime, tokenizers\n"
        "from persona_cli.local.encoder import Encoder\n"
        "encoder = Encoder(*map(pathlib.Path, sys.argv[1:]))\n"
        "start = time.process_time(); encoder.warm_up(); print(round((time.process_time() - start) * 1000))\n"
    )
    command = [sys.executable, "-c", code, str(model), str(vocabulary)]
    return min(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3))
