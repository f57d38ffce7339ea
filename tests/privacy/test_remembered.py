"""What was worked out about texts is remembered for so many characters of them."""

from __future__ import annotations

from persona_cli.privacy.remembered import AT_LEAST, Remembered, RememberedOf, remembering


def test_the_texts_that_were_used_last_stay() -> None:
    held: Remembered[int] = Remembered(3 * AT_LEAST)
    for number, text in enumerate(("a", "b", "c")):
        assert held.get(text) is None and held.put(text, number) == number
    assert held.get("a") == 0
    held.put("d", 3)
    assert [held.get(text) for text in "abcd"] == [0, None, 2, 3]


def test_a_long_text_takes_the_room_of_many_and_is_kept_as_the_last() -> None:
    held: Remembered[str] = Remembered(1_000)
    held.put("a", "x")
    held.put("b" * 5_000, "y")
    assert held.get("a") is None and held.get("b" * 5_000) == "y"
    held.put("c", "z")
    assert held.get("b" * 5_000) is None and held.get("c") == "z"


def test_what_is_put_again_takes_no_more_room() -> None:
    held: Remembered[int] = Remembered(2 * AT_LEAST)
    for number in range(10):
        held.put("a", number)
    held.put("b", 1)
    assert held.get("a") == 9 and held.get("b") == 1


def test_with_another_version_all_is_forgotten() -> None:
    held: RememberedOf[int] = RememberedOf(AT_LEAST)
    first = held.at(b"1")
    first.put("a", 1)
    assert held.at(b"1").get("a") == 1 and held.at(b"2").get("a") is None and held.at(b"1").get("a") is None
    # Who still has the earlier one puts nothing into the later one.
    first.put("b", 2)
    assert held.at(b"1").get("b") is None
    held.at(None).put("c", 3)
    assert held.at(None).get("c") is None


def test_a_function_that_remembers_works_out_a_text_once_while_there_is_room() -> None:
    asked: list[str] = []

    @remembering(2 * AT_LEAST)
    def upper(text: str) -> str:
        """In capitals."""
        asked.append(text)
        return text.upper()

    assert [upper(text) for text in "aabbaac"] == list("AABBAAC")
    assert asked == ["a", "b", "c"]
    assert upper("b") == "B" and asked == ["a", "b", "c", "b"]
    assert (upper.__name__, upper.__doc__) == ("upper", "In capitals.")
