"""Numbers that name one person or thing: cards, accounts, national identity, IP and MAC addresses, files.

A number with a strong checksum is enough by itself. A weak one needs a word before it that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from persona_cli.privacy.patterns.found import follows, found
from persona_cli.privacy.spans import ID, PrivateSpan

_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_CARD_WORD: Final = re.compile(
    r"\b(?:card|visa|mastercard|amex|american express|discover|credit|debit|cc)\b", re.IGNORECASE
)
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){2,8}(?!\w)", re.IGNORECASE)
_IBAN_WORD: Final = re.compile(r"\b(?:iban|account|konto|transfer)\b", re.IGNORECASE)


def _context(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


# Pattern, module of python-stdnum (None: no checksum exists), context word needed (None: the number speaks for itself).
_NATIONAL: Final[tuple[tuple[re.Pattern[str], str | None, re.Pattern[str] | None], ...]] = (
    (re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), "us.ssn", None),
    (
        re.compile(r"(?<![\w-])\d{3}[- ]?\d{2}[- ]?\d{4}(?![\w-])"),
        None,
        _context(r"ssn|social security(?: number)?|social|itin"),
    ),
    (re.compile(r"(?<![\w-])\d{2}-\d{7}(?![\w-])"), "us.ein", _context(r"ein|tax id|employer identification|fein")),
    (
        re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
        None,
        None,
    ),  # UK national insurance
    (re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])"), "gb.nhs", _context(r"nhs|patient|health")),
    (
        re.compile(r"(?<!\w)\d{2} ?\d{3} ?\d{3} ?\d{3}(?!\w)"),
        "de.idnr",
        _context(r"steuer\S*|idnr|tax|tin|identifikationsnummer"),
    ),
    (re.compile(r"(?<!\w)[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)"), "fr.nir", None),
    (re.compile(r"\b\d{8}-?[A-Z]\b"), "es.dni", None),
    (re.compile(r"\b[XYZ]-?\d{7}-?[A-Z]\b"), "es.nie", None),
    (re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]\b"), "it.codicefiscale", None),
    (re.compile(r"(?<!\w)\d{9}(?!\w)"), "nl.bsn", _context(r"bsn|burgerservicenummer|sofi")),
    (re.compile(r"(?<!\w)\d{2}[.]\d{2}[.]\d{2}-\d{3}[.]\d{2}(?!\w)"), "be.nn", None),
    (re.compile(r"(?<!\w)\d{11}(?!\w)"), "pl.pesel", _context("pesel")),
    (re.compile(r"(?<!\w)(?:19|20)?\d{6}[-+]\d{4}(?!\w)"), "se.personnummer", None),
    (re.compile(r"(?<!\w)\d{6}-?\d{4}(?!\w)"), None, _context(r"cpr(?: number|-nummer)?|personnummer")),
    (re.compile(r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]\b"), "fi.hetu", None),
    (re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), "br.cpf", None),
    (re.compile(r"(?<!\w)756\.?\d{4}\.?\d{4}\.?\d{2}(?!\w)"), "ch.ssn", None),
    (re.compile(r"(?<!\w)\d{4}[ -]?\d{4}[ -]?\d{4}(?!\w)"), None, _context(r"aadhaar|aadhar|uidai|uid")),
    (re.compile(r"\b[A-Z]{3}[ABCFGHLJPTK][A-Z]\d{4}[A-Z]\b"), "in_.pan", None),
    (re.compile(r"(?<!\w)\d{3}[ -]?\d{3}[ -]?\d{3}(?!\w)"), "ca.sin", _context(r"sin|social insurance(?: number)?")),
    (re.compile(r"(?<!\w)\d{3} ?\d{3} ?\d{2,3}(?!\w)"), "au.tfn", _context(r"tfn|tax file(?: number)?")),
    (re.compile(r"(?<!\w)\d{4} ?\d{5} ?\d{1,2}(?!\w)"), None, _context("medicare")),
    (re.compile(r"(?<!\w)\d{15}(?!\w)"), "imei", None),
    (re.compile(r"\b[A-HJ-NPR-Z0-9]{17}\b"), None, _context(r"vin|vehicle|chassis")),
    (re.compile(r"\b[A-Z]{2}(?=[0-9A-Z]*\d{5})[0-9A-Z]{8,12}\b"), "eu.vat", None),
    (re.compile(r"\b[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?\b"), "bic", _context(r"bic|swift(?: code)?")),
)

_IPV4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w]|\.\d)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9a-fA-F:]*[0-9a-fA-F])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:/\d{1,3})?(?![\w:])"
)
_VERSION: Final = re.compile(r"(?:\bv|\bver\.?|\bversion|\brelease|\bbuild|\bsection|§)\s*$", re.IGNORECASE)
_MAC: Final = re.compile(r"\b[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}\b")
_UUID: Final = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
_WALLET: Final = re.compile(r"\b(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{20,60}|[13][1-9A-HJ-NP-Za-km-z]{26,34})\b")

_THING: Final = (
    r"passport|account|acct|a/c|order|invoice|policy|case|claim|member(?:ship)?|employee|staff|student|customer|"
    r"client|patient|"
    r"booking|reservation|confirmation|reference|ref|ticket|tracking|serial|licen[cs]e|permit|visa|registration|"
    r"application|file|"
    r"docket|badge|loan|routing|sort code|tax|vat|tin|insurance|medical record|mrn|vin|imei|beneficiary|"
    r"enrol?lment|transaction|"
    r"contract|identity|identification|personal|national|user|device|subscriber|voucher|report|court|matter|id"
)
_MARKED: Final = re.compile(
    rf"\b(?:{_THING})(?:['’]s)?(?: (?:{_THING}|card|security))?[ ._-]?(?:number|numbers|no\.?|num|nr\.?|#|id|code)?"
    r"(?: (?:is|was))?[\"']?[\s:=#]{1,4}[\"'(]?#?(?P<value>[A-Z]{0,5}[ /_-]?\d[A-Z\d]*(?:[/_.-][A-Z\d]+){0,4}|"
    r"[A-Z]{1,3}(?: ?\d{2,4}){2,4}|\d{2}(?:[ -]\d{2}){2,4}|(?:[A-Z\d]+-){1,4}[A-Z\d]*\d[A-Z\d]*)(?!\w)",
    re.IGNORECASE,
)
_HASHED: Final = re.compile(r"(?<![\w&/])#((?=[A-Z-]{0,6}\d{4})[A-Z0-9-]{4,20})(?!\w)")
_ENDING: Final = re.compile(
    r"\b(?:ending(?: in| with)?|last (?:four|4)(?: digits)?(?: are| is|:)?)\s{0,2}(\d{4})\b", re.IGNORECASE
)
_PLATE: Final = re.compile(
    r"\b(?:(?:licen[cs]e|number|registration) plates?|plates?|vehicle reg(?:istration)?|reg)(?: number|"
    r" no\.?)?(?: is| was)?[\s:#]{1,3}"
    r"((?=[A-Z -]*\d)[A-Z0-9]{1,4}[ -]?[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{1,4})?)\b"
)
_LONG: Final = re.compile(r"(?<![\w.,$€£%/-])\d{9,20}(?![\w%]|[.,]\d)")
_CODE: Final = re.compile(r"(?<![\w./-])(?=[A-Z-]{0,7}\d)(?=[\dA-Z-]*[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*(?![\w-]|\.\w)")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


def find(text: str) -> Iterator[PrivateSpan]:
    """Everything above; a text without digits has none of it."""
    if not any(character.isdigit() for character in text):
        return
    yield from _cards(text)
    yield from _ibans(text)
    yield from _nationals(text)
    yield from _machines(text)
    yield from _things(text)


def _cards(text: str) -> Iterator[PrivateSpan]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        named = follows(text, match.start(), _CARD_WORD, 60)
        if digits[0] in "23456" and _checks("luhn", digits) and (len(digits) >= 13 or named):
            yield found(text, *match.span(), ID, 0.95)
        elif named:
            yield found(text, *match.span(), ID, 0.8)


def _ibans(text: str) -> Iterator[PrivateSpan]:
    for match in _IBAN.finditer(text):
        parts = match.group().split(" ")
        # The pattern may have run on into the next word: shorten until the checksum holds.
        for length in range(len(parts), 0, -1):
            candidate = " ".join(parts[:length])
            if len(candidate) >= 15 and _checks("iban", candidate):
                yield found(text, match.start(), match.start() + len(candidate), ID, 0.97)
                break
        else:
            digits = sum(character.isdigit() for character in match.group())
            if digits >= 10 and follows(text, match.start(), _IBAN_WORD):
                yield found(text, *match.span(), ID, 0.8)


def _nationals(text: str) -> Iterator[PrivateSpan]:
    for pattern, module, context in _NATIONAL:
        for match in pattern.finditer(text):
            if context is not None and not follows(text, match.start(), context):
                continue
            if module is None or _checks(module, match.group()):
                yield found(text, *match.span(), ID, 0.9)


def _checks(module: str, number: str) -> bool:
    """Whether python-stdnum's `module` finds this number valid."""
    return bool(import_module(f"stdnum.{module}").is_valid(number))


def _machines(text: str) -> Iterator[PrivateSpan]:
    import ipaddress

    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _VERSION.search(text, max(0, match.start() - 10), match.start()):
                continue
            try:
                address = ipaddress.ip_interface(match.group()).ip
            except ValueError:
                continue
            if not (address.is_loopback or address.is_unspecified or str(address).startswith("255.")):
                yield found(text, *match.span(), ID, 0.9)
    for pattern, confidence in ((_MAC, 0.9), (_UUID, 0.7), (_WALLET, 0.8)):
        for match in pattern.finditer(text):
            yield found(text, *match.span(), ID, confidence)


def _things(text: str) -> Iterator[PrivateSpan]:
    for match in _MARKED.finditer(text):
        value = match.group("value")
        digits = sum(character.isdigit() for character in value)
        # "order 2023", "case 3": a year or a small count is no file number.
        if digits >= 4 and not _YEAR.fullmatch(value):
            yield found(text, *match.span("value"), ID, 0.85 if digits >= 5 else 0.7)
    for pattern, group, confidence in ((_HASHED, 1, 0.7), (_ENDING, 1, 0.8), (_PLATE, 1, 0.85), (_LONG, 0, 0.5)):
        for match in pattern.finditer(text):
            if pattern is not _PLATE or "\n" not in match.group():
                yield found(text, *match.span(group), ID, confidence)
    for match in _CODE.finditer(text):
        value = match.group()
        digits = sum(character.isdigit() for character in value)
        if (
            len(value) >= 4
            and digits >= 2
            and not re.fullmatch(r"\d+(?:ST|ND|RD|TH|AM|PM|[KMGT]?B|K|MHZ|GHZ)|COVID-19|UTF-\d+|ISO-\d+", value)
        ):
            yield found(text, *match.span(), ID, 0.6 if digits >= 4 else 0.4)
