"""Facts of the user that a task needs in kind only: "I am allergic to hazelnuts" and a menu -> a dietary restriction.

DESIGN §1: a private fact is withheld unless the task needs it, then generalised if that is enough. Here are the kinds
for which it is enough, written by hand: what a memory of that kind reads like, which requests such a fact bears on, and
what is said in its place. Nothing of the memory goes into those words: a wording that shares a content word with it is
passed over, unless the request has that word itself. What a person may be hurt for (belief, orientation, pregnancy,
debts, crime: the special categories of GDPR art. 9 and 10) is never more than a personal matter.

Rules, no model. Knows nothing of placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from persona_cli.privacy.attributes import COUNTRY, cities, countries
from persona_cli.privacy.spans import ADDRESS, PERSON, PLACE, PrivateSpan
from persona_cli.sketch import sensitive

_WORD: Final = re.compile(r"[^\W_]+")
# Words of the wordings that say nothing of anybody.
_PLAIN: Final = frozenset("a an and applies for in is it of the their there they to user with".split())
STEM: Final = 4
# One word of health alone is as often about somebody else's.
HEALTH_WORDS: Final = 2


@dataclass(frozen=True)
class General:
    """What is said in place of a fact, and the reason: what of the request it bears on."""

    point: str
    reason: str


@dataclass(frozen=True)
class _Kind:
    """Wordings are tried in turn; `sought` is what such a fact says, to search the memory with.

    `own`: only a fact about the user themselves. `guarded`: also of a guarded fact.
    """

    name: str
    told: re.Pattern[str]
    bears: re.Pattern[str]
    wordings: tuple[str, ...]
    sought: str
    own: bool = False
    guarded: bool = False


def _words(stems: str) -> re.Pattern[str]:
    """Any word that begins with one of `stems`; one with a "$" is a whole word, "_" is a space."""
    forms = [re.escape(s[:-1]).replace("_", " ") + r"(?!\w)" if s.endswith("$") else s.replace("_", " ")
             for s in stems.split()]  # fmt: skip
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})", re.IGNORECASE)


_TRAVEL: Final = (
    "trip travel hotel flight$ flights$ itinerar holiday vacation tour$ tours$ excursion sightsee visit journey cruise "
    "weekend_away city_break airbnb getaway"
)
_HOME: Final = "flat$ flats$ apartment house$ houses$ home$ move$ moving$ rent$ renting accommodation cottage"
_EVENT: Final = "event venue party parties wedding conference concert workshop meetup reception festival"
_FOOD: Final = (
    "menu recipe dinner lunch breakfast brunch supper meal cook bake baking restaurant cater food snack picnic "
    "barbecue bbq cake buffet grocer eat$ eating dish dishes potluck canap appetiz dessert feast"
)
# Where a reason is asked for anyway. Whom one only turns down is not told that there is one.
_ABSENCE: Final = "absen day_off days_off time_off leave$ sick excus extension call_in deferr compassionate"
_SPORT: Final = "workout exercis fitness train$ training gym$ yoga sport running jog$ marathon hike hikes hiking swim"
_BUY: Final = "buy$ buying purchas afford invest mortgage loan$ cheap furnish save_up saving_up holiday vacation"
_MEANS: Final = _words(
    "salary earn$ earns$ income wage$ wages$ pension savings$ take-home my_budget our_budget net_worth"
)
_GUARDED: Final = _words(
    "relig church mosque synagog pray$ praying prayer catholic christian muslim islam jewish judais hindu buddhis "
    "atheis baptis pregnan expecting_a_baby miscarr abort ivf$ fertil postpart debt owe$ owes$ owed$ owing bankrupt "
    "overdraft insolv gay$ lesbian bisexual homosexual queer lgbt transgender transition closet orientation sexual "
    "hiv$ aids$ std$ addict alcohol rehab sober drug overdos convict prison jail parole probation arrest criminal "
    "crime felon lawsuit assault abus divorc affair$ infidel custody union$ vote$ voted political politic immigra "
    "visa$ asylum undocument refugee ethnic racial depress suicid bipolar schizo psych therap$ therapist rape$ died$ "
    "dead$ death$ killed passed_away stillb bereave funeral grief griev lost_my lost_our lost_her lost_his lost_a_baby"
)
# Of these, what takes one away from work or school.
_PERSONAL: Final = _words(
    "pregnan miscarr ivf$ fertil postpart divorc custody hiv$ aids$ addict rehab therapy therapist depress bipolar "
    "psych suicid court$ lawsuit convict arrest probation debt debts bankrupt insolv relig church mosque synagog "
    "pray$ praying prayer transition asylum immigra"
)
_ILL: Final = re.compile(
    r"\b(?:i have|i[’']ve|i had|i get|i suffer|i take|i was|i am|i[’']m|my|because of (?:a|an|my))\b", re.IGNORECASE
)
_MINOR: Final = (
    "toddler baby$ newborn infant nursery kindergarten daycare creche kids$ kid$ child$ children "
    "schoolboy schoolgirl childminder"
)
_AGES: Final = "gift present$ birthday style outfit dating insur career retire skin$ skincare playlist hobby hobbies"
_KINDS: Final = (
    _Kind(
        "food",
        _words(
            "allerg intoleran coeliac celiac vegan vegetarian pescatarian halal kosher gluten lactose dairy-free "
            "nut-free diabet anaphyla keto$ low-carb can't_eat cannot_eat don't_eat not_eat no_pork diet$ dietary hives"
        ),
        _words(_FOOD + " " + _EVENT),
        (
            "There is a dietary restriction.",
            "There are limits on what can be eaten.",
            "Not all food suits everybody there.",
            "Ingredients matter here.",
        ),
        "I am allergic to a food. There is something I don't eat. I am a vegetarian.",
        guarded=True,
    ),
    _Kind(
        "mobility",
        _words(
            "wheelchair crutch walker$ stairs mobility knee hip$ prosthe limp$ limping walking_stick walking_frame "
            "paralys multiple_sclerosis can't_walk cannot_walk amput arthrit"
        ),
        _words(" ".join((_TRAVEL, _HOME, _EVENT, "hike hiking walk$ walking route museum seat restaurant"))),
        ("There is a need for easy access.", "Step-free ways matter.", "Short ways on foot help."),
        "I use a wheelchair. My knee is bad, and I can't walk far.",
        guarded=True,
    ),
    _Kind(
        "children",
        _words(_MINOR),
        _words(" ".join((_TRAVEL, _HOME, "schedul weekend activit party parties day_out car$ routine"))),
        ("There is a child to think of.", "Somebody young comes along.", "It has to suit all ages."),
        "My daughter is four years old. My son goes to school.",
    ),
    _Kind(
        "personal",
        _PERSONAL,
        _words(_ABSENCE),
        ("There is a personal matter.", "There is a private matter.", "Something came up."),
        "I am going through a divorce. I am pregnant. I have debts.",
        own=True,
        guarded=True,
    ),
    _Kind(
        "health",
        _ILL,
        _words(" ".join((_ABSENCE, _SPORT, "insur"))),
        ("There is a health matter.", "There is a medical matter.", "Something limits what is possible."),
        "I have an illness. I had an operation. I take medicine.",
        own=True,
    ),
    _Kind(
        "age",
        re.compile(""),
        _words(" ".join((_AGES, _SPORT))),
        ("The user is {age}.",),
        "I am 34 years old.",
        own=True,
    ),
    _Kind(
        "birth",
        re.compile(""),
        _words(" ".join((_AGES, _SPORT))),
        ("The user was born in the {decade}s.",),
        "I was born on 4 May 1988. My birthday is in May.",
        own=True,
    ),
    _Kind(
        "money",
        _MEANS,
        _words(_BUY),
        ("The money available is a {figures}-figure amount.", "The means are a {figures}-figure sum."),
        "I earn 3,000 euros a month. My salary. My savings are 20,000 euros.",
        own=True,
    ),
    _Kind(
        "home",
        _words("live$ living address home$ reside moved_to based_in"),
        _words(
            " ".join((_TRAVEL, _EVENT, "weather deliver route local$ nearby near$ restaurant move$ moving climate"))
        ),
        ("Home is a town in {country}.", "The user is in {country}."),
        "I live in a town. My address.",
        own=True,
    ),
)
_DECADES: Final = ("", "", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_FIGURES: Final = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
AGE: Final = re.compile(
    r"\b(\d{1,3})[- ]years?[- ]old\b|\baged?:? (\d{1,3})\b|"
    r"\b(?:i am|i'm|turn(?:ed)?) (\d{1,3})(?=\s*(?:[.,;!?]|$|and\b))",
    re.IGNORECASE,
)
BORN: Final = re.compile(
    r"\b(?:born|birth|birthday|date of birth|dob)\b[^\n]{0,40}?\b(1[89]\d|20\d)\d\b", re.IGNORECASE
)
_CURRENCY: Final = r"(?:[£$€¥]|USD|EUR|GBP|CHF)"
_NUMBER: Final = r"(\d[\d.,’']*)\s?(k\b|m\b|thousand|million)?"
MONEY: Final = re.compile(
    rf"{_CURRENCY}\s?{_NUMBER}|"
    rf"(?<![\w.,]){_NUMBER}\s?(?:{_CURRENCY}|(?:euros?|dollars?|pounds?|francs?|a year|a month)\b)",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"\b(?:i|i'm|i’m|i've|i’ve|i'd|my|mine|our|we|user'?s?)\b", re.IGNORECASE)
_FIELD: Final = re.compile(r"\s*[^\W\d][\w '’-]{0,40}?\s*[:=]\s")
# "My mother is 71": a fact about somebody else.
_SOMEBODY: Final = re.compile(
    r"\b(?:my|our) (?:\w+[- ])?(?:mother|father|mum|mom|dad|wife|husband|partner|boyfriend|girlfriend|son|daughter|"
    r"brother|sister|aunt|uncle|cousin|niece|nephew|grand\w+|friend|neighbou?r|boss|manager|colleague|coworker|"
    r"landlord|teacher|doctor|client|flatmate|roommate|team|parents?|child|children|kids?|dog|cat)\b",
    re.IGNORECASE,
)


def generalise(
    memory: str, spans: Sequence[PrivateSpan], request: str, allowed: Collection[str] = ()
) -> General | None:
    """What the cloud may be told in place of `memory` where `request` needs it in kind; None: it is withheld.

    `spans` are the private spans of the memory; `allowed` is the setting privacy.attributes, without whose "country"
    no country is named.
    """
    own = _says_own(memory)
    if not own and any(span.kind == PERSON for span in spans):
        return None  # somebody else's, of whom the request does not speak
    own = is_own(memory)
    guarded = bool(_GUARDED.search(memory))
    said = _stems(request)
    private = {stem for stem in _stems(memory) if stem not in said}
    for kind, subject in _subjects(request):
        if (guarded and not kind.guarded) or (kind.own and not own) or not _is_told(kind, memory):
            continue
        for wording in kind.wordings:
            for point in _filled(wording, memory, spans, allowed):
                if private.isdisjoint(_stems(point) - _PLAIN):
                    return General(point, f"the request is about {subject}; enough in kind")
    return None


def sought(request: str) -> tuple[str, ...]:
    """What the facts say that `request` may need in kind, a statement for each kind that its subject bears on."""
    return tuple(kind.sought for kind, _ in _subjects(request))


# A request is held against each memory that may bear on it.
@lru_cache(maxsize=4)
def _subjects(request: str) -> tuple[tuple[_Kind, str], ...]:
    """The kinds that `request` bears on, and the words of its that say so."""
    found = ((kind, kind.bears.search(request)) for kind in _KINDS)
    return tuple((kind, _whole(request, subject)) for kind, subject in found if subject is not None)


def kind_of(point: str) -> str:
    """The kind of fact that `point` was said in place of, "" where it is none of these wordings."""
    for kind in _KINDS:
        for wording in kind.wordings:
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^.]+", re.escape(wording)), point):
                return kind.name
    return ""


def is_own(memory: str) -> bool:
    """Whether `memory` is about the user, and not about somebody of theirs."""
    return _says_own(memory) and not _SOMEBODY.search(memory)


def _says_own(memory: str) -> bool:
    return bool(_OWN.search(memory) or _FIELD.match(memory))


def _whole(request: str, found: re.Match[str]) -> str:
    """The words that `found` begins, to their end."""
    rest = re.compile(r"\w*").match(request, found.end())
    return (found[0] + (rest[0] if rest else "")).lower()


def _is_told(kind: _Kind, memory: str) -> bool:
    topical = kind.name != "health" or sensitive.topic(memory, HEALTH_WORDS) == "health"
    return topical and bool(kind.told.search(memory))


def _filled(wording: str, memory: str, spans: Sequence[PrivateSpan], allowed: Collection[str]) -> Iterator[str]:
    if "{" not in wording:
        yield wording
    elif "{age}" in wording and (match := AGE.search(memory)):
        if age := _age(int(next(filter(None, match.groups())))):
            yield wording.format(age=age)
    elif "{decade}" in wording and (match := BORN.search(memory)):
        yield wording.format(decade=match[1] + "0")
    elif "{figures}" in wording and (match := MONEY.search(memory)):
        if figures := _FIGURES.get(_digits(*((match[1], match[2]) if match[1] else (match[3], match[4])))):
            yield wording.format(figures=figures)
    elif "{country}" in wording and COUNTRY in allowed:
        for span in spans:
            for part in re.split(r"\s*,\s*", span.text.casefold()) if span.kind in (PLACE, ADDRESS) else ():
                if part in cities():
                    yield wording.format(country=countries()[cities()[part][0]][0])


def _age(years: int) -> str:
    if years < 13 or years > 99:
        return ""
    return "in their teens" if years < 20 else f"in their {_DECADES[years // 10]}"


def _digits(number: str, unit: str | None) -> int:
    """How many figures an amount has before the decimal point: "48,500.00" and "48k" have five."""
    whole = re.sub(r"[.,]\d{1,2}$", "", number.strip("’'.,"))
    count = len(re.sub(r"\D", "", whole))
    return count + {"k": 3, "thousand": 3, "m": 6, "million": 6}.get((unit or "").lower(), 0)


@lru_cache(maxsize=64)
def _stems(text: str) -> frozenset[str]:
    """All words, shortened: `eat` and `eating`, `diet` and `dietary` are one. A number is its digits."""
    return frozenset(word.lower()[:STEM] for word in _WORD.findall(text)) - _PLAIN
