"""The chats about a text that is there: sum it up, list what is to do, reply to it, look something up in it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from models.recipes.nano.doings import doing, news
from models.recipes.nano.writing import DETAILS_HEADING, LOCAL_SYSTEM, Piece, any_intent
from persona_cli.bench.world.composing import Plan, Task, compose, pick
from persona_cli.bench.world.intents import TONES
from persona_cli.bench.world.letters import CLOSINGS, GREETINGS
from persona_cli.bench.world.template import expand, sentences
from persona_cli.bench.world.values import Values
from persona_cli.bench.world.wording import UNRELATED
from persona_cli.sketch.prompts import NOTES_HEADING
from persona_cli.sketch.sketch import CLOUD_SYSTEM, prompt

CLOUD_SHARE: Final = 0.5
FILLERS: Final = (
    "The weather was fine and everyone was in a good mood.",
    "There was coffee and a plate of biscuits.",
    "Some people came a little late.",
    "We talked for about an hour.",
    "Nobody had anything to add to the last notes.",
    "It was good to see so many of us again.",
    "The room was a bit cold.",
    "After that there was a short break.",
    "The bus was full again.",
    "I found the old photos in the drawer.",
    "Lunch was better than last time.",
)
WORDY: Final = (
    "{As you may already know,|I would like to mention that|It should be said that|It is worth noting that|As far as I "
    "know,}"
)
MUST: Final = "{we still have to|I need to|someone has to|I must|it is time to|please|I should|don't forget to}"
THESE: Final = (
    "{Make a to-do list: $line.|Write a to-do list for these: $line.|Turn this into a list: $line.|List my tasks: "
    "$line.|"
    "to-do list: $line}"
)
THESE_HELD: Final = "{I want this as bullet points: $line.|My tasks are $line. Note them as a list.}"
TASKS_IN: Final = (
    "{Make a to-do list from this note.|What do I have to do? Make a list.|Write the tasks in the document as a list.|"
    "List the open tasks.|Which tasks are in this note?}"
)
TASKS_IN_HELD: Final = "{Pull the tasks out as bullet points.|What is still to be done here?}"
SUM_UP: Final = (
    "{Summarise this.|Sum up the e-mail.|Write a short summary of the document.|What does this say, in short?|Give "
    "me the "
    "main points.|Summarize this text.|tl;dr|What is this about?|Please summarise the text.}"
)
SUM_UP_HELD: Final = "{In a few words, what is this about?|Boil this down.|Get me the gist.}"
BULLETS: Final = (
    "{Summarise this in bullet points.|List the main points.|The key points as a list, please.|Turn this into bullet "
    "points.|Give me the main points as bullets.}"
)
BULLETS_HELD: Final = "{Bullets of what matters, please.|Break this into dashes.}"
ACCEPT: Final = (
    "{Reply that I will do it.|Answer yes.|Reply and say yes.|Write back that it is fine.|Say yes to this.|Write a "
    "reply: "
    "yes, gladly.|Answer that I can do that.}"
)
ACCEPT_HELD: Final = "{Accept this.|My reply is a yes.|Agree to it.}"
REFUSE: Final = (
    "{Reply that I can't do it.|Answer no.|Reply and say no politely.|Write back that I have no time.|Say no to this.|"
    "Write a reply: sorry, no time.|Turn this down politely.}"
)
REFUSE_HELD: Final = "{Refuse this kindly.|My reply is a no.|Decline.}"
THANK: Final = (
    "{Reply and thank them.|Just say thanks.|Write back: thanks for letting me know.|Thank them for the news.}"
)
THANK_HELD: Final = "{Send thanks back.|A thank-you is enough.}"
# A single value of its kind in a text: how it is asked for, and the answer.
LOOK_UP: Final = {
    "PHONE": (
        "{What|Which} is the phone number?|Which phone number is in there?|What number can I call?",
        "The phone number is $x.",
    ),
    "EMAIL": (
        "What is the e-mail address?|Which e-mail address is given?|Where should I write to?",
        "The e-mail address is $x.",
    ),
    "MONEY": ("How much is it?|How much money is it about?|What is the amount?|What does it cost?", "It is $x."),
    "DATE": ("When is it?|Which date is mentioned?|What date does it say?|When?", "The date is $x."),
    "ADDRESS": ("What is the address?|Which address is given?|Where is it?", "The address is $x."),
    "ID": ("What is the number?|Which number is mentioned?|What is the reference?", "The number is $x."),
    "PLACE": ("Which place is mentioned?|Where is it?|Which town is it about?", "It is in $x."),
    "ORG": ("Which company is mentioned?|Which organisation is it about?", "It is $x."),
    "URL": ("What is the link?|Which website is given?", "The link is $x."),
}
LOOK_UP_HELD: Final = "{Look it up for me: $asked|Do you find this in the text? $asked}"
FIND: Final = "{$asked|$asked|Tell me: $asked|$asked Please look in the notes.|Do you know this? $asked}"
FIND_HELD: Final = "{Look it up: $asked|My question: $asked}"
LOOKED_UP: Final = "{$asked|$asked|$asked|Tell me: $asked|$asked Please look in the text.}"
TOPICS: Final = (
    (
        "DATE",
        "{the dentist appointment|the meeting with the bank|the school concert|the rent payment|the exam|the "
        "parents' evening|my check-up|the delivery}",
        "When is $topic?",
        "is on",
    ),
    (
        "PERSON",
        "{my landlord|my doctor|my tax adviser|my son's teacher|my neighbour|my boss|my dentist|my lawyer}",
        "Who is $topic?",
        "is",
    ),
    (
        "ADDRESS",
        "{the office|the clinic|the new flat|the restaurant|the school|the garage|the workshop}",
        "Where is $topic?",
        "is at",
    ),
    (
        "PHONE",
        "the phone number of {the doctor|the plumber|the school|the bank|the vet|the electrician}",
        "What is $topic?",
        "is",
    ),
    (
        "MONEY",
        "{the rent|the price of the car|the deposit|the bill for the repair|the membership fee|the insurance}",
        "How much is $topic?",
        "is",
    ),
    (
        "ID",
        "{my customer number|my order number|my policy number|my patient number|the invoice number}",
        "What is $topic?",
        "is",
    ),
    ("EMAIL", "the e-mail address of {the school|the caretaker|the office|my teacher}", "What is $topic?", "is"),
    ("ORG", "{my bank|my insurance|my employer|my gym|my phone company}", "What is the name of $topic?", "is"),
    ("PLACE", "{the wedding|the conference|the training|the family reunion}", "Where is $topic?", "is in"),
)


@dataclass(frozen=True)
class Read:
    """A task about a text. `plan` is None where there is nothing to plan."""

    intent: str
    request: str
    document: str
    answer: str
    required: tuple[str, ...]
    plan: Plan | None = None
    notes: tuple[str, ...] = ()


def _letter(rng: random.Random, *, cloud: bool) -> tuple[Task, Values]:
    """Something that was written already: its text is the document."""
    values = Values(rng, cloud=cloud)
    return compose(any_intent(rng), values, rng, held=False), values


def summary(rng: random.Random, *, cloud: bool, held: bool) -> Read:
    """Sum up a letter, as bullets or in one line; or a note of several sentences."""
    if rng.random() < 0.3:
        return _shortened(rng, cloud=cloud, held=held)
    task, _ = _letter(rng, cloud=cloud)
    points = tuple(point for point in task.plan.points if not point.startswith("sign as "))
    listed = rng.random() < 0.5
    if listed:
        request = expand(BULLETS_HELD if held else BULLETS, rng, {})
        answer = "\n".join(f"- {point[:1].upper()}{point[1:]}" for point in points)
    else:
        request = expand(SUM_UP_HELD if held else SUM_UP, rng, {})
        answer = "; ".join(points)
        answer = f"{answer[:1].upper()}{answer[1:]}."
    required = tuple(value for value in task.required if value in answer)
    plan = Plan("summarise", "list" if listed else "summary", "", "", "short", points)
    return Read("summary", request, task.text, answer, required, plan)


def _shortened(rng: random.Random, *, cloud: bool, held: bool) -> Read:
    values = Values(rng, cloud=cloud)
    told = [news(values, rng) for _ in range(pick(rng, (1, 2, 2)))]
    lines = [f"{expand(WORDY, rng, {})} {fact}." for fact, _ in told]
    document = " ".join(sentences(text, values.given) for text in _with_fillers(lines, rng))
    answer = " ".join(sentences(f"{fact}.", values.given) for fact, _ in told)
    request = expand(SUM_UP_HELD if held else SUM_UP, rng, {})
    plan = Plan("summarise", "summary", "", "", "short", tuple(fact for fact, _ in told))
    return Read("summary", request, document, answer, tuple(value for _, used in told for value in used), plan)


def to_do(rng: random.Random, *, cloud: bool, held: bool) -> Read:
    """A list of the things to do, from the request or from a note."""
    values = Values(rng, cloud=cloud)
    items, told = [], []
    for _ in range(rng.randint(2, 5)):
        when = f" by {values.take('DATE')}" if rng.random() < 0.3 else ""
        company = f" with {values.take('PERSON')}" if rng.random() < 0.3 else ""
        items.append(f"{doing(rng).base}{company}{when}")
        told.append(f"{expand(MUST, rng, {})} {items[-1]}.")
    answer = "\n".join(f"- {sentences(item)}" for item in items)
    plan = Plan("write", "list", "", "", "short", tuple(items))
    if rng.random() < 0.4:
        line = ", ".join(items[:-1]) + " and " + items[-1]
        request, note = expand(THESE_HELD if held else THESE, rng, {"line": line}), ""
    else:
        request = expand(TASKS_IN_HELD if held else TASKS_IN, rng, {})
        note = " ".join(sentences(sentence) for sentence in _with_fillers(told, rng))
    return Read("to-do list", request, note, answer, tuple(values.given), plan)


def question(rng: random.Random, *, cloud: bool, held: bool) -> Read:
    """A question whose answer is in the notes or in the document."""
    if rng.random() < 0.5:
        task, values = _letter(rng, cloud=cloud)
        found = _single(task, values)
        if found:
            kind, value = pick(rng, found)
            asked, answered = LOOK_UP[kind]
            env = {"asked": expand(f"{{{asked}}}", rng, {})}
            request = expand(LOOK_UP_HELD if held else LOOKED_UP, rng, env)
            return Read("question", request, task.text, answered.replace("$x", value), (value,))
    values = Values(rng, cloud=cloud)
    told = []
    for kind, topic, asked, verb in rng.sample(TOPICS, rng.randint(2, 4)):
        told.append((expand(topic, rng, {}), values.take(kind), asked, verb))
    notes = [sentences(f"{topic} {verb} {value}.") for topic, value, _, verb in told]
    for kind, line in rng.sample(UNRELATED, pick(rng, (0, 0, 1, 2))):
        notes.append(expand(line, rng, {"x": values.take(kind)}))
    rng.shuffle(notes)
    topic, value, asked, verb = pick(rng, told)
    env = {"asked": expand(asked, rng, {"topic": topic})}
    request = expand(FIND_HELD if held else FIND, rng, env)
    yours = f"your{topic[2:]}" if topic.startswith("my ") else topic.replace(" my ", " your ")
    answer = sentences(f"{yours} {verb} {value}.")
    return Read("question", request, "", answer, (value,), notes=tuple(notes))


def _single(task: Task, values: Values) -> list[tuple[str, str]]:
    """The values of the text that are the only one of their kind in it, with the kind."""
    by_kind: dict[str, list[str]] = {}
    for value in values.given:
        if value in task.text:
            by_kind.setdefault(values.kind_of(value), []).append(value)
    return [(kind, found[0]) for kind, found in by_kind.items() if len(found) == 1 and kind in LOOK_UP]


def reply(rng: random.Random, *, cloud: bool, held: bool) -> Read:
    """Answer a message that asks for something, or tells something: yes, no, thanks."""
    values = Values(rng, cloud=cloud)
    sender, date, one = values.take("PERSON"), values.take("DATE"), doing(rng)
    env = {"do": one.base, "date": date}
    kind = pick(rng, ("accept", "refuse", "thank"))
    used: tuple[str, ...] = (sender, date)
    if kind == "thank":
        fact, used = news(values, rng)
        env["fact"] = fact
        asked = "{I wanted to let you know that|just a quick note:|I am writing to tell you that} $fact."
        body = (
            "{Thank you for your message.|Thanks for your e-mail.|Many thanks for letting me know.} {That is good "
            "to know.|I will keep it in mind.|It helps me a lot to know this.}"
        )
        request, used = expand(THANK_HELD if held else THANK, rng, {}), (sender,)
    else:
        asked = (
            "{could|can} you $do by $date? {I need it for work.|It is quite urgent.|There is no one else I can ask.|}"
        )
        if kind == "accept":
            request = expand(ACCEPT_HELD if held else ACCEPT, rng, {})
            body = (
                "{Thank you for your message.|Thanks for your e-mail.} {Yes, I can|Of course, I will|I am happy to} "
                "$do by "
                "$date. {You will hear from me soon.|I will tell you when it is done.|}"
            )
        else:
            request = expand(REFUSE_HELD if held else REFUSE, rng, {})
            body = (
                "{Thank you for your message.|Thanks for your e-mail.} {Unfortunately I can't|I am sorry, but I am "
                "not able "
                "to} $do by $date. {I have too much to do at the moment.|Perhaps another time.|}"
            )
    document = (
        expand("{Hi|Hello}, " + asked, rng, env) + f"\n{expand('{Thanks|Best wishes|Cheers}', rng, {})},\n{sender}"
    )
    tone = pick(rng, tuple(TONES))
    if tone and rng.random() < 0.5:
        request += f" Keep it {tone}."
    else:
        tone = ""
    register = TONES[tone]
    greeting = expand(GREETINGS[register], rng, {"name": sender})
    closing = expand(CLOSINGS[register], rng, {})
    points = {
        "accept": ("thanks for the message", f"yes, can {one.base} by {date}"),
        "refuse": ("thanks for the message", f"sorry, cannot {one.base} by {date}"),
        "thank": ("thanks for the news",),
    }[kind]
    plan = Plan("reply", "message", sender, tone, "short", points)
    answer = f"{greeting}\n\n{sentences(expand(body, rng, env))}\n\n{closing}"
    return Read("reply", request, document, answer, used, plan)


def _with_fillers(told: list[str], rng: random.Random) -> list[str]:
    """The sentences in order with a filler here and there."""
    lines = []
    for sentence in told:
        if rng.random() < 0.4:
            lines.append(pick(rng, FILLERS))
        lines.append(sentence)
    return lines


_KINDS: Final = (summary, summary, summary, to_do, to_do, question, question, reply, reply)
_PLANNED: Final = (summary, to_do, reply)


def document(rng: random.Random, *, held: bool) -> Piece:
    """A text and what is asked about it -> the answer."""
    cloud = rng.random() < CLOUD_SHARE
    read = pick(rng, _KINDS)(rng, cloud=cloud, held=held)
    heading = DETAILS_HEADING if cloud else NOTES_HEADING
    user = prompt(read.request, read.document, read.notes, heading)
    return Piece(read.intent, CLOUD_SYSTEM if cloud else LOCAL_SYSTEM, user, read.answer, read.required)


def planned(rng: random.Random, *, held: bool) -> tuple[Read, Plan]:
    """A task about a text with placeholders, and its plan."""
    read = pick(rng, _PLANNED)(rng, cloud=True, held=held)
    assert read.plan is not None
    return read, read.plan
