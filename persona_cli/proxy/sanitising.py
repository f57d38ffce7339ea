"""A client's request as the body that may leave, but for the gate, which reads all of it once more.

    tools, schema, stop, then the messages in their order: each text detected, and its placeholders issued

So a chat that only grows at its end gets the same placeholders every time, byte for byte: what was sent before is the
beginning of what is sent now, and the provider's own cache of prompts holds. The ids of calls are written anew, for
they are whatever the client wants.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from persona_cli.privacy.gate import SURE
from persona_cli.privacy.masking import mask, moved, outside_tokens
from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.privacy.spans import PERSON, PrivateSpan, unite
from persona_cli.proxy.tool_words import field_names
from persona_cli.sketch.sketch import CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES, Decision, with_role
from persona_cli.structured.answers import quoted
from persona_cli.structured.schemas import NAME, for_cloud
from persona_cli.tools.results import readable

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.proxy.asking import Asked, Said

# A string of JSON with what is inside its quotes, or a number.
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|-?[0-9][0-9.eE+-]*', re.DOTALL)
# One character of a string of JSON.
_CHARACTER: Final = re.compile(r"\\u[dD][89abAB]..\\u....|\\u....|\\.|.", re.DOTALL)

Spans: TypeAlias = tuple[PrivateSpan, ...]


class Sanitiser:
    """Sanitises one request. New placeholders are issued in `table`; `decisions` say what was replaced."""

    def __init__(self, detector: Detector, table: Pseudonyms) -> None:
        self._detector = detector
        self._table = table
        self._ids: dict[str, str] = {}
        self._decided: dict[Decision, None] = {}

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(self._decided)

    def body(self, asked: Asked, model: str) -> dict[str, Any]:
        """The request body for `model`, streaming, ready for the gate."""
        tools = [self._tool(tool) for tool in asked.tools]
        form = self._response_format(asked.response_format)
        stop = [self.text(item) for item in asked.stop]
        messages = self._messages(asked.messages)
        found: dict[str, Any] = {"model": model, "messages": messages, "stream": True, **asked.options}
        for key, value in (
            ("tools", tools), ("tool_choice", asked.tool_choice), ("response_format", form), ("stop", stop),
        ):  # fmt: skip
            if value:
                found[key] = value
        return found

    def text(self, text: str) -> str:
        """`text` with placeholders."""
        leaving = self._hidden(text, self._detector.find(text))
        if leaving == text:
            return text
        # What the gate's own look would find: here it gets its placeholder in the order of the messages.
        return self._covered(leaving, unite(leaving, outside_tokens(leaving, self._detector.find(leaving))))

    def arguments(self, text: str) -> str:
        """The arguments of a call: detection reads the whole, and each string and number in it is masked by itself."""
        try:
            plain = json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
            plain.encode("utf-8")  # half a surrogate pair is no character that could be sent on
        except (ValueError, RecursionError):
            return self.text(readable(text))
        masked = self._literals(plain, self._detector.find(plain), self._hidden_in_call)
        if masked == plain:
            return plain
        again = unite(masked, outside_tokens(masked, self._detector.find(masked)))
        return self._literals(masked, again, self._covered) if again else masked

    def _literals(self, text: str, spans: Spans, change: Callable[[str, Spans], str]) -> str:
        """The JSON `text` with each string changed, given what of `spans` is in it."""
        return _LITERAL.sub(lambda found: self._literal(found, spans, change), text)

    def _literal(self, found: re.Match[str], spans: Spans, change: Callable[[str, Spans], str]) -> str:
        if found[1] is None:
            touched = next((span for span in spans if span.start < found.end() and found.start() < span.end), None)
            return found[0] if touched is None else quoted(self._covered(found[0], (_whole(touched, found[0]),)))
        value = str(json.loads(found[0]))
        # Where each character of the value stands in the text.
        edges = (
            [found.start(1) + match.start() for match in _CHARACTER.finditer(found[1])] if "\\" in found[1] else None
        )
        inside = []
        for span in spans:
            if span.start >= found.end(1) or span.end <= found.start(1):
                continue
            if edges is None:
                start, end = max(0, span.start - found.start(1)), min(len(value), span.end - found.start(1))
            else:
                start, end = bisect_left(edges, span.start), bisect_left(edges, span.end)
            if any(character.isalnum() for character in value[start:end]):
                inside.append(replace(span, start=start, end=end, text=value[start:end]))
        done = change(value, tuple(inside))
        return found[0] if done == value else quoted(done)

    def _hidden(self, text: str, spans: Spans) -> str:
        """`text` with placeholders for `spans` and for what reads as a placeholder and is none."""
        for span in spans:
            self._decide(span)
        return pseudonymise(text, spans, self._table)

    def _hidden_in_call(self, text: str, spans: Spans) -> str:
        """As `_hidden`, in the arguments of a call, where the placeholders of this request stay as they are.

        The cloud wrote them, and the client's tool was not given what they stand for: it means the same by them still.
        Surrogates come as the tokens that stand for them, which the cloud was never shown.
        """
        issued = [] if self._table.uses_surrogates else [entry.token for entry in self._table.entries]
        if not any(token in text for token in issued):
            return self._hidden(text, spans)
        apart = outside_tokens(text, spans)
        parts: list[str] = []
        start = 0
        for stop, end, token in [*_places(issued, text), (len(text), len(text), "")]:
            between = (span for span in apart if start <= span.start and span.end <= stop)
            parts += [self._hidden(text[start:stop], tuple(moved(between, -start))), token]
            start = end
        return "".join(parts)

    def _covered(self, text: str, spans: Spans) -> str:
        """`text`, which has placeholders already, with those of `spans`."""
        for span in spans:
            self._decide(span)
        return mask(text, spans, self._table)

    def _decide(self, span: PrivateSpan) -> None:
        self._decided[Decision("replaced", span.text, f"{span.kind.lower()} ({span.source})")] = None

    def _messages(self, said: tuple[Said, ...]) -> list[dict[str, Any]]:
        system = CLOUD_SYSTEM_SURROGATES if self._table.uses_surrogates else CLOUD_SYSTEM
        first = said[0].role == "system"
        head = {"role": "system", "content": with_role(system, self._content(said[0]) or "" if first else "")}
        return [head, *(self._message(item) for item in (said[1:] if first else said))]

    def _message(self, said: Said) -> dict[str, Any]:
        message: dict[str, Any] = {"role": said.role, "content": self._content(said)}
        if said.calls:
            message["tool_calls"] = [
                {
                    "id": self._id(call.id),
                    "type": "function",
                    "function": {"name": call.name, "arguments": self.arguments(call.arguments)},
                }
                for call in said.calls
            ]
        if said.answers:
            message["tool_call_id"] = self._id(said.answers)
        return message

    def _content(self, said: Said) -> str | None:
        if said.text is None:
            return None
        text = self.text(readable(said.text) if said.role == "tool" else said.text)
        # Who speaks: a name is private as such, and the protocol has no place for a placeholder.
        return f"{self._table.token_for(PERSON, said.name)}: {text}" if said.name.strip() else text

    def _tool(self, tool: Mapping[str, Any]) -> dict[str, Any]:
        function = dict(tool)
        if "description" in function:
            function["description"] = self.text(function["description"])
        if "parameters" in function:
            self._names(function["parameters"])
            function["parameters"] = self._schema(function["parameters"])
        return {"type": "function", "function": function}

    def _response_format(self, form: Mapping[str, Any]) -> dict[str, Any]:
        if "schema" not in form:
            return dict(form)
        told: dict[str, Any] = {"name": NAME, "schema": self._schema(form["schema"])}
        if "description" in form:
            told["description"] = self.text(form["description"])
        if "strict" in form:
            told["strict"] = form["strict"]
        return {"type": "json_schema", "json_schema": told}

    def _schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        made, spans = for_cloud(json.dumps(schema, ensure_ascii=False), self._detector, self._table)
        for span in spans:
            self._decide(span)
        return made

    def _names(self, schema: Any) -> None:
        """Have the gate know what is private in the names of fields, which cannot be masked: it refuses them."""
        for name in field_names(schema):
            for span in self._detector.find(name):
                if span.confidence >= SURE:
                    self._table.token_for(span.kind, span.text)

    def _id(self, id: str) -> str:
        """Nine letters and digits: what every provider takes for the id of a call."""
        return self._ids.setdefault(id, f"call{len(self._ids) + 1:05d}")


def _places(tokens: Sequence[str], text: str) -> list[tuple[int, int, str]]:
    """Where which of `tokens` stands in `text`: start, end, token."""
    found = re.finditer("|".join(map(re.escape, tokens)), text)
    return [(match.start(), match.end(), match[0]) for match in found]


def _whole(span: PrivateSpan, text: str) -> PrivateSpan:
    return replace(span, start=0, end=len(text), text=text)
