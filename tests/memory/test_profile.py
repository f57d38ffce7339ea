"""The profile: fields, kinds, and nothing of it readable in the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.errors import NothingFound, StoreDamaged, UsageError
from persona_cli.memory.profile import Profile
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.fields import kind_of
from persona_cli.privacy.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault(tmp_path / "vault.db", Seal(bytes(KEY_BYTES))) as opened:
        yield opened


@pytest.fixture
def profile(vault: Vault) -> Profile:
    return Profile(vault)


def test_fields_are_set_replaced_added_to_and_forgotten(profile: Profile) -> None:
    profile.set("Partner", "Ana Silva")
    profile.set("contact", "Emma Roberts", "John Malik")
    profile.add("contact", " Emma Roberts ")
    profile.add("contact", "Chen Wu")
    profile.set("partner", "Ana Souza")
    assert profile.get("PARTNER") == ("Ana Souza",)
    assert profile.get("contact") == ("Emma Roberts", "John Malik", "Chen Wu")
    assert profile.get("salary") == ()
    profile.remove("contact", "John Malik")
    assert profile.all() == {"contact": ("Emma Roberts", "Chen Wu"), "partner": ("Ana Souza",)}
    profile.remove("contact")
    assert profile.all() == {"partner": ("Ana Souza",)}
    with pytest.raises(NothingFound, match="'contact'"):
        profile.remove("contact")
    with pytest.raises(NothingFound, match="'Ana Silva'"):
        profile.remove("partner", "Ana Silva")


def test_spellings_of_a_field_are_one_field(profile: Profile) -> None:
    profile.set("Work_E-Mail", "maya@example.org")
    assert profile.get(" work  e mail ") == ("maya@example.org",)
    profile.set("doctor’s practice", "Mill Lane Surgery")
    assert profile.get("doctor's practice") == ("Mill Lane Surgery",)


@pytest.mark.parametrize(("field", "value"), [("", "x"), ("x", ""), ("  ", "x"), ("-", "x"), ("x", " \n")])
def test_empty_fields_and_values_are_refused_and_change_nothing(profile: Profile, field: str, value: str) -> None:
    profile.set("x", "kept")
    with pytest.raises(UsageError):
        profile.set(field, value)
    assert profile.all() == {"x": ("kept",)}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("name", "PERSON"), ("first name", "PERSON"), ("partner", "PERSON"), ("partner's name", "PERSON"),
        ("child 2", "PERSON"), ("children", "PERSON"), ("manager", "PERSON"), ("contact", "PERSON"),
        ("friends", "PERSON"), ("doctor", "PERSON"), ("dog name", "PERSON"),
        ("city", "PLACE"), ("home country", "PLACE"), ("address", "ADDRESS"), ("home_address", "ADDRESS"),
        ("email", "EMAIL"), ("work e-mail", "EMAIL"), ("email address", "EMAIL"),
        ("phone", "PHONE"), ("mobile number", "PHONE"), ("phone number", "PHONE"),
        ("employer", "ORG"), ("school", "ORG"), ("doctor's practice", "ORG"), ("company name", "ORG"),
        ("partner's employer", "ORG"), ("universities", "DETAIL"), ("birthday", "DATE"), ("date of birth", "DATE"),
        ("child's birthday", "DATE"), ("username", "USERNAME"), ("user name", "USERNAME"), ("passport number", "ID"),
        ("salary", "MONEY"), ("website", "URL"), ("allergies", "DETAIL"), ("diagnosis", "DETAIL"), ("number", "DETAIL"),
    ],
)  # fmt: skip
def test_the_kind_follows_from_the_field(field: str, kind: str) -> None:
    assert kind_of(field) == kind


def test_every_value_is_a_known_fact_of_its_kind(profile: Profile) -> None:
    profile.set("name", "Maya Chen")
    profile.set("city", "Leeds")
    profile.set("contact", "Emma Roberts", "John Malik")
    profile.set("allergies", "penicillin")
    facts = [(fact.value, fact.kind) for fact in profile.known_facts()]
    assert facts == [
        ("Maya Chen", "PERSON"), ("Leeds", "PLACE"), ("Emma Roberts", "PERSON"), ("John Malik", "PERSON"),
        ("penicillin", "DETAIL"),
    ]  # fmt: skip


def test_neither_fields_nor_values_stand_in_any_file_even_after_they_are_forgotten(
    profile: Profile, tmp_path: Path
) -> None:
    profile.set("diagnosis", "multiple sclerosis")
    profile.set("partner", "Ana Silva")

    def readable() -> list[str]:
        content = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()).lower()
        return [text for text in ("diagnosis", "sclerosis", "partner", "silva") if text.encode() in content]

    assert readable() == []
    profile.remove("diagnosis")
    assert readable() == []


def test_values_swapped_between_fields_are_noticed(profile: Profile, vault: Vault) -> None:
    profile.set("partner", "Ana Silva")
    profile.set("employer", "Acme")
    with vault.transaction() as connection:
        (value,) = connection.execute("SELECT value FROM profile WHERE n = 1").fetchone()
        connection.execute("UPDATE profile SET value = ?", (value,))
    with pytest.raises(StoreDamaged):
        profile.all()
