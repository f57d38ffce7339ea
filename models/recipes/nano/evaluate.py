"""How good the exported file is: through llama.cpp, as it is used, on requests phrased as never in training.

The answers are unconstrained here: what persona's own engine makes impossible (a plan that is no plan, a placeholder
that was never given) counts as the model's fault.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from models.recipes.nano.chats import Example
from models.recipes.nano.tokenizer import chat_start, chat_turn
from persona_cli.bench.world.values import PLACEHOLDER_FORM

if TYPE_CHECKING:
    from llama_cpp import Llama

Figures = dict[str, float | int]


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


def measure(path: Path, held: Sequence[Example], *, threads: int, most: int = 256) -> dict[str, Figures]:
    """Answer every held-out request with the file; figures for each task of nano and for "all".

    Shares are of 0 to 1, lengths in words, answers greedy. `with_every_required`: of the answers that need private
    values of the request, those that have all of them. `invented`: answers with a placeholder that was not given.
    `valid_json`: of the answers that are to be JSON, those that are.
    """
    model = load(path, threads=threads)
    answers = [answer(model, example, most=most) for example in held]
    model.close()
    scorer = load(path, threads=threads, logits=True)
    losses = [answer_losses(scorer, example) for example in held]
    scorer.close()
    of_task: dict[str, list[int]] = defaultdict(list)
    for index, example in enumerate(held):
        of_task[example.task].append(index)
    return {
        name: _figures([held[i] for i in chosen], [answers[i] for i in chosen], [losses[i] for i in chosen])
        for name, chosen in {"all": list(range(len(held))), **dict(sorted(of_task.items()))}.items()
    }


def _figures(
    examples: Sequence[Example], answers: Sequence[tuple[str, bool]], losses: Sequence[Sequence[float]]
) -> Figures:
    texts = [text for text, _ in answers]
    complete, invented, valid = [], [], []
    for example, text in zip(examples, texts, strict=True):
        told = "\n".join(turn.user for turn in example.turns)
        if example.required:
            complete.append(all(value in text for value in example.required))
        invented.append(any(token not in told for token in PLACEHOLDER_FORM.findall(text)))
        if example.turns[-1].assistant.startswith("{"):
            valid.append(_is_json(text))
    tokens = [loss for chat in losses for loss in chat]
    figures: Figures = {
        "requests": len(examples),
        "perplexity": round(math.exp(sum(tokens) / len(tokens)), 3),
        "mean_words": round(sum(len(text.split()) for text in texts) / len(texts), 1),
        "repeated_4grams": round(repeated_4grams(texts), 4),
        "repeated_4grams_of_training_text": round(repeated_4grams([item.turns[-1].assistant for item in examples]), 4),
        "unfinished": _share([not finished for _, finished in answers]),
        "invented": _share(invented),
    }
    if complete:
        figures |= {"with_required": len(complete), "with_every_required": _share(complete)}
    if valid:
        figures["valid_json"] = _share(valid)
    return figures


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / max(1, len(flags)), 4)
