"""Where a server is: the host that its key belongs to, and the URLs that requests go to. Knows no network.

    https://api.openai.com/v1                      /chat/completions with `Authorization: Bearer KEY`
    https://NAME.openai.azure.com[/openai/v1]      the same with `api-key: KEY`
    https://NAME.openai.azure.com with a version   /openai/deployments/MODEL/chat/completions?api-version=VERSION

What Azure's portal shows as the target URI of a deployment is understood as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, quote, urlsplit

from persona_cli.cloud.providers import AZURE, spoken
from persona_cli.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from persona_cli.settings import CloudSettings

EXAMPLE: Final = "https://api.openai.com/v1"
CHAT: Final = "/chat/completions"
# The one thing that may follow a '?': it is no secret, and Azure's addresses are copied with it.
_VERSION: Final = re.compile(r"api-version=([0-9A-Za-z.-]+)")
_DEPLOYMENT: Final = re.compile(r"(.*/deployments/[^/]+)(?:/.*)?")


@dataclass(frozen=True)
class Endpoint:
    """`host` has its port, when the address names one. `authorization` is the header that the key goes into.

    `models` is the URL of the list of models.
    """

    host: str
    authorization: str
    base: str
    models: str
    query: str = ""

    def at(self, path: str) -> str:
        """The URL of `path` ("/chat/completions")."""
        return self.base + path + self.query


def endpoint(cloud: CloudSettings) -> Endpoint:
    """Where requests to `cloud` go. Raises SettingsError for what is no http(s) address or holds more than one."""
    named = setting_of(cloud, "base_url")
    found = address(cloud.base_url, named)
    root = f"{found.scheme}://{found.netloc}"
    path = found.path.rstrip("/")
    if spoken(cloud.api, cloud.base_url) != AZURE:
        if found.query:
            raise _no_address(named, "without '?'")
        return Endpoint(found.netloc, "Authorization", root + path, f"{root}{path}/models")
    version = _VERSION.fullmatch(found.query)
    chosen = version[1] if version else cloud.api_version
    query = f"?api-version={chosen}" if chosen else ""
    path = path.removesuffix("/chat/completions").removesuffix("/completions")
    if deployed := _DEPLOYMENT.fullmatch(path):
        path = deployed[1]
    elif not path.endswith("/v1"):
        place = f"/deployments/{quote(cloud.model, safe='')}" if query else "/v1"
        path = f"{path.removesuffix('/openai')}/openai{place}"
    above, deployments, _ = path.partition("/deployments/")
    if deployments and not query:
        raise SettingsError(
            "A deployment of Azure is asked with a version: "
            f"`persona config set {setting_of(cloud, 'api_version')} 2024-10-21`; "
            f"or make {named} end in /openai/v1, which needs none."
        )
    return Endpoint(found.netloc, "api-key", root + path, f"{root}{above}/models{query}", query)


def setting_of(cloud: CloudSettings, key: str) -> str:
    """The dotted name under which the user sets `key` for the server in use."""
    return f"providers.{cloud.provider}.{key}" if cloud.provider else f"cloud.{key}"


def address(base_url: str, named: str = "cloud.base_url") -> SplitResult:
    """`base_url` in its parts. Raises SettingsError for what is no http(s) address, or has secrets in it."""
    try:
        found = urlsplit(base_url.strip())
        port_fits = found.port != 0
    except ValueError:
        raise _no_address(named) from None
    if found.scheme not in ("http", "https") or not found.hostname or not port_fits:
        raise _no_address(named)
    # A backslash is a slash to some readers of addresses: they would find another host than urlsplit does.
    strange = found.username or found.password or found.fragment or not base_url.isprintable() or "\\" in base_url
    if strange or (found.query and not _VERSION.fullmatch(found.query)):
        raise _no_address(named, "without a user name, '?' or '#'. Keys are kept by `persona keys set`")
    return found


def host_of(base_url: str) -> str:
    """The place a key belongs to: the host, lower case, with its port unless that is https on 443.

    Plain http is another place than https, on whatever port: "host:80" is http, and https on a port of its own is
    "https://host:8443". Raises UsageError when there is none.
    """
    text = base_url.strip()
    told = "://" in text
    try:
        parts = urlsplit(text if told else f"https://{text}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if not host:
        raise UsageError(f"'{base_url}' names no host. Give one like api.openai.com, or a URL.")
    if ":" in host:
        host = f"[{host}]"
    if parts.scheme == "https" and port in (None, 443):
        return host
    scheme = f"{parts.scheme}://" if told and (parts.scheme == "https" or port == 443) else ""
    return f"{scheme}{host}:{port or 80}"


def is_loopback(base_url: str) -> bool:
    """Whether `base_url` is a server on this machine: one that usually wants no key."""
    from ipaddress import ip_address

    name = urlsplit(base_url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _no_address(named: str, more: str = "") -> SettingsError:
    return SettingsError(f"{named} must be an address such as {EXAMPLE}{', ' if more else ''}{more}.")
