"""What is kept behind an answer is what the next prompt begins with, and nobody waits for it."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from persona_cli.assistant import Assistant
from persona_cli.cli.memory.tidying import keep_last, keep_later
from persona_cli.errors import StoreError
from persona_cli.exchange import Request
from persona_cli.forgetting import Forgetting
from persona_cli.local.engine import Engine
from persona_cli.local.handing_over import keep_handed_over
from persona_cli.local.kept_state import WORTH_RESTORING, identity
from persona_cli.local.snapshots import Snapshots, forget_snapshots, snapshots_folder
from persona_cli.modes.local import LOCAL_SYSTEM
from persona_cli.parts import Parts
from persona_cli.paths import embedded_model
from persona_cli.privacy.crypto import Seal, data_key
from persona_cli.privacy.key_use import key_alone
from persona_cli.settings import LOCAL, with_value
from persona_cli.sketch.prompts import FINISH_SYSTEM
from persona_cli.sketch.sketch import Message
from tests.installed import persona

DOCUMENT = "Mr Okafor of Elm Street has not called back about the heating that broke on Monday. " * 10
NOTE = "The heating in Elm Street is serviced by Fennell Heating in Dock Road."


def ask(parts: Parts, text: str, document: str = "", conversation: str = "talk") -> str:
    answer = ""
    request = Request(text=text, document=document, mode=LOCAL, conversation=conversation)
    for piece in Assistant(parts).ask(request):
        answer += piece if isinstance(piece, str) else ""
    return answer


def kept(parts: Parts) -> list[Path]:
    return list(snapshots_folder(parts.folders).glob("*.kv"))


def wait(parts: Parts, conversation: str = "talk") -> bool:
    """Whether there was something to keep; it is kept now."""
    process = keep_later(parts, conversation)
    return process is not None and process.wait() == 0


@pytest.fixture
def talked(parts: Parts) -> Iterator[Parts]:
    """One turn with a note of the memory, which is not in the next prompt any more."""
    parts.memory.add(NOTE)
    parts.conversations.open("talk")
    ask(parts, "Sum up what is said of the heating in Elm Street.", DOCUMENT)
    yield parts
    parts.engine.close()


def test_the_next_turn_in_a_new_process_reads_the_request_alone_and_answers_the_same(talked: Parts) -> None:
    assert wait(talked)
    (path,) = kept(talked)
    assert path.stat().st_mode & 0o777 == 0o600

    asked = next_prompt(talked, "Write to him.")
    alone = replace(talked, settings=with_value(talked.settings, "local.snapshots", 0))
    later = replace(talked)
    assert later.engine.complete(asked, 1) == alone.engine.complete(asked, 1)
    assert later.engine.evaluated < 20 + WORTH_RESTORING < alone.engine.evaluated / 4
    assert later.engine.complete(asked, 40) == alone.engine.complete(asked, 40)
    # The kept tokens are a beginning of the prompt, to the last one.
    snapshots = Snapshots(snapshots_folder(talked.folders), lambda: talked.seal, 2**30)
    found = snapshots.longest(identity(talked.engine.path, talked.settings.local.context), later.engine.prompt(asked))
    assert found is not None and found[1] == len(found[0].tokens)


def test_what_the_next_prompt_has_otherwise_is_read_in_the_background(parts: Parts, tmp_path: Path) -> None:
    """As behind notes that are gone, or an answer that was fitted to the user's style."""
    snapshots = Snapshots(tmp_path / "kv", lambda: parts.seal, 2**30)
    engine = Engine(embedded_model("nano.gguf"), 1024, snapshots=snapshots)
    asked = [Message("system", "You write."), Message("user", DOCUMENT)]
    engine.complete(asked, 8)
    begun = [*asked, Message("assistant", "The heating broke, and nobody came to see about it until Friday. " * 8)]
    descriptor = engine.hand_over(begun, engine.since)
    assert descriptor is not None and keep_handed_over(os.fdopen(descriptor, "rb"), lambda: parts.seal)
    later = Engine(embedded_model("nano.gguf"), 1024, snapshots=Snapshots(tmp_path / "kv", lambda: parts.seal, 2**30))
    assert later.complete([*begun, Message("user", "Go on.")], 1) == engine.complete(
        [*begun, Message("user", "Go on.")], 1
    )
    assert later.evaluated < 20 and len(list((tmp_path / "kv").glob("*.kv"))) == 1
    engine.close()
    later.close()


def test_what_there_is_no_room_for_is_not_handed_over(parts: Parts) -> None:
    small = replace(parts, settings=with_value(parts.settings, "local.snapshots", 1))
    small.conversations.open("talk")
    ask(small, "Sum it up.", DOCUMENT)
    assert keep_later(small, "talk") is None and ask(small, "Once more.")
    small.engine.close()


def next_prompt(parts: Parts, text: str) -> list[Message]:
    from persona_cli.modes.local import next_beginning
    from persona_cli.modes.steps import Steps

    return [*next_beginning(Steps(parts), "talk"), Message("user", text)]


def test_the_background_imports_nothing_from_where_the_user_is(
    talked: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "somebody's project"
    there.mkdir()
    for name in ("json", "mmap", "persona_cli", "subprocess"):
        (there / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(there)
    assert wait(talked) and kept(talked)


def test_what_is_handed_over_is_on_no_disk_and_nothing_stays_open(talked: Parts) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    process = keep_later(talked, "talk")
    assert process is not None
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    told = Path(f"/proc/{process.pid}/cmdline").read_bytes() if process.poll() is None else b""
    assert b"Okafor" not in told and b"talk" not in told
    process.wait()
    assert not [path for path in snapshots_folder(talked.folders).iterdir() if b"Okafor" in path.read_bytes()]


def test_there_is_nothing_to_keep_of_a_short_turn_or_twice(talked: Parts) -> None:
    assert wait(talked)
    assert keep_later(talked, "talk") is None
    talked.conversations.open("other")
    ask(talked, "Say yes.", conversation="other")
    assert keep_later(talked, "other") is None


def test_a_conversation_that_is_not_kept_or_went_to_the_cloud_is_not_read_ahead(talked: Parts) -> None:
    assert keep_later(talked, "") is None
    unlogged = replace(talked, unlogged=True)
    unlogged.__dict__["engine"] = talked.engine
    assert keep_later(unlogged, "talk") is None
    talked.conversations.add("talk", "user", "And now?")
    talked.conversations.add("talk", "assistant", "The cloud said this.")
    assert keep_later(talked, "talk") is None and not keep_last(talked) and not kept(talked)


def test_a_conversation_that_the_model_has_not_read_is_not_read_ahead(parts: Parts, tmp_path: Path) -> None:
    """It only fitted the answer of a cloud to the user's style."""
    snapshots = Snapshots(tmp_path / "kv", lambda: parts.seal, 2**30)
    engine = Engine(embedded_model("nano.gguf"), 1024, snapshots=snapshots)
    begun = [Message("system", LOCAL_SYSTEM), Message("user", DOCUMENT), Message("assistant", "I see.")]
    assert engine.hand_over(begun, engine.since) is None
    engine.complete([Message("system", FINISH_SYSTEM), Message("user", DOCUMENT)], 4)
    assert engine.hand_over(begun, engine.since) is None
    engine.complete(begun[:2], 4)
    descriptor = engine.hand_over(begun, engine.since)
    assert descriptor is not None
    os.close(descriptor)
    engine.close()


def test_what_is_forgotten_while_it_is_handed_over_is_not_kept(talked: Parts) -> None:
    descriptor = talked.engine.hand_over(next_prompt(talked, "x")[:-1], talked.engine.since)
    assert descriptor is not None
    Forgetting.of(talked).forget(talked.conversations.list())
    assert not keep_handed_over(os.fdopen(descriptor, "rb"), lambda: talked.seal)
    assert not kept(talked)
    # And a process that goes on with what it read does not keep it either.
    assert not talked.engine.keep_read() and not kept(talked)


def test_what_was_forgotten_between_the_vault_and_the_model_is_not_handed_over(talked: Parts) -> None:
    since = talked.engine.since
    begun = next_prompt(talked, "x")[:-1]
    forget_snapshots(snapshots_folder(talked.folders))
    assert talked.engine.hand_over(begun, since) is None
    # Another thread, with a conversation of its own, has seen by now that something was forgotten.
    talked.engine.complete(begun, 1)
    assert talked.engine.hand_over(begun, since) is None
    descriptor = talked.engine.hand_over(begun, talked.engine.since)
    assert descriptor is not None
    os.close(descriptor)


def test_reading_ahead_ends_when_something_is_forgotten_or_a_request_reads(parts: Parts) -> None:
    folder = snapshots_folder(parts.folders)
    forget_snapshots(folder)
    request = Snapshots(folder, lambda: parts.seal, 2**30)
    for disturb in (partial(forget_snapshots, folder), request.take_turn):
        first = Snapshots(folder, lambda: parts.seal, 2**30)
        first.take_turn()
        background = Snapshots(folder, lambda: parts.seal, 2**30, first.since, first.turn)
        engine = Engine(embedded_model("nano.gguf"), 1024, snapshots=background)
        assert background.has_turn()
        disturb()
        tokens = engine.prompt([Message("user", DOCUMENT)])
        assert not engine.read_ahead(tokens) and not kept(parts)
        assert engine.evaluated < len(tokens)
        engine.close()


def test_reading_ahead_keeps_nobody_from_rotating_the_key(parts: Parts) -> None:
    folder, begun = snapshots_folder(parts.folders), [Message("user", DOCUMENT), Message("assistant", "I see.")]

    def read(turn: bytes) -> tuple[Engine, bool]:
        snapshots = Snapshots(folder, lambda: data_key(parts.folders), 2**30, turn=turn)
        engine = Engine(embedded_model("nano.gguf"), 1024, snapshots=snapshots)
        engine.complete([*begun, Message("user", "Go on.")], 1)
        return engine, engine.evaluated < 30

    in_front, _ = read(b"")
    assert in_front.keep_read(begun)
    with pytest.raises(StoreError), key_alone(parts.folders):
        pass
    in_front.close()
    del in_front
    gc.collect()
    background, restored = read(b"of a request")
    assert restored
    with key_alone(parts.folders):
        pass
    background.close()


def test_who_waits_for_a_key_that_is_rotated_does_not_keep_the_rotation_waiting(parts: Parts) -> None:
    """A rotation has the key for itself while it removes the snapshots, and may be ended by who wants to keep one."""
    folder, waits = snapshots_folder(parts.folders), threading.Event()
    data_key(parts.folders)  # there is one
    gc.collect()

    def open_seal() -> Seal:
        waits.set()
        return data_key(parts.folders)

    background = Snapshots(folder, open_seal, 2**30, turn=b"of a request")
    # In this order: the key is free again before the threads are waited for.
    with ThreadPoolExecutor(2) as threads, key_alone(parts.folders):
        keeping = threads.submit(background.keep, "model", [1, 2, 3], memoryview(b"what was read"))
        assert waits.wait(30)
        threads.submit(forget_snapshots, folder).result(timeout=10)
    assert not keeping.result() and not kept(parts)


def test_where_the_user_has_removed_everything_nothing_comes_back(talked: Parts) -> None:
    process = keep_later(talked, "talk")
    shutil.rmtree(talked.folders.data)
    assert process is not None and process.wait() == 0
    assert not talked.folders.data.exists(), "a new key, and under it what was said"


def test_a_folder_that_went_meanwhile_is_made_again(talked: Parts) -> None:
    folder = snapshots_folder(talked.folders)
    descriptor = talked.engine.hand_over(next_prompt(talked, "x")[:-1], talked.engine.since)
    assert descriptor is not None
    shutil.rmtree(folder.parent, ignore_errors=True)
    assert keep_handed_over(os.fdopen(descriptor, "rb"), lambda: talked.seal)
    assert len(kept(talked)) == 1 and folder.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_costs_the_snapshot_alone(talked: Parts) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, hard))
    try:
        assert not talked.engine.keep_read()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name for path in snapshots_folder(talked.folders).iterdir()} <= {"lock", "turn"}
    assert talked.engine.keep_read()


def test_a_changed_model_or_window_restores_nothing_and_other_threads_do(parts: Parts, tmp_path: Path) -> None:
    model = tmp_path / "copy.gguf"
    shutil.copy(embedded_model("nano.gguf"), model)
    begun = [Message("user", DOCUMENT), Message("assistant", "I see.")]

    def read(context: int = 1024, threads: int = 1, keep: bool = False) -> tuple[int, str]:
        engine = Engine(model, context, threads, snapshots=Snapshots(tmp_path / "kv", lambda: parts.seal, 2**30))
        text = engine.complete([*begun, Message("user", "Write to him.")], 16)
        if keep:
            assert engine.keep_read(begun)
        evaluated = engine.evaluated
        engine.close()
        return evaluated, text

    whole, text = read(keep=True)
    again, same = read(threads=2)
    assert again < whole / 3 and same == text
    assert read(context=768)[0] == whole
    os.utime(model, (1, 1))
    assert read()[0] == whole


def test_consolidating_refreshes_the_conversation_used_last(talked: Parts) -> None:
    assert wait(talked)
    talked.profile.set("name", "Nora")
    forget_snapshots(snapshots_folder(talked.folders))
    assert not kept(talked)
    done = persona("memory", "consolidate")
    assert done.returncode == 0, done.stderr
    assert len(kept(talked)) == 1
    later = replace(talked)
    later.engine.complete(next_prompt(talked, "Write to him."), 4)
    assert later.engine.evaluated < 30


def test_forgetting_right_behind_an_answer_leaves_nothing(parts: Parts) -> None:
    assert persona("ask", "--local", "--chat", "talk", "Sum it up.", stdin=DOCUMENT).returncode == 0
    done = persona("chats", "rm", "talk", "--yes")
    assert done.returncode == 0, done.stderr
    while of_this_user():
        time.sleep(0.05)
    assert not kept(parts)


def of_this_user() -> list[str]:
    """Processes that work for the user of this test."""
    home = f"PERSONA_HOME={os.environ['PERSONA_HOME']}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            theirs = process.name != str(os.getpid()) and home in (process / "environ").read_bytes()
        except OSError:
            continue
        if theirs:
            found.append(process.name)
    return found
