"""Numbers that are nobody's: phone numbers of the ranges kept for fiction, documentation addresses, ids that fail their
checks.

Phones: NANP 555-0100 to 555-0199 (ATIS-0300115) · the UK's 020 7946 0xxx and 07700 900xxx (Ofcom, numbers for drama) ·
Germany's 030 23125 xxx and 0176 040690 xx (Bundesnetzagentur, Mitteilung 148/2021) · France's 06 39 98 xx xx (Arcep) ·
Australia's 02 5550 xxxx (ACMA). Of no other country is a range known here, and a number that may be somebody's is not
made up.
IP: RFC 5737 and RFC 3849.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.surrogates.drawing import FEWEST_DIGITS, Draw

_TRIES: Final = 200


@dataclass(frozen=True)
class _Range:
    """Numbers for fiction (`#` is drawn, `A` an area code) for those of a country that are as long and look like this.

    Numbers are without country code and trunk 0. `at_home`: they are taken for this country's without its code, too.
    """

    country: str
    pattern: re.Pattern[str]
    made: str
    at_home: bool = False


_RANGES: Final = (
    _Range("1", re.compile(r"[2-9]\d\d[2-9]\d{6}"), "A55501##", at_home=True),
    _Range("1", re.compile(r"[2-9]\d{6}"), "55501##", at_home=True),
    _Range("44", re.compile(r"7\d{9}"), "7700900###", at_home=True),
    _Range("44", re.compile(r"[12]\d{9}"), "2079460###", at_home=True),
    _Range("49", re.compile(r"\d{10}"), "3023125###"),
    _Range("49", re.compile(r"\d{11}"), "176040690##"),
    _Range("33", re.compile(r"[1-79]\d{8}"), "63998####", at_home=True),
    _Range("61", re.compile(r"[2-478]\d{8}"), "25550####"),
)
_AREAS: Final = ("201", "212", "303", "312", "404", "415", "503", "512", "617", "702", "713", "805", "916")
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NETS: Final = ("192.0.2.", "198.51.100.", "203.0.113.")


def surrogate_phone(value: str, draw: Draw) -> str | None:
    """A number of a range for fiction in the format of `value`; None for the numbers of other countries."""
    if not re.fullmatch(r"[+(]{0,2}\d[\d ().\-/\u00a0]*\d", value):
        return None
    digits = "".join(re.findall(r"\d", value))
    abroad = value.lstrip("(").startswith("+") or digits.startswith("00")
    for numbers in _RANGES:
        national = _national(digits, abroad, numbers)
        if numbers.pattern.fullmatch(national):
            lead = digits.removesuffix(national)
            made = (lead + number for number in _in_range(numbers, digits, draw))
            return draw.first_free(written for number in made if (written := in_format(number, value)))
    return None


def surrogate_id(value: str, draw: Draw) -> str | None:
    """Letters for letters and digits for digits, not valid by the checks of cards and of IBANs; for an IP address one
    of those kept for documentation. None for what is short."""
    if _IPV4.fullmatch(value):
        net = _NETS[draw.number(f"net {value}", len(_NETS))]
        hosts = (f"{net}{1 + draw.number(f'host {value} {attempt}', 254)}" for attempt in range(_TRIES))
        return draw.first_free(hosts)
    if sum(character.isdigit() for character in value) < FEWEST_DIGITS or not value.isascii():
        return None
    if not _valid(value) and re.fullmatch(r"[\d ]+", value):
        return None  # what may be calculated with keeps its tag: nobody sees that a sum of made-up numbers is wrong
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ./\-]*[A-Za-z0-9]", value):
        return None
    return draw.first_free(made for made in _same_shape(value, draw) if not _valid(made))


def in_format(digits: str, like: str) -> str | None:
    """`digits` in the places of the digits of `like`: another spelling of the same number."""
    if len(digits) != sum(character.isdigit() for character in like):
        return None
    rest = iter(digits)
    return "".join(next(rest) if character.isdigit() else character for character in like)


def _national(digits: str, abroad: bool, numbers: _Range) -> str:
    """The number without country code and trunk 0, "" where it is not of that country."""
    if abroad:
        number = digits.removeprefix("00")
        return number.removeprefix(numbers.country).removeprefix("0") if number.startswith(numbers.country) else ""
    trunk = "1" if numbers.country == "1" else "0"
    if not numbers.at_home or (trunk == "0" and not digits.startswith("0")):
        return ""
    return digits.removeprefix(trunk)


def _in_range(numbers: _Range, digits: str, draw: Draw) -> Iterator[str]:
    for attempt in range(_TRIES):
        made = numbers.made.replace("A", _AREAS[draw.number(f"area {digits} {attempt}", len(_AREAS))])
        for at in range(made.count("#")):
            made = made.replace("#", str(draw.number(f"digit {digits} {attempt} {at}", 10)), 1)
        yield made


def _same_shape(value: str, draw: Draw) -> Iterator[str]:
    for attempt in range(_TRIES):
        made = ""
        for at, character in enumerate(value):
            label = f"{value} {attempt} {at}"
            if character.isdigit():
                made += str(draw.number(label, 10))
            elif character.isalpha():
                letters = string.ascii_uppercase if character.isupper() else string.ascii_lowercase
                made += letters[draw.number(label, len(letters))]
            else:
                made += character
        yield made


def _valid(text: str) -> bool:
    """Whether a card (Luhn) or bank account (ISO 7064, mod 97) could have this number."""
    plain = "".join(character for character in text.upper() if character.isalnum())
    if plain.isdigit():
        doubled = [int(c) * (2 if at % 2 else 1) for at, c in enumerate(reversed(plain))]
        return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
