"""What a field's name says of its values, and which values it can't be true of."""

from __future__ import annotations

import pytest

from persona_cli.privacy.structure.keys import kind_by_key
from tests.privacy.structure.reading import found


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("firstName", "PERSON"),
        ("Customer Name", "PERSON"),
        ("assignees", "PERSON"),
        ("Work E-Mail", "EMAIL"),
        ("phone_number", "PHONE"),
        ("billing_address", "ADDRESS"),
        ("country", "PLACE"),
        ("Employer", "ORG"),
        ("DOB", "DATE"),
        ("patient_id", "ID"),
        ("user", "USERNAME"),
        ("api_key", "SECRET"),
        *[
            (field, None)
            for field in ("name", "file name", "max_tokens", "status", "memory address", "product name", "")
        ],
    ],
)
def test_kind_by_key(field: str, kind: str | None) -> None:
    assert kind_by_key(field) == kind


def test_values_are_found_by_their_field() -> None:
    text = "Customer,Zip,DOB,Account\nsiobhan o'neil,BA1 2AB,1980-02-03,12345678\nTotal,,,\n"
    assert found(text) == [
        ("siobhan o'neil", "PERSON"),
        ("BA1 2AB", "ADDRESS"),
        ("1980-02-03", "DATE"),
        ("12345678", "ID"),
    ]
    assert found("**Patient:** Zorbla Quint\n**Company:** Gronvald Ltd") == [
        ("Zorbla Quint", "PERSON"),
        ("Gronvald Ltd", "ORG"),
    ]
    assert found('{"attendees": ["Emma Roberts and Bob Baker"], "token": "x81-kqp"}') == [
        ("Emma Roberts", "PERSON"),
        ("Bob Baker", "PERSON"),
        ("x81-kqp", "SECRET"),
    ]


@pytest.mark.parametrize(
    "value",
    ["", "null", "true", "string", "VARCHAR(255)", "{name}", "<name>", "{{ user }}", "${NAME}", "[PERSON_1]",
     "Dr [PERSON_1]", "YOUR_NAME", "N/A", "your name here", "..."],
)  # fmt: skip
def test_nothing_is_found_in_templates_and_types(value: str) -> None:
    for field in ("customer", "email", "city", "company", "password", "user", "surname"):
        assert found(f'{{"{field}": "{value}"}}') == []
        assert found(f"{field}: {value}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "name: Build and test\non: push\njobs:\n  b:\n    steps:\n      - name: Checkout\n        uses: x/checkout",
        "kind: Pod\nmetadata:\n  name: Frontend\nspec:\n  containers:\n    - name: Web\n      image: nginx",
        '{"name": "Zorbla", "version": "1.0", "dependencies": {}}',
        '{"type": "object", "properties": {"name": {"type": "string"}, "dob": {"type": "date"}}, "required": ["name"]}',
        "interface User {\n  name: string;\n  email: string;\n}",
        'name = "Zorbla"\nprint("hello")',
        "Patient: I feel well\nTeacher: Good Morning\nCustomer: Thanks!\nUser: Hello",
        "Account: open\nState: running\nAddress: 0.0.0.0:80\nContact: see below",
    ],
)
def test_things_with_a_name_are_no_people(text: str) -> None:
    assert found(text) == []


def test_a_bare_name_beside_personal_fields_is_a_person() -> None:
    assert found("- name: Zorbla Quint\n  age: 34\n") == [("Zorbla Quint", "PERSON")]
    assert ("Zorbla Quint", "PERSON") in found('{"name": "Zorbla Quint", "email": "z@x.org", "type": "lead"}')
    assert found('{"customer": {"name": "Zorbla Quint"}}') == [("Zorbla Quint", "PERSON")]
