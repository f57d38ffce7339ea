"""`persona bench speed --part proxy`: what the OpenAI-compatible endpoint adds to a request, and whether it grows.

Three processes, as in life: a cloud on loopback that plays a recorded answer at a steady pace, the endpoint, and the
clients here, who speak bare HTTP so that they weigh nothing. Every client asks the cloud directly and through the
endpoint, in turns, in one run; what is added is the difference of the two medians (and 95th percentiles). Every request
has other words, since a text that was looked at is remembered.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final
from urllib.parse import urlsplit

from persona_cli.bench.answers import event
from persona_cli.bench.made_user import own_user
from persona_cli.bench.processes import resident
from persona_cli.cli import screen

REQUESTS: Final = 10_000
# Timed requests of each number of streams, directly and through the endpoint.
TIMED: Final = {1: 32, 8: 96, 32: 256}
# The recorded answer: words, the first after so many seconds, the others so far apart.
WORDS: Final = 60
FIRST: Final = 0.3
STEP: Final = 0.03
# Directly and through the endpoint, so many times.
TURNS: Final = 4
# How often the endpoint is asked how much memory it holds.
LOOKS: Final = 10
TOKEN: Final = "of-the-bench"  # noqa: S105
NAMES: Final = ("Anna Marlow", "Tobias Renner", "Ingrid Solheim", "Declan Brannigan", "Ines Okafor", "Petra Quist")
SENTENCES: Final = (
    "Please tell {name} that the report about our meeting in March was late because nobody had sent the figures.",
    "My neighbour says that the water was turned off twice this week, and that nobody gave a reason for it.",
    "We would like to move the appointment to the morning, if that is still possible for everybody who comes.",
    "The second part of the plan needs a shorter introduction, fewer tables, and one good example at the end.",
    "It would help me to know by tomorrow whether the order number {number} has left the warehouse or not.",
    "Keep it friendly, thank them for their patience, and do not promise anything that we cannot do in time.",
    "If {first} has other wishes, they can write to me at {mail} until the end of next month.",
)
# Those of them that may be left out.
FILLING: Final = (1, 2, 3, 5)


@dataclass(frozen=True)
class Taken:
    """Seconds to the first word of an answer, and to its end."""

    first: float
    whole: float


def bench(requests: int | None = None) -> None:
    """Print both tables. `requests` are those of the second one; fewer than all of them also time fewer."""
    timed = (
        TIMED if requests is None else {streams: max(streams, min(most, requests)) for streams, most in TIMED.items()}
    )
    with _process(_cloud, "") as cloud, _process(_endpoint, cloud.url) as endpoint:
        asyncio.run(_times(cloud.url, endpoint.url, timed))
        asyncio.run(_memory(endpoint, requests or REQUESTS))


async def _times(cloud: str, endpoint: str, timed: Mapping[int, int]) -> None:
    await _ask(endpoint, 1, texts(-1), 16)
    screen.write(
        f"{'streams':>7} {'directly, s':>12} {'through, s':>12} {'added p50, ms':>14} {'p95, ms':>9} "
        f"{'first word p50, ms':>19} {'p95, ms':>9}\n"
    )
    for streams, most in timed.items():
        direct: list[Taken] = []
        through: list[Taken] = []
        made = texts(streams)
        for _ in range(TURNS if most >= TURNS * streams else 1):  # what else the machine does falls on both
            some = max(streams, most // TURNS)
            direct += await _ask(cloud, streams, made, some)
            through += await _ask(endpoint, streams, made, some)
        added = [(_at(kind(through), share) - _at(kind(direct), share)) * 1000
                 for kind in (_whole, _first) for share in (0.5, 0.95)]  # fmt: skip
        screen.write(
            f"{streams:>7} {_at(_whole(direct), 0.5):>12.3f} {_at(_whole(through), 0.5):>12.3f} {added[0]:>14.1f} "
            f"{added[1]:>9.1f} {added[2]:>19.1f} {added[3]:>9.1f}\n"
        )
    words = statistics.mean(len(text.split()) for text in itertools.islice(texts(0), 100))
    screen.write(
        f"({', '.join(map(str, timed.values()))} requests of {words:.0f} words each way; the recorded answer has "
        f"{WORDS} words and takes {FIRST + WORDS * STEP:.1f} s.)\n\n"
    )


async def _memory(endpoint: _Process, requests: int) -> None:
    screen.write(f"{'requests':>8} {'resident, MiB':>14}\n")
    made, done = texts(7), 0
    held: list[float] = []
    for look in range(LOOKS + 1):
        held.append(endpoint.ask("memory"))
        screen.write(f"{done:>8,} {held[-1]:>14.1f}\n")
        some = requests * (look + 1) // LOOKS - done
        if look < LOOKS and some > 0:
            await _ask(endpoint.url, 8, made, some, quick=True)
            done += some
    screen.write(
        f"({held[-1] - held[LOOKS // 2]:+.1f} MiB in the second half: what is remembered of texts is bounded.)\n"
    )


def texts(seed: int) -> Iterator[str]:
    """Requests of about 100 words, each with a name, a number and an address, and none like another."""
    chance = random.Random(seed)
    for number in itertools.count():
        name = chance.choice(NAMES)
        fields = {
            "name": name,
            "first": name.split()[0],
            "number": chance.randrange(10**7, 10**8),
            "mail": f"me{number}@example.com",
        }
        dropped = chance.sample(FILLING, 2)
        chosen = [sentence for at, sentence in enumerate(SENTENCES) if at not in dropped]
        yield f"Write a short letter. {' '.join(chosen)}".format(**fields)


async def _ask(url: str, streams: int, made: Iterator[str], requests: int, quick: bool = False) -> list[Taken]:
    """Ask `requests` times over so many connections at once."""
    taken: list[Taken] = []
    left = iter(range(requests))

    async def client(number: int) -> None:
        place = urlsplit(url)
        if not quick:  # people do not all ask in the same moment
            await asyncio.sleep(number / streams * (FIRST + WORDS * STEP))
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for _ in left:
            taken.append(await _once(reader, writer, place.netloc, next(made), quick))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(streams)))
    return taken


async def _once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, text: str, quick: bool) -> Taken:
    body = {"model": "persona", "stream": True, "messages": [{"role": "user", "content": text}]}
    if quick:
        body["stop"] = ["."]
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    begun = time.perf_counter()
    writer.write(head.encode() + data)
    status = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in status.split(b"\r\n")[0]:
        raise RuntimeError(f"The endpoint answered {status[:80]!r}.")
    first = 0.0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunk = await reader.readexactly(size + 2)
        if not first and b'"content":"w' in chunk.replace(b'": "', b'":"'):
            first = time.perf_counter() - begun
    await reader.readexactly(2)
    return Taken(first, time.perf_counter() - begun)


def _whole(taken: Sequence[Taken]) -> list[float]:
    return [item.whole for item in taken]


def _first(taken: Sequence[Taken]) -> list[float]:
    return [item.first for item in taken]


def _at(values: Sequence[float], share: float) -> float:
    """The value below which so large a share of `values` lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


# ------------------------------------------------------------------------------------------------ the other processes


@dataclass(frozen=True)
class _Process:
    url: str
    pipe: Connection

    def ask(self, what: str) -> float:
        self.pipe.send(what)
        return float(self.pipe.recv())


@contextmanager
def _process(run: object, cloud: str) -> Iterator[_Process]:
    """A process of its own in which `run(pipe, cloud)` serves until it is told to end."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=run, args=(there, cloud), daemon=True)  # type: ignore[arg-type]
    process.start()
    there.close()
    try:
        yield _Process(here.recv(), here)
        here.send("end")
        process.join(10)
    finally:
        process.kill()
        process.join()


def _endpoint(pipe: Connection, cloud: str) -> None:
    """The endpoint of a user with a profile, before the cloud at `cloud`."""
    from persona_cli import paths
    from persona_cli.parts import Parts
    from persona_cli.proxy.app import application, listening
    from persona_cli.proxy.feed import Feed
    from persona_cli.serve.warm import Warm
    from persona_cli.settings import CloudSettings, Settings

    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home:
        env = own_user(home)
        os.environ["PYTHON_KEYRING_BACKEND"] = env["PYTHON_KEYRING_BACKEND"]
        parts = Parts(env, paths.folders(env), Settings(cloud=CloudSettings(model="bench", base_url=cloud)))
        parts.profile.set("name", "Nora Lindqvist")
        warm = Warm(parts)
        warm.warm_up()
        with listening(application(warm, TOKEN, Feed())) as url:
            pipe.send(url)
            while pipe.recv() == "memory":
                pipe.send(resident())


def _cloud(pipe: Connection, _: str) -> None:
    """Plays the recorded answer to every request; at once to one with a `stop`."""
    words = [f"data: {event({'content': 'word '})}\n\n".encode() for _ in range(WORDS)]
    end = f"data: {event({}, 'stop')}\n\ndata: [DONE]\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                body = await reader.readexactly(int(length.split(b":")[1]))
                quick = b'"stop":' in body
                writer.write(head)
                await asyncio.sleep(0 if quick else FIRST)
                for data in (*words, end):
                    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                    await (asyncio.sleep(STEP) if not quick and data is not end else writer.drain())
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        await asyncio.to_thread(pipe.recv)

    asyncio.run(run())
