"""`persona demo`: the whole way of one private request, on the embedded models, with nothing but this machine.

The user is invented and lives in a temporary folder; your own memory and settings are not touched. The "cloud" is a
real OpenAI-compatible server (llama_cpp.server with the embedded nano) on the loopback address.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.cli import screen

if TYPE_CHECKING:
    from persona_cli.exchange import Draft
    from persona_cli.parts import Parts

PROFILE = {
    "name": "Nora Lindqvist",
    "address": "14 Harbour Street, Galway",
    "phone": "+353 91 555 0142",
}
MEMORIES = (
    "My landlord is Tom Brannigan.",
    "The heating was last serviced by Fennell Heating in 2023.",
    "I pay the rent to my landlord's account IE29 AIBK 9311 5212 3456 78.",
    "I take sertraline 50 mg every morning.",
    "My daughter Maja starts school in September.",
)
REQUEST = (
    "Write a short friendly e-mail to my landlord that the heating in 14 Harbour Street, Galway has been broken since "
    "12 March 2026. Sign it Nora Lindqvist."
)
MODEL = "nano"
FILE = "nano.gguf"


def demo() -> None:
    """Show the main job: what is recalled, what leaves, what comes back, and the receipt.

    \b
    Examples:
      persona demo
      persona demo > demo.txt
    """
    from persona_cli.local.server import serving
    from persona_cli.paths import embedded_model

    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="persona-demo-") as home:
        with screen.working("starting a model server on this machine"):
            server = serving(embedded_model(FILE), MODEL)
            base_url = server.__enter__()
        try:
            _walk(_parts(Path(home), base_url))
        finally:
            server.__exit__(None, None, None)
    screen.say(f"Done in {time.perf_counter() - start:.1f} s. Nothing of this demo is kept.", "dim")


def _walk(parts: Parts) -> None:
    from persona_cli.assistant import Assistant
    from persona_cli.exchange import Request

    for field, value in PROFILE.items():
        parts.profile.set(field, value)
    with screen.working("remembering a few things"):
        for memory in MEMORIES:
            parts.memory.add(memory)
    conversation = parts.conversations.new("demo").id
    assistant = Assistant(parts)

    _heading("1 · The request")
    screen.write(REQUEST + "\n")
    with screen.working("recalling and sketching"):
        draft = assistant.prepare(Request(REQUEST, conversation=conversation))
    _heading("2 · What persona recalls")
    for recalled in draft.memories:
        screen.write(f"- {recalled.text}\n")
    _heading("3 · What it decides")
    for decision in draft.sketch.decisions:
        screen.write(f"- {decision.treatment}: {decision.text}  ({decision.reason})\n")
    _heading("4 · The sketch, exactly as it would leave")
    screen.write(json.dumps(draft.payload, indent=2, ensure_ascii=False) + "\n")
    with screen.working(f"asking {parts.cloud_host}"):
        reply = assistant.send(draft)
        pieces = list(reply)
    answer = reply.answer
    if answer is None:  # the generator ends with an answer or raises
        return
    _heading(f"5 · The answer of the server at {parts.cloud_host}")
    screen.write(answer.raw.strip() + "\n")
    _heading("6 · The answer as you read it, restored on this machine")
    screen.write("".join(pieces).strip() + "\n")
    _heading("7 · The audit receipt")
    _receipt(parts, answer.receipt, draft)


def _receipt(parts: Parts, number: int, draft: Draft) -> None:
    receipt = next(item for item in parts.audit.list() if item.n == number)
    same = parts.audit.payload(number) == draft.cleared.body
    screen.write(
        f"receipt {receipt.n} · to {receipt.destination} · {receipt.bytes_out} bytes · replaced {receipt.replaced}, "
        f"withheld {receipt.withheld}\nsha256 {receipt.sha256}\n"
        f"the bytes kept are {'the bytes' if same else 'NOT the bytes'} shown above · {parts.audit.verify().sentence}\n"
    )


def _heading(text: str) -> None:
    if screen.out_is_terminal():
        screen.console().print(f"\n[bold cyan]{text}[/]")
    else:
        screen.write(f"\n{text}\n")


def _parts(home: Path, base_url: str) -> Parts:
    from persona_cli import paths
    from persona_cli.parts import Parts
    from persona_cli.settings import Settings, with_value

    # Without the user's variables and without their keyring: the demo must not leave a key behind.
    env = {
        "PERSONA_HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    settings = with_value(with_value(Settings(), "cloud.model", MODEL), "cloud.base_url", base_url)
    settings = replace(settings, cloud=replace(settings.cloud, timeout=120.0))
    return Parts(env, paths.folders(env), settings)
