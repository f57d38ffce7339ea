"""`persona audit`: what left this machine, when, to whom, and the proof that the list is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.consent import ACCEPTED, EDITED
from persona_cli.durable import replace_private
from persona_cli.errors import NothingFound, StoreDamaged, StoreError, UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.audit import AuditLog
    from persona_cli.privacy.receipts import Receipt

audit = typer.Typer(
    help="""What left this machine: list, show, verify, export.

    \b
    Examples:
      persona audit list
      persona audit show 3
      persona audit verify
    """,
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@audit.command("list")
def list_receipts(as_json: JsonOption = False) -> None:
    """List the receipts, oldest first.

    \b
    Examples:
      persona audit list
      persona audit list --json
    """
    receipts = _log().list()
    if as_json:
        screen.write_json([_fields(item) for item in receipts])
    elif not receipts:
        if not (verdict := _log().verify()).ok:
            raise StoreDamaged(verdict.sentence)
        screen.say("Nothing has left this machine.", "dim")
    for item in () if as_json else receipts:
        refers = f" (of {item.refers_to})" if item.refers_to else ""
        erased = ", erased" if item.erased else ""
        consent = f", {item.consent}" if item.consent in (ACCEPTED, EDITED) and not item.refers_to else ""
        screen.write(
            f"{item.n:>4}  {item.time:%Y-%m-%d %H:%M:%S}  {item.outcome + refers:<20} {item.bytes_out:>7} B  "
            f"{item.destination}  {item.model}  replaced {item.replaced}, withheld {item.withheld}{consent}{erased}\n"
        )


@audit.command()
def show(
    number: Annotated[int, typer.Argument(help="The number of the receipt; the last one that left by default.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Print the exact bytes that left.

    \b
    Examples:
      persona audit show
      persona audit show 3
      persona audit show 3 --json
    """
    from persona_cli.privacy.front_coding import unpacked

    parts = _parts()
    log = parts.audit
    receipts = {item.n: item for item in log.list()}
    left = [item.n for item in receipts.values() if item.outcome == "sending"]
    number = number or (left[-1] if left else 0)
    if number not in receipts:
        if not receipts and not (verdict := log.verify()).ok:
            raise StoreDamaged(verdict.sentence)
        raise NothingFound(
            f"There is no receipt {number}. `persona audit list` shows them."
            if number
            else "Nothing has left this machine."
        )
    receipt = receipts[number]
    first = receipt.refers_to or number
    # Where more than one request left for an answer, the receipt of its outcome holds them all.
    several = next((item.n for item in receipts.values() if item.refers_to == first and item.bytes_out), 0)
    bodies = unpacked(log.payload(several)) if several else (log.payload(first),)
    sent = [body.decode("utf-8") for body in bodies]
    if as_json:
        screen.write_json({**_fields(receipt), "payload": sent[0] if len(sent) == 1 else sent})
        return
    screen.write("\n".join(sent) + "\n")
    screen.note(
        f"receipt {receipt.n} · {receipt.time:%Y-%m-%d %H:%M:%S} · to {receipt.destination} · sha256 {receipt.sha256}"
    )
    for reason in receipt.reasons:
        screen.note(f"  {reason}")
    if receipt.conversation:
        from persona_cli.privacy.disclosure import Exposure

        screen.note(Exposure(parts.disclosures.told(receipt.conversation)).sentence)


@audit.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="A new file, readable by you only; stdout by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
) -> None:
    """Write every receipt with what it sent, one JSON object a line. What was erased has no payload.

    \b
    Examples:
      persona audit export receipts.jsonl
      persona audit export | jq .payload
    """
    log = _log()
    if not (verdict := log.verify()).ok:
        screen.say(verdict.sentence, "yellow")
    lines = []
    for receipt, sent in log.sent():
        payload = None if sent is None else sent.decode("utf-8")
        lines.append(json.dumps({**_fields(receipt), "payload": payload}, ensure_ascii=False, default=str) + "\n")
    if file is None:
        screen.write("".join(lines))
        return
    if file.exists() and not force:
        raise UsageError(f"{file} is there already: name another file, or give --force.")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {file.absolute().parent}. Make it first, or name another file.")
    try:
        replace_private(file, "".join(lines).encode())
    except OSError as error:
        raise StoreError(f"{file} cannot be written ({error.strerror}).") from error
    screen.say(f"{len(lines)} receipts written to {file}.", "dim")


@audit.command()
def verify() -> None:
    """Check that no receipt was changed, removed or put in.

    \b
    Examples:
      persona audit verify
    """
    verdict = _log().verify()
    if not verdict.ok:
        raise StoreDamaged(verdict.sentence)
    screen.say(verdict.sentence)


def _log() -> AuditLog:
    return _parts().audit


def _parts() -> Parts:
    from persona_cli.parts import Parts

    return Parts.of_user()


def _fields(receipt: Receipt) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(receipt)
