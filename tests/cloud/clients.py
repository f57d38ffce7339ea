"""A cleared request and a client for it, for the tests of the one way out."""

from __future__ import annotations

from persona_cli.cloud.client import Cloud
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.gate import Cleared, Gate
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.settings import CloudSettings
from tests.servers import RecordingServer

KEY = "sk-test-0123456789abcdefghijklmnop"
MODEL = "test-model"
SAID = 'Write a polite note to [PERSON_1], “très” short: ünïcode \\ and "quotes" 🙂.'


def clear(text: str = SAID) -> Cleared:
    """A request as it leaves, from the gate itself."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}], "stream": True}
    return Gate(build_detector([], (), ())).clear(body, Pseudonyms())


class Waits(list[float]):
    """A clock whose sleep takes no time and is remembered."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def cloud(
    server: RecordingServer, key: str | None = KEY, sleep: Waits | None = None, timeout: float = 10.0, retries: int = 2
) -> Cloud:
    settings = CloudSettings(MODEL, server.base_url, timeout=timeout, retries=retries)
    return Cloud(settings, key, sleep=Waits() if sleep is None else sleep)
