"""What the model has read: sequence 0 of its context, and the logits behind the last token.

A text that begins like the one before is read only from where they part. Reading a long one can be stopped.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from persona_cli.errors import ModelBroken
from persona_cli.local.kept_state import WORTH_KEEPING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.local.kept_state import KeptState, Taken

# Fewer tokens than this are read in the calling thread: over before anybody could stop them.
AT_ONCE = 16
# Seconds between two looks at whether to stop.
STEP = 0.02
# Rows of logits that are kept at a time where every token's are wanted: a large vocabulary has 600 kB in each.
ROWS = 64


class Stopped(Exception):
    """The reading was stopped. Some of the text may have been read, and counts as read the next time."""


class Batch:
    """Tokens for one call of llama_decode. `room` is how many fit."""

    def __init__(self, room: int) -> None:
        import llama_cpp
        import numpy as np

        self._free = llama_cpp.llama_batch_free
        self.room = room
        self.raw = llama_cpp.llama_batch_init(room, 0, 1)
        self.tokens, self.positions, self.wanted = (
            np.ctypeslib.as_array(field, shape=(room,)) for field in (self.raw.token, self.raw.pos, self.raw.logits)
        )
        for index in range(room):
            self.raw.n_seq_id[index] = 1
            self.raw.seq_id[index][0] = 0

    def clear(self) -> None:
        self.raw.n_tokens = 0

    def add(self, tokens: Sequence[int], start: int, sequence: int, wanted: int) -> None:
        """`tokens` at the positions from `start` of `sequence`; of the last `wanted` of them the logits are kept."""
        begin = self.raw.n_tokens
        end = begin + len(tokens)
        self.tokens[begin:end] = tokens
        self.positions[begin:end] = range(start, start + len(tokens))
        self.wanted[begin:end] = False
        self.wanted[max(begin, end - wanted) : end] = True
        for index in range(begin, end):
            self.raw.seq_id[index][0] = sequence
        self.raw.n_tokens = end

    def close(self) -> None:
        self._free(self.raw)


class Reader:
    """Sequence 0 of a context (llama_cpp._internals.LlamaContext). `lock` is held by whoever reads and looks at logits.

    What `kept` has snapshots of is not read again. `room` is how many tokens one call takes. `evaluated` counts every
    token that llama.cpp was given here; `turn` changes with every `read`, so that a writer sees that another text was
    read in between. `interrupted` is asked before each token: where it says so, KeyboardInterrupt is raised.
    """

    def __init__(
        self,
        context: Any,
        vocabulary_size: int,
        chunk: int,
        kept: KeptState | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        import llama_cpp

        self._kept = kept
        self._interrupted = interrupted
        self.lock = threading.RLock()
        self.evaluated = 0
        self.turn = 0
        self._held: list[int] = []
        self._live = False
        self._stopped = False
        self._closed = False
        self._width = vocabulary_size
        self._llama = llama_cpp
        self.context = context
        self.room = chunk
        self._one, self._many = Batch(1), Batch(chunk)
        self._one.add([0], 0, 0, 1)
        self._one_token, self._one_position = self._one.raw.token, self._one.raw.pos
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self._stopped)
        self._never = llama_cpp.ggml_abort_callback(0)

    def read(self, tokens: Sequence[int], stopped: Callable[[], bool] = lambda: False) -> None:
        """Make `tokens` (at least one) what was read, and the logits those behind its last.

        `stopped` is asked while it goes on; when it says so, Stopped is raised. KeyboardInterrupt stops it as well.
        Raises ModelBroken where llama.cpp gives up.
        """
        with self.lock:
            self.turn += 1
            common = self._common(tokens)
            if common == len(tokens) == len(self._held) and self._live:
                return
            if self._kept is not None and len(tokens) - common >= AT_ONCE:
                common = self._restored(self._kept, tokens, common)
            start = self._cut(min(common, len(tokens) - 1))
            for begin in range(start, len(tokens), self._many.room):
                piece = tokens[begin : begin + self._many.room]
                self._many.clear()
                self._many.add(piece, begin, 0, int(begin + len(piece) == len(tokens)))
                self.decode(self._many, stopped)
                self._held.extend(piece)
            self._live = True

    def push(self, token: int) -> None:
        """Read one more token. Between two calls nothing but this may have been called: see `turn`."""
        if self._interrupted():
            raise KeyboardInterrupt
        self._one_token[0] = token
        self._one_position[0] = len(self._held)
        self.evaluated += 1
        self._live = False
        if code := self._llama.llama_decode(self.context.ctx, self._one.raw):
            raise _broken(code)
        # In this order: an interrupt in between leaves a token in the context that the next `read` removes.
        self._held.append(token)
        self._live = True

    def rows(self, tokens: Sequence[int], first: int) -> Iterator[NDArray[np.float32]]:
        """The logits behind each of `tokens[first:]`, one row after the other; a row is valid until the next."""
        with self.lock:
            self.turn += 1
            start = self._cut(min(self._common(tokens), first))
            while start < len(tokens):
                size = min(self._many.room, first - start) if start < first else ROWS
                piece = tokens[start : start + size]
                self._many.clear()
                self._many.add(piece, start, 0, len(piece) if start >= first else 0)
                self.decode(self._many)
                self._held.extend(piece)
                self._live = start >= first
                if start >= first:
                    for index in range(len(piece)):
                        yield self.logits(index)
                start += len(piece)

    def logits(self, index: int = -1) -> NDArray[np.float32]:
        """llama.cpp's own memory [vocabulary]: valid until the next token is read, not to be written to."""
        import numpy as np

        row = self._llama.llama_get_logits_ith(self.context.ctx, index)
        return np.ctypeslib.as_array(row, shape=(self._width,))

    def decode(self, batch: Batch, stopped: Callable[[], bool] = lambda: False) -> None:
        """Give `batch` to llama.cpp, whatever its sequences; large ones can be stopped. Raises Stopped, ModelBroken."""
        if stopped():
            raise Stopped
        if self._interrupted():
            raise KeyboardInterrupt
        self._live = False
        count = int(batch.raw.n_tokens)
        if count < AT_ONCE:
            code = self._llama.llama_decode(self.context.ctx, batch.raw)
        else:
            code = self._stoppable(batch, lambda: stopped() or self._interrupted())
        if code == 2:
            raise KeyboardInterrupt if self._interrupted() else Stopped
        if code:
            raise _broken(code)
        self.evaluated += count

    def only(self, tokens: Sequence[int]) -> None:
        """As `read`, but `tokens` may be none, and nothing is kept behind them."""
        with self.lock:
            if tokens:
                self.read(tokens)
            self.turn += 1
            self._cut(len(tokens))

    def take(
        self, tokens: Sequence[int] | None = None, room: Callable[[int], Any] = bytearray, least: int = WORTH_KEEPING
    ) -> Taken | None:
        """A copy of the state of what was read, where `least` tokens of it are in no snapshot.

        With `tokens`, of as many of them as it begins with; what else was read is not read any more then. None also
        where something was forgotten meanwhile: all that was read is not read any more.
        """
        with self.lock:
            if self._kept is None or self._closed:
                return None
            if self._kept.forgotten_since():
                self.only([])
                return None
            common = len(self._held) if tokens is None else self._common(tokens)
            if common - self._kept.known_of(self._held[:common]) < least:
                return None
            if common < len(self._held):
                self.turn += 1
                if not self._cut(common):
                    return None
            return self._kept.take(self._held, room)

    def keep(self, tokens: Sequence[int] | None = None, least: int = WORTH_KEEPING) -> bool:
        """Keep what was read, as `take` takes it, for another process. Whether there is a snapshot more.

        Only copying the state keeps others from reading, not sealing and writing it.
        """
        taken = self.take(tokens, least=least)
        return taken is not None and self._kept is not None and self._kept.keep(taken)

    def shared(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` what was read begins with."""
        with self.lock:
            return self._common(tokens)

    def known_of(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` a snapshot begins with."""
        return 0 if self._kept is None else self._kept.known_of(tokens)

    @property
    def held(self) -> Sequence[int]:
        """The tokens that were read."""
        return self._held

    def close(self) -> None:
        """Waits for whoever reads in another thread; what comes later takes nothing."""
        with self.lock:
            self._closed = True
            self._one.close()
            self._many.close()

    def _restored(self, kept: KeptState, tokens: Sequence[int], common: int) -> int:
        """How many of `tokens` the context holds, from a snapshot if one holds more than the `common` ones."""
        found = kept.restore(tokens, common)
        if found is None:
            return common
        self._held, self._live = found, False
        return self._common(tokens)

    def _common(self, tokens: Sequence[int]) -> int:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._held, tokens, strict=False)))

    def _cut(self, length: int) -> int:
        """Keep the first `length` tokens; a model whose state cannot be cut (a recurrent one) keeps none. How many."""
        whole = length == len(self._held)
        del self._held[length:]
        self._live = False
        memory = self.context.memory
        # Even where nothing is to go: an interrupted call may have left tokens behind the ones that are known of.
        if not self._llama.llama_memory_seq_rm(memory, 0, length, -1) and not (whole and length):
            self._held.clear()
            self._llama.llama_memory_seq_rm(memory, 0, -1, -1)
            return 0
        return length

    def _stoppable(self, batch: Batch, stopped: Callable[[], bool]) -> int:
        """llama_decode in a thread of its own, while this one waits.

        Ctrl-C arrives in the main thread, between two instructions of Python: in a callback of llama.cpp's it would be
        swallowed. The abort callback costs a call for each operation of the model, so that it is there only here.
        """
        codes: list[int] = []
        done = threading.Event()
        context = self.context.ctx

        def work() -> None:
            try:
                # In here too: each of these calls logs, by way of Python.
                self._llama.llama_set_abort_callback(context, self._abort, ctypes.c_void_p())
                codes.append(self._llama.llama_decode(context, batch.raw))
                self._llama.llama_set_abort_callback(context, self._never, ctypes.c_void_p())
            finally:
                done.set()

        worker = threading.Thread(target=work, name="persona-reading", daemon=True)
        self._stopped = False
        try:
            worker.start()
            while not done.wait(STEP):
                self._stopped = self._stopped or stopped()
        finally:
            # Whatever ended the wait: nobody may touch the context before the thread has left it.
            self._leave(worker, done)
        return codes[0]

    def _leave(self, worker: threading.Thread, done: threading.Event) -> None:
        """Not by Thread.join: interrupted, it takes a thread that still runs for one that has ended (bpo-45274)."""
        self._stopped = True
        patience = round(1 / STEP)
        while not done.is_set() and (worker.ident is not None or patience > 0):
            patience -= 1  # for a thread that an interrupt kept from beginning
            with suppress(KeyboardInterrupt):  # the first one is on its way already
                done.wait(STEP)


def _broken(code: int) -> ModelBroken:
    return ModelBroken(
        f"llama.cpp gave up while the local model was reading (llama_decode: {code}). Try again, with a shorter text; "
        "if that does not help, choose another model (persona config set local.model)."
    )
