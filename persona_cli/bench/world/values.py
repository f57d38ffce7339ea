"""Private values: as the cloud sees them (placeholders) and as the user's own machine does (invented names, dates, …).

Half of the invented names are put together from syllables, so that a model has to learn to copy a name from the
request instead of learning a list of names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

KINDS: Final = (
    "PERSON", "ORG", "PLACE", "ADDRESS", "DATE", "EMAIL", "PHONE",
    "URL", "ID", "MONEY", "USERNAME", "SECRET", "DETAIL", "TEXT",
)  # fmt: skip
HIGHEST_NUMBER: Final = 9
PLACEHOLDERS: Final = tuple(f"[{kind}_{number}]" for kind in KINDS for number in range(1, HIGHEST_NUMBER + 1))
PLACEHOLDER_FORM: Final = re.compile(r"\[(?:" + "|".join(KINDS) + r")_\d+\]")
SYLLABLES_SHARE: Final = 0.5

FIRST_NAMES: Final = (
    "Anna Ben Clara David Emma Felix Grace Henry Isla Jack Karen Leo Maria Noah Olivia Paul Quinn Rosa Sam Tina Uma "
    "Victor Wendy Xavier Yara Zoe Ahmed Bianca Carlos Diana Elena Farid Greta Hassan Ingrid Jonas Kofi Lucia Marek "
    "Nadia Omar Priya Rafael Sofia Tomas Ulrich Vera Wei Yusuf Zara Alice Bruno Chloe Dmitri Esther Frank Gloria Hiro "
    "Irene Julia Adaeze Agnes Aisha Akira Alejandro Alina Amara Amit Anders Andrei Anika Antonio Arjun Astrid Ayumi "
    "Beatriz Bilal Bogdan Brigitte Caleb Camille Cem Chidi Chiara Ciara Daan Dalia Daniela Darius Deepa Delphine Desta "
    "Dylan Ebru Eduardo Eilidh Ekaterina Eleni Emeka Emre Enzo Erik Eun Fatima Femi Filip Fiona Florin Freya Gabriel "
    "Gareth Georgia Gianni Giulia Goran Hana Hannah Harald Hector Helena Ibrahim Ida Imani Isabel Ivan Jamal Jana "
    "Javier Jelena Jin Joana Jorge Joseph Kamal Karim Katarina Keiko Kenji Khadija Kwame Lars Laila Leila Lena Liam "
    "Ling Lorenzo Luca Magda Mai Malik Manon Marta Mateo Mehmet Mei Mia Miguel Mila Milan Minh Mohammed Mustafa Nils "
    "Nina Nora Oksana Ole Owen Pablo Paolo Pavel Pedro Petra Pierre Rahul Rania Ravi Renata Ricardo Rohan Ruth Salma "
    "Samir Sanjay Sara Sean Selin Sergei Simone Siobhan Sven Tamar Tariq Tatiana Thandi Theo Thomas Tuan Valentina "
    "Viktor Wanjiku William Ximena Yasmin Yuki Zainab Zofia"
).split()
LAST_NAMES: Final = (
    "Adams Becker Cole Dalton Evans Fischer Garcia Hughes Ivanov Jensen Kowalski Lopez Meyer Nguyen Okafor Patel Quist "
    "Roberts Schmidt Tanaka Usman Vargas Walker Xu Young Zimmer Andersen Brandt Carter Duarte Eriksen Foster Grant "
    "Harper Ito Johnson Keller Lund Moreau Novak Olsen Petrov Ramos Silva Turner Varga Weber Abebe Acosta Adeyemi "
    "Aguilar Ahmadi Albers Ali Almeida Amato Ansah Aydin Baker Banerjee Barbosa Bauer Bell Berger Bianchi Blanc "
    "Boateng "
    "Bondar Braun Brown Campbell Castillo Chan Chaudhry Chen Clarke Conti Costa Cruz Dang Das Davies Delgado Demir "
    "Diaz Dimitrov Dubois Dvorak Ekström Esposito Farouk Fernandez Ferrari Fiala Fontaine Friedman Fujita Galli Gomez "
    "Green Gupta Haddad Hall Hansen Hassan Hernandez Hoffmann Horvat Huang Huber Ibrahim Iyer Jansen Jovanovic Kaya "
    "Khan Kim Kimani Klein Kovacs Kumar Laurent Lee Lehmann Lewis Lindberg Mancini Marino Martin Mbeki Mendes Mensah "
    "Mitchell Mohan Moore Morales Moretti Müller Murphy Nakamura Nielsen Nkosi Nowak Nunes Obi O'Brien Ochoa Ortiz "
    "Osei Pappas Park Parker Peeters Perez Pham Popescu Price Rahman Reyes Richter Rossi Roux Russo Sahin Santos Sato "
    "Shah Sharma Singh Smith Soto Stewart Suzuki Taylor Thapa Torres Tran Vogel Wagner Wang Watson White Wilson Wong "
    "Wright Yamada Yilmaz Zhang"
).split()
CITIES: Final = (
    "London Leeds Berlin Hamburg Vienna Paris Lyon Madrid Porto Rome Milan Prague Oslo Dublin Boston Denver Austin "
    "Toronto Sydney Kyoto Accra Lagos Cairo Zurich Ghent Krakow Turin Bergen Malmo Utrecht Aarhus Antwerp Athens Basel "
    "Bologna Bristol Brno Brussels Budapest Calgary Cardiff Chennai Chicago Cologne Cork Dakar Dresden Edinburgh "
    "Fukuoka Galway Gdansk Geneva Glasgow Granada Graz Hanoi Helsinki Istanbul Jakarta Kigali Kochi Lille Lima Lisbon "
    "Liverpool Ljubljana Malaga Manchester Marseille Melbourne Montreal Mumbai Munich Nairobi Nantes Naples Nashville "
    "Osaka Ottawa Oxford Padua Perth Portland Pune Riga Rotterdam Salzburg Santiago Seattle Sevilla Sofia Stockholm "
    "Stuttgart Tallinn Tampere Tbilisi Trieste Tunis Valencia Vilnius Warsaw Wellington York Zagreb"
).split()
STREETS: Final = (
    "Elm Oak Mill Station Church Garden River Park Bridge Market High Rose Hill Lake Castle Forest Queen Albert Ash "
    "Beech Birch Canal Cedar Chapel Cherry College Cross Dock Field George Green Harbour Hazel King Linden Maple "
    "Meadow North Orchard Park School South Spring Tower Union Victoria Walnut West Willow"
).split()
STREET_TAILS: Final = "Street Street Road Road Lane Avenue Close Way Square Court".split()
ORG_HEADS: Final = (
    "North Blue Green Silver Bright River Stone Nova Alpha City Harbour Summit Delta Prime Maple Orbit Amber Anchor "
    "Beacon Birch Cedar Clover Coral Crown Eagle Eastside Falcon Granite Heron Ivory Juniper Lakeside Lantern Meridian "
    "Oakfield Parkside Pine Quartz Redwood Sunrise Swan Tower Valley Westgate Willow"
).split()
ORG_TAILS: Final = (
    "Bank Insurance Energy Telecom Clinic Books Logistics Systems Foods Motors Travel Studio Fitness Dental Bakery "
    "College Consulting Designs Electric Garage Gardens Hotel Internet Kitchens Labs Library Media Pharmacy Plumbing "
    "Properties Removals School Services Software Solar Sports Theatre Water"
).split()
MONTHS: Final = "January February March April May June July August September October November December".split()
DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ONSETS: Final = "b br c ch cl d dr f fl g gr h j k kl kr l m n p pr r s sh sk st t th tr v w y z".split()
VOWELS: Final = "a e i o u ai ea io au ei oa".split()
CODAS: Final = ["", "", "", "l", "n", "r", "s", "th", "m", "ck", "nd", "x", "rt"]
DETAILS: Final = (
    "a bad back", "a peanut allergy", "a broken wrist", "my migraine", "the divorce", "my exam", "an eye operation",
    "a family matter", "my new job", "the court case", "my asthma", "the adoption", "a kidney stone", "the loan",
    "a knee operation", "a gluten allergy", "my high blood pressure", "a hearing problem", "my pregnancy",
    "a sprained ankle", "my diabetes", "a death in the family", "my anxiety", "the separation", "a torn ligament",
    "my night shifts", "a root canal", "my son's surgery", "my daughter's illness", "a slipped disc", "my therapy",
    "a tax problem", "my redundancy", "a burst pipe", "my chemotherapy", "a nut allergy", "my insomnia",
)  # fmt: skip
TEXTS: Final = (
    "the plan for the summer", "the blue folder", "our old agreement", "the second floor flat", "the spare room",
    "project Heron", "the choir trip", "the garden wall", "the white van", "the night shift", "the winter sale",
    "the red notebook", "project Lantern", "the March report", "the school play", "the new logo", "the oak table",
    "the spring catalogue", "the street party", "the staff survey", "project Bluebell", "the reading group",
    "the budget for next year", "the roof repair", "the bike tour", "the photo album", "the chess club",
    "the harbour project", "the sofa bed", "the old piano", "the website text", "the charity run",
)  # fmt: skip
DETAIL_HEADS: Final = "a sore,a weak,a stiff,my swollen,an operation on my,an old injury to my,the pain in my".split(
    ","
)
DETAIL_TAILS: Final = "knee shoulder hip ankle wrist elbow back neck hand foot".split()
TEXT_HEADS: Final = "project,the file,the folder,the play,the team,the boat,the file named,the course".split(",")


def _pick(rng: random.Random, options: Sequence[str]) -> str:
    return options[int(rng.random() * len(options))]


def invented_word(rng: random.Random) -> str:
    """A pronounceable capitalised word of two or three syllables."""
    syllables = 2 if rng.random() < 0.7 else 3
    return "".join(
        _pick(rng, ONSETS) + _pick(rng, VOWELS) + _pick(rng, CODAS) for _ in range(syllables)
    ).capitalize()  # fmt: skip


def _word(rng: random.Random, known: Sequence[str]) -> str:
    return invented_word(rng) if rng.random() < SYLLABLES_SHARE else _pick(rng, known)


def _plain(word: str) -> str:
    return word.lower().replace("'", "").replace("ö", "o").replace("ü", "u")


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(10 ** (count - 1), 10**count - 1))


def _person(rng: random.Random) -> str:
    form = rng.random()
    if form < 0.35:
        return _word(rng, FIRST_NAMES)
    last = _word(rng, LAST_NAMES)
    if form < 0.75:
        return f"{_word(rng, FIRST_NAMES)} {last}"
    return f"{_pick(rng, ('Ms', 'Mr', 'Mrs', 'Dr', 'Ms', 'Mr', 'Professor'))} {last}"


def _organisation(rng: random.Random) -> str:
    return f"{_word(rng, ORG_HEADS)} {_pick(rng, ORG_TAILS)}"


def _place(rng: random.Random) -> str:
    return _word(rng, CITIES)


def _address(rng: random.Random) -> str:
    street = f"{rng.randint(1, 180)} {_word(rng, STREETS)} {_pick(rng, STREET_TAILS)}"
    form = rng.random()
    if form < 0.5:
        return street
    if form < 0.6:
        return f"Flat {rng.randint(1, 40)}, {street}"
    return f"{street}, {_word(rng, CITIES)}"


def _time(rng: random.Random) -> str:
    hour, minute = rng.randint(7, 21), _pick(rng, ("00", "15", "30", "45", "10", "20"))
    if rng.random() < 0.6:
        return f"{hour}:{minute}"
    half = "am" if hour < 12 else "pm"
    return f"{hour % 12 or 12} {half}" if minute == "00" else f"{hour % 12 or 12}:{minute} {half}"


def _date(rng: random.Random) -> str:
    day, month, weekday = rng.randint(1, 28), _pick(rng, MONTHS), _pick(rng, DAYS)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"{day} {month}",
        lambda: f"{day} {month}",
        lambda: f"{month} {day}",
        lambda: f"{month} {day}",
        lambda: weekday,
        lambda: weekday,
        lambda: f"{weekday}, {day} {month}",
        lambda: f"{weekday}, {month} {day}",
        lambda: f"{day} {month} 20{rng.randint(24, 31)}",
        lambda: f"{month} {day}, 20{rng.randint(24, 31)}",
        lambda: f"{day}/{rng.randint(1, 12)}/20{rng.randint(24, 31)}",
        lambda: f"20{rng.randint(24, 31)}-{rng.randint(1, 12):02}-{day:02}",
        lambda: f"{day:02}.{rng.randint(1, 12):02}.20{rng.randint(24, 31)}",
        lambda: f"{weekday} at {_time(rng)}",
        lambda: f"{day} {month} at {_time(rng)}",
        lambda: f"{month} {day} at {_time(rng)}",
    )
    return forms[int(rng.random() * len(forms))]()


def _email(rng: random.Random) -> str:
    first, last = _plain(_word(rng, FIRST_NAMES)), _plain(_word(rng, LAST_NAMES))
    name = _pick(rng, (f"{first}.{last}", f"{first[0]}.{last}", f"{first}{rng.randint(1, 99)}", f"{last}_{first}"))
    return f"{name}@{_plain(_word(rng, ORG_HEADS))}.{_pick(rng, ('com', 'org', 'net', 'co.uk', 'example', 'eu'))}"


def _phone(rng: random.Random) -> str:
    form = int(rng.random() * 5)
    if form == 0:
        return f"0{_digits(rng, 3)} {_digits(rng, 5)}"
    if form == 1:
        return f"+{_digits(rng, 2)} {_digits(rng, 3)} {_digits(rng, 3)}"
    if form == 2:
        return f"0{_digits(rng, 4)} {_digits(rng, 6)}"
    if form == 3:
        return f"({_digits(rng, 3)}) 555-{_digits(rng, 4)}"
    return f"+{_digits(rng, 2)} {_digits(rng, 4)} {_digits(rng, 6)}"


def _url(rng: random.Random) -> str:
    start = _pick(rng, ("https://", "https://www.", "www."))
    page = _pick(rng, ("join", "form", "login", "pay", "photos", "map", "book", "list", "details", "vote"))
    return f"{start}{_plain(_word(rng, ORG_HEADS))}.{_pick(rng, ('com', 'org', 'net', 'example'))}/{page}"


def _identifier(rng: random.Random) -> str:
    letters = "".join(_pick(rng, "ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(2))
    form = int(rng.random() * 6)
    if form < 2:
        return _digits(rng, rng.randint(4, 8))
    if form == 2:
        return f"{letters}-{_digits(rng, 5)}"
    if form == 3:
        return f"{letters}{_digits(rng, 4)}"
    if form == 4:
        return f"#{_digits(rng, 5)}"
    return f"{_digits(rng, 3)}-{_digits(rng, 4)}"


def _money(rng: random.Random) -> str:
    amount = str(rng.choice((rng.randint(5, 99), rng.randint(100, 999), rng.randint(10, 90) * 10)))
    form = rng.random()
    if form < 0.15:
        amount += f".{rng.randint(10, 99)}"
    elif form < 0.3:
        amount = f"{rng.randint(1, 9)},{rng.randint(0, 9)}50"
    return _pick(
        rng, (f"{amount} euros", f"${amount}", f"£{amount}", f"€{amount}", f"{amount} dollars", f"{amount} francs")
    )


def _username(rng: random.Random) -> str:
    first, last = _plain(_word(rng, FIRST_NAMES)), _plain(_word(rng, LAST_NAMES))
    return _pick(rng, (f"{first}_{last}", f"{first}{_digits(rng, 2)}", f"{last}.{first}", f"{first}-{_digits(rng, 3)}"))


def _secret(rng: random.Random) -> str:
    word = _plain(invented_word(rng))
    return _pick(
        rng, (f"{word}{_digits(rng, 3)}!", _digits(rng, 4), _digits(rng, 6), f"{word.title()}-{_digits(rng, 2)}")
    )


def _detail(rng: random.Random) -> str:
    if rng.random() < SYLLABLES_SHARE:
        return f"{_pick(rng, DETAIL_HEADS)} {_pick(rng, DETAIL_TAILS)}"
    return _pick(rng, DETAILS)


def _text(rng: random.Random) -> str:
    if rng.random() < SYLLABLES_SHARE:
        return f"{_pick(rng, TEXT_HEADS)} {invented_word(rng)}"
    return _pick(rng, TEXTS)


_INVENTED: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "PERSON": _person, "ORG": _organisation, "PLACE": _place, "ADDRESS": _address, "DATE": _date, "EMAIL": _email,
    "PHONE": _phone, "URL": _url, "ID": _identifier, "MONEY": _money, "USERNAME": _username, "SECRET": _secret,
    "DETAIL": _detail, "TEXT": _text,
}  # fmt: skip


def invented(kind: str, rng: random.Random) -> str:
    """A real-looking value of a kind. Raises ValueError for a kind that there is not."""
    if kind not in _INVENTED:
        raise ValueError(f"There is no kind of private value called {kind!r}: it is one of {', '.join(KINDS)}.")
    return _INVENTED[kind](rng)


class Values:
    """Hands out private values of one request, never the same one twice; `given` are those handed out so far."""

    def __init__(self, rng: random.Random, *, cloud: bool) -> None:
        self._rng = rng
        self._cloud = cloud
        self._in_order = rng.random() < 0.5
        self._numbers: dict[str, list[int]] = {}
        self.given: list[str] = []
        self._kinds: dict[str, str] = {}

    def take(self, kind: str, name: str = "") -> str:
        """A value of the kind: the placeholder `[KIND_N]`, or an invented one. `name` is the slot it is for, such as
        "me" or "who", of which a subclass may have a value of its own. Raises RuntimeError if none is left."""
        value = self._placeholder(kind) if self._cloud else self._invention(kind)
        self.given.append(value)
        self._kinds[value] = kind
        return value

    def kind_of(self, value: str) -> str:
        """The kind of a value that was given. Raises KeyError."""
        return self._kinds[value]

    def _placeholder(self, kind: str) -> str:
        numbers = self._numbers.get(kind)
        if numbers is None:
            numbers = self._numbers[kind] = list(range(HIGHEST_NUMBER, 0, -1))
            if not self._in_order:
                self._rng.shuffle(numbers)
        if not numbers:
            raise RuntimeError(f"A request needs more than {HIGHEST_NUMBER} values of the kind {kind}.")
        return f"[{kind}_{numbers.pop()}]"

    def _invention(self, kind: str) -> str:
        for _ in range(50):
            value = _INVENTED[kind](self._rng)
            if not any(value in given or given in value for given in self.given):
                return value
        raise RuntimeError(f"A request needs too many values of the kind {kind}.")
