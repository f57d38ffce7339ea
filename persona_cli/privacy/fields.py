"""What kind of private value a named field holds: "partner" a person, "work email" an e-mail address.

The last word of a field decides. Profiles and stated facts are read with it.
"""

from __future__ import annotations

import re

from persona_cli.privacy import spans

FIELDS_OF_KIND = {
    spans.PERSON: (
        "name, first name, last name, surname, nickname, maiden name, partner, wife, husband, spouse, girlfriend, "
        "boyfriend, child, children, kid, son, daughter, mother, mom, mum, father, dad, parent, sister, brother, "
        "sibling, grandmother, grandfather, grandchild, aunt, uncle, cousin, niece, nephew, manager, boss, colleague, "
        "assistant, client, friend, contact, neighbour, neighbor, roommate, landlord, doctor, therapist, dentist, "
        "lawyer, teacher, coach, pet"
    ),
    spans.PLACE: "city, town, village, country, state, region, county, hometown, birthplace, place of birth",
    spans.ADDRESS: "address, street, postcode, zip code",
    spans.EMAIL: "email, e mail, mail, email address, e mail address",
    spans.PHONE: "phone, telephone, mobile, cell, fax",
    spans.ORG: (
        "employer, company, school, university, college, practice, clinic, hospital, bank, insurer, church, club, team"
    ),
    spans.DATE: "birthday, birth date, date of birth, anniversary, wedding",
    spans.USERNAME: "username, user name, handle, login",
    spans.URL: "website, url, homepage",
    spans.ID: "passport, iban, account, card, tax id, social security, ssn, insurance number, id, license, licence",
    spans.MONEY: "salary, income, rent",
    spans.SECRET: "password, pin",
}  # fmt: skip
KIND_OF_FIELD = {field: kind for kind, fields in FIELDS_OF_KIND.items() for field in re.split(r",\s*", fields)}


def kind_of(field: str) -> str:
    """The span kind of a field: "partner" and "partner's name" PERSON, "work email" EMAIL, "allergies" DETAIL."""
    words = plain_field(field).replace("'s", "").split()
    if words and words[-1].isdigit():  # "friend 2"
        words.pop()
    for tail in (words, words[:-1] if words[-1:] in (["name"], ["number"]) else []):
        for start in range(len(tail)):
            phrase = " ".join(tail[start:])
            kind = KIND_OF_FIELD.get(phrase) or KIND_OF_FIELD.get(phrase.removesuffix("s"))
            # "company name" names the company: a bare "name" at the end is asked for last.
            if kind and not (phrase == "name" and len(words) > 1):
                return kind
    return spans.PERSON if words[-1:] == ["name"] else spans.DETAIL


def plain_field(text: str) -> str:
    """ "Work_E-Mail" and "work e mail" are one field."""
    return " ".join(text.replace("_", " ").replace("-", " ").replace("’", "'").lower().split())
