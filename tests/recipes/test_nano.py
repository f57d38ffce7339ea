"""The recipe of models/nano.gguf: its text, its tokenizer, its training, its files; and the file it made."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.recipes.nano.chats import Example, Turn, examples
from models.recipes.nano.data import make_data, make_tokenizer
from models.recipes.nano.evaluate import answer, load
from models.recipes.nano.export import export
from models.recipes.nano.induction import start_with_induction
from models.recipes.nano.model import Nano, Shape
from models.recipes.nano.recipe import SMALL
from models.recipes.nano.tokenizer import CONTROL, chat_start, chat_turn
from models.recipes.nano.train import plan_batches, train
from persona_cli.bench.world.values import PLACEHOLDERS

if TYPE_CHECKING:
    from llama_cpp import Llama
    from tokenizers import Tokenizer

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "models" / "nano.gguf"
TEXTS = (
    "Write to [PERSON_1] at [ADDRESS_9], 10:45 on 12 March 2025.",
    "It's the landlord's; we'll pay £1,200.50 (or so)\n\n- [MONEY_1]\n- [PERSON_10]",
    "Zoë Müller, 東京, naïve 🙂   three spaces\tand a tab",
    "",
)


@dataclass(frozen=True)
class Run:
    """A small run of the recipe that was killed once and started again."""

    model: Nano
    tokenizer: Tokenizer
    report: dict[str, Any]
    progress: str
    gguf: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    import torch
    from tokenizers import Tokenizer

    folder = tmp_path_factory.mktemp("nano")
    work, gguf = folder / "work", folder / "small.gguf"
    checkpoint = work / "checkpoint.pt"
    command = [sys.executable, "-m", "models.recipes.nano", "--small", "--threads", "1"]
    command += ["--out", str(gguf), "--work", str(work), "--dtype", "f32"]
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=_environment())
    while not checkpoint.exists() and first.poll() is None:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL, "the recipe ended before it could be killed"
    assert not gguf.exists()
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment(), check=False)
    assert second.returncode == 0, second.stderr
    model = Nano(SMALL.shape)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["model"])
    return Run(
        model,
        Tokenizer.from_file(str(work / "tokenizer.json")),
        json.loads(gguf.with_suffix(".json").read_text()),
        second.stderr,
        gguf,
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


# The tokenizer


def test_the_same_seed_gives_the_same_tokenizer_and_data() -> None:
    first, second = make_tokenizer(SMALL), make_tokenizer(SMALL)
    assert first.to_str() == second.to_str()
    one, two = make_data(SMALL, first), make_data(SMALL, second)
    assert one.ids.tobytes() == two.ids.tobytes()
    assert one.written.tobytes() == two.written.tobytes()


def test_data_is_the_chats_and_marks_what_the_assistant_writes() -> None:
    tokenizer = make_tokenizer(SMALL)
    data = make_data(SMALL, tokenizer)
    example = next(examples(SMALL.seed))
    ids = data.ids[: data.starts[1]]
    whole = chat_start(example.system) + "".join("".join(chat_turn(turn)) for turn in example.turns)
    assert tokenizer.decode(ids.tolist(), skip_special_tokens=False) == whole
    written = tokenizer.decode(ids[data.written[: data.starts[1]]].tolist(), skip_special_tokens=False)
    assert written == "".join(chat_turn(turn)[1] for turn in example.turns)


def test_placeholders_are_single_tokens(run: Run, small: Llama) -> None:
    for placeholder in PLACEHOLDERS:
        assert small.tokenize(placeholder.encode(), add_bos=False, special=False) == [
            run.tokenizer.token_to_id(placeholder)
        ]


def test_llama_cpp_tokenizes_as_the_recipe_does(run: Run, small: Llama) -> None:
    told = [turn.user for example in islice(examples(8, held=True), 200) for turn in example.turns]
    for text in (*TEXTS, *told):
        ids = small.tokenize(text.encode(), add_bos=False, special=True)
        assert ids == run.tokenizer.encode(text).ids
        assert small.detokenize(ids).decode() == text


# The training


def test_a_new_model_starts_with_heads_that_copy() -> None:
    import torch

    def right(model: Nano) -> float:
        said = torch.randint(len(CONTROL), model.shape.vocabulary, (6, 40))
        ids = torch.cat((said, said), dim=1)
        with torch.no_grad():
            guessed = model(ids).argmax(-1)
        return float((guessed[:, 40:-1] == ids[:, 41:]).float().mean())

    torch.manual_seed(1)
    model = Nano(Shape())
    assert right(model) < 0.02
    start_with_induction(model)
    assert right(model) > 0.3


def test_the_loss_falls(run: Run) -> None:
    curve = run.report["training"]["curve"]
    assert curve[-1]["loss"] < curve[0]["loss"] - 1.5
    assert curve[-1]["held_out_loss"] < curve[0]["held_out_loss"] - 1.5


def test_a_killed_training_goes_on_from_its_checkpoint(run: Run) -> None:
    line = next(line for line in run.progress.splitlines() if line.startswith("Going on from step"))
    resumed, planned = int(line.split()[4]), int(line.split()[6].rstrip("."))
    assert 0 < resumed < planned
    assert run.report["training"]["steps"] == planned
    assert [point["step"] for point in run.report["training"]["curve"]][-1] == planned


def test_a_longer_training_begins_with_the_batches_of_a_shorter_one() -> None:
    tokenizer = make_tokenizer(SMALL)
    short, long = (make_data(replace(SMALL, tokens=count), tokenizer) for count in (700_000, 1_000_000))
    window = 2048
    assert window < len(short) < len(long)
    first, second = (plan_batches(data, 400, 1) for data in (short, long))
    whole = next(number for number, batch in enumerate(first) if min(batch) >= window)
    assert first[:whole] == second[:whole]
    assert sorted(chat for batch in second for chat in batch) == list(range(len(long)))


def test_a_longer_training_goes_on_from_where_a_shorter_one_began_to_cool_down(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(SMALL)
    held = make_data(SMALL, tokenizer, held=True)
    said: list[str] = []
    short, long = (replace(SMALL, tokens=count) for count in (70_000, 140_000))
    done = train(short, make_data(short, tokenizer), held, tmp_path, say=said.append)
    assert not any(line.startswith("Going on") for line in said)
    longer = train(long, make_data(long, tokenizer), held, tmp_path, say=said.append)
    begun = next(line for line in said if line.startswith("Going on from step"))
    assert int(begun.split()[4]) == done.steps - round(done.steps * SMALL.cooldown)
    assert longer.steps > done.steps


# The files


@pytest.fixture(scope="module")
def small(run: Run) -> Llama:
    return load(run.gguf, threads=1)


@pytest.mark.parametrize(("dtype", "most"), [("f32", 1e-3), ("f16", 0.1), ("q8_0", 1.0)])
def test_llama_cpp_computes_what_pytorch_does(run: Run, tmp_path: Path, dtype: str, most: float) -> None:
    import llama_cpp
    import torch

    path = tmp_path / f"{dtype}.gguf"
    export(run.model, run.tokenizer, path, dtype)  # type: ignore[arg-type]
    # The default cache keeps keys and values in f16, which alone costs about 1e-3.
    full = llama_cpp.GGML_TYPE_F32
    model = llama_cpp.Llama(str(path), n_ctx=512, n_threads=1, logits_all=True, type_k=full, type_v=full, verbose=False)
    example = next(examples(4, held=True))
    text = chat_start(example.system) + "".join(chat_turn(example.turns[0]))
    ids = model.tokenize(text.encode(), add_bos=False, special=True)[:200]
    model.eval(ids)
    with torch.no_grad():
        expected = run.model(torch.tensor([ids]))[0].numpy()
    assert np.abs(model.scores[: len(ids)] - expected).max() < most


def test_the_loss_curve_is_drawn(run: Run) -> None:
    picture = run.gguf.with_suffix(".svg").read_text("utf-8")
    assert picture.startswith("<?xml")
    assert "<path" in picture


def test_the_same_model_gives_the_same_file(run: Run, tmp_path: Path) -> None:
    export(run.model, run.tokenizer, tmp_path / "again.gguf", "f32")
    assert (tmp_path / "again.gguf").read_bytes() == run.gguf.read_bytes()


def test_llama_cpp_reads_the_chat_template(run: Run, small: Llama) -> None:
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = small.metadata["tokenizer.chat_template"]
    render = Jinja2ChatFormatter(template=template, eos_token="<|end|>", bos_token="<|end|>")
    messages: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    asked, _ = chat_turn(Turn("Hello", ""))
    assert render(messages=messages).prompt == chat_start("Be kind.") + asked
    end = run.tokenizer.token_to_id("<|end|>")
    assert small.token_eos() == end
    assert small.tokenize(b"<|end|>", add_bos=False, special=True) == [end]
    # What a user types stays text.
    assert end not in small.tokenize(b"<|end|>", add_bos=False, special=False)


def test_what_is_missing_is_said_with_the_next_step(tmp_path: Path) -> None:
    bare = [sys.executable, "-S", "-c", "from models.recipes.nano.__main__ import main; raise SystemExit(main([]))"]
    done = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "torch" in done.stderr
    assert "./install.sh test" in done.stderr
    assert "Traceback" not in done.stderr


# models/nano.gguf


def test_the_committed_file_is_the_one_its_report_describes() -> None:
    report = json.loads(COMMITTED.with_suffix(".json").read_text())
    content = COMMITTED.read_bytes()
    assert len(content) <= 30_000_000
    assert report["bytes"] == len(content)
    assert report["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_committed_file_answers_with_most_of_the_placeholders() -> None:
    model = load(COMMITTED, threads=1)
    write = (e for e in examples(20240517, held=True) if e.cloud and e.task == "write" and e.required)
    asked = list(islice(write, 12))
    answers = [answer(model, each) for each in asked]
    assert all(finished for _, finished in answers)

    def share(texts: list[str]) -> float:
        there = [placeholder in text for text, each in zip(texts, asked, strict=True) for placeholder in each.required]
        return sum(there) / len(there)

    texts = [text for text, _ in answers]
    # The control: the same texts, each for another request.
    assert share(texts) > 0.7 > 0.4 > share([*texts[1:], texts[0]])


def test_the_committed_file_answers_small_talk() -> None:
    model = load(COMMITTED, threads=1)
    text, finished = answer(model, Example("small talk", False, (Turn("Who are you?", ""),), ()))
    assert finished
    assert "persona" in text
