from __future__ import annotations

import re

import pytest

from persona_cli.errors import StoreDamaged
from persona_cli.privacy.attributes import given_gender
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.surrogates.dates import read_as, read_date
from persona_cli.privacy.surrogates.drawing import word_lists
from persona_cli.privacy.surrogates.numbers import _valid
from persona_cli.privacy.surrogates.table import Surrogate, Surrogates
from persona_cli.privacy.words import lexicon
from tests.privacy.surrogates.tables import SEED, VALUES, surrogate, table

TABLE = table()


def test_the_spellings_of_a_person_agree_and_keep_gender_title_and_case() -> None:
    whole = surrogate(TABLE, "Emma Roberts")
    given, family = whole.split()
    assert given in word_lists()["women"]
    assert family in word_lists()["families"]
    assert surrogate(TABLE, "Emma") == given
    assert surrogate(TABLE, "Ms Roberts") == f"Ms {family}"
    assert surrogate(TABLE, "EMMA ROBERTS") == whole.upper()
    assert surrogate(TABLE, "E. Roberts") == f"{given[0]}. {family}"
    assert surrogate(TABLE, "emma.roberts@acme.com").startswith(f"{given}.{family}@example.".lower())


def test_relatives_share_a_surname_and_john_is_no_johnson() -> None:
    assert surrogate(TABLE, "Tom Roberts").split()[1] == surrogate(TABLE, "Emma Roberts").split()[1]
    assert given_gender(surrogate(TABLE, "Tom Roberts").split()[0].lower()) == "m"
    assert surrogate(TABLE, "John") not in surrogate(TABLE, "Johnson")
    assert len(surrogate(TABLE, "Jan van der Berg").split()) == 2


def test_one_value_has_one_surrogate_and_one_surrogate_one_value() -> None:
    issued = TABLE.surrogates.issued if TABLE.surrogates else ()
    assert len({item.text for item in issued}) == len({item.value for item in issued}) == len(issued) == len(VALUES) - 3
    assert {value for _, value in VALUES} - {item.value for item in issued} == {"王伟", "€240", "hunter2 hunter2"}


def test_numbers_and_addresses_are_nobodys() -> None:
    assert re.fullmatch(r"\(\d{3}\) 555-01\d\d", surrogate(TABLE, "(415) 321-9876"))
    assert re.fullmatch(r"\+44 7700 900\d{3}", surrogate(TABLE, "+44 7712 345678"))
    card, iban = surrogate(TABLE, "4111 1111 1111 1111"), surrogate(TABLE, "GB29 NWBK 6016 1331 9268 19")
    assert re.fullmatch(r"\d{4} \d{4} \d{4} \d{4}", card) and not _valid(card)
    assert re.fullmatch(r"[A-Z]{2}\d\d [A-Z]{4} \d{4} \d{4} \d{4} \d\d", iban) and not _valid(iban)
    assert _valid("4111 1111 1111 1111") and _valid("GB29 NWBK 6016 1331 9268 19")
    assert surrogate(TABLE, "https://acme.com/x?y=1").startswith("https://example.com/")
    assert re.fullmatch(r"@[a-z]+\d\d", surrogate(TABLE, "@emma_r"))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("+1 415-321-9876", r"\+1 \d{3}-555-01\d\d"), ("321-9876", r"555-01\d\d"), ("07712 345678", r"07700 900\d{3}"),
        ("+44 (0)20 7123 4567", r"\+44 \(0\)20 7946 0\d{3}"), ("+49 30 12345678", r"\+49 30 23125\d{3}"),
        ("+49 176 12345678", r"\+49 176 040690\d\d"), ("01 42 34 56 78", r"06 39 98 \d\d \d\d"),
        ("+33 1 42 34 56 78", r"\+33 6 39 98 \d\d \d\d"), ("+61 2 9374 4000", r"\+61 2 5550 \d{4}"),
    ],
)  # fmt: skip
def test_a_phone_number_becomes_one_for_fiction_in_its_format(value: str, form: str) -> None:
    assert re.fullmatch(form, surrogate(table([("PHONE", value)]), value))


@pytest.mark.parametrize("value", ["+353 91 123456", "+91 98765 43210", "12", "ext. 12"])
def test_a_number_of_a_country_without_such_a_range_keeps_its_token(value: str) -> None:
    assert surrogate(table([("PHONE", value)]), value) == "[PHONE_1]"


def test_dates_are_shifted_together_by_whole_weeks_in_their_format() -> None:
    values = [
        "12 May 2026",
        "2026-06-01",
        "Friday, 15 May 2026",
        "June 3rd, 2026",
        "25/02/2026",
        "29. May 2028",
        "1 June",
    ]
    made = table([("DATE", value) for value in values])
    shifts = set()
    for value in values[:-1]:
        true = read_date(value)
        assert true is not None
        shifted = read_as(true.form, surrogate(made, value))
        assert shifted is not None
        shifts.add((shifted.date - true.date).days)
    assert len(shifts) == 1
    assert 35 <= abs(shifts.pop()) < 364
    assert re.fullmatch(r"[1-3]?\d [A-Z][a-z]+", surrogate(made, "1 June"))


@pytest.mark.parametrize("time", ["T09:30:00Z", " 09:30", "T09:30:00-05:00", ", at 9:30 PM"])
def test_the_time_of_day_stays(time: str) -> None:
    made = table([("DATE", "2026-06-01"), ("DATE", f"2026-06-01{time}")])
    assert surrogate(made, f"2026-06-01{time}") == surrogate(made, "2026-06-01") + time


@pytest.mark.parametrize(
    "value", ["next Tuesday", "March", "1987", "03/04/2026", "Monday, 12 May 2026", "31 June 2026"]
)
def test_a_date_without_one_reading_keeps_its_token(value: str) -> None:
    assert surrogate(table([("DATE", value)]), value) == "[DATE_1]"


def test_no_surrogate_is_a_word_or_a_number_of_anything_private() -> None:
    first = surrogate(TABLE, "Emma Roberts").split() + surrogate(TABLE, "(415) 321-9876").split()
    private = [f"My sister {first[0].upper()} and the {first[1]}-Joneses, {first[2]}{first[3].replace('-', '.')}"]
    other = table(private=private)
    again = surrogate(other, "Emma Roberts").split() + surrogate(other, "(415) 321-9876").split()
    assert again[0] != first[0] and again[1] != first[1] and again[2:] != first[2:]


def test_where_every_name_is_taken_the_token_stays() -> None:
    made = table([("PERSON", "Emma Roberts"), ("PLACE", "Galway")], private=word_lists()["families"])
    assert surrogate(made, "Emma Roberts") == "[PERSON_1]"
    assert surrogate(made, "Galway") in word_lists()["towns"]


def test_the_seed_decides_and_a_table_goes_on_where_it_was() -> None:
    assert table().surrogates.issued == TABLE.surrogates.issued  # type: ignore[union-attr]
    other = table(seed=b"another seed....")
    assert surrogate(other, "Emma Roberts") != surrogate(TABLE, "Emma Roberts")
    half = table(VALUES[:5])
    assert half.surrogates is not None
    resumed = Surrogates(half.surrogates.issued, half.surrogates.seed)
    for one in (half.surrogates, resumed):
        one.issue([("[PERSON_9]", "PERSON", "Ann Roberts")], [])
    assert resumed.issued == half.surrogates.issued
    assert resumed.issued[-1].text.endswith(surrogate(half, "Emma Roberts").split()[1])


def test_a_table_with_a_surrogate_twice_is_damaged() -> None:
    one = Surrogate("[PERSON_1]", "PERSON", "Emma", "Nora")
    with pytest.raises(StoreDamaged, match=r"\[PERSON_2\]"):
        Surrogates([one, Surrogate("[PERSON_2]", "PERSON", "Ann", "Nora")], SEED)


def test_another_format_of_a_number_has_the_same_surrogate_number() -> None:
    made = table([("PHONE", "(415) 321-9876"), ("PHONE", "415.321.9876")])
    one, other = surrogate(made, "(415) 321-9876"), surrogate(made, "415.321.9876")
    assert re.sub(r"\D", "", one) == re.sub(r"\D", "", other)
    assert re.fullmatch(r"\d{3}\.555\.01\d\d", other)


def test_what_is_taken_for_a_person_and_is_a_company_gets_a_companys_name() -> None:
    made = table([("PERSON", "Kearney Heating Ltd")])
    assert re.fullmatch(r"[A-Z][a-z]+ Ltd", surrogate(made, "Kearney Heating Ltd"))


def test_the_words_surrogates_are_drawn_from_are_no_ordinary_words_and_stand_in_one_list_only() -> None:
    lists = word_lists()
    every = [word for words in lists.values() for word in words]
    assert len(set(every)) == len(every)
    assert all(re.fullmatch(r"[A-Z][a-z]+", word) for word in every)
    assert [word for name in lists if name != "streets" for word in lists[name] if lexicon().is_word(word)] == []
    assert [word for word in lists["women"] if given_gender(word.lower()) != "f"] == []
    assert [word for word in lists["men"] if given_gender(word.lower()) != "m"] == []


def test_tags_are_the_style_until_surrogates_are_asked_for() -> None:
    plain = Pseudonyms()
    assert plain.shown(plain.entries[0]) == "[PERSON_1]" if plain.token_for("PERSON", "Emma") else False
    assert plain.surrogates is None
