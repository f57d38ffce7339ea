"""POST /v1/embeddings: by the encoder of this machine. Nothing leaves, so nothing is replaced."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from persona_cli.proxy.asking import read_object
from persona_cli.proxy.errors import Wrong, invalid
from persona_cli.proxy.naming import EMBEDDINGS, PERSONA

if TYPE_CHECKING:
    from persona_cli.serve.warm import Warm

MOST_TEXTS: Final = 2048


def embeddings(warm: Warm, raw: bytes) -> bytes:
    """The answer to the body `raw`. Raises Wrong."""
    asked = read_object(raw)
    texts = [asked["input"]] if isinstance(asked.get("input"), str) else asked.get("input")
    fits = isinstance(texts, list) and 0 < len(texts) <= MOST_TEXTS
    if not isinstance(texts, list) or not fits or not all(isinstance(text, str) and text for text in texts):
        raise invalid(f"input is a text, or a list of at most {MOST_TEXTS} texts; none of them empty.", "input")
    if (asked.get("model") or PERSONA) not in (PERSONA, *EMBEDDINGS):
        raise Wrong(
            404, f"Texts are embedded on this machine, by {' or '.join(EMBEDDINGS)}.", "model_not_found", "model"
        )
    form = asked.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise invalid("encoding_format is float or base64.", "encoding_format")
    with warm.models():
        encoder = warm.parts().encoder
        vectors = encoder.embed(texts)
        tokens = sum(encoder.count_tokens(text) for text in texts)
    if asked.get("dimensions") not in (None, vectors.shape[1]):
        raise invalid(f"This model has {vectors.shape[1]} dimensions.", "dimensions")
    data: list[dict[str, Any]] = [
        {
            "object": "embedding",
            "index": at,
            "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()
            if form == "base64"
            else [float(value) for value in vector],
        }
        for at, vector in enumerate(vectors)
    ]
    count = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json.dumps({"object": "list", "data": data, "model": EMBEDDINGS[0], "usage": count}).encode()
