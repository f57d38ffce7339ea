"""Messages into the tokens of a prompt, by the chat template that the model's file carries.

A text that a message quotes cannot end the message or open another one: control tokens spelt out in it lose their
power.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from persona_cli.local.vocabulary import Vocabulary

# Texts of messages that were looked at last.
KNOWN: Final = 64


class Message(Protocol):
    """`role` is system, user or assistant."""

    @property
    def role(self) -> str: ...
    @property
    def content(self) -> str: ...


class Said(NamedTuple):
    """A message."""

    role: str
    content: str


class Prompting:
    """`template` is the GGUF's `tokenizer.chat_template` (Jinja); None stands for ChatML."""

    def __init__(self, template: str | None, vocabulary: Vocabulary) -> None:
        from llama_cpp import llama_chat_format

        self._vocabulary = vocabulary
        # A conversation is rendered several times for each answer: to see what fits, to be read, to be kept.
        self._harmless = lru_cache(KNOWN)(self._made_harmless)
        self._format = llama_chat_format.Jinja2ChatFormatter(
            template if template is not None else llama_chat_format.CHATML_CHAT_TEMPLATE,
            vocabulary.text(vocabulary.end),
            vocabulary.text(vocabulary.beginning),
        )

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt. Raises whatever the template raises: it is a program of the model's maker."""
        formatted = self._written(messages)
        return self._vocabulary.tokenize(formatted.prompt, special=True, beginning=not formatted.added_special)

    def text(self, messages: Sequence[Message]) -> str:
        """The prompt as text, its control tokens spelt out. Raises what `tokens` does."""
        return str(self._written(messages).prompt)

    def _written(self, messages: Sequence[Message]) -> Any:
        return self._formatted([{"role": item.role, "content": self._harmless(item.content)} for item in messages])

    def _formatted(self, told: list[dict[str, str]]) -> Any:
        """Many models know no system role (Gemma's template raises, others leave the message out): what it says then
        stands at the head of the user's first message."""
        folded = _without_system(told)
        try:
            formatted = self._applied(told)
        except Exception:
            if folded == told:
                raise
            return self._applied(folded)
        missing = any(item["role"] == "system" and item["content"].strip() not in formatted.prompt for item in told)
        return self._applied(folded) if missing else formatted

    def _applied(self, told: list[dict[str, str]]) -> Any:
        # Models that think aloud before they answer (Qwen3, SmolLM3) leave it by this name: what they would say takes
        # the room of the answer, and would stand in it. Other templates do not read it.
        return self._format(messages=told, enable_thinking=False)

    def _made_harmless(self, text: str) -> str:
        """`text` with every control token that it spells out broken by a zero-width space."""
        text = text.encode("utf-8", "replace").decode()
        while True:
            tokens = self._vocabulary.tokenize(text, special=True)
            if tokens == self._vocabulary.tokenize(text):
                return text
            spelt = {self._vocabulary.text(token) for token in tokens if self._vocabulary.is_control(token)}
            broken = text
            for control in spelt:
                broken = broken.replace(control, control[:1] + "\N{ZERO WIDTH SPACE}" + control[1:])
            if broken == text:
                return text
            text = broken


def _without_system(told: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same messages with what the system messages say at the head of the first of the user's."""
    said = [item["content"] for item in told if item["role"] == "system"]
    others = [dict(item) for item in told if item["role"] != "system"]
    if not said:
        return told
    for item in others:
        if item["role"] == "user":
            item["content"] = "\n\n".join([*said, item["content"]])
            return others
    return [{"role": "user", "content": "\n\n".join(said)}, *others]
