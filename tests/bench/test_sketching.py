"""`persona bench sketch`, small: a few rows, the real pipeline, and figures that see what goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.bench import modes, sketch_tasks, telling, validity, written
from persona_cli.bench.likeness import cosine, repeated, rouge_l
from persona_cli.bench.sketch_tasks import Drafted, Row, draft_all, people, set_up, shown, world_rows
from persona_cli.bench.written import Piece, Written, better
from persona_cli.local.encoder import Encoder
from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.sketch.prompts import DRAFT_SYSTEM
from persona_cli.sketch.sketch import Message

ROW = Row(
    request="Write an e-mail to my landlord that the heating has not worked since 4 May 2026.",
    memories=("My landlord is called Tom Brannigan.", "Greta Fischer owes me 40 euros."),
    notes=("My landlord is called Tom Brannigan.",),
    gold="Dear Tom Brannigan, the heating has not worked since 4 May 2026.",
    points=("the heating has not worked since 4 May 2026",),
    required=("Tom Brannigan", "4 May 2026"),
    private=("Greta Fischer",),
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(threads=1)


@pytest.fixture(scope="module")
def found() -> list[Drafted]:
    return draft_all([ROW], ["extractive"], given=True)["extractive"]


def test_tasks_are_the_same_every_time_and_hold_what_they_need() -> None:
    rows = world_rows(5)
    assert rows == world_rows(5) and rows != world_rows(5, seed=7)
    for row in rows:
        assert set(row.notes) <= set(row.memories) and row.points and row.brief
        assert shown(row.required, row.gold) == len(row.required)


def test_a_whole_sketch_is_valid_and_tells_nothing(found: list[Drafted], encoder: Encoder) -> None:
    seen = validity.measure(found, encoder)
    assert (seen.rows, seen.valid, seen.model, seen.taken_over, seen.invented) == (1, 1.0, 0.0, 0.0, 0)
    assert seen.leak == 0 and seen.says == 1.0 and seen.p95 >= seen.p50 > 0


def test_an_invented_placeholder_and_an_empty_sketch_are_not_valid(found: list[Drafted], encoder: Encoder) -> None:
    draft = found[0].draft
    assert draft is not None
    strange = replace(draft, sketch=replace(draft.sketch, points=("say [PERSON_9] is right",)))
    empty = replace(draft, sketch=replace(draft.sketch, instruction=" "))
    seen = validity.measure([Drafted(ROW, strange, 1.0), Drafted(ROW, empty, 1.0), Drafted(ROW, None, 1.0)], encoder)
    assert seen.valid == 0 and seen.invented == 1


def test_a_value_in_the_clear_is_a_leak(found: list[Drafted]) -> None:
    loud = replace(found[0], row=replace(ROW, private=("heating",)))
    assert validity.leak([loud]) == pytest.approx(1 / 3)


def test_what_is_done_with_memories_and_what_comes_back(found: list[Drafted]) -> None:
    told = telling.measure(found)
    assert (told.recalled, told.needed) == (2.0, 1.0)
    assert told.withheld + told.generalised + told.replaced == pytest.approx(1.0)
    assert told.private == 0 and told.leak == 0
    assert told.here == 1.0 >= told.back >= 0.5


def test_a_refused_request_brings_nothing_back() -> None:
    told = telling.measure([Drafted(ROW, None, 1.0)])
    assert (told.back, told.here, told.recalled) == (0.0, 0.0, 0.0)


def test_recall_is_asked_where_memories_are_not_given() -> None:
    with people() as person:
        parts = person(ROW)
        assert parts.memory.count() == 2
        assert set_up(parts, {"local.drafter": "local"}).memory is parts.memory
        parts.memory.close()


def test_the_writer_sees_the_payload_and_its_text_is_restored(found: list[Drafted]) -> None:
    engine = Engine(embedded_model("nano.gguf"), threads=1)
    (piece,) = written.from_sketches(found, engine)
    too_long = [Message("system", DRAFT_SYSTEM), Message("user", "heating " * 2000)]
    assert written.write_all(engine, [too_long]) == [""]
    engine.close()
    assert "Tom Brannigan" not in piece.prompt and piece.points == ROW.points
    assert piece.raw and all(token not in piece.text for token in piece.own if token in piece.raw)


def test_placeholders_points_and_values_of_a_text(encoder: Encoder) -> None:
    piece = Piece(
        prompt="Write to [PERSON_1] on [DATE_1].",
        raw="Dear [PERSON_1], the heating has not worked, says [PERSON_7].",
        text="Dear Anna, the heating has not worked, says [PERSON_7].",
        own=("the heating has not worked",),
        points=("the heating has not worked", "the meeting is cancelled"),
        values=("Anna", "4 May"),
    )
    seen = written.measure([piece], encoder)
    assert (seen.present, seen.invented, seen.own, seen.gold, seen.holds) == (0.5, 1, 1.0, 0.5, 0.5)
    assert written.measure([], encoder).gold == 0.0


def test_the_gold_text_says_more_than_another_one(encoder: Encoder) -> None:
    own, other = (written.measure(written.gold_texts(8, apart), encoder) for apart in (0, 3))
    assert own.present == 1.0 and own.invented == 0 and own.holds == 1.0
    assert own.gold > 0.5 > other.gold


def test_the_drafter_that_says_more_wins_unless_it_leaks() -> None:
    one, other = Written(1, 0, 1, 0.5, 0.5, 0, 60), Written(1, 0, 1, 0.6, 0.5, 0, 60)
    scores = {"extractive": one, "local": other}
    assert better(scores, {"extractive": 0.0, "local": 0.0}) == "local"
    assert better(scores, {"extractive": 0.0, "local": 0.1}) == "extractive"
    assert better({"extractive": one, "local": one}, {"extractive": 0.0, "local": 0.0}) == "extractive"


def test_rouge_and_repeated_phrases_and_cosine(encoder: Encoder) -> None:
    assert rouge_l("the cat sat", "the cat sat") == 1.0
    assert rouge_l("the cat sat", "the dog sat down") == pytest.approx(2 * 2 / 7)
    assert rouge_l("", "the cat") == 0.0
    assert repeated("a b c d e f") == 0.0
    assert repeated("a b c d a b c d") == pytest.approx(1 - 4 / 5)
    assert cosine("The heating is broken.", "The boiler does not work.", encoder) > cosine(
        "The heating is broken.", "Happy birthday!", encoder
    )
    assert cosine("", "anything", encoder) == 0.0


def test_the_rows_of_cogenesis_are_needed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_DATA", "/nowhere")
    with pytest.raises(Exception, match=r"cogenesis/dev\.jsonl is missing"):
        sketch_tasks.cogenesis_rows(1)


def test_a_mode_from_request_to_answer(encoder: Encoder) -> None:
    row = replace(ROW, facts=("Repairs antique accordions with her godfather",))
    row = replace(row, gold=f"{row.gold} {row.facts[0]}.")
    with modes.standing_in() as (settings, engine), people(settings) as person:
        sent = modes.answered(person, "sketch", "extractive", engine, row)
        here = modes.answered(person, "local", "extractive", engine, row)
    assert sent.text and sent.size > len(sent.payload) > 0 and sent.remote > 0 == sent.local
    assert (here.payload, here.size, here.remote) == ("", 0, 0) and here.local > 0
    told = replace(sent, payload=f"{sent.payload} {row.facts[0]}", text=row.gold)
    seen = modes.measure([row, row], [told, None], encoder)
    assert (seen.rows, seen.failed, seen.leak, seen.back) == (2, 1, 1.0, 1.0)
    assert seen.cosine == pytest.approx(1.0, abs=1e-3) and seen.rouge == 1.0
