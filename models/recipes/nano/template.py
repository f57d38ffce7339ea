"""A small template language for the text generator.

`{a|b|}` is a choice (nested as deep as needed), `$name` a value of the environment. Nothing else. It knows nothing of
requests, placeholders or letters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

NAME = re.compile(r"\$([a-z]+\d?)")
INNERMOST = re.compile(r"\{([^{}]*)\}")
SENTENCE_START = re.compile(r"(^|[.!?]\s+|\n)([a-z])")


def names(template: str) -> set[str]:
    """The environment names a template mentions, in any of its branches."""
    return set(NAME.findall(template))


def expand(template: str, rng: random.Random, env: Mapping[str, str]) -> str:
    """One text of the template: choices drawn from `rng`, names from `env`. Raises KeyError for an unknown name."""
    while (choice := INNERMOST.search(template)) is not None:
        template = template[: choice.start()] + rng.choice(choice[1].split("|")) + template[choice.end() :]
    text = NAME.sub(lambda found: env[found[1]], template)
    return re.sub(r" {2,}", " ", text).replace(" .", ".").replace(" ,", ",").strip()


def sentences(text: str) -> str:
    """The text with every sentence starting in upper case."""
    return SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)


def lower_start(text: str) -> str:
    """The text with its first word in lower case, unless that is "I"; to go on after a greeting on the same line."""
    first = text.split(" ", 1)[0]
    return text if first in ("I", "I'm") or not first[:1].isalpha() else text[0].lower() + text[1:]
