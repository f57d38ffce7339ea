"""Surrogates of what is not a person or a number: firms, towns, streets, mail and web addresses, user names.

Mail and web addresses are in the domains that RFC 2606 keeps for examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from persona_cli.privacy.surrogates.drawing import Draw, word_lists
from persona_cli.privacy.surrogates.people import as_written

_DOMAINS: Final = ("example.com", "example.org", "example.net")
_STREETS: Final = ("Lane", "Road", "Close", "Avenue", "Way")
_COMPANY: Final = r"GmbH|AG|KG|e\.V\.|Ltd\.?|Limited|Inc\.?|LLC|LLP|plc|PLC|Corp\.?|Corporation|Co\.|S\.A\.|B\.V\."
_IS_COMPANY: Final = re.compile(rf".*\w,? (?:{_COMPANY})")
# What an organisation is; it stays, since texts are about that.
_SORT: Final = re.compile(
    rf"(?:,? (?:{_COMPANY}|Company|"
    r"Group|Holdings|Partners|Associates|Foundation|Bank|Insurance|University|College|School|Academy|Hospital|Clinic|"
    r"Church|Hotel|Restaurant|Theatre|Museum|Library|Agency|Institute))+\Z"
)
_PLAIN: Final = re.compile(r"[\w .,&'’()/+-]+")
_MAIL: Final = re.compile(r"([A-Za-z0-9._%+-]+)@([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
_WEB: Final = re.compile(r"(https?://)?(www\.)?[\w.-]+\.[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)
_USER: Final = re.compile(r"(@?)[A-Za-z0-9._-]{3,40}")


def is_company(value: str) -> bool:
    """Whether `value` ends like a company's name, whatever detection took it for."""
    return _IS_COMPANY.fullmatch(value) is not None


def is_company_word(word: str) -> bool:
    """Whether `word` says that a name is a company's: GmbH, Ltd."""
    return re.fullmatch(_COMPANY, word.strip(",")) is not None


def sort_of(value: str) -> str:
    """What stands at the end of an organisation's name and says what it is (" GmbH", " University"), "" for nothing."""
    match = _SORT.search(value)
    return match[0] if match and match.start() else ""


def surrogate_org(value: str, known: Mapping[str, str], draw: Draw) -> str | None:
    """An invented name and the sort it is of; `known` is {name without sort, in lower case: its surrogate}."""
    sort = sort_of(value)
    name = value.removesuffix(sort)
    if not _one_line(value) or not name.strip():
        return None
    word = known.get(" ".join(name.casefold().split())) or draw.word(f"org {name.casefold()}", word_lists()["firms"])
    return as_written(word, name) + sort if word else None


def surrogate_place(value: str, draw: Draw) -> str | None:
    """A town that many countries could have."""
    if not _one_line(value) or any(character.isdigit() for character in value):
        return None
    word = draw.word(f"place {value.casefold()}", word_lists()["towns"])
    return as_written(word, value) if word else None


def surrogate_address(value: str, draw: Draw) -> str | None:
    """A house and its street; always both and no more, so that there is no part of it that could be quoted alone."""
    if not any(character.isdigit() for character in value):
        return None
    word = draw.word(f"street {value.casefold()}", word_lists()["streets"])
    if word is None:
        return None
    label = f"address {value.casefold()}"
    return f"{11 + draw.number(label, 180)} {word} {_STREETS[draw.number(f'{label} 2', len(_STREETS))]}"


def surrogate_mail(value: str, names: Mapping[str, str], draw: Draw) -> str | None:
    """A mailbox of the owner's surrogate name where the address has it (`names`: people.py's map), else of another."""
    match = _MAIL.fullmatch(value)
    if match is None:
        return None
    words = re.findall(r"[A-Za-z]+", match[1])
    domain = _DOMAINS[draw.number(f"domain {match[2].casefold()}", len(_DOMAINS))]
    if words and all(word.casefold() in names for word in words):
        local = re.sub(r"[A-Za-z]+", lambda found: names[found[0].casefold()].lower(), match[1])
        return f"{re.sub(r'[^a-z.-]', '', local)}@{domain}"
    word = draw.word(f"mail {value.casefold()}", word_lists()["firms"])
    return f"{word.lower()}@{domain}" if word else None


def surrogate_link(value: str, draw: Draw) -> str | None:
    """A page of an example domain, with the scheme that `value` has."""
    match = _WEB.fullmatch(value)
    word = draw.word(f"link {value}", word_lists()["firms"]) if match else None
    if match is None or word is None:
        return None
    return f"{(match[1] or '').lower()}{(match[2] or '').lower()}example.com/{word.lower()}"


def surrogate_user(value: str, draw: Draw) -> str | None:
    """A word and two digits."""
    match = _USER.fullmatch(value)
    word = draw.word(f"user {value}", word_lists()["streets"]) if match else None
    return f"{match[1]}{word.lower()}{10 + draw.number(f'user {value}', 90)}" if match and word else None


def _one_line(value: str) -> bool:
    return _PLAIN.fullmatch(value) is not None and value == value.strip()
