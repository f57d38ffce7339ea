"""The embedded encoder beside the original it was made from."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.recipes.encoder.measure import embedded, locomo, nearness, reference
from persona_cli.errors import ModelBroken, ModelMissing, SettingsError
from persona_cli.local.encoder import (
    MAX_CHARACTERS,
    Encoder,
    SentenceTransformersEncoder,
    TextEncoder,
    open_encoder,
)

PEOPLE = ("My sister Anna", "The plumber", "Dr. Okafor", "Nobody in the team", "a friend of Zoë's")
DEEDS = (
    "moved to Lisbon in 2019",
    "is allergic to peanuts & shellfish",
    "asked when the invoice #4711 is due",
    "will not come to the wedding on Saturday",
    "reads three newspapers before breakfast",
    "scored 3:2 in the last minute!",
    "repairs old bicycles, mostly for children",
    "wrote a 40-page report on soil erosion",
)
ENDS = (
    ".",
    ", which surprised everyone who had known the family since the years in Kraków.",
    " -- or so I was told; I have not asked again?",
    ", and then the long story began: first the train was late, then the hotel had lost the booking, "
    "and in the end we slept at the station, under a poster that said 'Welcome'.",
    " 🎉 (см. письмо)",
)
SENTENCES = ["".join((who, " ", deed, end)) for who, deed, end in itertools.product(PEOPLE, DEEDS, ENDS)]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def original() -> Iterator[TextEncoder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield reference()


def test_two_hundred_sentences_lie_where_sentence_transformers_puts_them(
    encoder: Encoder, original: TextEncoder
) -> None:
    assert len(set(SENTENCES)) == 200
    cosines = (encoder.embed(SENTENCES) * original.embed(SENTENCES)).sum(axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.995


def test_the_top_hit_is_the_same_on_98_percent_of_locomo_questions(encoder: Encoder, original: TextEncoder) -> None:
    conversation = locomo()[0]
    some = [replace(conversation, turns=conversation.turns[:300])]
    near = nearness(some, embedded(encoder, some), embedded(original, some))
    assert near.queries >= 150
    assert near.agreement >= 0.98, near


def test_locomo_without_data_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERSONA_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="PERSONA_DATA"):
        locomo()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "naïve café, ÅNGSTRÖM",
        "東京で会いましょう",
        "👩‍👩‍👧 \u202eabc",
        "a\x00b\x07c",
        "x" * 500,
        "word " * 5000,
    ],
    ids=["empty", "blank", "accents", "japanese", "emoji", "control", "one long word", "very long"],
)
def test_odd_texts_lie_where_sentence_transformers_puts_them(
    text: str, encoder: Encoder, original: TextEncoder
) -> None:
    (vector,), (wanted,) = encoder.embed([text]), original.embed([text])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert vector @ wanted >= 0.995


def test_the_order_of_a_batch_is_kept(encoder: Encoder) -> None:
    texts = [*SENTENCES[::7], "", "short", "long " * 200]
    together = encoder.embed(texts)
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    assert together.shape == (len(texts), encoder.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(encoder: Encoder, original: TextEncoder) -> None:
    assert encoder.embed([]).shape == original.embed([]).shape == (0, 384)


def test_a_lone_surrogate_is_no_error(encoder: Encoder) -> None:
    np.testing.assert_allclose(encoder.embed(["caf\udce9 now"]), encoder.embed(["caf? now"]), atol=1e-6)
    assert encoder.count_tokens("caf\udce9 now") == encoder.count_tokens("caf? now")


def test_what_stands_behind_the_window_does_not_matter(encoder: Encoder) -> None:
    start = "peanut " * 150
    assert encoder.max_tokens > 150
    filled = start + "butter " * encoder.max_tokens
    longer = filled + "submarine " * MAX_CHARACTERS
    np.testing.assert_allclose(encoder.embed([longer]), encoder.embed([filled]), atol=1e-5)
    assert not np.allclose(encoder.embed([start]), encoder.embed([filled]), atol=1e-2)


def test_tokens_are_counted_alike(encoder: Encoder, original: TextEncoder) -> None:
    texts = [*SENTENCES[::20], "", "word " * 600]
    assert [encoder.count_tokens(text) for text in texts] == [original.count_tokens(text) for text in texts]
    assert encoder.count_tokens("word " * 600) == 600
    assert encoder.max_tokens == original.max_tokens
    assert encoder.dimension == original.dimension


def test_threads_may_share_an_encoder() -> None:
    shared = Encoder(threads=1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: shared.embed([text])[0], SENTENCES[:12]))
    np.testing.assert_allclose(found, shared.embed(SENTENCES[:12]), atol=1e-5)


def test_a_missing_and_a_broken_model_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="does not exist"):
        Encoder(model=tmp_path / "none.onnx").embed(["a"])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08not a model")
    with pytest.raises(ModelBroken, match=r"models\.recipes\.encoder"):
        Encoder(model=broken).embed(["a"])
    with pytest.raises(ModelBroken, match=r"install\.sh"):
        Encoder(tokenizer=broken).count_tokens("a")


def test_the_setting_chooses_the_encoder() -> None:
    assert isinstance(open_encoder("embedded"), Encoder)
    named = open_encoder("sentence-transformers:all-mpnet-base-v2")
    assert isinstance(named, SentenceTransformersEncoder)
    for encoder in (open_encoder("embedded"), named):
        assert open_encoder(encoder.name).name == encoder.name
    for wrong in ("", "sentence-transformers:", "openai"):
        with pytest.raises(SettingsError, match="persona config set"):
            open_encoder(wrong)


def test_a_model_that_is_not_on_this_machine_is_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="hf download"):
        open_encoder("sentence-transformers:nobody/has-this-model").embed(["a"])


def test_without_the_extra_the_sentence_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['sentence_transformers'] = None\n"
        "from persona_cli.errors import PersonaError\n"
        "from persona_cli.local.encoder import open_encoder\n"
        "try: open_encoder('sentence-transformers:x').embed(['a'])\n"
        "except PersonaError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "persona-cli[embeddings]" in done.stdout
    assert "./install.sh --full" in done.stdout


def test_embedding_is_silent_and_needs_no_torch() -> None:
    code = (
        "import sys; from persona_cli.local.encoder import open_encoder\n"
        "encoder = open_encoder('embedded')\n"
        "assert not {'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
        "encoder.embed(['a', 'b c'])\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
