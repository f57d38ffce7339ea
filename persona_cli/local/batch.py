"""Several answers written side by side in one context: a model that is waiting for memory does so once for all.

What the prompts begin with in common (the system's message) is read once and shared. Greedy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from persona_cli.local.loading import SIDE_BY_SIDE, Loaded
from persona_cli.local.loops import Loops
from persona_cli.local.reading import Batch, Reader
from persona_cli.local.vocabulary import Vocabulary


@dataclass
class _Slot:
    """An answer being written in sequence `sequence`. `read` counts the tokens of prompt and answer in the context."""

    number: int
    sequence: int
    prompt: list[int]
    read: int
    tokens: list[int] = field(default_factory=list)
    loops: Loops = field(default_factory=Loops)

    @property
    def unread(self) -> list[int]:
        return [*self.prompt, *self.tokens][self.read :] if self.read < len(self.prompt) else self.tokens[-1:]


def answers(
    prompts: Sequence[list[int]], limits: Sequence[int], loaded: Loaded, reader: Reader, vocabulary: Vocabulary,
    parallel: int,
) -> list[list[int]]:  # fmt: skip
    """The tokens of the answer to each prompt, at most `limits[i]`, up to `parallel` at a time and only as many as the
    context holds. Each prompt must fit by itself. Raises ModelBroken; interrupted, it leaves the context clean."""
    import llama_cpp

    shared = _common(prompts)
    waiting = deque(enumerate(zip(prompts, limits, strict=True)))
    free = deque(range(1, 1 + min(parallel, SIDE_BY_SIDE)))
    written: list[list[int]] = [[] for _ in prompts]
    slots: list[_Slot] = []
    context, memory = loaded.context.ctx, loaded.context.memory
    chain = llama_cpp.llama_sampler_init_greedy()
    batch = Batch(reader.room)
    with reader.lock:
        try:
            reader.only(prompts[0][:shared])
            room = loaded.cells - shared
            while waiting or slots:
                while waiting and free:
                    number, (prompt, limit) = waiting[0]
                    need = len(prompt) - shared + limit
                    if need > room:
                        break
                    waiting.popleft()
                    room -= need
                    slots.append(_Slot(number, free.popleft(), prompt, shared))
                    if shared:
                        llama_cpp.llama_memory_seq_cp(memory, 0, slots[-1].sequence, 0, shared)
                ends = _fill(batch, slots)
                reader.decode(batch)
                for slot, index in ends:
                    token = int(llama_cpp.llama_sampler_sample(chain, context, index))
                    if token not in vocabulary.end_tokens:
                        slot.tokens.append(token)
                        if len(slot.tokens) < limits[slot.number] and not slot.loops.closes(
                            vocabulary.token_bytes(token)
                        ):
                            continue
                    written[slot.number] = slot.tokens
                    llama_cpp.llama_memory_seq_rm(memory, slot.sequence, -1, -1)
                    room += len(slot.prompt) - shared + limits[slot.number]
                    free.append(slot.sequence)
                    slots.remove(slot)
        finally:
            for sequence in range(1, 1 + SIDE_BY_SIDE):
                llama_cpp.llama_memory_seq_rm(memory, sequence, -1, -1)
            llama_cpp.llama_sampler_free(chain)
            batch.close()
    return written


def _common(prompts: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with; each keeps at least one of its own to go on from."""
    first, last = min(prompts), max(prompts)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return min(length, min(map(len, prompts)) - 1)


def _fill(batch: Batch, slots: Sequence[_Slot]) -> list[tuple[_Slot, int]]:
    """As much unread text as goes into one batch, the shortest first: nobody who writes waits for one who reads.

    Gives the slots that have read all of theirs, each with the index of its last token in the batch.
    """
    batch.clear()
    ends: list[tuple[_Slot, int]] = []
    for slot in sorted(slots, key=lambda slot: len(slot.prompt) - slot.read):
        left = batch.room - int(batch.raw.n_tokens)
        unread = slot.unread
        piece = unread[:left]
        if not piece:
            break
        whole = len(piece) == len(unread)
        batch.add(piece, slot.read, slot.sequence, int(whole))
        slot.read += len(piece)
        if whole:
            ends.append((slot, int(batch.raw.n_tokens) - 1))
    return ends
