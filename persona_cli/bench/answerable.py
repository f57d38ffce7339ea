"""How the weights of memory/search/relevance.py were found: logistic regression over cases of answer and no answer.

    asked        the questions of a chat, with all its memories; those that BEAM says cannot be answered count FEW times
    taken away   questions about facts, their evidence taken out of what was found
    other chat   questions about facts of another person's life
    everyday     requests to which no memory holds anything
    notes        small stores of short notes, written for this, with questions that they answer and do not answer

Each chat is judged by weights fitted on the other ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray

from persona_cli.local.encoder import TextEncoder
from persona_cli.memory.search.relevance import evidence
from persona_cli.memory.store import Hit, Memory

ASKED, TAKEN_AWAY, OTHER_CHAT, EVERY_DAY, SHORT = "asked", "taken away", "other chat", "everyday", "notes"
WEIGHT = {ASKED: 1.0, TAKEN_AWAY: 0.5, OTHER_CHAT: 0.5, EVERY_DAY: 0.3, SHORT: 1.0}
FEW = 5.0
RIDGE = 1.0

# Requests of any day.
EVERYDAY = (
    "Plan a trip to Lisbon", "Write a haiku about autumn", "Translate 'good morning' into Japanese",
    "What is the capital of France?", "How do I boil an egg?", "Explain how a transistor works",
    "Write a Python function that reverses a linked list", "What's the difference between TCP and UDP?",
    "Give me a recipe for mushroom risotto", "Who won the 1998 World Cup?", "Help me write a cease and desist letter",
    "Convert 30 miles to kilometres", "What are the symptoms of the flu?", "Suggest names for a puppy",
    "Summarise the French Revolution in three sentences", "How do I remove a wine stain from a carpet?",
    "Write a birthday message for my aunt", "Explain the theory of relativity to a child",
    "How many ounces in a gallon?", "What is the best way to learn Spanish?",
)  # fmt: skip

# Notes, questions that they answer, questions that they do not.
NOTES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("My sister Anna lives in Bern", "I am allergic to peanuts", "The car is parked on level 3"),
        ("Where does my sister live?", "What am I allergic to?", "Where is the car parked?", "where's my car",
         "Can I eat peanut butter?", "Which city is Anna in?"),
        ("When is Anna's birthday?", "How much did the car cost?", "What is my phone number?"),
    ),
    (
        ("Dentist appointment on March 14 at 9:30", "Wifi password is sunflower22",
         "Mum's birthday is June 2, she likes orchids"),
        ("When is my dentist appointment?", "What's the wifi password?", "When is my mother's birthday?",
         "What flowers does mum like?", "What time do I have to be at the dentist?"),
        ("How tall is the Eiffel Tower?", "What is the dentist's phone number?", "Who is coming to mum's party?"),
    ),
    (
        ("Rent is 1,450 CHF, due on the 25th", "Landlord: Peter Keller, 044 555 12 12",
         "Boiler serviced in October 2023"),
        ("How much is my rent?", "Who is my landlord?", "When was the boiler serviced?", "When is the rent due?"),
        ("What is the boiling point of water?", "Recommend a good science fiction film",
         "How much is the deposit for the flat?", "Why was the boiler serviced?", "When does my lease end?"),
    ),
    (
        ("Met Julia from Novartis at the conference, works on protein folding", "Tom owes me 40 euros",
         "Running goal: half marathon in under 2 hours in September"),
        ("Who works on protein folding?", "How much does Tom owe me?", "What is my running goal?",
         "Where did I meet Julia?", "Which company is Julia from?"),
        ("What time is it in Tokyo?", "Why does Tom owe me money?", "What shoes do I run in?",
         "Summarise the plot of Hamlet"),
    ),
    (
        ("I prefer window seats on flights", "Passport expires on 12 April 2027",
         "Our flight to Oslo leaves at 7:05 from gate B22"),
        ("When does my passport expire?", "Which seat should you book for me?",
         "What time does the flight to Oslo leave?", "Which gate does our flight leave from?"),
        ("What is the population of Norway?", "Who is flying with me to Oslo?", "What is the passport number?",
         "Hotel in Oslo: which one did we book?"),
    ),
    (
        ("Max is on 5 mg of prednisone since Tuesday", "The vet is Dr. Hofer in Winterthur", "Max weighs 31 kg"),
        ("How much does Max weigh?", "Which medicine is Max taking?", "Who is Max's vet?", "Where is the vet?",
         "What dose of prednisone does he get?"),
        ("What breed is Max?", "Draft an email to my boss about holidays", "When is Max's next vaccination?",
         "Best pizza in Naples?"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """`weighed`: what relevance weighs (memory/search/relevance.py). `there`: whether the hits hold the answer."""

    chat: str
    group: str
    weighed: tuple[float, ...]
    there: bool
    ability: str = ""


def short_notes(encoder: TextEncoder) -> Iterator[Case]:
    """The cases of NOTES, each set alone and among all notes."""
    now = datetime(2025, 1, 1, tzinfo=timezone.utc)
    everything = tuple(note for notes, _, _ in NOTES for note in notes)
    for number, (notes, answered, not_answered) in enumerate(NOTES):
        requests = [*answered, *not_answered, *EVERYDAY[number :: len(NOTES)]]
        for store in (notes, everything):
            likeness = encoder.embed(requests) @ encoder.embed(store).T
            for at, request in enumerate(requests):
                hits = [Hit(Memory(f"{n:032x}", note, now), float(likeness[at, n])) for n, note in enumerate(store)]
                hits.sort(key=lambda hit: -hit.score)
                yield Case(f"notes {number}", SHORT, evidence(request, hits[:10]), at < len(answered))


def fitted(cases: Sequence[Case]) -> NDArray[np.float64]:
    """The bias and the weights, by Newton's method with an L2 penalty of RIDGE on the weights."""
    features = np.array([(1.0, *case.weighed) for case in cases])
    there = np.array([case.there for case in cases], np.float64)
    counts = np.array([WEIGHT[case.group] * (FEW if case.group == ASKED and not case.there else 1.0) for case in cases])
    penalty = np.diag([1e-6] + [RIDGE] * (features.shape[1] - 1))
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        guess = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (counts * (guess - there)) + penalty @ weights
        bend = (features * (counts * guess * (1 - guess))[:, None]).T @ features + penalty
        step = np.linalg.solve(bend, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights


def left_out(cases: Sequence[Case]) -> list[float]:
    """The logit of each case by weights fitted on the cases of the other chats."""
    judged = [0.0] * len(cases)
    for chat in {case.chat for case in cases}:
        weights = fitted([case for case in cases if case.chat != chat])
        for at, case in enumerate(cases):
            if case.chat == chat:
                judged[at] = float(weights @ np.array((1.0, *case.weighed)))
    return judged


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that one of `positive` stands above one of `negative`, a tie counting half; 0 when one is empty."""
    if not positive or not negative:
        return 0.0
    above = sum((p > n) + (p == n) / 2 for p in positive for n in negative)
    return above / (len(positive) * len(negative))
