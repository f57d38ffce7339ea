"""How good the exported file is: through llama.cpp, as it is used, on requests phrased as never in training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from models.recipes.nano.grammar import Example
from models.recipes.nano.tokenizer import chat_start, chat_turn
from models.recipes.nano.values import PLACEHOLDER_FORM

if TYPE_CHECKING:
    from llama_cpp import Llama


@dataclass(frozen=True)
class Metrics:
    """Shares are of 0 to 1, lengths in words. Answers are greedy. "Required" are the private values that the request
    or its document needs in the answer: placeholders (cloud) or invented names, dates, … (local)."""

    requests: int
    cloud_requests_with_required: int
    cloud_answers_with_every_required: float
    cloud_answers_with_invented_placeholder: float
    local_requests_with_required: int
    local_answers_with_every_required: float
    mean_words: float
    repeated_4gram_share: float
    unfinished_share: float
    perplexity: float


def load(path: Path, *, threads: int, logits: bool = False) -> Llama:
    """The model in llama.cpp, with a context of what it was trained for."""
    from llama_cpp import Llama

    return Llama(str(path), n_ctx=0, n_threads=threads, n_threads_batch=threads, logits_all=logits, verbose=False)


def answer(model: Llama, example: Example, *, most: int = 256) -> tuple[str, bool]:
    """The greedy answer to the last turn, at most `most` tokens, and whether it came to an end of its own."""
    messages: list[dict[str, str]] = [{"role": "system", "content": example.system}]
    for turn in example.turns[:-1]:
        messages += [{"role": "user", "content": turn.user}, {"role": "assistant", "content": turn.assistant}]
    messages.append({"role": "user", "content": example.turns[-1].user})
    reply = cast(
        "dict[str, Any]",
        model.create_chat_completion(cast("Any", messages), temperature=0.0, max_tokens=most, repeat_penalty=1.0),
    )
    choice = reply["choices"][0]
    return str(choice["message"]["content"] or ""), choice["finish_reason"] == "stop"


def answer_losses(model: Llama, example: Example) -> list[float]:
    """Negative log-likelihood in nats of each token of the last answer. The model must keep all its logits."""
    given = chat_start(example.system)
    for turn in example.turns[:-1]:
        given += "".join(chat_turn(turn))
    asked, written = chat_turn(example.turns[-1])
    start = len(model.tokenize((given + asked).encode(), add_bos=False, special=True))
    ids = model.tokenize((given + asked + written).encode(), add_bos=False, special=True)
    model.reset()
    model.eval(ids)
    logits = np.array(model.scores[start - 1 : len(ids) - 1], np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    targets = logits[np.arange(len(logits)), ids[start:]]
    return list(np.log(np.exp(logits).sum(axis=1)) - targets)


def repeated_4grams(texts: Sequence[str]) -> float:
    """Share of word 4-grams that came before in the same text."""
    repeated = count = 0
    for text in texts:
        words = text.split()
        grams = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
        count += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(1, count)


def measure(path: Path, held: Sequence[Example], *, threads: int, most: int = 256) -> Metrics:
    """Answer every held-out request with the file and compare with what is asked."""
    model = load(path, threads=threads)
    answers = [answer(model, example, most=most) for example in held]
    model.close()
    scorer = load(path, threads=threads, logits=True)
    losses = [loss for example in held for loss in answer_losses(scorer, example)]
    scorer.close()

    complete: dict[bool, list[bool]] = {True: [], False: []}
    invented = []
    for example, (text, _) in zip(held, answers, strict=True):
        if example.required:
            complete[example.cloud].append(all(value in text for value in example.required))
        if example.cloud:
            told = "\n".join(turn.user for turn in example.turns)
            invented.append(any(token not in told for token in PLACEHOLDER_FORM.findall(text)))
    texts = [text for text, _ in answers]
    return Metrics(
        requests=len(held),
        cloud_requests_with_required=len(complete[True]),
        cloud_answers_with_every_required=_share(complete[True]),
        cloud_answers_with_invented_placeholder=_share(invented),
        local_requests_with_required=len(complete[False]),
        local_answers_with_every_required=_share(complete[False]),
        mean_words=round(sum(len(text.split()) for text in texts) / len(texts), 1),
        repeated_4gram_share=round(repeated_4grams(texts), 4),
        unfinished_share=_share([not finished for _, finished in answers]),
        perplexity=round(math.exp(sum(losses) / len(losses)), 3),
    )


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / max(1, len(flags)), 4)
