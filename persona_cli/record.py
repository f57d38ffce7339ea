"""The record of an exchange: what persona keeps of it, each in its place, all sealed.

    before it leaves     the placeholders, what the cloud is told of the user, and the receipt with the exact bytes
    afterwards           the receipt of the outcome, the turns of the conversation, and what the memory takes from them

A request without a conversation leaves nothing but its receipts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

from persona_cli.conversation import answered, before_last_exchange
from persona_cli.errors import Refused, StoreError
from persona_cli.exchange import Answer, Draft, Request
from persona_cli.settings import LOCAL, OUTLINE
from persona_cli.sketch.sketch import Decision, Message, prompt

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled
    from persona_cli.tools.tool import Tool

# Older turns than fit in here are not sent again. Characters, over all messages of the history.
HISTORY_LENGTH: Final = 12_000
# Stands before an answer whose request was too long for it: strict servers want the user to begin, and to take turns.
LEFT_OUT: Final = "(An earlier request, too long to be told again.)"
# In these modes the local model answers, with private text that no cloud was shown: the exchange stays here for good.
STAYS: Final = (LOCAL, OUTLINE)
ANSWERED_HERE: Final = "it was answered on this machine"
# Characters of such an answer by which the user is told which one it is.
SHOWN: Final = 60


class Record:
    """Keeps and reads in the vault, the audit log and the memory of `parts`. Methods raise StoreError."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def history(self, request: Request) -> list[Message]:
        """The exchanges so far, the newest that fit; for a mode that sends them, those that no cloud was kept from.

        User and assistant take turns, the user first. What was never answered is not told again. See steady_start.
        """
        if not request.conversation:
            return []
        turns = self.parts.conversations.turns(request.conversation)
        if request.retry:
            turns = before_last_exchange(turns)
        told = [turn for turn in answered(turns) if request.mode in STAYS or not turn.here]
        start = steady_start([len(turn.text) for turn in told])
        kept = [Message(turn.role, turn.text) for turn in told[start:]]
        if kept and kept[0].role == "assistant":
            kept.insert(0, Message("user", LEFT_OUT))
        return kept

    def kept_here(self, request: Request) -> tuple[Decision, ...]:
        """What of the conversation `history` leaves out for a mode that sends it."""
        turns = self.parts.conversations.turns(request.conversation) if request.conversation else ()
        answers = [turn.text for turn in turns if turn.here and turn.role == "assistant"]
        role = self.parts.conversations.role(request.conversation) if request.conversation else None
        if role is not None and role.here and role.text != request.role:
            answers.append(role.text)
        return tuple(Decision("withheld", shorten(text, SHOWN), ANSWERED_HERE) for text in answers)

    def with_role(self, request: Request) -> Request:
        """`request` with the system text that its conversation goes on with, where it brings none of its own."""
        if request.role or not request.conversation:
            return request
        kept = self.parts.conversations.role(request.conversation)
        if kept is None or (kept.here and request.mode not in STAYS):
            return request
        return replace(request, role=kept.text)

    def table(self, request: Request) -> Pseudonyms:
        from persona_cli.privacy.pseudonyms import Pseudonyms

        return self.parts.conversations.pseudonyms(request.conversation) if request.conversation else Pseudonyms()

    def sending(self, draft: Draft, why: Sequence[str] = ()) -> int:
        """Keep what has to be on the disk, beside its placeholders, before `draft` leaves.

        Its receipt, by number, has the exact bytes. `why` is what it says in the place of the sketch's reasons.
        """
        self._save_exposure(draft)
        return self._receipt(draft, "sending", why=why)

    def ended(self, draft: Draft, receipt: int, outcome: str) -> None:
        """Write what came of one round of an answer with tools, which is not the answer yet."""
        self._receipt(draft, outcome, refers_to=receipt)

    def tool(self, draft: Draft, tool: Tool, arguments: Mapping[str, Any], consent: str) -> int:
        """The receipt of a call, with the exact arguments, before the tool has them."""
        told = {"tool": tool.name, "arguments": arguments}
        receipt = self.parts.audit.append(
            json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            conversation=draft.request.conversation,
            destination=tool.host or tool.where,
            model=tool.name,
            mode="tool",
            outcome="called",
            consent=consent,
        )
        return receipt.n

    def save_table(self, draft: Draft) -> None:
        """Keep the placeholders. Raises TakenMeanwhile where another process has given one to something else."""
        if draft.request.conversation:
            self.parts.conversations.save_pseudonyms(draft.request.conversation, draft.table)

    def _save_exposure(self, draft: Draft) -> None:
        if draft.request.conversation and draft.exposure and draft.exposure.traits:
            self.parts.disclosures.tell(draft.request.conversation, draft.exposure.traits)

    def _receipt(
        self, draft: Draft, outcome: str, refers_to: int = 0, also: Sequence[bytes] = (), why: Sequence[str] = ()
    ) -> int:
        """Write a receipt and return its number. `also`: all the bodies that left, where it was more than the first."""
        from persona_cli.privacy.front_coding import packed

        receipt = self.parts.audit.append(
            (packed(also) if also else b"") if refers_to else draft.cleared.body,
            conversation=draft.request.conversation,
            destination=self.parts.cloud_host,
            model=self.parts.settings.cloud.model,
            mode=draft.request.mode,
            outcome=outcome,
            withheld=len(draft.sketch.treated("withheld")),
            generalised=len(draft.sketch.treated("generalised")),
            replaced=len(draft.sketch.treated("replaced")),
            refers_to=refers_to,
            consent=draft.consent,
            reasons=_sum(also) if refers_to else why or draft.sketch.reasons,
        )
        return receipt.n

    def conclude(
        self, draft: Draft, outcome: str, receipt: int, answer: str, also: Sequence[bytes] = (), here: bool = False
    ) -> StoreError | None:
        """Keep what came of a request that left, and the bodies that left for it where they were several (`also`).

        `here`: the answer says what the cloud is not to know. What could not be kept is returned: the answer is not
        lost with it.
        """
        unkept = None
        try:
            if also:
                self.save_table(draft)
            self._receipt(draft, outcome, refers_to=receipt, also=also)
        except StoreError as error:
            unkept = error
        try:
            self.turns(draft.request, answer, complete=outcome == "answered", here=here)
        except StoreError as error:
            unkept = error
        return unkept

    @contextmanager
    def kept_when_refused(self, request: Request) -> Iterator[None]:
        try:
            yield
        except Refused:
            self.turns(request, "", complete=False)  # the request is not lost with the refusal
            raise

    def turns(self, request: Request, answer: str, complete: bool, here: bool = False) -> None:
        """Keep both turns; the user's is kept even when no answer came. A retry changes nothing until one came.

        `here`: no cloud is to be told of them later, as of those of the modes in STAYS.
        """
        if request.conversation:
            here = here or request.mode in STAYS
            asked = prompt(request.text, request.document, (), "")
            self._keep_role(request)
            if request.retry:
                self.parts.conversations.answer_again(request.conversation, asked, answer, complete, here)
                return
            with self.parts.conversations_vault.transaction():  # no other exchange comes between them
                self.parts.conversations.add(request.conversation, "user", asked, here)
                if answer:
                    self.parts.conversations.add(request.conversation, "assistant", answer, here)

    def _keep_role(self, request: Request) -> None:
        """The system text stays with the conversation. Sent once, it may be sent again; given here, it stays here."""
        if not request.role:
            return
        here = request.mode in STAYS
        kept = self.parts.conversations.role(request.conversation)
        if kept is None or kept.text != request.role or (kept.here and not here):
            self.parts.conversations.set_role(request.conversation, request.role, here)

    def amend(self, request: Request, answer: str) -> None:
        """Put `answer` in the place of the one that was kept last."""
        if request.conversation:
            last = self.parts.conversations.turns(request.conversation)[-1:]
            asked = prompt(request.text, request.document, (), "")
            here = any(turn.here for turn in last)
            self.parts.conversations.answer_again(request.conversation, asked, answer, complete=True, here=here)

    def memory_out_of_reach(self, request: Request) -> bool:
        """Whether the memory is on a server, and the request one that opens no connection."""
        return request.mode == LOCAL and bool(self.parts.settings.memory.url)

    def learned(self, request: Request, memories: Sequence[Recalled], answer: Answer) -> Answer:
        """`answer` with what was remembered of the request, once the memories that it made use of are noted.

        Comes after the answer itself, which is on the screen by then. A request without a conversation leaves no trace.
        """
        if not request.conversation or self.parts.unlogged or self.memory_out_of_reach(request):
            return answer
        from persona_cli.memory.remembering import learn, note_uses

        store = self.parts.memory
        recalled = [(memory.id, memory.text) for memory in memories]
        note_uses(store, recalled, request.text, answer.text, datetime.now(timezone.utc))
        if self.parts.settings.memory.learn == "off":
            return answer
        return replace(answer, learned=tuple(new.text for new in learn(store, request.text, request.conversation)))


def _sum(bodies: Sequence[bytes]) -> tuple[str, ...]:
    return (f"{len(bodies)} requests, {sum(map(len, bodies))} bytes in all",) if bodies else ()


def steady_start(lengths: Sequence[int], most: int = HISTORY_LENGTH, share: float = 0.7, last: int = 4) -> int:
    """The first of the turns, of these lengths, that goes along: all from there on take at most `most` characters.

    It stays where it is turn after turn, and then moves far enough to leave room for some more (down to `share` of
    `most`, but for the `last` turns): a prompt that begins like the one before is not read again, here or there.
    """
    start = total = 0
    for end, length in enumerate(lengths, 1):
        total += length
        full = total > most
        while start < end and (total > most or (full and total > most * share and start < end - last)):
            total -= lengths[start]
            start += 1
    return start
