"""`persona batch`: a file of requests, one result line each."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from persona_cli.cli import screen
from persona_cli.cli.asking import named_mode, with_options
from persona_cli.errors import CloudError, PersonaError, Refused, UsageError
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.batch.output import Output, ResultFile
    from persona_cli.batch.preparing import Helpers
    from persona_cli.batch.rows import Row
    from persona_cli.batch.runner import Tally
    from persona_cli.parts import Parts

INTERRUPTED: Final = 130
MOST_WORKERS: Final = 256
# Requests a minute, by the unit of time they are given in.
PER: Final = {"s": 60.0, "sec": 60.0, "min": 1.0, "m": 1.0, "h": 1 / 60}


def batch(
    source: Annotated[
        str, typer.Argument(metavar="IN.jsonl", help="The requests, one JSON object a line; - is stdin.")
    ],
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Keep the results here, and go on from here when run again.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=256, help="Requests at the cloud side by side.")] = 8,
    rate: Annotated[str, typer.Option("--rate", help="No more requests than this: 60/min, 5/s, 1000/h.")] = "",
    mode: Annotated[
        str, typer.Option("--mode", help="For lines that name none: sketch, outline, logits, local, auto.")
    ] = "",
    local: Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")] = False,
    model: Annotated[str, typer.Option("--model", "-m", help="The cloud model, or with --local a .gguf file.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write what would leave for each line; send nothing.")
    ] = False,
    redo_changed: Annotated[
        bool, typer.Option("--redo-changed", help="Ask again what has another text than when it was answered.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="You consent to all of it (where privacy.confirm is always).")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, max=MOST_WORKERS, help="Processes that prepare requests (1)."),
    ] = None,
    ray: Annotated[
        bool, typer.Option("--ray", help="Workers on a Ray cluster: needs pip install 'persona-cli[ray]'.")
    ] = False,
    ray_address: Annotated[
        str, typer.Option("--ray-address", help="The cluster to join, HOST:PORT; without, Ray starts on this machine.")
    ] = "",
) -> None:
    """Answer many requests, many at a time.

    A line is {"id", "text"} and, where wanted, "document", "facts" (a list of text), "conversation", "mode" and
    "schema". A result is {"id", "text", "where", "model", "replaced", "withheld", "receipt", "unknown", "tokens_in",
    "tokens_out", "ms"}, or {"id", "error", "exit_code"}. Nothing is kept but the receipts, unless a line names a
    conversation: those of one conversation go one after the other.

    With -o each result is on the disk, in a file that is yours alone, before it counts: the same command goes on after
    Ctrl-C, a crash or an error, asks nothing twice that has an answer, and tries again what failed. Without, results
    come on stdout in the order of the lines.

    Detection, sketch and gate take a processor some time for each request: --workers prepares on several. Pace,
    receipts and connections stay in one process, and what comes out is the same. --ray does so on more machines
    (docs/scale.md).

    Exit code: 0 all answered, 1 some were not; when none was and all for the same reason, that of the reason (3 the
    gate, 5 the cloud); 5 too when the key is rejected or the credit used up, which ends the run; 130 after Ctrl-C.

    \b
    Examples:
      persona batch requests.jsonl -o answers.jsonl
      persona batch requests.jsonl --dry-run | less
      persona batch requests.jsonl -o answers.jsonl --jobs 32 --rate 500/min
      persona batch requests.jsonl -o answers.jsonl --jobs 64 --workers 4
      jq -c '{id: .key, text: .body}' mails.json | persona batch - --local > answers.jsonl
    """
    from persona_cli.batch.preparing import Helpers
    from persona_cli.batch.rows import read_rows
    from persona_cli.parts import Parts

    chosen = named_mode(mode, local)
    per_minute = read_rate(rate)
    if ray_address and not ray:
        raise UsageError("--ray-address goes with --ray.")
    parts = Parts.of_user()
    parts = replace(parts, settings=with_options(parts.settings, model, chosen == LOCAL, "", False))
    if parts.settings.privacy.confirm == "always" and not (yes or dry_run or chosen == LOCAL):
        raise Refused(
            "Nothing was sent: you want to be asked before anything leaves (privacy.confirm), and a batch cannot ask "
            "for each. Look at it with --dry-run; --yes then says that you consent to all of it."
        )
    with ExitStack() as closing:
        output: Output
        kept: ResultFile | None = None
        if out is None:
            from persona_cli.batch.output import InOrder

            output = InOrder(screen.write_json)
            closing.callback(output.close)
            rows: Iterable[Row] = read_rows(_lines(source), parts.seal.digest)
            total = None
        else:
            from persona_cli.batch.output import ResultFile

            lines = list(_lines(source))
            if source != "-" and out.exists() and out.samefile(Path(source)):
                raise UsageError("-o names the file of the requests. Give the results a file of their own.")
            output = kept = ResultFile(out)
            closing.callback(kept.close)
            rows = _left(list(read_rows(lines, parts.seal.digest)), kept, out, redo_changed, dry_run, quiet)
            total = len(rows)
        if dry_run:
            tally = _dry(parts, chosen, rows, output)
        else:
            going_on = kept is not None and kept.existed
            helpers = Helpers(workers, ray, ray_address)
            tally = _answer(parts, chosen, rows, output, jobs, per_minute, total, yes, going_on, quiet, helpers)
    if not quiet:
        screen.say(summary(tally, total, out is not None, "shown, and nothing sent" if dry_run else "answered"))
    if code := exit_code(tally):
        raise typer.Exit(code)


def _answer(
    parts: Parts, mode: str, rows: Iterable[Row], output: Output, jobs: int, per_minute: float, total: int | None,
    consent: bool, going_on: bool, quiet: bool, helpers: Helpers,
) -> Tally:  # fmt: skip
    from persona_cli.batch.runner import Runner
    from persona_cli.batch.worker import Worker, connections
    from persona_cli.cloud.pace import Pace

    pace = Pace(per_minute)
    sends = mode != LOCAL and parts.settings.cloud.configured and total != 0
    own, *others = connections(parts, 1 + jobs, pace) if sends else (None,)
    worker = Worker(parts, own, mode, consent, going_on)
    # Results on a terminal show by themselves how far it is.
    bar = Bar(total, quiet or (total is None and screen.out_is_terminal()))
    through = [one for one in others if one is not None]
    with helpers.pool(worker, mode, total) as pool, bar:
        if pool is None:
            return Runner(worker, through, pace, output, bar).run(rows)
        return Runner(pool, through, pace, output, bar, pool.count, pool.end).run(rows)


def _dry(parts: Parts, mode: str, rows: Iterable[Row], output: Output) -> Tally:
    from persona_cli.batch.runner import Tally
    from persona_cli.batch.worker import Worker

    worker, tally = Worker(parts, None, mode), Tally()
    for row in rows:
        result = worker.show(row)
        output.write(row.order, result.line)
        if result.error is None:
            tally.answered += 1
        else:
            tally.codes[result.error.exit_code] += 1
    return tally


def _left(rows: list[Row], kept: ResultFile, out: Path, redo: bool, dry: bool, quiet: bool) -> list[Row]:
    """Those of `rows` that have no answer in `kept` yet, which is made ready to go on. Raises UsageError."""
    if dry and (kept.answered or kept.failed):
        raise UsageError(f"{out} holds results. Name another file for what would leave, or leave -o out for stdout.")
    changed = [row for row in rows if row.key in kept.answered and kept.answered[row.key] != row.digest]
    if changed and not redo:
        many = "1 request has" if len(changed) == 1 else f"{len(changed)} requests have"
        raise UsageError(
            f"{many} another text now than when {out} got the answer (the first is on line {changed[0].line}, "
            f"id {changed[0].key}). --redo-changed asks again; or name another file with -o."
        )
    if kept.tightened and not quiet:
        screen.say(f"Others could read {out}, which holds private text: now only you can (0600).", "yellow")
    failed = len(kept.failed)
    kept.begin(again=[row.key for row in changed])
    left = [row for row in rows if row.key not in kept.answered]
    if not quiet and (len(left) < len(rows) or failed):
        again = f", {failed} of them for another time" if failed else ""
        screen.say(f"{len(rows) - len(left)} of {len(rows)} are answered already; {len(left)} to go{again}.", "dim")
    return left


def _lines(source: str) -> Iterator[bytes]:
    """The lines of the file, or of stdin. Raises UsageError."""
    if source == "-":
        if sys.stdin is None:
            raise UsageError("There is nothing on stdin. Name the file of the requests.")
        yield from sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"{source} cannot be read ({error.strerror}).") from error


def read_rate(text: str) -> float:
    """Requests a minute, 0 for no limit. Raises UsageError."""
    if not text:
        return 0.0
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*([a-z]+))?\s*", text.lower())
    unit = (found[2] or "min") if found else ""
    if found is None or unit not in PER or not float(found[1]):
        raise UsageError(f"--rate takes a number of requests such as 60/min, 5/s or 1000/h, not '{text}'.")
    return float(found[1]) * PER[unit]


def exit_code(tally: Tally) -> int:
    """What the command ends with: see its help."""
    if tally.interrupted:
        return INTERRUPTED
    if tally.stopped is not None:
        return CloudError.exit_code
    if not tally.failed:
        return 0
    alike = len(tally.codes) == 1 and not tally.answered
    return next(iter(tally.codes)) if alike else PersonaError.exit_code


def summary(tally: Tally, total: int | None, resumes: bool, done: str = "answered") -> str:
    """One line on what came of it, and what to do next."""
    parts = [f"{tally.answered} {done}"]
    if tally.failed:
        refused = tally.codes[Refused.exit_code]
        parts.append(f"{tally.failed} failed" + (f" ({refused} refused by the gate)" if refused else ""))
    left = (total or 0) - tally.answered - tally.failed
    if left > 0:
        parts.append(f"{left} not asked")
    told = f"{', '.join(parts)}."
    if tally.stopped is not None:
        told = f"Stopped: {tally.stopped} {told}"
    if tally.interrupted:
        told = f"Interrupted: {told}"
    if resumes and (tally.failed or left > 0):
        told += " The same command goes on from here."
    return told


class Bar:
    """How far it is, on stderr at a terminal; nothing elsewhere, or when `quiet`. `total` None: nobody knows."""

    def __init__(self, total: int | None, quiet: bool) -> None:
        self._total = total
        self._shown: Any = None
        self._wanted = screen.err_is_terminal() and not quiet

    def __enter__(self) -> Bar:
        if self._wanted:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._shown = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                console=screen.console(stderr=True), transient=True,
            )  # fmt: skip
            self._shown.add_task("asking", total=self._total)
            self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._shown.stop()

    def __call__(self, tally: Tally) -> None:
        if self._shown is not None:
            failed = f", {tally.failed} failed" if tally.failed else ""
            done = tally.answered + tally.failed
            self._shown.update(
                self._shown.task_ids[0], completed=done, description=f"{tally.answered} answered{failed}"
            )
