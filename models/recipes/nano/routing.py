"""What is beyond a small local model, who should answer what, and how a small model says that it cannot."""

from __future__ import annotations

import json
import random
from typing import Final

from models.recipes.nano.writing import LOCAL_SYSTEM, Piece, any_intent
from persona_cli.bench.world.composing import compose, pick
from persona_cli.bench.world.template import expand, parse, sentences
from persona_cli.bench.world.values import Values
from persona_cli.sketch.prompts import ROUTE_SYSTEM

TOPICS: Final = (
    "climate change", "the French Revolution", "solar energy", "the history of jazz", "quantum computers",
    "black holes",
    "inflation", "the Roman Empire", "photosynthesis", "artificial intelligence", "sleep", "meditation",
    "plate tectonics",
    "vaccines", "the stock market", "the Renaissance", "free will", "coral reefs", "chess openings", "urban planning",
    "the water cycle", "online privacy", "electric cars", "ancient Greece", "volcanoes", "democracy", "remote work",
    "compound interest", "the immune system", "the Silk Road", "nutrition", "space travel", "renewable energy",
    "migration",
)  # fmt: skip
THINGS: Final = (
    "an apple tree", "the sea", "a lonely robot", "an old lighthouse", "autumn", "my grandmother's kitchen",
    "a lost dog",
    "the last train", "two brothers", "a winter night", "a talking cat", "the moon", "a small town", "a dragon", "hope",
    "a detective", "a time machine", "the first day of school", "a violin", "a garden", "a ghost", "a long journey",
)  # fmt: skip
LANGUAGES: Final = "Python,JavaScript,C++,Java,Rust,Go,SQL,Bash,TypeScript,Ruby".split(",")
TONGUES: Final = "French,German,Spanish,Italian,Polish,Turkish,Japanese,Portuguese,Dutch,Arabic,Chinese".split(",")
PLACES: Final = "Japan,Portugal,the Alps,Scotland,Morocco,Peru,Vietnam,Iceland,Greece,Norway,Mexico,Kenya".split(",")

# Templates of requests that need knowledge, length or imagination.
HARD: Final = tuple(
    map(
        parse,
        (
            "{Write|Please write|I need} {an essay|a long essay|a 1000-word essay|a school essay} about $topic.",
            "{Write|Compose} a poem about $thing.",
            "{Write|Make up} a {short story|fairy tale|story for children} about $thing.",
            "Write {a sonnet|a haiku|a ballad|a limerick} about $thing.",
            "{Write|Compose} {a song|song lyrics} about $thing.",
            "{Explain|Can you explain|Please explain} $topic{| to me| to a child| in simple words}.",
            "{How does|Why does} $topic matter?",
            "{Why|How} {did|does} $topic change the world?",
            "What is $topic?",
            "{What are|List} the {advantages and disadvantages|pros and cons} of $topic.",
            "{Compare|What is the difference between} $topic and $topicb{?|.}",
            "Write a {function|script|program} in $language that {sorts a list|reads a CSV file|renames files|"
            "downloads a page|counts words}.",
            "{Why does my|Fix my|Debug my} $language {code|script|program} {fail|that crashes|with an error}?",
            "How do I {sort|filter|reverse|parse} {a list|a file|JSON|a string} in $language?",
            "{Convert|Port|Translate} this {function|script} {from $language to SQL|to $language}.",
            "Write unit tests in $language for a {calculator|login form|parser}.",
            "{Review|Improve|Refactor} this $language code.",
            "What does this regular expression do?",
            "Write a regular expression that {finds dates|matches phone numbers}.",
            "Translate {this|the text|my letter} into $tongue.",
            "How do you say {good morning|thank you|see you tomorrow} in $tongue?",
            "Teach me {some|ten useful} $tongue phrases.",
            "Plan a {week|weekend|two-week trip|family holiday} in $place.",
            "What should I see in $place?",
            "{Make|Write} an itinerary for $place.",
            "When is the best time to travel to $place?",
            "How much does a trip to $place cost?",
            "Compare $place and {Canada|Croatia} for a holiday.",
            "{Make|Write|Create} a {business plan|marketing plan|project plan} for {a bakery|a bike shop|an app|a "
            "café|a small farm}.",
            "{Make|Write} a {training plan|meal plan|study plan} for {a month|the next eight weeks|a marathon|"
            "beginners}.",
            "{Write|Draft} a {cover letter|CV|résumé} for a job as a {nurse|teacher|data analyst|cook|carpenter}.",
            "{Can I|Am I allowed to} {terminate my lease early|sublet my flat|record a phone call|refuse overtime}?",
            "What are my rights {as a tenant|when a flight is cancelled|if I am dismissed|after an online purchase}?",
            "{Is it legal to|What happens if I} {park here|break the contract|copy a book|ignore a fine}?",
            "{What are the symptoms of|How do you treat|What helps against} {the flu|migraine|high blood pressure|"
            "hay fever|back pain}?",
            "{Which medicine|What} should I take {for a cold|for a headache|when I can't sleep}?",
            "Is it dangerous to mix {ibuprofen|aspirin} with {alcohol|other tablets}?",
            "Why {do I always feel tired|does my knee hurt|is my heart racing|do I have a rash}?",
            "How many calories does {a banana|a pizza|rice} have?",
            "How do I {file my taxes|declare rental income|deduct a home office}?",
            "{What is|How high is} the {inheritance tax|value added tax|income tax} in $place?",
            "Should I {invest in shares|buy or rent|take out a loan|refinance}?",
            "How much {pension|money} do I need to {retire|live on} at sixty?",
            "What is {12 percent of 340|the square root of 1849|37 times 48|3/7 as a decimal}?",
            "Solve {this equation|2x + 5 = 17|x squared minus nine}.",
            "{Prove|Show} that {the square root of two is irrational|there are infinitely many primes}.",
            "Calculate the {area of a circle|interest on a loan|probability of two sixes}.",
            "{Summarise|Sum up} {the plot of Hamlet|War and Peace|the latest research on $topic}.",
            "Who {invented the telephone|wrote Don Quixote|discovered penicillin|painted Guernica}?",
            "What is the capital of {Mongolia|Bolivia|Senegal|Estonia}?",
            "{When|Where} was {Mozart born|the first marathon run|the printing press invented}?",
            "What {happened in 1848|was the Cold War|caused the First World War}?",
            "Tell me {everything|something interesting|a lot} about $topic.",
            "{Brainstorm|Give me|I need} {ten|twenty|fifteen} {ideas|names} for {a podcast|a start-up|a blog|a novel|"
            "a party game}.",
            "{Invent|Design} a {board game|card game|quiz} about $topic.",
            "Write {a dialogue|a scene|a play} between {two robots|a king and a baker|a teacher and a ghost}.",
            "Write a {film script|screenplay|comedy sketch} about $thing.",
            "{Write|Draft} a {ten-page report|white paper|research proposal|literature review} on $topic.",
            "Write {a chapter|the first chapter} of a novel about $thing.",
            "{Prepare|Write} a {lecture|lesson plan|presentation} on $topic.",
            "Write a {blog article|newspaper article|long post} about $topic.",
            "{Write|Prepare} a debate speech on $topic.",
            "What are the {newest|latest} {news|findings|laws} about $topic?",
            "What do {critics|scientists|experts} say about $topic?",
            "Is it true that $topic is {dangerous|overrated|new}?",
            "{Give me|What is} a recipe for {lasagne|pad thai|a vegan cake|sourdough bread}{.|?}",
            "How do I {cook rice|bake bread|make yoghurt|poach an egg}?",
            "How {do I fix a leaking tap|do I change a tyre|do I wire a lamp|does a heat pump work}?",
            "What {laptop|camera|washing machine|bike} should I buy?",
            "Recommend {a good book|three films|some music|a museum} about $topic.",
            "Which {phone|car|heating} is best for {a student|a family|an old house}?",
            "Write {a contract|terms and conditions|a privacy policy|a will|a power of attorney} for {a small shop|a "
            "sublet|a website|my family}.",
            "{Analyse|Interpret} {this poem|this data|the quarterly figures|this contract}.",
            "Find the mistake in {my argument|this proof|my calculation}.",
            "Write a {wedding speech|funeral speech|best man's speech} of ten minutes about $thing.",
            "How can I {become more confident|learn faster|save money|sleep better}?",
            "Give me a strategy for {a salary negotiation|a chess tournament|my exams|losing weight}.",
            "What would {Plato|Kant|a lawyer|an economist} say about $topic?",
            "Play {a text adventure|twenty questions|chess|a role-playing game} with me.",
            "{Explain|Describe} step by step how {a bill becomes a law|a computer works|a star dies}.",
            "Draw {a picture|a logo|a map} of $thing.",
            "What is the meaning of {life|the word serendipity|this idiom}?",
            "Make a timeline of $topic.",
            "{Help me understand|I don't understand} $topic{.|, can you help?}",
            "Write {alt texts|a product description|ten slogans|a press release} for {a new tea|a smart watch|a bike "
            "bell}.",
        ),
    )
)
HARD_HELD: Final = tuple(
    map(
        parse,
        (
            "Go deep into $topic, with sources.",
            "I want verses about $thing, ten stanzas.",
            "Code me a {game|website|chat bot} in $language.",
            "Lay out the whole history of $topic.",
            "Could my {rash|cough|headache} be something serious?",
            "Work out a route through $place for three weeks.",
            "Which clause of the lease is void?",
            "Put my essay into $tongue.",
            "Name the best arguments for and against $topic.",
            "Spin a tale of $thing.",
            "Why is the sky blue?",
            "What are the odds of {winning the lottery|rolling three sixes}?",
            "Draw up a {syllabus|curriculum} on $topic.",
        ),
    )
)
SIZE: Final = (
    "{a model of my size|a model as small as I am|me, a very small model|the small model that comes with persona}"
)
BEYOND: Final = (
    f"{{That is|I am afraid that is|This is}} {{beyond|more than I can do: it is beyond}} {SIZE}. "
    "{A bigger model can do it: `persona models pull` fetches one.|Fetch a bigger one with `persona models pull`, or "
    "ask "
    "a cloud.|With `persona models pull` you get a model that can, or use a cloud.}",
    "{I only write short everyday texts|I am made for e-mails, messages and notes}, {so I would get this wrong|and I "
    "would "
    "only make something up here}. {`persona models pull` fetches a model that knows more.|For this, set up a cloud or "
    "run `persona models pull`.}",
    "{I can't do that well|I don't know enough for that|That needs more knowledge than I have}: {I am a very small "
    "model|I "
    "have only a few million parameters}. {Try a cloud, or a bigger local model (`persona models pull`).|Run `persona "
    "models pull` for a bigger model, or let a cloud answer.}",
    "{Sorry, |}{this one is out of my reach|I can't answer that reliably}. {I am good at short texts such as e-mails|"
    "I write "
    "short texts from your notes}. {A larger model (`persona models pull`) or a cloud can help.|Ask a cloud, or "
    "fetch a "
    "larger model with `persona models pull`.}",
)


def hard_request(rng: random.Random, *, held: bool) -> str:
    """A request that is beyond a small model."""
    topic, other = rng.sample(TOPICS, 2)
    env = {
        "topic": topic, "topicb": other, "thing": pick(rng, THINGS), "language": pick(rng, LANGUAGES),
        "tongue": pick(rng, TONGUES), "place": pick(rng, PLACES),
    }  # fmt: skip
    line = pick(rng, HARD_HELD if held else HARD).expand(rng, env)
    form = rng.random()
    if held or form > 0.25:
        return line
    return (
        line.lower().rstrip(".")
        if form < 0.12
        else "{} {}".format(pick(rng, ("Hi!", "Please help me:", "A question:", "Hello.")), line)
    )


def beyond(rng: random.Random, *, held: bool) -> Piece:
    """A hard request to the small model -> it says that this is beyond it, and what to do."""
    answer = sentences(expand(pick(rng, BEYOND), rng, {}))
    return Piece("beyond", LOCAL_SYSTEM, hard_request(rng, held=held), answer)


def route(rng: random.Random, *, held: bool) -> Piece:
    """A request -> local or cloud."""
    if rng.random() < 0.42:
        return _routed("hard", hard_request(rng, held=held), "cloud")
    task = compose(any_intent(rng), Values(rng, cloud=rng.random() < 0.5), rng, held=held)
    return _routed(task.intent, task.request, "local" if task.easy else "cloud")


def _routed(intent: str, request: str, where: str) -> Piece:
    return Piece(intent, ROUTE_SYSTEM, request, json.dumps({"where": where}))
