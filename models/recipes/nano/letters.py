"""Letters, e-mails and messages: how a request for one is put together, and the text that answers it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.recipes.nano.template import expand, lower_start, names, sentences
from models.recipes.nano.values import Values

WRITE = (
    "{Write|Write|Write|Please write|Draft|Compose|Can you write|Could you draft|I need|Help me write} "
    "{a|a|a $length} $tone $medium"
)
WRITE_HELD = "{Put together|I would like|Would you prepare|Make} {a|a $length} $tone $medium"
TONES = {
    "": "plain", "polite": "formal", "formal": "formal", "firm": "formal", "professional": "formal",
    "friendly": "warm", "warm": "warm", "kind": "warm", "casual": "warm",
}  # fmt: skip
GREETINGS = {
    "plain": "{Hello|Dear|Dear|Hi} $name,",
    "formal": "{Dear|Dear|Good day} $name,",
    "warm": "{Hi|Hello|Hi|Dear} $name,",
}
NAMELESS = {"plain": "{Hello,|Good day,}", "formal": "{Dear Sir or Madam,|Good day,}", "warm": "{Hi,|Hello,|Hi there,}"}
CLOSINGS = {
    "plain": "{Best regards|Kind regards|Many thanks|Best wishes}",
    "formal": "{Kind regards|Yours sincerely|Best regards|With kind regards}",
    "warm": "{All the best|Best wishes|Take care|See you soon|Warm wishes}",
}
POLITE_ENDS = {
    "plain": "{Thank you.|Please let me know if you have any questions.|Thanks in advance.|}",
    "formal": "{Thank you for your time.|Thank you in advance for your help.|I look forward to your reply.|}",
    "warm": "{Let me know what you think.|I hope you are doing well.|Hope to hear from you soon.|}",
}
UNRELATED_FACTS = (
    ("PERSON", "My {dentist|neighbour|cousin|tax adviser|piano teacher|doctor} is $x"),
    ("DATE", "{I was born on $x|My passport runs out on $x|Our wedding day was $x}"),
    ("PLACE", "{I grew up in $x|My parents live in $x|I went to school in $x}"),
    ("ORG", "{I work for $x|My bank is $x|I have my insurance with $x}"),
    ("PHONE", "My office number is $x"),
    ("EMAIL", "My old e-mail address is $x"),
    ("ID", "My library card has the number $x"),
    ("DETAIL", "I once had trouble with $x"),
)


@dataclass(frozen=True)
class Piece:
    """One request with its answer. `required` are the private values of the request that its answer has to name."""

    request: str
    answer: str
    required: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    document: str = ""


@dataclass(frozen=True)
class Letter:
    """A kind of letter.

    `slots` and `optional` map a name to its kind of private value; an optional one is there in four requests of ten.
    `asks` are the request lines, `held` those kept for evaluation; `$write` stands for "Write a short e-mail" and `$to`
    for the person written to. `body` are groups of sentences: one that names an absent value is left out, one that
    starts with `?` may be. `facts` say a value that the request line does not. `to` is the slot written to.
    `polite_end` lets a letter end with a polite sentence.
    """

    name: str
    slots: Mapping[str, str]
    asks: tuple[str, ...]
    held: tuple[str, ...]
    body: tuple[str, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    to: str = "who"
    polite_end: bool = True
    weight: float = 1.0


def _addressee(letter: Letter, env: dict[str, str], rng: random.Random) -> str:
    """How the request line calls the person written to; the name may be left to the facts."""
    named, role = env.get(letter.to), env.get("rel")
    if named is None:
        return role or "them"
    if role is None:
        return named
    return rng.choice((f"{role} {named}", f"{role} {named}", named, f"{named}, {role}", role))


def _facts(letter: Letter, env: Mapping[str, str], request: str, values: Values, rng: random.Random) -> tuple[str, ...]:
    """Facts for every private value the request line leaves out, some that it has, now and then an unrelated one."""
    known = {**letter.facts, "me": "{My name is $me|I am $me|My full name is $me}"}
    if "rel" in env and letter.to not in letter.facts:
        known[letter.to] = f"{{${letter.to} is $rel|$rel is called ${letter.to}|The name of $rel is ${letter.to}}}"
    lines = []
    for slot in (*letter.slots, *letter.optional, "me"):
        if slot in env and slot in known and (env[slot] not in request or rng.random() < 0.25):
            lines.append(sentences(expand(known[slot], rng, env)))
    if lines or rng.random() < 0.15:
        for kind, fact in rng.sample(UNRELATED_FACTS, rng.choice((0, 0, 1, 2))):
            lines.append(sentences(expand(fact, rng, {"x": values.take(kind)})))
    rng.shuffle(lines)
    return tuple(lines)


def _text(letter: Letter, env: Mapping[str, str], length: str, register: str, rng: random.Random) -> str:
    """The letter itself."""
    groups = []
    for group in letter.body:
        optional = group.startswith("?")
        if names(group) <= env.keys() and not (
            optional and (length == "short" or (length == "" and rng.random() < 0.4))
        ):
            groups.append(expand(group.lstrip("?"), rng, env))
    if letter.polite_end and length != "short" and rng.random() < 0.6:
        groups.append(expand(POLITE_ENDS[register], rng, env))
    body = sentences(" ".join(group for group in groups if group))
    name = env.get(letter.to)
    greeting = expand(GREETINGS[register], rng, {"name": name}) if name else expand(NAMELESS[register], rng, {})
    sender = env.get("me")
    if env["medium"] in ("message", "text message", "text"):
        return f"{greeting} {lower_start(body)}" + (f" {sender}" if sender else "")
    closing = expand(CLOSINGS[register], rng, {})
    return f"{greeting}\n\n{body}\n\n{closing}" + (f",\n{sender}" if sender else "")


def write(letter: Letter, values: Values, rng: random.Random, *, held: bool) -> Piece:
    """A request for the letter and the letter. Raises ValueError when the body forgets a value of the request line."""
    for _ in range(20):
        tone, length = rng.choice(tuple(TONES)), rng.choice(("", "", "", "short", "brief", "longer", "detailed"))
        medium = rng.choice(("e-mail", "e-mail", "message", "letter", "note", "text message"))
        env = {"tone": tone, "length": length, "medium": medium}
        for slot, kind in letter.slots.items():
            if not (slot == "who" and "rel" in letter.choices and rng.random() < 0.08):
                env[slot] = values.take(kind)
        for slot, kind in letter.optional.items():
            if rng.random() < 0.4:
                env[slot] = values.take(kind)
        if rng.random() < 0.3:
            env["me"] = values.take("PERSON")
        for choice, options in letter.choices.items():
            env[choice] = expand(options, rng, env)
        env["to"] = _addressee(letter, env, rng)
        env["write"] = expand(WRITE_HELD if held else WRITE, rng, env)
        asks = [ask for ask in (letter.held if held else letter.asks) if names(ask) <= env.keys()]
        if not asks:
            continue
        request = sentences(expand(rng.choice(asks), rng, env))
        request = request.replace(" a e", " an e").replace(" a informal", " an informal")
        if "me" in env and rng.random() < 0.5:
            request += expand(" {Sign it as $me.|Sign with $me.|Sign it $me.}", rng, env).join((" ", ""))
        facts = _facts(letter, env, request, values, rng)
        told = "\n".join((request, *facts))
        env = {slot: value for slot, value in env.items() if slot not in letter.optional or value in told}
        if any(slot in env and env[slot] not in told for slot in ("me", letter.to)):
            continue
        size = {"brief": "short", "longer": "long", "detailed": "long"}.get(length, length)
        register = "plain" if letter.to == "org" and TONES[tone] == "warm" else TONES[tone]
        answer = _text(letter, env, size, register, rng)
        slots = (*letter.slots, *letter.optional, "me")
        required = tuple(env[slot] for slot in slots if slot in env and env[slot] in request)
        if all(value in answer for value in required):
            return Piece(request, answer, required, facts)
    raise ValueError(f"The letter {letter.name!r} does not use every value that its request lines name.")
