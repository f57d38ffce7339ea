"""Conversations: kept, found again, encrypted, and of one mind between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import persona_cli
from persona_cli.conversation import Conversations
from persona_cli.errors import NothingFound, StoreDamaged, StoreError, UsageError
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.vault import Vault

KEY = bytes(range(KEY_BYTES))
PROJECT = Path(persona_cli.__file__).parent.parent


class Clock:
    """Moves by one minute each time it is read."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))

    def __call__(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault(tmp_path / "vault.db", Seal(KEY)) as opened:
        yield opened


@pytest.fixture
def conversations(vault: Vault) -> Conversations:
    return Conversations(vault, Clock())


def test_turns_come_back_in_order_word_for_word(conversations: Conversations) -> None:
    id = conversations.new("Letter to Emma").id
    texts = ["Write to Emma Roberts.\r\n", "", "Dear \0 Emma \udcff", "猫" * 5000]
    for number, text in enumerate(texts):
        conversations.add(id, "assistant" if number % 2 else "user", text)
    turns = conversations.turns(id)
    assert [turn.text for turn in turns] == texts
    assert [turn.role for turn in turns] == ["user", "assistant"] * 2
    assert turns[0].time < turns[1].time
    assert turns[0].time.utcoffset() == timedelta(0)
    assert conversations.get(id).title == "Letter to Emma"


def test_last_is_the_most_recently_used_not_the_newest(conversations: Conversations) -> None:
    assert conversations.last() is None
    old, new = conversations.new("old"), conversations.new("new")
    assert conversations.last() == new
    turn = conversations.add(old.id, "user", "again")
    last = conversations.last()
    assert last is not None
    assert (last.id, last.title, last.created) == (old.id, "old", old.created)
    assert last.used == turn.time
    assert [item.id for item in conversations.list()] == [old.id, new.id]


def test_an_id_is_found_by_its_beginning_when_that_is_enough(vault: Vault) -> None:
    conversations = Conversations(vault, Clock())
    for id in ("abcd1111", "abcd2222", "beef3333"):
        conversations.open(id)
    assert conversations.get("BEEF").id == "beef3333"
    assert conversations.get("abcd1").id == "abcd1111"
    assert conversations.get("abcd2222").id == "abcd2222"
    with pytest.raises(NothingFound, match="abcd2222, abcd1111"):
        conversations.get("abcd")
    with pytest.raises(NothingFound, match="too short"):
        conversations.get("bee")
    for absent in ("0000", "%", "", "beef33334"):
        with pytest.raises(NothingFound):
            conversations.get(absent)


def test_a_name_of_the_callers_own_is_taken_as_a_whole(conversations: Conversations) -> None:
    """`restore` for "trip-1" must never use the placeholders of "trip-10"."""
    ten = conversations.open("trip-10")
    with pytest.raises(NothingFound):
        conversations.get("trip-1")
    one = conversations.open("trip-1")
    assert one.id == "trip-1"
    assert conversations.get("trip-1") == one
    assert conversations.open("trip-10") == ten
    assert len(conversations.list()) == 2
    assert conversations.open("7").id == conversations.get("7").id == "7"
    for wrong in ("", "two words", "x" * 65, "line\nbreak"):
        with pytest.raises(UsageError):
            conversations.open(wrong)


def test_what_is_not_there_is_said(conversations: Conversations) -> None:
    for use in (
        lambda: conversations.turns("absent"),
        lambda: conversations.add("absent", "user", "x"),
        lambda: conversations.remove("absent"),
        lambda: conversations.pseudonyms("absent"),
        lambda: conversations.save_pseudonyms("absent", Pseudonyms()),
        lambda: conversations.drop_last_exchange("absent"),
    ):
        with pytest.raises(NothingFound):
            use()


def test_the_last_exchange_can_be_taken_back(conversations: Conversations) -> None:
    id = conversations.new().id
    conversations.drop_last_exchange(id)
    for role, text in (("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4"), ("assistant", "5")):
        conversations.add(id, role, text)
    conversations.drop_last_exchange(id)
    conversations.add(id, "user", "6")
    assert [turn.text for turn in conversations.turns(id)] == ["1", "2", "6"]


def test_removing_takes_turns_and_placeholders_and_nothing_else(
    conversations: Conversations, vault: Vault, tmp_path: Path
) -> None:
    gone, kept = conversations.new("gone").id, conversations.new("kept").id
    for id in (gone, kept):
        conversations.add(id, "user", "hello")
        conversations.save_pseudonyms(id, Pseudonyms([Placeholder("[PERSON_1]", "PERSON", "Emma")]))
    conversations.remove(gone)
    for table in ("turns", "placeholders"):
        assert vault.rows(f"SELECT DISTINCT conversation FROM {table}") == [(kept,)]
    assert [item.id for item in conversations.list()] == [kept]
    for file in (tmp_path / "vault.db", tmp_path / "vault.db-wal"):
        assert gone.encode() not in file.read_bytes()


def test_a_placeholder_table_comes_back_as_it_was_and_grows(conversations: Conversations) -> None:
    id = conversations.new().id
    assert conversations.pseudonyms(id).entries == ()
    table = conversations.pseudonyms(id)
    first = table.token_for("PERSON", "Emma Roberts")
    conversations.save_pseudonyms(id, table)
    again = conversations.pseudonyms(id)
    assert again.entries == table.entries
    assert again.token_for("PERSON", "Emma Roberts") == first
    second = again.token_for("ORG", "Acme Ltd")
    conversations.save_pseudonyms(id, again)
    conversations.save_pseudonyms(id, again)
    assert conversations.pseudonyms(id).entries == again.entries
    assert conversations.pseudonyms(id).value_of(second) == "Acme Ltd"


def test_two_tables_that_disagree_are_never_both_stored(conversations: Conversations) -> None:
    id = conversations.new().id
    conversations.save_pseudonyms(id, Pseudonyms([Placeholder("[PERSON_1]", "PERSON", "Emma")]))
    for entries in (
        [Placeholder("[ORG_1]", "ORG", "Acme"), Placeholder("[PERSON_1]", "PERSON", "John")],
        [Placeholder("[ORG_1]", "ORG", "Acme"), Placeholder("[PERSON_2]", "PERSON", "Emma")],
        [Placeholder("[ORG_1]", "ORG", "Emma")],
    ):
        with pytest.raises(StoreError, match="nothing was sent"):
            conversations.save_pseudonyms(id, Pseudonyms(entries))
    assert conversations.pseudonyms(id).entries == (Placeholder("[PERSON_1]", "PERSON", "Emma"),)


def test_rows_swapped_in_the_file_are_noticed(conversations: Conversations, vault: Vault) -> None:
    id = conversations.new("title").id
    conversations.add(id, "user", "Emma")
    conversations.add(id, "user", "John")
    pair = [Placeholder("[PERSON_1]", "PERSON", "Emma"), Placeholder("[PERSON_2]", "PERSON", "John")]
    conversations.save_pseudonyms(id, Pseudonyms(pair))
    with vault.transaction() as connection:
        (one,) = connection.execute("SELECT value FROM placeholders WHERE token = '[PERSON_1]'").fetchone()
        connection.execute("UPDATE placeholders SET value = ? WHERE token = '[PERSON_2]'", (one,))
        connection.execute("UPDATE turns SET role = 'assistant' WHERE n = 2")
    with pytest.raises(StoreDamaged):
        conversations.pseudonyms(id)
    with pytest.raises(StoreDamaged):
        conversations.turns(id)
    with vault.transaction() as connection:
        connection.execute("UPDATE conversations SET used = 'yesterday'")
    with pytest.raises(StoreDamaged, match="time"):
        conversations.list()


def test_nothing_private_stands_in_any_file(conversations: Conversations, tmp_path: Path) -> None:
    id = conversations.new("Letter to Emma Roberts").id
    conversations.add(id, "user", "Emma Roberts lives at 12 Mill Lane, Leeds.")
    conversations.save_pseudonyms(id, Pseudonyms([Placeholder("[PERSON_1]", "PERSON", "Emma Roberts")]))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 3
    for file in files:
        for plain in ("Emma", "Roberts", "Mill Lane", "Leeds", "Letter"):
            for encoding in ("utf-8", "utf-16-le"):
                assert plain.encode(encoding) not in file.read_bytes(), file


WRITER = """
import sys
from pathlib import Path
from persona_cli.conversation import Conversations
from persona_cli.privacy.crypto import Seal
from persona_cli.privacy.vault import Vault
print("ready", flush=True)
sys.stdin.readline()
vault = Vault(Path(sys.argv[1]), Seal(bytes(range(32))))
conversations = Conversations(vault)
names = ["Emma Roberts", "John Malik", "Chen Wu", "Olga Petrova", "Ana Silva", "Max Braun"]
for i in range(40):
    with conversations.pseudonymising("shared1") as table:
        table.token_for("PERSON", names[(i * int(sys.argv[2]) + i // 6) % 6] + str(i // 6))
    conversations.add("shared1", "user", sys.argv[2] + "-" + str(i))
"""


def test_two_processes_give_one_value_one_token_and_lose_no_turn(conversations: Conversations, tmp_path: Path) -> None:
    conversations.open("shared1")
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "vault.db"), stride],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        for stride in ("1", "5")
    ]  # fmt: skip
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        run.communicate()
        assert run.returncode == 0
    entries = conversations.pseudonyms("shared1").entries
    assert len({entry.value for entry in entries}) == len({entry.token for entry in entries}) == len(entries)
    texts = [turn.text for turn in conversations.turns("shared1")]
    for stride in ("1", "5"):
        assert [text for text in texts if text.startswith(f"{stride}-")] == [f"{stride}-{i}" for i in range(40)]


def test_an_interrupted_pseudonymisation_stores_nothing(conversations: Conversations) -> None:
    id = conversations.new().id
    with pytest.raises(KeyboardInterrupt), conversations.pseudonymising(id) as table:
        table.token_for("PERSON", "Emma")
        raise KeyboardInterrupt
    assert conversations.pseudonyms(id).entries == ()
