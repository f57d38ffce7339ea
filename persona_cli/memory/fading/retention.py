"""How a memory fades: retention over time, and the step of fading that it stands at.

The forgetting curve is the power law that fits human data better than Ebbinghaus' exponential (Wixted and Ebbesen
1991), in the form of FSRS 4.5: R(t) = (1 + 19/81 · t/S)^-1/2, where the strength S is the days after which 90 % are
left. S follows from what the memory says (salience) and from use, not from age:

    S = 2 · 100^salience · (1 + uses)   days       uses: distinct days on which an answer made use of it
    t = days since it was stored or last used

MemoryBank (S = 1, 2, 3 days, by use alone) forgets all that was not used within weeks; on LoCoMo any rule that looks
at age alone keeps no more evidence than chance.

A memory fades in steps, each at a retention; what is left of its words at each step is what compression gives:

    full         R ≥ .70    every word
    compressed   R ≥ .45    half of the words
    gist         R ≥ .25    a fifth
    archived     R ≥ .10    a fifth, and no longer brought up unless the archive is asked
    forgotten    below      nothing

Pinned memories, standing instructions and preferences do not fade.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Memory

FACTOR: Final = 19 / 81
DECAY: Final = -0.5
WEAKEST: Final = 2.0  # days
RANGE: Final = 100.0
# A memory that nobody has weighed yet.
UNWEIGHED: Final = 0.5
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """A memory stands at this step while its retention is at least `retention`; `share` of its words are left."""

    name: str
    retention: float
    share: float


STEPS: Final = (
    Step("full", 0.70, 1.0),
    Step("compressed", 0.45, 0.5),
    Step("gist", 0.25, 0.2),
    Step("archived", 0.10, 0.2),
    Step("forgotten", 0.0, 0.0),
)
ORDER: Final = {step.name: index for index, step in enumerate(STEPS)}


@dataclass(frozen=True)
class Retention:
    """`value` 0..1; `strength` and `age` in days; `fades` False for what never does."""

    value: float
    strength: float
    age: float
    fades: bool

    @property
    def step(self) -> Step:
        """The step that this retention stands for."""
        return step_at(self.value)

    def days_until(self, step: Step) -> float | None:
        """Days from now until a memory that is not used falls to `step`; None where it never does."""
        above = STEPS[ORDER[step.name] - 1].retention if ORDER[step.name] else 1.0
        return max(0.0, days_to(above, self.strength) - self.age) if self.fades else None


def retention(memory: Memory, state: State, now: datetime) -> Retention:
    """How much of `memory` is retained at `now` (with a time zone)."""
    since = max(memory.stored, state.last_used) if state.last_used else memory.stored
    age = max(0.0, (now - since) / DAY)
    strength = strength_of(UNWEIGHED if state.salience is None else state.salience, state.uses)
    if state.pinned or state.standing:
        return Retention(1.0, strength, age, fades=False)
    return Retention((1 + FACTOR * age / strength) ** DECAY, strength, age, fades=True)


def strength_of(salience: float, uses: int) -> float:
    """Days after which 90 % are left."""
    return float(WEAKEST * RANGE**salience * (1 + uses))


def days_to(value: float, strength: float) -> float:
    """Days until retention has fallen to `value` (0 < value ≤ 1)."""
    return float(strength * (value ** (1 / DECAY) - 1) / FACTOR)


def step_at(value: float) -> Step:
    """The step of a retention of `value`."""
    return next(step for step in STEPS if value >= step.retention)
