"""LoCoMo (snap-research/LoCoMo): very long conversations, and questions with the turns that answer them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

from persona_cli.bench.labelled import data_file
from persona_cli.memory.storage.records import Note

CATEGORIES: Final = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
# Some evidence is written "D8:6; D9:17", "D:11:26" or "D30:05".
_TURN = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True)
class Question:
    """`evidence`: the places of the turns that answer it."""

    text: str
    category: int
    evidence: frozenset[int]


@dataclass(frozen=True)
class Conversation:
    name: str
    turns: tuple[Note, ...]
    questions: tuple[Question, ...]


def conversations(captions: bool = False) -> list[Conversation]:
    """The dev conversations; with `captions` a turn says what its image shows. Questions without evidence are left out.

    Raises PersonaError when the data are not there.
    """
    rows = json.loads(data_file("locomo/dev.json").read_text("utf-8"))
    return [_conversation(row, f"conversation {number}", captions) for number, row in enumerate(rows)]


def _conversation(row: dict[str, Any], name: str, captions: bool) -> Conversation:
    turns = list(_turns(row["conversation"], name, captions))
    place = {turn.source_id: n for n, turn in enumerate(turns)}
    questions = []
    for pair in row["qa"]:
        named = {f"D{int(s)}:{int(t)}" for written in pair["evidence"] for s, t in _TURN.findall(written)}
        if evidence := frozenset(place[turn] for turn in named if turn in place):
            questions.append(Question(str(pair["question"]), int(pair["category"]), evidence))
    return Conversation(name, tuple(turns), tuple(questions))


def _turns(conversation: dict[str, Any], name: str, captions: bool) -> Iterator[Note]:
    number = 1
    while (said := conversation.get(f"session_{number}_date_time")) is not None:
        time = datetime.strptime(said, "%I:%M %p on %d %B, %Y").replace(tzinfo=timezone.utc)
        for turn in conversation.get(f"session_{number}", []):
            shown = f" [shares {turn['blip_caption']}]" if captions and turn.get("blip_caption") else ""
            yield Note(turn["text"] + shown, time, turn["speaker"], name, turn["dia_id"])
        number += 1
