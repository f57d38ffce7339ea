"""The gate: what it finds, what it mends, what it refuses, and that nobody else can clear a request."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

import persona_cli
from persona_cli.errors import Refused
from persona_cli.privacy.bodies import encode
from persona_cli.privacy.detect import Detector, build_detector
from persona_cli.privacy.gate import Cleared, Gate, without
from persona_cli.privacy.known import Known
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import ID, ORG, PERSON, PHONE, URL, PrivateSpan
from persona_cli.privacy.words import lexicon

EMMA = Known("Emma Roberts", PERSON)
# What the gate knows it finds without any detection.
BLIND = Detector(())


class NewDomains(Detector):
    """Finds nothing at the first look, and "acme.is" at the second, which reads only what masking has changed."""

    def __init__(self) -> None:
        super().__init__(())

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        start = text.find("acme.is")
        return (PrivateSpan(start, start + 7, URL, "acme.is", "patterns", 0.9),) if start >= 0 else ()

    def find_all(self, texts: Sequence[str]) -> list[tuple[PrivateSpan, ...]]:
        return [() for _ in texts]


def request(content: str, **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], "stream": True, **more}


def clear(
    body: dict[str, object],
    known: Sequence[Known] = (EMMA,),
    table: Pseudonyms | None = None,
    detector: Detector = BLIND,
) -> str:
    gate = Gate(detector, is_common=lambda word: word in {"may", "rose"})
    return gate.clear(body, table or Pseudonyms(), known).body.decode()


@pytest.mark.parametrize(
    "leak",
    [
        "write to Emma Roberts",
        "write to emma roberts",
        "write to EMMA\nROBERTS",
        "write to Émma Roberts",
        "write to Ｅｍｍａ Ｒｏｂｅｒｔｓ",
        "write to Em\u200bma Rob\u200berts",
        "see emma_roberts_cv.pdf",
        "tag it #emmaroberts",
        "ask the Roberts family",
        "Emma said so",
    ],
)
def test_a_known_name_is_masked_in_every_spelling(leak: str) -> None:
    cleared = clear(request(leak)).casefold()
    assert "roberts" not in cleared and "emma" not in cleared and "émma" not in cleared
    assert "[person_1" in cleared


@pytest.mark.parametrize(
    ("value", "leak"),
    [
        ("Юлия Петрова", "ask Yulia Petrova"),
        ("Юлия Петрова", "ask yulia petrova"),
        ("Юлия Петрова", "Julija Petrova"),
        ("Юлия Петрова", "Iuliia PETROVA"),
        ("Юлия Петрова", "Ioulia Petrowa"),
        ("Юлия Петрова", "Petrova, Yulia"),
        ("Юлия Петрова", "frag Frau Petrowa"),
        ("Yulia Petrova", "Спроси у Юлия Петрова"),
        ("Yulia Petrova", "юлия петрова"),
        ("Yulia Petrova", "Дорогая Петрова!"),
        ("Yevgeny Shcherbakov", "письмо для Евгений Щербаков"),
        ("Щербаков", "Schtscherbakow"),
        ("Giorgos Papadopoulos", "στον Γιώργος Παπαδόπουλος"),
        ("Ελένη Ευαγγέλου", "to Eleni Evangelou"),
        ("محمد الأحمد", "from Mohammed al-Ahmad"),
        ("Mohammed al-Ahmad", "إلى محمد الأحمد"),
        ("王小明", "ask Wang Xiaoming"),
        ("王小明", "ask Xiao-Ming Wang"),
        ("Wang Xiaoming", "请问王小明在吗"),
        ("Jürgen Müller", "an Juergen Mueller"),
        ("Jürgen Müller", "an Jurgen Muller"),
        ("Juergen Mueller", "an Jürgen Müller"),
        ("Juergen Mueller", "an Jurgen Muller"),
        ("Søren Ågård", "til Soeren Aagaard"),
        ("Strauß", "Strauss"),
        ("Strauss", "STRAUẞ"),
        ("Özgür Işık", "OZGUR ISIK"),
        ("Ozgur Isik", "özgür ışık"),
        ("Steﬃ Fink", "Steffi Fink"),
        ("Emma Roberts", "Еmmа Rоbеrts"),
        ("Emma Roberts", "the Rοberts family"),
        ("Emma Roberts", "from E m m a  R o b e r t s"),
        ("Emma Roberts", "I a m E-m-m-a"),
        ("Emma Roberts", "R.o.b.e.r.t.s"),
        ("Emma Roberts", "E\u0336m\u0336m\u0336a\u0336"),
        ("Emma Roberts", "Em\u00adma Rob\u2060erts"),
        ("Emma Roberts", "&#69;mma &#x52;oberts"),
        ("Zoë Müller", "Zo&euml; M&uuml;ller"),
        ("Zoë Müller", r'{"name": "Zo\u00eb M\xfcller"}'),
        ("Emma Roberts", "𝐄mma 𝐑oberts"),
        ("Emma Roberts", "Emma+Roberts"),
    ],
)
def test_a_known_name_is_masked_in_another_script_or_disguise(value: str, leak: str) -> None:
    table = Pseudonyms()
    message = json.loads(clear(request(leak), [Known(value, PERSON)], table))["messages"][0]["content"]
    words = [word for entry in table.entries for word in entry.value.split() if len(word) > 1]
    assert table.entries and not any(word in message for word in words)
    assert "[PERSON_1" in message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Май Петров", "Then May came, and in May we left."),
        ("May Roberts", "в мае, май"),
        ("Роман Новиков", "a romance, novices"),
        ("Vera Novikova", "вера и новый роман"),
        ("Юлия Петрова", "July is petrol season. Julius and Petra Ivanova."),
        ("Joe Bauer", "Jo baur Samuel Samul"),
        ("Manuel Noel", "Manul Nol"),
        ("Wang Xiaoming", "小王在明天来，王府井"),
        ("王小明", "Wang said xiao; Ming vase"),
        ("Emma Roberts", "a b c d e f g, 1 a 2 b, e m a i l"),
        ("Мария Ким", "Kim's mare and Marie"),
    ],
)
def test_what_only_resembles_a_known_name_is_left_alone(value: str, text: str) -> None:
    gate = Gate(BLIND, is_common=lexicon().is_word)
    assert gate.clear(request(text), Pseudonyms(), [Known(value, PERSON)]).masked == 0


@pytest.mark.parametrize(
    "written",
    [
        "three five three nine one five five five oh one four two",
        "nine one triple five zero one four two",
        "neun eins fünf fünf fünf null eins vier zwei",
        "91 five-five-five 01 four two",
        "９１ ５５５ ０１４２",
        "٩١ ٥٥٥ ٠١٤٢",
        "9 1 5 5 5 0 1 4 2",
        "①",
    ],
)
def test_a_known_number_is_masked_in_words_and_other_digits(written: str) -> None:
    cleared = json.loads(clear(request(f"call {written} now"), [Known("+353 91 555 0142", PHONE)]))
    masked = cleared["messages"][0]["content"]
    assert (masked == f"call {written} now") if written == "①" else masked == "call [PHONE_1] now"


def test_a_pin_spelled_out_is_masked_and_a_count_is_not() -> None:
    pin = [Known("4471", ID)]
    assert "four" not in clear(request("my PIN is four four seven one"), pin)
    assert "one two three four four seven one" in clear(request("one two three four four seven one"), pin)


def test_a_known_number_is_masked_in_every_grouping() -> None:
    phone = Known("+353 91 555 0142", PHONE)
    for written in ("353915550142", "+353-91-555-0142", "(353) 91 5550142", "call 00353 91 555 0142 now"):
        body = json.loads(clear(request(f"the number: {written}"), [phone]))
        digits = "".join(filter(str.isdigit, body["messages"][0]["content"].replace("_1", "")))
        assert "5550142" not in digits


@pytest.mark.parametrize("place", ["system prompt", "history", "tool schema", "file name", "model"])
def test_every_string_of_the_body_is_looked_at(place: str) -> None:
    body = request("hello")
    leak = "for Emma Roberts"
    if place == "system prompt":
        body["messages"] = [{"role": "system", "content": leak}, {"role": "user", "content": "hello"}]
    elif place == "history":
        body["messages"] = [{"role": "assistant", "content": leak}, {"role": "user", "content": "hello"}]
    elif place == "tool schema":
        body["tools"] = [{"type": "function", "function": {"name": "send", "description": leak}}]
    elif place == "file name":
        body["metadata"] = {"file": "emma-roberts.txt"}
    else:
        body["model"] = "emma-roberts-tuned"
    assert "roberts" not in clear(body).casefold()


def schema_of(field: object, **more: object) -> dict[str, object]:
    schema = {"type": "object", "properties": {"field": field}, **more}
    return request("hello", response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})


@pytest.mark.parametrize("place", ["schema", "tool"])
def test_a_private_number_is_refused_since_a_number_cannot_be_masked(place: str) -> None:
    def body(field: object) -> dict[str, object]:
        function = {"name": "send", "parameters": {"type": "object", "properties": {"field": field}}}
        tools = [{"type": "function", "function": function}]
        return schema_of(field) if place == "schema" else request("hello", tools=tools)

    phone = Known("555-867-5309", PHONE)
    private: list[dict[str, object]] = [{"const": 5558675309}, {"enum": [1, 5558675309]}, {"maximum": 5558675309}]
    for field in private:
        with pytest.raises(Refused) as refusal:
            clear(body(field), [phone])
        assert any("5558675309" in finding for finding in refusal.value.findings)
    with pytest.raises(Refused):  # nobody knows it: a card number by its checksum
        clear(body({"default": 4111111111111111}), (), detector=build_detector((), (), ()))
    harmless: list[dict[str, object]] = [{"maximum": 9007199254740991}, {"default": 3.5}, {"const": True}]
    for field in harmless:
        assert clear(body(field), [phone, Known("34")], detector=build_detector((), (), ()))


@pytest.mark.parametrize(
    "field",
    [
        {"examples": [{"type": "mail greta.lindqvist@example.com"}]},
        {"default": {"format": "mail greta.lindqvist@example.com"}},
        {"type": "string", "format": "greta.lindqvist@example.com"},
        {"$ref": "greta.lindqvist@example.com"},
    ],
)
def test_a_keyword_of_the_schema_language_hides_nothing(field: object) -> None:
    cleared = clear(schema_of(field), (), detector=build_detector((), (), ()))
    assert "[EMAIL_1]" in cleared and "lindqvist" not in cleared


def test_the_words_of_the_schema_language_stay() -> None:
    field = {"type": ["string", "null"], "format": "date-time", "items": {"$ref": "#/$defs/address"}}
    body = schema_of(field, required=["field"])
    assert clear(body, (), detector=build_detector((), (), ())) == encode(body).decode()


def test_a_known_value_in_a_key_is_refused_since_a_key_cannot_be_masked() -> None:
    with pytest.raises(Refused) as refusal:
        clear(request("hello", metadata={"emma roberts": "x"}))
    assert refusal.value.exit_code == 3
    assert any("emma roberts" in finding for finding in refusal.value.findings)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_known_value_in_base64_is_refused(shift: int) -> None:
    coded = base64.b64encode(b"x" * shift + b"Emma Roberts lives here").decode()
    with pytest.raises(Refused):
        clear(request(f"decode {coded}"))


@pytest.mark.parametrize("coded", [b"Emma Roberts".hex(), b"Emma Roberts".hex().upper(), "Emma Roberts"[::-1]])
def test_a_known_value_in_hexadecimal_or_backwards_is_refused(coded: str) -> None:
    with pytest.raises(Refused):
        clear(request(f"decode {coded}"))


def test_a_known_value_url_encoded_is_not_sent() -> None:
    try:
        cleared = clear(request(f"open https://example.org/?q={quote('Emma Roberts')}"))
    except Refused:
        return
    assert "Roberts" not in cleared


def test_what_detection_finds_the_second_time_is_masked_and_restorable() -> None:
    table = Pseudonyms()
    cleared = clear(request("my card is 4111 1111 1111 1111, mail me at jo@example.org"), (), table, build_detector())
    assert "4111" not in cleared and "jo@example.org" not in cleared
    assert {entry.value for entry in table.entries} >= {"4111 1111 1111 1111", "jo@example.org"}


def test_a_name_that_is_a_common_word_is_looked_for_capitalised_only() -> None:
    cleared = clear(request("you may go in spring, with rose water"), [Known("May Rose", PERSON)])
    assert "you may go" in cleared and "rose water" in cleared
    assert "May " not in clear(request("then May came"), [Known("May Rose", PERSON)])


def test_a_short_surname_inside_a_longer_word_is_left_alone() -> None:
    assert "Johnson" not in clear(request("hello"), [Known("John", PERSON)])
    assert "johnsonville" in clear(request("the johnsonville recipe"), [Known("John", PERSON)])


def test_texts_that_persona_has_joined_are_read_each_for_itself() -> None:
    read: list[str] = []

    class Reading(Detector):
        def find(self, text: str) -> tuple[PrivateSpan, ...]:
            read.append(text)
            at = text.find("zed")
            return (PrivateSpan(at, at + 3, ORG, "zed", "patterns", 0.9),) if at >= 0 else ()

        def find_all(self, texts: Sequence[str]) -> list[tuple[PrivateSpan, ...]]:
            return [self.find(text) for text in texts]

    gate = Gate(Reading(()), leads=["SYSTEM "], joints=["\n--\n", "\n==\n"])
    table = Pseudonyms()
    cleared = gate.clear(request("SYSTEM one\n--\nat zed\n==\nlast"), table)
    assert set(read) >= {"one", "at zed", "last"} and not any("--" in text or "==" in text for text in read)
    assert json.loads(cleared.body)["messages"][0]["content"] == "SYSTEM one\n--\nat [ORG_1]\n==\nlast"


def test_two_strings_whose_keys_make_one_path_are_both_read() -> None:
    class Finding:
        name = "patterns"

        def find(self, text: str) -> Iterator[PrivateSpan]:
            at = text.find("zed")
            if at >= 0:
                yield PrivateSpan(at, at + 3, ORG, "zed", "patterns", 0.9)

    for other in ("hello", "Emma Roberts", "at zed too"):
        schema = {"a.description": "at zed", "a": {"description": other}}
        body = request("hello", tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}])
        sent = Gate(Detector([Finding()])).clear(body, Pseudonyms(), [EMMA]).body
        assert b"zed" not in sent and b"Emma" not in sent and b"at [ORG_1]" in sent


def test_a_stump_that_masking_leaves_is_no_reason_to_refuse() -> None:
    known = [Known("王小明", PERSON), Known("Quigley", PERSON)]
    assert "see acme.is[PERSON_1]" in clear(request("see acme.is王小明"), known, None, NewDomains())
    with pytest.raises(Refused):
        clear(request("Quigley, see acme.is now"), known, None, NewDomains())


def test_placeholders_pass_untouched() -> None:
    table = Pseudonyms()
    token = table.token_for(ORG, "Fennell Heating")
    assert f"ask {token} to come" in clear(request(f"ask {token} to come"), (), table)


def test_persona_s_own_prompt_is_the_same_for_everybody_and_stays() -> None:
    shipped = "Stand by and write it well."
    gate = Gate(BLIND, shipped=(shipped,))
    body = {"model": "m", "messages": [{"role": "system", "content": shipped}, {"role": "user", "content": "hi"}]}
    assert shipped in gate.clear(body, Pseudonyms(), [Known("Stand", PERSON)]).body.decode()


def test_the_bytes_are_the_body_when_nothing_is_private() -> None:
    body = request("what is a monad?")
    assert clear(body) == encode(body).decode()


def test_only_the_gate_can_clear() -> None:
    with pytest.raises(TypeError):
        Cleared(b"{}", 0, object())
    cleared = Gate(BLIND).clear(request("hi"), Pseudonyms())
    with pytest.raises(AttributeError):
        cleared.body = b"something else"


def test_no_other_module_names_the_constructor_or_its_pass() -> None:
    package = Path(persona_cli.__file__).parent
    for file in package.rglob("*.py"):
        if file.name == "gate.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cleared"
            assert not called, f"{file} makes a Cleared"
            assert not (isinstance(node, ast.Attribute) and node.attr == "_PASS"), f"{file} takes the gate's pass"
            if isinstance(node, ast.ImportFrom) and node.module == "persona_cli.privacy.gate":
                taken = {name.name for name in node.names}
                assert not taken & {"_PASS", "*"}, f"{file} takes the gate's pass"
                # Under a seal that only processes of one run have: who could seal what he likes could clear it.
                assert not taken & {"carried", "arrived"} or file.name == "carrying.py", f"{file} carries a Cleared"


def test_what_is_left_of_a_cleared_body_is_what_was_cleared() -> None:
    cleared = Gate(BLIND).clear({**request("naïve \n 1e5"), "n": 0.1, "stream_options": {"a": 1}}, Pseudonyms())
    less = without(cleared, "stream_options")
    assert less.body == cleared.body.replace(b',"stream_options":{"a":1}', b"") != cleared.body
    assert without(less, "stream_options") is less


def test_a_name_in_a_script_without_spaces_is_found_inside_a_sentence() -> None:
    body = {"messages": [{"role": "user", "content": "我在华为工作，老板是王小明。박서영은 어디?"}]}
    known = [Known("华为", ORG), Known("王小明", PERSON), Known("박서영", PERSON)]
    cleared = Gate(BLIND).clear(body, Pseudonyms(), known)
    sent = cleared.body.decode()
    assert not any(item.value in sent for item in known)
    assert "工作，老板是" in sent and "은 어디?" in sent


def test_a_value_that_the_cloud_glued_into_a_word_does_not_go_back_to_it() -> None:
    table = Pseudonyms()
    token = table.token_for(PERSON, "Emma")
    said = {"messages": [{"role": "assistant", "content": "xEmmax_Emma"}, {"role": "user", "content": "Dilemmas?"}]}
    cleared = Gate(BLIND).clear(said, table)
    assert [item["content"] for item in json.loads(cleared.body)["messages"]] == [f"x{token}x_{token}", "Dilemmas?"]


def test_a_value_that_masking_another_one_uncovers_is_masked_too() -> None:
    class Links:
        name = "patterns"

        def find(self, text: str) -> tuple[PrivateSpan, ...]:
            start = text.find("://x")
            return (PrivateSpan(start, start + 4, URL, "://x", "patterns", 1.0),) if start >= 0 else ()

    body = {"messages": [{"role": "user", "content": "a ://xpe link"}]}
    cleared = Gate(Detector([Links()])).clear(body, Pseudonyms(), [Known("pe", ORG)])
    assert b"pe link" not in cleared.body
    assert cleared.masked == 2


def test_a_glued_part_of_a_name_in_an_answer_is_masked_when_the_rest_is_masked_already() -> None:
    said = "xFerdinand [PERSON_5]y. Quigleys, will you?"
    body = {"messages": [{"role": "assistant", "content": said}, {"role": "user", "content": "Quigleys"}]}
    known = [Known("Ferdinand Brandt", PERSON), Known("Will Quigley", PERSON)]
    cleared = Gate(BLIND, is_common=lambda word: word == "will").clear(body, Pseudonyms(), known)
    answer = json.loads(cleared.body)["messages"][0]["content"]
    assert "Ferdinand" not in answer and "Quigley" not in answer
    assert ", will you?" in answer
