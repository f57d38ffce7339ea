"""The self-test holds on the installed llama.cpp, reads as a report, and its GGUF writer writes what gguf reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader

from persona_cli.local import selftest
from persona_cli.local.gguf_writing import write_gguf
from tests.installed import persona


def test_the_installed_llama_does_what_persona_relies_on() -> None:
    found = list(selftest.facts())
    assert len(found) == 7
    assert [fact for fact in found if not fact.holds or fact.error] == []


def test_a_mechanism_that_does_nothing_does_not_hold() -> None:
    with pytest.raises(selftest._NoEffect, match="does not"):
        selftest._differs(np.zeros(3, np.float32), np.zeros(3, np.float32))
    assert not selftest.Fact("", float("inf"), "llama_decode: -1").holds
    assert not selftest.Fact("", 0.5).holds


def test_doctor_prints_one_line_for_each_fact() -> None:
    lines = [line for line in persona("doctor", "--llama").stdout.splitlines() if "llama.cpp" in line]
    assert len(lines) == 7 and all(line.startswith("ok") and "differs" not in line for line in lines)


def test_what_is_written_is_gguf(tmp_path: Path) -> None:
    matrix = np.arange(15, dtype=np.float32).reshape(5, 3)
    path = write_gguf(
        tmp_path / "x.gguf",
        {"general.architecture": "llama", "a.count": 3, "a.share": 0.5},
        {"m.weight": matrix, "v": matrix[0]},
    )
    reader = GGUFReader(path)
    assert [reader.fields[key].contents() for key in ("general.architecture", "a.count", "a.share")] == [
        "llama",
        3,
        0.5,
    ]
    tensors = {tensor.name: tensor.data for tensor in reader.tensors}
    assert np.array_equal(tensors["m.weight"], matrix) and np.array_equal(tensors["v"], matrix[0])
