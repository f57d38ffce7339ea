"""The prompt of a sitting: keys, history, completion and the status line. Imported only by a chat."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.application.run_in_terminal import run_in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.styles import Style

from persona_cli.cli import screen
from persona_cli.cli.chat.completing import Completing
from persona_cli.cli.chat.history import SealedHistory
from persona_cli.cli.chat.status import place, status
from persona_cli.cli.chat.typed_ahead import typed_ahead
from persona_cli.cli.editor import edited
from persona_cli.errors import PersonaError

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat
    from persona_cli.parts import Parts

BLOCK = '"""'
# A shorter prompt and status line below so many columns.
NARROW = 60
STYLE = {"bottom-toolbar": "noreverse", "bottom-toolbar.text": "ansibrightblack noreverse"}
PLAIN_STYLE = {"bottom-toolbar": "noreverse", "bottom-toolbar.text": "noreverse"}


def _history(parts: Parts) -> History:
    """What was typed before, and is to be kept: of an unlogged chat nothing is."""
    return InMemoryHistory() if parts.unlogged else SealedHistory(parts.folders.chat_history_file, parts.seal)


class Prompt:
    """Reads what a person types. `cancelled`: the last Ctrl-C took back something that had been typed."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.cancelled = False
        plain = bool(chat.parts.env.get("NO_COLOR"))
        self._session: PromptSession[str] = PromptSession(
            history=_history(chat.parts),
            completer=Completing(chat),
            complete_while_typing=Condition(_is_command),
            reserve_space_for_menu=6,
            key_bindings=self._keys(),
            multiline=False,
            prompt_continuation="... ",
            bottom_toolbar=self._status if screen.err_is_terminal() else None,
            style=Style.from_dict(PLAIN_STYLE if plain else STYLE),
            # prompt_toolkit's own would leave the text in a file that others may read.
            enable_open_in_editor=False,
            mouse_support=False,
        )

    def read(self, draft: str = "") -> str:
        """What was typed, with `draft` there to begin with, and behind it what was typed before there was a prompt.

        Raises KeyboardInterrupt and EOFError for their keys.
        """
        self.cancelled = False
        draft = "\n".join(filter(None, (draft, typed_ahead(self._session.input))))
        try:
            line = self._session.prompt(self._prompt, default=draft)
        except KeyboardInterrupt:
            self.cancelled = bool(self._session.default_buffer.text)
            raise
        text = line.strip()
        if text.startswith(BLOCK) and text.endswith(BLOCK) and len(text) >= 2 * len(BLOCK):
            return text[len(BLOCK) : -len(BLOCK)].strip("\n")
        return line

    def _prompt(self) -> FormattedText:
        where = place(self._chat, self._chat.parts.settings.cloud.model if _columns() >= NARROW else "")
        return FormattedText([("ansicyan", f"({where}) "), ("bold", "> ")])

    def _status(self) -> FormattedText:
        return FormattedText([("", status(self._chat, _columns()))])

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter", filter=Condition(_in_block))
        @keys.add("c-j")
        @keys.add("escape", "enter")
        def _(event: Any) -> None:
            event.current_buffer.insert_text("\n")

        @keys.add("c-x", "c-e")
        def _(event: Any) -> None:
            buffer = event.current_buffer

            def edit() -> None:
                try:
                    buffer.text = self.edited(buffer.text)
                    buffer.cursor_position = len(buffer.text)
                except PersonaError as error:
                    screen.report(error)

            run_in_terminal(edit)

        return keys

    def edited(self, text: str) -> str:
        return edit_at_terminal(self._chat, text)


def edit_at_terminal(chat: Chat, text: str) -> str:
    """`text` as the user leaves it in their editor. Raises EditorFailed and StoreError."""
    return edited(text, chat.parts.folders.state, sys.stdin.fileno(), sys.stdout.fileno(), chat.parts.env)


def _is_command() -> bool:
    return get_app().current_buffer.text.startswith("/")


def _in_block() -> bool:
    text = get_app().current_buffer.text.strip()
    return text.startswith(BLOCK) and not (text.endswith(BLOCK) and len(text) >= 2 * len(BLOCK))


def _columns() -> int:
    return get_app().output.get_size().columns
