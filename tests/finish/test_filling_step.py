"""The filling in the pipeline: what came into the text is shown, is kept, and does not leave with the next request."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.cli.answering import answer_fields, remark
from persona_cli.exchange import Answer, Draft, Pieces, Request
from persona_cli.finish.step import finished
from persona_cli.finish.wanting import FILL, STYLE, wanted
from persona_cli.modes.steps import Steps
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from persona_cli.sketch.drafters.local import NOT_NEEDED
from persona_cli.sketch.extractive import NOT_ABOUT, Recalled
from persona_cli.sketch.sketch import Decision, Message
from tests.servers import RecordingServer, stream_of, then

ALLERGY = "I am allergic to hazelnuts."
CAME = "Dear all, here is the menu. I can't eat everything because of a dietary restriction."
FILLED = "Dear all, here is the menu. I can't eat everything because of an allergy to hazelnuts."


def asking(parts: Parts, text: str, **more: object) -> tuple[Parts, Request]:
    parts = replace(parts, settings=with_value(parts.settings, "answer.finish", "fill"))
    request = Request(text, facts=(ALLERGY,), conversation=parts.conversations.new("x").id)
    return parts, replace(request, **more)  # type: ignore[arg-type]


def answered(parts: Parts, request: Request) -> Answer:
    reply = Assistant(parts).ask(request)
    assert "".join(reply)
    assert reply.answer is not None
    return reply.answer


def test_what_went_in_kind_is_said_shown_and_kept(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(stream_of(CAME)) as server:
        parts, request = asking(with_cloud(server.base_url), "Write a menu for dinner on Friday.")
        answer = answered(parts, request)
        body = server.requests[0].body
    assert b"hazelnut" not in body and b"dietary restriction" in body
    assert answer.text == FILLED and answer.left_out == 0
    assert answer_fields(answer)["filled"] == ("an allergy to hazelnuts",)
    lines = answer.diff.split("\n")
    assert "-I can't eat everything because of a dietary restriction." in lines
    assert "+I can't eat everything because of an allergy to hazelnuts." in lines
    assert parts.conversations.turns(request.conversation)[-1].text == FILLED


@pytest.mark.parametrize("ways", ["fill", "on"])
def test_it_does_not_leave_with_the_next_request(with_cloud: Callable[..., Parts], ways: str) -> None:
    came = "My daughter and I thank Nora Brannigan. I can't eat everything because of a dietary restriction."
    with RecordingServer(then(stream_of(came), stream_of("Shorter."))) as server:
        parts, request = asking(with_cloud(server.base_url), "Write a menu for dinner with Nora Brannigan.")
        parts = replace(parts, settings=with_value(parts.settings, "answer.finish", ways))
        answer = answered(parts, replace(request, facts=("My daughter Mia Quill is allergic to hazelnuts.",)))
        assert answer.filled == ("my daughter Mia Quill's allergy to hazelnuts",)
        answered(parts, Request("Make it shorter, please.", conversation=request.conversation))
        bodies = [json.loads(item.body) for item in server.requests]
    history = json.dumps(bodies[1])
    assert len(bodies) == 2 and bodies[1]["messages"][2]["role"] == "assistant"
    for word in ("hazelnut", "allerg", "Brannigan", "Quill", "Mia"):
        assert word not in history


def test_the_user_who_wants_placeholders_gets_no_more(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(stream_of(CAME)) as server:
        parts, request = asking(with_cloud(server.base_url), "Write a menu for dinner on Friday.")
        parts = replace(parts, settings=with_value(parts.settings, "privacy.restore_in", ""))
        answer = answered(parts, request)
    assert answer.text == CAME and answer.filled == ()


@pytest.mark.parametrize(
    ("setting", "asked", "wish", "ways"),
    [
        ("off", None, "", set()), ("off", True, "", {STYLE, FILL}), ("off", None, "warmer", {STYLE}),
        ("style", None, "", {STYLE}), ("fill", None, "", {FILL}), ("fill", None, "warmer", {STYLE, FILL}),
        ("on", None, "", {STYLE, FILL}), ("on", False, "warmer", set()), ("style", True, "", {STYLE, FILL}),
    ],
)  # fmt: skip
def test_the_setting_and_the_request_say_what_is_done(
    parts: Parts, setting: str, asked: bool | None, wish: str, ways: set[str]
) -> None:
    parts = replace(parts, settings=with_value(parts.settings, "answer.finish", setting))
    assert wanted(Request("x", finish=asked, wish=wish), parts) == ways


class Says:
    """A local model that says one thing."""

    name = "scripted"

    def __init__(self, said: str) -> None:
        self.said = said
        self.asked = 0

    def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        self.asked += 1
        return self.said


PARKING = "The parking permit of my flat ends on 3 May."


def planned(with_cloud: Callable[..., Parts], said: str, reason: str = NOT_NEEDED, where: str = "cloud") -> Answer:
    """The answer to a request whose plan left PARKING here, finished with a local model that says `said`."""
    with RecordingServer(stream_of("x")) as server:
        parts, request = asking(with_cloud(server.base_url), "Write to my landlord.", facts=())
        draft: Draft = Assistant(parts).prepare(request)
        sketch = replace(draft.sketch, decisions=(Decision("withheld", PARKING, reason),))
        draft = replace(draft, sketch=sketch, memories=(Recalled("1", PARKING),))
    parts.__dict__["engine"] = Says(said)
    steps = Steps(parts)
    steps.record.turns(draft.request, "Dear landlord, I write about the flat.", complete=True)

    def came() -> Pieces:
        yield Answer("Dear landlord, I write about the flat.", "", where, "m")

    answer = [piece for piece in finished(came(), draft.request, steps, draft) if isinstance(piece, Answer)][-1]
    assert parts.conversations.turns(request.conversation)[-1].text == answer.text
    table = parts.conversations.pseudonyms(request.conversation)
    assert set(answer.filled) <= {entry.value for entry in table.entries}
    return answer


def test_what_the_plan_left_here_is_said_in_a_sentence(with_cloud: Callable[..., Parts]) -> None:
    said = "My parking permit for it ends on 3 May."
    answer = planned(with_cloud, said)
    assert answer.text == f"Dear landlord, I write about the flat. {said}"
    assert answer.filled == (said,) and answer.left_out == 0 and f"+{said}" in answer.diff.split("\n")


def test_where_no_sentence_was_found_the_user_is_told(
    with_cloud: Callable[..., Parts], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = planned(with_cloud, "My parking permit for it ends on 4 May.")
    assert answer.text == "Dear landlord, I write about the flat." and answer.filled == () and answer.left_out == 1
    remark(answer)
    assert "Left out: 1 fact that was kept from the cloud. --show-sketch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reason", "where"),
    [(NOT_ABOUT, "cloud"), ("holds secret, which no text needs to be written", "cloud"), (NOT_NEEDED, "local")],
)
def test_what_the_request_is_not_about_stays_and_so_does_a_text_written_here(
    with_cloud: Callable[..., Parts], reason: str, where: str
) -> None:
    answer = planned(with_cloud, "My parking permit for it ends on 3 May.", reason, where)
    assert answer.text == "Dear landlord, I write about the flat." and answer.filled == () and answer.left_out == 0
