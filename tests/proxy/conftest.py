"""What the tests of the endpoint share: one warm persona and its endpoint, before a recording cloud, for a module."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import openai
import pytest

from persona_cli import paths
from persona_cli.parts import Parts
from persona_cli.proxy.app import application, listening
from persona_cli.proxy.feed import Feed, Passed
from persona_cli.serve.warm import Warm
from persona_cli.settings import CloudSettings, Settings, with_value
from tests.conftest import NO_KEYRING
from tests.servers import Answer, Recorded, RecordingServer, echo

TOKEN = "the-token-of-the-tests"
NAME = "Theodora Quigley"


class OwnSettings(Warm):
    """A Warm whose settings are not a file's: a test changes them."""

    def change(self, **values: Any) -> None:
        """`privacy__restore_in="prose,tools"` is the setting privacy.restore_in."""
        for key, value in values.items():
            self._settings = with_value(self._settings, key.replace("__", "."), value)


@dataclass
class Endpoint:
    """`base_url` is persona's, `cloud` what stands behind it."""

    base_url: str
    cloud: RecordingServer
    warm: OwnSettings
    feed: Feed
    parts: Parts
    plan: list[Answer] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.base_url.rsplit(":", 1)[1].split("/")[0])

    def client(self, **changes: Any) -> openai.OpenAI:
        return openai.OpenAI(**{"base_url": self.base_url, "api_key": TOKEN, "max_retries": 0, **changes})

    def ask(self, *messages: str | dict[str, Any], **more: Any) -> Any:
        """A completion of the SDK: a text is a message of the user's."""
        said = [{"role": "user", "content": item} if isinstance(item, str) else item for item in messages]
        return self.client().chat.completions.create(**{"model": "persona", "messages": said, **more})

    def last(self) -> Recorded:
        """What the cloud received last."""
        return self.cloud.requests[-1]

    def ended(self, number: int = -1) -> Passed:
        """A request that has passed, once it is over."""
        for _ in range(1000):
            passed = self.feed.recent()[number]
            if passed.state in ("done", "failed", "refused"):
                return passed
            time.sleep(0.01)
        raise AssertionError(f"still {passed.state}")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    home = tmp_path_factory.mktemp("endpoint")
    env = {"PERSONA_HOME": str(home), "PYTHON_KEYRING_BACKEND": NO_KEYRING, "PATH": os.environ["PATH"]}
    plan: list[Answer] = []

    def planned(turn: Any) -> None:
        (plan.pop(0) if plan else echo())(turn)

    before = os.environ.get("PYTHON_KEYRING_BACKEND")
    os.environ["PYTHON_KEYRING_BACKEND"] = NO_KEYRING
    with RecordingServer(planned) as cloud:
        settings = Settings(cloud=CloudSettings(model="test-model", base_url=cloud.base_url, retries=0, timeout=10.0))
        settings = replace(settings, models={"quick": "cloud:small-model", "here": "local:nano"}, own=settings.cloud)
        parts = Parts(env, paths.folders(env), settings)
        parts.profile.set("name", NAME)
        warm, feed = OwnSettings(parts), Feed()
        with listening(application(warm, TOKEN, feed)) as base_url:
            yield Endpoint(base_url, cloud, warm, feed, parts, plan)
    if before is None:
        os.environ.pop("PYTHON_KEYRING_BACKEND")
    else:
        os.environ["PYTHON_KEYRING_BACKEND"] = before


@pytest.fixture
def endpoint(opened: Endpoint) -> Iterator[Endpoint]:
    """The endpoint of the module, with its first settings and a cloud that echoes."""
    settings = opened.warm._settings
    opened.plan.clear()
    yield opened
    opened.warm._settings = settings
    opened.plan.clear()
