"""A chat completion as an OpenAI client asks for it: read, checked, and in one form. Knows nothing of what is private.

What is understood goes on; what only tells the cloud who asks, or that it should keep something, is dropped (DROPPED);
everything else is refused with a sentence, since the answer would not be what the client asked for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from persona_cli.proxy.errors import Wrong, invalid
from persona_cli.tools.tool import NAME

# Numbers and words of the protocol, which go as they are: each with what it may be.
NUMBERS: Final = frozenset(("temperature", "top_p", "presence_penalty", "frequency_penalty"))
WHOLE: Final = frozenset(("max_tokens", "max_completion_tokens", "seed"))
WORDS: Final = frozenset(("reasoning_effort", "verbosity"))
FLAGS: Final = frozenset(("parallel_tool_calls",))
# Read below, one by one.
READ: Final = frozenset(
    ("model", "messages", "tools", "tool_choice", "response_format", "stop", "stream", "stream_options", "n")
)
# They say who the user is, or have the cloud keep the request: the answer is the same without.
DROPPED: Final = frozenset(
    ("user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "metadata", "store", "service_tier")
)
ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
MOST_MESSAGES: Final = 10_000
MOST_TOOLS: Final = 128
MOST_STOPS: Final = 16
_WORD: Final = re.compile(r"[a-z]{1,20}")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Called:
    """A tool that the assistant called; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Said:
    """One message. `name` is the participant's, `calls` are an assistant's, and `answers` is the call of a tool."""

    role: str
    text: str | None
    name: str = ""
    calls: tuple[Called, ...] = ()
    answers: str = ""


@dataclass(frozen=True)
class Asked:
    """`model` as the client calls it, "" for none. `options` go as they are. `count`: the client wants a count at the
    end of its stream."""

    model: str
    messages: tuple[Said, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str | Mapping[str, Any] = ""
    response_format: Mapping[str, Any] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    stream: bool = False
    count: bool = False

    @property
    def wants_json(self) -> bool:
        """Whether the answer is to be JSON."""
        return self.response_format.get("type") in ("json_object", "json_schema")


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises Wrong."""
    try:
        body = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
        if _HALF.search(raw):  # half a surrogate pair is no character that could be sent on
            json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON that can be read.") from None
    if not isinstance(body, dict):
        raise invalid("The body is no JSON object.")
    return body


def read(raw: bytes) -> Asked:
    """Raises Wrong."""
    body = {key: value for key, value in read_object(raw).items() if value is not None and key not in DROPPED}
    unknown = next((key for key in body if key not in NUMBERS | WHOLE | WORDS | FLAGS | READ and _asks(key, body)), "")
    if unknown:
        known = ", ".join(sorted(NUMBERS | WHOLE | WORDS | FLAGS | READ))
        called = f"'{unknown[:60]}'" if unknown.isidentifier() else "a parameter"
        raise invalid(
            f"persona does not pass on {called}: it passes on {known}. Leave it out.", _param(unknown), "unsupported"
        )
    model = body.get("model", "")
    if not isinstance(model, str):
        raise invalid("model is a text.", "model")
    if body.get("n", 1) != 1:
        raise invalid("persona asks for one answer at a time: n is 1.", "n")
    tools = _tools(body.get("tools", []))
    return Asked(
        model=model,
        messages=_messages(body.get("messages")),
        options={key: value for key, value in body.items() if _option(key, value)},
        tools=tools,
        tool_choice=_tool_choice(body.get("tool_choice", ""), tools),
        response_format=_response_format(body.get("response_format", {})),
        stop=_stop(body.get("stop", [])),
        stream=_flag(body.get("stream", False), "stream"),
        count=_flag(
            _dict(body.get("stream_options", {}), "stream_options").get("include_usage", False), "include_usage"
        ),
    )


def _asks(key: str, body: Mapping[str, Any]) -> bool:
    """Whether the unknown `key` asks for anything: clients send what they don't use as false, 0 or empty."""
    return bool(body[key])


def _option(key: str, value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = (
        number if key in NUMBERS
        else number and isinstance(value, int) if key in WHOLE
        else isinstance(value, str) and _WORD.fullmatch(value) is not None if key in WORDS
        else isinstance(value, bool) if key in FLAGS
        else None
    )  # fmt: skip
    if fits is False:
        raise invalid(f"{key} is not what it should be.", key)
    return bool(fits)


def _messages(given: Any) -> tuple[Said, ...]:
    if not isinstance(given, list) or not given or len(given) > MOST_MESSAGES:
        raise invalid("messages is a list of messages, and not an empty one.", "messages")
    return tuple(_message(item, f"messages[{at}]") for at, item in enumerate(given))


def _message(item: Any, at: str) -> Said:
    message = _dict(item, at)
    role = ROLES.get(message.get("role", "")) if isinstance(message.get("role"), str) else None
    if role is None:
        raise invalid(f"{at}.role is one of {', '.join(ROLES)}.", f"{at}.role")
    if message.get("function_call"):
        raise invalid("persona passes on tool_calls and no function_call.", f"{at}.function_call")
    given = message.get("tool_calls") or []
    if not isinstance(given, list):
        raise invalid(f"{at}.tool_calls is a list of calls.", f"{at}.tool_calls")
    calls = tuple(_call(call, f"{at}.tool_calls[{n}]") for n, call in enumerate(given))
    content = message.get("content")
    if content is None and role == "assistant":
        content = message.get("refusal")
    text = None if content is None else _content(content, f"{at}.content")
    if text is None and not calls and role != "assistant":
        raise invalid(f"{at}.content is missing.", f"{at}.content")
    name, answers = message.get("name") or "", message.get("tool_call_id") or ""
    if not isinstance(name, str) or not isinstance(answers, str):
        raise invalid(f"{at}: name and tool_call_id are texts.", at)
    if role == "tool" and not answers:
        raise invalid(f"{at}.tool_call_id is missing.", f"{at}.tool_call_id")
    return Said(role, text, name if role in ("user", "assistant", "system") else "", calls, answers)


def _content(content: Any, at: str) -> str:
    """The text of a message. Its parts, where it has some, become one text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise invalid(f"{at} is a text or a list of parts.", at)
    texts = []
    for place, item in enumerate(content):
        part = _dict(item, f"{at}[{place}]")
        text = part.get("text") if part.get("type") == "text" else part.get("refusal")
        if not isinstance(text, str):
            raise Wrong(
                400,
                "persona passes on text alone: in an image, a recording or a file it cannot see what is private, so "
                "nothing was sent. Send the text that is in it.",
                "unsupported_part",
                f"{at}[{place}]",
            )
        texts.append(text)
    return "\n".join(texts)


def _call(item: Any, at: str) -> Called:
    call = _dict(item, at)
    function = call.get("function")
    if call.get("type", "function") != "function" or not isinstance(function, dict):
        raise invalid(f"{at}: persona passes on calls of functions alone.", at)
    id, name, arguments = call.get("id"), function.get("name"), function.get("arguments", "")
    if not isinstance(id, str) or not isinstance(name, str) or not isinstance(arguments, str):
        raise invalid(f"{at}: id, name and arguments are texts.", at)
    if not NAME.fullmatch(name):
        raise invalid(f"{at}.function.name is no name of a function.", f"{at}.function.name")
    return Called(id, name, arguments)


def _tools(given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list) or len(given) > MOST_TOOLS:
        raise invalid(f"tools is a list of at most {MOST_TOOLS} tools.", "tools")
    return tuple(_tool(item, f"tools[{at}]") for at, item in enumerate(given))


def _tool(item: Any, at: str) -> Mapping[str, Any]:
    """{"name", "description"?, "parameters"?, "strict"?} of a function."""
    tool = _dict(item, at)
    if tool.get("type") != "function":
        raise invalid(f"{at}.type is 'function': persona passes on no other tools.", f"{at}.type")
    function = _dict(tool.get("function"), f"{at}.function")
    name = function.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid(f"{at}.function.name is no name of a function.", f"{at}.function.name")
    found: dict[str, Any] = {"name": name}
    for key, kind in (("description", str), ("parameters", dict), ("strict", bool)):
        if function.get(key) is not None:
            if not isinstance(function[key], kind):
                raise invalid(f"{at}.function.{key} is not what it should be.", f"{at}.function.{key}")
            found[key] = function[key]
    return found


def _tool_choice(given: Any, tools: tuple[Mapping[str, Any], ...]) -> str | Mapping[str, Any]:
    if given in ("", "auto", "none", "required"):
        return str(given)
    name = _dict(_dict(given, "tool_choice").get("function"), "tool_choice.function").get("name")
    if not any(name == tool["name"] for tool in tools):
        raise invalid("tool_choice is auto, none, required, or one of the tools.", "tool_choice")
    return {"type": "function", "function": {"name": name}}


def _response_format(given: Any) -> Mapping[str, Any]:
    form = _dict(given, "response_format")
    kind = form.get("type", "text")
    if kind in ("text", "json_object"):
        return {} if kind == "text" else {"type": kind}
    schema = _dict(form.get("json_schema"), "response_format.json_schema") if kind == "json_schema" else {}
    if not isinstance(schema.get("schema"), dict):
        raise invalid("response_format.type is text, json_object, or json_schema with a schema.", "response_format")
    description, strict = schema.get("description"), schema.get("strict")
    return {
        "type": kind,
        "schema": schema["schema"],
        **({"description": description} if isinstance(description, str) else {}),
        **({"strict": strict} if isinstance(strict, bool) else {}),
    }


def _stop(given: Any) -> tuple[str, ...]:
    stops = [given] if isinstance(given, str) else given
    if not isinstance(stops, list) or len(stops) > MOST_STOPS or not all(isinstance(item, str) for item in stops):
        raise invalid("stop is a text or a list of texts.", "stop")
    return tuple(stops)


def _flag(value: Any, param: str) -> bool:
    if not isinstance(value, bool):
        raise invalid(f"{param} is true or false.", param)
    return value


def _dict(value: Any, param: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{param} is an object.", param)
    return value


def _param(name: str) -> str:
    return name if name.isidentifier() and len(name) <= 60 else ""


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(number: str) -> float:
    """What JSON writes as 1e999 would leave as Infinity, which is none."""
    value = float(number)
    return value if math.isfinite(value) else _no_number(number)
