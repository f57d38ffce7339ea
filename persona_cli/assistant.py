"""The way of a request (DESIGN §1): recall, detect, pseudonymise, sketch, gate, cloud, restore, remember, audit.

    argv + stdin -> Request -> recall -> sketch (detect, pseudonymise) -> gate -> cloud -> restore -> Answer
                                                                           local --------^

Knows the order of the steps and nothing of how any of them is done, nor of the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import CloudError, Refused
from persona_cli.sketch.sketch import Decision, Message, Sketch, body, prompt

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

LOCAL_SYSTEM: Final = (
    "You are persona, a private assistant on the user's own machine. "
    "Write what is asked, using the notes where they help."
)
ANSWER_TOKENS: Final = 1024
# Older turns than fit in here are not sent again. Characters, over all messages of the history.
HISTORY_LENGTH: Final = 12_000


@dataclass(frozen=True)
class Request:
    """What the user asks. `document` is what came through the pipe; `facts` are private things known for this request.

    `conversation` is the id of the conversation it belongs to ("" for none: nothing is stored).
    """

    text: str
    document: str = ""
    facts: tuple[str, ...] = ()
    conversation: str = ""
    local: bool = False


@dataclass(frozen=True)
class Draft:
    """A request that is ready to leave. `table` restores the answer; `cleared` is what the gate let through."""

    request: Request
    sketch: Sketch
    table: Pseudonyms
    cleared: Cleared
    memories: tuple[Recalled, ...] = ()

    @property
    def payload(self) -> dict[str, Any]:
        """The request body that would leave."""
        return json.loads(self.cleared.body)  # type: ignore[no-any-return]

    @property
    def payload_text(self) -> str:
        """Every character that would leave but the protocol's own keys: all strings of the body, one a line."""
        from persona_cli.privacy.gate import strings

        return "\n".join(text for path, text in strings(self.payload) if not path.endswith("(key)"))


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    `raw` is the text as the model wrote it and `text` as the user reads it; `held` are placeholders left in place
    inside a URL or code, `unknown` are tokens that this conversation never issued. `receipt` is the audit number (0:
    nothing left).
    """

    text: str
    raw: str
    where: str
    model: str
    complete: bool = True
    restored: int = 0
    held: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    withheld: int = 0
    replaced: int = 0
    memories: tuple[str, ...] = ()
    receipt: int = 0
    cut_short: bool = False


class Reply:
    """An answer as it arrives: iterate for the text, then read `answer`. `close()` stops it and keeps what has come.

    `withheld` says what stayed here, and why.
    """

    def __init__(self, pieces: Iterator[str | Answer], withheld: tuple[Decision, ...] = ()) -> None:
        self._pieces = pieces
        self.withheld = withheld
        self.answer: Answer | None = None

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            if isinstance(piece, Answer):
                self.answer = piece
            elif piece:
                yield piece

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]


class Assistant:
    """persona's pipeline over `parts`."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def ask(self, request: Request) -> Reply:
        """Answer `request`, streaming. Raises Refused before anything leaves, CloudError when the cloud fails."""
        if request.local:
            return Reply(self._locally(request))
        return self.send(self.prepare(request))

    def send(self, draft: Draft) -> Reply:
        """Send what the gate cleared, and stream the restored answer. Raises CloudError."""
        return Reply(self._by_cloud(draft), draft.sketch.treated("withheld"))

    def prepare(self, request: Request, table: Pseudonyms | None = None) -> Draft:
        """Everything up to the cloud's door; opens no connection.

        `table` stands in for the conversation's own placeholders. Raises Refused.
        """
        from persona_cli.privacy.stated import read_facts
        from persona_cli.sketch.extractive import draft

        table = self._table(request) if table is None else table
        memories = self._recall(request)
        facts = read_facts(request.facts)
        detector = self.parts.detector_with(facts) if facts else self.parts.detector
        sketch = draft(request.text, request.document, self._history(request), memories, detector, table)
        cleared = self._clear(request, sketch, detector, table, [*self.parts.known_facts, *facts])
        return Draft(request, sketch, table, cleared, memories)

    def _by_cloud(self, draft: Draft) -> Iterator[str | Answer]:
        from persona_cli.privacy.restore import Restorer

        request, cloud = draft.request, self.parts.cloud
        self._save_table(draft)
        receipt = self._receipt(draft, "sending")
        restorer = Restorer(draft.table, frozenset(self.parts.settings.privacy.restore_in))
        raw: list[str] = []
        shown: list[str] = []
        outcome, failure = "interrupted", None
        try:
            for delta in cloud.stream(draft.cleared):
                raw.append(delta)
                shown.append(restorer.feed(delta))
                yield shown[-1]
            outcome = "answered"
        except CloudError as error:
            outcome, failure = "failed", error
        finally:
            shown.append(restorer.close())
            self._receipt(draft, outcome, refers_to=receipt)
            self._remember(request, "".join(shown))
        yield shown[-1]
        if failure is not None:
            raise failure
        yield Answer(
            text="".join(shown),
            raw="".join(raw),
            where="cloud",
            model=self.parts.settings.cloud.model,
            restored=restorer.restored,
            held=restorer.held,
            unknown=restorer.unknown,
            withheld=len(draft.sketch.treated("withheld")),
            replaced=len(draft.sketch.treated("replaced")),
            memories=tuple(memory.id for memory in draft.memories if memory.id),
            receipt=receipt,
            cut_short=cloud.cut_short,
        )

    def _locally(self, request: Request) -> Iterator[str | Answer]:
        engine = self.parts.engine
        memories = self._recall(request)
        notes = tuple(dict.fromkeys(memory.text for memory in memories))
        asked = Message("user", prompt(request.text, request.document, notes, "Notes"))
        messages = [Message("system", LOCAL_SYSTEM), *self._history(request), asked]
        shown: list[str] = []
        try:
            for delta in engine.stream(messages, max_tokens=ANSWER_TOKENS):
                shown.append(delta)
                yield delta
        finally:
            self._remember(request, "".join(shown))
        text = "".join(shown)
        used = tuple(memory.id for memory in memories if memory.id)
        yield Answer(text, text, "local", engine.name, memories=used, cut_short=engine.cut_short)

    # The steps, in the order of the picture.

    def _recall(self, request: Request) -> tuple[Recalled, ...]:
        from persona_cli.privacy.stated import statements
        from persona_cli.sketch.extractive import Recalled

        found = [Recalled("", fact) for fact in statements(request.facts)]
        wanted = self.parts.settings.memory.recall
        if wanted and self.parts.memory.count():
            from persona_cli.memory.recall import recall

            # The user's own name is in half of what they remember and tells the memories apart no better than "I".
            hits = recall(self.parts.memory, request.text, wanted, names=self.parts.user_names)
            found += [Recalled(hit.memory.id, hit.memory.text) for hit in hits]
        return tuple(found)

    def _clear(
        self, request: Request, sketch: Sketch, detector: Detector, table: Pseudonyms, facts: Sequence[KnownFact]
    ) -> Cleared:
        from persona_cli.parts import make_gate
        from persona_cli.privacy.gate import Known

        known = [Known(value, fact.kind) for fact in facts for value in (fact.value, *fact.aliases)]
        try:
            return make_gate(detector).clear(body(sketch, self.parts.settings.cloud.model), table, known)
        except Refused:
            self._remember(request, "")  # the request is not lost with the refusal
            raise

    def _history(self, request: Request) -> list[Message]:
        """The turns so far, the newest that fit."""
        if not request.conversation:
            return []
        kept: list[Message] = []
        room = HISTORY_LENGTH
        for turn in reversed(self.parts.conversations.turns(request.conversation)):
            room -= len(turn.text)
            if room < 0:
                break
            kept.insert(0, Message(turn.role, turn.text))
        return kept

    def _table(self, request: Request) -> Pseudonyms:
        from persona_cli.privacy.pseudonyms import Pseudonyms

        return self.parts.conversations.pseudonyms(request.conversation) if request.conversation else Pseudonyms()

    def _save_table(self, draft: Draft) -> None:
        if draft.request.conversation:
            self.parts.conversations.save_pseudonyms(draft.request.conversation, draft.table)

    def _receipt(self, draft: Draft, outcome: str, refers_to: int = 0) -> int:
        """Write a receipt and return its number. The one for "sending" holds the exact bytes, before they leave."""
        receipt = self.parts.audit.append(
            b"" if refers_to else draft.cleared.body,
            conversation=draft.request.conversation,
            destination=self.parts.cloud_host,
            model=self.parts.settings.cloud.model,
            mode="sketch",
            outcome=outcome,
            withheld=len(draft.sketch.treated("withheld")),
            generalised=len(draft.sketch.treated("generalised")),
            replaced=len(draft.sketch.treated("replaced")),
            refers_to=refers_to,
        )
        return receipt.n

    def _remember(self, request: Request, answer: str) -> None:
        """Keep both turns; the user's is kept even when no answer came."""
        if request.conversation:
            asked = prompt(request.text, request.document, (), "")
            self.parts.conversations.add(request.conversation, "user", asked)
            if answer:
                self.parts.conversations.add(request.conversation, "assistant", answer)
