"""Many requests side by side: no answer is another's, nothing private leaves, and the log tells of all of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from persona_cli.batch.worker import Ready, Worker
from persona_cli.cloud.pace import Pace
from persona_cli.parts import Parts
from persona_cli.settings import LOCAL, with_value
from tests.batch.running import Time, rows_of, run
from tests.servers import (
    RecordingServer,
    Turn,
    echo,
    fails,
    rate_limited,
    server_error,
    slow,
    stream_of,
    then,
    unauthorised,
)

GIVEN = ("Theodora", "Malcolm", "Priyanka", "Gunnar", "Beatrix", "Leopold", "Saoirse", "Anselm", "Ottilie", "Cosmo")
FAMILY = ("Quigley", "Brockbank", "Venkatesan", "Thorvaldsen", "Featherstone", "Okonkwo", "Szymanski", "Lindqvist",
          "Abernathy", "Castellano", "Drummond", "Eriksen", "Fairweather", "Galbraith", "Holloway", "Ivanova",
          "Jankowski", "Kavanagh", "Lombardi", "Macallister")  # fmt: skip
PEOPLE = [(given, family) for given in GIVEN for family in FAMILY]


def test_200_requests_out_of_order_are_each_restored_with_their_own_values(with_cloud: Callable[..., Parts]) -> None:
    objects = [
        {
            "id": number,
            "text": f"Write an e-mail to {given} {family} at {given.lower()}.{family.lower()}{number}@example.net.",
            "facts": [f"My friend is {given} {family}."],
        }
        for number, (given, family) in enumerate(PEOPLE)
    ]

    def out_of_order(turn: Turn) -> None:
        turn.hold(0.02 * (turn.number * 7 % 16))
        echo()(turn)

    with RecordingServer(out_of_order) as server:
        parts = with_cloud(server.base_url)
        kept, tally = run(parts, objects, jobs=16)
        sent = server.received.decode("utf-8", "replace").lower()
        bodies = sorted(request.body for request in server.requests)
    assert (tally.answered, tally.failed, len(kept.lines)) == (200, 0, 200)
    # The control: they did come back in another order.
    assert [line["id"] for line in kept.lines] != list(range(200))
    addresses = [f"{given.lower()}.{family.lower()}{n}@example.net" for n, (given, family) in enumerate(PEOPLE)]
    for number, (given, family) in enumerate(PEOPLE):
        text = kept.by_id[number]["text"]
        assert f"{given} {family}" in text
        assert [address for address in addresses if address in text] == [addresses[number]]
    assert not [word for word in (*GIVEN, *FAMILY, "example.net") if word.lower() in sent]
    verdict = parts.audit.verify()
    assert (verdict.ok, verdict.count) == (True, 400)
    receipts = {receipt.n: (receipt, payload) for receipt, payload in parts.audit.sent()}
    left = [payload or b"" for receipt, payload in receipts.values() if receipt.outcome == "sending"]
    assert sorted(left) == bodies
    assert sorted(receipt.refers_to for receipt, _ in receipts.values() if receipt.outcome == "answered") == sorted(
        line["receipt"] for line in kept.lines
    )
    assert parts.folders.vault_file.exists() is False


def test_a_conversation_goes_in_order_while_others_go_on(with_cloud: Callable[..., Parts]) -> None:
    objects = [
        {"id": "a1", "text": "Name a red fruit.", "conversation": "fruit"},
        {"id": "a2", "text": "Now a green one.", "conversation": "fruit"},
        {"id": "b", "text": "Name a tall tree."},
        {"id": "a3", "text": "Compare the two.", "conversation": "fruit"},
        {"id": "c", "text": "Name a deep lake."},
    ]
    with RecordingServer(slow(0.2, echo())) as server:
        parts = with_cloud(server.base_url)
        kept, tally = run(parts, objects)
        asked = [
            [m["content"] for m in request.json()["messages"] if m["role"] == "user"] for request in server.requests
        ]
    assert tally.answered == 5
    fruit = [said for said in asked if any("red fruit" in text for text in said)]
    assert [len(said) for said in fruit] == [1, 2, 3]
    assert ["Name a tall tree."] in asked and ["Name a deep lake."] in asked
    order = [line["id"] for line in kept.lines]
    assert order.index("a1") < order.index("a2") < order.index("a3") and order.index("c") < order.index("a3")
    turns = parts.conversations.turns("fruit")
    assert [turn.text for turn in turns if turn.role == "user"] == [
        "Name a red fruit.", "Now a green one.", "Compare the two."
    ]  # fmt: skip


def test_what_follows_a_failure_in_a_conversation_waits_and_goes_on_as_if_it_had_not_been(
    with_cloud: Callable[..., Parts],
) -> None:
    objects = [
        {"id": n, "text": text, "conversation": "trip"} for n, text in enumerate(("Name a town.", "And a lake."))
    ]
    with RecordingServer(then(fails(404, "no"), echo())) as server:
        parts = with_cloud(server.base_url)
        kept, tally = run(parts, objects)
        assert (len(server.requests), dict(tally.codes)) == (1, {5: 1, 1: 1})
        assert "line 1" in kept.by_id[1]["error"]
        kept, tally = run(parts, objects, going_on=True)
    assert tally.answered == 2
    turns = parts.conversations.turns("trip")
    assert [(turn.role, turn.text) for turn in turns] == [
        ("user", "Name a town."), ("assistant", "Name a town."), ("user", "And a lake."), ("assistant", "And a lake."),
    ]  # fmt: skip


def test_too_many_is_waited_out_by_all_and_costs_no_request_its_answer(with_cloud: Callable[..., Parts]) -> None:
    time = Time()
    limited = rate_limited("120")

    def answer(turn: Turn) -> None:
        (limited if time.now < 120 else echo())(turn)

    objects = [{"id": n, "text": f"Name {n + 2} towns."} for n in range(12)]
    with RecordingServer(answer) as server:
        _, tally = run(with_cloud(server.base_url), objects, pace=Pace(clock=time, sleep=time.sleep))
    assert tally.answered == 12 and time.now >= 120
    # No more were turned away than were on their way side by side.
    assert len(server.requests) <= 12 + 4


def test_a_server_in_trouble_is_asked_again_with_the_same_bytes(with_cloud: Callable[..., Parts]) -> None:
    time = Time()
    with RecordingServer(then(server_error(), server_error(), stream_of("Oslo."))) as server:
        kept, _ = run(
            with_cloud(server.base_url), [{"id": 1, "text": "Name a town."}], jobs=1,
            pace=Pace(clock=time, sleep=time.sleep), retries=2,
        )  # fmt: skip
    assert kept.lines[0]["text"] == "Oslo." and len({request.body for request in server.requests}) == 1
    assert time.slept == [0.5, 1.0]


def test_a_key_that_is_not_accepted_ends_the_run_and_what_came_is_kept(with_cloud: Callable[..., Parts]) -> None:
    objects = [{"id": n, "text": f"Name {n + 2} towns."} for n in range(20)]
    with RecordingServer(then(echo(), echo(), unauthorised())) as server:
        kept, tally = run(with_cloud(server.base_url), objects, jobs=1)
    assert tally.stopped is not None and tally.stopped.exit_code == 5 and "401" in str(tally.stopped)
    assert (tally.answered, len(kept.lines), len(server.requests)) == (2, 2, 3)


def test_a_403_is_about_one_request(with_cloud: Callable[..., Parts]) -> None:
    objects = [{"id": n, "text": f"Name {n + 2} towns."} for n in range(3)]
    with RecordingServer(then(fails(403, "flagged"), echo())) as server:
        _, tally = run(with_cloud(server.base_url), objects, jobs=1)
    assert (tally.answered, tally.failed, tally.stopped) == (2, 1, None)


def test_a_credit_that_is_used_up_is_not_waited_for(with_cloud: Callable[..., Parts]) -> None:
    time = Time()
    objects = [{"id": n, "text": f"Name {n + 2} towns."} for n in range(9)]
    with RecordingServer(fails(429, "You exceeded your quota", "insufficient_quota", {"Retry-After": "5"})) as server:
        _, tally = run(with_cloud(server.base_url), objects, jobs=1, pace=Pace(clock=time, sleep=time.sleep))
    assert "credit" in str(tally.stopped) and time.slept == [] and len(server.requests) == 1


def test_without_a_cloud_to_reach_a_run_gives_up(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(echo()) as server:
        base_url = server.base_url
    _, tally = run(with_cloud(base_url), [{"id": n, "text": "Name a town."} for n in range(50)], jobs=2)
    assert tally.stopped is not None and tally.answered == 0 and 3 <= tally.failed < 12


def test_what_the_gate_refuses_and_what_cannot_be_read_stops_nothing(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        # Fewer people than there are share what anybody tells of themselves: nothing that tells of the user leaves.
        parts = replace(parts, settings=with_value(parts.settings, "privacy.k_refuse", 10_000_000_000))
        told = {"id": 1, "text": "Write that I am a 41-year-old midwife from Ireland."}
        kept, tally = run(parts, [told, {"id": 2}, {"id": 3, "text": "x", "mode": "fast"}, {"id": 4, "text": "Hello."}])
    assert (tally.answered, dict(tally.codes)) == (1, {3: 1, 1: 2})
    assert kept.by_id[1]["exit_code"] == 3 and "'mode'" in kept.by_id[3]["error"]
    assert kept.by_id[None]["line"] == 2 and len(server.requests) == 1


def test_a_worker_alone_is_a_function_from_a_row_to_a_result(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        worker = Worker(parts, None)
        (row,) = rows_of(parts, {"id": 7, "text": "Tell anna.kowalska@example.net that I am late."})
        assert isinstance(worker.prepare(row), Ready)
        result = worker(row)
    assert result.line["id"] == 7 and "anna.kowalska@example.net" in result.line["text"]
    assert json.loads(json.dumps(result.line)) == result.line


def test_an_answer_that_misses_its_schema_is_a_failure_and_is_told(with_cloud: Callable[..., Parts]) -> None:
    objects = [
        {"id": n, "text": "How old is the oak?", "schema": {"type": "object", "required": ["age"]}} for n in (1, 2)
    ]
    with RecordingServer(then(stream_of('{"age": 300}', usage=(40, 6)), stream_of('{"size": 3}'))) as server:
        kept, tally = run(with_cloud(server.base_url), objects, jobs=1)
        assert server.requests[0].json()["response_format"]["type"] == "json_schema"
    assert (tally.answered, dict(tally.codes)) == (1, {1: 1})
    assert (kept.by_id[1]["tokens_in"], kept.by_id[1]["tokens_out"], kept.by_id[1]["tokens_about"]) == (40, 6, False)
    assert "schema" in kept.by_id[2]["error"] and "size" in kept.by_id[2]["text"]


def test_local_is_local_whatever_a_line_says(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        (row,) = rows_of(parts, {"id": 1, "text": "Say hello to Tom.", "mode": "sketch"})
        result = Worker(parts, None, LOCAL)(row)
    assert result.line["where"] == "local" and server.received == b""


def test_the_answers_of_modes_that_write_here_come_too(with_cloud: Callable[..., Parts]) -> None:
    kept, tally = run(with_cloud("http://127.0.0.1:9/v1"), [{"id": 1, "text": "Say hello to Tom.", "mode": "local"}])
    assert tally.answered == 1 and kept.lines[0]["where"] == "local" and kept.lines[0]["receipt"] == 0
