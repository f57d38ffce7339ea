"""Every error that a person at the terminal can meet, each with its exit code.

    PersonaError                1   something went wrong
    ├── UsageError              2   the command line was not understood
    ├── Refused                 3   the gate would not let the request leave, or a needed consent was missing
    ├── NothingFound            4   the search or the id named nothing
    ├── CloudError              5   the cloud failed
    │   ├── CloudUnreachable        no connection, DNS, TLS
    │   ├── CloudTimeout            no answer in time
    │   ├── CloudKeyRejected        missing or wrong key
    │   ├── CloudRateLimited        still limited after the retries
    │   └── CloudGarbled            a truncated stream, or an answer that is not the protocol
    ├── ModelMissing            1   a model file is not there
    ├── ModelBroken             1   a model file is there and cannot be used
    ├── PullFailed              1   a model could not be downloaded
    ├── ContextOverflow         1   the text is longer than the local model's window
    ├── SettingsError           1   the settings file cannot be read or holds a wrong value
    ├── FetchFailed             1   a web page that the user named cannot be had
    ├── ToolFailed              1   an MCP server or a file of tools cannot be used
    ├── SchemaMissed            1   the answer came and does not hold the schema that was asked for
    ├── Cancelled             130   the user was asked for consent and said no, as Ctrl-C would have
    ├── EditorFailed            1   the user's editor is not there or did not end well
    └── StoreError              1   vault, memory or audit log cannot be read or written
        ├── KeyUnavailable          the encryption key cannot be had
        ├── TakenMeanwhile          another process has given a placeholder to something else
        └── StoreDamaged            decryption or the hash chain failed

A message is a sentence for the person who typed the command: what happened, what it means, what to type next.
"""

from __future__ import annotations


class PersonaError(Exception):
    """An error with a sentence for the user. `exit_code` is what the process ends with."""

    exit_code = 1


class UsageError(PersonaError):
    exit_code = 2


class Refused(PersonaError):
    """Nothing left the machine. `findings` say what was found and where: for the user's own terminal only."""

    exit_code = 3

    def __init__(self, message: str, findings: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class Cancelled(PersonaError):
    """Nothing left the machine and nothing is kept: the user wanted it so."""

    exit_code = 130


class EditorFailed(PersonaError): ...


class FetchFailed(PersonaError): ...


class SchemaMissed(PersonaError): ...


class ToolFailed(PersonaError): ...


class NothingFound(PersonaError):
    exit_code = 4


class CloudError(PersonaError):
    """The cloud failed. `partial` is the text that had arrived, with its placeholders still in place.

    `status` is that of its answer, where that was an error (0: there was none), and `wait` the seconds that it asked
    for.
    """

    exit_code = 5
    status: int = 0
    wait: float | None = None

    def __init__(self, message: str, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class CloudUnreachable(CloudError): ...


class CloudTimeout(CloudError): ...


class CloudKeyRejected(CloudError): ...


class CloudRateLimited(CloudError): ...


class CloudGarbled(CloudError): ...


class CountRefused(CloudError):
    """The cloud refused a body that asks for the count of tokens, which not every server knows."""


class ModelMissing(PersonaError): ...


class ModelBroken(PersonaError): ...


class PullFailed(PersonaError): ...


class ContextOverflow(PersonaError): ...


class SettingsError(PersonaError): ...


class StoreError(PersonaError): ...


class KeyUnavailable(StoreError): ...


class TakenMeanwhile(StoreError): ...


class StoreDamaged(StoreError): ...
