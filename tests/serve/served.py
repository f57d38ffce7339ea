"""Servers for the tests: the installed command as a server, and one in a thread of the test, over models shared."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from persona_cli import paths
from persona_cli.parts import Parts
from persona_cli.serve import identity
from persona_cli.serve.place import lock_of, socket_of
from persona_cli.serve.server import Server, Serving
from persona_cli.serve.standing import listening
from persona_cli.serve.starting import is_taken, only_one, told
from persona_cli.serve.warm import Warm
from persona_cli.settings import CloudSettings, Settings
from tests.conftest import NO_KEYRING
from tests.installed import COMMAND

PATIENCE = 30.0
NAME, FRIEND = "Wilhelmina Okafor", "Bartholomew Quill"


def environment(home: Path, base_url: str = "", **more: str) -> dict[str, str]:
    """That of a user at `home`, with a cloud where `base_url` names one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERSONA_") or "DATA" in name}
    cloud = {"PERSONA_CLOUD_MODEL": "test-model", "PERSONA_CLOUD_BASE_URL": base_url} if base_url else {}
    own = {"PERSONA_HOME": str(home), "PYTHON_KEYRING_BACKEND": NO_KEYRING, "NO_COLOR": "1", "OMP_NUM_THREADS": "2"}
    return {**kept, **own, **cloud, **more}


def known(env: Mapping[str, str]) -> Parts:
    """A user of whom persona knows a name and a memory."""
    parts = Parts.of_user(env)
    parts.profile.add("name", NAME)
    parts.memory.add(f"{FRIEND} is my dentist in Ballinasloe.")
    return parts


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `what` gives once it gives something."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)
    return found


def status(env: Mapping[str, str]) -> dict[str, Any] | None:
    return told(paths.folders(env), env, {"do": "status"})


@contextmanager
def process(env: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`persona serve` as a process that answers; ended at the end where it is still there."""
    made = subprocess.Popen([COMMAND, "serve", *arguments], env=dict(env), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        wait_for(lambda: status(env))
        yield made
    finally:
        made.kill() if made.poll() is None else None
        made.communicate()


@contextmanager
def in_thread(parts: Parts, warm: Warm | None = None, **seams: Any) -> Iterator[Server]:
    """A server in a thread of this process."""
    folders, env = parts.folders, parts.env
    with only_one(folders) as alone, listening(folders, env) as (listener, path):
        assert alone
        me = identity.own(folders, env)
        server = Server(warm or Warm(parts), listener, Serving(str(path), None), me, **seams)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.end()
            thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not socket_of(folders, env).exists()
    assert not is_taken(folders) and lock_of(folders).exists()


def user(home: Path, base_url: str = "", **cloud: Any) -> Parts:
    """The parts of a user at `home`, in this process."""
    env = environment(home)
    made = CloudSettings(model="test-model", base_url=base_url, **{"retries": 0, "timeout": 20.0, **cloud})
    settings = replace(Settings(), cloud=made if base_url else CloudSettings())
    return Parts(env, paths.folders(env), settings)


def objects(text: str) -> list[dict[str, Any]]:
    """JSON lines, without what no two runs have in common."""
    rows = [json.loads(line) for line in text.splitlines()]
    return [{name: value for name, value in row.items() if name not in ("ms", "memories")} for row in rows]
