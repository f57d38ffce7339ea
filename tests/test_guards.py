"""The guards themselves: each must catch an attempt, or what they prove is nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.guards import Attempt, NetworkForbidden, SocketGuard, run_guarded, without_network
from tests.servers import RecordingServer, echo

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).sendall(b'out')"


def test_an_attempt_in_this_process_is_recorded_and_refused() -> None:
    with RecordingServer(echo()) as server:
        with SocketGuard() as guard, pytest.raises(NetworkForbidden):
            socket.socket().connect(("127.0.0.1", server.port))
        assert guard.attempts == [Attempt("socket.connect", server.host)]
        assert server.accepted == 0


def test_an_attempt_in_another_thread_is_recorded() -> None:
    with SocketGuard() as guard:
        thread = threading.Thread(target=lambda: socket.socket().connect_ex(("127.0.0.1", 9)), daemon=True)
        hook = threading.excepthook
        threading.excepthook = lambda arguments: None
        thread.start()
        thread.join()
        threading.excepthook = hook
    assert guard.attempts == [Attempt("socket.connect", "127.0.0.1:9")]


def test_look_ups_datagrams_and_listening_are_attempts() -> None:
    with SocketGuard() as guard:
        with pytest.raises(NetworkForbidden):
            socket.getaddrinfo("localhost", 443)
        with pytest.raises(NetworkForbidden):
            socket.gethostbyname("localhost")
        with pytest.raises(NetworkForbidden):
            socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53))
        with pytest.raises(NetworkForbidden):
            socket.socket().bind(("127.0.0.1", 0))
    events = [attempt.event for attempt in guard.attempts]
    assert events == ["socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"]


def test_unix_sockets_pass_and_are_listed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with SocketGuard() as guard:
            socket.socket(socket.AF_UNIX).connect(str(tmp_path / "s"))
    assert guard.attempts == [] and len(guard.local) == 1


def test_what_is_allowed_passes_and_after_the_guard_everything_does() -> None:
    with RecordingServer(echo()) as server:
        with SocketGuard(allowed=[server.host]) as guard:
            socket.create_connection(("127.0.0.1", server.port), 5).close()
        socket.create_connection(("127.0.0.1", server.port), 5).close()
    assert guard.attempts == []
    assert [attempt.event for attempt in guard.passed] == ["socket.getaddrinfo", "socket.connect"]


def test_an_attempt_in_a_child_is_recorded_and_refused(tmp_path: Path) -> None:
    with RecordingServer(echo()) as server:
        done = run_guarded([sys.executable, "-c", CONNECT, "127.0.0.1", str(server.port)], tmp_path)
        assert done.code == 1 and "NetworkForbidden" in done.stderr
        assert Attempt("socket.getaddrinfo", server.host) in done.attempts
        assert server.accepted == 0


def test_an_attempt_of_a_childs_child_is_recorded(tmp_path: Path) -> None:
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CONNECT!r}, '127.0.0.1', '9'])"
    assert run_guarded([sys.executable, "-c", nested], tmp_path).attempts


def test_a_child_that_reaches_nowhere_has_no_attempts(tmp_path: Path) -> None:
    done = run_guarded([sys.executable, "-c", "print(input())"], tmp_path, stdin="hello\n")
    assert (done.code, done.stdout, done.attempts) == (0, "hello\n", [])


def test_a_child_that_escapes_the_guard_is_an_error_and_no_proof(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="never loaded the guard"):
        run_guarded([sys.executable, "-I", "-c", "pass"], tmp_path)


def test_without_a_network_nothing_is_reached(tmp_path: Path) -> None:
    with RecordingServer(echo()) as server:
        reach = [sys.executable, "-c", CONNECT, "127.0.0.1", str(server.port)]
        done = without_network(reach, tmp_path)
        assert done.code != 0 and done.attempts and server.accepted == 0
        assert subprocess.run(reach).returncode == 0 and server.accepted == 1
