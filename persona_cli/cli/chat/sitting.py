"""A sitting: the conversation that is open, how it is answered, and what is typed, answered turn by turn.

What begins with a slash is for commands.py. Knows nothing of keys (prompt.py).
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Timer
from typing import TYPE_CHECKING, Any

from persona_cli.cli import screen
from persona_cli.cli.answering import FITTING, NO_CLOUD, TOO_SMALL, remark, say_mode
from persona_cli.cli.conversing import begin, drop_unused
from persona_cli.cli.markdown import stream_markdown
from persona_cli.cli.memory.tidying import keep_later
from persona_cli.errors import Cancelled, NothingFound, PersonaError, UsageError
from persona_cli.settings import AUTO, LOCAL, MODES, OUTLINE, SKETCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from persona_cli.conversation import Conversation, Turn
    from persona_cli.exchange import Answer, Request
    from persona_cli.parts import Parts
    from persona_cli.reading.attachment import Attachment
    from persona_cli.serve.client import Served
    from persona_cli.settings import Settings
    from persona_cli.sketch.sketch import Decision

COMMAND = "/"
SAID_OF = {
    "sketch": "Answers come from the cloud.",
    "outline": "The cloud outlines the bare instruction, and the local model writes.",
    "logits": "The local model and the cloud's write together, word by word.",
    "local": "Answers are made on this machine.",
    "auto": "For each request the mode is chosen, and said.",
}
CANCELLED_RETRY = "Cancelled: nothing was sent, and the earlier exchange is kept."
STOPPED = "Stopped; what had come is kept."
STOPPED_EARLY = "Stopped before anything came. /retry asks it again."
STOPPED_RETRY = "Stopped; the earlier answer is kept."
THINKING = "waiting for the answer"
# Seconds after which what answers need is imported, and what that is; FOR_CLOUDS only where a cloud is asked.
AFTER = 0.3
FOR_SHOWING = ("persona_cli.cli.approving", "persona_cli.cli.drawing", "persona_cli.serve.client")
FOR_ANSWERS = ("persona_cli.assistant", *FOR_SHOWING)
FOR_CLOUDS = ("persona_cli.cloud.failures", "openai")
TOOLS_REST = "Tools rest in this mode: it is the cloud that asks for them. /mode sketch brings them back."
HINT = "Ctrl-D or /exit leaves."


class Chat:
    """One sitting. `mode` is how answers are made from now on; `confirm`, whether each request is shown first.

    `conversation` is None until the first request, which begins one, titled `name` where that is given. `role` is the
    system text for it, `attached` goes with the next request, and `draft` stands at the next prompt. `tools` are the
    fields of a request with tools, {} for none, and `undone` the request that was taken back.
    """

    def __init__(
        self,
        parts: Parts,
        mode: str,
        conversation: Conversation | None,
        name: str = "",
        tools: Mapping[str, Any] | None = None,
    ) -> None:
        self.mode = mode or parts.settings.answer.mode
        if not parts.settings.cloud.configured:
            self.mode = LOCAL
        self.conversation = conversation
        self.role = ""
        self.attached: list[Attachment] = []
        self.draft = ""
        self.last_request = self.undone = ""
        self.withheld: tuple[Decision, ...] = ()
        self.answer_before: Answer | None = None
        self._document = ""
        self._name = name
        self.tools = tools or {}
        self.parts = parts
        self._made: Served | None = None
        self.confirm = parts.settings.privacy.confirm == "always"
        if conversation is not None:
            self.open(conversation)

    def use(self, parts: Parts) -> None:
        """Go on with these parts."""
        self.close()
        self.parts = parts

    def set(self, settings: Settings) -> None:
        """Other settings for this sitting. The mode follows where it is what was changed."""
        before = self.parts.settings
        self.use(self.parts.with_settings(settings))
        if settings.privacy.confirm != before.privacy.confirm:
            self.confirm = settings.privacy.confirm == "always"
        if settings.answer.mode != before.answer.mode:
            self.mode = settings.answer.mode
        if not settings.cloud.configured:
            self.mode = LOCAL

    def close(self) -> None:
        """End what was started for tools."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def run(self) -> None:
        """Read and answer until /exit or Ctrl-D."""
        from persona_cli.cli.chat.prompt import Prompt

        prompt = Prompt(self)
        self._greet()
        from persona_cli.serve.reaching import is_running

        cloud = FOR_CLOUDS * (self.mode != LOCAL)
        _import_meanwhile(FOR_SHOWING if is_running(self.parts) else FOR_ANSWERS + cloud)
        while True:
            draft, self.draft = self.draft, ""
            try:
                line = prompt.read(draft)
            except EOFError:
                return
            except KeyboardInterrupt:
                if not prompt.cancelled:
                    screen.say(HINT, "dim")
                continue
            if line.strip() and not self._take(line):
                return

    def _take(self, line: str) -> bool:
        """Do or answer what was typed; False ends the sitting."""
        from persona_cli.cli.chat import commands

        asked = not line.startswith(COMMAND) or line.startswith(COMMAND * 2)
        try:
            if not asked:
                return commands.run(self, line.strip())
            self.ask(line.removeprefix(COMMAND) if line.startswith(COMMAND * 2) else line)
        except KeyboardInterrupt:
            screen.say("Stopped.", "dim")
        except NothingFound as error:
            screen.report(error)
            if asked:
                self.begin()
                screen.say("Your request is kept: /retry asks it in a new conversation.", "dim")
        except PersonaError as error:
            screen.report(error)
            self._drop_empty()
            if asked and self.last_request:
                screen.say("Your request is kept: /retry asks it again.", "dim")
        return True

    def ask(self, text: str) -> None:
        """Ask `text`, with what is attached, and print the answer as it comes."""
        from persona_cli.reading.attachment import joined

        document, self.attached = joined(None, self.attached), []
        self._answer(text, document)

    def ask_again(self) -> None:
        """For a better answer to the last request, whose answer stays until the new one is complete."""
        self._answer(self.last_request, self._document, again=True)

    def _answer(self, text: str, document: str, again: bool = False) -> None:
        """Ctrl-C stops it and keeps what has come."""
        from persona_cli.exchange import Request
        from persona_cli.finish.wanting import wanted

        self.last_request, self._document, self.undone = text, document, ""
        begun = self.conversation is None
        conversation = self.conversation or self._begin(text)
        request = Request(
            text, document, conversation=conversation.id, mode=self.mode, confirm=self.confirm, retry=again,
            role=self.role, usage=True, **self._with_tools(),
        )  # fmt: skip
        try:
            request = self._assistant.choose(request)
            if self.mode == AUTO:
                say_mode(request, AUTO, self.parts.settings)
            reply = self._assistant.ask(request)
        except Cancelled as cancelled:
            if again and not begun:
                screen.say(CANCELLED_RETRY, "dim")
                return
            self._drop(conversation if begun else None)
            screen.say(str(cancelled), "dim")
            return
        if reply.warning:
            screen.say(reply.warning, "yellow")
        try:
            stream_markdown(screen.after_working(FITTING if wanted(request, self.parts) else THINKING, reply))
        except KeyboardInterrupt:
            reply.close()
            self.withheld, self.answer_before = reply.withheld, None
            screen.say(STOPPED_RETRY if again else STOPPED if reply.begun else STOPPED_EARLY, "dim")
            return
        self.withheld, self.answer_before = reply.withheld, reply.answer
        if reply.answer is not None:
            remark(reply.answer)
            keep_later(self.parts, request.conversation)

    def _drop(self, begun: Conversation | None) -> None:
        """Keep nothing of a cancelled request, nor of the conversation that it began."""
        self.last_request = ""
        if begun is not None:
            drop_unused(self.parts, begun.id)
            self.conversation = None

    def _drop_empty(self) -> None:
        """Keep no conversation in which nothing was said: the request that began it comes with the next try."""
        with suppress(PersonaError):
            if self.conversation is not None and not self.turns():
                drop_unused(self.parts, self.conversation.id)
                self.conversation = None

    def begin(self) -> None:
        """Forget the thread: the next request opens a conversation of its own."""
        if self.conversation is not None:
            self.parts.open_conversations.release(self.conversation.id)
        self.conversation, self.withheld, self.answer_before = None, (), None
        self.role, self._name, self.attached = "", "", []

    def open(self, conversation: Conversation) -> None:
        """Go on with `conversation`."""
        if self.conversation is not None and self.conversation.id != conversation.id:
            self.begin()
        self.conversation = conversation
        self.parts.open_conversations.hold(conversation.id)
        role = self.parts.conversations.role(conversation.id)
        self.role = role.text if role is not None and not role.here else ""
        asked = [turn.text for turn in self.turns() if turn.role == "user"]
        self.last_request, self._document = asked[-1] if asked else "", ""

    def taken_back(self, request: str = "") -> None:
        """The last exchange is gone: there is nothing that /retry could ask again. /edit still knows its `request`."""
        self.last_request, self._document, self.withheld, self.answer_before = "", "", (), None
        self.undone = request

    def go(self, mode: str) -> None:
        """Answer in `mode` from now on, which needs a cloud if it is another than local. Raises UsageError."""
        from persona_cli.exchange import Request

        if mode not in MODES:
            raise UsageError(f"/mode takes {', '.join(MODES[:-1])} or {MODES[-1]}, not '{mode}'.")
        if mode != LOCAL and not self.parts.settings.cloud.configured:
            screen.say(NO_CLOUD, "yellow")
            return
        if mode not in (LOCAL, AUTO):
            self._assistant.choose(Request("", mode=mode))
        self.mode = mode
        screen.say(SAID_OF[mode], "dim")
        if self.tools and not self._with_tools():
            screen.say(TOOLS_REST, "dim")

    def go_local(self, local: bool) -> None:
        """Answer on this machine, or as before when a cloud is configured."""
        before = self.parts.settings.answer.mode
        self.go(LOCAL if local else SKETCH if before == LOCAL else before)

    def _with_tools(self) -> Mapping[str, Any]:
        """The fields of a request with the sitting's tools, where there is a cloud to ask for them."""
        return self.tools if self.mode in (SKETCH, AUTO) else {}

    def turns(self) -> tuple[Turn, ...]:
        """Of this conversation, in their order."""
        return self.parts.conversations.turns(self.conversation.id) if self.conversation else ()

    def probe(self) -> Request:
        """A request without words in this conversation and mode."""
        from persona_cli.exchange import Request

        return Request("", conversation=self.conversation.id if self.conversation else "", mode=self.mode)

    def _begin(self, text: str) -> Conversation:
        self.conversation = begin(self.parts, text, name=self._name, quiet=True)
        return self.conversation

    @property
    def _assistant(self) -> Served:
        """Made when it is first needed: its imports take longer than the prompt."""
        if self._made is None:
            from persona_cli.cli.approving import AtTerminal
            from persona_cli.cli.consent import at_terminal
            from persona_cli.serve.client import assistant_for

            parts = self.parts
            self._made = assistant_for(parts, at_terminal(parts), lambda: AtTerminal(parts))
        return self._made

    def _greet(self) -> None:
        from persona_cli.cli.chat.showing import show_last_exchange

        screen.say("persona · /help lists the commands, Ctrl-D leaves", "dim")
        if not self.parts.settings.cloud.configured:
            screen.say(NO_CLOUD, "dim")
        if self.mode in (LOCAL, OUTLINE) and not self.parts.settings.local.model:
            screen.say(TOO_SMALL, "dim")
        if self.tools:
            names = ", ".join(self.tools["tools"])
            screen.say(f"The cloud may ask for: {names}. Each call is shown to you first.", "dim")
        if self.conversation is not None:
            show_last_exchange(self)


def _import_meanwhile(names: tuple[str, ...]) -> None:
    """Import, while the first request is being typed, what answering it takes seconds to import."""

    def imports() -> None:
        for name in names:
            import_module(name)

    timer = Timer(AFTER, imports)
    timer.daemon = True
    timer.start()
