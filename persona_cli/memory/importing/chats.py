"""The exports of ChatGPT and Claude: a list of conversations, streamed, so that its size does not matter.

A conversation is a tree where a message was edited or an answer asked for again; the branch that its user sees is the
one that leads up from the current message. The form is documented nowhere and changes: what is missing is done without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import pieces, time_of
from persona_cli.memory.storage.records import Note

USER: Final = frozenset({"user", "human"})
INSTRUCTIONS: Final = (("user_profile", "About the user"), ("user_instructions", "How the user wants answers"))
# The first bytes of a file in which its first key must stand.
HEAD: Final = 1 << 16
DEEPEST: Final = 200


def read_chats(source: Source, options: Options) -> Iterator[Item]:
    """The messages of every conversation, in the branch that was open last, the user's own unless `with_answers`."""
    import ijson

    seen = 0
    try:
        with source.open() as file:
            for conversation in _conversations(file):
                seen += 1
                try:
                    yield from _read(conversation, source, options)
                except (AttributeError, KeyError, TypeError, ValueError):
                    yield Problem(f"{source.name}, conversation {seen}", "It has a form that persona does not know.")
    except (ijson.JSONError, ValueError) as error:
        said = " ".join(str(error).split())[:100]
        yield Problem(f"{source.name}, after conversation {seen}", f"The file is not whole or not JSON ({said}).")


def is_chats(head: bytes) -> bool:
    """Whether a file with these first bytes is a list of conversations (or one of them)."""
    return any(key in head for key in (b'"mapping"', b'"chat_messages"', b'"conversations_memory"'))


def _conversations(file: BinaryIO) -> Iterator[Any]:
    """The members of the list in `file`, one at a time; of one object itself, or of its "conversations"."""
    import ijson
    from ijson.common import ObjectBuilder

    if not file.read(3).startswith(b"\xef\xbb\xbf"):
        file.seek(0)
    depth, listed, builder = 0, False, ObjectBuilder()
    # Not ijson.items: it keeps the path of every level, which for nesting without end is more than any memory.
    for event, value in ijson.basic_parse(file, use_float=True):
        if depth == 0 and event == "start_array":
            depth, listed = 1, True
            continue
        if event in {"start_map", "start_array"}:
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"It is nested more than {DEEPEST} levels deep.")
        elif event in {"end_map", "end_array"}:
            depth -= 1
            if listed and depth == 0:
                return
        builder.event(event, value)
        if depth == listed and event != "map_key":
            whole, builder = builder.value, ObjectBuilder()
            inner = None if listed or not isinstance(whole, dict) else whole.get("conversations")
            yield from inner if isinstance(inner, list) else [whole]


def _read(conversation: Any, source: Source, options: Options) -> Iterator[Item]:
    if "mapping" in conversation:
        yield from _chatgpt(conversation, source, options)
    elif "chat_messages" in conversation:
        yield from _claude(conversation, source, options)
    elif "conversations_memory" in conversation:
        for text in (conversation["conversations_memory"], *(conversation.get("project_memories") or {}).values()):
            for piece in pieces(text or ""):
                yield Note(piece, source.changed, speaker="Claude", source_id="claude:memory")
    else:
        raise ValueError("neither ChatGPT's nor Claude's")


def _chatgpt(conversation: Mapping[str, Any], source: Source, options: Options) -> Iterator[Item]:
    started = time_of(conversation.get("create_time")) or source.changed
    identity = str(conversation.get("conversation_id") or conversation.get("id") or "")
    name = _name("ChatGPT", conversation.get("title"), identity)
    for key, node in _branch(conversation["mapping"], conversation.get("current_node")):
        message = node.get("message") or {}
        role = (message.get("author") or {}).get("role")
        content = message.get("content") or {}
        time = time_of(message.get("create_time")) or started
        if content.get("content_type") == "user_editable_context":
            # The same in every conversation, so with a name that is the same: it is remembered once.
            for field, what in INSTRUCTIONS:
                for piece in pieces(str(content.get(field) or ""), context=what):
                    yield Note(piece, time, source_id=f"chatgpt:{field}")
            continue
        hidden = message.get("weight") == 0 or (message.get("metadata") or {}).get(
            "is_visually_hidden_from_conversation"
        )
        if hidden or message.get("recipient", "all") != "all":
            continue
        if role in USER or (role == "assistant" and options.with_answers):
            speaker = "" if role in USER else "ChatGPT"
            yield from _notes(_chatgpt_text(content), time, speaker, name, f"chatgpt:{message.get('id') or key}")


def _branch(nodes: Mapping[str, Any], current: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """From the root down to the current message; the newest leaf where none is named."""
    if current not in nodes:
        leaves = [key for key, node in nodes.items() if not node.get("children")]
        current = max(leaves, key=lambda key: (nodes[key].get("message") or {}).get("create_time") or 0, default=None)
    branch: dict[str, Mapping[str, Any]] = {}
    while current in nodes and current not in branch:
        branch[current] = nodes[current]
        current = nodes[current].get("parent")
    return list(branch.items())[::-1]


def _chatgpt_text(content: Mapping[str, Any]) -> str:
    if content.get("content_type") not in {None, "text", "multimodal_text"}:
        return ""
    parts = content.get("parts") or []
    # What was spoken comes as {"content_type": "audio_transcription", "text": …}; pictures have no text.
    texts = [part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else "" for part in parts]
    return "\n\n".join(text for text in texts if isinstance(text, str))


def _claude(conversation: Mapping[str, Any], source: Source, options: Options) -> Iterator[Item]:
    started = time_of(conversation.get("created_at")) or source.changed
    name = _name("Claude", conversation.get("name"), str(conversation.get("uuid") or ""))
    for number, message in enumerate(_claude_branch(conversation)):
        sender = message.get("sender")
        if sender not in USER and not options.with_answers:
            continue
        blocks = message.get("content")
        texts = [block.get("text") for block in blocks if block.get("type") == "text"] if blocks else []
        text = "\n\n".join(text for text in texts if text) or message.get("text") or ""
        time = time_of(message.get("created_at")) or started
        speaker = "" if sender in USER else "Claude"
        identity = message.get("uuid") or f"{conversation.get('uuid')}/{number}"
        yield from _notes(text, time, speaker, name, f"claude:{identity}")


def _claude_branch(conversation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All messages in their order; where they name their parents, the branch up from the current or last one."""
    messages = conversation["chat_messages"] or []
    by_id = {message["uuid"]: message for message in messages if message.get("uuid")}
    if not any(message.get("parent_message_uuid") in by_id for message in messages):
        return list(messages)
    current = conversation.get("current_leaf_message_uuid")
    if current not in by_id:
        current = messages[-1].get("uuid")
    branch: dict[str, Mapping[str, Any]] = {}
    while current in by_id and current not in branch:
        branch[str(current)] = by_id[current]
        current = by_id[current].get("parent_message_uuid")
    return list(branch.values())[::-1]


def _notes(text: str, time: datetime, speaker: str, conversation: str, source_id: str) -> Iterator[Note]:
    for piece in pieces(text):
        yield Note(piece, time, speaker, conversation, source_id)


def _name(service: str, title: Any, identity: str) -> str:
    """Titles repeat ("New chat"): the head of the id tells two conversations apart."""
    words = " ".join(str(title or "").split())[:80]
    return f"{service}: {words} ({identity[:8]})" if words else f"{service}: {identity[:8]}"
