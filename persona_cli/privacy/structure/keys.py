"""What a header or key says of its values: strictly, because a wrong word here hides a whole column.

Wider than a profile's fields (fields.py, which turns any unknown field into a private detail): here a field that is not
known says nothing. Knows nothing of the values.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from persona_cli.privacy import spans

_KINDS: Final = {
    spans.PERSON: (
        "first name, last name, given name, family name, middle name, surname, forename, lastname, firstname, "
        "fullname, "
        "full name, fname, lname, maiden name, nickname, preferred name, legal name, your name, my name, his name, "
        "her name, person, customer, client, patient, employee, contact, contact person, contact name, author, owner, "
        "assignee, assigned to, reporter, reviewer, approver, manager, supervisor, boss, colleague, student, teacher, "
        "tutor, instructor, professor, doctor, physician, nurse, therapist, dentist, lawyer, attorney, tenant, "
        "landlord, applicant, candidate, interviewer, interviewee, recipient, sender, beneficiary, signatory, "
        "signed by, "
        "created by, prepared by, written by, reported by, attendee, participant, guest, member, volunteer, donor, "
        "buyer, seller, passenger, driver, spouse, husband, wife, partner, mother, father, parent, child, son, "
        "daughter, sister, brother, sibling, guardian, next of kin, emergency contact, account holder, cardholder, "
        "card holder, policyholder, policy holder, insured, claimant, defendant, plaintiff, witness, payee, payer, "
        "display name, realname, real name, committer, maintainer, staff, counsel, agent, adviser, advisor, caller, "
        "bride, groom"
    ),
    spans.EMAIL: "email, e mail, mail, email address, e mail address, mail address, reply to, work email",
    spans.PHONE: (
        "phone, telephone, tel, mobile, cell, cellphone, cell phone, fax, phone number, telephone number, "
        "mobile number, "
        "phone no, mobile no, tel no, contact number, whatsapp, landline"
    ),
    spans.ADDRESS: (
        "address, street, street address, addr, address line, address 1, address 2, home address, postal address, "
        "mailing address, zip, zip code, zipcode, postcode, postal code, post code, plz"
    ),
    spans.PLACE: (
        "city, town, village, country, county, province, hometown, home town, birthplace, place of birth, suburb, "
        "nationality, location, residence, based in"
    ),
    spans.ORG: (
        "company, employer, school, university, college, organisation, organization, company name, hospital, clinic, "
        "insurer, business name, school name, university name, workplace, institution, alma mater, law firm, "
        "bank name, hospital name, organization name, organisation name"
    ),
    spans.DATE: "dob, birthday, birth date, birthdate, date of birth, born, birth day, d o b",
    spans.ID: (
        "ssn, social security number, social security, iban, bic, swift, passport, passport number, passport no, "
        "account, account number, account no, acct, bank account, policy, policy number, policy no, mrn, "
        "medical record number, tax id, tin, vat id, vat number, nhs number, national id, national insurance number, "
        "nin, ni number, insurance number, insurance id, member id, membership number, patient id, employee id, "
        "customer id, client id, student id, driver license, drivers license, driver's license, driving licence, "
        "license number, licence number, license plate, number plate, plate, vin, card number, credit card, card, "
        "ip, ip address, client ip, remote addr, mac address, imei, case number, claim number, routing number, "
        "sort code, aadhaar, pan, customer number, employee number, patient number, reservation number, "
        "confirmation number, booking reference"
    ),
    spans.USERNAME: "user, username, user name, login, handle, userid, user id, screen name, twitter, instagram",
    spans.SECRET: (
        "password, passwd, pwd, passphrase, passcode, token, secret, api key, apikey, access key, secret key, "
        "private key, client secret, access token, auth token, refresh token, api token, api secret, bearer token, pin"
    ),
}  # fmt: skip
_KIND: Final = {phrase.strip(): kind for kind, phrases in _KINDS.items() for phrase in phrases.split(",")}
# Headers that are no private kind, but tell that a row is a header, and that a column holds something else.
_PLAIN: Final = frozenset(
    "name id no nr age date time timestamp created updated title type status state region price cost amount total sum "
    "quantity qty count number description note notes comment comments category product item role position department "
    "dept team salary income gender sex occupation job level score grade rating value key url website link size color "
    "colour unit currency subject message priority day month year hour start end duration version code sku balance "
    "rank weight height language skills education experience task project step reason result action event active "
    "deadline due percentage percent summary feature features year week question answer address2 metric goal topic "
    "property method option example examples tags text content pros cons format".split()
)
# Beside these a bare "name" is a person's, and a state or region a place.
PERSONAL: Final = frozenset(
    "email,e mail,mail,email address,phone,phone number,telephone,tel,mobile,dob,birthday,date of birth,born,age,"
    "gender,sex,ssn,surname,last name,first name,occupation,job,job title,salary,passport,username,nationality,"
    "employer,hometown,marital status,hobbies,interests,patient id,employee id,student id,mrn,diagnosis,grade,"
    "signature,zip,department,gpa,relationship,pronouns,hire date,street,home address".split(",")
)
_CONTACT: Final = frozenset({"email", "e mail", "email address", "phone", "phone number", "mobile", "dob", "ssn"})
LOCAL: Final = frozenset("city,town,zip,zip code,zipcode,postcode,postal code,street,country,address,county".split(","))
# Beside or above these it is a thing's.
_TECHNICAL: Final = frozenset(
    "version,type,image,uses,run,runs on,on,jobs,steps,dependencies,devdependencies,scripts,main,license,properties,"
    "schema,required,apiversion,metadata,spec,containers,container,ports,services,kind,namespace,labels,selector,"
    "volumes,env,environment,build,command,package,repository,function,functions,parameters,arguments,params,class,"
    "column,columns,table,fields,field,default,format,enum,nullable,datatype,data type,model,plugin,module,modules,"
    "product,products,price,sku,brand,quantity,workflow,stages,stage,script,tasks,hosts,chart,templates,source,"
    "entrypoint,engines,files,extends,with,key,value,returns,ingredients,color,size,unit,workspace,theme,icon,route,"
    "path,method,level,damage,hp,url,href".split(",")
)  # fmt: skip
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOISE: Final = re.compile(r"\([^)]*\)|[*_`#\"':\[\]\-./]+")
_OTHER_THINGS: Final = frozenset(
    "file host server product project class event brand column domain app application package module service "
    "function field table database db device image group team channel max min num number total count next csrf memory "
    "email web base default source target wallet contract page content".split()
)
_MAIL: Final = frozenset({"from", "to", "cc", "bcc", "reply to", "sender", "delivered to", "return path"})


@lru_cache(maxsize=4096)
def plain_key(field: str) -> str:
    """ "firstName", "First-Name" and "**first_name**" are "first name"."""
    if len(field) > 80:
        return ""
    words = _NOISE.sub(" ", _CAMEL.sub(" ", field)).lower().split()
    while words and words[-1].isdigit():
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=4096)
def kind_by_key(field: str, within: str = "") -> str | None:
    """The kind of private value a field holds, or None when its name does not say.

    A bare "name" is None: its siblings decide (`is_name`).

    >>> kind_by_key("customerName"), kind_by_key("Work e-mail"), kind_by_key("file name"), kind_by_key("max_tokens")
    ('PERSON', 'EMAIL', None, None)
    """
    key = plain_key(field)
    if within == "mail" and key in _MAIL:
        return spans.PERSON
    words = key.split()
    if not words or len(words) > 5:
        return None
    for start in range(min(3, len(words))):
        if start and words[start - 1] in _OTHER_THINGS:
            return None
        phrase = " ".join(words[start:])
        for form in (phrase, phrase.removesuffix("s")):
            if kind := _KIND.get(form):
                return kind if start == 0 or _qualified(words[:start], kind) else None
        if phrase == "name" and words[:start] and _KIND.get(words[start - 1]) in {spans.PERSON, spans.ORG}:
            return _KIND[words[start - 1]]
    return None


def is_name(field: str) -> bool:
    """Whether the field is a bare "name", which may be anything's."""
    return plain_key(field) in {"name", "names"}


def names_person(siblings: frozenset[str], within: str) -> bool | None:
    """Whether "name" beside these fields, under that key, is a person's; None when they do not tell."""
    above = plain_key(within)
    if kind_by_key(within) == spans.PERSON or above in {"people", "users", "user", "profile", "family", "friends"}:
        return True
    if above in _TECHNICAL or siblings & _TECHNICAL:
        # An order has a type and a price; a customer with an e-mail address and a type is still a person.
        return bool(siblings & _CONTACT) or len(siblings & PERSONAL) >= 2
    return True if siblings & PERSONAL else None


def is_known(field: str) -> bool:
    """Whether the field is one that headers are made of."""
    key = plain_key(field)
    return bool(key) and (kind_by_key(field) is not None or key in _PLAIN or key.split()[-1] in _PLAIN)


def is_telling(field: str) -> bool:
    """Whether the field's name says what the column holds, so that its cells need no vote."""
    return is_known(field) and not is_name(field)


def _qualified(before: list[str], kind: str) -> bool:
    """Whether words before a known field leave its meaning: "billing address", "primary contact", "new customer"."""
    return kind not in {spans.PLACE, spans.ADDRESS} or " ".join(before) in {
        "home", "billing", "shipping", "delivery", "work", "office", "current", "postal", "mailing", "permanent",
        "residential", "business", "company", "patient", "customer", "client", "employee", "full", "my", "your",
        "property", "street", "contact", "birth", "previous", "old", "new",
    }  # fmt: skip
