"""Markdown and Obsidian notes."""

from __future__ import annotations

from datetime import datetime, timezone

from persona_cli.memory.importing.markdown import front_matter, plain, read_markdown
from persona_cli.memory.importing.pieces import WORDS, clean, pieces
from tests.memory.importing.made import CHANGED, notes, problems, read, texts

NOTE = """---
created: 2026-03-01T10:00:00
tags:
  - travel
  - "portugal"
---
# Lisbon
We land on **Friday** with [[People/Ana Silva|Ana]], see [[Plan#Day 1]].

## Packing
- [ ] charger
- [x] passport
![[map.png]] %%not for anybody%%
```bash
# not a heading
2
3
4
5
6
7
8
```
## 2026-03-04
Lost [the key](https://example.org/key). ^block
"""


def test_sections_become_memories_behind_their_headings() -> None:
    found = notes(read(read_markdown, "vault/Trips/Lisbon.md", NOTE))
    assert [note.text for note in found] == [
        "Lisbon: We land on Friday with Ana, see Plan. (tags: travel, portugal)",
        "Lisbon › Packing: - to do: charger\n- done: passport\n\n# not a heading\n2\n3\n4\n5\n6\n…"
        " (tags: travel, portugal)",
        "Lisbon › 2026-03-04: Lost the key. (tags: travel, portugal)",
    ]
    assert found[1].source_id == "vault/Trips/Lisbon.md#Lisbon#Packing"
    assert [note.time for note in found] == [
        datetime(2026, 3, 1, 10, tzinfo=timezone.utc), datetime(2026, 3, 1, 10, tzinfo=timezone.utc),
        datetime(2026, 3, 4, 12, tzinfo=timezone.utc),
    ]  # fmt: skip


def test_the_day_is_the_front_matters_the_names_or_the_files() -> None:
    def day(name: str, text: str) -> datetime | None:
        return notes(read(read_markdown, name, text))[0].time

    assert day("2025-11-02 walk.md", "Rain.") == datetime(2025, 11, 2, 12, tzinfo=timezone.utc)
    assert day("walk.md", "Rain.") == CHANGED
    assert day("2025-13-45.md", "---\ndate: never\n---\nRain.") == CHANGED


def test_front_matter_in_both_forms_of_a_list_and_a_rule_that_is_none() -> None:
    assert front_matter("---\ntags: [a, 'b c']\ntitle: \"T: x\"\n---\ntext") == (
        {"tags": ("a", "b c"), "title": ("T: x",)},
        "text",
    )
    assert front_matter("---\nno end of it")[1] == "---\nno end of it"


def test_markup_becomes_plain_text() -> None:
    assert plain("> [!note] Mind\n> the **gap** and `x` <b>y</b> ![p](a.png) [[A/B]] [[#H]]") == (
        "> Mind\n> the gap and x y  B H"
    )


def test_what_is_written_at_the_top_changes_nothing_below() -> None:
    before = {(note.text, note.source_id) for note in notes(read(read_markdown, "a.md", NOTE))}
    after = notes(read(read_markdown, "a.md", NOTE.replace("# Lisbon\n", "# Lisbon\nNew at the top.\n\n")))
    assert len(before - {(note.text, note.source_id) for note in after}) == 1


def test_long_sections_are_cut_between_paragraphs_sentences_or_words() -> None:
    paragraphs = "\n\n".join(f"Paragraph {n} " + "word " * 50 + "end." for n in range(5))
    assert all(len(piece.split()) <= WORDS for piece in pieces(paragraphs, context="Some note"))
    assert all(piece.endswith("end.") for piece in pieces(paragraphs))
    sentences = "".join(f"Sentence {n} has a few words. " for n in range(100))
    assert all(piece.endswith("words.") for piece in pieces(sentences))
    endless = " ".join(f"w{n}" for n in range(1000))
    assert " ".join(pieces(endless)) == endless and all(len(piece.split()) <= WORDS for piece in pieces(endless))


def test_untrusted_bytes_are_cleaned() -> None:
    assert clean("a\x00b\x1b[31mred\u202ejpg\r\nnext") == "ab[31mredjpg\nnext"
    assert clean("x" * 100_000) == "x" * 120 + "…"
    assert problems(read(read_markdown, "a.md", b"PK\x03\x04\0\0\0binary"))[0].sentence == "This is no text file."
    assert texts(read(read_markdown, "a.md", "caf\xe9 au lait".encode("latin-1"))) == ["a: café au lait"]
    assert texts(read(read_markdown, "empty.md", "")) == []
