"""The pipeline and the detector as the commands use them: in the running server where one answers, else in here.

`assistant_for` and `detector_for` stand in for Assistant and Parts.detector. The user's terminal, files and
conversations stay with the command. What cannot be told faithfully is done in here: tools, and what is not to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from persona_cli.consent import Consent, nobody_to_ask
from persona_cli.errors import CloudError, PersonaError
from persona_cli.exchange import Answer, Draft, Pieces, Reply, Request
from persona_cli.serve import carrying, identity
from persona_cli.serve.frames import Frame
from persona_cli.serve.reaching import Connection, Lost, connection
from persona_cli.settings import LOCAL, LOGITS

if TYPE_CHECKING:
    from persona_cli.assistant import Assistant
    from persona_cli.parts import Parts
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.privacy.spans import PrivateSpan
    from persona_cli.tools.approval import Approval

# After Ctrl-C the server keeps what had come, which is waited for.
KEEPING_SECONDS: Final = 3.0
GONE: Final = (
    "The running server ended before the answer was there. `persona audit list` shows whether the request had left; "
    "ask again, which works without a server as well."
)


class _Served:
    """What assistant and detector have in common: one line, opened when it is needed, and asked as long as it holds."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._line: Connection | None = None

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()

    def _asked(self, do: str, **more: Any) -> Frame | None:
        """What the server answers to a call that sends nothing to a cloud; None where there is no server."""
        for _ in range(2):  # one that has ended since the last call may have a successor
            fresh = self._line is None
            try:
                return self._told(do, more)
            except Lost:
                self._line = None
                if fresh:
                    return None
        return None

    def _told(self, do: str, more: Frame) -> Frame | None:
        line = self._connected()
        if line is None:
            return None
        try:
            for told in line.call(self._call(do, more)):
                self._progress(told)
                if "end" in told:
                    return dict(told["end"])
                if "error" in told:
                    raise carrying.read_error(told["error"])
        except KeyboardInterrupt:
            self._line = None
            line.hang_up()
            raise
        raise Lost

    def _connected(self) -> Connection | None:
        if self._line is None and not self.parts.unlogged:
            self._line = connection(self.parts)
        return self._line

    def _call(self, do: str, more: Frame) -> Frame:
        env = identity.brought(self.parts.env)
        return {"do": do, "settings": carrying.written(self.parts.settings), "env": env, **more}

    def _progress(self, told: Frame) -> None:
        if "reading" in told and self.parts.reading is not None:
            self.parts.reading(told["reading"])


class Served(_Served):
    """See Assistant. `is_served`: the last answer came from a server, which has tidied up after it as well."""

    def __init__(
        self, parts: Parts, consent: Consent = nobody_to_ask, approval: Callable[[], Approval] | None = None
    ) -> None:
        super().__init__(parts)
        self._consent = consent
        self._approval = approval
        self.is_served = False

    def close(self) -> None:
        super().close()
        if "_here" in self.__dict__:
            self._here.close()

    def choose(self, request: Request, dry: bool = False) -> Request:
        """See Assistant.choose."""
        if not request.tools:
            told = self._asked("choose", request=carrying.written(request), dry=dry)
            if told is not None:
                return carrying.read_request(told["request"])
        return self._here.choose(request, dry)

    def prepare(self, request: Request, table: Pseudonyms | None = None) -> Draft:
        """See Assistant.prepare. A draft that a server made is there to be shown: it cannot be sent."""
        if not request.tools:
            given = None if table is None else carrying.written_table(table)
            told = self._asked("prepare", request=carrying.written(request), table=given)
            if told is not None:
                return carrying.read_draft(told["draft"])
        return self._here.prepare(request, table)

    def ask(self, request: Request) -> Reply:
        """See Assistant.ask."""
        self.is_served = False
        if self._can_tell(request):
            for _ in range(2):
                line = self._connected()
                if line is None:
                    break
                try:
                    reply = self._begun(line, request)
                except Lost:  # before anything was sent
                    self._line = None
                    continue
                except BaseException as error:
                    if not isinstance(error, PersonaError):
                        self._line = None
                        line.hang_up(KEEPING_SECONDS)
                    raise
                self.is_served = True
                return reply
        return self._here.ask(request)

    @cached_property
    def _here(self) -> Assistant:
        from persona_cli.assistant import Assistant

        return Assistant(self.parts, self._consent, self._approval() if self._approval else None)

    def _can_tell(self, request: Request) -> bool:
        """Whether a server can do all of it as it would be done in here."""
        if request.tools or not request.conversation:
            return False
        return not (self.parts.settings.cloud.key_command and request.mode == LOGITS)

    def _begun(self, line: Connection, request: Request) -> Reply:
        """The reply, once the server has everything ready. Raises Lost."""
        more = {"request": carrying.written(request)}
        frames = line.call(self._call("ask", {**more, **self._key(request)}))
        for told in frames:
            self._progress(told)
            if "error" in told:
                raise carrying.read_error(told["error"])
            if "consent" in told:
                line.say(self._choice(carrying.read_draft(told["consent"])))
            if "reply" in told:
                first = told["reply"]
                withheld = tuple(carrying.read_decision(item) for item in first["withheld"])
                pieces = self._pieces(line, frames, first["mode"])
                return Reply(pieces, withheld, first["warning"], first["mode"], first["mode_reason"])
        raise Lost

    def _choice(self, draft: Draft) -> Frame:
        """What the user decides. That they cannot be asked is for the server to say: it keeps the request then."""
        try:
            choice = self._consent(draft)
        except PersonaError as error:
            return {"error": carrying.written_error(error)}
        return {"answer": choice.answer, "text": choice.text}

    def _pieces(self, line: Connection, frames: Iterator[Frame], mode: str) -> Pieces:
        """The answer as it comes. Closing it ends it in the server too, which keeps what has come."""
        ended = False
        try:
            line.say({"go": True})
            for told in frames:
                if "piece" in told:
                    yield told["piece"]
                elif "answer" in told:
                    yield _answer(told)
                elif "error" in told:
                    ended = True
                    raise carrying.read_error(told["error"])
            ended = True
        except Lost:
            ended = True
            self._line = None
            raise (PersonaError if mode == LOCAL else CloudError)(GONE) from None
        finally:
            if not ended:
                self._line = None
                line.hang_up(KEEPING_SECONDS)

    def _key(self, request: Request) -> Frame:
        """The key of the cloud where a command prints it: it may ask at this terminal, and wants this environment."""
        cloud = self.parts.settings.cloud
        if not cloud.key_command or request.mode == LOCAL:
            return {}
        from persona_cli.secrets import find_key

        return {"key": find_key(cloud, self.parts.env, folders=self.parts.folders) or ""}


class ServedDetector(_Served):
    """See Detector."""

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        """See Detector.find."""
        told = self._asked("detect", text=text)
        if told is None:
            return self._here.find(text)
        return tuple(carrying.read_span(span) for span in told["spans"])

    @property
    def _here(self) -> Detector:
        return self.parts.detector


def assistant_for(
    parts: Parts, consent: Consent = nobody_to_ask, approval: Callable[[], Approval] | None = None
) -> Served:
    """The pipeline over `parts`, in the running server where there is one. `approval` is made when tools need it."""
    return Served(parts, consent, approval)


def detector_for(parts: Parts) -> ServedDetector:
    """The detector of `parts`, in the running server where there is one."""
    return ServedDetector(parts)


def _answer(told: Frame) -> Answer:
    return carrying.read_answer(told["answer"])
