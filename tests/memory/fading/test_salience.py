"""What is worth keeping: by what a text says."""

from __future__ import annotations

from datetime import datetime, timezone

from persona_cli.memory.fading.salience import EXPLICIT, saliences
from persona_cli.memory.store import Memory

TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)


def said(*texts: str, speaker: str = "Nora") -> list[Memory]:
    return [Memory(f"{n:032x}", text, TIME, speaker, "talk", f"m{n}", TIME) for n, text in enumerate(texts)]


def values(*texts: str) -> list[float]:
    return [salience.value for salience in saliences(said(*texts))]


def test_facts_are_worth_more_than_reactions() -> None:
    fact, reaction, asked = values(
        "I started my new job at Brightwater in Leeds on 3 March last year.",
        "Wow, that's great! Thanks so much!",
        "How are you doing?",
    )
    assert fact > 0.7 > 0.3 > max(reaction, asked)


def test_what_answers_a_question_is_worth_more() -> None:
    alone = values("The weather was fine.", "Mostly pottery and swimming.")[1]
    asked = values("What do you do for fun?", "Mostly pottery and swimming.")[1]
    assert asked > alone


def test_what_was_said_before_is_worth_less() -> None:
    first, _, again = values(
        "We painted the kitchen green.", "Something else entirely happened.", "We painted the kitchen green."
    )
    assert again < first


def test_the_user_may_say_what_matters() -> None:
    by_hand = Memory("0" * 32, "ok", TIME, stored=TIME)
    told = said("Please remember that the bins go out on Tuesday.")[0]
    assert all(salience.value >= EXPLICIT for salience in saliences([by_hand, told]))


def test_reasons_say_what_weighed_most() -> None:
    [salience] = saliences(said("I met Ruth Keller and Tom Brannigan in Bern."))
    assert "names" in [name for name, _ in salience.reasons[:2]]


def test_any_text_has_a_salience() -> None:
    for salience in saliences(said("", "?!", "你好，我住在北京。", "1", "\x00", "a" * 5000, "word " * 5000)):
        assert 0 <= salience.value <= 1
