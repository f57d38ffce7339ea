"""Forgetting: nothing of what was chosen is left in any file, sealed or plain, and nothing else is touched."""

from __future__ import annotations

import json
import os
import random
import signal
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from persona_cli.conversation import Conversations
from persona_cli.errors import NothingFound, StoreError, UsageError
from persona_cli.forgetting import BLOCK, Forgetting, Forgotten, expire, holding
from persona_cli.parts import Parts
from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.traits import traits
from persona_cli.settings import with_value
from persona_cli.typed import TypedLines
from tests.installed import persona
from tests.journeys.terminal import leave, say, terminal

SECRET = "Theodora Quigley"


def talk(parts: Parts, id: str, said: str, answered: str, value: str) -> None:
    """One exchange as the assistant stores it, with its receipts and its typed line."""
    conversation = parts.conversations.open(id)
    with parts.conversations.pseudonymising(id) as table:
        token = table.token_for("PERSON", value)
    sent = parts.audit.append(
        f'{{"content": "for {id}: {said.replace(value, token)}"}}'.encode() * 30,
        conversation=id, destination="d", model="m", mode="sketch", outcome="sending",
    )  # fmt: skip
    parts.audit.append(
        b"", conversation=id, destination="d", model="m", mode="sketch", outcome="answered", refers_to=sent.n
    )
    parts.conversations.add(conversation.id, "user", said)
    parts.conversations.add(conversation.id, "assistant", answered)
    TypedLines(parts.folders.chat_history_file, parts.seal).add(said)


@pytest.fixture
def talked(parts: Parts) -> Parts:
    talk(parts, "gone", f"Write to {SECRET}, please.", f"Dear {SECRET}, " + "how are you? " * 400, SECRET)
    talk(parts, "kept", "Write to Max Braun.", "Dear Max Braun, hello.", "Max Braun")
    return parts


def sealed_of(parts: Parts, id: str) -> list[bytes]:
    """All that is stored of a conversation, as the bytes stand in the files."""
    queries = (
        "SELECT title FROM conversations WHERE id = ?",
        "SELECT text FROM turns WHERE conversation = ?",
        "SELECT value FROM placeholders WHERE conversation = ?",
        "SELECT trait FROM disclosures WHERE conversation = ?",
    )
    found = [bytes(row[0]) for query in queries for row in parts.vault.rows(query, id)]
    if not parts.folders.audit_file.exists():
        return found
    numbers = {item.n for item in parts.audit.list() if item.conversation == id and item.bytes_out}
    rows = [json.loads(line) for line in parts.folders.audit_file.read_bytes().splitlines()]
    return found + [row["payload"].encode() for row in rows if row["n"] in numbers]


def files_of(parts: Parts) -> dict[Path, bytes]:
    root = parts.folders.data.parent
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def pieces(blobs: list[bytes]) -> list[bytes]:
    """Every blob in pieces of 24 bytes: a database page may hold a part of one."""
    return [blob[start : start + 24] for blob in blobs for start in range(0, max(1, len(blob) - 23), 24)]


def assert_gone(parts: Parts, blobs: list[bytes], plain: str) -> None:
    forms = [plain.encode(code) for code in ("utf-8", "utf-16-le")]
    for path, content in files_of(parts).items():
        assert not any(piece in content for piece in pieces(blobs)), path
        assert not any(form in content for form in forms), path


def test_nothing_of_a_forgotten_conversation_is_left_in_any_file(talked: Parts) -> None:
    blobs = sealed_of(talked, "gone")
    typed = talked.folders.chat_history_file.read_bytes().splitlines()[0]
    assert len(blobs) == 5
    for blob in [*blobs, typed]:
        assert any(pieces([blob])[0] in content for content in files_of(talked).values())
    done = Forgetting.of(talked).forget([talked.conversations.get("gone")])
    assert (done.conversations, done.turns, done.placeholders, done.payloads, done.typed) == (1, 2, 1, 1, 1)
    assert_gone(talked, [*blobs, typed], SECRET)
    talked.vault.close()
    assert_gone(talked, [*blobs, typed], SECRET)


def test_everything_else_stays_word_for_word(talked: Parts) -> None:
    before = (
        talked.conversations.turns("kept"),
        talked.conversations.pseudonyms("kept").entries,
        talked.audit.payload(3),
    )
    Forgetting.of(talked).forget([talked.conversations.get("gone")])
    after = talked.conversations.turns("kept"), talked.conversations.pseudonyms("kept").entries, talked.audit.payload(3)
    assert after == before
    assert [item.id for item in talked.conversations.list()] == ["kept"]
    assert list(TypedLines(talked.folders.chat_history_file, talked.seal).newest(9)) == ["Write to Max Braun."]
    talked.vault.check()


def test_among_many_conversations_no_stale_page_keeps_a_copy(parts: Parts) -> None:
    """Rows of many lengths, written out of order, so that SQLite moves them between pages."""
    chance = random.Random(5)
    for round in range(6):
        for n in range(12):
            parts.conversations.open(f"c{n}")
            parts.conversations.add(f"c{n}", "user", f"{round} {n} " + "word " * chance.randrange(1, 900))
    forgetting = Forgetting.of(parts)
    for n in chance.sample(range(12), 8):
        blobs = sealed_of(parts, f"c{n}")
        forgetting.forget([parts.conversations.get(f"c{n}")])
        assert_gone(parts, blobs, "word word")
    assert all(len(parts.conversations.turns(item.id)) == 6 for item in parts.conversations.list())


def test_the_chain_of_receipts_stays_whole_and_says_what_was_erased(talked: Parts) -> None:
    before = talked.audit.list()
    Forgetting.of(talked).forget([talked.conversations.get("gone")])
    verdict = talked.audit.verify()
    assert verdict.ok and verdict.count == 4
    assert "What 1 of them sent was erased" in verdict.sentence
    after = talked.audit.list()
    assert [replace(item, erased=False) for item in after] == list(before)
    assert [item.erased for item in after] == [True, False, False, False]
    with pytest.raises(NothingFound, match="erased"):
        talked.audit.payload(1)
    talk(talked, "later", "Write to Ann Lee.", "Dear Ann Lee.", "Ann Lee")
    assert talked.audit.verify().ok


def test_without_the_key_nobody_empties_or_changes_a_line(talked: Parts) -> None:
    Forgetting.of(talked).forget([talked.conversations.get("gone")])
    path = talked.folders.audit_file
    whole = path.read_bytes()
    lines = [json.loads(line) for line in whole.splitlines()]

    def verdict(rows: list[dict[str, object]]) -> int | None:
        path.write_text("".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows))
        return talked.audit.verify().broken_at

    assert verdict(lines) is None
    for erased in ("", lines[0]["erased"], lines[2]["hash"]):
        emptied = {name: value for name, value in lines[2].items() if name != "payload"} | {"erased": erased}
        assert verdict([*lines[:2], emptied, lines[3]]) == 3
    for name, value in (("hash", lines[1]["hash"]), ("details", lines[1]["details"]), ("n", 2), ("time", "2020")):
        assert verdict([{**lines[0], name: value}, *lines[1:]]) == 1
    for at in range(0, whole.index(b"\n"), 5):
        ruined = bytearray(whole)
        ruined[at] ^= 1
        path.write_bytes(ruined)
        assert talked.audit.verify().broken_at == 1


def test_all_takes_what_was_sent_and_typed_outside_of_conversations(talked: Parts) -> None:
    talked.audit.append(
        b"sent with --no-log", conversation="", destination="d", model="m", mode="sketch", outcome="sending"
    )
    TypedLines(talked.folders.chat_history_file, talked.seal).add("/local on")
    blobs = sealed_of(talked, "gone") + sealed_of(talked, "kept") + sealed_of(talked, "")
    typed = talked.folders.chat_history_file.read_bytes().splitlines()
    Forgetting.of(talked).forget(talked.conversations.list(), everything=True)
    assert_gone(talked, blobs + typed, SECRET)
    assert talked.conversations.list() == () and talked.audit.verify().ok
    assert [item.n for item in talked.audit.list() if item.bytes_out and not item.erased] == []


def test_a_value_is_forgotten_wherever_it_stands(talked: Parts) -> None:
    talked.conversations.add("kept", "user", "By the way,\nTHEODORA  Quigley's cat is ill.")
    talked.conversations.add("kept", "user", "The quigleys are another matter.")
    with talked.conversations.pseudonymising("kept") as table:
        table.token_for("PERSON", "Theodora Quigley")
        table.token_for("PERSON", "Theodora")
    talked.conversations.new(f"Letter to {SECRET}")
    forgetting = Forgetting.of(talked)
    found = forgetting.mentions(SECRET)
    assert sorted(found.turns) == [("gone", 1), ("gone", 2), ("kept", 3)]
    assert sorted(found.placeholders) == [("gone", "[PERSON_1]"), ("kept", "[PERSON_2]")]
    assert len(found.titles) == 1 and found.spellings == ("Theodora",)
    blobs = [
        bytes(row[0])
        for query in ("SELECT text FROM turns WHERE conversation = 'gone' OR n = 3",
                      "SELECT value FROM placeholders WHERE token = '[PERSON_2]' OR conversation = 'gone'",
                      "SELECT title FROM conversations WHERE id NOT IN ('gone', 'kept')")
        for row in talked.vault.rows(query)
    ]  # fmt: skip
    done = forgetting.forget_value("theodora quigley")
    assert (done.turns, done.placeholders, done.typed) == (3, 2, 1)
    assert_gone(talked, blobs, SECRET)
    assert [turn.text for turn in talked.conversations.turns("kept")] == [
        "Write to Max Braun.", "Dear Max Braun, hello.", "The quigleys are another matter.",
    ]  # fmt: skip
    assert not forgetting.mentions(SECRET)


def test_the_token_of_a_forgotten_value_is_never_given_to_another(talked: Parts) -> None:
    with talked.conversations.pseudonymising("gone") as table:
        table.token_for("PERSON", "Otis Pruitt")
    forgetting = Forgetting.of(talked)
    forgetting.forget_value(SECRET)
    forgetting.forget_value("Otis Pruitt")
    table = talked.conversations.pseudonyms("gone")
    assert table.token_for("PERSON", "Ann Lee") == "[PERSON_3]"
    assert table.entries[:2] == (
        Placeholder("[PERSON_1]", "PERSON", BLOCK * 3),
        Placeholder("[PERSON_2]", "PERSON", BLOCK * 4),
    )
    assert restore("Dear [PERSON_1],", table, frozenset({"prose"})).text == f"Dear {BLOCK * 3},"
    assert Pseudonyms(table.entries).token_for("PERSON", SECRET) == "[PERSON_4]"


def test_what_a_conversation_told_of_the_user_is_forgotten_with_it(talked: Parts) -> None:
    for id in ("gone", "kept"):
        talked.disclosures.tell(id, traits("I am a nurse in Galway."))
    assert len(talked.disclosures.told("kept")) == 2
    blobs = sealed_of(talked, "gone")
    forgetting = Forgetting.of(talked)
    forgetting.forget([talked.conversations.get("gone")])
    assert_gone(talked, blobs, SECRET)
    assert forgetting.forget_value("nurse").traits == 1
    assert len(talked.disclosures.told("kept")) == 1


def test_a_number_is_found_in_any_grouping_and_a_word_only_whole() -> None:
    assert holding("+49 170 1234567")("call 0049-170-12 345 67 now")
    assert holding("Ann")("It is ANN's.") and not holding("Ann")("annual planning")
    assert holding("Zoë")("dear zoe") and not holding("1234")("512345")
    with pytest.raises(UsageError):
        holding(" -- ")


def test_old_logs_still_verify_and_can_be_erased(parts: Parts) -> None:
    """The line of a log written before lines could be erased: its form has not changed."""
    parts.audit.append(b"bytes", conversation="c", destination="d", model="m", mode="sketch", outcome="sending")
    (row,) = [json.loads(line) for line in parts.folders.audit_file.read_bytes().splitlines()]
    assert row.keys() == {"details", "hash", "n", "payload", "prev", "time"}
    rest = {name: value for name, value in row.items() if name != "hash"}
    text = "audit\n" + json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert parts.seal.digest(text).hex() == row["hash"]


def test_a_kill_at_any_moment_leaves_a_whole_log_and_forgetting_again_finishes(parts: Parts) -> None:
    for n in range(16):
        talk(parts, f"c{n}", f"Write to {SECRET} {n}.", f"Dear {SECRET} {n}. " * 50, f"{SECRET} {n}")
    parts.vault.close()
    done = []
    for point in range(16):
        begun = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
                mine = Parts(parts.env, parts.folders, parts.settings)
                forgetting = Forgetting.of(mine)
                chosen = [mine.conversations.get(f"c{point}")]
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + point * 0.0015)
                forgetting.forget(chosen)
                os.write(begun[1], b"x")
            finally:
                os._exit(0)
        os.close(begun[1])
        os.waitpid(child, 0)
        done.append(os.read(begun[0], 1) == b"x")
        os.close(begun[0])
        mine = Parts(parts.env, parts.folders, parts.settings)
        mine.vault.check()
        assert mine.audit.verify().ok
        left = [item for item in mine.conversations.list() if item.id == f"c{point}"]
        assert not (done[-1] and left)
        if left:
            assert len(mine.conversations.turns(left[0].id)) == 2
            Forgetting.of(mine).forget(left)
        mine.vault.close()
    mine = Parts(parts.env, parts.folders, parts.settings)
    Forgetting.of(mine).forget((), everything=True)
    assert mine.conversations.list() == () and all(item.erased for item in mine.audit.list() if item.bytes_out)
    assert not all(done)
    for content in files_of(mine).values():
        assert b"Quigley" not in content


def test_a_receipt_that_is_appended_while_another_erases_is_not_lost(talked: Parts) -> None:
    child = os.fork()
    if child == 0:
        for _ in range(60):
            talked.audit.append(
                b"bytes", conversation="busy", destination="d", model="m", mode="sketch", outcome="sending"
            )
        os._exit(0)
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        talked.audit.erase(lambda receipt, _: receipt.n % 3 == 0)
    assert [item.n for item in talked.audit.list()] == list(range(1, 65))
    assert talked.audit.verify().ok


def test_a_reader_that_holds_the_log_is_said(talked: Parts) -> None:
    import sqlite3

    reader = sqlite3.connect(talked.folders.vault_file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchone()
    talked.vault.rows("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="still reading"):
        Forgetting.of(talked).forget([talked.conversations.get("gone")])
    reader.close()
    assert [item.id for item in talked.conversations.list()] == ["kept"]


def test_conversations_are_named_by_title_and_chosen_by_age(parts: Parts) -> None:
    now = datetime.now(timezone.utc)
    old = Conversations(parts.vault, lambda: now - timedelta(days=40)).new("Letter to Emma")
    new = parts.conversations.new("Another")
    assert parts.conversations.named("letter to emma").id == old.id
    assert parts.conversations.unused_since(now - timedelta(days=30)) == (old,)
    parts.conversations.new("another")
    with pytest.raises(NothingFound, match="2 conversations"):
        parts.conversations.named("Another")
    with pytest.raises(NothingFound):
        parts.conversations.named("")
    assert parts.conversations.named(new.id[:6]).id == new.id


def keeping(parts: Parts, age: str) -> Parts:
    return replace(parts, settings=with_value(parts.settings, "privacy.keep_conversations", age))


def test_old_conversations_expire_but_never_the_one_in_use(talked: Parts) -> None:
    soon = datetime.now(timezone.utc) + timedelta(days=91)
    blobs = sealed_of(talked, "gone")
    assert expire(talked, clock=lambda: soon) == Forgotten()
    assert expire(keeping(talked, "92d"), clock=lambda: soon) == Forgotten()
    assert len(talked.conversations.list()) == 2
    done = expire(keeping(talked, "90d"), in_use="kept", clock=lambda: soon)
    assert (done.conversations, done.payloads, done.typed) == (1, 1, 1)
    assert_gone(talked, blobs, SECRET)
    assert [item.id for item in talked.conversations.list()] == ["kept"]


def test_looking_for_old_conversations_asks_an_index(talked: Parts) -> None:
    plan = talked.vault.rows("EXPLAIN QUERY PLAN SELECT id FROM conversations WHERE used < '2026' ORDER BY used DESC")
    assert "conversations_used" in str(plan) and "SCAN" not in str(plan)


def test_a_command_forgets_what_is_too_old(parts: Parts) -> None:
    past = Conversations(parts.vault, lambda: datetime.now(timezone.utc) - timedelta(days=40))
    past.add(past.new("older").id, "user", "older")
    last = past.new("old")
    past.add(last.id, "user", "old")
    parts.vault.close()
    assert persona("config", "set", "privacy.keep_conversations", "whenever").returncode == 1
    assert persona("config", "set", "privacy.keep_conversations", "30d").returncode == 0
    assert persona("ask", "-c", "--local", "Say hello.").returncode == 0
    assert [item.id for item in Parts.of_user().conversations.list()] == [last.id]


def test_the_command_lists_asks_and_forgets(talked: Parts) -> None:
    talked.vault.close()
    listing = persona("forget", "--all", "--dry-run")
    assert listing.returncode == 0 and len(listing.stdout.splitlines()) == 2 and "kept" in listing.stdout
    refused = persona("forget", "gone")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    done = json.loads(persona("forget", "gone", "--yes", "--json").stdout)
    assert [item["id"] for item in done["conversations"]] == ["gone"] and done["forgotten"]["turns"] == 2
    assert persona("forget", "gone", "--yes").returncode == 4
    assert persona("forget", "--older-than", "30d", "--yes").returncode == 4
    assert persona("forget", "--older-than", "soon", "--yes").returncode == 2
    assert persona("forget", "kept", "--all").returncode == 2 and persona("forget").returncode == 2
    assert persona("audit", "show", "1").returncode == 4 and "erased" in persona("audit", "list").stdout
    verified = persona("audit", "verify")
    assert verified.returncode == 0 and "erased" in verified.stderr


def test_the_command_asks_on_a_terminal(talked: Parts) -> None:
    talked.vault.close()
    with terminal("forget", "gone") as child:
        child.expect("for good")
        say(child, "n")
        assert leave(child) == 3
    with terminal("forget", "gone") as child:
        child.expect("for good")
        say(child, "y")
        assert leave(child) == 0
    assert [item.id for item in Parts.of_user().conversations.list()] == ["kept"]


def test_the_command_says_where_a_value_still_is(talked: Parts) -> None:
    talked.vault.close()
    persona("profile", "set", "friend", SECRET, "Ann Lee")
    persona("config", "set", "privacy.deny", f"{SECRET},Rosebud")
    added = persona("memory", "add", f"{SECRET} plays the cello.").stdout.strip()
    done = persona("forget", "--value", SECRET, "--yes")
    assert done.returncode == 0
    assert f"persona memory forget {added[:8]}" in done.stderr
    assert "persona profile set friend 'Ann Lee'" in done.stderr
    assert "persona config set privacy.deny Rosebud" in done.stderr
    again = json.loads(persona("forget", "--value", SECRET, "--yes", "--json").stdout)
    assert again["mentions"]["turns"] == [] and len(again["still_in"]) == 3
    assert persona("forget", "--value", "Nobody Known", "--yes").returncode == 4
