"""The stages as commands: plain, `--json` and `--jsonl`."""

from __future__ import annotations

import json
from typing import Any

from tests.installed import persona


def lines(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def jsonl(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def test_sketch_prints_the_exact_payload_and_restore_undoes_it() -> None:
    done = persona("sketch", stdin="Write to Theodora Quigley, phone 0151 555 1234.")
    payload = json.loads(done.stdout)
    asked = payload["messages"][-1]["content"]
    assert done.returncode == 0 and "Quigley" not in done.stdout and "555" not in done.stdout
    assert persona("restore", stdin=asked).stdout == "Write to Theodora Quigley, phone 0151 555 1234."


def test_sketch_and_ask_dry_run_print_the_same_bytes() -> None:
    request = "Write to Theodora Quigley about 14 Harbour Street."
    assert persona("sketch", request).stdout == persona("ask", "--dry-run", request).stdout


def test_sketch_jsonl_answers_every_line_in_order_and_survives_bad_ones() -> None:
    rows = lines(
        persona(
            "sketch",
            "--jsonl",
            stdin=jsonl(
                {"id": 1, "text": "Write to Theodora Quigley.", "facts": ["employer: Quigley & Sons"], "extra": True},
                "{not json",
                {"id": "b", "txt": "no text"},
                {
                    "id": 3,
                    "text": "Ask Quigley & Sons.",
                    "facts": ["employer: Quigley & Sons"],
                    "document": "From: Bob",
                },
                {"id": 4, "text": "x", "facts": "not a list"},
                [1],
            ),
        )
    )
    assert [row["id"] for row in rows] == [1, None, "b", 3, 4, None]
    assert [("error" in row) for row in rows] == [False, True, True, False, True, True]
    first = rows[0]
    assert first["gate"] == "cleared" and "Quigley" not in first["payload_text"]
    assert first["placeholders"] == {"[PERSON_1]": "Theodora Quigley"} and first["ms"] > 0
    assert first["payload"]["messages"][-1]["content"].startswith("Write to [PERSON_1].")
    assert isinstance(first["withheld"], list) and isinstance(first["generalised"], list)
    assert "Quigley" not in rows[3]["payload_text"] and "Document:" in rows[3]["payload_text"]


def test_a_conversation_keeps_its_placeholders_over_lines_and_processes() -> None:
    first = lines(persona("sketch", "--jsonl", stdin=jsonl({"id": 1, "text": "Ask Bob Miller.", "conversation": "c1"})))
    again = lines(
        persona(
            "sketch",
            "--jsonl",
            stdin=jsonl(
                {"id": 2, "text": "Tell Ann Baker and Bob Miller.", "conversation": "c1"},
                {"id": 3, "text": "Tell Ann Baker.", "conversation": "c2"},
            ),
        )
    )
    assert first[0]["placeholders"] == {"[PERSON_1]": "Bob Miller"}
    assert again[0]["placeholders"] == {"[PERSON_1]": "Bob Miller", "[PERSON_2]": "Ann Baker"}
    assert again[1]["placeholders"] == {"[PERSON_1]": "Ann Baker"}
    restored = lines(
        persona(
            "restore",
            "--jsonl",
            stdin=jsonl(
                {"id": 1, "conversation": "c1", "text": "Dear person_1 and [PERSON_2], [PERSON_3]"},
                {"id": 2, "conversation": "c2", "text": "[PERSON_1]"},
                {"id": 3, "conversation": "nowhere", "text": "[PERSON_1]"},
            ),
        )
    )
    assert restored[0]["text"] == "Dear Bob Miller and Ann Baker, [PERSON_3]"
    assert (restored[0]["restored"], restored[0]["unknown"]) == (2, ["[PERSON_3]"])
    assert restored[1]["text"] == "Ann Baker" and "error" in restored[2]


def test_detect_gives_spans_with_offsets() -> None:
    text = "Mail nora@example.org — or Nora Lindqvist."
    (row,) = lines(persona("detect", "--jsonl", stdin=jsonl({"id": 7, "text": text})))
    assert row["id"] == 7
    for span in row["spans"]:
        assert text[span["start"] : span["end"]] == span["text"]
        assert set(span) >= {"start", "end", "kind", "text", "source", "confidence"}
    assert {(span["kind"], span["text"]) for span in row["spans"]} == {
        ("EMAIL", "nora@example.org"),
        ("PERSON", "Nora Lindqvist"),
    }
    plain = persona("detect", stdin=text).stdout.splitlines()
    assert plain[0].split("\t")[2:] == ["EMAIL", "patterns", "nora@example.org"]


def test_compress_keeps_the_share_that_was_asked_for() -> None:
    text = "The meeting with the council will take place on Tuesday, 4 May, because the hall was not free before that."
    (row,) = lines(persona("compress", "--jsonl", stdin=jsonl({"id": 1, "text": text, "ratio": 0.5})))
    assert row["words_in"] == 20 and abs(row["words_out"] - 10) <= 1
    assert "Tuesday" in row["text"] and "not" in row["text"].split()
    assert persona("compress", "--ratio", "1", stdin=text).stdout == text + "\n"
    assert persona("compress", "--ratio", "0", stdin=text).returncode == 2
    fields = json.loads(persona("compress", "--ratio", "0.5", "--json", stdin=text).stdout)
    assert fields["kept"] + fields["dropped"] == 20


def test_what_is_not_text_is_refused_in_a_sentence() -> None:
    done = persona("detect", stdin=b"\xff\xfe\x00binary")
    assert done.returncode == 2 and "not UTF-8" in done.stderr and done.stdout == ""
