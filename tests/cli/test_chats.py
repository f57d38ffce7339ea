"""`persona chats` and `ask --chat`, as the installed command: conversations by name, and nothing of them readable."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from persona_cli.parts import Parts
from tests.installed import COMMAND, persona
from tests.journeys.terminal import leave, say, terminal
from tests.privacy.test_open_conversations import holder
from tests.servers import RecordingServer, Turn, echo, stream_of

PLANTED = ("Theodora Quigley", "quagga")


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def kept(parts: Parts, title: str, *turns: str) -> str:
    id = parts.conversations.new(title).id
    for number, text in enumerate(turns):
        parts.conversations.add(id, "assistant" if number % 2 else "user", text)
    return id


def readable_files(parts: Parts) -> list[str]:
    """The files of this user that hold a planted word in the clear, in UTF-8 or UTF-16."""
    forms = [word.encode(code) for word in PLANTED for code in ("utf-8", "utf-16-le")]
    files = [path for path in Path(parts.env["PERSONA_HOME"]).rglob("*") if path.is_file()]
    assert parts.folders.vault_file in files
    return [str(path) for path in files if any(form in path.read_bytes() for form in forms)]


def test_the_whole_way_of_a_conversation_by_its_name(parts: Parts) -> None:
    with RecordingServer(echo()) as server:
        begun = persona("ask", "--chat", "Letter", "Greet Theodora Quigley.", env=cloud(server))
        (item,) = parts.conversations.list()
        again = persona("ask", "--chat", "LETTER", "Again, Theodora Quigley.", env=cloud(server))
        quiet = persona("ask", "-q", "--chat", item.id[:5], "And again.", env=cloud(server))
        sent = [message["content"] for message in server.requests[1].json()["messages"][1:]]
    assert begun.stderr == f"new conversation {item.id}: Letter\n"
    assert again.stderr == f"continuing {item.id}: Letter\n" and quiet.stderr == ""
    assert sent == ["Greet [PERSON_1].", "Greet [PERSON_1].", "Again, [PERSON_1]."]
    assert begun.stdout == "Greet Theodora Quigley.\n" and again.stdout == "Again, Theodora Quigley.\n"
    assert persona("chats", "list").stdout.split()[-2:] == ["6", "Letter"]
    renamed = persona("chats", "rename", item.id, "To", "Theodora")
    assert renamed.returncode == 0 and renamed.stdout == ""
    shown = persona("chats", "show", "to theo").stdout
    assert shown.startswith(f"# To Theodora\n\nConversation {item.id}, begun ")
    assert shown.count("**You** · ") == shown.count("**persona** · ") == 3 and "Greet Theodora Quigley." in shown
    gone = persona("chats", "rm", "To Theodora", "--yes")
    assert gone.returncode == 0 and "Forgotten: 6 turns, 1 placeholders, what 3 receipts sent" in gone.stderr
    assert persona("chats", "show", item.id).returncode == 4 and parts.conversations.list() == ()


def test_looking_at_conversations_leaves_no_word_of_them_on_the_disk(parts: Parts, tmp_path: Path) -> None:
    id = kept(parts, "The quagga", "Write to Theodora Quigley.", "Dear Theodora Quigley, the quagga is well.")
    assert readable_files(parts) == []
    for arguments in (
        ("list",),
        ("show", id),
        ("search", "quagga", "quigley"),
        ("search", '"theodora quigley"', "--json"),
        ("export", id),
        ("export", "--all", "--format", "json"),
    ):
        done = persona("chats", *arguments, env={"TMPDIR": str(tmp_path / "tmp")})
        assert done.returncode == 0 and any(word in done.stdout for word in PLANTED), done
    assert readable_files(parts) == [] and not (tmp_path / "tmp").exists()


def test_list_and_search_as_json(parts: Parts) -> None:
    old, new = kept(parts, "old", "the heron"), kept(parts, "new", "one", "the Heron", "two")
    listed = json.loads(persona("chats", "list", "--json").stdout)
    assert [(row["id"], row["title"], row["turns"]) for row in listed] == [(new, "new", 3), (old, "old", 1)]
    assert [row["id"] for row in json.loads(persona("chats", "list", "-n", "1", "--json").stdout)] == [new]
    found = json.loads(persona("chats", "search", "heron", "-k", "1", "--json").stdout)
    assert [(row["id"], row["turn"], row["role"], row["snippet"]) for row in found] == [
        (new, 2, "assistant", "the Heron")
    ]
    ((start, end),) = found[0]["marks"]
    assert found[0]["snippet"][start:end] == "Heron"
    nothing = persona("chats", "search", "zebra", "--json")
    assert (nothing.returncode, nothing.stdout) == (4, "[]\n") and "No conversation holds" in nothing.stderr


def test_without_any_conversation_each_says_so_and_makes_no_file(parts: Parts) -> None:
    for arguments, code in (
        (("list",), 0),
        (("list", "--json"), 0),
        (("search", "x"), 4),
        (("show", "x"), 4),
        (("rename", "x", "y"), 4),
        (("rm", "x", "--yes"), 4),
        (("export", "--all"), 4),
        (("export",), 2),
        (("search", '""'), 2),
    ):
        done = persona("chats", *arguments)
        assert done.returncode == code and "Traceback" not in done.stderr, done
    assert not parts.folders.vault_file.exists()


def test_a_name_that_fits_several_or_none_is_told_with_the_candidates(parts: Parts) -> None:
    rome, rhodes = kept(parts, "Trip to Rome", "x"), kept(parts, "Trip to Rhodes", "x")
    done = persona("chats", "show", "trip")
    assert done.returncode == 4 and f"{rhodes} (Trip to Rhodes), {rome} (Trip to Rome)" in done.stderr
    assert persona("chats", "show", "trip to r").returncode == persona("chats", "show", "nothing").returncode == 4


@pytest.mark.parametrize("form", ["md", "json", "jsonl"])
def test_export_to_a_file_of_the_users_own(parts: Parts, tmp_path: Path, form: str) -> None:
    kept(parts, "first", "What is a heron?", "A bird.")
    kept(parts, "second", "And a quagga?", "No more.")
    file = tmp_path / f"all.{form}"
    done = persona("chats", "export", "--all", str(file))
    assert done.returncode == 0 and done.stdout == "" and "not encrypted" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    texts = ["And a quagga?", "No more.", "What is a heron?", "A bird."]
    if form == "md":
        assert text.startswith("# second\n") and "\n---\n\n# first\n" in text
        assert sorted(texts, key=text.index) == texts
    elif form == "json":
        assert [turn["text"] for item in json.loads(text) for turn in item["turns"]] == texts
    else:
        rows = [json.loads(line) for line in text.splitlines()]
        assert [row["text"] for row in rows] == texts
        assert [(row["title"], row["turn"], row["role"]) for row in rows[:2]] == [
            ("second", 1, "user"),
            ("second", 2, "assistant"),
        ]
    again = persona("chats", "export", "first", str(file))
    assert again.returncode == 2 and file.read_text() == text
    assert persona("chats", "export", "first", str(file), "--force").returncode == 0
    one = persona("chats", "export", "first", "--format", form).stdout
    assert file.read_text() == one and "heron" in one and "quagga" not in one


def test_options_that_contradict_each_other_are_told_before_anything_is_made(parts: Parts) -> None:
    for arguments in (
        ("-c", "--chat", "x", "hello"),
        ("-n", "--chat", "x", "hello"),
        ("-n", "-c", "hello"),
        ("--chat", "deadbeef", "hello"),
        ("-c", "hello"),
    ):
        done = persona("ask", "--local", *arguments)
        assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr, done
    assert persona("ask", "--local", "--dry-run", "--chat", "x", "hello").returncode == 0
    assert parts.conversations.list() == ()


def test_continue_never_joins_one_that_another_process_has_open(parts: Parts) -> None:
    quiet, busy = kept(parts, "quiet", "one"), kept(parts, "busy", "two")
    run = holder(parts, busy)
    with RecordingServer(stream_of("Fine.")) as server:
        done = persona("ask", "-c", "hello", env=cloud(server))
        assert done.returncode == 0 and done.stdout == "Fine.\n"
        assert f"{busy} (busy), is open in another terminal" in done.stderr and f"--chat {busy}" in done.stderr
        assert done.stderr.endswith(f"continuing {quiet}: quiet\n")
        named = persona("ask", "--chat", busy, "hello", env=cloud(server))
        assert named.returncode == 0 and named.stderr == f"continuing {busy}: busy\n"
        other = holder(parts, quiet)
        refused = persona("ask", "-c", "hello", env=cloud(server))
        assert refused.returncode == 2 and "is open in another terminal" in refused.stderr
        other.communicate("\n")
        run.communicate("\n")
        assert persona("ask", "-c", "hello", env=cloud(server)).stderr == f"continuing {busy}: busy\n"
    assert [len(parts.conversations.turns(id)) for id in (quiet, busy)] == [3, 5]


def test_two_that_ask_at_once_in_one_conversation_lose_no_turn_and_mix_no_placeholder(parts: Parts) -> None:
    names = [("Theodora Quigley", "Ignatius Pemberton"), ("Wilhelmina Ashdown", "Bartholomew Finch")]
    meet = threading.Barrier(2)

    def together(turn: Turn) -> None:
        meet.wait(60)  # both are asked before either is answered
        echo()(turn)

    with RecordingServer(together) as server:
        for round in range(2):
            runs = [
                subprocess.Popen(
                    [COMMAND, "ask", "-q", "--chat", "Shared", f"Greet {one} and {other}, {round}."],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **cloud(server)},
                )
                for one, other in names
            ]
            for run, (one, other) in zip(runs, names, strict=True):
                answer, told = run.communicate(timeout=120)
                assert answer == f"Greet {one} and {other}, {round}.\n", told
        sent = [request.body.decode() for request in server.requests]
    assert not any(name in body for body in sent for pair in names for full in pair for name in full.split())
    (item,) = parts.conversations.list()
    texts = [turn.text for turn in parts.conversations.turns(item.id)]
    expected = [f"Greet {one} and {other}, {round}." for round in range(2) for one, other in names]
    assert sorted(texts) == sorted([*expected, *expected])
    values = [entry.value for entry in parts.conversations.pseudonyms(item.id).entries]
    assert len(values) == len(set(values)) and {name for pair in names for name in pair} <= set(values)


def test_list_and_search_go_on_while_another_process_writes(parts: Parts) -> None:
    id = kept(parts, "busy", "the heron")
    code = (
        "import sys\nfrom persona_cli.parts import Parts\nkept = Parts.of_user().conversations\n"
        "print('on', flush=True)\n"
        "for number in range(400):\n    kept.add(sys.argv[1], 'user', f'turn {number} of the heron')\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, id], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and writer.stdout.readline() == "on\n"
    for _ in range(3):
        assert json.loads(persona("chats", "search", "heron", "--json").stdout)[0]["id"] == id
        assert json.loads(persona("chats", "list", "--json").stdout)[0]["turns"] >= 1
    writer.communicate(timeout=120)
    assert writer.returncode == 0 and len(parts.conversations.turns(id)) == 401


def test_at_a_terminal_rm_asks_and_search_highlights(parts: Parts) -> None:
    id = kept(parts, "Letter", "the heron", "a **bird**")
    with terminal("chats", "rm", id) as asked:
        asked.expect("Forget 1 conversation for good")
        say(asked, "n")
        assert leave(asked) == 3
    assert len(parts.conversations.list()) == 1
    with terminal("chats", "search", "heron", env={"NO_COLOR": "", "TERM": "xterm-256color"}) as shown:
        shown.expect("you, turn 1: ")
        shown.expect("the \x1b\\[[0-9;]*mheron\x1b\\[")
        assert leave(shown) == 0
    with terminal("chats", "show", "letter") as shown:
        shown.expect("persona · ")
        shown.expect("bird")
        assert leave(shown) == 0
    with terminal("chats", "rm", id) as asked:
        asked.expect("Forget 1 conversation for good")
        say(asked, "y")
        assert leave(asked) == 0
    assert parts.conversations.list() == ()


def test_what_a_terminal_would_obey_is_made_visible(parts: Parts) -> None:
    kept(parts, "evil \x1b]0;x\x07 heron", "the \x1b[2J heron")
    for arguments in (("list",), ("search", "heron"), ("show", "evil")):
        with terminal("chats", *arguments) as shown:
            shown.expect("␛")
            rest = shown.before
            assert leave(shown) == 0
        assert "\x1b]0;x" not in rest and "\x1b[2J" not in rest


def test_an_unlogged_sitting_has_its_thread_and_leaves_its_receipts_alone(parts: Parts) -> None:
    from dataclasses import replace

    from persona_cli.assistant import Assistant
    from persona_cli.cli.conversing import begin, conversation_to_resume
    from persona_cli.exchange import Request
    from persona_cli.settings import CloudSettings

    with RecordingServer(echo()) as server:
        settings = replace(parts.settings, cloud=CloudSettings(model="m", base_url=server.base_url))
        unlogged = replace(parts, settings=settings, unlogged=True)
        assert conversation_to_resume(unlogged, no_log=True) is None
        item = begin(unlogged, "Greet Theodora Quigley.")
        for text in ("Greet Theodora Quigley. My cat is called Quagga.", "Again, Theodora Quigley."):
            assert "".join(Assistant(unlogged).ask(Request(text, conversation=item.id))) == text
        sent = [message["content"] for message in server.requests[1].json()["messages"][1:]]
    assert len(sent) == 3 and sent[2] == "Again, [PERSON_1]."
    assert len(unlogged.audit.list()) == 4
    assert not parts.folders.vault_file.exists() and not parts.folders.open_conversations.exists()
    assert not parts.folders.memory_folder.exists() or parts.memory.count() == 0
