"""The wheel carries what persona needs on a machine that has no checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_the_wheel_holds_the_embedded_models_and_the_lists(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    names = "catalog.toml encoder.onnx tokenizer.json nano.gguf tagger.onnx pos/meta.json pos/tok2vec/model"
    for name in names.split():
        assert sizes[f"persona_cli/models/{name}"] == (PROJECT / "models" / name).stat().st_size
    assert sizes["persona_cli/privacy/data/given.txt"] > 0
    assert not any(name.startswith(("tests/", "models/", "persona_cli/models/recipes")) for name in sizes)


def test_every_embedded_model_is_small_enough_for_the_repository() -> None:
    for path in (PROJECT / "models").rglob("*"):
        assert path.is_dir() or path.stat().st_size <= 30 * 2**20, path
