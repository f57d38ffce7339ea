"""Native writes to descriptors 1 and 2, in processes of their own so that the descriptors are real."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(script: str) -> tuple[str, str]:
    head = "import os, sys, threading\nfrom persona_cli.local.silence import silenced\n"
    code = head + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_what_native_code_writes_is_heard_and_not_shown() -> None:
    out, err = run("""
        with silenced() as heard:
            os.write(2, b"chatter\\n")
            os.write(1, b"a result\\n")
        os.write(2, b"after\\n")
        print(repr(heard.text))
    """)
    assert out == "a result\n'chatter\\n'\n"
    assert err == "after\n"


def test_stdout_too_when_asked() -> None:
    out, err = run("""
        print("before")
        with silenced(stdout=True) as heard:
            os.write(1, b"one ")
            os.write(2, b"two")
        print(heard.text)
    """)
    assert (out, err) == ("before\none two\n", "")


def test_python_goes_on_speaking() -> None:
    out, err = run("""
        sys.stderr.write("start, ")
        with silenced():
            os.write(2, b"chatter")
            print("a spinner, ", end="", file=sys.stderr)
        print("done", file=sys.stderr)
    """)
    assert (out, err) == ("", "start, a spinner, done\n")


def test_an_exception_restores_everything() -> None:
    _, err = run("""
        before = sys.stderr
        try:
            with silenced() as heard:
                os.write(2, b"why it failed")
                raise ValueError
        except ValueError:
            os.write(2, heard.text.upper().encode())
        assert sys.stderr is before
    """)
    assert err == "WHY IT FAILED"


def test_blocks_may_nest_and_overlap_between_threads() -> None:
    out, err = run("""
        inside, leave = threading.Event(), threading.Event()
        def other():
            with silenced():
                inside.set(); leave.wait()
                os.write(2, b"still silent")
        with silenced():
            thread = threading.Thread(target=other); thread.start(); inside.wait()
            with silenced() as heard:
                os.write(2, b"inner ")
        os.write(2, b"the other is still inside ")
        leave.set(); thread.join()
        os.write(2, b"loud")
        print(heard.text)
    """)
    assert (out, err) == ("inner \n", "loud")


def test_no_descriptor_is_left_open() -> None:
    out, _ = run("""
        count = lambda: len(os.listdir("/proc/self/fd"))
        with silenced(): pass
        before = count()
        for _ in range(50):
            with silenced(stdout=True): pass
        print(count() - before)
    """)
    assert out == "0\n"


def test_a_process_without_stderr_is_no_trouble() -> None:
    out, _ = run("""
        os.close(2)
        with silenced() as heard:
            pass
        print("fine")
    """)
    assert out == "fine\n"
