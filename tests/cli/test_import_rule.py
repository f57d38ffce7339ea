"""The import rule (DESIGN §3): what the quick commands never import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

HEAVY = ("torch", "transformers", "sentence_transformers", "spacy")
ONLY_WHERE_USED = ("chromadb", "openai", "llama_cpp", "onnxruntime", "numpy")
# Runs the command in a fresh interpreter and reports, at the first byte on stdout and at the end, what is imported.
WATCH = """
import io, json, os, sys
watched = set(sys.argv.pop(1).split(","))
seen = {}
class Out(io.TextIOWrapper):
    def write(self, text):
        if text and "first" not in seen:
            seen["first"] = sorted(watched & set(sys.modules))
        return super().write(text)
sys.argv[0] = "persona"
sys.stdout = Out(sys.stdout.buffer, encoding="utf-8", write_through=True)
from persona_cli.cli.app import main
try:
    main()
except SystemExit as end:
    seen["code"] = end.code
seen["end"] = sorted(watched & set(sys.modules))
seen["own"] = sorted(name for name in sys.modules if name.startswith("persona_cli"))
with open(os.environ["WATCH_REPORT"], "w") as report:
    json.dump(seen, report)
"""


def imported(
    tmp_path: Path, *arguments: str, watch: tuple[str, ...], env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    report = tmp_path / "report.json"
    subprocess.run(
        [sys.executable, "-c", WATCH, ",".join(watch), *arguments],
        env={**os.environ, "WATCH_REPORT": str(report), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seen: dict[str, Any] = json.loads(report.read_text())
    return seen


@pytest.mark.parametrize("arguments", [("--help",), ("ask", "--help"), ("memory", "--help"), ("config", "get")])
def test_help_and_settings_import_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert imported(tmp_path, *arguments, watch=HEAVY + ONLY_WHERE_USED)["end"] == []


def test_ask_imports_nothing_heavy_before_its_first_output(tmp_path: Path) -> None:
    seen = imported(tmp_path, "ask", "--local", "-n", "Say hello.", watch=(*HEAVY, "chromadb", "openai"))
    assert seen["code"] == 0 and seen["first"] == []


def test_memory_search_imports_nothing_heavy(tmp_path: Path) -> None:
    imported(tmp_path, "memory", "add", "The boiler code is in the blue folder.", watch=HEAVY)
    seen = imported(tmp_path, "memory", "search", "boiler code", watch=(*HEAVY, "openai", "llama_cpp"))
    assert seen["code"] == 0 and seen["end"] == []


def test_the_watch_sees_an_import(tmp_path: Path) -> None:
    seen = imported(tmp_path, "ask", "--local", "-n", "Say hello.", watch=("llama_cpp",))
    assert seen["end"] == ["llama_cpp"]


@pytest.mark.parametrize("arguments", [("ask", "--help"), ("tools", "--help"), ("mcp", "--help"), ("--help",)])
def test_the_mcp_library_is_imported_only_where_it_is_used(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert imported(tmp_path, *arguments, watch=("mcp", "anyio", "httpx2"))["end"] == []


def test_python_tools_do_without_the_mcp_library(tmp_path: Path) -> None:
    file = tmp_path / "tools.py"
    file.write_text('def twice(x: int) -> int:\n    """Double it."""\n    return 2 * x\n')
    seen = imported(tmp_path, "tools", "call", "twice", '{"x": 2}', "--functions", str(file), watch=("mcp", "anyio"))
    assert not seen["code"] and seen["end"] == []


# What stands between argv and the list of commands; everything else of persona is imported for a command that runs.
OF_THE_LIST = (
    "persona_cli", "persona_cli.ages", "persona_cli.cli", "persona_cli.cli.app", "persona_cli.cli.aside",
    "persona_cli.cli.commands", "persona_cli.cli.listed", "persona_cli.cli.screen", "persona_cli.errors",
)  # fmt: skip


def tab(line: str, position: int) -> dict[str, str]:
    return {"_PERSONA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(position)}


@pytest.mark.parametrize(
    ("arguments", "env"), [(("--help",), {}), ((), tab("persona me", 1))], ids=["--help", "Tab behind a name"]
)
def test_the_list_of_commands_imports_none_of_them(
    tmp_path: Path, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    seen = imported(tmp_path, *arguments, watch=(*HEAVY, *ONLY_WHERE_USED, "pydantic", "rich"), env=env)
    assert not seen["code"] and seen["end"] == []
    assert set(seen["own"]) <= set(OF_THE_LIST) and "persona_cli.cli.listed" in seen["own"]


def test_the_version_imports_nothing_but_its_number(tmp_path: Path) -> None:
    seen = imported(tmp_path, "--version", watch=("typer", "rich", "dataclasses"))
    assert seen["first"] == [] and seen["own"] == ["persona_cli", "persona_cli.cli", "persona_cli.cli.app"]


@pytest.mark.parametrize("arguments", [("keys", "list"), ("chats", "list"), ("config", "get")])
def test_a_command_is_imported_without_the_others(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    seen = imported(tmp_path, *arguments, watch=(*HEAVY, *ONLY_WHERE_USED, "prompt_toolkit", "markdown_it"))
    others = {"persona_cli.cli.asking", "persona_cli.cli.memory.command", "persona_cli.cli.chat.command"}
    assert seen["end"] == [] and f"persona_cli.cli.{arguments[0]}" in seen["own"]
    assert not others & set(seen["own"]) and "persona_cli.assistant" not in seen["own"]


def test_completing_an_option_imports_its_command_alone(tmp_path: Path) -> None:
    seen = imported(tmp_path, watch=HEAVY + ONLY_WHERE_USED, env=tab("persona ask --mo", 2))
    assert seen["end"] == [] and "persona_cli.cli.asking" in seen["own"]
    assert not {"persona_cli.cli.batch", "persona_cli.cli.chats", "persona_cli.assistant"} & set(seen["own"])


def test_a_sketch_does_without_what_finishes_an_answer(tmp_path: Path) -> None:
    seen = imported(tmp_path, "sketch", "Write to Tom Brannigan.", watch=("persona_cli.finish.filling", "openai"))
    assert not seen["code"] and seen["end"] == []
