"""Requests of an invented user, as the endpoint publishes them."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from persona_cli.proxy.feed import Kept, Passed
from persona_cli.sketch.sketch import CLOUD_SYSTEM

STAYED = (
    Kept("[PERSON_1]", "PERSON", "Tom Brannigan", "replaced"),
    Kept("[PERSON_1b]", "PERSON", "Mr Brannigan", "replaced"),
    Kept("[PERSON_2]", "PERSON", "Emma Roberts", "replaced"),
    Kept("[ADDRESS_1]", "ADDRESS", "14 Harbour Street, Galway", "replaced"),
    Kept("[DATE_1]", "DATE", "3 March", "replaced"),
    Kept("[PHONE_1]", "PHONE", "+353 91 555 0142", "replaced"),
    Kept("", "MONEY", "€1,450 a month", "withheld"),
    Kept("", "DETAIL", "Emma is six months pregnant", "withheld"),
)
ASKED = (
    "Write a letter to my landlord [PERSON_1]. The heating in [ADDRESS_1] has not worked since [DATE_1] and the "
    "bedroom is at 13 °C. Ask him to send somebody this week and to say what he will take off the rent. He can call "
    "[PHONE_1].\n\nTone: polite and firm. Length: about 120 words. Sign as [PERSON_2]."
)
ANSWER = (
    "Dear Mr Brannigan,\n\nThe heating at 14 Harbour Street, Galway has not worked since 3 March. The bedroom was at "
    "13 °C this morning, which is too cold to live in.\n\nPlease send somebody to repair it this week, and let me "
    "know what you will take off the rent for the days without heat. You can reach me at +353 91 555 0142 at any "
    "time of the day.\n\nI would be glad to settle this between us.\n\nKind regards,\nEmma Roberts"
)


def body(asked: str = ASKED, **more: Any) -> str:
    messages = [{"role": "system", "content": CLOUD_SYSTEM}, {"role": "user", "content": asked}]
    return json.dumps({"model": "gpt-5-mini", "messages": messages, "stream": True, **more}, separators=(",", ":"))


def letter(number: int, **more: Any) -> Passed:
    """A letter to a landlord, done; `more` says what is otherwise."""
    fields: dict[str, Any] = {
        "client": "openai", "host": "api.openai.com", "model": "gpt-5-mini", "left": body(), "stayed": STAYED,
        "answer": ANSWER, "state": "done", "receipt": 40 + number, "ms_before": 92.4,
    }  # fmt: skip
    return Passed(number, datetime(2026, 3, 9, 14, 2, number % 60, tzinfo=timezone.utc), **{**fields, **more})
