"""The local generative model: a GGUF file run by llama.cpp in this process.

Messages go in by the chat template that the file carries, text comes out as it is generated. A text that a message
quotes cannot end the message or open another one: control tokens spelt out in it lose their power.

Knows nothing of sketches or memories. llama-cpp-python is imported, and the model loaded, at the first use.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from persona_cli.errors import ContextOverflow, ModelBroken, ModelMissing
from persona_cli.local.silence import silenced
from persona_cli.paths import Folders, embedded_model

EMBEDDED = "nano"
# A small model can fall into saying the same for ever: up to so many pieces, so many times over, and it is stopped.
LOOP_LENGTH = 4
LOOP_TURNS = 6
# An answer gets at least this many tokens of the window (or as many as were asked for), else the text is too long.
LEAST_ANSWER = 64
PREFILL = 512
# A model of fewer bytes runs on one thread unless told otherwise.
TINY = 64 * 2**20
_log: deque[str] = deque(maxlen=200)


class Message(Protocol):
    """`role` is system, user or assistant."""

    @property
    def role(self) -> str: ...
    @property
    def content(self) -> str: ...


class Engine:
    """A GGUF model. `context` is the window in tokens (at most what the model was trained for); `threads` 0 means one
    for each core (one alone for a tiny model).

    After a `stream`, `cut_short` tells whether the answer ended at its limit. One stream at a time.
    """

    def __init__(self, model_path: Path, context: int = 4096, threads: int = 0, seed: int = 0) -> None:
        self.path = model_path
        self.cut_short = False
        self._context = context
        self._threads = threads
        self._seed = seed

    @property
    def name(self) -> str:
        return self.path.stem

    def load(self) -> None:
        """Load the model now instead of at the first use. Raises ModelMissing, ModelBroken."""
        _ = self._llama

    @property
    def window(self) -> int:
        """Tokens for prompt and answer together. Loads the model."""
        return min(int(self._llama.n_ctx()), int(self._llama._model.n_ctx_train()))

    def stream(
        self, messages: Sequence[Message], max_tokens: int, temperature: float = 0.0, seed: int | None = None
    ) -> Iterator[str]:
        """The answer, piece by piece; closing the iterator stops the model. Temperature 0 is deterministic.

        Raises ModelMissing, ModelBroken, and ContextOverflow before the first piece.
        """
        self.cut_short = False
        llama, prompt = self._llama, self._prompt(messages)
        room = self.window - len(prompt)
        if room < min(max_tokens, LEAST_ANSWER):
            raise ContextOverflow(
                f"The text is too long for the local model {self.name}: it takes {len(prompt)} tokens, and the window "
                f"has {self.window} for text and answer together. Shorten it (persona compress), or use a model with a "
                "longer window."
            )
        with silenced():
            pieces = llama.create_completion(
                prompt, max_tokens=min(max_tokens, room), temperature=temperature, stream=True,
                seed=self._seed if seed is None else seed,
            )  # fmt: skip
        latest: deque[str] = deque(maxlen=LOOP_LENGTH * LOOP_TURNS)
        with closing(pieces):
            while not _loops(latest):
                # The terminal gets its descriptor back while the caller has the turn.
                with silenced():
                    piece = next(pieces, None)
                if piece is None:
                    return
                choice = piece["choices"][0]
                self.cut_short = choice["finish_reason"] == "length"
                if choice["text"]:
                    latest.append(choice["text"])
                    yield choice["text"]
        self.cut_short = True

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens that `messages` take as a prompt, template included."""
        return len(self._prompt(messages))

    def close(self) -> None:
        """Free the model. The next use loads it again."""
        if "_llama" in self.__dict__:
            with silenced():
                self._llama.close()
            del self._llama

    @cached_property
    def _llama(self) -> Any:
        _look_at(self.path)
        # llama.cpp's threads wait for each other by spinning: on a busy machine, a tiny model spends its time on that.
        threads = self._threads or (1 if self.path.stat().st_size < TINY else os.cpu_count() or 1)
        with silenced() as heard:
            try:
                from llama_cpp import Llama, llama_log_set

                llama_log_set(_log_callback(), None)
                _log.clear()
                return Llama(
                    str(self.path), n_ctx=self._context, n_batch=min(PREFILL, self._context), n_threads=threads,
                    n_threads_batch=threads, seed=self._seed, verbose=False,
                )  # fmt: skip
            except ImportError as error:
                raise ModelBroken(f"llama.cpp is not installed or broken ({error}). Run ./install.sh again.") from error
            except (ValueError, RuntimeError, OSError, AssertionError) as error:
                failure = error
        raise ModelBroken(
            f"llama.cpp cannot load the model {self.path} ({_reason(heard.text, failure)}). "
            "Get the file again, or choose another model (persona config set local.model)."
        ) from failure

    @cached_property
    def _template(self) -> Any:
        from llama_cpp import llama_chat_format

        llama = self._llama
        texts = [
            llama._model.token_get_text(token) if token >= 0 else "" for token in (llama.token_eos(), llama.token_bos())
        ]
        template = llama.metadata.get("tokenizer.chat_template", llama_chat_format.CHATML_CHAT_TEMPLATE)
        return llama_chat_format.Jinja2ChatFormatter(template, *texts)

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        told = [{"role": item.role, "content": self._harmless(item.content)} for item in messages]
        try:
            formatted = self._template(messages=told)
        except Exception as error:  # a template is a program of the model's maker, and raises what it likes
            raise ModelBroken(
                f"The chat template of the model {self.path} does not take this conversation ({error}). "
                "Choose another model (persona config set local.model)."
            ) from error
        tokens: list[int] = self._llama.tokenize(
            formatted.prompt.encode(), add_bos=not formatted.added_special, special=True
        )
        return tokens

    def _harmless(self, text: str) -> str:
        """`text` with every control token that it spells out broken by a zero-width space."""
        text = text.encode("utf-8", "replace").decode()
        while True:
            tokens = self._llama.tokenize(text.encode(), add_bos=False, special=True)
            if tokens == self._llama.tokenize(text.encode(), add_bos=False, special=False):
                return text
            spelt = {self._llama._model.token_get_text(token) for token in tokens if self._is_control(token)}
            broken = text
            for control in spelt:
                broken = broken.replace(control, control[:1] + "\N{ZERO WIDTH SPACE}" + control[1:])
            if broken == text:
                return text
            text = broken

    def _is_control(self, token: int) -> bool:
        from llama_cpp import LLAMA_TOKEN_ATTR_CONTROL, LLAMA_TOKEN_ATTR_UNKNOWN, llama_vocab_get_attr

        attributes = llama_vocab_get_attr(self._llama._model.vocab, token)
        return bool(attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN))


def _loops(latest: Sequence[str]) -> bool:
    """Whether the latest pieces are one phrase of at most LOOP_LENGTH pieces, LOOP_TURNS times over."""
    told = list(latest)
    return any(
        len(told) >= length * LOOP_TURNS
        and told[-length * LOOP_TURNS :] == told[-length:] * LOOP_TURNS
        and any(character.isalnum() for piece in told[-length:] for character in piece)
        for length in range(1, LOOP_LENGTH + 1)
    )


def resolve_model(name: str, folders: Folders) -> Path:
    """The file of a model: "" or "nano" for the embedded one, a path to a .gguf file, or a downloaded model's name.

    Raises ModelMissing.
    """
    if name in ("", EMBEDDED):
        return embedded_model(f"{EMBEDDED}.gguf")
    downloaded = folders.data / "models"
    if name.endswith(".gguf") or os.sep in name:
        path = Path(name).expanduser()
        found = path if path.is_file() or path.is_absolute() else downloaded / path
    else:
        found = downloaded / f"{name}.gguf"
    if not found.is_file():
        names = sorted([EMBEDDED, *(path.stem for path in downloaded.glob("*.gguf"))])
        raise ModelMissing(
            f"There is no local model '{name}'. Installed: {', '.join(names)}. Give one of these names or the path of "
            "a .gguf file (persona config set local.model)."
        )
    return found


def _look_at(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ModelMissing(
            f"The model file {path} is not there. Name another (persona config set local.model)."
        ) from None
    except OSError as error:
        raise ModelBroken(f"The model file {path} cannot be read ({error.strerror}). Check its permissions.") from error
    if magic != b"GGUF":
        raise ModelBroken(
            f"{path} is not a GGUF model. llama.cpp needs one; name another (persona config set local.model)."
        )


def _reason(written: str, error: Exception) -> str:
    """The most telling line of what llama.cpp said."""
    lines = [line.strip() for line in (*written.splitlines(), *"".join(_log).splitlines()) if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fail" in line.lower()]
    return (telling or [str(error)])[0][:300]


_kept_callback: Any = None


def _log_callback() -> Any:
    """llama.cpp's log, kept for `_reason` instead of written. The object lives as long as llama.cpp may call it."""
    global _kept_callback
    if _kept_callback is None:
        from llama_cpp import llama_log_callback

        def keep(level: int, text: bytes, user_data: object) -> None:
            _log.append(text.decode("utf-8", "replace"))

        _kept_callback = llama_log_callback(keep)
    return _kept_callback
