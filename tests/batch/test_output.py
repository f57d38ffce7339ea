"""The file of results: on the disk before it counts, whole after a kill, the user's alone, and never another file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from persona_cli.batch.output import InOrder, Line, ResultFile
from persona_cli.errors import StoreError, UsageError


def result(id: int, **more: object) -> Line:
    return {"id": id, "text": f"answer {id} – ñ", "where": "cloud", "input": f"d{id}", **more}


def error(id: int | None, **more: object) -> Line:
    return {"id": id, "error": "It failed.", "exit_code": 5, **more}


def written(path: Path, *lines: Line) -> Path:
    kept = ResultFile(path)
    kept.begin()
    for line in lines:
        kept.write(0, line)
    kept.close()
    return path


def ids(path: Path) -> list[int | None]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def test_a_new_file_is_the_users_alone_from_its_first_moment(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = written(tmp_path / "out.jsonl", result(1))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_answered_is_known_again_and_errors_make_room(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", result(1), error(2), result(3), error(None, line=9))
    kept = ResultFile(path)
    assert (kept.answered, kept.failed) == ({"1": "d1", "3": "d3"}, {"2", "line 9"})
    assert ids(path) == [1, 2, 3, None]  # nothing is changed before `begin`
    kept.begin()
    kept.write(0, result(2))
    kept.close()
    assert ids(path) == [1, 3, 2] and path.stat().st_mode & 0o777 == 0o600


def test_what_is_asked_again_makes_room(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", result(1), result(2))
    kept = ResultFile(path)
    kept.begin(again=["2"])
    assert kept.answered == {"1": "d1"} and ids(path) == [1]
    kept.close()


def test_half_a_line_is_cut_off_wherever_it_broke(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl", result(1), result(2)).read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first + 1, len(whole)):
        path = tmp_path / "out.jsonl"
        path.write_bytes(whole[:cut])
        kept = ResultFile(path)
        kept.begin()
        done = ["1", "2"] if cut == len(whole) - 1 else ["1"]
        assert list(kept.answered) == done, whole[:cut]
        kept.write(0, result(3))
        kept.close()
        assert ids(path) == [*map(int, done), 3]


def test_zeros_that_a_power_cut_left_are_cut_off(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", result(1))
    path.write_bytes(path.read_bytes() + b"\0" * 300)
    kept = ResultFile(path)
    kept.begin()
    kept.close()
    assert ids(path) == [1] and b"\0" not in path.read_bytes()


@pytest.mark.parametrize("content", [b"hello", b"hello\n", b'{"id": 1, "text": "Write"}\n', b"[1]\n", b'{"a": 1}'])
def test_another_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="no result of a batch"):
        ResultFile(path)
    assert path.read_bytes() == content


def test_two_batches_never_write_one_file(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", error(1), result(2))
    kept = ResultFile(path)
    for _ in range(2):  # also behind the back of the file that takes its place
        with pytest.raises(UsageError, match="Another"):
            ResultFile(path)
        kept.begin()
    kept.close()
    ResultFile(path).close()


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", result(1))
    path.chmod(0o644)
    kept = ResultFile(path)
    assert kept.tightened and path.stat().st_mode & 0o777 == 0o600
    kept.close()


def test_what_a_kill_left_of_a_rewrite_is_gone(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", result(1))
    (tmp_path / "out.jsonl.abcd1234.new").write_bytes(b"private")
    ResultFile(path).close()
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]


def test_no_folder_and_no_file_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        ResultFile(tmp_path / "nowhere" / "out.jsonl")
    with pytest.raises(UsageError, match="no file"):
        ResultFile(tmp_path)
    with pytest.raises((UsageError, StoreError)):
        ResultFile(Path("/dev/null"))


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    written(tmp_path / "real.jsonl", error(1))
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "real.jsonl")
    written(tmp_path / "out.jsonl", result(1))
    assert (tmp_path / "out.jsonl").is_symlink() and ids(tmp_path / "real.jsonl") == [1]


def test_on_stdout_they_come_in_order_and_at_the_end_none_is_kept_back() -> None:
    shown: list[Line] = []
    out = InOrder(shown.append)
    for order in (2, 0, 4, 1):
        out.write(order, {"id": order})
    assert [line["id"] for line in shown] == [0, 1, 2]
    out.close()
    assert [line["id"] for line in shown] == [0, 1, 2, 4]
