"""A user with something of everything that is sealed, and rotations of the key that are killed.

Run by test_rekey.py in a process of its own, `python -m tests.rekeying FOLDER FIRST LAST EVERY`: for each number it
forks a rotation that kills itself at that file operation, then a recovery that is killed as well, and prints what the
user has afterwards. The process that forks never starts Chroma, whose threads would not survive a fork.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from persona_cli.errors import PersonaError
from persona_cli.memory.contacts import Contact
from persona_cli.memory.profile import Profile
from persona_cli.memory.store import MemoryStore, Note, State
from persona_cli.parts import Parts
from persona_cli.paths import Folders, folders
from persona_cli.privacy.crypto import data_key
from persona_cli.privacy.traits import traits
from persona_cli.rekey import rotate
from persona_cli.secrets import find_key, set_key
from persona_cli.settings import CloudSettings, Settings
from persona_cli.typed import TypedLines
from tests.memory.hashed_words import HashedWords

HOST = "api.example.org"
# What Python tells an audit hook when a file is opened, made, renamed or removed.
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect", "shutil.rmtree")


def fill(home: Folders, env: dict[str, str]) -> None:
    """Something of everything."""
    parts = Parts(env, home, Settings())
    for name in ("Theodora Quigley", "Otis Pruitt"):
        id = parts.conversations.new(f"Letter to {name}").id
        with parts.conversations.pseudonymising(id) as table:
            table.token_for("PERSON", name)
        parts.conversations.add(id, "user", f"Write to {name}.")
        parts.conversations.add(id, "assistant", f"Dear {name}, " + "hello " * 900)
        for text in (name.encode() * 40, b""):
            parts.audit.append(text, conversation=name, destination="d", model="m", mode="s", outcome="sending")
    parts.audit.erase(lambda receipt, _: receipt.n == 1)
    parts.disclosures.tell(id, traits("I am a nurse in Galway."))
    Profile(parts.vault).set("friend", "Ann Lee", "Bo Lee")
    number = parts.imports.begin(("people.vcf",))
    parts.imports.note(number, {"0" * 32: Note("Bo plays the cello.")})
    parts.contacts.add(Contact("Bo Lee", phones=("+44 7700 900123",)), number)
    typed = TypedLines(home.chat_history_file, parts.seal)
    typed.add("Write to Theodora Quigley.")
    typed.add("/local on")
    set_key(HOST, "sk-12345", env, folders=home)
    store = MemoryStore(home.memory_folder, HashedWords(), parts.seal)
    for said in ("Tom plays the cello.", "The boiler code is 4711.", "Ann likes green tea."):
        store.add(said, source_id=said[:3])
    store.keep_derived("words", b"cello boiler tea", store.epoch())
    cello, boiler, _ = store.entries()
    store.states.put({cello.id: State(pinned=True, uses=3), boiler.id: State("gist", superseded_by=cello.id)})
    store.close()
    parts.vault.close()


def content(home: Folders, env: dict[str, str]) -> dict[str, Any]:
    """All of it, read back. Raises what reading raises."""
    parts = Parts(env, home, Settings())
    conversations = parts.conversations.list()
    store = MemoryStore(home.memory_folder, HashedWords(), parts.seal)
    verdict = parts.audit.verify()
    assert verdict.ok, verdict.sentence
    parts.vault.check()
    read = {
        "conversations": [(item.id, item.title, str(item.used)) for item in conversations],
        "turns": [[(turn.text, str(turn.time)) for turn in parts.conversations.turns(c.id)] for c in conversations],
        "tokens": [[str(entry) for entry in parts.conversations.pseudonyms(c.id).entries] for c in conversations],
        "told": [sorted(trait.words for trait in parts.disclosures.told(item.id)) for item in conversations],
        "profile": parts.profile.all(),
        "contacts": [str(item) for item in (*parts.contacts.all(), *parts.contacts.mentioned("Call 07700 900123."))],
        "imports": [str(item) for item in parts.imports.all()] + parts.imports.memories(1),
        "imported": [sorted(ids) for ids in parts.imports.with_content([Note("Bo plays the cello.")]).values()],
        "receipts": [(r.n, str(r.time), r.conversation, r.sha256, r.erased) for r in parts.audit.list()],
        "payloads": [parts.audit.payload(r.n).decode() for r in parts.audit.list() if not r.erased],
        "typed": list(TypedLines(home.chat_history_file, parts.seal).newest(9)),
        "api key": find_key(CloudSettings(base_url=f"https://{HOST}"), env, folders=home),
        "memories": [(item.id, item.text, item.source_id, str(item.time)) for item in store.list()],
        "states": sorted((id, str(state)) for id, state in store.states.all().items()),
        "nearest": [
            (hit.memory.text, round(hit.score, 4))
            for query in ("the boiler code", "Tom and the cello", "green tea")
            for hit in store.search(query, 1)
        ],
        "known": store.add("Tom plays the cello.", source_id="Tom")[1],
    }
    store.close()
    parts.vault.close()
    return json.loads(json.dumps(read))  # type: ignore[no-any-return]


def killed_at(number: int) -> None:
    """From here on this process kills itself at its `number`-th file operation."""
    seen = 0

    def hook(event: str, arguments: Any) -> None:
        nonlocal seen
        if event in EVENTS:
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def in_a_fork(work: Callable[[], Any]) -> tuple[int, Any]:
    """(signal or exit code, result) of `work` in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            code = 0
        except PersonaError as error:
            os.write(writing, json.dumps(str(error)).encode())
        finally:
            os._exit(code)
    os.close(writing)
    said = b""
    while part := os.read(reading, 65536):
        said += part
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, json.loads(said) if said else None


def main(place: Path, first: int, last: int, every: int) -> None:
    import chromadb_rust_bindings  # noqa: F401  imported once, before the forks; its threads start with its use

    env = dict(os.environ)
    whole = folders({"PERSONA_HOME": str(place / "whole")})
    in_a_fork(lambda: fill(whole, env))
    code, expected = in_a_fork(lambda: content(whole, env))
    assert code == 0, expected
    for number in range(first, last, every):
        home = folders({"PERSONA_HOME": str(place / f"h{number}")})
        shutil.copytree(place / "whole", place / f"h{number}")

        def rotation(home: Folders = home, number: int = number) -> None:
            killed_at(number)
            rotate(home, env=env)

        def recovery(home: Folders = home, number: int = number) -> None:
            killed_at(3 + number % 17)
            data_key(home, env=env)

        code, said = in_a_fork(rotation)
        in_a_fork(recovery)
        after, found = in_a_fork(lambda home=home: content(home, env))  # type: ignore[misc]
        new = home.key_file.read_bytes() != whole.key_file.read_bytes()
        left = [path.name for path in (place / f"h{number}").rglob("*rotat*")]
        right = found == expected
        print(json.dumps({"n": number, "code": code, "said": said, "read": after, "right": right, "new": new,
                          "left": left}), flush=True)  # fmt: skip
        if not right:
            print(json.dumps({"found": found}), file=sys.stderr)
        shutil.rmtree(place / f"h{number}")
        if code == 0:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
