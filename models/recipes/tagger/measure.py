"""What the tagger finds, what it leaves, and how fast: on texts that it was not trained on.

presidio (templates held out)   values of which every letter and digit is hidden; hidden characters that are private
WNUT 17 dev                     words inside any entity: precision, recall, F1, untyped
PUPA dev                        private units left in the text; words that stay of those a large model's redaction keeps
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean

from models.recipes.tagger.corpora import columns, data_folder, joined, presidio
from persona_cli.privacy.spans import PrivateSpan, unite
from persona_cli.privacy.tagger import Tagger, private_spans

Find = Callable[[str], Iterable[PrivateSpan]]
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"\[[A-Z]+_\d+\]")


def hiding(find: Find) -> dict[str, float]:
    """The held-out presidio sentences, by PIIGhost's strict rule: hidden is a value with no character in the clear."""
    values = hidden = whole = masked = right = texts = 0
    for marked in presidio(held_out=True):
        covered = _covered(marked.text, find(marked.text))
        private = [False] * len(marked.text)
        left = False
        for start, end, _ in marked.spans:
            private[start:end] = [True] * (end - start)
            done = all(covered[at] for at in range(start, end) if marked.text[at].isalnum())
            values, hidden, left = values + 1, hidden + done, left or not done
        letters = [at for at, char in enumerate(marked.text) if char.isalnum() and covered[at]]
        masked, right = masked + len(letters), right + sum(private[at] for at in letters)
        whole, texts = whole + (not left), texts + 1
    return {
        "texts": texts,
        "values": values,
        "values_hidden": round(hidden / values, 4),
        "texts_with_nothing_left": round(whole / texts, 4),
        "character_precision": round(right / max(1, masked), 4),
    }


def tweets(find: Find) -> dict[str, float]:
    """WNUT 17 dev: a word counts as found when a span touches it. Handles and links are no entities there."""
    right = wrong = missed = 0
    for sentence in columns(data_folder() / "ner" / "wnut17-dev.conll"):
        plain = [(token, tag) for token, tag in sentence]
        text = " ".join(token for token, _ in plain)
        covered = _covered(text, find(text))
        at = 0
        for token, tag in plain:
            found = any(covered[at : at + len(token)])
            at += len(token) + 1
            right += found and tag != "O"
            wrong += found and tag == "O"
            missed += not found and tag != "O"
    precision, recall = right / max(1, right + wrong), right / (right + missed)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def prompts(finds: Sequence[Sequence[PrivateSpan]]) -> dict[str, float]:
    """PUPA dev with `finds` (one row each) replaced by placeholders: macro leak, rows without any, kept words."""
    leaks, kept = [], []
    for row, spans in zip(_pupa(), finds, strict=True):
        query = row["user_query"]
        payload = _payload(query, unite(query, spans))
        units = {unit.strip() for part in row["pii_units"] for unit in str(part).split("||") if unit.strip()}
        if units:
            leaks.append(sum(unit.lower() in payload.lower() for unit in units) / len(units))
        wanted = _words(row["redacted_query"].replace("[REDACTED]", "")) & _words(query)
        if wanted:
            kept.append((wanted & _words(_TOKEN.sub("[]", payload))).total() / wanted.total())
    zero = mean(leak == 0 for leak in leaks)
    return {"leak": round(mean(leaks), 4), "rows_without_leak": round(zero, 4), "kept": round(mean(kept), 4)}


def curves(
    tagger: Tagger, sets: Mapping[str, Sequence[Find]], thresholds: Sequence[float]
) -> dict[str, list[dict[str, float]]]:
    """`prompts` for the union of the tagger at each threshold and each set of other sources."""
    queries = [row["user_query"] for row in _pupa()]
    judged = [tagger.odds(query) for query in queries]
    found = {
        threshold: [private_spans(query, *odds, threshold) for query, odds in zip(queries, judged, strict=True)]
        for threshold in thresholds
    }
    measured = {}
    for name, beside in sets.items():
        others = [[span for find in beside for span in find(query)] for query in queries]
        measured[name] = [
            {"threshold": threshold}
            | prompts([[*own, *other] for own, other in zip(found[threshold], others, strict=True)])
            for threshold in thresholds
        ]
    return measured


def speed(tagger: Tagger) -> dict[str, float]:
    """Words a second over the prompts of PUPA dev, and milliseconds for their first 100 words (one at a time)."""
    queries = [row["user_query"] for row in _pupa()]
    for query in queries[:3]:
        list(tagger.find(query))
    started, cpu = time.perf_counter(), time.process_time()
    for query in queries:
        list(tagger.find(query))
    wall, spent = time.perf_counter() - started, time.process_time() - cpu
    words = sum(len(query.split()) for query in queries)
    times = []
    for query in queries:
        if len(parts := query.split()) >= 100:
            begun = time.perf_counter()
            list(tagger.find(" ".join(parts[:100])))
            times.append(1000 * (time.perf_counter() - begun))
    times.sort()
    return {
        "words_per_second": round(words / wall),
        "words_per_processor_second": round(words / spent),
        "p50_ms_100_words": round(times[len(times) // 2], 1),
        "p95_ms_100_words": round(times[int(len(times) * 0.95)], 1),
    }


def held_out_texts() -> list[str]:
    """Texts to compare two forms of the model on."""
    return [marked.text for marked in presidio(held_out=True)] + [
        joined(sentence).text for sentence in columns(data_folder() / "ner" / "wnut17-dev.conll")
    ]


def _pupa() -> list[dict[str, str]]:
    lines = (data_folder() / "pupa" / "dev.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _covered(text: str, spans: Iterable[PrivateSpan]) -> list[bool]:
    covered = [False] * len(text)
    for span in spans:
        covered[span.start : span.end] = [True] * (span.end - span.start)
    return covered


def _payload(text: str, spans: Sequence[PrivateSpan]) -> str:
    parts, done = [], 0
    for number, span in enumerate(spans, 1):
        parts += [text[done : span.start], f"[{span.kind}_{number}]"]
        done = span.end
    return "".join([*parts, text[done:]])


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))
