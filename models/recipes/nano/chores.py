"""Requests about everyday doings, and their answers: tell, ask, remind, thank, list, sum up, look up, reply."""

from __future__ import annotations

import random
from collections.abc import Callable

from models.recipes.nano.doings import doing, news
from models.recipes.nano.letters import CLOSINGS, GREETINGS, NAMELESS, TONES, WRITE, WRITE_HELD, Piece
from models.recipes.nano.template import expand, lower_start, sentences
from models.recipes.nano.values import Values

SMALL_TALK_STARTS = "{I hope you are well.|How are you?|I hope all is fine.|||}"
FILLERS = (
    "The weather was fine and everyone was in a good mood.",
    "There was coffee and a plate of biscuits.",
    "Some people came a little late.",
    "We talked for about an hour.",
    "Nobody had anything to add to the last notes.",
    "It was good to see so many of us again.",
    "The room was a bit cold.",
    "After that there was a short break.",
)
ROLES = (
    "{my boss|my landlord|my sister|my brother|the school|my doctor|my colleague|my friend|my neighbour|our "
    "client|my mother}"
)


def _recipient(values: Values, rng: random.Random) -> tuple[str, str]:
    """How the request calls the person written to, and the name, which may be empty."""
    role, name = expand(ROLES, rng, {}), values.take("PERSON")
    return rng.choice(
        ((name, name), (name, name), (name, name), (f"{role} {name}", name), (f"{role} {name}", name), (role, ""))
    )


def _letter(body: str, name: str, tone: str, rng: random.Random, *, short: bool) -> str:
    """Greeting (`name` may be empty), body and closing; a short one has only the greeting."""
    greeting = expand((GREETINGS if name else NAMELESS)[TONES[tone]], rng, {"name": name})
    if short:
        return f"{greeting} {lower_start(body)}"
    return f"{greeting}\n\n{body}\n\n{expand(CLOSINGS[TONES[tone]], rng, {})}"


def _frame(rng: random.Random, *, held: bool) -> tuple[dict[str, str], str, bool]:
    """The start of a request ("Write a short e-mail"), its tone, and whether the answer is a short message."""
    tone, medium = rng.choice(tuple(TONES)), rng.choice(("e-mail", "message", "note", "letter", "text message"))
    env = {"tone": tone, "length": rng.choice(("short", "brief")), "medium": medium}
    written = expand(WRITE_HELD if held else WRITE, rng, env)
    return {"write": written.replace(" a e", " an e")}, tone, "message" in medium


def tell(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Write to someone that something is so."""
    env, tone, short = _frame(rng, held=held)
    who, name = _recipient(values, rng)
    fact, used = news(values, rng)
    more, also = news(values, rng) if rng.random() < 0.3 else ("", ())
    env |= {"who": who, "news": f"{fact} and that {more}" if more else fact}
    asks = (
        "{$write to $who that $news.|Tell $who that $news.|Let $who know that $news.|$write to $who: $news.|$write "
        "telling $who that $news.}"
    )
    asks_held = "{$write so that $who learns that $news.|$who should hear that $news. $write.}"
    body = (
        f"{{I wanted to let you know that|I am writing to tell you that|Just a quick note:|I have news for you:}} "
        f"{fact}."
    )
    if more:
        body += f" {{Also,|I also wanted to say that|And}} {more}."
    body += " {Please let me know if you have any questions.|I will keep you up to date.|That is all for now.|}"
    text = sentences(expand(f"{SMALL_TALK_STARTS} {body}", rng, env))
    request = sentences(expand(asks_held if held else asks, rng, env))
    return Piece(request, _letter(text, name, tone, rng, short=short), (*_some(name), *used, *also))


def ask(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Ask or remind someone to do something."""
    env, tone, short = _frame(rng, held=held)
    (who, name), date, one = _recipient(values, rng), values.take("DATE"), doing(rng)
    env |= {"who": who, "do": one.base, "when": rng.choice(("", "", f" by {date}", f" before {date}", f" on {date}"))}
    used = (date,) if env["when"] else ()
    if rng.random() < 0.5:
        asks = "{Ask $who to $do$when.|$write asking $who to $do$when.|$write to $who and ask for help: $do$when.}"
        asks_held = "{$write, I want $who to $do$when.|See whether $who can $do$when. $write.}"
        body = (
            "{Could you please $do$when?|Would you be so kind as to $do$when?|Can you $do$when, please?|I would be "
            "glad if you could $do$when.}"
        )
    else:
        asks = "{Remind $who to $do$when.|$write to remind $who to $do$when.|$write reminding $who to $do$when.}"
        asks_held = "{$who must not forget to $do$when. $write.|$write as a reminder for $who, who has to $do$when.}"
        body = (
            "{Please remember to $do$when.|A small reminder to $do$when.|Please do not forget to $do$when.|This is "
            "just a reminder: please $do$when.}"
        )
    body += (
        " {It would help me a lot.|Tell me if that is not possible.|If you need anything, just ask.|Thank you very "
        "much.|}"
    )
    request = sentences(expand(asks_held if held else asks, rng, env))
    text = sentences(expand(f"{SMALL_TALK_STARTS} {body}", rng, env))
    return Piece(request, _letter(text, name, tone, rng, short=short), (*_some(name), *used))


def thank_for_doing(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Thank or excuse for something done."""
    env, tone, short = _frame(rng, held=held)
    (who, name), one = _recipient(values, rng), doing(rng)
    env |= {"who": who, "ing": one.gerund}
    if rng.random() < 0.6:
        asks, asks_held = (
            "{Thank $who for $ing.|$write to thank $who for $ing.}",
            "{$write, I am grateful to $who for $ing.}",
        )
        body = (
            "{Thank you very much for $ing.|Many thanks for $ing.|I want to thank you for $ing.} {That was a great "
            "help.|You saved me a lot of time.|I owe you one.}"
        )
    else:
        asks, asks_held = (
            "{$write to say sorry to $who for not $ing.|Apologise to $who for not $ing.}",
            "{$write, I regret not $ing and $who should know.}",
        )
        body = (
            "{I am sorry for not $ing.|Please excuse me for not $ing.} {I will do it soon.|I simply forgot.|It will "
            "not happen again.}"
        )
    request = sentences(expand(asks_held if held else asks, rng, env))
    return Piece(request, _letter(sentences(expand(body, rng, env)), name, tone, rng, short=short), _some(name))


def to_do_list(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Make a list of the things to do, from the request or from a note."""
    items, told = [], []
    for _ in range(rng.randint(2, 5)):
        one, date, person = (
            doing(rng),
            values.take("DATE") if rng.random() < 0.3 else "",
            values.take("PERSON") if rng.random() < 0.3 else "",
        )
        when = f" by {date}" if date else ""
        company = f" with {person}" if person else ""
        items.append(f"{one.base}{company}{when}")
        told.append(
            expand(
                f"{{we still have to|I need to|someone has to|I must|it is time to|please}} {one.base}{company}{when}.",
                rng,
                {},
            )
        )
    listed = "\n".join(f"- {sentences(item)}" for item in items)
    title = rng.choice(("", "", "To do:\n"))
    if rng.random() < 0.5:
        line = ", ".join(items[:-1]) + " and " + items[-1]
        asks = (
            "{Make a to-do list: $line.|Write a to-do list for these: $line.|Turn this into a list: $line.|List my "
            "tasks: $line.}"
        )
        asks_held = "{I want this as bullet points: $line.|My tasks are $line. Note them as a list.}"
        request = expand(asks_held if held else asks, rng, {"line": line})
        return Piece(sentences(request), title + listed, tuple(value for value in values.given if value in request))
    note = " ".join(sentences(sentence) for sentence in _with_fillers(told, rng))
    asks = (
        "{Make a to-do list from this note.|What do I have to do? Make a list.|Write the tasks in the document as a "
        "list.|List the open tasks.}"
    )
    request = expand("{Pull the tasks out as bullet points.|Which tasks are in there?}" if held else asks, rng, {})
    return Piece(request, title + listed, tuple(value for value in values.given if value in listed), document=note)


def summary(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Sum up a note of several sentences, or say it more shortly."""
    told = [news(values, rng) for _ in range(rng.randint(1, 3))]
    facts, used = [fact for fact, _ in told], tuple(value for _, private in told for value in private)
    wordy = [
        expand(
            f"{{As you may already know,|I would like to mention that|It should be said that|It is worth noting "
            f"that|As far as I know,}} {fact}.",
            rng,
            {},
        )
        for fact in facts
    ]
    plain = [f"{fact}." for fact in facts]
    if rng.random() < 0.5:
        document = " ".join(sentences(text) for text in _with_fillers(wordy, rng))
        asks = (
            "{Summarise this.|Sum up the note.|Write a short summary of the document.|What does this say, in "
            "short?|Give me the main points.}"
        )
        request = expand("{In a few words, what is this about?|Boil this down.}" if held else asks, rng, {})
    else:
        document = " ".join(sentences(text) for text in wordy)
        asks = "{Make this shorter.|Rewrite this in fewer words.|Shorten the text.|Say this more briefly.}"
        request = expand("{Cut this down.|Trim this text.}" if held else asks, rng, {})
    return Piece(request, " ".join(sentences(text) for text in plain), used, document=document)


def question(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Answer a question from the facts."""
    topics: tuple[tuple[str, str, str, str], ...] = (
        (
            "DATE",
            "the {dentist appointment|meeting with the bank|school concert|rent payment|exam}",
            "When is $topic?",
            "is on",
        ),
        ("PERSON", "{my landlord|my doctor|my tax adviser|my teacher|my neighbour}", "Who is $topic?", "is"),
        ("ADDRESS", "the {office|clinic|new flat|restaurant|school}", "Where is $topic?", "is at"),
        ("PHONE", "the phone number of the {doctor|plumber|school|bank}", "What is $topic?", "is"),
        ("MONEY", "the {rent|price of the car|deposit|bill for the repair}", "How much is $topic?", "is"),
        ("ID", "my {customer number|order number|policy number}", "What is $topic?", "is"),
    )
    chosen = rng.sample(topics, rng.randint(2, 4))
    told = [(expand(topic, rng, {}), values.take(kind), asked, verb) for kind, topic, asked, verb in chosen]
    facts = tuple(sentences(f"{topic} {verb} {value}") for topic, value, _, verb in told)
    topic, value, asked, verb = rng.choice(told)
    env = {"topic": topic, "asked": expand(asked, rng, {"topic": topic})}
    request = expand(
        "{Do you know this: $asked|Look it up: $asked}"
        if held
        else "{$asked|$asked|Tell me: $asked|$asked Please look in the notes.}",
        rng,
        env,
    )
    yours = f"your{topic[2:]}" if topic.startswith("my ") else topic
    return Piece(request, sentences(f"{yours} {verb} {value}."), (value,), facts)


def reply(values: Values, rng: random.Random, *, held: bool) -> Piece:
    """Answer an e-mail that asks for something: yes or no."""
    sender, date, one = values.take("PERSON"), values.take("DATE"), doing(rng)
    env, tone, short = _frame(rng, held=held)
    env |= {"who": sender, "do": one.base, "date": date}
    document = (
        sentences(
            expand("{Hi|Hello}, {could|can} you $do by $date? {I need it for work.|It is quite urgent.|}", rng, env)
        )
        + f"\n{expand('{Thanks|Best wishes|Cheers}', rng, {})},\n{sender}"
    )
    if rng.random() < 0.5:
        request = expand(
            "{Accept this.|My reply is a yes.}"
            if held
            else "{Reply that I will do it.|Answer yes.|Reply and say yes.|Write back that it is fine.}",
            rng,
            env,
        )
        body = (
            "{Thank you for your message.|Thanks for your e-mail.} {Yes, I can|Of course, I will|I am happy to} $do "
            "by $date. {You will hear from me soon.|I will tell you when it is done.}"
        )
    else:
        request = expand(
            "{Refuse this kindly.|My reply is a no.}"
            if held
            else "{Reply that I can't do it.|Answer no.|Reply and say no politely.|Write back that I have no time.}",
            rng,
            env,
        )
        body = (
            "{Thank you for your message.|Thanks for your e-mail.} {Unfortunately I can't|I am sorry, but I am not "
            "able to} $do by $date. {I have too much to do at the moment.|Perhaps another time.}"
        )
    return Piece(
        request,
        _letter(sentences(expand(body, rng, env)), sender, tone, rng, short=short),
        (sender, date),
        document=document,
    )


def _some(name: str) -> tuple[str, ...]:
    return (name,) if name else ()


def _with_fillers(told: list[str], rng: random.Random) -> list[str]:
    """The sentences in order with a filler here and there."""
    mixed = []
    for sentence in told:
        if rng.random() < 0.4:
            mixed.append(rng.choice(FILLERS))
        mixed.append(sentence)
    return mixed


CHORES: tuple[tuple[Callable[..., Piece], float], ...] = (
    (tell, 4.0),
    (ask, 4.0),
    (thank_for_doing, 1.5),
    (to_do_list, 2.5),
    (summary, 2.5),
    (question, 1.5),
    (reply, 2.0),
)
