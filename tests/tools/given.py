"""What the tests of tools share: a cloud that asks for calls, a settings file with servers, an approval with a plan."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona_cli.exchange import Draft
from persona_cli.parts import Parts
from persona_cli.tools.approval import Proposed, Verdict
from tests.servers import Answer, event, events

NOTES = Path(__file__).with_name("notes_server.py")


def asks_for(*calls: tuple[str, Mapping[str, Any] | str], text: str = "") -> Answer:
    """An answer of `text` and tool calls, streamed as OpenAI does: id and name first, the arguments in pieces."""
    pieces = [event({"role": "assistant", "content": text or None})]
    for index, (name, arguments) in enumerate(calls):
        head = {"index": index, "id": f"call_{name}_{index}", "type": "function"}
        pieces.append(event({"tool_calls": [{**head, "function": {"name": name, "arguments": ""}}]}))
        told = arguments if isinstance(arguments, str) else json.dumps(arguments)
        for at in range(0, len(told), 5):
            part = {"index": index, "function": {"arguments": told[at : at + 5]}}
            pieces.append(event({"tool_calls": [part]}))
    return events(*pieces, event({}, "tool_calls"), "[DONE]")


def notes_table(heard: Path, **more: str) -> str:
    """The settings of the server in notes_server.py."""
    env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in {"NOTES_HEARD": str(heard), **more}.items())
    return (
        f"[mcp.notes]\ncommand = {json.dumps(sys.executable)}\nargs = [{json.dumps(str(NOTES))}]\nenv = {{ {env} }}\n"
    )


def write_settings(parts: Parts, text: str) -> None:
    parts.folders.settings_file.parent.mkdir(parents=True, exist_ok=True)
    parts.folders.settings_file.write_text(text, "utf-8")


@dataclass
class Planned:
    """Answers each question with the next verdict, and keeps what it was asked and told."""

    verdicts: list[Verdict | BaseException]
    calls: list[Proposed] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def asked(self, call: Proposed) -> Verdict:
        self.calls.append(call)
        verdict = self.verdicts.pop(0)
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    def release(self, draft: Draft) -> None:
        raise AssertionError("nobody asked to see each body")

    def told(self, text: str) -> None:
        self.remarks.append(text)


FUNCTIONS = '''
"""Tools of the tests."""
import os, time
from pathlib import Path

def _hear(text):
    with open(os.environ["HEARD"], "a", encoding="utf-8") as heard:
        heard.write(text + "\\n")

def echo(text: str) -> str:
    """Say it again."""
    _hear(text)
    return "heard: " + text

def note(number: int = 0) -> str:
    """Read a note."""
    print("noise on stdout")
    return Path(os.environ["NOTE"]).read_text("utf-8")

def raises() -> str:
    """Fail with something private."""
    raise ValueError("no note of Theodora Quigley in /home/theodora.quigley")

def slow() -> str:
    """Take a minute."""
    time.sleep(60)

def crash() -> str:
    """End the process."""
    os._exit(3)

def environment() -> list[str]:
    """The names of all variables."""
    return sorted(os.environ)
'''


@dataclass
class Tools:
    """Python tools of a user, what `note` reads, and what `echo` has heard."""

    file: Path
    note: Path
    heard_in: Path

    @property
    def heard(self) -> list[str]:
        return self.heard_in.read_text("utf-8").splitlines() if self.heard_in.exists() else []
