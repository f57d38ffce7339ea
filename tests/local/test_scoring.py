"""Log-probabilities against llama-cpp-python's own full evaluation; what is read again, by count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message
from tests.local.tiny_gguf import write_tiny_model

ASKED = [Message("user", "Say hello to [PERSON_1].")]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(write_tiny_model(tmp_path / "tiny.gguf", window=1024), 1024, 1)
    yield engine
    engine.close()


def reference(path: Path, tokens: list[int]) -> Any:
    """log p(next | tokens[: i + 1]) in row i, by another way: every logit of one evaluation, softmax in float64."""
    from llama_cpp import Llama

    llama = Llama(str(path), n_ctx=1024, logits_all=True, verbose=False)
    llama.eval(tokens)
    logits = llama.scores[: len(tokens)].astype(np.float64)
    llama.close()
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_next_and_sequence_are_what_llama_says(engine: Engine) -> None:
    scorer = engine.scorer()
    tokens = scorer.tokenize("A text of some length, " * 9, special=False)
    assert 100 < len(tokens) < 1024
    right = reference(engine.path, tokens)
    for end in (len(tokens), 5, 90, 91, 1):
        found = scorer.next_logprobs(tokens[:end])
        assert found.dtype == np.float32 and np.abs(found - right[end - 1]).max() < 2e-3
        assert np.exp(found).sum() == pytest.approx(1, abs=1e-4)
    for begin in (1, 40, 150, len(tokens)):
        found = scorer.sequence_logprobs(tokens[:begin], tokens[begin:])
        expected = [right[index - 1, tokens[index]] for index in range(begin, len(tokens))]
        assert found.shape == (len(tokens) - begin,)
        assert np.abs(found - expected).max(initial=0) < 2e-3


def test_only_what_differs_is_read(engine: Engine) -> None:
    scorer = engine.scorer()
    text = scorer.tokenize("x" * 100)

    def cost(tokens: list[int]) -> int:
        before = scorer.evaluated
        scorer.next_logprobs(tokens)
        return scorer.evaluated - before

    assert [cost(text), cost(text), cost([*text, 50]), cost([*text, 51, 52]), cost(text[:60])] == [100, 0, 1, 2, 1]
    before = scorer.evaluated
    scorer.sequence_logprobs(text[:60], text[60:])
    assert scorer.evaluated - before <= 40
    first = scorer.next_logprobs(text)
    first += 1  # the caller's own array
    assert not np.array_equal(first, scorer.next_logprobs(text))


def test_a_prompt_that_begins_like_the_last_is_read_from_where_they_part(engine: Engine) -> None:
    system = Message("system", "You write. " * 20)
    first, second = ([system, Message("user", text)] for text in ("Say hello.", "Say goodbye."))
    alone = engine.complete(second, 20)
    engine.complete(first, 20)
    prompts = [engine.prompt(messages) for messages in (first, second)]
    common = next(i for i, (a, b) in enumerate(zip(*prompts, strict=False)) if a != b)
    assert common > 200
    before = engine.evaluated
    answer = engine.stream(second, 20)
    assert "".join(answer) == alone
    # The rest of the prompt, and every token of the answer but the last, which nobody goes on from.
    assert engine.evaluated - before == len(prompts[1]) - common + len(answer.tokens) - 1


def test_scorer_and_streams_may_take_turns(engine: Engine) -> None:
    scorer = engine.scorer()
    other = scorer.tokenize("something else altogether")
    alone, score = engine.complete(ASKED, 40), scorer.next_logprobs(other)
    streams = [engine.stream(ASKED, 40), engine.stream(ASKED, 40)]
    texts = ["", ""]
    for _ in range(40):
        for index, stream in enumerate(streams):
            texts[index] += next(stream, "")
            assert np.allclose(scorer.next_logprobs(other), score, atol=1e-4)
    texts = [text + "".join(stream) for text, stream in zip(texts, streams, strict=True)]
    assert texts == [alone, alone]


def test_tokens_and_their_bytes(engine: Engine) -> None:
    scorer = engine.scorer()
    tokens = scorer.tokenize("Hé[PERSON_1]<|im_end|>", special=True)
    assert b"".join(map(scorer.token_bytes, tokens)).decode() == scorer.detokenize(tokens) == "Hé[PERSON_1]"
    assert tokens[-1] in scorer.end_tokens and 6 not in scorer.end_tokens
    nano = Engine(embedded_model("nano.gguf"), threads=1)
    again = Engine(embedded_model("nano.gguf"), threads=1)
    assert nano.scorer().fingerprint == again.scorer().fingerprint != scorer.fingerprint
    nano.close()
    again.close()


def test_what_cannot_be_scored(engine: Engine) -> None:
    scorer = engine.scorer()
    with pytest.raises(ValueError, match="1 to 1024"):
        scorer.next_logprobs([])
    with pytest.raises(ValueError, match="1 to 1024"):
        scorer.next_logprobs([9] * 1025)
    with pytest.raises(ValueError, match="at most 1024"):
        scorer.sequence_logprobs([9] * 1000, [9] * 25)
    assert scorer.sequence_logprobs([9], []).shape == (0,)
