"""`persona bench sketch`: sketches, what becomes of them, and the modes side by side. Each part has a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persona_cli.bench import covering
from persona_cli.cli import screen
from persona_cli.cli.benching import SKETCH_PARTS
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

PARTS: Final = SKETCH_PARTS


def bench(part: str = "", rows: int | None = None) -> None:
    """Print the tables of `part`, or of all; `rows` of each set. Raises UsageError, PersonaError."""
    if part and part not in PARTS:
        raise UsageError(f"The sketch's bench has no part '{part}'. There are: {', '.join(PARTS)}.")
    chosen = (part,) if part else PARTS
    if {"valid", "coverage"} & set(chosen):
        from persona_cli.local.encoder import Encoder

        the_judge(Encoder())
    for number, name in enumerate(chosen):
        screen.write("\n" if number else "")
        _part(name, rows)


def the_judge(encoder: TextEncoder) -> None:
    """Print how far the judge of points is to be trusted."""
    with screen.working("the judge of points"):
        threshold, fitted, other = covering.judged_pairs(encoder)
    kinds = "  ".join(f"{name} {share:.2f}" for name, share in other.kinds.items())
    screen.write(
        f"is a point said? {fitted.pairs + other.pairs} labelled pairs; threshold {threshold:.2f} from half of them, "
        f"accuracy {fitted.accuracy:.3f}\nthe other half: accuracy {other.accuracy:.3f}, F1 {other.f1:.3f}; of each "
        f"kind right: {kinds}\n\n"
    )


def _part(name: str, rows: int | None) -> None:
    if name == "valid":
        from persona_cli.bench import validity

        validity.bench(rows)
    elif name == "coverage":
        from persona_cli.bench import written

        written.bench(rows)
    elif name == "facts":
        from persona_cli.bench import telling

        telling.bench(rows)
    elif name == "modes":
        from persona_cli.bench import modes

        modes.bench(rows)
    elif name == "fusion":
        from persona_cli.bench import fused

        fused.bench(rows)
    else:
        from persona_cli.bench import decoding

        decoding.decoding()
