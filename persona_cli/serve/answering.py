"""What a client may ask of the server, each as a function of its frame: the calls of Assistant and Detector."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from persona_cli.consent import Choice
from persona_cli.errors import PersonaError
from persona_cli.exchange import Draft, Reply, Request
from persona_cli.serve import carrying, identity
from persona_cli.serve.cloudward import ServedParts, Way
from persona_cli.serve.turn import Turn
from persona_cli.serve.watching import Watched
from persona_cli.settings import LOCAL, SKETCH

if TYPE_CHECKING:
    from persona_cli.cloud.lines import Lines
    from persona_cli.proxy.feed import Feed
    from persona_cli.serve.frames import Frame
    from persona_cli.serve.line import Line
    from persona_cli.serve.warm import Warm

UNEXPECTED: Final = (
    "The running server met an unexpected {kind}. `persona serve --stop` ends it, and the next command works without."
)


class Answering:
    """Answers the frames of a `line` over `warm`, through `lines` to the cloud, and tells `feed` of what leaves."""

    def __init__(self, warm: Warm, lines: Lines, line: Line, feed: Feed | None = None) -> None:
        self._warm = warm
        self._lines = lines
        self._line = line
        self._feed = feed

    def answer(self, frame: Frame) -> Callable[[], None] | None:
        """Answer `frame`; what is to be done when the client has its answer, if anything."""
        try:
            calls: dict[str, Callable[[Frame], tuple[Frame, Callable[[], None] | None]]] = {
                "choose": self._choose,
                "prepare": self._prepare,
                "ask": self._ask,
                "detect": self._detect,
            }
            self._line.send({"began": True})
            result, afterwards = calls[frame["do"]](frame)
            self._line.send({"end": result})
            return afterwards
        except KeyboardInterrupt:
            self._line.end()
        except PersonaError as error:
            self._fail(carrying.written_error(error))
        except Exception as error:
            self._fail({"kind": "PersonaError", "message": UNEXPECTED.format(kind=type(error).__name__)})
        return None

    def _fail(self, told: Frame) -> None:
        with suppress(KeyboardInterrupt):
            self._line.send({"error": told})

    def _choose(self, frame: Frame) -> tuple[Frame, None]:
        from persona_cli.assistant import Assistant

        way, parts = self._lent(frame)
        with _turn(way.turn):
            chosen = Assistant(parts).choose(carrying.read_request(frame["request"]), frame["dry"])
        return {"request": carrying.written(chosen)}, None

    def _prepare(self, frame: Frame) -> tuple[Frame, None]:
        from persona_cli.assistant import Assistant

        way, parts = self._lent(frame)
        table = frame.get("table")
        with _turn(way.turn):
            given = None if table is None else carrying.read_table(table)
            draft = Assistant(parts).prepare(carrying.read_request(frame["request"]), given)
        return {"draft": carrying.written_draft(draft)}, None

    def _detect(self, frame: Frame) -> tuple[Frame, None]:
        way, parts = self._lent(frame)
        with _turn(way.turn):
            return {"spans": [carrying.written(span) for span in parts.detector.find(frame["text"])]}, None

    def _ask(self, frame: Frame) -> tuple[Frame, Callable[[], None]]:
        from persona_cli.assistant import Assistant
        from persona_cli.finish.wanting import wanted

        way, parts = self._lent(frame)
        watched = Watched(self._feed, parts.cloud_host, parts.settings.cloud.model)

        def consent(draft: Draft) -> Choice:
            way.turn.give_back()
            choice = self._asked(draft)
            way.turn.take()
            return choice

        request = carrying.read_request(frame["request"])
        with _held_open(parts, request.conversation), _turn(way.turn), watched:
            assistant = Assistant(parts, consent)
            request = assistant.choose(request)
            reply = self._begun(assistant, request, watched)
            self._line.send({"reply": _introduced(reply)})
            self._line.hear()  # iterating is what sends
            if reply.mode == SKETCH:
                way.after_answer = bool(wanted(request, parts))
                way.after_failure = request.fallback
            if reply.mode == SKETCH and not way.after_answer:
                way.turn.give_back()
            self._told(reply, watched)
        return {}, lambda: self._tidy(parts, request, reply)

    def _begun(self, assistant: Any, request: Request, watched: Watched) -> Reply:
        if request.mode == LOCAL:
            return assistant.ask(request)  # type: ignore[no-any-return]
        draft = assistant.prepare(request)
        watched.prepared(draft)
        return assistant.send(draft)  # type: ignore[no-any-return]

    def _told(self, reply: Reply, watched: Watched) -> None:
        """Tell the client the answer as it comes. What came is told before the error that ended it."""
        try:
            for piece in reply:
                self._line.send({"piece": piece})
                watched.piece(piece)
        except BaseException:
            with suppress(KeyboardInterrupt):
                reply.close()
            raise
        finally:
            if reply.answer is not None:
                watched.answered(reply.answer)
                with suppress(KeyboardInterrupt):
                    self._line.send({"answer": carrying.written(reply.answer)})

    def _asked(self, draft: Draft) -> Choice:
        """What the user decides about `draft`, at the client's terminal. Raises Refused where there is none."""
        self._line.send({"consent": carrying.written_draft(draft)})
        told = self._line.hear()
        if "error" in told:
            raise carrying.read_error(told["error"])
        return Choice(told["answer"], told["text"])

    def _tidy(self, parts: ServedParts, request: Request, reply: Reply) -> None:
        """What `persona ask` does when the answer is on the screen."""
        from persona_cli.cli.memory.tidying import keep_later, tidy_later

        if not request.conversation:
            return
        with suppress(PersonaError, OSError):
            tidy_later(parts)
            if reply.answer is not None and reply.answer.where == LOCAL:
                with self._warm.models():
                    keep_later(parts, request.conversation)

    def _lent(self, frame: Frame) -> tuple[Way, ServedParts]:
        from persona_cli.cloud.lines import Lines

        line = self._line

        def reading(share: float) -> None:
            line.send({"reading": share})

        env = identity.around(os.environ, frame["env"])
        lines = self._lines if identity.same_proxies(env, os.environ) else Lines()
        way = Way(Turn(self._warm, reading, line.has_gone), lines, line.at_end, line.pause, frame.get("key"))
        parts = self._warm.parts(carrying.read_settings(frame["settings"]), env=env)
        return way, ServedParts.of(parts, way)


class _turn:
    """Holds the models from here on; at the end they are given back, however it ends."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def __enter__(self) -> None:
        try:
            self._turn.take()
        except BaseException:
            self._turn.give_back()
            raise

    def __exit__(self, *_: object) -> None:
        self._turn.give_back()


@contextmanager
def _held_open(parts: ServedParts, conversation: str) -> Iterator[None]:
    """A client that was interrupted, and waits no longer, must not take away what is still to be written into it."""
    if conversation:
        parts.open_conversations.hold(conversation)
    try:
        yield
    finally:
        parts.open_conversations.release(conversation)


def _introduced(reply: Reply) -> Mapping[str, Any]:
    return {
        "withheld": [carrying.written(decision) for decision in reply.withheld],
        "warning": reply.warning,
        "mode": reply.mode,
        "mode_reason": reply.mode_reason,
    }
