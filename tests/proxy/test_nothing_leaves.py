"""Promise 1 at the endpoint: nothing leaves but what the gate cleared, whatever a client sends and the cloud does."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

import openai

from persona_cli.settings import LEVELS, STYLES
from tests.promises.test_nothing_leaves import NAMES, PLANTED, SENTENCES, SPELLINGS, leaked
from tests.proxy.conftest import Endpoint
from tests.servers import echo, resets, rubbish, server_error, stream_of, truncated, unauthorised
from tests.tools.given import asks_for

CASES = 24
CLOUDS = (
    stream_of("Fine, [PERSON_1]."),
    echo(),
    unauthorised(),
    truncated("Dear [PER"),
    rubbish(),
    server_error(),
    resets(),
)


def test_no_planted_value_is_in_the_captured_bytes(endpoint: Endpoint) -> None:
    chance = random.Random(11)
    endpoint.parts.profile.set("name", *NAMES)
    settings = endpoint.warm._settings
    answered = refused = 0
    for number in range(CASES):
        endpoint.warm._settings = settings
        endpoint.warm.change(
            privacy__level=LEVELS[number % len(LEVELS)],
            privacy__style=STYLES[number % len(STYLES)],
            privacy__restore_in=chance.choice(("prose", "prose,code,url,tools")),
            cloud__retries=int(number % 4 == 0),
        )
        name, planted = chance.choice(NAMES), chance.sample(PLANTED, 2)
        asked = _request(chance, name, planted)
        begun = len(endpoint.cloud.requests)
        # The first may be tried again, as persona does or as the SDK does.
        endpoint.plan[:] = [chance.choice(CLOUDS), asks_for(("note", {"a": "[PERSON_1]"})), chance.choice(CLOUDS)]
        try:
            done = endpoint.client(max_retries=1).chat.completions.create(**asked)
            with suppress(openai.APIError):
                for _ in done if asked["stream"] else ():
                    pass
            answered += 1
        except openai.PermissionDeniedError as error:
            refused += 1
            _unsaid(error, (name, *planted))
        except openai.APIStatusError as error:
            _unsaid(error, (name, *planted))
        captured = b"\n".join(item.raw for item in endpoint.cloud.requests[begun:])
        for value in (name, *planted):
            assert not leaked(captured, value), f"{value!r} left the machine in case {number}"
    assert answered > CASES / 3 and refused < CASES / 3, (answered, refused)


def _unsaid(error: openai.APIStatusError, values: tuple[str, ...]) -> None:
    assert not [value for value in values if leaked(error.response.content, value)]


def _request(chance: random.Random, name: str, planted: list[str]) -> dict[str, Any]:
    """A request with the values in every place that can hold one."""

    def said() -> str:
        pieces = [chance.choice(SPELLINGS)(name), *planted]
        return chance.choice(SENTENCES).replace("{}", chance.choice(pieces)).replace("{{", "{").replace("}}", "}")

    def data(value: str) -> str:
        plain = {"owner": value, "rows": [{"note": said(), "n": 3}, value], "deep": {"x": json.dumps({"y": value})}}
        return json.dumps(plain, ensure_ascii=chance.random() < 0.5)

    arguments = chance.choice((data(name), data(planted[1]), said()))
    call = {"id": chance.choice((planted[0], "call_9")), "type": "function",
            "function": {"name": "note", "arguments": arguments}}  # fmt: skip
    history = [
        {"role": "system", "content": said()},
        {"role": "user", "content": said(), "name": name.replace(" ", "_")},
        {"role": "assistant", "content": chance.choice((said(), None)), "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": chance.choice((said(), data(name), data(planted[0])))},
        {"role": "user", "content": [{"type": "text", "text": said()}, {"type": "text", "text": said()}]},
    ]
    schema = {
        "type": "object", "description": said(), "required": ["who"], "additionalProperties": False,
        "properties": {
            "who": {"type": "string", "enum": [name, *planted], "description": said(), "default": planted[0]}},
    }  # fmt: skip
    tools = [{"type": "function", "function": {"name": "note", "description": said(), "parameters": schema}}]
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "description": said()}}
    more: dict[str, Any] = chance.choice(({}, {"response_format": form}))
    return {
        "model": "persona", "messages": history[chance.randint(0, 1) :], "tools": tools,
        "stream": chance.random() < 0.5,
        "stop": [said()[:40]], "user": planted[0], "metadata": {"who": name}, "seed": 5, **more,
    }  # fmt: skip


def test_the_witness_sees_what_is_not_private(endpoint: Endpoint) -> None:
    """The control: the words of a client do reach the cloud."""
    endpoint.ask("The boiler is green.", stop=["blue kettle"])
    assert leaked(endpoint.last().raw, "boiler is green") and leaked(endpoint.last().raw, "blue kettle")
