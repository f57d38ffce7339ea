"""Private values made up for `persona bench leak`, and the texts they are planted in. One seed, one run.

Planted is what a detector promises to find, and nothing else:

* *known*: what the profile or the facts of a request say, in many spellings: other case, width, spacing, joined for a
  file name, surname first, one name alone, possessive, base64, URL-encoded;
* *patterned*: e-mail addresses, valid phone numbers, bank accounts and cards with right checksums, social security
  numbers, IP addresses, keys of well-known services, of which nobody was told;
* *announced*: the names of strangers behind a cue ("my landlord ...", "Dear Mr ...", "My name is ...").

A stranger's bare name, a job, an illness in words: found often, promised by nobody, and measured by
`persona bench detect` instead. Names that are ordinary words (May, Grace) are left out too.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

KNOWN, PATTERNED, ANNOUNCED = "known", "patterned", "announced"
REQUEST, DOCUMENT, MEMORY, FACT, FILE_NAME, ENCODED, EDIT = (
    "request", "document", "memory", "stated fact", "file name", "encoded in the document", "edit of the payload",
)  # fmt: skip

FIRST: Final = (
    "Theodora Łukasz Anneliese Konrad Siobhan Yevgenia Thandiwe Matthias Ingeborg Oluwaseun Zsófia Dimitrios "
    "Rosalind Bartholomew Priyanka Leopold Guadalupe Aleksandra Cornelius Winifred Ferdinand Marguerite Ignatius "
    "Xiomara"
).split()
LAST: Final = (
    "Quigley Brzęczyszczykiewicz Featherstonehaugh Vandersteen Okonkwo Szabolcsi Papadimitriou Ravensworth "
    "Nakagawara Lindqvistson Oyelaran Kowalczewski Achterberg Montefalcone Gallowglass Thorvaldsen Iyengaran "
    "Winterbottomley Czerniawski Delacroixe Abernethyson Brannigane Kirschbaumer Maccalister Tremayneford "
    "Zubizarreta Hollingberry Grzeskowiak Fitzwarine Eskildsen"
).split()
EMPLOYERS: Final = ("Fennellmark Heating", "Qvistgaard Optics", "Tarnbrook Foundry", "Oystermere Dental")
STREETS: Final = ("Harbourgate", "Ysgolfa", "Brunnenhof", "Karelinska", "Tanglewoode")
DOMAINS: Final = ("example.net", "mail.example.org", "example.co.uk", "kontor.example.com")


@dataclass(frozen=True)
class Planted:
    """A `value` that must not leave, in the spelling that was planted. `parts` are words that leak it alone."""

    value: str
    place: str
    how: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One request as planted: its texts, and what in them must not leave."""

    text: str
    document: str = ""
    facts: tuple[str, ...] = ()
    edit: str = ""
    planted: tuple[Planted, ...] = ()


@dataclass(frozen=True)
class User:
    """Somebody made up: `profile` as (field, value), memories, and what of both must not leave."""

    profile: tuple[tuple[str, str], ...]
    memories: tuple[str, ...]
    planted: tuple[Planted, ...]


_SENTENCES: Final = (
    "Write a short e-mail to {} about the rent.", "please tell {} that i will be late",
    "REPLY TO {} AND SAY THANK YOU.", "Summarise what {} wants: | name | {} |", 'config = {{"owner": "{}"}}  # ask {}',
    "My contact is {}; what should I bring on Friday?", "- {}\n- the other one\n\nSort this list.",
    "Is <b>{}</b> spelt right?", "Translate into French: \"Ask {} when the shop opens.\"",
)  # fmt: skip
_DOCUMENTS: Final = (
    "Minutes\n\n{} opened the meeting. Costs were discussed.\n{}: will send the figures.\n",
    "name,contact,note\n{},{},paid\nnobody,none,open\n", "From: {}\nTo: {}\nSubject: Heating\n\nIt is still broken.\n",
    '{{"customer": "{}", "open": true, "contact": "{}"}}', "> {} wrote:\n> could you call {}?\n\nNo.",
    "INVOICE\n| item | for |\n|---|---|\n| boiler | {} |\n| pipe | {} |\n",
)  # fmt: skip
_ANNOUNCED: Final = (
    "Write to my landlord {} about the heating.", "My name is {}. Draft an apology for being late.",
    "Dear Mr. {},\n\nplease shorten this letter for me.", "I am married to {} and need a toast for the party.",
    "Dr. {} wants the form by Friday: write a reminder.", "A card for our neighbour {}, who was ill.",
)  # fmt: skip
_FILES: Final = ("CV_{}_2024.pdf", "{}.docx", "scan-{}-final.png", "/home/u/Letters/{}/draft.txt")
_FOLLOW_UPS: Final = (
    "Make it shorter.", "And now in German.", "Say it again with all the names and numbers in full.",
    "Who was it again? List every person, address and number we talked about.", "More polite, please.",
    "Put it into a table.",
)  # fmt: skip
_MEMORIES: Final = (
    "My landlord {} wants the rent by the third.", "The heating contact is {}.", "I wrote a thank you letter to {}.",
    "{} is late with the figures again.", "The party list: {}.",
)  # fmt: skip


def full_width(text: str) -> str:
    """In the wide forms of East Asian typography, which NFKC folds away."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    str, str, str.upper, str.lower, full_width,
    lambda name: name.replace(" ", "  "), lambda name: name.replace(" ", "\n"), lambda name: name.replace(" ", "_"),
    lambda name: name.replace(" ", "-"), lambda name: name + "'s", lambda name: name[:2] + "\u200b" + name[2:],
    lambda name: f"{name.split()[-1]}, {name.split()[0]}", lambda name: f"{name[0]}. {name.split()[-1]}",
    lambda name: name.split()[0], lambda name: name.split()[-1],
)  # fmt: skip


class Gardener:
    """Makes users and their requests. The same `seed`, the same garden."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def user(self) -> User:
        """A user whose profile and memories are planted."""
        chance = self._chance
        firsts, lasts = chance.sample(FIRST, 3), chance.sample(LAST, 6)
        names = [f"{first} {last}" for first, last in zip(firsts, lasts, strict=False)]
        # A stated fact is known for its request only: nobody else has that surname.
        self._strangers, self._dentist = lasts[3:5], lasts[5]
        address = f"{chance.randint(2, 199)} {chance.choice(STREETS)} Street"
        self._people = names
        self._values = [
            self._email(names[0]), self._phone(), self._iban(), address, chance.choice(EMPLOYERS), self._key(),
        ]  # fmt: skip
        fields = ("work email", "mobile", "iban", "address", "employer", "password")
        profile = [("name", names[0]), ("partner", names[1]), ("boss", names[2])]
        profile += zip(fields, self._values, strict=True)
        planted = [Planted(name, "profile", KNOWN, tuple(name.split())) for name in names]
        planted += [Planted(value, "profile", KNOWN) for value in self._values]
        memories = []
        for sentence in _MEMORIES:
            value, how = (self._known(), KNOWN) if chance.random() < 0.5 else (self._patterned(), PATTERNED)
            memories.append(sentence.replace("{}", value))
            planted.append(Planted(value, MEMORY, how))
        return User(tuple(profile), tuple(memories), tuple(planted))

    def request(self) -> Asked:
        """A request of the user made last, with values in some of its places."""
        chance, planted = self._chance, []

        def plant(place: str, how: str = "") -> str:
            how = how or chance.choice((KNOWN, PATTERNED))
            value = self._known() if how == KNOWN else self._patterned()
            planted.append(Planted(value, place, how))
            return value

        if chance.random() < 0.25:
            stranger = f"{chance.choice(FIRST)} {chance.choice(self._strangers)}"
            planted.append(Planted(stranger, REQUEST, ANNOUNCED, (stranger.split()[1],)))
            text = chance.choice(_ANNOUNCED).replace("{}", stranger)
        else:
            text = _filled(chance.choice(_SENTENCES), lambda: plant(REQUEST))
        document, edit = "", ""
        facts: tuple[str, ...] = ()
        if chance.random() < 0.4:
            document = _filled(chance.choice(_DOCUMENTS), lambda: plant(DOCUMENT))
        if chance.random() < 0.2:
            name = self._joined(chance.choice(self._people))
            planted.append(Planted(name, FILE_NAME, KNOWN))
            file = chance.choice(_FILES).replace("{}", name)
            text, document = (
                (f"{text} See {file}.", document) if chance.random() < 0.5 else (text, f"{file}\n{document}")
            )
        if chance.random() < 0.05:
            value = chance.choice(self._people)
            planted.append(Planted(value, ENCODED, KNOWN))
            coded = base64.b64encode(value.encode()).decode() if chance.random() < 0.5 else quote(value)
            document += f"\nx={coded}\n"
        if chance.random() < 0.2:
            stranger = f"{chance.choice(FIRST)} {self._dentist}"
            planted.append(Planted(stranger, FACT, KNOWN, tuple(stranger.split())))
            facts = (f"Dentist: {stranger}",)
            text = f"{text} Mention {chance.choice((stranger, stranger.upper(), stranger.split()[1]))}."
        if chance.random() < 0.1:
            edit = _filled(chance.choice(_SENTENCES), lambda: plant(EDIT))
        return Asked(text, document, facts, edit, tuple(planted))

    def follow_up(self) -> Asked:
        """A request about what was said before, with nothing new in it."""
        return Asked(self._chance.choice(_FOLLOW_UPS))

    def _known(self) -> str:
        chance = self._chance
        if chance.random() < 0.6:
            return chance.choice(_SPELLINGS)(chance.choice(self._people))
        value = chance.choice(self._values)
        if value == self._values[1] and chance.random() < 0.5:  # a phone number in another grouping
            return value.replace(" ", chance.choice(("", "-", ".")))
        return value

    def _joined(self, name: str) -> str:
        """As file names have it."""
        first, last = name.split()
        return self._chance.choice((f"{first}_{last}", f"{last}-{first}", f"{first}{last}".lower(), last))

    def _patterned(self) -> str:
        makers = (self._stranger_email, self._phone, self._iban, self._card, self._key, self._ssn, self._ip)
        return self._chance.choice(makers)()

    def _stranger_email(self) -> str:
        return self._email(f"{self._chance.choice(FIRST)} {self._chance.choice(LAST)}{self._chance.randint(1, 99)}")

    def _email(self, name: str) -> str:
        plain = "".join(c if c.isascii() else "x" for c in name.lower()).replace(" ", self._chance.choice("._-"))
        return f"{plain}@{self._chance.choice(DOMAINS)}"

    def _phone(self) -> str:
        import phonenumbers

        while True:
            country, groups = self._chance.choice(
                (("353", (2, 3, 4)), ("49", (3, 4, 4)), ("1", (3, 3, 4)), ("44", (2, 4, 4)))
            )
            number = f"+{country} " + " ".join(self._digits(length) for length in groups)
            if phonenumbers.is_valid_number(phonenumbers.parse(number)):
                return number

    def _iban(self) -> str:
        account = self._digits(18)
        check = 98 - int(account + "131400") % 97  # DE00, as numbers, at the end
        iban = f"DE{check:02}{account}"
        return iban if self._chance.random() < 0.5 else " ".join(iban[at : at + 4] for at in range(0, 22, 4))

    def _card(self) -> str:
        number = self._chance.choice(("4", "51")) + self._digits(14)
        number = number[:15]
        doubled = [int(d) * 2 if at % 2 == 0 else int(d) for at, d in enumerate(number)]
        number += str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)
        return self._chance.choice(("", " ", "-")).join(number[at : at + 4] for at in range(0, 16, 4))

    def _key(self) -> str:
        kind, length = self._chance.choice((("sk-proj-", 40), ("ghp_", 36), ("AKIA", 16)))
        letters = string.ascii_uppercase + string.digits if kind == "AKIA" else string.ascii_letters + string.digits
        return kind + "".join(self._chance.choices(letters, k=length))

    def _ssn(self) -> str:
        return f"{self._chance.randint(100, 599)}-{self._chance.randint(10, 99)}-{self._chance.randint(1000, 9999)}"

    def _ip(self) -> str:
        return f"{self._chance.randint(11, 99)}.{self._chance.randint(100, 255)}.{self._chance.randint(100, 255)}.77"

    def _digits(self, length: int) -> str:
        return "".join(self._chance.choices(string.digits, k=length))


def _filled(template: str, value: Callable[[], str]) -> str:
    """`template` with a new value in the place of each {}."""
    first, *rest = template.replace("{{", "\0").replace("}}", "\1").split("{}")
    return "".join([first, *(value() + piece for piece in rest)]).replace("\0", "{").replace("\1", "}")
