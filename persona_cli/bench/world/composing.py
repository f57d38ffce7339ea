"""From an intent to a task: what the user types, what their notes say, the plan, the outline and the finished text."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import TypeVar

from persona_cli.bench.world import letters, wording
from persona_cli.bench.world.intents import TONES, Intent, Point, intents
from persona_cli.bench.world.task import Plan, Rewrite, Task
from persona_cli.bench.world.template import Template, expand, sentences
from persona_cli.bench.world.values import Values

__all__ = ["Plan", "Rewrite", "Task", "compose", "instruction", "pick", "rewrite", "shown"]
T = TypeVar("T")

REQUEST_STYLES = {"goal": 0.34, "clauses": 0.24, "bullets": 0.12, "help": 0.1, "own": 0.2}
ROLE_GROUPS = frozenset(
    "team family class group council staff everyone committee club choir people everybody all".split()
)
LENGTH_SHARES = {"": 0.5, "short": 0.28, "long": 0.22}
# How often a point that is not core is in, by length.
OTHERS_SHARE = {"short": 0.3, "medium": 0.5, "long": 0.9}
# How many plans say the points in the words of request and notes, and not in those of the intent's sketch.
COPIED_SHARE = 0.4
SHORT_WORDS = re.compile(r"\b(?:short|brief|quick|few lines|few words)\b")
SHORT_FORMATS = frozenset(("text message", "card"))
EASY_POINTS = 6
HARD_FORMATS = frozenset(("speech", "form"))


def pick(rng: random.Random, options: Sequence[T]) -> T:
    """One of the options; faster than `rng.choice`."""
    return options[int(rng.random() * len(options))]


def compose(
    intent: Intent,
    values: Values,
    rng: random.Random,
    *,
    held: bool,
    others: Sequence[Intent] | None = None,
    whole: str = "",
) -> Task:
    """A task of the intent. `held`: worded as never in training. `others`: where distractors come from (None: all).

    `whole` is a placeholder that stands for a whole memory: if the request has words for it, the notes have
    "about the heating: [DETAIL_1]", and the text uses it.
    """
    return _Composer(intent, values, rng, held, whole).task(intents() if others is None else others)


class _Composer:
    """One task in the making: the choices first, then the request and its notes, then what comes of them."""

    def __init__(self, intent: Intent, values: Values, rng: random.Random, held: bool, whole: str = "") -> None:
        self.intent, self.values, self.rng, self.held, self.whole = intent, values, rng, held, whole
        self.extra = ""
        self.env: dict[str, str] = {name: pick(rng, options).expand(rng, {}) for name, options in intent.words.items()}
        self.slots: dict[str, str] = {}
        self.notes: list[str] = []
        self.format = pick(rng, intent.formats)
        self.role = pick(rng, intent.readers) if intent.readers else ""
        self.tone = pick(rng, intent.tones)
        self.named_length = rng.choices(tuple(LENGTH_SHARES), weights=tuple(LENGTH_SHARES.values()))[0]
        default = "short" if self.format in SHORT_FORMATS else "medium"
        self.length = self.named_length or default
        self.copies = rng.random() < COPIED_SHARE
        self.points: dict[int, str] = {}

    @property
    def wish(self) -> wording.Wish:
        return wording.Wish(self.format, self.tone, self.named_length, self.format == self.intent.formats[0])

    def _heed(self, lead: str) -> None:
        """Take format, tone and length from a goal or request line that names them."""
        if SHORT_WORDS.search(lead):
            self.named_length = self.length = "short"
        words = lead.lower()
        self.tone = next((tone for tone in self.intent.tones if tone and tone in words), self.tone)
        named = [form for form in self.intent.formats if form in words]
        self.format = max(named, key=len) if named else self.format

    def task(self, others: Sequence[Intent]) -> Task:
        rng = self.rng
        style = rng.choices(tuple(REQUEST_STYLES), weights=tuple(REQUEST_STYLES.values()))[0]
        lead = self._lead(style)
        if lead:
            lead = lead.settled(rng)
            self._heed(lead.source)
        chosen = self._chosen(lead.names if lead else frozenset())
        for name in sorted({slot for point in chosen for slot in point.slots}):
            self._slot(name)
        self._people(lead)
        request = self._request(style, lead, chosen)
        self._remember_whole(request)
        text = self._text(chosen)
        if "me" in self.slots and self.slots["me"] in text and self.slots["me"] not in self._told(request):
            self.notes.append(expand(wording.MY_NAME, rng, {"me": self.slots["me"]}))
        if "who" in self.slots and self.slots["who"] in text and self.slots["who"] not in self._told(request):
            self.notes.append(self._name_note())
        told = self._told(request)
        plan = self._plan(chosen, told)
        distractors, private = self._distractors(others, told)
        rng.shuffle(self.notes)
        return Task(
            intent=self.intent.name,
            request=request,
            document="",
            notes=tuple(self.notes),
            distractors=distractors,
            plan=plan,
            outline=tuple(pick(rng, point.outline).expand(rng, self.env) for point in chosen),
            bare=self.bare(),
            text=text,
            required=tuple(value for value in self.slots.values() if value in told and value in text),
            private=private,
            easy=not self.intent.hard
            and self.format not in HARD_FORMATS
            and len(plan.points) <= EASY_POINTS
            and self.length != "long",
        )

    def rewritten(self) -> Rewrite:
        rng = self.rng
        chosen = self._chosen(frozenset())
        for name in sorted({slot for point in chosen for slot in point.slots}):
            self._slot(name)
        self._people(None)
        register = TONES[self.tone]
        aim = pick(rng, ("warm", "formal", "short", "signed", *(("warm",) if register == "formal" else ("formal",))))
        if aim == register:
            aim = "short"
        if aim == "signed" and self.format not in letters.UNSIGNED:
            sender = self._slot("me")
            state = rng.getstate()
            text = self._text(chosen, signed=False)
            rng.setstate(state)
            after = self._text(chosen)
        else:
            aim = "short" if aim == "signed" else aim
            sender = ""
            text = self._text(chosen, length="long" if aim == "short" else "")
            after = self._text(chosen, "" if aim == "short" else aim, "short" if aim == "short" else "")
        wishes = wording.REWRITES_HELD if self.held else wording.REWRITES
        wish = expand(wishes[aim], rng, {"me": sender})
        return Rewrite(wish, text, after, tuple(value for value in self.slots.values() if value in after))

    def _slot(self, name: str) -> str:
        if name not in self.slots:
            kinds = {**self.intent.slots, "who": self.intent.reader_is, "me": "PERSON"}
            self.slots[name] = self.env[name] = self.values.take(kinds[name], name)
        return self.slots[name]

    def _lead(self, style: str) -> Template | None:
        """The goal or the request line of the intent's own that the request is built on."""
        intent, held = self.intent, self.held
        if style == "own":
            return pick(self.rng, intent.asks_held if held else intent.asks)
        return pick(self.rng, intent.goals_held if held else intent.goals) if style in ("goal", "help") else None

    def _chosen(self, named: frozenset[str]) -> list[Point]:
        """The core points, those whose values are named already, and some of the others."""
        share, rng = OTHERS_SHARE[self.length], self.rng
        return [
            point for point in self.intent.points if point.core or point.slots & named or rng.random() < share
        ]  # fmt: skip

    def _people(self, lead: Template | None) -> None:
        """Who is written to and by whom, and how the request calls the reader."""
        rng, named = self.rng, lead.names if lead else frozenset()
        last = self.role.rsplit(" ", 1)[-1]
        many = self.intent.reader_is == "PERSON" and (
            last in ROLE_GROUPS or (last.endswith("s") and not last.endswith(("ss", "us")))
        )
        self.many = many or not self.role
        self.name_known = bool(self.role) and not many and rng.random() < 0.85
        if any("who" in point.plain[0].names for point in self.intent.points) or "who" in named:
            self.name_known = True
        self.to = self.role
        if self.name_known:
            name = self._slot("who")
            form = rng.random()
            if form < 0.35:
                self.to = name
            elif form < 0.75:
                self.to = f"{self.role} {name}" if self.role else name
            if "who" in named:
                self.to = name
        for wordings in (self.intent.open, self.intent.close, *(point.plain for point in self.intent.points)):
            if any("me" in template.names for template in wordings):
                self._slot("me")
        if "me" in named or (self.format not in letters.UNSIGNED and rng.random() < 0.4):
            self._slot("me")
        self.env["to"] = self.to

    def _told(self, request: str) -> str:
        return "\n".join((request, *self.notes))

    def _request(self, style: str, lead: Template | None, chosen: Sequence[Point]) -> str:
        """The request line; the points that it leaves out go to the notes."""
        rng, held = self.rng, self.held
        named = lead.names if lead else frozenset()
        said: list[tuple[str, str]] = []
        for point in chosen:
            if point.slots and point.slots <= named:
                continue
            # What the goal does not say is remembered, said, or goes without saying.
            if point.note and rng.random() < (0.55 if lead else 0.3):
                self.notes.append(self._sentence(pick(rng, point.note)))
                self.points[id(point)] = self.notes[-1].rstrip(".")
            elif self._goes_without_saying(point, lead) and rng.random() < 0.5:
                continue
            else:
                clauses = point.clause_held if held else point.clause
                terse = style == "bullets" and not held and rng.random() < 0.5
                kind = "sketch" if terse else point.kind
                clause = pick(rng, point.sketch if terse else clauses).expand(rng, self.env)
                said.append((kind, clause))
                self.points[id(point)] = wording.AS_POINT[kind] + clause
        if lead is None and not said:
            point = chosen[0]
            said.append((point.kind, pick(rng, point.clause_held if held else point.clause).expand(rng, self.env)))
        lead_text = lead.expand(rng, self.env) if lead else ""
        request = wording.request(style, self.wish, self.to, lead_text, said, rng, held=held)
        if style == "own" and not held and rng.random() < 0.12:
            request = request.lower() if not self._any_capital_value(request) else request
        if "me" in self.slots and rng.random() < 0.5 and self.slots["me"] not in request:
            request += "\n" if "\n" in request else " "
            request += expand(wording.SIGN_HELD if held else wording.SIGN, rng, {"me": self.slots["me"]})
        return sentences(request, self.slots.values()) if rng.random() < 0.93 or held else request

    def _goes_without_saying(self, point: Point, lead: Template | None) -> bool:
        """Whether the point follows from the goal: nothing in it that the goal does not name."""
        if lead is None or point.slots or not point.core:
            return False
        names = frozenset[str]().union(*(template.names for template in (*point.sketch, *point.plain)))
        return names & self.env.keys() - {"to"} <= lead.names

    def _any_capital_value(self, request: str) -> bool:
        return any(value in request and value.lower() != value for value in self.slots.values())

    def _sentence(self, template: Template) -> str:
        return sentences(template.expand(self.rng, self.env), self.slots.values())

    def _name_note(self) -> str:
        env = {"who": self.slots["who"], "role": self.role or "the person I write to"}
        pattern = wording.ORG_NAME if self.intent.reader_is == "ORG" else wording.READER_NAME
        return sentences(expand(pattern, self.rng, env))

    def _remember_whole(self, request: str) -> None:
        """The memory that goes as one placeholder, if the request has words for what it is about."""
        topics = [self.env[word] for word in self.intent.words if self.env[word] in request]
        if self.whole and topics:
            topic = pick(self.rng, topics)
            self.slots["whole"] = self.whole
            self.notes.append(f"about {topic}: {self.whole}")
            self.extra = expand(wording.WHOLE, self.rng, {"topic": topic, "x": self.whole})

    def _text(self, chosen: Sequence[Point], register: str = "", length: str = "", signed: bool = True) -> str:
        """The finished text; in another `register` or `length`, or without the signature, for the finish."""
        register, rng = register or TONES[self.tone], self.rng
        padded = {"short": 0.0, "medium": 0.6, "long": 1.0}[length or self.length]
        start = self._sentence(pick(rng, self.intent.open)) if self.intent.open and rng.random() < padded else ""
        size = {"long": max, "short": min}.get(length)
        told = [
            self._sentence(
                size(point.told(register), key=lambda told: len(told.source))
                if size
                else pick(rng, point.told(register))
            )
            for point in chosen
        ]
        told += [self.extra] if self.extra else []
        end = self._sentence(pick(rng, self.intent.close)) if self.intent.close and rng.random() < padded else ""
        reader = self.slots.get("who", "") if self.name_known else ""
        sender = self.slots.get("me", "") if signed else ""
        letter = letters.Letter(
            self.format, register, reader, self.intent.reader_is, self.many, sender, start, told, end
        )
        return letters.lay_out(letter, rng)

    def _plan(self, chosen: Sequence[Point], told: str) -> Plan:
        rng = self.rng
        points = [
            (self.points.get(id(point)) if self.copies else None) or pick(rng, point.sketch).expand(rng, self.env)
            for point in chosen
        ]
        if "me" in self.slots and self.slots["me"] in told and self.format not in letters.UNSIGNED:
            points.append(f"sign as {self.slots['me']}")
        name = self.slots.get("who", "") if self.name_known else ""
        name = name if name in told else ""
        role = self.role if self.role and (not name or self.role in told or self.role.capitalize() in told) else ""
        return Plan(
            "write", self.format, " ".join(part for part in (role, name) if part), self.tone, self.length, tuple(points)
        )

    def _distractors(self, others: Sequence[Intent], told: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Memories of something else, and the private values in them."""
        rng, found, before = self.rng, [], len(self.values.given)
        for _ in range(pick(rng, (0, 0, 1, 1, 2, 2, 3))):
            intent = pick(rng, others) if others and rng.random() < 0.7 else None
            point = pick(rng, intent.points) if intent else None
            if intent is None or point is None or intent.name == self.intent.name or not point.note:
                kind, line = pick(rng, wording.UNRELATED)
                found.append(expand(line, rng, {"x": self.values.take(kind)}))
                continue
            kinds = {**intent.slots, "who": intent.reader_is, "me": "PERSON"}
            note = pick(rng, point.note)
            env = {name: self.values.take(kinds[name]) for name in sorted(note.names & kinds.keys())}
            env |= {
                name: pick(rng, intent.words[name]).expand(rng, {}) for name in sorted(note.names & intent.words.keys())
            }
            found.append(sentences(note.expand(rng, env), env.values()))
        private = [value for value in self.values.given[before:] if value not in told]
        return tuple(dict.fromkeys(found)), tuple(private)

    def bare(self) -> str:
        """The instruction without any private detail."""
        intent, rng = self.intent, self.rng
        private = intent.slots.keys() | {"who", "me"}
        goals = [goal for goal in (intent.goals_held if self.held else intent.goals) if not goal.names & private]
        env = {**self.env, "to": self.role}
        goal = pick(rng, goals).expand(rng, env) if goals else intent.name
        return sentences(wording.goal_line(self.wish, self.role, goal, rng, held=self.held))


def rewrite(intent: Intent, values: Values, rng: random.Random, *, held: bool) -> Rewrite:
    """A text of the intent and the same text as it is wished for: in another register, shorter, or signed."""
    composer = _Composer(intent, values, rng, held)
    composer.length = "medium"
    return composer.rewritten()


def instruction(intent: Intent, rng: random.Random, *, held: bool) -> tuple[str, tuple[str, ...]]:
    """An instruction without any private detail, and the outline of a text for it: all points, or the core if short."""
    composer = _Composer(intent, Values(rng, cloud=True), rng, held)
    points = [point for point in intent.points if point.core or composer.length != "short"]
    return composer.bare(), tuple(pick(rng, point.outline).expand(rng, composer.env) for point in points)


def shown(intent: Intent, others: Sequence[Intent], rng: random.Random) -> str:
    """A random composed example, for the eyes of whoever writes intents."""
    task = compose(intent, Values(rng, cloud=rng.random() < 0.3), rng, held=rng.random() < 0.3, others=others)
    points = "\n".join(f"  - {point}" for point in task.plan.points)
    lines = [f"=== {intent.name}", f"REQUEST  {task.request}", *(f"NOTE     {note}" for note in task.notes)]
    lines += [f"PLAN     {task.plan.format} to {task.plan.audience}, {task.plan.tone}, {task.plan.length}", points]
    lines += [f"OUTLINE  {' / '.join(task.outline)}", f"BARE     {task.bare}", "TEXT", task.text, ""]
    return "\n".join(lines)
