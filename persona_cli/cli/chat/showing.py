"""Slash commands that only show: what was said, what left, what stays, what is known. Nothing of them is sent."""

from __future__ import annotations

from textwrap import indent, shorten
from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat

TURNS = 10
HITS = 5
NEWEST = 10
# Of a turn on the way back into a conversation, and of one in /history.
LAST, LISTED = 600, 400
# What a token takes, where nobody has counted them.
CHARACTERS = 4


def show_last_exchange(chat: Chat) -> None:
    """What was said last, dim, for whoever comes back to a conversation."""
    if chat.conversation is None:
        return
    turns = chat.turns()
    last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=0)
    screen.say(f"continuing {chat.conversation.id}: {chat.conversation.title} · {len(turns)} turns", "dim")
    for turn in turns[last:]:
        screen.say(f"{_mark(turn.role)} {_cut(turn.text, LAST)}", "dim")


def history(chat: Chat, argument: str) -> None:
    if argument and not argument.isdigit():
        screen.say("/history takes a number of turns.", "yellow")
        return
    turns = chat.turns()
    if not turns:
        screen.say("Nothing was said in this conversation yet.", "dim")
    for turn in turns[-max(1, int(argument or TURNS)) :]:
        here = "  (stays here)" if turn.here else ""
        screen.say(f"{_mark(turn.role)} {turn.time:%Y-%m-%d %H:%M}{here}", "dim")
        screen.say(indent(_cut(turn.text, LISTED), "  "))


def sent(chat: Chat, argument: str) -> None:
    mine = chat.conversation.id if chat.conversation else None
    receipts = [item for item in chat.parts.audit.list() if item.conversation == mine and item.outcome == "sending"]
    if mine is None or not receipts:
        screen.say("Nothing of this conversation has left the machine.", "dim")
        return
    screen.say(f"receipt {receipts[-1].n} to {receipts[-1].destination}, the exact bytes:", "dim")
    screen.write(chat.parts.audit.payload(receipts[-1].n).decode("utf-8") + "\n")
    from persona_cli.privacy.disclosure import Exposure

    if told := Exposure(chat.parts.disclosures.told(mine)).sentence:
        screen.say(told, "dim")


def private(chat: Chat, argument: str) -> None:
    entries = chat.parts.conversations.pseudonyms(chat.conversation.id).entries if chat.conversation else ()
    if not entries:
        screen.say("No private details have come up in this conversation yet.", "dim")
    for entry in entries:
        screen.say(f"  {entry.token:<14} {entry.value}")
    for decision in chat.withheld:
        screen.say(f"  withheld       {decision.text}  ({decision.reason})")


def memory(chat: Chat, argument: str) -> None:
    if chat.mode == LOCAL and chat.parts.settings.memory.url:
        screen.say("The memory is on a server, and in the mode local no connection is opened.", "yellow")
        return
    store = chat.parts.memory
    if not argument:
        kept = store.list(limit=NEWEST)
        for item in kept:
            screen.say(f"  {item.id[:8]}  {item.time:%Y-%m-%d}  {shorten(item.text, LISTED, placeholder='…')}")
        count = store.count()
        screen.say(f"{count:,} remembered. /memory WORDS searches them." if count else "Nothing is remembered.", "dim")
        return
    from persona_cli.memory.recall import search

    with screen.working("searching"):
        found = search(store, argument, HITS)
    for hit in found.hits:
        screen.say(f"  {hit.score:.2f}  {hit.memory.id[:8]}  {shorten(hit.memory.text, LISTED, placeholder='…')}")
    if found.nothing_relevant:
        screen.say("Nothing that is remembered surely answers that.", "dim")


def profile(chat: Chat, argument: str) -> None:
    fields = chat.parts.profile.all() if chat.parts.folders.vault_file.exists() else {}
    for field, values in fields.items():
        screen.say(f"  {field}: {'; '.join(values)}")
    if not fields:
        screen.say('Nothing yet. `persona profile set name "Your Name"` begins it.', "dim")


def tokens(chat: Chat, argument: str) -> None:
    from persona_cli.record import Record

    said = sum(len(turn.text) for turn in chat.turns())
    next_time = sum(len(message.content) for message in Record(chat.parts).history(chat.probe()))
    next_time += len(chat.role) + sum(len(item.text) for item in chat.attached)
    screen.say(f"  conversation   about {_tokens(said)} tokens in {len(chat.turns())} turns")
    screen.say(f"  next request   about {_tokens(next_time)} tokens, and what you type")
    answer = chat.answer_before
    if answer is not None and answer.tokens_in is not None and answer.tokens_out is not None:
        about = "about " if answer.tokens_about else ""
        cost = f", {answer.cost:.4f} {answer.currency}".rstrip() if answer.cost is not None else ""
        screen.say(f"  last request   {about}{answer.tokens_in:,} tokens in, {answer.tokens_out:,} out{cost}")


def _tokens(characters: int) -> str:
    return f"{-(-characters // CHARACTERS):,}"


def _mark(role: str) -> str:
    return ">" if role == "user" else "<"


def _cut(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else text[:most].rstrip() + " …"
