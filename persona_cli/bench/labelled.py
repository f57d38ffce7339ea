"""The labelled texts that persona is measured on. They are no part of the project: PERSONA_DATA says where they lie.

wnut17-dev, the held-out templates of presidio-research and PUPA's dev rows are measured on and never trained on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_cli.errors import PersonaError

HELD_OUT = 5  # one template of presidio in so many is measured on
_BESIDE = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Marked:
    """A text and its private spans: (start, end, label), in order, offsets in characters."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()


def data_file(name: str) -> Path:
    """The file `name` ("pupa/dev.jsonl") of PERSONA_DATA. Raises PersonaError when it is not there."""
    path = Path(os.environ.get("PERSONA_DATA") or _BESIDE) / name
    if not path.is_file():
        raise PersonaError(
            f"The evaluation data are not here: {name} is missing. Set PERSONA_DATA to the folder that holds it."
        )
    return path


def data_files(pattern: str) -> list[Path]:
    """The files of PERSONA_DATA that match `pattern` ("beam/*.json.gz"), those with numbers for names in their order.

    Raises PersonaError when there are none.
    """
    found = sorted(
        Path(os.environ.get("PERSONA_DATA") or _BESIDE).glob(pattern), key=lambda path: (len(path.name), path)
    )
    if not found:
        raise PersonaError(
            f"The evaluation data are not here: {pattern} is missing. Set PERSONA_DATA to the folder that holds it."
        )
    return found


def json_lines(name: str) -> list[dict[str, Any]]:
    """The rows of a JSONL file of PERSONA_DATA."""
    lines = data_file(name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def columns(path: Path) -> Iterator[list[tuple[str, str]]]:
    """The sentences of a CoNLL file as (token, tag)."""
    sentence: list[tuple[str, str]] = []
    for line in path.read_text("utf-8").splitlines():
        fields = line.split()
        if len(fields) >= 2:
            sentence.append((fields[0], fields[-1]))
        elif sentence and not fields:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def presidio(held_out: bool) -> list[Marked]:
    """presidio's sentences with its own labels. A template is held out with all that was made from it."""
    chosen = []
    for row in json.loads(data_file("ner/presidio-synth-v2.json").read_text("utf-8")):
        digest = hashlib.sha256(row["masked"].encode()).digest()
        if (digest[0] % HELD_OUT == 0) == held_out:
            spans = ((span["start_position"], span["end_position"], span["entity_type"]) for span in row["spans"])
            chosen.append(Marked(row["full_text"], tuple(sorted(spans))))
    return chosen
