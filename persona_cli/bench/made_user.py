"""A made-up user of the benches of speed: a folder of their own, a profile, memories, and a request of 98 words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

REQUEST: Final = (
    "Write a short friendly e-mail to my landlord Tom Brannigan that the heating in 14 Harbour Street has been broken "
    "since 12 March 2026 and that I would be glad of a visit this week. "
    "I am at home on Tuesday afternoon and on Friday before noon; my number is +353 91 555 0142. "
    "Say that last year Fennell Heating came within two days and that this was appreciated. "
    "Ask whether the thermostat in the hall should be replaced as well, because it shows nothing since the weekend. "
    "Thank him for the new door. Sign it Nora Lindqvist."
)
_BROKEN: Final = (
    "heating", "boiler", "shower", "oven", "fridge", "kitchen window", "radiator", "hall lamp", "door bell", "drain",
    "extractor", "balcony door", "letter box",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Saturday", "Sunday")
_LANDLORD: Final = "My landlord is Tom Brannigan."
_LIVED: Final = (
    "I took the {} to the repair shop in Dominick Street.",
    "Aoife asked me to bring the {} back before the weekend.",
    "The meeting about the {} was moved to {:%d %B}.",
    "I paid {} euros for the {}.",
    "Ciarán said that the {} would be ready on {:%A}.",
    "We had soup and bread after the {} course.",
    "My sister Maeve wants to see the {} in {:%B}.",
    "I must not forget the {} when I go to Limerick.",
    "The neighbour at number 16 has the key to the {}.",
    "I read a long article on how a {} is made.",
)
_THINGS: Final = (
    "bicycle", "violin", "ladder", "printer", "garden chair", "coat", "camera", "typewriter", "kayak", "loom", "tent",
    "sewing machine", "clock", "lamp", "bookcase", "telescope", "pram", "stove", "gate",
)  # fmt: skip


def request(number: int) -> str:
    """REQUEST, about something else on another day for each `number`: no two of 70 in a row are the same."""
    text = REQUEST.replace("heating in", f"{_BROKEN[number % len(_BROKEN)]} in").replace(
        "Tuesday", _DAYS[number % len(_DAYS)]
    )
    return text.replace("12 March", f"{number % 28 + 1} March")


def own_user(home: str) -> dict[str, str]:
    """The environment of a user who has nothing but the folder `home`: no cloud, no keyring, no colours."""
    env = {
        **os.environ,
        "PERSONA_HOME": home,
        "NO_COLOR": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    env.pop("PERSONA_CLOUD_MODEL", None)
    return env


def fill(env: Mapping[str, str], memories: int) -> None:
    """Give the user a profile and so many memories."""
    lines = "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(lived(memories)))
    persona = [sys.executable, "-m", "persona_cli"]
    subprocess.run([*persona, "profile", "set", "name", "Nora Lindqvist"], env=env, check=True)
    subprocess.run(
        [*persona, "memory", "add", "--jsonl"], env=env, check=True, input=lines, text=True, stdout=subprocess.DEVNULL
    )


def lived(count: int) -> list[str]:
    """So many memories, no two alike; the last one is what the request is about."""
    return [*(_memory(number) for number in range(count - 1)), _LANDLORD]


def _memory(number: int) -> str:
    day = date(2024, 1, 1) + timedelta(days=number)
    sentence = _LIVED[number % len(_LIVED)]
    thing = f"{_THINGS[number % len(_THINGS)]} of {day:%d %B %Y}"
    return sentence.format(number, thing) if sentence.startswith("I paid") else sentence.format(thing, day)
