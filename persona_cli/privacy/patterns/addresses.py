"""Postal addresses, postcodes, coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy.patterns.found import follows, found
from persona_cli.privacy.spans import ADDRESS, PLACE, PrivateSpan

_CAP: Final = r"[^\W\d_a-z](?:[\w'’-]|\.(?=\w))*"
_STREET: Final = (
    r"(?:street|str|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace|"
    r"ter|way|"
    r"highway|hwy|parkway|pkwy|circle|cir|trail|trl|crescent|cres|close|grove|gardens|gdns|mews|row|alley|plaza|"
    r"pike|route|"
    r"loop|walk|quay|wharf|esplanade|parade|rise|hill|heights|ridge|run|crossing|point|bend)"
)
_NUMBER: Final = r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?"
_STREETS: Final = (
    # 12 Baker Street, 221b N. Main St
    re.compile(
        rf"(?<![\w.,$€£])(?:\d{{1,6}} )?{_NUMBER},? (?:[NSEW]{{1,2}}\.? |(?:North|South|East|West) )?"
        rf"(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?(?i:{_STREET})\b\.?(?: [NSEW]{{1,2}}\b\.?)?",
    ),
    re.compile(rf"(?<![\w.,$€£]){_NUMBER} (?:[a-z']+ ){{1,2}}(?:street|avenue|road|boulevard|lane|blvd|ave|rd)\b"),
    # Hauptstraße 5, Am alten Weg 12b
    re.compile(
        r"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|gasse|platz|allee|damm|ufer|gatan|vägen|gade|vej|katu|"
        r"tie|veien|gata)"
        rf",? {_NUMBER}\b"
    ),
    re.compile(
        rf"\b(?:[A-ZÄÖÜ][\wäöüß-]*[ -]){{1,3}}(?:Straße|Strasse|Str\.|Weg|Gasse|Platz|Allee|Damm|Ufer|"
        rf"Ring) {_NUMBER}\b"
    ),
    # 14 bis, rue de la Paix; Calle Mayor 3; ul. Długa 118
    re.compile(
        rf"(?<![\w.,]){_NUMBER}(?: (?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours|"
        rf"route|square)"
        rf"(?: (?:d[eu]s?|la|le|les|l['’]|d['’]|{_CAP}))+",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:Calle|C/|Carrer|Avenida|Avda\.?|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|ul\.|ulica|"
        r"al\.|os\.|Rue|"
        rf"Avenue|Ulitsa|Jalan|Jl\.)(?: (?:de|del|de la|do|da|dos|das|di|del|dell[ae]|dei|degli|dello|"
        rf"{_CAP})){{1,5}},? (?:n[º°.]? ?)?{_NUMBER}\b"
    ),
    # 1593 Pagari 18 Suite 932: number, name and number
    re.compile(
        rf"(?<![\w.,$€£])(?:\d{{1,5}} )?(?:{_CAP} ){{1,3}}\d{{1,4}},?[\s>|?]{{1,8}}(?:Apt|Apartment|Suite|Ste|"
        rf"Unit|Flat)\b\.? ?\w{{1,6}}"
    ),
    re.compile(
        r"(?:(?<!\S)\d{1,6} )?\bP\.? ?O\.? ?Box \d{1,6}\b|\b(?:PSC|Unit|CMR) \d{3,5},? Box \d{1,5}\b|"
        r"\bUSS \w+(?=\s+[FAD]PO)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm)\b\.? ?#?\d{1,5}[A-Za-z]?\b"),
)
_STATES: Final = (
    r"A[LKZRAEP]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|"
    r"N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]|PR|GU"
)
_US_ZIP: Final = re.compile(rf"\b(?:(?:[FAD]PO) )?(?:{_STATES})\.?,? \d{{5}}(?:-\d{{4}})?\b")
_UK: Final = re.compile(r"\b(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})\b")
_CANADA: Final = re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]\d[A-Z]\d\b")
_CODE: Final = re.compile(
    r"\b(?:zip|postal|post ?code|plz|postleitzahl|code postal|cap|pin ?code|"
    r"eircode)(?: ?code)?\b[\s:=#]{1,3}(?:is |was |number )?"
    r"([A-Z]{0,2}-?\d[A-Z\d]?(?:[A-Z\d -]{0,7}[A-Z\d])?)\b",
    re.IGNORECASE,
)
_MORE: Final = (
    # what may go on after the street, each part optional, in this order
    re.compile(
        r"[,\s]{1,3}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Bldg|Building|No)\b\.? ?#?\w{1,6}|"
        r"[, ]{1,2}#\d{1,6}",
        re.I,
    ),
    re.compile(r"[,\s]{1,2}\d{1,2}(?:st|nd|rd|th) floor\b", re.I),
)
_BREAK: Final = r"(?:,[^\S\n]{0,3}|[^\S\n]{0,3},?[^\S\n]{0,3}\n[>|\s]{0,8},?[^\S\n]?| )"
_POST: Final = (
    rf"(?:(?:[FAD]PO )?(?:{_STATES})\b\.?,? ?\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}|"
    rf"[A-Z]\d[A-Z] ?\d[A-Z]\d|"
    r"(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?|\d{3} \d{2}|\d{2}-\d{3})"
)
_TOWN: Final = rf"(?:{_CAP}(?:[ -](?:{_CAP}|am|an der|de|la|le|sur|upon|on|of|\({_CAP}\))){{0,4}})"
_TAIL: Final = re.compile(
    rf"{_BREAK}{_POST}{_BREAK}{_TOWN}|(?:{_BREAK}{_TOWN}){{1,3}}{_BREAK}{_POST}(?!\w)(?:{_BREAK}(?:USA|U\.S\.A\.|"
    rf"UK|{_CAP})\b)?|"
    rf"{_BREAK}{_POST}(?!\w)|(?:,[^\S\n]?{_TOWN}){{1,3}}"
)
_DEGREES: Final = re.compile(
    r"(?<![\w.])[-+]?\d{1,2}\.\d{3,}°?\s?[NS]?\s?[,;]\s?[-+]?\d{1,3}\.\d{3,}°?\s?[EW]?(?![\w.])|"
    r"\d{1,3}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:\.\d+)?[\"″”]\s?)?[NS][,\s]{1,2}\d{1,3}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:\.\d+)?[\"″”]\s?)?[EW]"
)
_PLACED: Final = re.compile(r"\b(?:lat|latitude|lon|long|longitude|lng)\b", re.IGNORECASE)
_ONE_DEGREE: Final = re.compile(r"(?<![\w.])[-+]?\d{1,3}\.\d{3,}(?![\w.])")


def find(text: str) -> Iterator[PrivateSpan]:
    """Addresses may run over several lines; everything else stays in its own."""
    if not any(character.isdigit() for character in text):
        return
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            end = _further(text, match.end())
            yield found(text, match.start(), end - (text[end - 1] == "."), ADDRESS, 0.85)
    for pattern, confidence in ((_US_ZIP, 0.85), (_UK, 0.85), (_CANADA, 0.85)):
        for match in pattern.finditer(text):
            yield found(text, *match.span(), ADDRESS, confidence)
    for match in _CODE.finditer(text):
        yield found(text, *match.span(1), ADDRESS, 0.85)
    for match in _DEGREES.finditer(text):
        yield found(text, *match.span(), PLACE, 0.85)
    for match in _ONE_DEGREE.finditer(text):
        if follows(text, match.start(), _PLACED, 20):
            yield found(text, *match.span(), PLACE, 0.85)


def _further(text: str, end: int) -> int:
    """Where an address ends whose street ends at `end`: unit, town, postcode, country; at most three lines on."""
    for pattern in _MORE:
        if match := pattern.match(text, end):
            end = match.end()
    if match := _TAIL.match(text, end, min(len(text), end + 120)):
        end = match.end()
    return end
