"""`persona bench sketch --part decoding`: tokens a second through persona beside llama.cpp's own loop, in one process.

The other side is the smallest loop over the same library: llama_decode of one token, the greedy sampler, again; no
template, no text, no rule. Both write the same tokens (checked) behind prompts of the same length, turn about, and only
the writing is timed: from the first token to the last.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from persona_cli.cli import screen
from persona_cli.local.engine import Engine
from persona_cli.local.loading import CHUNK
from persona_cli.paths import embedded_model
from persona_cli.sketch.prompts import SKETCH_SCHEMA
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message

ROUNDS = 7
# Long enough that the first tokens do not matter, short enough for the window of the embedded model.
TOKENS = 256
CONTEXT = 2048
REQUESTS = (
    "Write a long friendly e-mail to [PERSON_1] about the broken heating in [ADDRESS_1].",
    "Write a message to [PERSON_1] that the meeting on [DATE_1] is cancelled.",
    "Write a complaint to [ORG_1] about the order [ID_1], which arrived late and damaged.",
    "Thank [PERSON_1] for the present and say what [PERSON_2] did with it.",
)
MANY = 8
PLACEHOLDER = re.compile(r"\[[A-Z]+_[0-9]+[a-z]*\]")


def decoding(model: Path | None = None, rounds: int = ROUNDS, tokens: int = TOKENS) -> None:
    """Print the table. `model` None means the embedded one; the figures are medians over `rounds`."""
    engine = Engine(model or embedded_model("nano.gguf"), CONTEXT, threads=1)
    engine.load()
    plain = _Plain(engine.path, CONTEXT)
    asked = [[Message("system", CLOUD_SYSTEM), Message("user", request)] for request in REQUESTS]
    # Without ends every answer has the same length, on both sides.
    ends = sorted(engine.scorer().end_tokens)
    endless = {token: float("-inf") for token in ends}
    rows: dict[str, list[float]] = {name: [] for name in ("llama.cpp", "persona", "ruled", "schema")}
    same = True
    for _ in range(rounds):
        figures: dict[str, list[tuple[int, float]]] = {name: [] for name in rows}
        for messages in asked:
            told, seconds = _through(engine, messages, tokens, bias=endless)
            figures["persona"].append((len(told) - 1, seconds))
            # Persona ends an answer that goes round in circles: as many tokens as it wrote, then.
            written, seconds = plain.write(engine.prompt(messages), len(told), ends)
            figures["llama.cpp"].append((len(written) - 1, seconds))
            same = same and told == written
            # All that came up are allowed: the rule is there and has nothing to do.
            used = set(PLACEHOLDER.findall(engine.scorer().detokenize(written)))
            told, seconds = _through(engine, messages, tokens, bias=endless, allowed_placeholders=used)
            figures["ruled"].append((len(told) - 1, seconds))
            same = same and told == written
            # All that came up are allowed: the rule is there and has nothing to do.
            used = set(PLACEHOLDER.findall(engine.scorer().detokenize(written)))
            told, seconds = _through(engine, messages, tokens, schema=SKETCH_SCHEMA)
            figures["schema"].append((len(told) - 1, seconds))
        for name, parts in figures.items():
            rows[name].append(sum(count for count, _ in parts) / sum(seconds for _, seconds in parts))
    plain.close()
    screen.write(f"{engine.name}, one thread, {len(REQUESTS)} answers of up to {tokens} tokens, {rounds} rounds\n")
    screen.write(f"{'':<42} {'tokens/s':>9} {'beside llama.cpp':>17}\n")
    titles = {
        "llama.cpp": "llama.cpp, its own loop",
        "persona": "persona, Engine.stream",
        "ruled": "persona, a rule for placeholders, idle",
        "schema": "persona, JSON of the sketch's schema",
    }
    for name, title in titles.items():
        beside = statistics.median(one / other for one, other in zip(rows[name], rows["llama.cpp"], strict=True))
        screen.write(f"{title:<42} {statistics.median(rows[name]):>9.0f} {beside:>17.1%}\n")
    screen.write(f"the same tokens as llama.cpp's own loop: {'yes' if same else 'NO'}\n")
    _side_by_side(engine, asked, rounds, tokens)
    engine.close()


def _side_by_side(engine: Engine, asked: Sequence[Sequence[Message]], rounds: int, tokens: int) -> None:
    conversations = [asked[number % len(asked)] for number in range(MANY)]
    screen.write(f"\n{MANY} answers, prompts included\n{'side by side':<42} {'answers/s':>9} {'beside 1':>17}\n")
    widths = (1, 2, 4, 8)
    speeds: dict[int, list[float]] = {width: [] for width in widths}
    for _ in range(max(1, rounds // 2)):
        for width in widths:
            start = time.perf_counter()
            engine.complete_many(conversations, tokens, parallel=width)
            speeds[width].append(MANY / (time.perf_counter() - start))
    for width in widths:
        beside = statistics.median(one / other for one, other in zip(speeds[width], speeds[1], strict=True))
        screen.write(f"{width:<42} {statistics.median(speeds[width]):>9.2f} {beside:>17.1%}\n")


def _through(engine: Engine, messages: Sequence[Message], tokens: int, **how: Any) -> tuple[list[int], float]:
    """The tokens of an answer, and the seconds from the first piece to the end."""
    answer = engine.stream(messages, tokens, **how)
    next(answer)
    begun, start = len(answer.tokens), time.perf_counter()
    for _ in answer:
        pass
    seconds = time.perf_counter() - start
    return answer.tokens, seconds * (len(answer.tokens) - 1) / max(1, len(answer.tokens) - begun)


class _Plain:
    """llama.cpp by itself, with the settings that it has for one sequence."""

    def __init__(self, path: Path, context: int) -> None:
        import llama_cpp

        self._llama = llama_cpp
        of_model = llama_cpp.llama_model_default_params()
        of_model.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), of_model)
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = context, CHUNK, CHUNK
        settings.n_threads = settings.n_threads_batch = 1
        settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = llama_cpp.llama_init_from_model(self._model, settings)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)

    def write(self, prompt: Sequence[int], tokens: int, banned: Sequence[int]) -> tuple[list[int], float]:
        llama = self._llama
        chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        biases = (llama.llama_logit_bias * len(banned))(*((token, float("-inf")) for token in banned))
        size = llama.llama_vocab_n_tokens(self._vocabulary)
        llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_logit_bias(size, len(banned), biases))
        llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
        llama.llama_memory_clear(llama.llama_get_memory(self._context), True)
        for begin in range(0, len(prompt), CHUNK):
            piece = (llama.llama_token * len(prompt[begin : begin + CHUNK]))(*prompt[begin : begin + CHUNK])
            llama.llama_decode(self._context, llama.llama_batch_get_one(piece, len(piece)))
        written = [llama.llama_sampler_sample(chain, self._context, -1)]
        one = (llama.llama_token * 1)(written[0])
        batch = llama.llama_batch_get_one(one, 1)
        start = time.perf_counter()
        while len(written) < tokens:
            one[0] = written[-1]
            llama.llama_decode(self._context, batch)
            written.append(llama.llama_sampler_sample(chain, self._context, -1))
        seconds = time.perf_counter() - start
        llama.llama_sampler_free(chain)
        return written, seconds

    def close(self) -> None:
        self._llama.llama_free(self._context)
        self._llama.llama_model_free(self._model)
