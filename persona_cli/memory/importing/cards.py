"""vCard: address books. A card becomes a contact, and its note a memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from persona_cli.memory.contacts import Contact
from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import clean, pieces
from persona_cli.memory.importing.plain import HEAD, encoding_of
from persona_cli.memory.storage.records import Note

LINE: Final = 1 << 20
# Pictures and keys are most of an address book, and say nothing.
_BULKY: Final = re.compile(r"^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:]", re.IGNORECASE)
_NICKNAMES: Final = re.compile(r"^(?:[\w-]+\.)?NICKNAME(?:;[^:\r\n]*)?:(.*?)\r$", re.IGNORECASE | re.MULTILINE)


def read_cards(source: Source, options: Options) -> Iterator[Item]:
    """Every card of a .vcf file, of version 2.1, 3 or 4."""
    import vobject

    for number, text in enumerate(_cards(source), 1):
        where = f"{source.name}, card {number}"
        try:
            card = vobject.readOne(text, ignoreUnreadable=True, allowQP=True)
            contact = _contact(card, text)
        except Exception as error:  # vobject lets through what its line parsers raise
            said = (str(error).splitlines() or [""])[0][:100]
            yield Problem(where, f"The card cannot be read ({said or type(error).__name__}).")
            continue
        if not (contact.name or contact.phones or contact.emails):
            yield Problem(where, "The card has no name, number or address.")
            continue
        yield contact
        for note in _values(card, "note"):
            for piece in pieces(note, context=contact.name):
                yield Note(piece, source.changed, source_id=f"{source.name}#{contact.uid or contact.name}")


def _cards(source: Source) -> Iterator[str]:
    """The text of each card, without its pictures."""
    with source.open() as raw:
        encoding = encoding_of(raw.read(HEAD)) or "utf-8"
        raw.seek(0)
        lines: list[str] = []
        bulky = False
        text = io.TextIOWrapper(raw, encoding, "replace", newline="")
        while line := text.readline(LINE):
            line = line.rstrip("\r\n")
            if line.strip().upper() == "BEGIN:VCARD":
                lines = []
            # A folded line belongs to the one before it; old pictures go on without folding, up to an empty line.
            bulky = (bulky and (line[:1] in " \t" or ":" not in line)) or bool(_BULKY.match(line))
            if not bulky and line.strip():
                lines.append(line.replace("\0", ""))
            if line.strip().upper() == "END:VCARD":
                yield "\r\n".join(lines) + "\r\n"
                lines = []
        if any(line.strip() for line in lines):
            yield "\r\n".join(lines) + "\r\n"


def _contact(card: Any, text: str) -> Contact:
    if card is None or card.name.upper() != "VCARD":
        raise ValueError("it is no vCard")
    orgs = tuple(dict.fromkeys(org for org in map(_org, _raw(card, "org")) if org))
    name = _first(card, "fn") or _whole(_raw(card, "n")[:1])
    # vobject gives the first of several.
    nicknames = [clean(part) for line in _NICKNAMES.finditer(text) for part in line[1].replace("\\", "").split(",")]
    phones = [re.sub(r"^tel:", "", value, flags=re.IGNORECASE) for value in _values(card, "tel")]
    emails = [re.sub(r"^mailto:", "", value, flags=re.IGNORECASE) for value in _values(card, "email")]
    return Contact(
        # The card of a firm: its name is known as a firm's.
        name="" if name in orgs and not any(map(str.strip, map(_given, _raw(card, "n")))) else name,
        nicknames=tuple(dict.fromkeys(part for part in nicknames if part and part != name)),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
        emails=tuple(dict.fromkeys(email for email in emails if email)),
        addresses=tuple(dict.fromkeys(address for address in map(_address, _raw(card, "adr")) if address)),
        orgs=orgs,
        birthday=_first(card, "bday").split("T")[0],
        uid=_first(card, "uid"),
    )


def _raw(card: Any, name: str) -> list[Any]:
    return [line.value for line in card.contents.get(name, ())]


def _values(card: Any, name: str) -> list[str]:
    found = (_plain(value) for value in _raw(card, name))
    return [clean(value) for value in found if value]


def _first(card: Any, name: str) -> str:
    return " ".join(next(iter(_values(card, name)), "").split())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _given(name: Any) -> str:
    return f"{_part(name, 'given')} {_part(name, 'family')}"


def _whole(names: list[Any]) -> str:
    """The name of a card without FN, from the parts of N."""
    parts = (_part(name, part) for name in names for part in ("prefix", "given", "additional", "family", "suffix"))
    return clean(" ".join(part for part in parts if part))


def _org(value: Any) -> str:
    """The firm; its departments are no secret of anybody's."""
    return clean(str(value[0] if isinstance(value, list | tuple) and value else value or ""))


def _address(value: Any) -> str:
    """One line as people write it: street, town with its code, region, country."""
    street = ", ".join(part for name in ("box", "extended", "street") if (part := _part(value, name)))
    town = " ".join(part for name in ("city", "code") if (part := _part(value, name)))
    region = [part for name in ("region", "country") if (part := _part(value, name))]
    # A town alone is half the country's.
    return clean(", ".join(part for part in (street, town, *region) if part)).replace("\n", ", ") if street else ""


def _part(value: Any, name: str) -> str:
    found = getattr(value, name, "") or ""
    return " ".join(map(str, found)) if isinstance(found, list | tuple) else " ".join(str(found).split())
