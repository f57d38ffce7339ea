"""The model hub (huggingface.co, or the mirror in HF_ENDPOINT): one public file, asked for by its name.

Only `persona models pull` comes here. The hub learns the address of this machine, the name of the file, and that
persona asks; a token goes along only where the hub refuses to give the file without one. Nothing of the user's.

huggingface_hub finds the file and its checksum, and gives the connection. Its own download starts over after an
interruption and is not used, nor is its second protocol (Xet).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from persona_cli import __version__
from persona_cli.cloud.endpoints import host_of, is_loopback
from persona_cli.errors import PullFailed
from persona_cli.secrets import find_key
from persona_cli.settings import CloudSettings

if TYPE_CHECKING:
    import httpx2

    from persona_cli.paths import Folders

HUB = "https://huggingface.co"
# Seconds for a connection, and without a byte.
CONNECT_SECONDS = 8.0
SILENT_SECONDS = 20.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Remote:
    """A file at the hub in one version, `revision` (a commit). `sha256` is what the hub says of it."""

    repository: str
    file: str
    revision: str
    size: int
    sha256: str


class Broken(Exception):
    """The connection was lost, or the hub is in trouble: the next try may work. Holds a sentence."""


class Hub:
    """`token` is sent only where the hub wants one. Methods raise PullFailed."""

    def __init__(
        self, endpoint: str = HUB, token: Callable[[], str | None] = lambda: None, silent: float = SILENT_SECONDS
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._find_token = token
        self._token: str | None = None
        self._silent = silent

    @classmethod
    def of_user(cls, env: Mapping[str, str], folders: Folders) -> Hub:
        endpoint = env.get("HF_ENDPOINT", "").strip() or HUB
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
            raise PullFailed(f"HF_ENDPOINT is '{endpoint}', which is no URL such as {HUB}. Mend or unset it.")
        return cls(endpoint, lambda: find_token(endpoint, env, folders))

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc

    def look(self, repository: str, file: str, revision: str) -> Remote:
        """Size and checksum of a file, without its bytes."""
        hub = _library()

        def ask() -> Any:
            url = hub.hf_hub_url(repository, file, revision=revision, endpoint=self.endpoint)
            return hub.get_hf_file_metadata(
                url,
                token=self._token or False,
                timeout=CONNECT_SECONDS,
                headers=self._headers(),
                endpoint=self.endpoint,
            )

        found = self._once(ask, repository, file)
        if found.size is None or not _SHA256.fullmatch(found.etag or ""):
            raise PullFailed(
                f"{self.host} does not tell the size and the checksum of {file}, so nobody could say whether it came "
                "over whole. Pull it from another hub (HF_ENDPOINT)."
            )
        return Remote(repository, file, found.commit_hash or revision, found.size, found.etag)

    def licence(self, repository: str, revision: str) -> str:
        """What the repository says of its licence, "" when it says nothing."""
        hub = _library()
        url = f"{self.endpoint}/api/models/{repository}/revision/{quote(revision, safe='')}"

        def ask() -> Any:
            response = hub.get_session().get(url, headers=self._headers(), timeout=CONNECT_SECONDS)
            hub.hf_raise_for_status(response)
            return response.json()

        told = self._once(ask, repository, "")
        card = told.get("cardData") if isinstance(told, dict) else None
        named = [card.get("license_name"), card.get("license")] if isinstance(card, dict) else []
        return next((" ".join(item.split())[:80] for item in named if isinstance(item, str) and item.strip()), "")

    @contextmanager
    def bytes_of(self, remote: Remote, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The bytes from `start`, and where they really begin: 0 where the server gives the whole file only.

        Raises Broken, also while they are read, where it is worth another try.
        """
        hub = _library()
        # The commit, not the branch: the file cannot change between two tries.
        url = hub.hf_hub_url(remote.repository, remote.file, revision=remote.revision, endpoint=self.endpoint)
        headers = {**self._headers(), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            with hub.get_session().stream("GET", url, headers=headers, timeout=self._timeout()) as response:
                hub.hf_raise_for_status(response)
                begins = start if response.status_code == 206 else 0
                if begins and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                    raise Broken(f"{self.host} sent another part of the file than was asked for")
                # As they come: pieces of a set size would lose what a broken connection leaves in the last one.
                yield begins, response.iter_raw()
        except _transport_error() as error:
            raise Broken(_why(error, self.host)) from error
        except _status_error() as error:
            if error.response.status_code in (408, 416, 429) or error.response.status_code >= 500:
                raise Broken(f"{self.host} answered {error.response.status_code}") from error
            raise self._refused(error, remote.repository, remote.file) from error

    def _once(self, ask: Callable[[], _T], repository: str, file: str) -> _T:
        """`ask`, and once more with the token where the hub does not answer without one."""
        try:
            try:
                return ask()
            except _status_error() as error:
                if error.response.status_code not in (401, 403) or self._token:
                    raise
                self._token = self._find_token()
                if not self._token:
                    raise
                return ask()
        except _status_error() as error:
            raise self._refused(error, repository, file) from error
        except _transport_error() as error:
            raise PullFailed(f"{_why(error, self.host)}. Nothing was downloaded.") from error
        except ValueError as error:
            raise PullFailed(
                f"{self.host} does not speak the hub's protocol ({type(error).__name__}). Check HF_ENDPOINT."
            ) from error

    def _headers(self) -> dict[str, str]:
        # Instead of the library's own line, which tells the versions of Python and of what else is installed.
        headers = {"user-agent": f"persona/{__version__}"}
        return {**headers, "authorization": f"Bearer {self._token}"} if self._token else headers

    def _timeout(self) -> httpx2.Timeout:
        import httpx2

        return httpx2.Timeout(self._silent, connect=min(CONNECT_SECONDS, self._silent))

    def _refused(self, error: Any, repository: str, file: str) -> PullFailed:
        """The sentence for a status that says no."""
        status, code = error.response.status_code, error.response.headers.get("X-Error-Code", "")
        page = f"{self.endpoint}/{repository}"
        if code == "GatedRepo" or (status in (401, 403) and code != "RepoNotFound"):
            have = "the token that you have is not allowed to read it" if self._token else "it wants a token"
            return PullFailed(
                f"{self.host} does not give {repository} to everybody, and {have}. Ask for access on {page}, make a "
                f"token that may read on {self.endpoint}/settings/tokens, keep it with `persona keys set "
                f"{host_of(self.endpoint)}`, and pull again."
            )
        if code == "EntryNotFound" or (status == 404 and file and code not in ("RepoNotFound", "RevisionNotFound")):
            return PullFailed(f"{repository} has no file {file}. Look for the right name on {page}/tree/main")
        if code == "RevisionNotFound":
            return PullFailed(f"{repository} has no such version. Look for the right one on {page}/tree/main")
        if status in (401, 404):
            return PullFailed(
                f"{self.host} has no repository {repository}, or a private one. Check the name; for a private one "
                f"keep a token: persona keys set {host_of(self.endpoint)}"
            )
        if status == 429:
            return PullFailed(
                f"{self.host} has had too many requests from this address. Wait some minutes, pull again."
            )
        return PullFailed(f"{self.host} answered {status}. The trouble is there: try again later.")


def find_token(endpoint: str, env: Mapping[str, str], folders: Folders) -> str | None:
    """The user's token for the hub: HF_TOKEN for huggingface.co, else what `persona keys set HOST` keeps.

    None without one, and for a connection that others could read. Raises SettingsError, StoreError.
    """
    if not endpoint.startswith("https://") and not is_loopback(endpoint):
        return None
    if host_of(endpoint) == host_of(HUB) and (token := env.get("HF_TOKEN", "").strip()):
        return token
    # PERSONA_API_KEY is the cloud's: it goes nowhere else.
    others = {name: value for name, value in env.items() if name != "PERSONA_API_KEY"}
    return find_key(CloudSettings(base_url=endpoint), others, folders=folders)


def _library() -> Any:
    """huggingface_hub, without telemetry: it reads its switches when it is imported."""
    for switch in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        os.environ[switch] = "1"
    import huggingface_hub
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

    return _Library(
        huggingface_hub.hf_hub_url,
        huggingface_hub.get_hf_file_metadata,
        huggingface_hub.get_session,
        hf_raise_for_status,
    )


@dataclass(frozen=True)
class _Library:
    hf_hub_url: Callable[..., str]
    get_hf_file_metadata: Callable[..., Any]
    get_session: Callable[[], httpx2.Client]
    hf_raise_for_status: Callable[..., None]


def _status_error() -> type[Any]:
    from huggingface_hub.errors import HfHubHTTPError

    return HfHubHTTPError


def _transport_error() -> tuple[type[Exception], ...]:
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    return (httpx2.TransportError, OfflineModeIsEnabled)


def _why(error: Exception, host: str) -> str:
    """A clause without a full stop."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    text = str(error)
    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, so {host} was not asked"
    if isinstance(error, httpx2.ProxyError):
        return f"The proxy in your environment does not lead to {host} ({text})"
    if "CERTIFICATE" in text.upper():
        return f"The certificate of {host} is not to be trusted ({text}); SSL_CERT_FILE names another authority"
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return f"{host} cannot be reached: this machine seems to be offline"
    if isinstance(error, httpx2.TimeoutException):
        return f"{host} fell silent"
    return f"The connection to {host} was lost"
