"""How people word a request for a text: the frames around a goal or around the things to say.

`$what` is "a short friendly e-mail", `$bare` the same without its article, `$dest` " to Anna" or nothing. Held frames
are kept for evaluation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from persona_cli.bench.world.template import expand, parse

T = TypeVar("T")
# A question that a frame ended with a full stop. The full stops inside of values are not followed by a space.
_QUESTION = re.compile(r"((?:^|[.!?,:] )(?:can|could|would) you (?:[^.!?\n]|\.(?! |$))*)\.(?= |$|\n)", re.IGNORECASE)

MY_NAME = "{My name is $me.|I am $me.|My full name is $me.|I'm called $me.}"
SIGN = "{Sign it as $me.|Sign as $me.|Sign with $me.|Sign it $me.|Signed $me.|My name is $me.|From $me.|I'm $me.}"
SIGN_HELD = "{Put $me at the bottom.|The signature is $me.|It comes from $me.}"
READER_NAME = "{The name of $role is $who.|$role is called $who.|$who is $role.|$role: $who.|$role is $who.}"
ORG_NAME = "{$role is $who.|$who is $role.|The name of $role is $who.|$role: $who.}"

GOAL = tuple(
    map(
        parse,
        (
            "{Write|Please write|Write|Draft|Compose} $what$dest to $goal.",
            "{Write|Write me|Draft|Compose|Please write} $what$dest to $goal",
            "{Can you|Could you|Can you please|Would you} {write|draft} $what$dest to $goal?",
            "{I need|I need you to write|I'd like|I want|I have to write|I want to send} $what$dest to $goal.",
            "{I want to|I need to|I have to|I would like to|I'd like to} $goal. {Write|Please write|Can you write|"
            "Draft} $what$dest.",
            "{I'm trying to|I am planning to|I'd love to} $goal. {Can you|Could you} {write|draft} $what$dest for me?",
            "{Help me write|Help me with|Help me draft} $what$dest to $goal.",
            "$what$dest to $goal{, please|}.",
            "$bare$dest: $goal",
            "{Write|Draft} {something|$what} I can {send|use}$dest to $goal.",
            "I {need to|want to|should} $goal and don't know how to {say|put|word} it. {Write|Please write} "
            "$what$dest.",
        ),
    )
)
GOAL_HELD = tuple(
    map(
        parse,
        (
            "Put together $what$dest, I want to $goal.",
            "{Prepare|Make me} $what$dest{; the aim is to| that lets me} $goal.",
            "Would you get $what$dest ready so that I can $goal?",
            "I was asked to $goal. Give me $what$dest for that.",
        ),
    )
)
FIRST = {
    "tell": tuple(
        map(
            parse,
            (
                "{Tell|Please tell|Tell} $to that $c",
                "Let $to know that $c",
                "{Write|Write|Draft|Please write} $what$dest saying that $c",
                "Write $what$dest {and say|to say|telling them} that $c",
                "{I want to|I need to|I have to} tell $to that $c",
                "$c, {can you|could you} write $what$dest",
                "$what$dest {saying|to say} that $c",
                "Write to $to and say that $c",
            ),
        )
    ),
    "ask": tuple(
        map(
            parse,
            (
                "{Ask|Please ask|Could you ask} $to to $c",
                "{Write|Draft|Please write} $what$dest asking them to $c",
                "I want $to to $c. {Write|Draft} $what",
                "I {need|would like} $to to $c. Can you write $what",
                "$what$dest asking them to $c",
            ),
        )
    ),
    "question": tuple(
        map(
            parse,
            (
                "{Ask|Please ask} $to $c",
                "{Write|Draft|Please write} $what$dest asking $c",
                "I want to know from $to $c. {Write|Draft} $what",
                "Find out from $to $c",
                "$what$dest asking $c",
            ),
        )
    ),
}
FIRST_HELD = {
    "tell": tuple(
        map(parse, ("$to should hear that $c. Make it $what", "Get across to $to that $c", "$what$dest is needed: $c"))
    ),
    "ask": tuple(
        map(
            parse,
            (
                "See whether $to can $c. Make it $what",
                "Get $to to $c with $what",
                "I hope $to will $c. Put that in $what",
            ),
        )
    ),
    "question": tuple(map(parse, ("Make $what$dest: I wonder $c", "Have $to say $c, in $what"))),
}
NOBODY = {
    "tell": tuple(
        map(
            parse,
            (
                "{Write|Please write|Draft|Make} $what saying that $c",
                "{Write|Make|I need} $what: $c",
                "$c. {Write|Draft} $what about it",
            ),
        )
    ),
    "ask": tuple(
        map(parse, ("{Write|Please write|Draft|Make} $what asking people to $c", "I want people to $c. Write $what"))
    ),
    "question": tuple(map(parse, ("{Write|Please write|Draft} $what asking $c", "I want to know $c. Write $what"))),
}
NOBODY_HELD = {
    "tell": tuple(map(parse, ("Put into $what that $c", "$what is needed: $c"))),
    "ask": tuple(map(parse, ("Get people to $c with $what",))),
    "question": tuple(map(parse, ("Make $what: I wonder $c",))),
}
JOINED = {"tell": "and that $c", "ask": ", and ask them to $c", "question": ", and ask $c"}
JOINED_HELD = {"tell": ", also that $c", "ask": ", plus they should $c", "question": ", plus I wonder $c"}
# The same as a point of a plan.
AS_POINT = {"tell": "", "ask": "ask them to ", "question": "ask ", "sketch": ""}
NEXT = {
    "tell": "{Say that $c.|Mention that $c.|Add that $c.|$c.|$c.|$c.|Also say that $c.|They should know that $c.|"
    "Tell them $c.}",
    "ask": "{Ask them to $c.|Please ask them to $c.|They should $c.|Also ask them to $c.|I'd like them to $c.|I want "
    "them to $c.}",
    "question": "{Ask $c.|Also ask $c.|I want to know $c.|Please ask $c.|I'd like to know $c.|Find out $c.}",
}
# The same where nobody is written to.
NEXT_NOBODY = {
    "tell": "{Say that $c.|Mention that $c.|$c.|$c.|$c.|Also say that $c.|It should say that $c.}",
    "ask": "{Ask people to $c.|People should $c.|I want people to $c.}",
    "question": "{Ask $c.|Also ask $c.|I want to know $c.}",
}
NEXT_HELD = {
    "tell": "{Bring up that $c.|It should come across that $c.|Put in that $c.}",
    "ask": "{Get them to $c.|It would be good if they could $c.}",
    "question": "{I wonder $c.|One question is $c.}",
}
ITEM = {
    "tell": "{$c|$c|say that $c|tell them $c}",
    "ask": "{ask them to $c|please $c|they should $c}",
    "question": "{ask $c|$c?|question: $c}",
    "sketch": "$c",
}
ITEM_HELD = {"tell": "{point out that $c|include that $c}", "ask": "get them to $c", "question": "wondering $c"}
# (frame, what stands between the things to say)
BULLETS = (
    ("$bare$dest: $list{; thanks|.||}", "; "),
    ("$bare$dest - $list{, thanks|.||}", ", "),
    ("{Write|Draft} $what$dest with these points:\n- $list", "\n- "),
    ("{Write|Please write} $what$dest. {Points|It should say|To say}: $list.", "; "),
    ("$what$dest. It must {say|include}:\n- $list", "\n- "),
)
BULLETS_HELD = (("{My|The} points for $what$dest are: $list.", "; "), ("$what$dest out of this:\n* $list", "\n* "))
HELP = (
    "{Hi, can|Can|Hello, could|Hey, can|Could} you help me $goal? $rest {Write|Please write|Draft} $what$dest.",
    "{I need help:|I could use some help.|Please help.} {I want to|I have to|I need to} $goal. $rest {Write|I need} "
    "$what$dest.",
    "{How do I|What is a good way to} $goal? $rest {Please write|Can you write} $what$dest{.| for me.}",
    "$rest {So I|I} {need to|want to|have to} $goal. {Write|Draft|Can you write} $what$dest.",
)
HELP_HELD = (
    "Give me a hand, I want to $goal. $rest Make it $what$dest.",
    "My problem is how to $goal. $rest Suggest $what$dest.",
)
SHORT_TAILS = (
    "{Keep it short.|Keep it brief.|Just a few lines.|Two or three sentences are enough.|Not too long, please.|"
    "Short, please.}"
)
LONG_TAILS = "{Make it detailed.|It can be longer.|Go into detail.|Make it a bit longer.|Please be thorough.}"
TONE_TAILS = (
    "{Make it $tone.|Keep the tone $tone.|It should sound $tone.|Tone: $tone.|$tone tone, please.|Keep it $tone.}"
)
FORMAT_TAILS = "{As $what.|Make it $what.|Send it as $what.|It should be $what.|I need $what.|Write it as $what.}"
FORMAT_TAILS_HELD = "{The form is $what.|Think of it as $what.}"
SHORT_TAILS_HELD = "{A couple of lines will do.|No long speech.}"
LONG_TAILS_HELD = "{Take as much space as it needs.|Give all the details.}"
TONE_TAILS_HELD = "{I want to come across as $tone.|$tone is how it should feel.}"

# What somebody wants changed in a finished text.
REWRITES = {
    "warm": "{Make it warmer.|Make it friendlier.|More warmth, please.|Make this sound friendlier.|Less formal, "
    "please.|Use a warm tone.|Make it sound kinder.}",
    "formal": "{Make it more formal.|More formal, please.|Make this sound professional.|Use a formal tone.|Make it "
    "more polite.|Make it sound more serious.}",
    "short": "{Make it shorter.|Shorter, please.|Shorten this.|Cut it down.|Say it in fewer words.|Keep it brief.}",
    "signed": "{Sign it as $me.|Sign it with $me.|Put my name under it: $me.|Add my name, $me.|Sign as $me.|Add the "
    "signature $me.}",
}
REWRITES_HELD = {
    "warm": "{It sounds cold, warm it up.|Put more heart into it.}",
    "formal": "{It is too casual for this reader.|Dress it up a little.}",
    "short": "{It is too long.|Trim it.}",
    "signed": "{My name, $me, is missing at the end.|End it with $me.}",
}
# A memory that is known only as one placeholder, in a finished text.
WHOLE = "{About|As for|Regarding} $topic: $x."
UNRELATED = (
    ("PERSON", "My {dentist|neighbour|cousin|tax adviser|piano teacher|doctor|optician|hairdresser|godmother} is $x."),
    ("PERSON", "{I went to school with $x.|$x is my oldest friend.|I owe $x a dinner.|$x fixed my bike last year.}"),
    ("PERSON", "{My sister is married to $x.|$x lives next door.|The children like $x very much.}"),
    (
        "DATE",
        "{I was born on $x.|My passport runs out on $x.|Our wedding day was $x.|My car is due for a service on $x.}",
    ),
    (
        "DATE",
        "{I stopped smoking on $x.|My mother's birthday is $x.|We moved in on $x.|The library books are due on $x.}",
    ),
    ("PLACE", "{I grew up in $x.|My parents live in $x.|I went to school in $x.|We spent our honeymoon in $x.}"),
    ("ORG", "{I work for $x.|My bank is $x.|I have my insurance with $x.|I used to work at $x.|My gym is $x.}"),
    ("PHONE", "{My office number is $x.|The vet's number is $x.|My old number was $x.}"),
    ("EMAIL", "{My old e-mail address is $x.|I use $x for newsletters.}"),
    (
        "ID",
        "{My library card has the number $x.|My passport number is $x.|My tax number is $x.|My parking permit is $x.}",
    ),
    ("DETAIL", "{I once had trouble with $x.|I told the doctor about $x.|I do not like to talk about $x.}"),
    ("ADDRESS", "{I used to live at $x.|My grandmother lives at $x.|The garage is at $x.}"),
    ("MONEY", "{My rent is $x.|I pay $x for the gym.|I earn $x a week on the side.|I lent my brother $x.}"),
    ("SECRET", "{My Wi-Fi password is $x.|The code of my bike lock is $x.|The alarm code is $x.}"),
    ("USERNAME", "{My user name in the forum is $x.|I play chess online as $x.}"),
    ("TEXT", "{I am still working on $x.|I keep the papers for $x in the hall.|I lost the key for $x.}"),
    ("URL", "{My blog is at $x.|I bought the shoes at $x.}"),
)


@dataclass(frozen=True)
class Wish:
    """What text is wanted: its format, its tone and its length as the request names them ("" is not named).

    `usual`: the format goes without saying.
    """

    format: str
    tone: str
    length: str
    usual: bool


def article(phrase: str) -> str:
    """ "a" or "an" before a phrase of this module."""
    return "an" if phrase[:1] in "aeiou" else "a"


def _what(wish: Wish, rng: random.Random, *, length: bool, tone: bool) -> str:
    parts = [wish.format]
    if tone and wish.tone:
        parts.insert(0, wish.tone)
    if length and wish.length:
        sizes = {"short": ("short", "short", "brief"), "long": ("long", "longer", "detailed")}[wish.length]
        parts.insert(0, sizes[int(rng.random() * len(sizes))])
    return " ".join(parts)


def _frame(wish: Wish, to: str, rng: random.Random) -> tuple[dict[str, str], bool, bool]:
    """The names of a frame, and whether length and tone are in them."""
    length, tone = rng.random() < 0.6, rng.random() < 0.6
    bare = _what(wish, rng, length=length, tone=tone)
    return {"what": f"{article(bare)} {bare}", "bare": bare, "dest": f" to {to}" if to else "", "to": to}, length, tone


def _tails(wish: Wish, rng: random.Random, length: bool, tone: bool, held: bool) -> str:
    found = []
    if wish.length and not length:
        tails = (SHORT_TAILS_HELD, LONG_TAILS_HELD) if held else (SHORT_TAILS, LONG_TAILS)
        found.append(expand(tails[wish.length == "long"], rng, {}))
    if wish.tone and not tone:
        found.append(expand(TONE_TAILS_HELD if held else TONE_TAILS, rng, {"tone": wish.tone}))
    rng.shuffle(found)
    return "".join(f" {tail}" for tail in found)


def goal_line(wish: Wish, to: str, goal: str, rng: random.Random, *, held: bool) -> str:
    """A request around a goal, with what is wished of length and tone."""
    env, length, tone = _frame(wish, to, rng)
    frames = GOAL_HELD if held else GOAL
    line = frames[int(rng.random() * len(frames))].expand(rng, {**env, "goal": goal})
    return _stopped(line) + _tails(wish, rng, length, tone, held)


def request(
    style: str, wish: Wish, to: str, lead: str, said: Sequence[tuple[str, str]], rng: random.Random, *, held: bool
) -> str:
    """A request in one of the styles. `lead` is the goal ("goal", "help") or the whole line ("own"); `said` the things
    to say, as (kind, clause)."""
    return _QUESTION.sub(r"\1?", _request(style, wish, to, lead, said, rng, held=held))


def _request(
    style: str, wish: Wish, to: str, lead: str, said: Sequence[tuple[str, str]], rng: random.Random, *, held: bool
) -> str:
    nexts = NEXT_HELD if held else NEXT if to else NEXT_NOBODY
    if style in ("goal", "own"):
        line = goal_line(wish, to, lead, rng, held=held) if style == "goal" else _own(lead, wish, rng, held=held)
        return " ".join((line, *(expand(nexts[kind], rng, {"c": clause}) for kind, clause in said)))
    env, length, tone = _frame(wish, to, rng)
    if style == "help":
        rest = " ".join(expand(nexts[kind], rng, {"c": clause}) for kind, clause in said)
        line = expand(_one(HELP_HELD if held else HELP, rng), rng, {**env, "goal": lead, "rest": rest})
        return line + _tails(wish, rng, length, tone, held)
    if style == "bullets":
        items = ITEM_HELD if held and said[0][0] != "sketch" else ITEM
        frame, between = _one(BULLETS_HELD if held else BULLETS, rng)
        listed = between.join(expand(items[kind], rng, {"c": clause}) for kind, clause in said)
        line, tails = expand(frame, rng, {**env, "list": listed}), _tails(wish, rng, length, tone, held)
        return f"{line}\n{tails.strip()}".strip() if "\n" in between else (_stopped(line) if tails else line) + tails
    firsts = (FIRST_HELD if held else FIRST) if to else (NOBODY_HELD if held else NOBODY)
    kind, clause = said[0]
    first = _one(firsts[kind], rng)
    line = first.expand(rng, {**env, "c": clause})
    left = list(said[1:])
    if left and first.source.endswith("$c") and rng.random() < 0.5:
        joined = JOINED_HELD if held else JOINED
        if left[0][0] in ("ask", "question") or kind == "tell":
            after, clause = left.pop(0)
            line += ("" if joined[after].startswith(",") else " ") + expand(joined[after], rng, {"c": clause})
    line = " ".join((_stopped(line), *(expand(nexts[kind], rng, {"c": clause}) for kind, clause in left)))
    named = "what" in first.names
    return line + _format_tail(line, wish, rng, held) + _tails(wish, rng, length and named, tone and named, held)


def _own(lead: str, wish: Wish, rng: random.Random, *, held: bool) -> str:
    """A request line of the intent's own, with what it does not say of format, length and tone."""
    tails = _format_tail(lead, wish, rng, held) + _tails(wish, rng, length=False, tone=wish.tone in lead, held=held)
    return (_stopped(lead) if tails else lead) + tails


def _format_tail(line: str, wish: Wish, rng: random.Random, held: bool) -> str:
    """Names the format, unless it is named already; the one that goes without saying is left out half of the time."""
    if wish.format in line.lower() or (wish.usual and rng.random() < 0.5):
        return ""
    named = f"{article(wish.format)} {wish.format}"
    return " " + expand(FORMAT_TAILS_HELD if held else FORMAT_TAILS, rng, {"what": named, "bare": wish.format})


def _one(options: Sequence[T], rng: random.Random) -> T:
    return options[int(rng.random() * len(options))]


def _stopped(line: str) -> str:
    return line if line.endswith((".", "?", "!")) else line + "."
