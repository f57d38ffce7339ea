"""Which models a server has: one GET of its list, with the key and not a word of anybody's text.

Beside the one way out, because there is no body that a gate could clear: the URL comes from the settings alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx2

from persona_cli.cloud.client import CONNECT_SECONDS
from persona_cli.cloud.endpoints import endpoint, setting_of
from persona_cli.cloud.failures import PROBLEMS, Explain, Failure
from persona_cli.cloud.transport import connector, key_header, proxy_for
from persona_cli.errors import CloudError, CloudGarbled, SettingsError
from persona_cli.settings import CloudSettings

# OpenRouter's list of hundreds of models, with their descriptions, is under 1 MB.
MOST_BYTES: Final = 16 * 1024 * 1024
NAME_LENGTH: Final = 200
NOT_THERE: Final = (404, 405, 501)


def list_models(cloud: CloudSettings, key: str | None, env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The names of the models that the server of `cloud` has, in its order: words of a stranger.

    Sends GET .../models with the key, once, and nothing else. Raises SettingsError and CloudError.
    """
    place = endpoint(cloud)
    try:
        proxy = proxy_for(place.models, env, cloud.proxy) or ""
        transport = connector(place.models, proxy or None, cloud.ca)
    except (ValueError, ImportError):
        raise SettingsError("HTTPS_PROXY names no proxy persona can use. Give it as http://HOST:PORT.") from None
    named = setting_of(cloud, "")
    explain = Explain(place.host, cloud.model, cloud.timeout, urlsplit(proxy).hostname or "", key or "", "", named)
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "persona",
        **key_header(key, place.authorization),
    }
    silence = cloud.timeout or None
    timeout = httpx2.Timeout(silence, connect=min(silence or CONNECT_SECONDS, CONNECT_SECONDS))
    request = httpx2.Request("GET", place.models, headers=headers, extensions={"timeout": timeout.as_dict()})
    answered = False
    try:
        with transport:
            response = transport.handle_request(request)
            answered = True
            return _names(_body(response, place.host), response, explain)
    except (Failure, *PROBLEMS) as problem:
        raise explain.problem(problem, answered).error from None


def _names(body: bytes, response: httpx2.Response, explain: Explain) -> tuple[str, ...]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if response.status_code in NOT_THERE:
        raise CloudError(
            f"{explain.host} has no list of models ({response.status_code}). It may answer all the same: "
            "`persona ask -m PROVIDER:MODEL hello` tries it."
        )
    if response.status_code != 200:
        raise explain.status(response, told.get("error", told) if isinstance(told, dict) else told)
    found = told.get("data", told.get("models")) if isinstance(told, dict) else told
    if not isinstance(found, list):
        raise explain.rubbish("something that is no list of models")
    names = (entry.get("id", entry.get("name")) if isinstance(entry, dict) else entry for entry in found)
    return tuple(dict.fromkeys(name[:NAME_LENGTH] for name in names if isinstance(name, str) and name))


def _body(response: httpx2.Response, host: str) -> bytes:
    body = b""
    assert isinstance(response.stream, httpx2.SyncByteStream)
    for chunk in response.stream:
        body += chunk
        if len(body) > MOST_BYTES:
            raise CloudGarbled(f"{host} sent far more than a list of models can hold, so the connection was closed.")
    return body
