"""The process in which the user's Python tools run: one JSON line in, one out. Imports nothing of persona.

First line out: {"tools": [{name, description, parameters}], "skipped": [text], "error": text}. Then for each line
{"name", "arguments"} one {"text", "failed"}. What the functions print goes to stderr, which nobody reads.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints


def main(files: list[str]) -> None:
    """Serve the functions of `files` until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    tools: dict[str, tuple[Callable[..., Any], Any]] = {}
    offers: list[dict[str, Any]] = []
    skipped: list[str] = []
    error = ""
    for number, file in enumerate(files):
        try:
            for name, function in _public(_loaded(file, number)):
                told = _offer(name, function, file)
                if isinstance(told, str):
                    skipped.append(f"{name}: {told}")
                elif name in tools:
                    skipped.append(f"{name}: another file has one of that name")
                else:
                    offer, model = told
                    tools[name] = function, model
                    offers.append(offer)
        except BaseException as problem:
            error = f"{file}: {_said(problem)}"
    _write(answers, {"tools": offers, "skipped": skipped, "error": error})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            function, model = tools[asked["name"]]
            given = model.model_validate(asked["arguments"])
            result = function(**{key: getattr(given, key) for key in given.model_fields_set})
            text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
            _write(answers, {"text": text, "failed": False})
        except (KeyboardInterrupt, SystemExit) as problem:
            _write(answers, {"text": f"it ended with {type(problem).__name__}", "failed": True})
        except Exception as problem:
            _write(answers, {"text": _said(problem), "failed": True})


def _loaded(file: str, number: int) -> ModuleType:
    folder = str(Path(file).parent)
    if folder not in sys.path:  # at the end: a file beside it is no substitute for a library
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(f"persona_tools_{number}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _public(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, item in vars(module).items():
        if inspect.isfunction(item) and item.__module__ == module.__name__ and not name.startswith("_"):
            yield name, item


def _offer(name: str, function: Callable[..., Any], file: str) -> tuple[dict[str, Any], Any] | str:
    """What the cloud is told of `function`, and the model of its arguments; or why it is no tool."""
    from pydantic import ConfigDict, create_model

    if not (said := inspect.getdoc(function)):
        return "it has no docstring"
    if inspect.iscoroutinefunction(function):
        return "it is async"
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            return f"its parameter '{parameter.name}' cannot be given by name"
        if parameter.name not in hints:
            return f"its parameter '{parameter.name}' has no type"
        fields[parameter.name] = (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        parameters = model.model_json_schema()
    except Exception:
        return "its types have no JSON form"
    return {"name": name, "description": said, "parameters": parameters, "file": file}, model


def _said(problem: BaseException) -> str:
    if callable(errors := getattr(problem, "errors", None)):  # pydantic's
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in errors())
    return f"{type(problem).__name__}: {problem}"


def _write(answers: Any, value: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(value) + "\n")
        answers.flush()
