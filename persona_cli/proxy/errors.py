"""What goes wrong at the endpoint, in the shape in which OpenAI says it: a status and {"error": {...}}.

    400  the body is not understood, or asks for something whose answer persona could not restore
    403  the gate refused: the kinds of what it found, and nothing of the text
    404  no such path, no such model
    413  too long
    429, 4xx, 5xx  as the cloud answered
    502  the cloud cannot be reached, does not take persona's key, or answers with rubbish; 504: it says nothing
    500  persona cannot do its part (no receipt can be written, for example), so nothing was sent

A client that retries by itself is told not to (x-should-retry, which OpenAI's own SDKs obey) where persona has retried
already, or where it would be of no use.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

from persona_cli.errors import (
    CloudError,
    CloudKeyRejected,
    CloudRateLimited,
    CloudTimeout,
    PersonaError,
    Refused,
    SettingsError,
)
from persona_cli.privacy.spans import KINDS

_KIND: Final = re.compile(rf"(?<!\w)({'|'.join(KINDS)}) '")
# The types that OpenAI gives its errors.
INVALID: Final = "invalid_request_error"
_TYPES: Final = {401: "authentication_error", 403: "permission_error", 404: INVALID, 429: "rate_limit_error"}


@dataclass(eq=False)
class Wrong(Exception):
    """An answer that is an error. `message` is a sentence without any private text."""

    status: int
    message: str
    code: str = ""
    param: str = ""
    findings: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        kind = _TYPES.get(self.status) or (INVALID if self.status < 500 else "api_error")
        error: dict[str, Any] = {
            "message": self.message,
            "type": kind,
            "param": self.param or None,
            "code": self.code or None,
        }
        if self.findings:
            error["findings"] = list(self.findings)
        return {"error": error}

    @property
    def encoded(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).encode("utf-8", "replace")


def invalid(message: str, param: str = "", code: str = "") -> Wrong:
    """The body is not understood."""
    return Wrong(400, message, code, param)


def wrong(error: BaseException) -> Wrong:
    """What a client is told of `error`. Of what is no sentence for people, nothing but its name."""
    if isinstance(error, Wrong):
        return error
    if isinstance(error, RecursionError):
        return invalid("The request is nested too deeply.")
    if isinstance(error, Refused):
        kinds = tuple(sorted({kind for finding in error.findings for kind in _kinds(finding)}))
        return Wrong(403, str(error), "refused_by_gate", findings=kinds, headers=_DONT)
    if isinstance(error, CloudError):
        return _of_cloud(error)
    if isinstance(error, SettingsError):
        return Wrong(500, f"Nothing was sent. {error}", "settings", headers=_DONT)
    if isinstance(error, PersonaError):
        return Wrong(500, f"persona could not do its part. {error}", "persona", headers=_DONT)
    return Wrong(500, f"persona failed ({type(error).__name__}).", "persona", headers=_DONT)


_DONT: Final = {"x-should-retry": "false"}


def _of_cloud(error: CloudError) -> Wrong:
    if isinstance(error, CloudKeyRejected):
        return Wrong(502, str(error), "cloud_key_rejected", headers=_DONT)
    if isinstance(error, CloudRateLimited):
        wait = {"retry-after": str(math.ceil(error.wait))} if error.wait is not None else {}
        return Wrong(429, str(error), "rate_limit_exceeded", headers=wait)
    if isinstance(error, CloudTimeout):
        return Wrong(504, str(error), "cloud_timeout", headers=_DONT)
    if 400 <= error.status < 600:
        return Wrong(error.status, str(error), f"cloud_{error.status}", headers=_DONT)
    return Wrong(502, str(error), "cloud_failed", headers=_DONT)


def _kinds(finding: str) -> tuple[str, ...]:
    """The kind in a finding of the gate ("messages[1].content: PERSON 'Emma' (facts)"): a word of persona's own."""
    found = _KIND.search(finding)
    return (found[1],) if found else ("ENCODED",)
