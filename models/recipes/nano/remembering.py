"""The chats about facts: what a message says about the user that is worth remembering."""

from __future__ import annotations

import json
import random
from typing import Final

from models.recipes.nano.routing import hard_request
from models.recipes.nano.talk import small_talk
from models.recipes.nano.writing import Piece, any_intent
from persona_cli.bench.world.composing import Task, compose, pick
from persona_cli.bench.world.template import expand, sentences
from persona_cli.bench.world.values import Values
from persona_cli.bench.world.wording import UNRELATED
from persona_cli.sketch.prompts import FACTS_SYSTEM

NOTHING_SHARE: Final = 0.3
# Standing facts: (kinds of the values in them, "" for none; the fact, without a full stop). $x and $y are the values.
STATED: Final = (
    (("PLACE",), "I {live in|moved to|am from|was born in} $x"),
    (("PERSON",), "my {name|full name} is $x"),
    (
        ("PERSON",),
        "my {wife|husband|partner|boss|son|daughter|brother|sister|landlord|doctor|best friend} is called $x",
    ),
    (("PERSON", "PLACE"), "my {sister|brother|mother|father|cousin} $x lives in $y"),
    (("ORG",), "I {work at|work for|am an apprentice at|study at} $x"),
    (("DATE",), "my {birthday|wedding|driving test|operation|exam|first day at work} is on $x"),
    (("DETAIL",), "I {have|suffer from} $x"),
    (("PHONE",), "my {phone|mobile|office} number is $x"),
    (("EMAIL",), "my {e-mail address|work address} is $x"),
    (("ADDRESS",), "I live at $x"),
    (("MONEY",), "I {earn|pay} $x a month"),
    (("ID",), "my {customer|policy|member|student} number is $x"),
    (("PERSON",), "my {dog|cat|horse|rabbit|parrot} is called $x"),
    (("ORG",), "I {bank with|am insured with|am a member of} $x"),
    (
        (),
        "I {am a vegetarian|am vegan|don't drink alcohol|don't eat pork|can't stand coriander|am left-handed|wear "
        "glasses}",
    ),
    (
        (),
        "I {like|love|enjoy|prefer} {short e-mails|tea to coffee|hiking|cooking|gardening|old films|cycling to work|"
        "quiet mornings}",
    ),
    (
        (),
        "I {am a nurse|am a teacher|am a carpenter|am retired|work from home|work at night|am a student|run a small "
        "shop}",
    ),
    (
        (),
        "I have {two children|three sisters|a garden|an old car|no car|a twin brother|a season ticket|a part-time job}",
    ),
    ((), "I {want to learn|am learning} {Italian|the guitar|to swim|to sew|chess|Spanish}"),
    (
        (),
        "I {sign my e-mails with my first name only|never write on Sundays|hate exclamation marks|prefer to be "
        "called by my last name}",
    ),
)
ASIDE: Final = (
    "{By the way, $f.|And $f.|Just so you know, $f.|$f.|$f.|$f.|Also, $f.|You should know that $f.|Remember that "
    "$f.|I should mention that $f.|For the future: $f.|Note that $f.|I told you that $f, right?|Please keep in "
    "mind that $f.}"
)
ASIDE_HELD: Final = "{Keep this in mind: $f.|One thing about me: $f.|As it happens, $f.|Fun fact: $f.}"
CHAT: Final = (
    "{The weather is awful today.|It was a long day.|What a week!|I hope you are well.|Hello again!|That was a "
    "good answer.|Nice, thank you.|I am in a hurry.|Not bad.|Let's start.|Okay.|Hm, let me think.}"
)

CHAT_HELD: Final = "{It rained all week.|My coffee is cold.|Long time no see.|There we are.|Phew.}"


def _reader(task: Task, values: Values) -> list[str]:
    """Who is who, if the request says it: "my landlord Anna"."""
    for value in values.given:
        role = task.plan.audience.removesuffix(f" {value}")
        if role.startswith(("my ", "our ")) and f"{role} {value}" == task.plan.audience in task.request:
            return [f"{role[:1].upper()}{role[1:]} is {value}."]
    return []


def facts(rng: random.Random, *, held: bool) -> Piece:
    """A message -> the facts in it, each as one sentence; often none."""
    cloud = rng.random() < 0.2
    values = Values(rng, cloud=cloud)
    parts: list[str] = []
    found: list[str] = []
    form = rng.random()
    if form < 0.45:
        task = compose(any_intent(rng), values, rng, held=held)
        parts.append(task.request)
        found += _reader(task, values)
    elif form < 0.6:
        parts.append(small_talk(rng, held=held).user)
    elif form < 0.7:
        parts.append(hard_request(rng, held=held))
    elif form < 0.8:
        parts.append(expand(CHAT_HELD if held else CHAT, rng, {}))
    before = len(parts)
    count = 0 if rng.random() < NOTHING_SHARE else pick(rng, (1, 1, 1, 2, 2, 3))
    for _ in range(count):
        fact = _fact(values, rng)
        starts = "I" if fact[:2] in ("I ", "I'") else ""
        said = expand(ASIDE_HELD if held else ASIDE, rng, {"f": fact if starts else fact[:1].lower() + fact[1:]})
        # A name or a placeholder keeps its first letter.
        if any(fact.startswith(value) for value in values.given):
            said = f"For your memory: {fact}." if held else f"{fact}."
        parts.append(sentences(said, values.given))
        found.append(sentences(f"{fact}.", values.given))
    if not parts:
        parts.append(expand(CHAT_HELD if held else CHAT, rng, {}))
    elif before and not found[: len(found) - count] and rng.random() < 0.4:
        parts.append(parts.pop(0))
    answer = json.dumps({"facts": list(dict.fromkeys(found))}, ensure_ascii=False)
    return Piece("facts", FACTS_SYSTEM, " ".join(parts), answer, tuple(v for v in values.given if v in answer))


def _fact(values: Values, rng: random.Random) -> str:
    """A fact about the user, without its full stop."""
    if rng.random() < 0.3:
        kind, line = pick(rng, UNRELATED)
        return expand(line, rng, {"x": values.take(kind)}).rstrip(".")
    if rng.random() < 0.35:
        intent = any_intent(rng)
        point = pick(rng, intent.points)
        if point.note:
            note = pick(rng, point.note)
            kinds = {**intent.slots, "who": intent.reader_is, "me": "PERSON"}
            env = {name: values.take(kinds[name]) for name in sorted(note.names & kinds.keys())}
            env |= {name: pick(rng, options).expand(rng, {}) for name, options in intent.words.items()}
            text = note.expand(rng, env).rstrip(".")
            if ". " not in text:
                return sentences(text, values.given)
    kinds_of, line = pick(rng, STATED)
    return expand(line, rng, dict(zip(("x", "y"), [values.take(kind) for kind in kinds_of], strict=False)))
