"""Up to the cloud's door: a client's request sanitised and past the gate, by the same steps as persona's own.

Nothing is recalled for it: it is another program's conversation. What is known of the user is looked for all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persona_cli.consent import NOT_ASKED
from persona_cli.errors import Refused
from persona_cli.exchange import Draft, Request
from persona_cli.modes.steps import Steps
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.surrogates.drawing import SEED_BYTES
from persona_cli.privacy.surrogates.table import Surrogates
from persona_cli.proxy.sanitising import Sanitiser
from persona_cli.proxy.tool_words import among_tools
from persona_cli.settings import SURROGATES
from persona_cli.sketch.sketch import Sketch
from persona_cli.structured.asking import COUNT

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.proxy.asking import Asked

# What the receipts call it.
MODE: Final = "proxy"
CONFIRM: Final = (
    "Nothing was sent: your settings want you to confirm every request (privacy.confirm), and a client of this "
    "endpoint cannot ask you. `persona config set privacy.confirm never` lets it through without."
)
TOO_FEW: Final = (
    "Nothing was sent: with this request the conversation would tell the cloud more of you than privacy.k_refuse "
    "allows."
)


def prepare(asked: Asked, base: Parts, parts: Parts, count: bool) -> Draft:
    """`asked` as it may leave for the cloud of `parts`; with `count` the cloud is asked to count tokens.

    `base` has the models, which are the same for every cloud: the caller holds them. Raises Refused.
    """
    settings = parts.settings
    if settings.privacy.confirm == "always":
        raise Refused(CONFIRM)
    steps, table = Steps(parts), _table(parts, asked)
    request = Request("\n".join(said.text or "" for said in asked.messages), mode=MODE)
    detector, facts = Steps(base).detection(request)
    detector = among_tools(detector, asked)
    steps.style(table, request, ())
    sanitiser = Sanitiser(detector, table)
    body = sanitiser.body(asked, settings.cloud.model)
    if count:
        body[COUNT] = {"include_usage": True}
    sketch = Sketch("", decisions=sanitiser.decisions)
    cleared = steps.clear_body(body, detector, table, facts, sketch)
    if settings.privacy.k_refuse:
        try:
            steps.expose(request, sketch, cleared, table)
        except Refused:
            raise Refused(TOO_FEW) from None
    return Draft(Request("", mode=MODE), sketch, table, cleared, consent=NOT_ASKED)


def _table(parts: Parts, asked: Asked) -> Pseudonyms:
    """The empty table for `asked`. Its surrogates hang on how the chat begins: they are the same while it grows."""
    if parts.settings.privacy.style != SURROGATES:
        return Pseudonyms()
    head = []
    for said in asked.messages:
        head.append(f"{said.role}\n{said.text}")
        if said.role == "user":
            break
    return Pseudonyms((), Surrogates((), parts.seal.digest("proxy\n" + "\n\n".join(head))[:SEED_BYTES]))
