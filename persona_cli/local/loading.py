"""A GGUF file loaded by llama.cpp: the model, and one context in which it reads and writes.

The context holds several sequences over one pool of cells: number 0 is what the engine and the scorer read, the others
are for answers that are written side by side (batch.py).
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Any

from persona_cli.errors import ModelBroken
from persona_cli.local.model_files import look_at
from persona_cli.local.silence import silenced

# Tokens that are read in one go.
CHUNK = 512
# Answers that can be written side by side.
SIDE_BY_SIDE = 8
# A model of fewer bytes runs on one thread unless told otherwise.
TINY = 64 * 2**20
_log: deque[str] = deque(maxlen=200)


class Loaded:
    """A loaded model. `context_tokens` is the size of the pool; `threads` 0 means one for each core (one alone for a
    tiny model). Raises ModelMissing, ModelBroken.

    Attributes: `model` and `context` are the binding's (llama_cpp._internals), `metadata` the GGUF's key-value pairs.
    """

    def __init__(self, path: Path, context_tokens: int, threads: int = 0) -> None:
        look_at(path)
        # llama.cpp's threads wait for each other by spinning: on a busy machine, a tiny model spends its time on that.
        threads = threads or (1 if path.stat().st_size < TINY else os.cpu_count() or 1)
        with silenced() as heard:
            try:
                self.model, self.context = _open(path, context_tokens, threads)
                self.metadata: dict[str, str] = self.model.metadata()
                return
            except ImportError as error:
                raise ModelBroken(f"llama.cpp is not installed or broken ({error}). Run ./install.sh again.") from error
            except (ValueError, RuntimeError, OSError, AssertionError) as error:
                failure = error
        raise ModelBroken(
            f"llama.cpp cannot load the model {path} ({_reason(heard.text, failure)}). "
            "Get the file again, or choose another model (persona config set local.model)."
        ) from failure

    @property
    def cells(self) -> int:
        """Tokens that all sequences together can hold."""
        return int(self.context.n_ctx())

    @property
    def window(self) -> int:
        """Tokens that one sequence can hold."""
        return min(self.cells, int(self.model.n_ctx_train()))

    def close(self) -> None:
        with silenced():
            self.context.close()
            self.model.close()


def _open(path: Path, context_tokens: int, threads: int) -> tuple[Any, Any]:
    import llama_cpp
    from llama_cpp._internals import LlamaContext, LlamaModel

    llama_cpp.llama_log_set(_log_callback(), None)
    llama_cpp.llama_backend_init()
    _log.clear()
    of_model = llama_cpp.llama_model_default_params()
    of_model.n_gpu_layers = 0
    model = LlamaModel(path_model=str(path), params=of_model, verbose=True)
    of_context = llama_cpp.llama_context_default_params()
    of_context.n_ctx = context_tokens
    of_context.n_batch = of_context.n_ubatch = min(CHUNK, context_tokens)
    of_context.n_threads = of_context.n_threads_batch = threads
    of_context.n_seq_max = 1 + SIDE_BY_SIDE
    of_context.kv_unified = True
    of_context.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    try:
        return model, LlamaContext(model=model, params=of_context, verbose=False)
    except BaseException:
        model.close()
        raise


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
