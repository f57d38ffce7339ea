"""Fetching a page: what leaves, where redirects may lead, and the sentence for everything that goes wrong.

The servers are real ones on loopback. Where a test needs the public network, its name service is made up and a
connection to a public address is led to a server here; all that persona does is the same.
"""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from persona_cli.cloud.addresses import is_public
from persona_cli.cloud.fetching import Fetching
from persona_cli.cloud.transport import connector
from persona_cli.errors import FetchFailed, Refused, UsageError
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.gate import Cleared, Gate
from tests.servers import Answer, RecordingServer, Turn, endless, raw, redirects, resets, then

PUBLIC, OTHER = "93.184.215.14", "151.101.1.69"


@dataclass
class Kept:
    """Receipts in memory."""

    lines: list[tuple[Any, ...]] = field(default_factory=list)

    def sending(self, cleared: Cleared, host: str) -> int:
        self.lines.append((cleared.body.decode(), host))
        return len(self.lines)

    def concluded(self, receipt: int, host: str, outcome: str, reason: str) -> None:
        self.lines.append((receipt, host, outcome, reason))


class Led(httpx2.BaseTransport):
    """Leads connections to the public addresses of `places` to ports of this machine."""

    def __init__(self, places: dict[str, int], inner: httpx2.BaseTransport) -> None:
        self._places = places
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host in self._places:
            request.url = request.url.copy_with(host="127.0.0.1", port=self._places[request.url.host])
        return self._inner.handle_request(request)


def clear(address: str) -> Cleared:
    return Gate(build_detector()).clear_address(address)


def fetching(places: dict[str, int] | None = None, names: dict[str, Sequence[str]] | None = None,
             **changes: Any) -> tuple[Fetching, Kept]:  # fmt: skip
    kept = Kept()
    known = {"127.0.0.1": ["127.0.0.1"], **(names or {})}

    def resolve(host: str, port: int) -> Sequence[str]:
        if host not in known:
            raise OSError(f"{host} is not known")
        return known[host]

    def connect(url: str, proxy: str | None) -> httpx2.BaseTransport:
        return Led(places or {}, connector(url, proxy))

    return Fetching(clear, kept, {}, **{"connect": connect, "resolve": resolve, **changes}), kept


def page(text: str = "Hello", kind: str = "text/plain; charset=utf-8", status: int = 200) -> Answer:
    return lambda turn: turn.body(status, text.encode(), kind)


def test_what_leaves_is_the_address_and_nothing_of_the_user() -> None:
    with RecordingServer(page("Grüße")) as server:
        ways, kept = fetching()
        found = ways.fetch(f"http://{server.host}/a b/ü.txt?x=1#part")
    assert (found.data.decode(), found.kind, found.charset) == ("Grüße", "text/plain", "utf-8")
    (request,) = server.requests
    assert request.line == "GET /a%20b/%C3%BC.txt?x=1 HTTP/1.1" and request.body == b""
    assert {name for name, _ in request.headers} == {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent"}
    assert request.header("User-Agent") == "persona" and request.header("Host") == server.host
    address = f"http://{server.host}/a%20b/%C3%BC.txt?x=1"
    assert kept.lines == [(address, server.host), (1, server.host, "received", "200, 7 bytes received")]


def test_a_private_value_in_the_address_stops_it_before_a_name_is_looked_up() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError("looked up")

    with RecordingServer(page()) as server:
        ways, kept = fetching(resolve=resolve)
        for private in (
            "/u/theo@quigley.ie",
            "/?card=4111111111111111",
            "/x?k=sk-proj-Zx81Qm4Lw0pV7rT2nK9sB3dF6hJ5gA1c",
        ):
            with pytest.raises(Refused, match="Nothing was fetched"):
                ways.fetch(f"http://{server.host}{private}")
    assert server.accepted == 0 and kept.lines == []


def test_what_the_gate_did_not_clear_is_not_fetched() -> None:
    other = clear("http://127.0.0.1/other")
    with RecordingServer(page()) as server:
        ways = Fetching(lambda address: other, Kept(), {})
        with pytest.raises(Refused, match="was not the one the gate cleared"):
            ways.fetch(f"http://{server.host}/this")
    assert server.accepted == 0


@pytest.mark.parametrize(
    "address", ["http://anna:secret@127.0.0.1/", "http://anna@127.0.0.1/", "http://:0/", "http://127.0.0.1:0/",
                "https://", "http://[::1/", "http://127.0.0.1:99999/", "http://exa\nmple/", "file:///etc/passwd"]
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    ways, kept = fetching()
    with pytest.raises(UsageError):
        ways.fetch(address)
    assert kept.lines == []


def test_redirects_are_followed_five_times_and_each_has_a_receipt() -> None:
    def on(turn: Turn) -> None:
        redirects(f"/step{turn.number + 1}")(turn) if turn.number < steps else page("there")(turn)

    steps = 5
    with RecordingServer(on) as server:
        ways, kept = fetching()
        found = ways.fetch(f"http://{server.host}/")
    assert found.url.endswith("/step5") and found.data == b"there"
    assert [line[2] for line in kept.lines if len(line) == 4] == ["redirected"] * 5 + ["received"]
    assert not any(request.header("Referer") or request.header("Cookie") for request in server.requests)
    steps = 6
    with RecordingServer(on) as server:
        ways, _ = fetching()
        with pytest.raises(FetchFailed, match="on and on"):
            ways.fetch(f"http://{server.host}/")
    assert len(server.requests) == 6


def test_no_redirect_of_the_public_network_leads_into_a_private_one() -> None:
    with RecordingServer(page("router")) as private:
        for where in (
            f"http://{private.host}/",
            f"http://inside.example:{private.port}/",
            f"http://mixed.example:{private.port}/",
        ):
            with RecordingServer(redirects(where)) as public:
                ways, kept = fetching(
                    {PUBLIC: public.port},
                    {
                        "site.example": [PUBLIC],
                        "inside.example": ["192.168.0.1"],
                        "mixed.example": [OTHER, "127.0.0.1"],
                    },
                )
                with pytest.raises(Refused, match="networks around it"):
                    ways.fetch("http://site.example/")
            assert len(public.requests) == 1 and public.requests[0].header("Host") == "site.example"
            assert kept.lines[-1][2:] == ("failed", "nothing was received")
    assert private.accepted == 0


def test_not_by_a_detour_either_and_the_same_name_may_not_change_its_mind() -> None:
    with RecordingServer(page("router")) as private:
        answers = iter([[PUBLIC], ["127.0.0.1"]])
        with RecordingServer(redirects(f"http://site.example:{private.port}/again")) as public:
            ways, _ = fetching({PUBLIC: public.port}, resolve=lambda host, port: next(answers))
            with pytest.raises(Refused):
                ways.fetch("http://site.example/")
        with RecordingServer(redirects("http://second.example/")) as first:
            with RecordingServer(redirects(f"http://{private.host}/")) as second:
                ways, _ = fetching(
                    {PUBLIC: first.port, OTHER: second.port}, {"first.example": [PUBLIC], "second.example": [OTHER]}
                )
                with pytest.raises(Refused):
                    ways.fetch("http://first.example/")
            assert len(second.requests) == 1
    assert private.accepted == 0


def test_a_private_host_that_the_user_names_is_theirs_to_name_and_may_send_on() -> None:
    with (
        RecordingServer(page("notes")) as other,
        RecordingServer(redirects(f"http://127.0.0.1:{other.port}/n")) as named,
    ):
        ways, _ = fetching()
        assert ways.fetch(f"http://{named.host}/").data == b"notes"


def test_a_redirect_passes_the_gate_and_leads_to_no_other_protocol() -> None:
    for where, error in (
        ("/?who=theo@quigley.ie", Refused), ("/?theo@quigley.ie=1", Refused), ("file:///etc/passwd", FetchFailed),
        ("javascript:alert(1)", FetchFailed),
        ("http://anna:pw@127.0.0.1/", FetchFailed), ("http://[", FetchFailed),
    ):  # fmt: skip
        with RecordingServer(redirects(where)) as server:
            ways, _ = fetching()
            with pytest.raises(error):
                ways.fetch(f"http://{server.host}/")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.215.14", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False),
     ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
     ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False),
     ("::ffff:127.0.0.1", False), ("::ffff:93.184.215.14", True), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
     ("64:ff9b::808:808", True), ("64:ff9b:1::7f00:1", False), ("::7f00:1", False), ("::ffff:0:7f00:1", False),
     ("fec0::1", False), ("no address", False)],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("answer", "said"),
    [(page("no", status=404), "no such page"), (page("no", status=403), "does not show the page to everybody"),
     (page("no", status=500), "does not answer for now"), (page("no", status=206), "answers with 206"),
     (page(" \n"), "is empty"), (resets(), "broke off"), (lambda turn: turn.send(b"SSH-2.0-x\r\n"), "broke off")],
)  # fmt: skip
def test_what_goes_wrong_is_a_sentence(answer: Answer, said: str) -> None:
    def once(turn: Turn) -> None:
        answer(turn)
        turn.keep = False

    with RecordingServer(once) as server:
        ways, kept = fetching()
        with pytest.raises(FetchFailed, match=said):
            ways.fetch(f"http://{server.host}/")
    assert len(kept.lines) == 2


def test_nobody_there_and_unknown_names() -> None:
    with RecordingServer(page()) as server:
        host = server.host
    ways, kept = fetching()
    with pytest.raises(FetchFailed, match="cannot be reached"):
        ways.fetch(f"http://{host}/")
    with pytest.raises(FetchFailed, match="is not known"):
        ways.fetch("http://nowhere.example/")
    assert [line[2] for line in kept.lines if len(line) == 4] == ["failed", "failed"]


def test_the_second_address_is_tried_where_the_first_does_not_answer() -> None:
    with RecordingServer(page()) as gone:
        port = gone.port
    with RecordingServer(page("here")) as server:
        ways, _ = fetching({PUBLIC: port, OTHER: server.port}, {"site.example": [PUBLIC, OTHER]})
        assert ways.fetch("http://site.example/").data == b"here"


def test_through_a_proxy_the_proxy_looks_the_name_up() -> None:
    with RecordingServer(raw(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")) as proxy:
        kept = Kept()
        ways = Fetching(clear, kept, {"HTTPS_PROXY": f"http://{proxy.host}"}, resolve=nobody_knows)
        with pytest.raises(FetchFailed, match="proxy does not let"):
            ways.fetch("https://site.example/page")
    assert proxy.requests[0].line == "CONNECT site.example:443 HTTP/1.1" and b"page" not in proxy.received
    # A plain page would be read by the proxy on the way: it goes there directly, as everything of persona's does.
    with RecordingServer(page("direct")) as server:
        ways = Fetching(clear, kept, {"HTTP_PROXY": "http://127.0.0.1:9"}, resolve=lambda host, port: ["127.0.0.1"])
        assert ways.fetch(f"http://{server.host}/").data == b"direct"


def nobody_knows(host: str, port: int) -> Sequence[str]:
    raise OSError(f"{host} is not known")


def test_too_much_and_too_slow_end_it() -> None:
    with RecordingServer(endless(b"x" * 4096, pause=0)) as server:
        ways, _ = fetching(most_bytes=100_000)
        with pytest.raises(FetchFailed, match="longer than"):
            ways.fetch(f"http://{server.host}/")
    ticks = iter(range(0, 1000, 7))
    with RecordingServer(endless(b"x", pause=0.001)) as server:
        ways, _ = fetching(seconds=30, clock=lambda: float(next(ticks)))
        with pytest.raises(FetchFailed, match="still sending after 30 seconds"):
            ways.fetch(f"http://{server.host}/")


def test_what_unpacks_to_too_much_is_not_unpacked() -> None:
    packed = gzip.compress(b"\0" * 5_000_000)
    with RecordingServer(lambda turn: turn.body(200, packed, "text/plain", {"Content-Encoding": "gzip"})) as server:
        ways, _ = fetching(most_bytes=1 << 20)
        with pytest.raises(FetchFailed, match="longer than 1 MB"):
            ways.fetch(f"http://{server.host}/")
        ways, _ = fetching()
        assert len(ways.fetch(f"http://{server.host}/").data) == 5_000_000


def test_a_certificate_that_does_not_hold_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with RecordingServer(page("secret"), tls=context) as server:
        ways, _ = fetching(names={"localhost": ["127.0.0.1"]})
        with pytest.raises(FetchFailed, match="certificate does not hold"):
            ways.fetch(f"https://localhost:{server.port}/")
    assert server.requests == []


def test_the_certificate_is_the_names_and_not_the_addresss(certificate: tuple[Path, Path]) -> None:
    """The connection goes to an address that was looked at; what is checked, and asked for, is the name."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(*certificate)

    def connect(url: str, proxy: str | None) -> httpx2.BaseTransport:
        return connector(url, proxy, ca=str(certificate[0]))

    with RecordingServer(then(page("one"), redirects("http://localhost/plain")), tls=server_context) as server:
        ways, _ = fetching(names={"localhost": ["127.0.0.1"], "other.example": ["127.0.0.1"]}, connect=connect)
        assert ways.fetch(f"https://localhost:{server.port}/").data == b"one"
        with pytest.raises(FetchFailed, match="certificate does not hold"):
            ways.fetch(f"https://other.example:{server.port}/")
        with pytest.raises(FetchFailed, match="without encryption"):
            ways.fetch(f"https://localhost:{server.port}/")
    assert server.requests[0].header("Host") == f"localhost:{server.port}"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return made_certificate(tmp_path)


def made_certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) for localhost, signed by itself."""
    from datetime import datetime, timedelta, timezone

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
