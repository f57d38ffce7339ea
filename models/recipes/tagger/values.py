"""Private values for the slots of templates: names, firms, places, addresses, numbers.

Faker's in many languages, invented words, and the lists of names/ (names of things that exist, one a line; what stands
in native.txt, by language). One entry in HELD_OUT of each list is kept for measuring.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from faker import Faker

from models.recipes.tagger import treebank

LOCALES = (
    "en_US en_GB en_AU en_IN en_IE en_NZ de_DE fr_FR es_ES es_MX it_IT nl_NL pt_BR pt_PT pl_PL cs_CZ sv_SE no_NO "
    "da_DK fi_FI hu_HU ro_RO hr_HR tr_TR id_ID vi_VN en_PH fil_PH de_CH fr_CH sk_SK sl_SI et_EE lt_LT lv_LV"
).split()
#: The locales of Faker for a template in that language.
NATIVE = {
    "zh": ("zh_CN", "zh_CN", "zh_TW"), "ja": ("ja_JP",), "ko": ("ko_KR",), "ru": ("ru_RU",), "es": ("es_ES", "es_MX"),
    "fr": ("fr_FR",), "de": ("de_DE", "de_AT"), "pt": ("pt_BR", "pt_PT"), "it": ("it_IT",), "nl": ("nl_NL",),
    "pl": ("pl_PL",), "tr": ("tr_TR",), "ar": ("ar_AA",), "hi": ("hi_IN",), "id": ("id_ID",), "vi": ("vi_VN",),
    "uk": ("uk_UA",), "el": ("el_GR",),
}  # fmt: skip
_IN_NATIVE = {
    "PERSON": "name", "FIRST": "first_name", "LAST": "last_name", "ORG": "company", "CITY": "city", "PLACE": "city",
    "STREET": "street_address", "ADDRESS": "address", "PHONE": "phone_number",
}  # fmt: skip
HELD_OUT = 10
POOL = 4000
_FIRST_DAY, _LAST_DAY = date(1930, 11, 22), date(2026, 11, 21)
_SYLLABLES = (
    "ka lo mi ra ven tor bel an dri sha fu qi zen mar li no ba tu el or is nu pha go we rin cor ax ly vi sto che dal "
    "mon ter gu hi jo ke sa ni per qua ros yu zi bro cla dre fle gra plo tri sno"
).split()
_ASIAN = (
    "Wei Li Zhang Wang Chen Liu Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Song Tang "
    "Yuki Haruto Sakura Tanaka Suzuki Sato Takahashi Kenji Aiko Min-jun Seo-yeon Kim Park Lee Choi Jung Ji-woo Nguyen "
    "Tran Pham Linh Minh Anh Somchai Priya Ananya Rahul Arjun Sharma Patel Reddy Iyer Khan Fatima Mohammed Ahmed Ali "
    "Hassan Omar Aisha Yusuf Ibrahim Layla Reza Hossein Chukwu Adebayo Okafor Ngozi Kwame Abena Thabo Zanele Oluwaseun"
).split()
_FIELDS = (
    "Solar Health Data Cloud Marine Energy Media Foods Robotics Biotech Logistics Capital Design Learning Legal Travel "
    "Fitness Dental Motors Textiles Games Studios Analytics Security Mobility Wellness Aerospace Coffee Bakery Events "
    "Consulting Engineering Pharma Insurance Properties Plumbing Steel Optics Audio Farms Interiors Cosmetics"
).split()
_ENDINGS = (
    "Inc Inc. Ltd Ltd. LLC GmbH Group Holdings Partners & Co Corp Corporation Company Foundation Institute Association "
    "Solutions Technologies Labs Systems Services International Global Limited PLC S.A. Pty Ltd AG BV Trust Agency"
).split()
_BODIES = (
    "{} University|University of {}|{} State University|{} College|{} High School|{} Hospital|{} General Hospital|"
    "{} Medical Center|St. {}'s Hospital|Bank of {}|{} Bank|{} Police Department|Ministry of Health of {}|"
    "City of {}|{} City Council|{} Football Club|FC {}|{} United|{} Times|The {} Post|{} Airlines|{} Public Library|"
    "{} Museum of Art|{} Symphony Orchestra|{} Chamber of Commerce|Embassy of {}|{} Institute of Technology|"
    "{} Primary School|{} School of Business|{} National Park|Diocese of {}|{} Court of Appeal|Republic Party of {}"
).split("|")
_PLACES = (
    "London|Paris|Tokyo|Berlin|New York|Los Angeles|Chicago|Toronto|Sydney|Melbourne|Mumbai|Delhi|Beijing|Shanghai|"
    "Hong Kong|Singapore|Dubai|Nairobi|Lagos|Cairo|Istanbul|Moscow|Madrid|Rome|Vienna|Warsaw|Seoul|Jakarta|Manila|"
    "Bangkok|Hanoi|Lima|Bogota|Mexico City|São Paulo|Buenos Aires|USA|UK|U.S.|the United States|England|Scotland|"
    "Germany|France|Italy|Spain|China|Japan|India|Brazil|Canada|Australia|Nigeria|Kenya|Ghana|Vietnam|Thailand|Turkey|"
    "Iran|Iraq|Egypt|Morocco|Ukraine|Russia|Poland|Greece|Sweden|Norway|California|Texas|Florida|Ontario|Bavaria|"
    "Catalonia|Brooklyn|Manhattan|Soho|Silicon Valley|the Bay Area|Yorkshire|Kerala|Punjab|Guangdong|Hokkaido|"
    "Queensland|Europe|Africa|Southeast Asia|Latin America|the Middle East|"
    "Lake Victoria|the Danube|Mount Kenya|Gulf of Guinea"
).split("|")
_WORKS = (
    "Project {}|Operation {}|{} Pro|{} X|{} 2.0|{}OS|{} Suite|{} Hub|{} Chronicles|The {} Garden|Return to {}|"
    "The Last {}|{} Phone 12|{} Watch|{} Cream|{} Tour|Tales of {}|{}Pay|{}Book|{}GPT|{} Serum|{} Energy Drink|"
    "{}|{}|{}|{} Max|{} Academy Online|{} Festival|The {} Report|Beyond {}|{} V3|{} Series 7|{} Framework"
).split("|")


@cache
def _fakers() -> tuple[Faker, ...]:
    return tuple(Faker(locale) for locale in LOCALES)


@cache
def _native() -> dict[str, tuple[Faker, ...]]:
    return {language: tuple(Faker(locale) for locale in locales) for language, locales in NATIVE.items()}


@cache
def native() -> dict[str, tuple[str, ...]]:
    """The lines of names/native.txt, "zh ORG 华为", by language and slot."""
    found: dict[str, list[str]] = {}
    for line in listed("native"):
        language, slot, value = line.split(" ", 2)
        found.setdefault(f"{language} {slot}", []).append(value)
    return {key: tuple(values) for key, values in found.items()}


@cache
def listed(name: str) -> tuple[str, ...]:
    """The lines of names/`name`.txt."""
    lines = (Path(__file__).parent / "names" / f"{name}.txt").read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#: "))


class Values:
    """A source of values: the same seed gives the same ones in the same order."""

    def __init__(self, seed: int, held_out: bool = False) -> None:
        self._random = random.Random(seed)
        self._held_out = held_out
        for index, faker in enumerate([*_fakers(), *(faker for fakers in _native().values() for faker in fakers)]):
            faker.seed_instance(seed + index)
        self._pools: dict[str, list[str]] = {}

    def value(self, name: str, language: str = "") -> str:
        """One value for the slot `name` of a template: a method of this class in lower case, or one of `language`."""
        if language and name in (*_IN_NATIVE, "WORK", "DATE"):
            return self._pooled(f"{language}|{name}", lambda: self._in(language, name))
        made: str = getattr(self, name.lower())()
        return made

    def _in(self, language: str, name: str) -> str:
        known = self._part(f"{language} {name}", native())
        if known and self._random.random() < 0.6:
            return self._random.choice(known)
        faker = self._random.choice(_native()[language])
        if name == "DATE":
            form = "%Y年%m月%d日" if language in ("zh", "ja") else "%Y년 %m월 %d일" if language == "ko" else "%d.%m.%Y"
            return str(faker.date_time_ad(start_datetime=_FIRST_DAY, end_datetime=_LAST_DAY).strftime(form))
        if name == "WORK":
            return self.lwork()
        return str(getattr(faker, _IN_NATIVE[name])()).replace("\n", ", ")

    def _one(self, name: str) -> str:
        """An entry of names/`name`.txt."""
        return self._random.choice(self._part(name, {name: listed(name)}))

    def _part(self, name: str, lists: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        entries = lists.get(name, ())
        chosen = tuple(entry for at, entry in enumerate(entries) if (at % HELD_OUT == 0) == self._held_out)
        return chosen or entries

    def lorg(self) -> str:
        return self._one("orgs")

    def lwork(self) -> str:
        return self._one("works")

    def term(self) -> str:
        """A capitalised word or phrase that nobody would hide."""
        return self._one("terms")

    def first(self) -> str:
        return self._pooled("first", lambda: self._latin("first_name", 0.15))

    def last(self) -> str:
        return self._pooled("last", lambda: self._latin("last_name", 0.15))

    def person(self) -> str:
        first, last, draw = self.first(), self.last(), self._random.random()
        if self._random.random() < 0.12:
            return self._one("people")
        if draw < 0.62:
            return f"{first} {last}"
        if draw < 0.74:
            return f"{first} {self._random.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        if draw < 0.82:
            return f"{first} {self.first()} {last}"
        if draw < 0.87:
            return f"{first[0]}. {last}"
        if draw < 0.91:
            return f"{first} {last}-{self.last()}"
        if draw < 0.94:
            return f"{first} {self._random.choice(('van', 'de', 'al', 'von', 'bin', 'da'))} {last}"
        return f"{first} {last} {self._random.choice(('Jr.', 'III', 'Sr.'))}" if draw < 0.95 else self.invented(2)

    def org(self) -> str:
        draw = self._random.random()
        if self._random.random() < 0.4:
            return self._one("orgs")
        if draw < 0.22:
            return self._pooled("company", lambda: self._made("company"))
        if draw < 0.40:
            return self._random.choice(_BODIES).format(self.city() if self._random.random() < 0.7 else self.last())
        if draw < 0.58:
            return f"{self.invented(1)} {self._random.choice(_FIELDS)}" + self._ending()
        if draw < 0.70:
            return f"{self.last()} {self._random.choice(_FIELDS)}" + self._ending()
        if draw < 0.78:
            return "".join(self._random.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(self._random.randint(3, 5)))
        if draw < 0.86:
            return f"{self._random.choice(_FIELDS)}{self._random.choice(_FIELDS)}" + self._ending()
        return self.invented(1) + self._ending()

    def city(self) -> str:
        return self._pooled("city", lambda: self._latin("city", 0))

    def place(self) -> str:
        draw = self._random.random()
        if draw < 0.45:
            return self._one("places") if self._random.random() < 0.7 else self._random.choice(_PLACES)
        if draw < 0.60:
            return self._pooled("country", lambda: str(_fakers()[0].country()))
        return f"{self.city()}, {self._random.choice(_PLACES)}" if draw < 0.70 else self.city()

    def street(self) -> str:
        return self._pooled("street", lambda: self._latin("street_address", 0).replace("\n", ", "))

    def address(self) -> str:
        address = self._pooled("address", lambda: self._latin("address", 0))
        return address if self._random.random() < 0.4 else address.replace("\n", ", ")

    def work(self) -> str:
        if self._random.random() < 0.5:
            return self._one("works")
        return self._random.choice(_WORKS).format(self.invented(1))

    def date(self) -> str:
        form = self._random.choice(
            ("%d/%m/%Y", "%Y-%m-%d", "%B %d, %Y", "%d %B %Y", "%d.%m.%Y", "%b %d %Y", "%m/%d/%y", "%d %b %Y")
        )
        # Fixed ends, so that the same seed gives the same dates on any day.
        return str(self._faker().date_time_ad(start_datetime=_FIRST_DAY, end_datetime=_LAST_DAY).strftime(form))

    def id(self) -> str:
        form = self._random.choice(
            "#########|###-##-####|?#######|??######|#### #### #### ####|????-####|##-#######|INV-#####|#######|"
            "MRN ######|??#####?|###.###.###-##|#### ######|CASE-####-###|??## #### #### #### ####|###.##.#.##".split(
                "|"
            )
        )
        return "".join(
            self._random.choice("0123456789")
            if c == "#"
            else self._random.choice("ABCDEFGHKLMNPRSTX")
            if c == "?"
            else c
            for c in form
        )

    def phone(self) -> str:
        return self._pooled("phone", lambda: self._made("phone_number"))

    def email(self) -> str:
        return self._pooled("email", lambda: self._made("email"))

    def url(self) -> str:
        return self._pooled("url", lambda: self._made("url"))

    def user(self) -> str:
        if self._random.random() < 0.4:
            return self._one("handles")
        return self._pooled("user", lambda: self._made("user_name"))

    def money(self) -> str:
        return (
            f"{self._random.choice('$€£')}{self._random.randint(2, 900)}{self._random.choice(('', ',000', 'k', '.50'))}"
        )

    def number(self) -> str:
        return str(self._random.randint(2, 99))

    def month(self) -> str:
        return str(_fakers()[0].month_name())

    def day(self) -> str:
        return str(_fakers()[0].day_of_week())

    def job(self) -> str:
        return self._pooled("job", lambda: str(_fakers()[0].job()).split(",")[0])

    def word(self) -> str:
        return str(_fakers()[0].word())

    def plain(self) -> str:
        """A sentence without anything private."""
        return self._random.choice(treebank.plain())

    def plain2(self) -> str:
        """Two to four of them."""
        return " ".join(self.plain() for _ in range(self._random.randint(2, 4)))

    def invented(self, words: int) -> str:
        """Capitalised words that stand in no list."""
        return " ".join(
            "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 3))).capitalize() for _ in range(words)
        )

    def _faker(self) -> Faker:
        return self._random.choice(_fakers())

    def _latin(self, method: str, asian: float) -> str:
        if self._random.random() < asian:
            return self._random.choice(_ASIAN)
        return self._made(method)

    def _made(self, method: str) -> str:
        """A value of one of the languages, or of American English where that one has none of the kind."""
        faker = self._faker()
        return str(getattr(faker if hasattr(faker, method) else _fakers()[0], method)())

    def _ending(self) -> str:
        return f" {self._random.choice(_ENDINGS)}" if self._random.random() < 0.6 else ""

    def _pooled(self, name: str, make: Callable[[], str]) -> str:
        """Faker is slow: after POOL values of a kind, those are used again."""
        pool = self._pools.setdefault(name, [])
        if len(pool) < POOL and (len(pool) < 50 or self._random.random() < 0.5):
            pool.append(make())
            return pool[-1]
        return self._random.choice(pool)
