"""When a sentence that a model wrote about a memory may go into a text. Rules, no model; what is in doubt may not.

It is one statement of at most MOST_WORDS words, about what the memory is about and hardly anything else. Its numbers
and dates are the memory's, its names are the memory's or the text's, and it says no where the memory says no.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

from persona_cli.finish.protected import items, kind_of_item
from persona_cli.finish.sentences import parts
from persona_cli.memory.statements.stems import STOP, stems
from persona_cli.privacy.words import lexicon

MOST_WORDS: Final = 30
# Of the content stems of the memory, and of those of the sentence that are to be the memory's or the text's.
SHARE: Final = 0.5
# A word with which a sentence begins is capitalised whether it is a name or not.
_OPENERS: Final = frozenset(
    "please also because due since given note unfortunately besides additionally moreover furthermore however although "
    "though while sadly luckily still finally meanwhile".split()
)
_MARKS: Final = re.compile(r"[\[\]{}<>`|\\^~*_#=]|https?:|www\.|\S@\S|://")
_STOPS_INSIDE: Final = re.compile(r"(\S*?[.!?…]+)[\"'”’)\]]*\s")
_END: Final = re.compile(r"[^.!?…\s][.!][\"'”’)]?$")
_FIRST: Final = re.compile(r"\b(?:I|me|my|mine|we|us|our|ours)\b", re.IGNORECASE)
_USER: Final = re.compile(r"\buser\b", re.IGNORECASE)
_YOU: Final = re.compile(r"\byou(?:rs?)?\b", re.IGNORECASE)
_CAPITALISED: Final = re.compile(r"[^\W\d_][\w'’-]*")


def accepted(sentence: str, memory: str, text: str, values: Sequence[tuple[str, str]] = ()) -> bool:
    """Whether `sentence` may be said of `memory` in `text`. `values` are (kind, value) of what is known as private."""
    return (
        _is_one_statement(sentence, memory)
        and _items_are_known(sentence, memory, text)
        and all(_says(value, memory) or _says(value, text) for _, value in values if _says(value, sentence))
        and _of_whom(sentence) == _of_whom(memory)
        and _is_about(sentence, memory, text)
    )


def is_told(memory: str, text: str) -> bool:
    """Whether a sentence of `text` says what `memory` does, as far as its words tell."""
    wanted = set(stems(memory))
    return not wanted or any(
        len(wanted & set(stems(part.text))) > SHARE * len(wanted) for part in parts(text) if part.text.strip()
    )


def _is_one_statement(sentence: str, memory: str) -> bool:
    if not sentence or sentence != sentence.strip() or len(sentence.split()) > MOST_WORDS or _MARKS.search(sentence):
        return False
    if any(unicodedata.category(sign)[0] == "C" or (sign.isspace() and sign != " ") for sign in sentence):
        return False
    if not sentence[0].isupper() or not _END.search(sentence):
        return False
    inside = [found[1] for found in _STOPS_INSIDE.finditer(sentence)]
    known = set(memory.split())
    return all(stop in known for stop in inside) and len([part for part in parts(sentence) if part.sentence]) == 1


def _items_are_known(sentence: str, memory: str, text: str) -> bool:
    said, of_memory, of_text = items(sentence), items(memory), items(text)
    if _nos(said) != _nos(of_memory):
        return False
    for item, count in said.items():
        kind = kind_of_item(item)
        if kind == "name" and not (item in of_memory or item in of_text or _says(item, memory)):
            return False
        if kind == "fact" and count > of_memory[item]:
            return False
    first = _CAPITALISED.match(sentence)
    if first is None:
        return False
    opener = re.sub(r"['’].*", "", first[0])
    lower = opener.lower()
    known = lower in STOP or lower in _OPENERS or _says(opener, memory) or _says(opener, text)
    named = lower in lexicon().given or lower in lexicon().family or lower in lexicon().places
    return known or (lexicon().is_word(lower) and not named)


def _nos(found: Counter[str]) -> int:
    return sum(count for item, count in found.items() if kind_of_item(item) == "no")


def _of_whom(text: str) -> tuple[bool, bool]:
    """Whether it is of the user, and of whom it is addressed to."""
    return bool(_FIRST.search(text) or _USER.search(text)), bool(_YOU.search(text))


def _is_about(sentence: str, memory: str, text: str) -> bool:
    wanted, said, there = set(stems(memory)), set(stems(sentence)), set(stems(text))
    names = {item for item in items(memory) if kind_of_item(item) == "name"}
    # A memory of somebody else says who it is.
    if not _of_whom(memory)[0] and not all(_says(name, sentence) for name in names):
        return False
    return (
        bool(wanted) and len(wanted & said) >= SHARE * len(wanted) and len(said & (wanted | there)) >= SHARE * len(said)
    )


def _says(value: str, text: str) -> bool:
    """Whether `value` stands in `text` as a word or words, whatever their case."""
    return bool(value.strip()) and bool(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE))
