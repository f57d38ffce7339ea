"""Texts as vectors: near in meaning, near in space.

    TextEncoder                  what the memory asks for
    ├── Encoder                  the embedded all-MiniLM-L6-v2 on ONNX Runtime (from models/recipes/encoder)
    └── SentenceTransformersEncoder   any model that the user names; needs torch

Nothing is loaded before the first text; two threads may share one encoder.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from persona_cli.errors import ModelBroken, ModelMissing, PersonaError, SettingsError
from persona_cli.local.silence import silenced
from persona_cli.paths import embedded_model

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

EMBEDDED = "embedded"
REFERENCE = "sentence-transformers:"

START, END = 101, 102  # [CLS] and [SEP]
# sentence_bert_config.json of all-MiniLM-L6-v2: 256 tokens, two of them [CLS] and [SEP].
MAX_TOKENS = 254
# 254 word pieces are some 1,200 characters; what stands behind this many is not even looked at.
MAX_CHARACTERS = 16_384
BATCH = 8
# Eight short texts do not keep more threads busy than this.
MOST_THREADS = 4


class TextEncoder(Protocol):
    """`name` tells one space of vectors from another: it is what `open_encoder` was given."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read; the rest does not change its vector."""

    @property
    def is_warm(self) -> bool:
        """Whether the first text has nothing to load any more."""

    def warm_up(self) -> None:
        """Load now what the first text would load. Raises what `embed` raises."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [len(texts), dimension], each row of length 1, in the order of `texts`.

        Raises ModelMissing and ModelBroken when the model cannot be loaded.
        """

    def count_tokens(self, text: str) -> int:
        """The tokens of the whole `text`, without the model's own marks around it."""


def open_encoder(spec: str, threads: int = 0) -> TextEncoder:
    """The encoder for the setting `memory.embedder`: "embedded", or "sentence-transformers:NAME-or-folder".

    `threads` is for the embedded one; 0 means as many as this process may use, at most four. Raises SettingsError.
    """
    if spec == EMBEDDED:
        return Encoder(threads=threads)
    if spec.startswith(REFERENCE) and (name := spec.removeprefix(REFERENCE).strip()):
        return SentenceTransformersEncoder(name)
    raise SettingsError(
        f"memory.embedder is '{spec}', which is neither '{EMBEDDED}' nor '{REFERENCE}NAME'. "
        f"Type: persona config set memory.embedder {EMBEDDED}"
    )


class Encoder:
    """all-MiniLM-L6-v2 from `model` (ONNX) and `tokenizer` (JSON); without them, the files that persona ships."""

    name = EMBEDDED
    dimension = 384
    max_tokens = MAX_TOKENS

    def __init__(self, model: Path | None = None, tokenizer: Path | None = None, threads: int = 0) -> None:
        self._model = model
        self._vocabulary = tokenizer
        self._threads = threads or min(MOST_THREADS, usable_cores())
        self._loading = threading.Lock()
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def is_warm(self) -> bool:
        return self._session is not None

    def warm_up(self) -> None:
        self._open_tokenizer()
        self._open_session()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        if not texts:
            return vectors
        rows = self._token_rows(texts)
        # Neighbours in length share a batch, so that little is computed on padding.
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._run([rows[index] for index in batch])
        return vectors

    def count_tokens(self, text: str) -> int:
        encoding = self._open_tokenizer().encode(encodable(text), add_special_tokens=False)
        return len(encoding.ids)

    def _token_rows(self, texts: Sequence[str]) -> list[list[int]]:
        short = [encodable(text[:MAX_CHARACTERS]) for text in texts]
        encodings = self._open_tokenizer().encode_batch_fast(short, add_special_tokens=False)
        return [[START, *encoding.ids[:MAX_TOKENS], END] for encoding in encodings]

    def _run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """Unit vectors [len(rows), dimension] of the token ids of one batch."""
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        found: list[NDArray[np.float32]] = self._open_session().run(
            ["sentence_embedding"], {"input_ids": ids, "attention_mask": mask}
        )
        return found[0]

    def _open_tokenizer(self) -> Tokenizer:
        with self._loading:
            if self._tokenizer is None:
                path = present(self._vocabulary or embedded_model("tokenizer.json"))
                from tokenizers import Tokenizer

                try:
                    self._tokenizer = Tokenizer.from_file(str(path))
                except Exception as error:
                    raise _broken(path, error) from error
            return self._tokenizer

    def _open_session(self) -> InferenceSession:
        with self._loading:
            if self._session is None:
                path = present(self._model or embedded_model("encoder.onnx"))
                self._session = open_session(path, self._threads)
            return self._session


def open_session(path: Path, threads: int) -> InferenceSession:
    # From 1.29 on it gives the machine an id and sends that and what it runs to its maker, unless this stands in the
    # environment when it is imported: switched off later, it has sent its first event (microsoft/onnxruntime#29843).
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # ONNX Runtime looks for accelerators when it is imported, and warns of what it does not find.
    with silenced():
        import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal: what goes wrong is raised, and said below
    options.intra_op_num_threads = threads
    # The file holds fused operators already: the only thing to do is to widen the 8-bit weights.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    # Idle threads that spin take the processor from llama.cpp (and, on busy cores, halve the encoder's own speed).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _broken(path, error) from error


class SentenceTransformersEncoder:
    """The model `model` (a name on the hub that is already downloaded, or a folder) through sentence-transformers.

    Opens no connection: embedding must not tell anyone what is used. Raises PersonaError at the first text where the
    library is not installed.
    """

    def __init__(self, model: str) -> None:
        self.name = REFERENCE + model
        self._name = model
        self._loading = threading.Lock()
        self._model: Any = None

    @property
    def dimension(self) -> int:
        return int(self.embed([""]).shape[1])

    @property
    def max_tokens(self) -> int:
        model = self._open()
        marks = len(model.tokenizer("")["input_ids"])
        return int(model.max_seq_length) - marks

    @property
    def is_warm(self) -> bool:
        return self._model is not None

    def warm_up(self) -> None:
        self._open()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        model = self._open()
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors: NDArray[np.float32] = model.encode(
            [encodable(text) for text in texts],
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return vectors.astype(np.float32, copy=False)

    def count_tokens(self, text: str) -> int:
        tokens = self._open().tokenizer(encodable(text), add_special_tokens=False, verbose=False)
        return len(tokens["input_ids"])

    def _open(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = _sentence_transformer(self._name)
            return self._model


def _sentence_transformer(name: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise PersonaError(
            f"memory.embedder names {REFERENCE}{name}, and sentence-transformers is not installed. Install the extra "
            "persona-cli[embeddings] (./install.sh --full), or go back to the embedded model: "
            f"persona config set memory.embedder {EMBEDDED}"
        ) from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(name, local_files_only=True)
    except Exception as error:
        raise ModelMissing(
            f"The embedding model '{name}' cannot be loaded from this machine ({_first_line(error)}). persona does "
            f"not download it by itself: type `hf download {name}`, or give the folder that holds it."
        ) from error


def usable_cores() -> int:
    """The cores that this process may run on: fewer than the machine's in a container or under taskset."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def encodable(text: str) -> str:
    """`text` without lone surrogates, which undecodable bytes of the command line become and no tokenizer takes."""
    return text.encode("utf-8", "replace").decode()


def present(path: Path) -> Path:
    if not path.is_file():
        raise ModelMissing(f"The model file {path} does not exist. Check the path.")
    return path


def _broken(path: Path, error: Exception) -> ModelBroken:
    return ModelBroken(
        f"The model file {path} cannot be used ({_first_line(error)}). Reinstall persona (./install.sh), or run "
        "its recipe: python -m models.recipes.encoder"
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
