"""`persona serve --http`: the endpoint beside the socket, and the file with its token."""

from __future__ import annotations

import http.client
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from persona_cli import paths
from persona_cli.serve.place import token_of
from tests.installed import persona
from tests.serve.served import FRIEND, environment, process, status, wait_for
from tests.servers import RecordingServer, echo, slow


def test_an_endpoint_with_a_token_in_a_file(tmp_path: Path) -> None:
    with RecordingServer(echo()) as cloud:
        env = environment(tmp_path / "home", cloud.base_url)
        with process(env, "--http", "--port", "0") as server:
            told = status(env)
            assert told is not None and told["idle_seconds"] is None
            assert server.stdout is not None
            assert [server.stdout.readline().split()[0] for _ in range(3)] == [b"base_url", b"token", b"page"]
            file = Path(told["token_file"])
            assert file == token_of(paths.folders(env)) and file.stat().st_mode & 0o777 == 0o600
            token = file.read_text().strip()
            body = {"model": "test-model", "messages": [{"role": "user", "content": f"Greet {FRIEND}."}]}
            assert _posted(told["url"], "wrong", body)[0] == 401
            code, answer = _posted(told["url"], token, body)
            assert code == 200 and answer["choices"][0]["message"]["content"] == f"Greet {FRIEND}."
            assert persona("ask", f"Greet {FRIEND}.", env=env).stdout == f"Greet {FRIEND}.\n"
            wait_for(lambda: (now := status(env)) and now["requests"] == 2)
            page = http.client.HTTPConnection(urlsplit(told["url"]).netloc)
            page.request("GET", "/")
            assert page.getresponse().status in (401, 403)  # nobody sees it without the link
            page.close()
            command = Path(f"/proc/{server.pid}/cmdline")
            assert not command.exists() or token.encode() not in command.read_bytes()
        assert FRIEND.split()[1].encode() not in cloud.received and len(cloud.requests) == 2
        assert persona("serve", "--new-token", env=env).returncode == 0
        assert token_of(paths.folders(env)).read_text().strip() not in ("", token)


def test_the_end_waits_for_an_answer_that_is_under_way(tmp_path: Path) -> None:
    with RecordingServer(slow(1.0, echo())) as cloud:
        env = environment(tmp_path / "home", cloud.base_url)
        with process(env, "--http", "--port", "0") as server, ThreadPoolExecutor(1) as thread:
            told = status(env)
            assert told is not None
            body = {"messages": [{"role": "user", "content": f"Greet {FRIEND}."}]}
            posted = thread.submit(_posted, told["url"], Path(told["token_file"]).read_text().strip(), body)
            wait_for(lambda: cloud.requests)
            server.send_signal(signal.SIGTERM)
            code, answer = posted.result()
            assert code == 200 and answer["choices"][0]["message"]["content"] == f"Greet {FRIEND}."
            assert server.wait(60) == 0


def _posted(url: str, token: str, body: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"{urlsplit(url).path}/chat/completions", json.dumps(body), headers)
    got = connection.getresponse()
    read = json.loads(got.read())
    connection.close()
    return got.status, read
