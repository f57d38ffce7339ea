"""`persona chat`: a conversation at the terminal.

Reads lines, answers them through the assistant, and hands what begins with a slash to slash.py.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen, slash
from persona_cli.cli.answering import FITTING, NO_CLOUD, TOO_SMALL, remark, say_mode
from persona_cli.cli.asking import named_mode, with_options
from persona_cli.cli.intake import title
from persona_cli.cli.tidying import tidy_later
from persona_cli.errors import Cancelled, PersonaError, UsageError
from persona_cli.settings import AUTO, LOCAL, OUTLINE, SKETCH

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Placeholder
    from persona_cli.privacy.receipts import Receipt
    from persona_cli.sketch.sketch import Decision

BLOCK = '"""'
SAID_OF = {
    "sketch": "Answers come from the cloud.",
    "outline": "The cloud outlines the bare instruction, and the local model writes.",
    "logits": "The local model and the cloud's write together, word by word.",
    "local": "Answers are made on this machine.",
    "auto": "For each request the mode is chosen, and said.",
}
CANCELLED_RETRY = "Cancelled: nothing was sent, and the earlier exchange is kept."


def chat(
    resume: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the conversation that was used last.")
    ] = False,
    local: Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")] = False,
    mode: Annotated[
        str, typer.Option("--mode", help="How it is answered: sketch (the default), outline, logits, local, auto.")
    ] = "",
    model: Annotated[str, typer.Option("--model", "-m", help="The cloud model, or with --local a .gguf file.")] = "",
) -> None:
    """Talk: what is private stays here, turn after turn."""
    from persona_cli.parts import Parts

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError('chat needs a terminal. In a pipe or a script use `persona ask "..."`.')
    mode = named_mode(mode, local)
    parts = Parts.of_user(reading=screen.reading())
    parts = replace(parts, settings=with_options(parts.settings, model, mode == LOCAL, "", raw=False))
    Chat(parts, mode, resume).run()
    tidy_later(parts)


class Chat:
    """One sitting. `mode` is how answers are made from now on; `confirm`, whether each request is shown first."""

    def __init__(self, parts: Parts, mode: str, resume: bool) -> None:
        from persona_cli.assistant import Assistant
        from persona_cli.cli.consent import at_terminal
        from persona_cli.forgetting import expire

        self.parts = parts
        self.mode = mode or parts.settings.answer.mode
        if not parts.settings.cloud.configured:
            self.mode = LOCAL
        self.confirm = parts.settings.privacy.confirm == "always"
        self.last_request = ""
        self.withheld: tuple[Decision, ...] = ()
        self._assistant = Assistant(parts, at_terminal(parts))
        self._conversation: Conversation | None = parts.conversations.last() if resume else None
        expire(parts, in_use=self._conversation.id if self._conversation else "")

    def run(self) -> None:
        """Read and answer until /exit or Ctrl-D."""
        session = _prompt_session(self)
        self._greet()
        while True:
            try:
                line = self._read(session)
            except EOFError:
                return
            except KeyboardInterrupt:
                screen.say("Ctrl-D or /exit leaves.", "dim")
                continue
            if not line.strip():
                continue
            try:
                if line.startswith("/"):
                    if not slash.run(self, line.strip()):
                        return
                else:
                    self.answer(line)
            except PersonaError as error:
                screen.report(error)
                if self.last_request and not line.startswith("/"):
                    screen.say("Your request is kept: /retry asks it again.", "dim")

    def answer(self, text: str, again: bool = False) -> None:
        """Ask `text` and print the answer as it comes. Ctrl-C stops it and keeps what has come.

        `again`: for a better answer to the last request, whose answer stays until the new one is complete.
        """
        from persona_cli.exchange import Request
        from persona_cli.finish.step import wanted

        self.last_request = text
        begun = self._conversation is None
        conversation = self._conversation or self._begin(text)
        request = Request(text, conversation=conversation.id, mode=self.mode, confirm=self.confirm, retry=again)
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
        finishing = bool(wanted(request, self.parts))
        try:
            screen.stream_markdown(screen.after_working(FITTING, reply) if finishing else reply)
        except KeyboardInterrupt:
            reply.close()
            screen.say("Stopped; the earlier answer is kept." if again else "Stopped; what had come is kept.", "dim")
            return
        self.withheld = reply.withheld
        if reply.answer is not None:
            remark(reply.answer)

    def _drop(self, begun: Conversation | None) -> None:
        """Keep nothing of a cancelled request, nor of the conversation that it began."""
        self.last_request = ""
        if begun is not None:
            self.parts.conversations.remove(begun.id)
            self._conversation = None

    def begin(self) -> None:
        """Forget the thread: the next request opens a conversation of its own."""
        if self._conversation is not None:
            self.parts.open_conversations.release(self._conversation.id)
        self._conversation = None
        self.withheld = ()

    def go_local(self, local: bool) -> None:
        """Answer on this machine, or as before when a cloud is configured."""
        before = self.parts.settings.answer.mode
        self.go(LOCAL if local else SKETCH if before == LOCAL else before)

    def go(self, mode: str) -> None:
        """Answer in `mode` from now on, which needs a cloud if it is another than local. Raises UsageError."""
        from persona_cli.exchange import Request

        if mode != LOCAL and not self.parts.settings.cloud.configured:
            screen.say(NO_CLOUD, "yellow")
            return
        mode_known = named_mode(mode, local=False)
        if mode_known not in (LOCAL, AUTO):
            self._assistant.choose(Request("", mode=mode_known))
        self.mode = mode_known
        screen.say(SAID_OF[mode_known], "dim")

    def receipts(self) -> list[Receipt]:
        """The receipts of this conversation's requests that left, oldest first."""
        if self._conversation is None:
            return []
        mine = self._conversation.id
        return [item for item in self.parts.audit.list() if item.conversation == mine and item.outcome == "sending"]

    def told(self) -> str:
        """What this conversation has told the cloud of the user, as a sentence; "" for nothing."""
        from persona_cli.privacy.disclosure import Exposure

        known = self.parts.disclosures.told(self._conversation.id) if self._conversation else ()
        return Exposure(known).sentence

    def table_entries(self) -> tuple[Placeholder, ...]:
        if self._conversation is None:
            return ()
        return self.parts.conversations.pseudonyms(self._conversation.id).entries

    @property
    def place(self) -> str:
        """Where answers are made, for the prompt."""
        if self.mode == LOCAL:
            return LOCAL
        return f"{'cloud' if self.mode == SKETCH else self.mode} {self.parts.settings.cloud.model}"

    def _begin(self, text: str) -> Conversation:
        self._conversation = self.parts.conversations.new(title(text))
        self.parts.open_conversations.hold(self._conversation.id)
        return self._conversation

    def _greet(self) -> None:
        screen.say("persona · /help lists the commands, Ctrl-D leaves", "dim")
        if not self.parts.settings.cloud.configured:
            screen.say(NO_CLOUD, "dim")
        if self.mode in (LOCAL, OUTLINE) and not self.parts.settings.local.model:
            screen.say(TOO_SMALL, "dim")
        if self._conversation is not None:
            screen.say(f"continuing {self._conversation.id}: {self._conversation.title}", "dim")

    def _read(self, session: Any) -> str:
        line: str = session.prompt(self._prompt())
        if not line.startswith(BLOCK):
            return line
        lines = [line.removeprefix(BLOCK)]
        while not lines[-1].rstrip().endswith(BLOCK):
            lines.append(session.prompt("... "))
        lines[-1] = lines[-1].rstrip().removesuffix(BLOCK)
        return "\n".join(lines).strip("\n")

    def _prompt(self) -> Any:
        from prompt_toolkit.formatted_text import FormattedText

        return FormattedText([("ansicyan", f"({self.place}) "), ("bold", "> ")])


def _prompt_session(chat: Chat) -> Any:
    """A prompt with history that is sealed on disk, completion of slash commands, and keys for more lines."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.key_binding import KeyBindings

    from persona_cli.cli.history import SealedHistory

    keys = KeyBindings()

    @keys.add("c-j")
    @keys.add("escape", "enter")
    def _(event: Any) -> None:
        event.current_buffer.insert_text("\n")

    names = [name for command in slash.COMMANDS for name in (command.name, *command.aliases)]
    return PromptSession(
        history=SealedHistory(chat.parts.folders.chat_history_file, chat.parts.seal),
        completer=WordCompleter(names, sentence=True),
        complete_while_typing=False,
        key_bindings=keys,
        enable_open_in_editor=True,
        mouse_support=False,
    )
