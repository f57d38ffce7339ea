"""Each form of structured text: where its cells are, amid prose and when it is broken."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.structure import Structured, cells, widened
from tests.privacy.structure.reading import values

PIECES = st.sampled_from(
    '\n|\n| a | b |\n|---|---|\n| Emma\\| | 12 |\n|name,email\n|Emma,a@b.de\n|"|""|,|;|\t|\'|`|```py\n|```\n|{|}|[|]|'
    '{"name": "|{\'a\':|: |:|key: value\n|- x\n|  - name: Emma\n|From: Emma <a@b.de>\n|To: |=|user=emma |\\|\\u00e9|'
    "# |// |/*|--|x = '|2024-05-06 12:00:01 |\r\n|\u2028|\0|中文|ß|password: hunter2 |, ".split("|")
)


def check(text: str) -> None:
    end = 0
    everything = cells(text)
    for cell in everything:
        assert end <= cell.start < cell.end <= len(text)
        end = cell.end
    end = 0
    spans = sorted(Structured().find(text), key=lambda span: span.start)
    for span in widened(text, everything, spans):
        assert end <= span.start < span.end
        assert span.text == text[span.start : span.end]
        end = span.end


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_any_mixture_of_syntax(pieces: list[str]) -> None:
    check("".join(pieces))


def test_csv_amid_prose() -> None:
    text = (
        "Please sort these, if you can:\n\nName,Email,Notes\nEmma Roberts,e@x.org,late\n"
        '"Baker, Bob ""Bo""",b@x.org,"two\nlines, here"\n\nThanks, and goodbye.\n'
    )
    assert values(text) == [
        ("Name", "Emma Roberts"),
        ("Email", "e@x.org"),
        ("Notes", "late"),
        ("Name", 'Baker, Bob ""Bo""'),
        ("Email", "b@x.org"),
        ("Notes", "two\nlines, here"),
    ]
    columns = {cell.field: cell.column for cell in cells(text) if cell.field}
    assert len(set(columns.values())) == 3


def test_semicolons_tabs_and_no_header() -> None:
    assert values("Kunde;Betrag;Amount\nEmma;1,50;2\nBob;2,50;3")[:3] == [
        ("Kunde", "Emma"),
        ("Betrag", "1,50"),
        ("Amount", "2"),
    ]
    assert values("Emma\t12\nBob\t13\nAna\t14")[:2] == [("", "Emma"), ("", "12")]
    assert values("Emma,Bath,x\nBob,York,y\nAna,Rome,z")[4] == ("", "York")


def test_a_broken_row_does_not_end_the_table() -> None:
    text = "name,city\nEmma,Bath\nBob,York\nRoberts, Ana, Rome\nLi,Oslo\n"
    assert ("name", "Li") in values(text)
    assert ("", "Rome") in values(text)


def test_prose_and_code_are_no_csv() -> None:
    for text in (
        "Dear Emma, I hope you are well.\nFirst, thank you for the flowers.\nSecond, see you soon, dear.",
        "It cost 1,000\nand then 2,500\nand 3,500",
        "int a;\nint b;\nint c;",
    ):
        assert "delimited" not in {cell.form for cell in cells(text)}


def test_tables_with_and_without_outer_pipes() -> None:
    body = [("Customer", "Emma \\| Co"), ("Amount", "12")]
    assert values("See:\n\n| Customer | Amount |\n|:---|---:|\n| Emma \\| Co | 12 |\n\nBye") == body
    assert values("Customer | Amount\n--- | ---\nEmma \\| Co | 12") == body
    assert values(" customer | amount\n----------+--------\n Emma     | 12\n") == [
        ("customer", "Emma"),
        ("amount", "12"),
    ]
    assert not values("run `cat x | grep y`, then a || b")


def test_json_nested_cut_off_and_python() -> None:
    text = 'Here: {"users": [{"name": "Ana \\"A\\" Cruz", "tags": ["x"]}, {"name": "Li", "age": 4'
    assert values(text) == [("name", 'Ana \\"A\\" Cruz'), ("tags", "x"), ("name", "Li"), ("age", "4")]
    names = [cell for cell in cells(text) if cell.field == "name"]
    assert len({cell.column for cell in names}) == 1
    assert {cell.within for cell in names} == {"users"}
    assert values("guests = ['Emma', 'Bob']") == [("guests", "Emma"), ("guests", "Bob")]
    assert values("{name: 'Emma', \"n\": None}") == [("name", "Emma"), ("n", "None")]
    assert values('{"a": "b",\n oops ?!\n "c": "d"}') == [("a", "b"), ("c", "d")]


def test_yaml_forms_and_lists() -> None:
    text = "owners:\n- Emma Roberts\n- Bob\nteam:\n  - name: 'Ana Cruz'  # lead\n    mail: a@b.de\n\n**City:** Bath\n"
    assert values(text) == [
        ("owners", "Emma Roberts"),
        ("owners", "Bob"),
        ("name", "Ana Cruz"),
        ("mail", "a@b.de"),
        ("City", "Bath"),
    ]
    assert not values("See https://x.example/a and 12:30.")


def test_logs() -> None:
    text = '2024-05-06 12:00:01,123 INFO user=emma msg="ok for \\"Em\\"" ip=10.0.0.1, done'
    assert values(text) == [
        ("timestamp", "2024-05-06 12:00:01,123"),
        ("user", "emma"),
        ("msg", 'ok for \\"Em\\"'),
        ("ip", "10.0.0.1"),
    ]
    assert not values("https://x.example/?user=emma&n=1")


def test_code() -> None:
    text = "```python\nauthor = \"Emma\"  # Reviewed by: Bob\nsend('Ana', url='http://x.example')  # later\n```\nDon't"
    assert values(text) == [
        ("author", "Emma"),
        ("Reviewed by", "Bob"),
        ("", "Ana"),
        ("url", "http://x.example"),
        ("", "later"),
    ]


def test_mail_headers() -> None:
    text = '> From: "Roberts, Emma" <e@x.org>\n> To: Bob Baker <b@x.org>, c@x.org\n> Subject: Lunch\n\nHi'
    assert values(text) == [
        ("from", "Roberts, Emma"),
        ("email", "e@x.org"),
        ("to", "Bob Baker"),
        ("email", "b@x.org"),
        ("email", "c@x.org"),
        ("subject", "Lunch"),
    ]
    assert "mail" not in {cell.form for cell in cells("From: London\nTo: Paris")}


def test_plain_prose_has_no_cells() -> None:
    assert cells("I met Emma Roberts, who lives in Bath; we talked.\nThen (at 12:30) she left.") == ()
