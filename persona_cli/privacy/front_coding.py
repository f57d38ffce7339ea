"""The bodies of several requests as one payload of a receipt: the last whole, of the others what is not in it.

An answer that is written token by token sends one body a token, and the last holds the others nearly whole. Kept so,
they take little more room than the last alone, and every one comes back byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile

from persona_cli.errors import StoreDamaged


def packed(bodies: Sequence[bytes]) -> bytes:
    """{"last": text, "requests": [[shared, rest], ...]}: `shared` counts characters of the last. At least one body."""
    texts = [body.decode("utf-8") for body in bodies]
    last = texts[-1]
    entries = []
    for text in texts:
        pairs = zip(last, text, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        entries.append((shared, text[shared:]))
    return json.dumps({"last": last, "requests": entries}, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def unpacked(payload: bytes) -> tuple[bytes, ...]:
    """The bodies that `packed` took. Raises StoreDamaged."""
    try:
        told = json.loads(payload)
        last: str = told["last"]
        return tuple((last[:shared] + rest).encode("utf-8") for shared, rest in told["requests"])
    except (ValueError, TypeError, KeyError) as error:
        raise StoreDamaged(
            "The receipt's list of requests cannot be read. Check the log: `persona audit verify`."
        ) from error
