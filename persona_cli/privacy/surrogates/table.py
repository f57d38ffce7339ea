"""The surrogates of one conversation: what stands for which placeholder, on the way out and back.

persona works with placeholders throughout; they are exchanged for surrogates at the very end of the way out, after the
gate has looked (`put_on`), and both are read on the way back. So a surrogate can always be left off: where no free one
is found, where it reads as something private by now, or where it would not come back as it was, the placeholder leaves.

Kept per kind: of names gender, titles and who shares a surname; of organisations what they are (a bank, a GmbH); of
dates the weekday and the days between them. MONEY, SECRET, DETAIL and TEXT have no surrogates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from secrets import token_bytes
from typing import Final

from persona_cli.errors import StoreDamaged
from persona_cli.privacy.placeholders import Found, read_token
from persona_cli.privacy.spans import ADDRESS, DATE, EMAIL, ID, ORG, PERSON, PHONE, PLACE, URL, USERNAME
from persona_cli.privacy.surrogates import dates, numbers, people, things
from persona_cli.privacy.surrogates.drawing import SEED_BYTES, Draw, Taken
from persona_cli.privacy.surrogates.edges import DATE as DATE_FORM
from persona_cli.privacy.surrogates.edges import LINK, LOOK_RIGHT, NAME, NUMBER, Form
from persona_cli.privacy.surrogates.reading import Reader

_SORTS: Final = {PHONE: NUMBER, ID: NUMBER, DATE: DATE_FORM, EMAIL: LINK, URL: LINK, USERNAME: LINK}
_HISSES: Final = ("s", "x", "z", "ch", "sh")


@dataclass(frozen=True)
class Surrogate:
    """`text` leaves in place of `token`, which stands for `value`."""

    token: str
    kind: str
    value: str
    text: str


class Surrogates:
    """`Surrogates(s.issued, s.seed)` goes on where `s` was. Raises StoreDamaged where one is there twice."""

    def __init__(self, issued: Iterable[Surrogate] = (), seed: bytes = b"") -> None:
        self.seed = seed or token_bytes(SEED_BYTES)
        self._by_token: dict[str, Surrogate] = {}
        self._texts: set[str] = set()
        self._private: list[str] = []
        for item in issued:
            if item.token in self._by_token or item.text in self._texts:
                raise StoreDamaged(
                    f"The surrogate of {item.token} in this conversation is damaged or there twice. "
                    "Start a new conversation; `persona doctor` checks the vault."
                )
            self._enter(item)

    @property
    def issued(self) -> tuple[Surrogate, ...]:
        """All, in the order of their issue."""
        return tuple(self._by_token.values())

    def text_of(self, token: str) -> str | None:
        """What leaves in place of `token`; None where that is the token itself."""
        item = self._by_token.get(token)
        return item.text if item else None

    def keep_clear_of(self, texts: Iterable[str]) -> None:
        """Issue nothing from now on that stands in one of `texts`, whether they leave or not."""
        self._private += texts

    def issue(
        self,
        wanted: Iterable[tuple[str, str, str]],
        private: Iterable[str],
        leaks: Callable[[str], bool] = lambda text: False,
    ) -> None:
        """Give those of `wanted` (token, kind, value) a surrogate that have none and can have one.

        `private` are all texts that a surrogate must not be found in, `leaks` tells whether one reads as a known value.
        """
        new = [item for item in wanted if item[0] not in self._by_token]
        if not new:
            return
        taken = Taken()
        taken.add([*private, *self._private, *(value for _, _, value in new), *self._texts])
        taken.add(item.value for item in self.issued)
        draw = Draw(self.seed, taken, leaks)
        # Names first, the full ones before their parts: initials and mailboxes are made of them.
        for token, kind, value in sorted(
            new, key=lambda item: (_sense(item[1], item[2]) != PERSON, -_whole_words(item[1], item[2]))
        ):
            text = self._made(token, kind, value, draw)
            if text and text not in self._texts and text != value:
                self._enter(Surrogate(token, kind, value, text))

    def find(self, text: str, start: int = 0) -> Iterator[Found]:
        """Every surrogate in `text` from `start` on, in whatever form (see reading.py)."""
        return self._reader.find(text, start)

    def unfinished(self, text: str, start: int = 0) -> int:
        """From where the rest of `text` may yet become a surrogate, or another one than it is now."""
        return self._reader.unfinished(text, start)

    def doubts(self, text: str) -> Iterator[str]:
        """What in a whole text may be a surrogate that lost its way."""
        return self._reader.doubts(text)

    @property
    def longest(self) -> int:
        """No surrogate, in any form, is longer than this many characters, with what decides about it on the right."""
        return self._reader.longest + LOOK_RIGHT

    def _enter(self, item: Surrogate) -> None:
        self._by_token[item.token] = item
        self._texts.add(item.text)
        self.__dict__.pop("_reader", None)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(_forms(self.issued))

    def _made(self, token: str, kind: str, value: str, draw: Draw) -> str | None:
        siblings = self._spellings(token)
        kind = _sense(kind, value)
        if kind == PERSON:
            return people.surrogate_name(value, _name_words(self.issued), draw, tuple(item.value for item in siblings))
        if siblings and kind != ORG:
            return _spelling(siblings[0], value)
        if kind == ORG:
            return things.surrogate_org(value, _firms(self.issued), draw)
        if kind == EMAIL:
            return things.surrogate_mail(value, _name_words(self.issued), draw)
        makers = {
            PLACE: things.surrogate_place, ADDRESS: things.surrogate_address, URL: things.surrogate_link,
            USERNAME: things.surrogate_user, PHONE: numbers.surrogate_phone, ID: numbers.surrogate_id,
            DATE: dates.surrogate_date,
        }  # fmt: skip
        return makers[kind](value, draw) if kind in makers else None

    def _spellings(self, token: str) -> list[Surrogate]:
        """The surrogates of the same entity."""
        read = read_token(token)
        return [item for item in self.issued if read and (read_token(item.token) or ())[:2] == read[:2]]


def _sense(kind: str, value: str) -> str:
    """The kind by which a value's surrogate is made: detection takes "Kearney Heating Ltd" for a person at times."""
    return ORG if kind == PERSON and things.is_company(value) else kind


def _whole_words(kind: str, value: str) -> int:
    return sum(len(word.text) > 1 for word in people.words_of_name(value)) if kind == PERSON else 0


def _spelling(known: Surrogate, value: str) -> str | None:
    """Another spelling of an entity that is no person: the same surrogate in that format or case, None for neither."""
    if known.kind in (PHONE, ID):
        # The letters of an id can't be told from the value's own.
        lettered = any(map(str.isalpha, value))
        return None if lettered else numbers.in_format("".join(filter(str.isdigit, known.text)), value)
    if value.isupper() != known.value.isupper() or value.islower() != known.value.islower():
        return people.as_written(known.text, value)
    return None


def _name_words(issued: Iterable[Surrogate]) -> dict[str, str]:
    """{key of a word of a name: the word that stands for it}, in the case of the lists."""
    words: dict[str, str] = {}
    for item in issued:
        if _sense(item.kind, item.value) == PERSON:
            for ours, theirs in people.aligned(item.value, item.text):
                if ours.role != people.INITIAL:
                    words.setdefault(ours.key, theirs.text.capitalize())
    return words


def _firms(issued: Iterable[Surrogate]) -> dict[str, str]:
    """{name of an organisation without its sort, lower-case: the word that stands for it}."""
    return {
        " ".join(item.value.removesuffix(things.sort_of(item.value)).casefold().split()): item.text.split()[0]
        .rstrip(",")
        .capitalize()
        for item in issued
        if _sense(item.kind, item.value) == ORG
    }


# ------------------------------------------------------------------------------- the forms in which they may come back


def _forms(issued: tuple[Surrogate, ...]) -> Iterator[Form]:
    """What was issued first; then what follows from it, where that is not ambiguous."""
    for item in issued:
        yield Form(item.text, item.value, item.token, _sort(item))
        if _sort(item) == NUMBER and item.text[0] in "+(":
            yield Form(item.text.lstrip("+("), item.value, item.token, NUMBER)
    following: dict[str, dict[str, Form]] = {}
    for form in (form for item in issued for form in _following(item)):
        following.setdefault(form.text.lower(), {}).setdefault(form.value.casefold(), form)
    given = {item.text.lower(): item.value.casefold() for item in issued}
    for text, forms in following.items():
        if forms.keys() | {given.get(text, next(iter(forms)))} == {next(iter(forms))}:
            yield from forms.values()


def _sort(item: Surrogate) -> str:
    if _sense(item.kind, item.value) == PERSON:
        words = [word for word in people.words_of_name(item.text) if word.role != people.KEPT]
        return words[0].role if len(words) == 1 and words[0].role != people.INITIAL else NAME
    return _SORTS.get(item.kind, NAME)


def _following(item: Surrogate) -> Iterator[Form]:
    """Of a name the parts, the plural, and the initial with the surname; a firm without its sort; a date otherwise."""
    if item.kind == DATE:
        yield from (Form(text, value, "", DATE_FORM) for text, value in dates.forms_of(item.value, item.text).items())
    elif _sense(item.kind, item.value) == ORG and (sort := things.sort_of(item.value)):
        yield Form(item.text.removesuffix(sort), item.value.removesuffix(sort), "", NAME)
    elif _sense(item.kind, item.value) == PERSON:
        pairs = [
            (people.as_listed(ours.text), theirs.text.capitalize(), ours.role)
            for ours, theirs in people.aligned(item.value, item.text)
            if ours.role != people.INITIAL
        ]
        for ours, theirs, role in pairs:
            yield Form(theirs, ours, "", role)
            if role == people.FAMILY:
                yield Form(f"{theirs}s", ours + ("es" if ours.endswith(_HISSES) else "s"), "", people.FAMILY)
                given = next(((one, other) for one, other, of in pairs if of == people.GIVEN), None)
                if given:
                    yield Form(f"{given[1][0]}. {theirs}", f"{given[0][0]}. {ours}", "", NAME)
