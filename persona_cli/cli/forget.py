"""`persona forget`: conversations, or one private value, out of every file for good."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.errors import NothingFound, Refused, UsageError

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation
    from persona_cli.forgetting import Forgotten, Mentions
    from persona_cli.parts import Parts


def forget(
    conversations: Annotated[
        list[str] | None, typer.Argument(metavar="[CONVERSATION]...", help="Ids, starts of ids, or titles.")
    ] = None,
    older_than: Annotated[str, typer.Option("--older-than", help="Those not used for 30d, 12w, 6m, 1y.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All of them, and whatever was sent or typed outside of any.")
    ] = False,
    value: Annotated[
        str, typer.Option("--value", help="A private value: every turn and placeholder that has it.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be forgotten, and forget nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Forget conversations for good: no trace of them is left in any file.

    \b
    Examples:
      persona forget --all --dry-run
      persona forget "The heating" --yes
      persona forget --older-than 90d
      persona forget --value "+353 91 555 0142"
    """
    from persona_cli.parts import Parts

    if sum((bool(conversations), bool(older_than), everything, bool(value))) != 1:
        raise UsageError(
            "Name conversations, or give one of --older-than 30d, --all, --value TEXT. "
            "`persona forget --all --dry-run` lists every conversation."
        )
    parts = Parts.of_user()
    if not any(path.exists() for path in (parts.folders.vault_file, parts.folders.audit_file)) and not value:
        raise NothingFound("There is no conversation to forget.")
    if value:
        _value(parts, value, dry_run, yes, as_json)
    else:
        _conversations(parts, conversations or [], older_than, everything, dry_run, yes, as_json)


def _conversations(
    parts: Parts, names: list[str], older_than: str, everything: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from persona_cli.forgetting import Forgetting

    forgetting = Forgetting.of(parts)
    chosen = _chosen(parts, names, older_than)
    listed = [{**asdict(item), "turns": forgetting.turns_of(item.id)} for item in chosen]
    taken = _taken(parts, {item.id for item in chosen})
    if not chosen and not everything:
        raise NothingFound(f"Every conversation was used within the last {older_than}.")
    if not as_json:
        for item in listed:
            _line(f"{item['id']:<10} {item['used']:%Y-%m-%d %H:%M}  {item['turns']:>4} turns  {item['title']}", dry_run)
    done = None
    if not dry_run:
        count = f"{len(chosen)} conversation{'s' * (len(chosen) != 1)}"
        what = f"{count}, and all that was sent and typed" if everything else count
        _confirm(f"Forget {what} for good?", yes)
        with screen.working("forgetting"):
            done = forgetting.forget(chosen, everything)
    _report({"conversations": listed, "memories": taken}, done, as_json)
    if taken and not as_json:
        ids = " ".join(id[:8] for id in taken)
        screen.say(f"What was remembered of it stays: persona memory forget {ids}", "yellow")


def _value(parts: Parts, value: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    from persona_cli.forgetting import Forgetting, Mentions, holding

    holding(value)  # a value that cannot be looked for is said before anything is opened
    forgetting = Forgetting.of(parts) if parts.folders.vault_file.exists() else None
    found = forgetting.mentions(value) if forgetting else Mentions((), (), (), ())
    elsewhere = _elsewhere(parts, value)
    if not found and not elsewhere and forgetting is None:
        raise NothingFound("Nothing that is stored holds that.")
    if not as_json:
        _show(found, dry_run)
    done = None
    if not dry_run and forgetting is not None:
        if found:
            _confirm("Forget these turns and placeholders for good?", yes)
        with screen.working("forgetting"):
            # Without a mention too: what was typed, and what was sent, are searched only now.
            done = forgetting.forget_value(value)
        if not (found or elsewhere or done.payloads or done.typed or done.traits):
            raise NothingFound("Nothing that is stored holds that.")
    still = [{"where": where, "forget_with": command} for where, command in elsewhere]
    _report({"mentions": asdict(found), "still_in": still, "spellings": list(found.spellings)}, done, as_json)
    if as_json:
        return
    for spelling in found.spellings:
        screen.say(f"Another spelling of it stays: persona forget --value {shlex.quote(spelling)}", "yellow")
    for where, command in elsewhere:
        screen.say(f"{where} still has it: {command}", "yellow")


def _taken(parts: Parts, conversations: set[str]) -> list[str]:
    """The memories that were taken from these conversations."""
    if not conversations or not parts.folders.memory_folder.exists():
        return []
    return [item.id for item in parts.memory.entries() if item.conversation in conversations]


def _chosen(parts: Parts, names: list[str], older_than: str) -> tuple[Conversation, ...]:
    if names:
        return tuple(dict.fromkeys(parts.conversations.named(name) for name in names))
    if not older_than:
        return parts.conversations.list()
    from persona_cli.ages import read_age

    return parts.conversations.unused_since(datetime.now(timezone.utc) - read_age(older_than))


def _show(found: Mentions, on_stdout: bool) -> None:
    ids = list(dict.fromkeys([id for id, _ in (*found.turns, *found.placeholders)] + list(found.titles)))
    for id in ids:
        turns = sum(conversation == id for conversation, _ in found.turns)
        tokens = " ".join(token for conversation, token in found.placeholders if conversation == id)
        title = "  its title" if id in found.titles else ""
        _line(f"{id:<10} {turns:>4} turns  {tokens}{title}", on_stdout)


def _line(text: str, on_stdout: bool) -> None:
    """The listing is the result of a dry run, and a remark before a question."""
    if on_stdout:
        screen.write(text + "\n")
    else:
        screen.say(text)


def _confirm(question: str, yes: bool) -> None:
    """Raises UsageError where nobody can be asked, Refused where the answer is no."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty() or not screen.err_is_terminal():
        raise UsageError("Nothing was forgotten: without a terminal to ask on, --yes has to say so.")
    if not typer.confirm(question, err=True):
        raise Refused("Nothing was forgotten.")


def _report(fields: dict[str, Any], done: Forgotten | None, as_json: bool) -> None:
    if as_json:
        screen.write_json({**fields, "forgotten": asdict(done) if done else None})
    elif done is not None:
        screen.say(
            f"Forgotten: {done.turns} turns, {done.placeholders} placeholders, what {done.payloads} receipts sent, "
            f"{done.typed} typed lines.",
            "dim",
        )
    if done is not None and done.unreadable:
        screen.say(
            f"{done.unreadable} lines of the audit log are damaged, and nobody can say whose they are: they stay. "
            "`persona audit verify` says where.",
            "yellow",
        )


def _elsewhere(parts: Parts, value: str) -> list[tuple[str, str]]:
    """What `forget` leaves alone and still holds the value, and the command for each."""
    from persona_cli.forgetting import holding

    holds = holding(value)
    found: list[tuple[str, str]] = []
    if parts.folders.memory_folder.exists():
        found += [
            (f"The memory {item.id[:8]}", f"persona memory forget {item.id[:8]}")
            for item in parts.memory.list()
            if any(holds(text) for text in (item.text, item.speaker))
        ]
    if parts.folders.vault_file.exists():
        for field, values in parts.profile.all().items():
            left = [item for item in values if not holds(item)]
            if len(left) < len(values):
                command = shlex.join(["set", field, *left] if left else ["rm", field])
                found.append((f"The profile ({field})", f"persona profile {command}"))
        for contact in parts.contacts.all():
            fields = (contact.name, *contact.nicknames, *contact.phones, *contact.emails, *contact.addresses)
            if any(holds(text) for text in (*fields, *contact.orgs, contact.birthday)):
                command = shlex.join(["contacts", contact.name or contact.orgs[0], "--forget"])
                found.append((f"The contact {contact.name}", f"persona profile {command}"))
    for name in ("allow", "deny"):
        words = getattr(parts.settings.privacy, name)
        left = [word for word in words if not holds(word)]
        if len(left) < len(words):
            found.append(
                (f"The setting privacy.{name}", f"persona config set privacy.{name} {shlex.quote(','.join(left))}")
            )
    return found
