"""What goes into the pipeline and what comes out of it: Request, Draft, Reply, Answer. Knows no step of it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from persona_cli.consent import RejectedEdit
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled
    from persona_cli.sketch.sketch import Decision, Message, Sketch


@dataclass(frozen=True)
class Request:
    """What the user asks. `document` is what came through the pipe; `facts` are private things known for this request.

    `role` is the user's own system text; "" leaves that to the conversation, which goes on with its last one.

    `conversation` is the id of the conversation it belongs to ("" for none: nothing is stored). `mode` is one of
    settings.MODES, "" leaves it to the setting answer.mode; `mode_reason` says why it is that, once it was chosen, and
    with `fallback` the local model answers where the cloud fails. `finish` says whether the local model fits the answer
    to the user's style and fills it (None: the setting answer.finish), and `wish` how it should be ("warmer").
    `confirm` says whether the user must consent before it leaves; None leaves that to the setting privacy.confirm.
    `schema` is a JSON schema, as JSON, that the answer has to hold; with `usage` the cloud is asked to count tokens.
    `tools` names those that the cloud may ask for, `functions` are more files of Python tools, and with `approve_tools`
    those run unasked that the settings trust. With
    `retry` the answer takes the place of the conversation's last exchange, which stays until there is one.
    """

    text: str
    document: str = ""
    facts: tuple[str, ...] = ()
    conversation: str = ""
    mode: str = ""
    mode_reason: str = ""
    fallback: bool = False
    finish: bool | None = None
    wish: str = ""
    confirm: bool | None = None
    retry: bool = False
    role: str = ""
    tools: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    approve_tools: bool = False
    schema: str = ""
    usage: bool = False


@dataclass(frozen=True)
class Draft:
    """A request that is ready to leave. `table` restores the answer; `cleared` is what the gate let through.

    `rejected` is the user's last edit of it, where the gate would not have that. `exposure` is what the conversation
    tells the cloud of the user with it (None: not counted). `consent` is what the user said to it (consent.py). `said`
    is the user's message where the body holds one prompt and no messages, and `here` what the local model is told then.
    """

    request: Request
    sketch: Sketch
    table: Pseudonyms
    cleared: Cleared
    memories: tuple[Recalled, ...] = ()
    rejected: RejectedEdit | None = None
    exposure: Exposure | None = None
    consent: str = ""
    said: str = ""
    here: tuple[Message, ...] = ()

    @property
    def payload(self) -> dict[str, Any]:
        """The request body that would leave."""
        return json.loads(self.cleared.body)  # type: ignore[no-any-return]

    @property
    def message(self) -> str:
        """The user's message as it would leave."""
        return self.said or str(self.payload["messages"][-1]["content"])

    @property
    def payload_text(self) -> str:
        """Every character that would leave but the protocol's own keys: all strings of the body, one a line."""
        from persona_cli.privacy.bodies import strings

        return "\n".join(text for path, text in strings(self.payload) if not path.endswith("(key)"))

    @property
    def placeholders(self) -> dict[str, str]:
        """{what stands in the payload: the private value behind it}: a token, or its surrogate where that leaves."""
        leaving = self.payload_text
        shown = ((self.table.shown(entry), entry) for entry in self.table.entries)
        return {text if text in leaving else entry.token: entry.value for text, entry in shown}


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    `raw` is the text as the model wrote it and `text` as the user reads it; `held` are placeholders left in place
    inside a URL or code, `unknown` are tokens that this conversation never issued. `receipt` is the audit number (0:
    nothing left). `outline` is the cloud's, as the local model was given it. `learned` is what the memory took from the
    request. `shortened` is what was done to a document that was too long, "" for nothing. `fused` and `alone` count the
    tokens that the local model wrote with the cloud's and without (mode logits).
    `tools` are those that ran, in order, and `rounds` the receipts of the bodies that went back to the cloud for them.
    `tokens_in` and `tokens_out` are what was read and written for it (None: not counted; `tokens_about`: reckoned here,
    the server did not say), and `cost` what they cost in `currency`, where the user wrote down what the model costs.
    `invalid` says what is wrong with an answer that does not hold the request's schema, as a clause.
    `finished` says that the local model had the text to fit to the user's style or to fill, and `diff` what changed, as
    a unified diff. `filled` are the private words that came into it so, and `left_out` counts the facts that the
    request is about, that the cloud was not told, and for which no sentence was found.
    """

    text: str
    raw: str
    where: str
    model: str
    mode: str = ""
    mode_reason: str = ""
    complete: bool = True
    restored: int = 0
    held: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    withheld: int = 0
    replaced: int = 0
    memories: tuple[str, ...] = ()
    receipt: int = 0
    cut_short: bool = False
    outline: tuple[str, ...] = ()
    finished: bool = False
    diff: str = ""
    filled: tuple[str, ...] = ()
    left_out: int = 0
    learned: tuple[str, ...] = ()
    shortened: str = ""
    fused: int = 0
    alone: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_about: bool = False
    cost: float | None = None
    currency: str = ""
    invalid: str = ""
    tools: tuple[str, ...] = ()
    rounds: tuple[int, ...] = ()


Pieces: TypeAlias = Generator["str | Answer", None, None]
"""An answer on its way: text, then the Answer, once more when it has more to tell. Closing it keeps what has come."""


class Reply:
    """An answer as it arrives: iterate for the text, then read `answer`. `close()` stops it and keeps what has come.

    `withheld` says what stayed here, and why. `warning` is for the user before they iterate, which is what sends, as
    are `mode` and `mode_reason`.
    """

    def __init__(
        self,
        pieces: Pieces,
        withheld: tuple[Decision, ...] = (),
        warning: str = "",
        mode: str = "",
        mode_reason: str = "",
    ) -> None:
        self._pieces = pieces
        self.withheld = withheld
        self.warning = warning
        self.mode = mode
        self.mode_reason = mode_reason
        self.answer: Answer | None = None
        # Whether some of the text has come.
        self.begun = False

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            if isinstance(piece, Answer):
                self.answer = piece
            elif piece:
                self.begun = True
                yield piece

    def close(self) -> None:
        self._pieces.close()
