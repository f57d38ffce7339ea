"""How every failure of the cloud reads, and which are tried again. Each test talks to a real server."""

from __future__ import annotations

import datetime
import email.utils
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.cloud.client import Cloud
from persona_cli.errors import (
    CloudError,
    CloudGarbled,
    CloudKeyRejected,
    CloudRateLimited,
    CloudTimeout,
    CloudUnreachable,
    SettingsError,
)
from persona_cli.settings import CloudSettings
from tests.cloud.clients import KEY, MODEL, Waits, clear, cloud
from tests.servers import (
    Answer,
    RecordingServer,
    echo,
    endless,
    event,
    events,
    fails,
    page,
    rate_limited,
    raw,
    redirects,
    rubbish,
    server_error,
    slow,
    stalls,
    stream_of,
    then,
    truncated,
    unauthorised,
    whole,
)


def failure(answer: Answer, key: str | None = KEY, timeout: float = 10.0) -> CloudError:
    """What a request to a server that gives this `answer` raises. No such message holds the key or the request."""
    with RecordingServer(answer) as server:
        with pytest.raises(CloudError) as caught:
            list(cloud(server, key, timeout=timeout).stream(clear()))
        assert server.all_closed()
    message = str(caught.value)
    assert KEY not in message and "polite note" not in message and message.isprintable()
    assert len(message) < 500 and message.endswith(".") and caught.value.__cause__ is None
    return caught.value


def test_a_wrong_key() -> None:
    error = failure(fails(401, f"Incorrect API key provided: {KEY}."))
    assert isinstance(error, CloudKeyRejected) and "persona keys set 127.0.0.1:" in str(error)
    assert "does not accept the key" in str(error)


def test_a_missing_key() -> None:
    error = failure(unauthorised(), key=None)
    assert isinstance(error, CloudKeyRejected) and "there is none" in str(error)


def test_a_forbidden_model() -> None:
    error = failure(fails(403, "Your plan has no access to this."))
    assert isinstance(error, CloudKeyRejected) and "no access to this" in str(error) and MODEL in str(error)


@pytest.mark.parametrize("key", ["sk-with\nnewline", "sk-ключ", "sk with space"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(CloudKeyRejected) as caught:
        Cloud(CloudSettings(MODEL), key)
    assert key not in str(caught.value) and "persona keys set api.openai.com" in str(caught.value)


def test_a_key_with_a_line_end_around_it_is_sent_without() -> None:
    with RecordingServer(stream_of("Hello")) as server:
        list(cloud(server, f" {KEY}\n").stream(clear()))
    assert server.requests[0].header("Authorization") == f"Bearer {KEY}"


def test_a_rate_limit_is_waited_out() -> None:
    waits = Waits()
    with RecordingServer(then(rate_limited("7"), rate_limited("2.5"), stream_of("Hello"))) as server:
        assert list(cloud(server, sleep=waits).stream(clear())) == ["Hello"]
    assert waits == [7.0, 2.5]


def test_a_date_in_retry_after_is_understood() -> None:
    waits = Waits()
    then_on = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=20)
    limit = rate_limited(email.utils.format_datetime(then_on, usegmt=True))
    with RecordingServer(then(limit, rate_limited("soon"), stream_of("Hello"))) as server:
        list(cloud(server, sleep=waits).stream(clear()))
    assert 0 < waits[0] <= 20 and waits[1] == 1.0


def test_a_rate_limit_that_lasts_is_told() -> None:
    waits = Waits()
    with (
        RecordingServer(rate_limited("3")) as server,
        pytest.raises(CloudRateLimited, match="Ask again in 3 seconds"),
    ):
        list(cloud(server, sleep=waits).stream(clear()))
    assert waits == [3.0, 3.0] and len(server.requests) == 3


def test_nobody_is_made_to_wait_long_before_a_terminal() -> None:
    waits = Waits()
    with (
        RecordingServer(rate_limited("3600")) as server,
        pytest.raises(CloudRateLimited, match="in 3600 seconds"),
    ):
        list(cloud(server, sleep=waits).stream(clear()))
    assert waits == [] and len(server.requests) == 1


def test_credit_that_is_used_up_is_not_asked_for_again() -> None:
    with (
        RecordingServer(fails(429, "You exceeded your current quota.", "insufficient_quota")) as server,
        pytest.raises(CloudRateLimited, match="credit"),
    ):
        list(cloud(server).stream(clear()))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 529])
def test_trouble_at_the_server_is_tried_again_with_growing_pauses(status: int) -> None:
    waits = Waits()
    with (
        RecordingServer(fails(status, "Try later.")) as server,
        pytest.raises(CloudError, match=rf"in trouble \({status}: Try later\.\)"),
    ):
        list(cloud(server, sleep=waits).stream(clear()))
    assert waits == [0.5, 1.0] and len(server.requests) == 3


def test_without_retries_there_is_one_attempt() -> None:
    with (
        RecordingServer(server_error()) as server,
        pytest.raises(CloudError),
    ):
        list(cloud(server, retries=0).stream(clear()))
    assert len(server.requests) == 1


def test_a_model_that_is_not_there() -> None:
    error = failure(fails(404, f"The model `{MODEL}` does not exist"))
    assert f"no model '{MODEL}'" in str(error) and "does not exist" in str(error) and "cloud.base_url" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        fails(413, "Request entity too large"),
        fails(400, "This model's maximum context length is 128000 tokens.", "context_length_exceeded"),
        events(json.dumps({"error": {"message": "maximum context length is 4096 tokens", "code": 400}})),
    ],
)
def test_a_request_that_is_too_long(answer: Answer) -> None:
    assert "is longer than test-model takes" in str(failure(answer))


def test_a_request_that_is_not_understood() -> None:
    assert "(422: Extra field)" in str(failure(fails(422, "Extra field")))


def test_a_redirect_is_told_and_not_followed() -> None:
    with RecordingServer(echo()) as other, RecordingServer(redirects(f"{other.base_url}/chat/completions")) as server:
        with pytest.raises(CloudError, match=r"on to 127\.0\.0\.1 \(307\)"):
            list(cloud(server).stream(clear()))
        assert len(server.requests) == 1 and other.accepted == 0


def test_a_stream_that_breaks_off_gives_what_had_arrived() -> None:
    with (
        RecordingServer(truncated("Dear ", "[PERSON")) as server,
        pytest.raises(CloudGarbled, match="broke off") as caught,
    ):
        list(cloud(server).stream(clear()))
    assert caught.value.partial == "Dear [PERSON"
    assert len(server.requests) == 1, "nothing is asked again once text has arrived"


@pytest.mark.parametrize("end", ["close", "bare"])
def test_a_stream_that_ends_without_an_end_is_truncated(end: str) -> None:
    error = failure(events(event({"content": "Dear "}), end=end))
    assert isinstance(error, CloudGarbled) and error.partial == "Dear "


def test_silence_before_the_first_byte() -> None:
    with RecordingServer(lambda turn: turn.hold()) as server:
        with pytest.raises(CloudTimeout, match=r"nothing for 0\.2 seconds.*cloud\.timeout"):
            list(cloud(server, timeout=0.2).stream(clear()))
        assert server.hung_up.wait(10)
    assert len(server.requests) == 1


def test_silence_in_the_middle() -> None:
    error = failure(stalls("Dear "), timeout=0.2)
    assert isinstance(error, CloudTimeout) and error.partial == "Dear "


def test_a_timeout_of_0_waits() -> None:
    with RecordingServer(slow(0.3, stream_of("Hello"))) as server:
        assert list(cloud(server, timeout=0).stream(clear())) == ["Hello"]


@pytest.mark.parametrize(
    "answer",
    [
        page(),
        rubbish(),
        events("[1, 2]"),
        events('"words"'),
        events("[" * 100_000),
        raw(b"220 mail.example ESMTP\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: \xff\xfe\n\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n<?xml version='1.0'?>"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"),
    ],
)
def test_rubbish_is_told_once_and_not_asked_for_again(answer: Answer) -> None:
    with (
        RecordingServer(answer) as server,
        pytest.raises(CloudGarbled, match=r"not the chat-completions protocol.*cloud\.base_url"),
    ):
        list(cloud(server).stream(clear()))
    assert len(server.requests) == 1


def test_an_empty_answer_is_a_failure_with_its_reason() -> None:
    assert "broke off" in str(failure(lambda turn: turn.body(200, b"", "text/event-stream")))
    assert "tokens were used up" in str(failure(stream_of(finish="length")))
    assert "content filter" in str(failure(stream_of(finish="content_filter")))
    assert "none were offered" in str(failure(stream_of(finish="tool_calls")))
    assert "no text" in str(failure(whole("")))


def test_a_refusal_of_the_model_is_its_answer() -> None:
    with RecordingServer(events(event({"refusal": "I cannot help with that."}), event({}, "stop"))) as server:
        assert list(cloud(server).stream(clear())) == ["I cannot help with that."]


def test_an_error_within_the_stream() -> None:
    busy = json.dumps({"error": {"message": "Overloaded.", "type": "overloaded_error"}})
    with RecordingServer(then(events(busy), stream_of("Hello"))) as server:
        assert list(cloud(server).stream(clear())) == ["Hello"]
    with RecordingServer(events(event({"content": "Dear "}), busy)) as server:
        with pytest.raises(CloudError, match="Overloaded") as caught:
            list(cloud(server).stream(clear()))
        assert caught.value.partial == "Dear " and len(server.requests) == 1
    limited = json.dumps({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}})
    assert isinstance(failure(events(limited)), CloudRateLimited)


@pytest.mark.parametrize("status", [200, 500])
def test_an_endless_answer_that_says_nothing_is_ended(status: int) -> None:
    with RecordingServer(endless(b": " + b"x" * 1_000_000, status, pause=0)) as server:
        with pytest.raises(CloudGarbled, match="far more than an answer"):
            list(cloud(server).stream(clear()))
        assert server.hung_up.wait(10)


def test_what_a_server_says_is_quoted_as_plain_short_text() -> None:
    said = "\x1b[31mBad\x1b[0m \x1b]0;title\x07thing\r\n\u202ehappened\x00 " + "x" * 5000
    message = str(failure(fails(400, said)))
    assert "Bad thing happened xxx" in message and "title" not in message and "x" * 200 not in message


@pytest.mark.parametrize("said", [f"Invalid header: Bearer {KEY}", "cannot parse 'polite note to [PERSON_1]'"])
def test_a_server_that_gives_back_the_key_or_the_request_is_not_quoted(said: str) -> None:
    assert "(400)" in str(failure(fails(400, said)))


def test_nothing_listens() -> None:
    with RecordingServer(echo()) as server:
        gone = cloud(server, sleep=(waits := Waits()))
    with pytest.raises(CloudUnreachable, match="nothing listens there"):
        list(gone.stream(clear()))
    assert waits == [0.5, 1.0]


def test_a_name_that_is_not_known() -> None:
    unknown = Cloud(CloudSettings(MODEL, "https://no-such-host.invalid/v1"), KEY, sleep=Waits(), env={})
    with pytest.raises(CloudUnreachable, match="its name is not known"):
        list(unknown.stream(clear()))


def test_a_connection_that_is_closed_without_a_word() -> None:
    error = failure(raw(b""))
    assert isinstance(error, CloudUnreachable) and "without a word" in str(error)


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """A TLS server's context with a certificate that nobody signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder: Path = tmp_path_factory.mktemp("tls")
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    yield context


def test_a_certificate_that_is_not_trusted(own_certificate: ssl.SSLContext) -> None:
    with RecordingServer(echo(), tls=own_certificate) as server:
        with pytest.raises(CloudUnreachable, match=r"certificate is not trusted.*SSL_CERT_FILE"):
            list(cloud(server).stream(clear()))
        assert server.requests == [] and server.accepted == 1


def test_https_to_a_server_that_speaks_plain_http() -> None:
    with RecordingServer(echo()) as server:
        settings = CloudSettings(MODEL, server.base_url.replace("http:", "https:"))
        with pytest.raises(CloudUnreachable, match="does not speak TLS"):
            list(Cloud(settings, KEY, sleep=Waits(), env={}).stream(clear()))
    assert b"Bearer" not in server.received


@pytest.mark.parametrize(
    "base_url",
    ["", "api.openai.com/v1", "ftp://h/v1", "https://", "http://h:99999/v1", "https://u:p@h/v1", "https://h/v1?a=b"],
)
def test_a_base_url_that_is_no_address(base_url: str) -> None:
    with pytest.raises(SettingsError, match=r"cloud\.base_url"):
        Cloud(CloudSettings(MODEL, base_url), KEY)


def test_a_slash_at_the_end_of_base_url_does_no_harm() -> None:
    with RecordingServer(stream_of("Hello")) as server:
        client = Cloud(CloudSettings(MODEL, server.base_url + "/ "), KEY)
        assert list(client.stream(clear())) == ["Hello"]


@pytest.mark.parametrize("proxy", ["nonsense://h", "socks5://h:1", "http://["])
def test_a_proxy_that_cannot_be_used(proxy: str) -> None:
    client = Cloud(CloudSettings(MODEL, "https://cloud.example/v1"), KEY, env={"HTTPS_PROXY": proxy})
    with pytest.raises(SettingsError, match="HTTPS_PROXY"):
        list(client.stream(clear()))
