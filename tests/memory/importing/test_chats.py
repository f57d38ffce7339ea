"""ChatGPT's and Claude's exports: the branch that its user sees, and their own words."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from persona_cli.memory.importing.chats import read_chats
from tests.memory.importing.made import chatgpt, notes, problems, read, texts


def test_the_current_branch_of_a_chatgpt_conversation_the_users_words_only() -> None:
    found = notes(read(read_chats, "conversations.json", json.dumps([chatgpt()])))
    assert [note.text for note in found] == [
        "About the user: I am a nurse.", "How the user wants answers: Be brief.", "Where to eat in Lisbon?",
        "What is this on the picture?",
    ]  # fmt: skip
    asked = found[2]
    assert asked.time == datetime.fromtimestamp(1750000003.5, timezone.utc)
    assert (asked.speaker, asked.conversation) == ("", "ChatGPT: Trip to Lisbon (6812ab34)")
    assert asked.source_id == "chatgpt:6812ab34-0000-new"


def test_answers_come_along_when_wanted_and_tools_never() -> None:
    found = notes(read(read_chats, "conversations.json", json.dumps([chatgpt()]), with_answers=True))
    assert ("ChatGPT", "In Alfama.") in {(note.speaker, note.text) for note in found}
    assert not {"At the river.", "search results"} & {note.text for note in found}


def test_without_a_current_node_the_newest_leaf_counts_and_a_circle_ends() -> None:
    conversation = chatgpt()
    del conversation["current_node"]
    assert "Where to eat in Lisbon?" in texts(read(read_chats, "c.json", json.dumps([conversation])))
    conversation = chatgpt()
    conversation["mapping"]["root"]["parent"] = "thanks"
    assert "Where to eat in Lisbon?" in texts(read(read_chats, "c.json", json.dumps([conversation])))


CLAUDE = {
    "uuid": "11112222-3333",
    "name": "Piano",
    "created_at": "2026-02-03T04:05:06.123456Z",
    "chat_messages": [
        {"uuid": "m1", "sender": "human", "text": "My piano needs tuning.", "created_at": "2026-02-03T04:05:07.5Z",
         "content": [{"type": "text", "text": "My piano needs tuning."}], "attachments": []},
        {"uuid": "m2", "sender": "assistant", "text": "Call a tuner.", "content": [
            {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Call a tuner."}]},
        {"uuid": "m3", "sender": "human", "text": "I did.", "content": []},
    ],
}  # fmt: skip


def test_a_claude_conversation() -> None:
    found = notes(read(read_chats, "conversations.json", json.dumps([CLAUDE])))
    assert [note.text for note in found] == ["My piano needs tuning.", "I did."]
    assert found[0].time == datetime(2026, 2, 3, 4, 5, 7, 500000, timezone.utc)
    assert found[0].source_id == "claude:m1" and found[0].conversation == "Claude: Piano (11112222)"
    both = notes(read(read_chats, "conversations.json", json.dumps([CLAUDE]), with_answers=True))
    assert [(note.speaker, note.text) for note in both][1] == ("Claude", "Call a tuner.")


def test_a_claude_conversation_that_branches() -> None:
    messages = [
        {"uuid": "a", "sender": "human", "text": "first try", "parent_message_uuid": "0"},
        {"uuid": "b", "sender": "human", "text": "second try", "parent_message_uuid": "0"},
        {"uuid": "c", "sender": "human", "text": "and then", "parent_message_uuid": "b"},
    ]
    conversation = {**CLAUDE, "chat_messages": messages}
    assert texts(read(read_chats, "c.json", json.dumps([conversation]))) == ["second try", "and then"]
    conversation["current_leaf_message_uuid"] = "a"
    assert texts(read(read_chats, "c.json", json.dumps([conversation]))) == ["first try"]


def test_a_conversation_of_another_form_is_told_and_the_others_go_on() -> None:
    items = read(read_chats, "c.json", json.dumps([{"mapping": 3}, "text", {}, CLAUDE, {**chatgpt(), "title": None}]))
    assert [problem.where for problem in problems(items)] == [f"c.json, conversation {n}" for n in (1, 2, 3)]
    assert {"I did.", "Where to eat in Lisbon?"} <= set(texts(items))


def test_a_file_that_is_cut_off_gives_what_came_before() -> None:
    items = read(read_chats, "c.json", json.dumps([CLAUDE, chatgpt()])[:-200])
    assert texts(items) == ["My piano needs tuning.", "I did."]
    assert [problem.where for problem in problems(items)] == ["c.json, after conversation 1"]


def test_one_conversation_alone_and_a_byte_order_mark_are_read() -> None:
    assert texts(read(read_chats, "c.json", json.dumps(CLAUDE))) == ["My piano needs tuning.", "I did."]
    assert len(texts(read(read_chats, "c.json", b"\xef\xbb\xbf" + json.dumps([CLAUDE]).encode()))) == 2
