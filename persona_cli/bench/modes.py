"""`persona bench sketch --part modes`: the modes side by side on cogenesis/dev, each all the way to its answer.

The cloud is the embedded local model behind llama_cpp.server on loopback, asked by persona's own client; so the texts
are as poor as that model, and what differs between the modes is what counts. Above and below stand the same model with
the whole profile in the prompt, which tells the cloud everything, and with the instruction alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import mean, median
from typing import TYPE_CHECKING, Any, Final

from persona_cli.assistant import Assistant
from persona_cli.bench import likeness
from persona_cli.bench.leaving import TOKEN, content_words, stands_in
from persona_cli.bench.payload import FEWEST_WORDS, LEAKED_FACT
from persona_cli.bench.sketch_tasks import Row, cogenesis_rows, people, set_up
from persona_cli.bench.telling import used_facts
from persona_cli.cli import screen
from persona_cli.errors import PersonaError
from persona_cli.exchange import Request
from persona_cli.settings import LOCAL, LOGITS, OUTLINE, SKETCH, CloudSettings, Settings
from persona_cli.sketch.prompts import NOTES_HEADING
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message, prompt

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.local.engine import Engine
    from persona_cli.parts import Parts

ROWS: Final = 30
TIMEOUT: Final = 300.0
MODES: Final = {
    "sketch, extractive": (SKETCH, "extractive"),
    "sketch, local": (SKETCH, "local"),
    "outline": (OUTLINE, "extractive"),
    "logits": (LOGITS, "extractive"),
    "local": (LOCAL, "extractive"),
}
EVERYTHING, BARE = "cloud with everything", "cloud bare"


@dataclass(frozen=True)
class Outcome:
    """One answer. `payload` is what left in words ("" for nothing), `size` its bytes, `text` what the user reads.

    `remote` and `local` are tokens that the two models read and wrote.
    """

    text: str
    payload: str
    size: int
    remote: int
    local: int
    seconds: float


@dataclass(frozen=True)
class Figures:
    """Means over the rows that were answered; shares 0..1. `failed`: rows that were not, of `rows`.

    `leak`: facts of the profile in the payload; `back`: of the facts that the gold text uses, those in the text.
    """

    rows: int
    failed: int
    size: float
    leak: float
    back: float
    cosine: float
    rouge: float
    local: float
    remote: float
    seconds: float


def bench(rows: int | None = None) -> None:
    """Print the table. Raises PersonaError when the data are missing."""
    from persona_cli.local.encoder import Encoder

    asked, encoder = cogenesis_rows(rows or ROWS), Encoder()
    with standing_in() as (settings, engine):
        screen.write(
            f"cogenesis/dev, {len(asked)} tasks; {engine.name} on this machine stands in for the cloud\n"
            f"{'':<22} {'failed':>7} {'bytes':>6} {'leak':>7} {'returned':>9} {'cosine':>7} {'ROUGE-L':>8} "
            f"{'tokens here':>12} {'there':>6} {'s p50':>6}\n"
        )
        for name, outcomes in run(asked, settings, engine):
            seen = measure(asked, outcomes, encoder)
            screen.write(
                f"{name:<22} {seen.failed:>7} {seen.size:>6.0f} {seen.leak:>7.1%} {seen.back:>9.1%} "
                f"{seen.cosine:>7.3f} {seen.rouge:>8.3f} {seen.local:>12.0f} {seen.remote:>6.0f} {seen.seconds:>6.1f}\n"
            )


@contextmanager
def standing_in() -> Iterator[tuple[Settings, Engine]]:
    """A server that stands in for the cloud: the settings to reach it, and an engine that counts its tokens."""
    from persona_cli.local.engine import Engine
    from persona_cli.local.server import serving
    from persona_cli.paths import embedded_model

    model = embedded_model("nano.gguf")
    engine = Engine(model)
    with serving(model, "nano", context=engine.window, threads=1, logprobs=True) as url:
        cloud = CloudSettings(model="nano", base_url=url, timeout=TIMEOUT, retries=0)
        yield Settings(cloud=cloud), engine
    engine.close()


def run(rows: Sequence[Row], settings: Settings, engine: Engine) -> Iterator[tuple[str, list[Outcome | None]]]:
    """For each mode its name and what came of each row, None where it failed."""
    with people(settings) as person:
        for name, (mode, drafter) in MODES.items():
            yield name, _each(name, rows, partial(answered, person, mode, drafter, engine))
    for name in (EVERYTHING, BARE):
        yield name, _each(name, rows, partial(_directly, name == EVERYTHING, settings, engine))


def measure(rows: Sequence[Row], outcomes: Sequence[Outcome | None], encoder: TextEncoder) -> Figures:
    """The figures of one mode."""
    done = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if outcome is not None]
    leaked = [
        stands_in(words, content_words(TOKEN.sub(" ", outcome.payload)), LEAKED_FACT)
        for row, outcome in done
        for fact in row.facts
        if len(words := content_words(fact)) >= FEWEST_WORDS
    ]
    back = [
        stands_in(fact, content_words(outcome.text), LEAKED_FACT) for row, outcome in done for fact in used_facts(row)
    ]
    return Figures(
        rows=len(rows),
        failed=len(rows) - len(done),
        size=_mean([outcome.size for _, outcome in done]),
        leak=_mean(leaked),
        back=_mean(back),
        cosine=_mean([likeness.cosine(outcome.text, row.gold, encoder) for row, outcome in done]),
        rouge=_mean([likeness.rouge_l(outcome.text, row.gold) for row, outcome in done]),
        local=_mean([outcome.local for _, outcome in done]),
        remote=_mean([outcome.remote for _, outcome in done]),
        seconds=median([outcome.seconds for _, outcome in done]) if done else 0.0,
    )


def _each(name: str, rows: Sequence[Row], answer: Callable[[Row], Outcome]) -> list[Outcome | None]:
    found: list[Outcome | None] = []
    bar, reason = screen.Bar(name), ""
    for number, row in enumerate(rows, 1):
        try:
            found.append(answer(row))
        except PersonaError as error:
            found.append(None)
            reason = reason or str(error)
        bar(number / len(rows))
    if reason:
        screen.say(f"{name}, the first that failed: {reason}")
    return found


def answered(person: Callable[[Row], Parts], mode: str, drafter: str, engine: Engine, row: Row) -> Outcome:
    """One request through persona, to its answer. Raises PersonaError."""
    parts = set_up(person(row), {"local.drafter": drafter})
    parts.engine.load()
    before, start = parts.engine.evaluated, time.perf_counter()
    assistant = Assistant(parts)
    request = Request(row.request, mode=mode)
    if mode == LOCAL:
        reply, body, payload = assistant.ask(request), b"", ""
    else:
        draft = assistant.prepare(request)
        reply, body, payload = assistant.send(draft), draft.cleared.body, draft.payload_text
    for _ in reply:
        pass
    seconds, local = time.perf_counter() - start, parts.engine.evaluated - before
    answer = reply.answer
    if answer is None:
        raise PersonaError("The answer did not come to its end.")
    size, remote = len(body), 0
    if body:
        told = "\n".join(answer.outline) if mode == OUTLINE else answer.raw
        remote = _tokens(json.loads(body), told, engine)
        if mode == LOGITS:
            # What is written leaves too, token by token; repeated heads of the requests are not counted again.
            payload, size = f"{payload}\n{told}", size + len(told.encode())
    return Outcome(answer.text, payload, size, remote, local, seconds)


def _directly(everything: bool, settings: Settings, engine: Engine, row: Row) -> Outcome:
    """To the same server without persona: what a user does who keeps nothing back, or says nothing of themselves."""
    import openai

    notes = tuple(line for line in row.profile.splitlines() if line.strip()) if everything else ()
    turns: list[Any] = [
        {"role": "system", "content": CLOUD_SYSTEM},
        {"role": "user", "content": prompt(row.request, "", notes, NOTES_HEADING)},
    ]
    start = time.perf_counter()
    try:
        with openai.OpenAI(
            base_url=settings.cloud.base_url, api_key="none", max_retries=0, timeout=settings.cloud.timeout
        ) as client:
            said = client.chat.completions.create(model=settings.cloud.model, messages=turns)
    except openai.OpenAIError as error:
        raise PersonaError(f"The server did not answer: {error}") from error
    seconds = time.perf_counter() - start
    text = said.choices[0].message.content or ""
    size = len(json.dumps({"model": settings.cloud.model, "messages": turns}, ensure_ascii=False).encode())
    return Outcome(text, turns[1]["content"], size, _tokens({"messages": turns}, text, engine), 0, seconds)


def _tokens(body: Mapping[str, Any], answer: str, engine: Engine) -> int:
    """What a model read of a request to it, for a chat or for a completion, and what it wrote."""
    scorer = engine.scorer()
    turns = body.get("messages")
    if turns is None:
        prompt = body["prompt"]
        read = len(scorer.tokenize(prompt, special=True)) if isinstance(prompt, str) else len(prompt)
    else:
        read = engine.count([Message(turn["role"], turn["content"]) for turn in turns])
    return read + len(scorer.tokenize(answer))


def _mean(numbers: Sequence[float]) -> float:
    return mean(numbers) if numbers else 0.0
