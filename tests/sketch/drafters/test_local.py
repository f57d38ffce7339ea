"""The local drafter with a real model: whatever it writes, the sketch is whole and holds no private value."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import PERSON, PHONE
from persona_cli.sketch.drafters.local import Local
from persona_cli.sketch.extractive import Recalled
from persona_cli.sketch.sketch import Sketch, body

PEOPLE = ("Tom Brannigan", "Nora Lindqvist", "Ama Owusu")
PHONE_NUMBER = "+353 1 555 0142"
DETECTOR = build_detector([*(KnownFact(name, PERSON) for name in PEOPLE), KnownFact(PHONE_NUMBER, PHONE)], (), ())
MEMORIES = (
    "I take sertraline every morning.",
    "Tom Brannigan is my landlord.",
    "I am allergic to hazelnuts.",
    f"Ama Owusu's number is {PHONE_NUMBER}.",
)
PRIVATE = (*(part for name in PEOPLE for part in name.split()), "0142", "sertraline", "hazelnut")


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = Engine(embedded_model("nano.gguf"), context=1024)
    yield engine
    engine.close()


def requests(seed: int) -> tuple[str, str]:
    rng = random.Random(seed)
    who = rng.choice(PEOPLE)
    text = rng.choice(("a short e-mail", "a friendly message", "a letter", "an invitation", "a menu"))
    about = rng.choice(("the broken heating", "dinner on Friday", "the missed call", "a thank-you for the flowers"))
    document = rng.choice(("", f"{rng.choice(PEOPLE)} wrote: call me on {PHONE_NUMBER}."))
    return f"Write {text} to {who} about {about}.", document


@pytest.mark.parametrize("seed", range(6))
def test_no_private_value_and_no_invented_placeholder_ever(nano: Engine, seed: int) -> None:
    request, document = requests(seed)
    table = Pseudonyms()
    recalled = [Recalled(str(n), text) for n, text in enumerate(MEMORIES)]
    sketch = Local(lambda: nano).draft(request, document, (), recalled, DETECTOR, table, "balanced")
    leaving = _leaving(sketch)
    assert not [private for private in PRIVATE if private.casefold() in leaving.casefold()]
    assert all(table.value_of(token.token) for token in find_tokens(leaving))
    assert sketch.instruction and 1 <= sketch.attempts <= 3
    assert sketch.drafter == "local" or sketch.findings


def test_a_document_far_over_the_window_works(nano: Engine) -> None:
    document = "\n".join(f"Item {n}: Nora Lindqvist moved meeting {n} to room {n % 7}." for n in range(120))
    table = Pseudonyms()
    sketch = Local(lambda: nano).draft("Summarise this.", document, (), (), DETECTOR, table, "balanced")
    assert "Lindqvist" not in _leaving(sketch)
    # It works on its document, which goes whole: what the model read of it was for the plan.
    assert sketch.document.count("[PERSON_1]") == 120


def _leaving(sketch: Sketch) -> str:
    return str(body(sketch, "m"))
