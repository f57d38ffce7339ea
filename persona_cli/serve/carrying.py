"""Requests, drafts, answers, settings and errors as JSON, and back: what client and server tell each other.

Every field goes over, so that neither side can tell which process it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from persona_cli import errors
from persona_cli.cloud.providers import Prices
from persona_cli.errors import CloudError, PersonaError, Refused
from persona_cli.exchange import Answer, Draft, Request
from persona_cli.serve.frames import Frame
from persona_cli.settings import CloudSettings, ProviderSettings, Settings

if TYPE_CHECKING:
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.privacy.spans import PrivateSpan
    from persona_cli.sketch.sketch import Decision, Sketch

_T = TypeVar("_T")
_CLOUDS: Final = ("cloud", "own")
_DEFAULTS: Final = Settings()


@dataclass(frozen=True)
class Seen:
    """The bytes that the gate cleared in another process: to be looked at. The cloud takes no such thing."""

    body: bytes
    masked: int


def written(value: Any) -> Frame:
    """A frozen dataclass of plain values as a JSON object."""
    return asdict(value)


def read(kind: type[_T], told: Mapping[str, Any]) -> _T:
    """A `kind` from what `written` made of one whose fields are plain values and tuples of them."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})


def read_request(told: Mapping[str, Any]) -> Request:
    return read(Request, told)


def read_answer(told: Mapping[str, Any]) -> Answer:
    return read(Answer, told)


def read_span(told: Mapping[str, Any]) -> PrivateSpan:
    from persona_cli.privacy.spans import PrivateSpan

    return read(PrivateSpan, told)


def read_decision(told: Mapping[str, Any]) -> Decision:
    from persona_cli.sketch.sketch import Decision

    return read(Decision, told)


def read_settings(told: Mapping[str, Any]) -> Settings:
    """What `written` made of settings."""
    sections: dict[str, Any] = {}
    for item in fields(Settings):
        value = told[item.name]
        if item.name in _CLOUDS:
            sections[item.name] = None if value is None else _cloud(value)
        elif item.name == "providers":
            sections[item.name] = {name: read(ProviderSettings, table) for name, table in value.items()}
        elif item.name == "prices":
            sections[item.name] = {name: Prices(**prices) for name, prices in value.items()}
        elif item.name == "models":
            sections[item.name] = value
        else:
            sections[item.name] = read(type(getattr(_DEFAULTS, item.name)), value)
    return Settings(**sections)


def _cloud(told: Mapping[str, Any]) -> CloudSettings:
    prices = told["prices"]
    return read(CloudSettings, {**told, "prices": None if prices is None else Prices(**prices)})


def written_draft(draft: Draft) -> Frame:
    """All of `draft` that can be shown; what recall found and what the local model is told stay behind."""
    rejected = draft.rejected
    return {
        "request": written(draft.request),
        "sketch": written(draft.sketch),
        "table": written_table(draft.table),
        "body": draft.cleared.body.decode("utf-8"),
        "masked": draft.cleared.masked,
        "exposure": None if draft.exposure is None else written(draft.exposure),
        "consent": draft.consent,
        "said": draft.said,
        "rejected": None if rejected is None else [rejected.text, written_error(rejected.refusal)],
    }


def read_draft(told: Mapping[str, Any]) -> Draft:
    """A draft to show, and to keep the placeholders of. It cannot be sent."""
    from persona_cli.consent import RejectedEdit

    rejected = None
    if told["rejected"] is not None:
        text, refusal = told["rejected"]
        rejected = RejectedEdit(text, cast("Refused", read_error(refusal)))
    return Draft(
        read_request(told["request"]),
        _sketch(told["sketch"]),
        read_table(told["table"]),
        cast("Cleared", Seen(told["body"].encode("utf-8"), told["masked"])),
        rejected=rejected,
        exposure=_exposure(told["exposure"]),
        consent=told["consent"],
        said=told["said"],
    )


def _sketch(told: Mapping[str, Any]) -> Sketch:
    from persona_cli.sketch.sketch import Message, Sketch

    nested = {
        "history": tuple(read(Message, message) for message in told["history"]),
        "decisions": tuple(read_decision(decision) for decision in told["decisions"]),
    }
    return read(Sketch, {**told, **nested})


def _exposure(told: Mapping[str, Any] | None) -> Exposure | None:
    if told is None:
        return None
    from persona_cli.privacy.disclosure import Exposure
    from persona_cli.privacy.traits import Trait

    return Exposure(tuple(read(Trait, trait) for trait in told["traits"]), told["before"])


def written_table(table: Pseudonyms) -> Frame:
    surrogates = table.surrogates
    return {
        "entries": [written(entry) for entry in table.entries],
        "uses_surrogates": table.uses_surrogates,
        "seed": None if surrogates is None else surrogates.seed.hex(),
        "surrogates": [] if surrogates is None else [written(item) for item in surrogates.issued],
    }


def read_table(told: Mapping[str, Any]) -> Pseudonyms:
    from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms

    surrogates = None
    if told["seed"] is not None:
        from persona_cli.privacy.surrogates.table import Surrogate, Surrogates

        issued = [read(Surrogate, item) for item in told["surrogates"]]
        surrogates = Surrogates(issued, bytes.fromhex(told["seed"]))
    table = Pseudonyms([read(Placeholder, entry) for entry in told["entries"]], surrogates)
    table.uses_surrogates = told["uses_surrogates"]
    return table


def written_error(error: PersonaError) -> Frame:
    kinds = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    told: Frame = {"kind": next(kinds), "message": str(error)}
    if isinstance(error, Refused):
        told["findings"] = list(error.findings)
    if isinstance(error, CloudError):
        told |= {"partial": error.partial, "status": error.status, "wait": error.wait}
    return told


def read_error(told: Mapping[str, Any]) -> PersonaError:
    """The error that the other side met. Of a kind that is not known here: a PersonaError."""
    kind = getattr(errors, str(told["kind"]), PersonaError)
    if not (isinstance(kind, type) and issubclass(kind, PersonaError)):
        kind = PersonaError
    if issubclass(kind, Refused):
        return kind(told["message"], tuple(told.get("findings", ())))
    if issubclass(kind, CloudError):
        failed = cast("type[CloudError]", kind)(told["message"], told.get("partial", ""))
        failed.status, failed.wait = told.get("status", 0), told.get("wait")
        return failed
    return kind(told["message"])
