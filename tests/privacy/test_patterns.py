"""What the patterns find and what they leave. Every number and name here is invented, or a documented test number."""

from __future__ import annotations

import pytest

from persona_cli.privacy import spans as kinds
from persona_cli.privacy.patterns import Patterns, machines
from persona_cli.privacy.patterns.secrets import entropy
from persona_cli.privacy.spans import unite

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nx8Zk+Qm0aa==\n-----END RSA PRIVATE KEY-----"

FOUND = [
    (kinds.EMAIL, "write to emma.roberts+x@mail.example.co.uk, please", "emma.roberts+x@mail.example.co.uk"),
    (kinds.EMAIL, "<bob@example.com>", "bob@example.com"),
    (kinds.EMAIL, "bob (at) example (dot) com is mine", "bob (at) example (dot) com"),
    (kinds.URL, "(see https://example.com/u/42?q=a&b=c).", "https://example.com/u/42?q=a&b=c"),
    (kinds.URL, "[my page](https://example.org/~emma)", "https://example.org/~emma"),
    (kinds.URL, "it is on emmaroberts.co.uk today", "emmaroberts.co.uk"),
    (kinds.URL, "www.example.museum is closed", "www.example.museum"),
    (kinds.USERNAME, "ask @emma_r about it", "@emma_r"),
    (kinds.USERNAME, "username: emma1987", "emma1987"),
    (kinds.PHONE, "call +49 30 901820 tomorrow", "+49 30 901820"),
    (kinds.PHONE, "my number is (415) 555-2671.", "(415) 555-2671"),
    (kinds.PHONE, "Tel: 020 7946 0958", "020 7946 0958"),
    (kinds.PHONE, "Mobile 555-0134", "555-0134"),
    (kinds.PHONE, "Phone:\n467 3395", "467 3395"),
    (kinds.PHONE, "reach me: 212-555-0187 x42", "212-555-0187 x42"),
    (kinds.ID, "card 4111 1111 1111 1111 exp", "4111 1111 1111 1111"),
    (kinds.ID, "378282246310005", "378282246310005"),
    (kinds.ID, "IBAN GB82 WEST 1234 5698 7654 32 THIS year", "GB82 WEST 1234 5698 7654 32"),
    (kinds.ID, "DE89370400440532013000", "DE89370400440532013000"),
    (kinds.ID, "SSN 536-90-4399", "536-90-4399"),
    (kinds.ID, "NI number QQ 12 34 56 C? no: AB 12 34 56 C", "AB 12 34 56 C"),
    (kinds.ID, "Steuer-ID 36 574 261 809", "36 574 261 809"),
    (kinds.ID, "DNI 54362315K", "54362315K"),
    (kinds.ID, "CPF 390.533.447-05", "390.533.447-05"),
    (kinds.ID, "passport number: X1234567", "X1234567"),
    (kinds.ID, "Order #A-2023-99812 is late", "A-2023-99812"),
    (kinds.ID, "my account 00123456 is empty", "00123456"),
    (kinds.ID, "policy no. HX-99-1234", "HX-99-1234"),
    (kinds.ID, "the card ending in 4242", "4242"),
    (kinds.ID, "license plate is 7ABC123", "7ABC123"),
    (kinds.ID, "server 10.20.30.40 is down", "10.20.30.40"),
    (kinds.ID, "at 2001:db8::8a2e:370:7334 now", "2001:db8::8a2e:370:7334"),
    (kinds.ID, "MAC 00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E"),
    (kinds.ID, "id 123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
    (kinds.DATE, "on 12 March 1987 at noon", "12 March 1987"),
    (kinds.DATE, "March 3rd, 2021", "March 3rd, 2021"),
    (kinds.DATE, "am 3. März 1987", "3. März 1987"),
    (kinds.DATE, "DOB 03/12/1987", "03/12/1987"),
    (kinds.DATE, "since 2021-05-06T10:11:12Z", "2021-05-06T10:11:12Z"),
    (kinds.DATE, "born in 1987", "1987"),
    (kinds.DATE, "my birthday is May 4th", "May 4th"),
    (kinds.DETAIL, "a 54-year-old man", "54"),
    (kinds.ADDRESS, "I live at 12 Baker Street.", "12 Baker Street"),
    (kinds.ADDRESS, "221b N. Main St, Apt 4, Springfield, IL 62704", "221b N. Main St, Apt 4, Springfield, IL 62704"),
    (kinds.ADDRESS, "12 Elm Road\nLeeds LS1 4AP", "12 Elm Road\nLeeds LS1 4AP"),
    (kinds.ADDRESS, "Hauptstraße 5, 10115 Berlin", "Hauptstraße 5, 10115 Berlin"),
    (kinds.ADDRESS, "14 bis rue de la Paix, 75002 Paris", "14 bis rue de la Paix, 75002 Paris"),
    (kinds.ADDRESS, "P.O. Box 242", "P.O. Box 242"),
    (kinds.ADDRESS, "postcode SW1A 1AA", "SW1A 1AA"),
    (kinds.ADDRESS, "ZIP: 1098", "1098"),
    (kinds.PLACE, "at 52.5200, 13.4050 now", "52.5200, 13.4050"),
    (kinds.MONEY, "my salary is $85,000 a year", "$85,000"),
    (kinds.MONEY, "we owe 12.000 EUR", "12.000 EUR"),
    (kinds.SECRET, "key sk-ant-api03-abcdefghijklmnop here", "sk-ant-api03-abcdefghijklmnop"),
    (kinds.SECRET, "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    (kinds.SECRET, "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    (kinds.SECRET, "glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"),
    (kinds.SECRET, f"Authorization: Bearer {JWT}", JWT),
    (kinds.SECRET, f"keep\n{PEM}\nsafe", PEM),
    (kinds.SECRET, "postgres://bob:s3cret@db.internal:5432/prod", "postgres://bob:s3cret@db.internal:5432/prod"),
    (kinds.SECRET, "password: hunter2", "hunter2"),
    (kinds.SECRET, 'api_key = "abc123DEF456ghi"', "abc123DEF456ghi"),
    (kinds.SECRET, '{"client_secret": "q8Zt-77xPw_1"}', "q8Zt-77xPw_1"),
    (kinds.SECRET, "the password is Tr0ub4dor&3 ok", "Tr0ub4dor&3"),
    (kinds.SECRET, "my pin is 4821", "4821"),
    (kinds.SECRET, "signature key Zx81hQ0pLm22vBn7Kd93", "Zx81hQ0pLm22vBn7Kd93"),
]

LEFT = [
    "version 1.2.3.4 of the tool",
    "127.0.0.1 and 0.0.0.0",
    "std::vector and a::b",
    "in 1987 and on Monday",
    "from 2019-2021 or 10:30:45",
    "chapter 3, page 12, case 4",
    "we need 12 eggs and 250 g of flour",
    "it costs $20",
    "README.md, main.py, run.sh and Node.js",
    "ASP.NET and socket.io",
    "e.g. this, i.e. that",
    "@property\ndef name(self): ...",
    "the password is required",
    "password: str",
    "token = get_token()",
    "api_key = os.environ['KEY']",
    "secret: ${SECRET}",
    "a token is a unit of text",
    "antidisestablishmentarianism_and_more_words",
    "3.14159265 and 1,234,567.89",
    "UTF-8, COVID-19, 4K and 3D",
    "[PERSON_1] met [PERSON_2b] at [ORG_3]",
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_finds_exactly_the_value(kind: str, text: str, value: str) -> None:
    found = unite(text, Patterns().find(text))
    assert (kind, value) in [(span.kind, span.text) for span in found]


@pytest.mark.parametrize("text", LEFT)
def test_leaves_what_is_nobody_s(text: str) -> None:
    assert list(Patterns().find(text)) == []


def test_a_longer_digit_run_holds_no_card() -> None:
    text = "4111111111111111000000000"
    assert all(span.text != "4111111111111111" for span in Patterns().find(text))


def test_only_addresses_and_private_keys_cross_lines() -> None:
    text = "Tel 415\n555\n2671 and card 4111 1111\n1111 1111\n12 Elm Road\nLeeds LS1 4AP\n" + PEM
    for span in Patterns().find(text):
        assert "\n" not in span.text or span.kind in {kinds.ADDRESS, kinds.SECRET}


def test_entropy_is_in_bits() -> None:
    assert entropy("aaaa") == 0.0
    assert entropy("abcd") == 2.0


@pytest.mark.parametrize("unit", ["a", "1", "a1", "1-", "@a", "a.", "1 ", ":1", "-----BEGIN ", "/", "(1) ", "A1 "])
def test_long_repetitions_end(unit: str) -> None:
    list(Patterns().find(unit * (10_000 // len(unit))))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"open C:\Users\nora\Plans 2026\draft.docx, please", r"C:\Users\nora\Plans 2026\draft.docx"),
        (r'path = "D:\\Work\\merger\\offer.xlsx"', r"D:\\Work\\merger\\offer.xlsx"),
        (r"it is on \\nas-galway\family\photos", r"\\nas-galway\family\photos"),
        ("see /home/nlindqvist/taxes/2025.pdf.", "/home/nlindqvist/taxes/2025.pdf"),
        ("cd /Users/nora && ls", "/Users/nora"),
        ("dig _ldap._tcp.galway.lindqvist.example", "_ldap._tcp.galway.lindqvist.example"),
    ],
)
def test_paths_and_services_of_a_home_or_a_firm_are_found(text: str, found: str) -> None:
    assert found in {span.text.rstrip(".") for span in machines.find(text)}


@pytest.mark.parametrize(
    "text",
    [
        r"C:\Windows\System32\drivers",
        r"C:\Program Files\Git",
        "/home/user/project",
        "/usr/bin/env python",
        "a:b and c: d",
        r"\\alpha \beta \\ \hline",
        "_private._method",
    ],
)
def test_paths_that_every_machine_has_are_not(text: str) -> None:
    assert list(machines.find(text)) == []
