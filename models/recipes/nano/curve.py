"""The loss curve as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def plot(curve: Sequence[tuple[int, float, float]], path: Path) -> None:
    """Write the SVG of (step, training loss, held-out loss), in nats. The same curve gives the same file."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "persona"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    steps = [step for step, _, _ in curve]
    axes.plot(steps, [loss for _, loss, _ in curve], label="training (with the user's turns, weight 0.1)")
    axes.plot(steps, [held for _, _, held in curve], label="held-out phrasings (answers only)")
    axes.set_xlabel("step")
    axes.set_ylabel("cross-entropy, nats per token")
    axes.set_yscale("log")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
