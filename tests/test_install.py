"""install.sh on machines that lack something: one sentence each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def copied(folder: Path) -> str:
    """install.sh with what it reads, in a folder of its own."""
    for name in ("install.sh", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    return str(folder / "install.sh")


def test_install_refuses_a_word_it_does_not_know() -> None:
    done = subprocess.run(["sh", str(PROJECT / "install.sh"), "everything"], capture_output=True, text=True)
    assert done.returncode == 1 and "unknown word 'everything'" in done.stderr


def test_install_says_in_a_sentence_that_python_is_too_old(tmp_path: Path) -> None:
    install = copied(tmp_path)
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    environment = {"PYTHON": str(old), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["sh", install], capture_output=True, text=True, env=environment)
    assert done.returncode == 1 and "no Python of 3.10 or later" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_install_says_in_a_sentence_that_there_is_no_compiler(tmp_path: Path) -> None:
    install = copied(tmp_path)
    environment = {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CC": "no-such-compiler"}
    done = subprocess.run(["sh", install], capture_output=True, text=True, env=environment)
    assert done.returncode == 1 and "no C/C++ compiler" in done.stderr
