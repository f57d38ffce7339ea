"""The contacts: kept sealed, found in texts in every spelling, and few looked at for each text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.memory.contacts import Contact, Contacts, MentionedContacts
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.facts import Facts
from persona_cli.privacy.vault import Vault

EMMA = Contact(
    "Emma Roberts", ("Bizzy",), ("+44 7700 900123",), ("e.r@quigley-plumbing.example",),
    ("12 Rose Street, Leeds LS1 4AB",), ("Quigley Plumbing", "Apple"), "1987-05-03",
)  # fmt: skip
OTTO = Contact("Otto von Grünberg-Śliwa", phones=("089 1234567",), uid="u-2")
CHEN = Contact("陈小明")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault(tmp_path / "vault.db", Seal(bytes(KEY_BYTES))) as opened:
        yield opened


@pytest.fixture
def contacts(vault: Vault) -> Contacts:
    kept = Contacts(vault)
    assert kept.add(EMMA) and kept.add(OTTO, brought_by=3) and kept.add(CHEN)
    return kept


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to Emma Roberts.", "Emma Roberts"), ("Write to EMMA.", "EMMA"), ("Ask Ms Roberts, E.", "Roberts, E"),
        ("Bizzy comes", "Bizzy"), ("call 07700 900 123!", "07700 900 123"), ("call +44(0)7700900123", "7700900123"),
        ("mail e.r@quigley-plumbing.example", "e.r@quigley-plumbing.example"),
        ("to 12, Rose Street Leeds LS1 4ab", "12,"), ("of Quigley  plumbing", "Quigley  plumbing"),
        ("born on 3 May 1987", "3 May 1987"), ("b. 5/3/1987", "5/3/1987"),
        ("Dear Otto", "Otto"), ("Herr von Grunberg-Sliwa", "von Grunberg-Sliwa"), ("给陈小明写信", "陈小明"),
        ("ring 49891234567", "49891234567"),
    ],
)  # fmt: skip
def test_every_value_is_found_as_the_whole_automaton_finds_it(contacts: Contacts, text: str, found: str) -> None:
    few = [span.text for span in MentionedContacts(contacts).find(text)]
    assert any(found in surface for surface in few), few
    whole = Facts(contacts.known_facts())
    assert sorted(few) == sorted(span.text for span in whole.find(text))


def test_what_was_found_holds_until_somebody_writes(contacts: Contacts, tmp_path: Path) -> None:
    class Counted(Contacts):
        searched = 0

        def mentioned(self, text: str) -> list[Contact]:
            self.searched += 1
            return super().mentioned(text)

    counted = Counted(contacts.__dict__["_vault"])
    source = MentionedContacts(counted)
    text = "Emma, Otto and Jacinta"
    found = source.find(text)
    assert {span.text for span in found} == {"Emma", "Otto"} and source.find(text) == found and counted.searched == 1
    assert source.find_all(["nobody", text, "nobody"]) == [(), found, ()] and counted.searched == 2
    with Vault(tmp_path / "vault.db", Seal(bytes(KEY_BYTES))) as of_another_process:
        Contacts(of_another_process).add(Contact("Jacinta Zwickl"))
        assert {span.text for span in source.find(text)} == {"Emma", "Otto", "Jacinta"} and counted.searched == 3
        Contacts(of_another_process).remove([EMMA])
        assert {span.text for span in source.find(text)} == {"Otto", "Jacinta"}
    counted.remove([OTTO])
    assert {span.text for span in source.find(text)} == {"Jacinta"} and source.find("nobody") == ()


def test_a_text_about_nobody_opens_no_contact(contacts: Contacts) -> None:
    assert contacts.mentioned("An apple on the first of May, 12 pages, E.R. and so on, 3 May.") == []
    assert list(MentionedContacts(contacts).find("An Apple a day.")) == []
    assert contacts.mentioned("Emma and Otto") == [EMMA, OTTO] and contacts.mentioned("") == []


def test_a_card_is_replaced_by_its_newer_self_and_forgotten(contacts: Contacts) -> None:
    assert not contacts.add(OTTO)
    assert contacts.add(replace(OTTO, phones=("040 7654321",)))
    assert contacts.count() == 3 and contacts.mentioned("0401234567 or 089 1234567") == []
    assert contacts.brought_by(3) == [replace(OTTO, phones=("040 7654321",))]
    assert contacts.remove([OTTO]) == 1 and contacts.mentioned("Otto") == []


def test_nothing_of_a_contact_stands_in_the_file(contacts: Contacts, tmp_path: Path) -> None:
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir()).lower()
    assert [word for word in ("emma", "roberts", "900123", "rose", "otto", "1987") if word.encode() in content] == []


def test_they_are_copied_to_a_vault_with_another_key(contacts: Contacts, tmp_path: Path) -> None:
    with Vault(tmp_path / "other.db", Seal(bytes([1]) * KEY_BYTES)) as other:
        contacts.copy_to(other)
        copy = Contacts(other)
        assert copy.all() == [EMMA, OTTO, CHEN] and copy.mentioned("Otto") == [OTTO] == copy.brought_by(3)
