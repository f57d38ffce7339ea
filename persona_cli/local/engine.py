"""The local generative model: a GGUF file run by llama.cpp in this process.

Messages go in by the chat template that the file carries, text comes out as it is generated, constrained on demand: to
a JSON schema, to the placeholders that are allowed. Prompts that begin alike are read only from where they part.

Knows nothing of sketches or memories. llama-cpp-python is imported, and the model loaded, at the first use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from persona_cli.errors import ContextOverflow, ModelBroken
from persona_cli.local.prompting import Message, Said

if TYPE_CHECKING:
    from persona_cli.local.answer import Answer
    from persona_cli.local.loading import Loaded
    from persona_cli.local.prompting import Prompting
    from persona_cli.local.reading import Reader
    from persona_cli.local.scoring import Scorer
    from persona_cli.local.snapshots import Snapshots
    from persona_cli.local.vocabulary import Vocabulary

_T = TypeVar("_T")
# An answer gets at least this many tokens of the window (or as many as were asked for), else the text is too long.
LEAST_ANSWER = 64


class Engine:
    """A GGUF model. `context` is the window in tokens (at most what the model was trained for); `threads` 0 means one
    for each core (one alone for a tiny model). With `snapshots`, what `keep_read` kept need not be read again.

    After a `stream` (or `complete`), `cut_short` tells whether the answer ended at its limit. Calls may be mixed: a
    stream that another call interrupts reads again what it needs. Ctrl-C and closing leave the engine usable.
    """

    def __init__(
        self,
        model_path: Path,
        context: int = 4096,
        threads: int = 0,
        seed: int = 0,
        snapshots: Snapshots | None = None,
    ) -> None:
        self._snapshots = snapshots
        self.interrupted: Callable[[], bool] = lambda: False
        """Asked while the model reads and writes: where it says so, KeyboardInterrupt is raised, as Ctrl-C would."""
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
        _ = self._loaded

    @property
    def window(self) -> int:
        """Tokens for prompt and answer together. Loads the model."""
        return self._loaded.window

    @property
    def evaluated(self) -> int:
        """Tokens that llama.cpp was given to read since the model was loaded."""
        return self._reader.evaluated

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        schema: Mapping[str, Any] | None = None,
        bias: Mapping[int, float] | None = None,
        allowed_placeholders: Collection[str] | None = None,
        avoid_repeats: bool = False,
    ) -> Answer:
        """The answer, piece by piece; closing the iterator stops the model, also while it reads the prompt.

        Temperature 0 is deterministic. `schema` (JSON schema, see json_grammar.grammar): unless it is cut short, the
        answer is JSON of it. `bias`: what is added to the logits of some tokens (see `ban`). `allowed_placeholders`:
        no others can come up in the answer (see placeholder_rule). `avoid_repeats`: a mild penalty on going on with
        what the answer said before; never with a schema.

        Raises ModelMissing, ModelBroken, and ContextOverflow before the first piece.
        """
        from persona_cli.local.answer import Answer, write

        def begin(answer: Answer) -> Generator[str, None, None]:
            from persona_cli.local.json_grammar import grammar
            from persona_cli.local.placeholder_rule import PlaceholderRule
            from persona_cli.local.sampling import Sampler

            self.cut_short = False
            prompt = self.prompt(messages)
            limit = self._room(len(prompt), max_tokens)
            rule = None if allowed_placeholders is None else PlaceholderRule(allowed_placeholders, self._vocabulary)
            sampler = Sampler(
                self._loaded.model, temperature, self._seed if seed is None else seed, bias,
                None if schema is None else grammar(schema), rule, avoid_repeats and schema is None,
            )  # fmt: skip
            try:
                yield from write(answer, prompt, limit, self._reader, self._vocabulary, sampler, rule)
            finally:
                self.cut_short = answer.cut_short

        return Answer(begin)

    def complete(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        schema: Mapping[str, Any] | None = None,
        bias: Mapping[int, float] | None = None,
        allowed_placeholders: Collection[str] | None = None,
        avoid_repeats: bool = False,
    ) -> str:
        """The whole answer of `stream`."""
        pieces = self.stream(
            messages, max_tokens, temperature, seed, schema, bias, allowed_placeholders, avoid_repeats
        )  # fmt: skip
        with closing(pieces):
            return "".join(pieces)

    def complete_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        bias: Mapping[int, float] | None = None,
        allowed_placeholders: Collection[str] | None = None,
    ) -> Any:
        """The answer as a value of `schema`. One that is cut short is closed (json_closing) where it got far enough.

        Raises as `stream` does, and ModelBroken where it did not.
        """
        from persona_cli.local.json_closing import Unclosable, closed

        text = self.complete(messages, max_tokens, temperature, seed, schema, bias, allowed_placeholders)
        try:
            return closed(text, schema)
        except Unclosable as error:
            raise ModelBroken(
                f"The answer of the local model {self.name} broke off after {max_tokens} tokens or fewer ({error}). "
                "Ask for less at once, or use a larger model (persona config set local.model)."
            ) from error

    def complete_many(
        self, conversations: Sequence[Sequence[Message]], max_tokens: int, parallel: int = 4
    ) -> list[str]:
        """The answer to each conversation, greedily, up to `parallel` (at most 8) side by side, in their order.

        As many at a time as the context holds: with a small one, one after the other. Raises as `stream` does.
        """
        from persona_cli.local.batch import answers

        if not conversations:
            return []
        prompts = [self.prompt(messages) for messages in conversations]
        limits = [self._room(len(prompt), max_tokens) for prompt in prompts]
        written = answers(prompts, limits, self._loaded, self._reader, self._vocabulary, max(1, parallel))
        return [self._vocabulary.whole(tokens) for tokens in written]

    def ban(self, texts: Collection[str]) -> dict[int, float]:
        """A `bias` by which no token that holds one of `texts` whole can come up. A text of several tokens is out of
        its reach: `allowed_placeholders` is not."""
        told = [text.encode() for text in texts]
        return {
            token: float("-inf")
            for token, spelt in enumerate(self._vocabulary.every)
            if any(text and text in spelt for text in told)
        }

    def scorer(self) -> Scorer:
        """Log-probabilities from the same loaded model. Valid until `close`."""
        from persona_cli.local.scoring import Scorer

        return Scorer(self._reader, self._vocabulary, self.window)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of `messages`, template included, up to where the answer begins. Raises ModelBroken."""
        return self._rendered(lambda: self._prompting.tokens(messages))

    def prompt_text(self, messages: Sequence[Message]) -> str:
        """The same as text, control tokens spelt out. Raises ModelBroken."""
        return self._rendered(lambda: self._prompting.text(messages))

    def _rendered(self, render: Callable[[], _T]) -> _T:
        try:
            return render()
        except Exception as error:  # a template is a program of the model's maker, and raises what it likes
            raise ModelBroken(
                f"The chat template of the model {self.path} does not take this conversation ({error}). "
                "Choose another model (persona config set local.model)."
            ) from error

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens that `messages` take as a prompt, template included."""
        return len(self.prompt(messages))

    def beginning(self, messages: Sequence[Message]) -> list[int]:
        """The tokens with which every prompt begins in which the user's next message follows `messages`.

        Where the template has no place for one there (it stands behind another of the user's), they are fewer.
        """
        one, other = (self.prompt([*messages, Said("user", text)]) for text in ("1", "x"))
        return [token for token, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))]

    def keep_read(self, begun: Sequence[Message] | None = None) -> bool:
        """Keep what the model has read and written last, for later processes; whether there is a snapshot more.

        With `begun` (the messages behind which the conversation goes on) only what the next prompt begins with; the
        rest is not read any more. To be called when the answer is on the screen, from any thread. Does nothing before
        the model is loaded, and raises nothing of the disk.
        """
        if not self.has_read:
            return False
        return self._reader.keep(None if begun is None else self.beginning(begun))

    @property
    def since(self) -> bytes:
        """What had been forgotten when this was asked: to be asked before a text is read that `hand_over` is given."""
        return self._snapshots.since if self._snapshots is not None else b""

    def hand_over(self, begun: Sequence[Message], since: bytes) -> int | None:
        """As `keep_read` with `begun`, in another process: a descriptor for its handing_over.keep_handed_over.

        None where too little is new, or something was forgotten since `since`. Raises OSError and ModelBroken.
        """
        from persona_cli.local.handing_over import hand_over

        if not self.has_read or self._snapshots is None:
            return None
        tokens = self.beginning(begun)
        if len(tokens) >= self.window:
            return None
        return hand_over(self.path, self._context, self._threads, self._snapshots, self._reader, tokens, since)

    def read_ahead(self, tokens: Sequence[int]) -> bool:
        """Read `tokens` and keep them; whether there is a snapshot more. For a process in the background.

        Ends early when a request reads in another process, or something is forgotten there. Raises ModelMissing,
        ModelBroken.
        """
        from persona_cli.local.kept_state import WORTH_RESTORING
        from persona_cli.local.reading import Stopped

        if self._snapshots is None or not 0 < len(tokens) < self.window:
            return False
        try:
            self._reader.read(tokens, lambda: self._snapshots is not None and not self._snapshots.has_turn())
        except Stopped:
            return False
        return self._reader.keep(least=WORTH_RESTORING)

    @property
    def has_read(self) -> bool:
        return "_reader" in self.__dict__

    def close(self) -> None:
        """Free the model. The next use loads it again."""
        if "_reader" in self.__dict__:
            self._reader.close()
        if "_loaded" in self.__dict__:
            self._loaded.close()
        for part in ("_reader", "_prompting", "_vocabulary", "_loaded"):
            self.__dict__.pop(part, None)

    def _room(self, taken: int, max_tokens: int) -> int:
        """Tokens for the answer behind a prompt of `taken`. Raises ContextOverflow."""
        room = self.window - taken
        if room < min(max_tokens, LEAST_ANSWER):
            raise ContextOverflow(
                f"The text is too long for the local model {self.name}: it takes {taken} tokens, and the window "
                f"has {self.window} for text and answer together. Shorten it (persona compress), begin a new "
                "conversation, or use a model with a longer window."
            )
        return min(max_tokens, room)

    @cached_property
    def _loaded(self) -> Loaded:
        from persona_cli.local.loading import Loaded

        return Loaded(self.path, self._context, self._threads)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from persona_cli.local.vocabulary import Vocabulary

        return Vocabulary(self._loaded.model)

    @cached_property
    def _reader(self) -> Reader:
        from persona_cli.local.loading import CHUNK
        from persona_cli.local.reading import Reader

        kept = None
        if self._snapshots is not None:
            from persona_cli.local.kept_state import KeptState, identity

            kept = KeptState(self._snapshots, self._loaded.context, identity(self.path, self._context))
        chunk = min(CHUNK, self._context)
        return Reader(self._loaded.context, self._vocabulary.size, chunk, kept, lambda: self.interrupted())

    @cached_property
    def _prompting(self) -> Prompting:
        from persona_cli.local.prompting import Prompting

        return Prompting(self._loaded.metadata.get("tokenizer.chat_template"), self._vocabulary)
