"""Every exit code of DESIGN §5, from the installed command."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from tests.installed import COMMAND, hear_interrupts, persona
from tests.servers import RecordingServer, endless, event, stream_of, unauthorised

LINES = f"data: {event({'content': 'a line' + chr(10)})}\n\n".encode()


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def test_0_for_an_answer() -> None:
    with RecordingServer(stream_of("All good.")) as server:
        done = persona("ask", "hello", env=cloud(server))
    assert (done.returncode, done.stdout) == (0, "All good.\n")


def test_1_for_an_error_in_the_settings(tmp_path: object) -> None:
    done = persona("config", "set", "cloud.retries", "many")
    assert done.returncode == 1 and done.stdout == "" and "must be a whole number" in done.stderr


def test_2_for_a_command_line_that_was_not_understood() -> None:
    assert persona("ask", "--no-such-option").returncode == 2
    assert persona("ask", stdin="").returncode == 2
    assert persona("ask", "x", "--mode", "psychic").returncode == 2
    for mode in ("sketch", "outline", "auto"):
        assert persona("ask", "x", "--local", "--mode", mode).returncode == 2
    done = persona("ask", "x", "--mode", "outline")
    assert done.returncode == 2 and "--mode outline needs a cloud" in done.stderr
    assert persona("sketch", "x", "--mode", "psychic").returncode == 2


def test_3_for_a_refusal_and_nothing_is_sent() -> None:
    import base64

    secret = base64.b64encode(b"Thea Elvsted").decode()
    persona("profile", "set", "name", "Thea Elvsted")
    # Detection would mask the code; the user's own allow list keeps it from doing so, and the gate decides.
    persona("config", "set", "privacy.allow", secret)
    with RecordingServer(stream_of("never")) as server:
        done = persona("ask", f"decode {secret}", env=cloud(server))
        assert done.returncode == 3 and done.stdout == "" and "Nothing was sent" in done.stderr
        assert server.requests == []
    assert "Elvsted" not in done.stderr, "findings are for the user's own terminal only"


def test_4_for_nothing_found() -> None:
    done = persona("memory", "search", "anything")
    assert done.returncode == 4 and done.stdout == ""
    assert persona("memory", "show", "abcdef12").returncode == 4


def test_5_for_a_cloud_that_fails() -> None:
    with RecordingServer(unauthorised()) as server:
        done = persona("ask", "hello", env=cloud(server))
    assert done.returncode == 5 and done.stdout == "" and "persona keys set" in done.stderr
    for mode in ("sketch", "outline"):
        gone = persona("ask", "--mode", mode, "hello", env=cloud(server))
        assert gone.returncode == 5 and gone.stdout == "" and "Traceback" not in gone.stderr


def test_0_in_the_mode_auto_where_the_cloud_fails_and_the_local_model_answers() -> None:
    with RecordingServer(unauthorised()) as server:
        done = persona("ask", "--mode", "auto", "Explain tea to me.", env=cloud(server))
    assert done.returncode == 0 and done.stdout.strip()
    assert "auto: sketch, because it asks for knowledge" in done.stderr
    assert "local, because the cloud failed: " in done.stderr and "persona keys set" in done.stderr


def test_130_for_an_interrupt_and_the_text_so_far_stays() -> None:
    with RecordingServer(endless()) as server:
        process = subprocess.Popen(
            [COMMAND, "ask", "hello"],
            env={**os.environ, **cloud(server)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=hear_interrupts,
        )
        assert process.stdout is not None
        first = process.stdout.read(5)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert first == b"more " and process.returncode == 130 and b"Traceback" not in errors


def test_0_and_silence_when_the_reader_of_the_pipe_goes_away() -> None:
    with RecordingServer(endless(LINES)) as server:
        process = subprocess.Popen(
            [COMMAND, "ask", "hello"],
            env={**os.environ, **cloud(server)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait(timeout=60)
    assert code == 0 and b"Broken pipe" not in errors and b"Traceback" not in errors
