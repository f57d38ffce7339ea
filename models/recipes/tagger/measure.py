"""What the tagger finds, what it leaves, and how fast: on texts that it was not trained on.

presidio (templates held out)   values of which every letter and digit is hidden; hidden characters that are private
own templates (held out)        the same
WNUT 17 dev                     words inside any entity: precision, recall, F1, untyped
EWT dev                         proper nouns that are hidden, other words that stay
PUPA dev                        private units left in the text; words that stay of those a large model's redaction keeps
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from models.recipes.tagger import treebank
from models.recipes.tagger.corpora import ANY, joined, presidio
from persona_cli.bench import scores
from persona_cli.bench.labelled import Marked, columns, data_file, json_lines
from persona_cli.bench.scores import WORD, Find, Tally, cover
from persona_cli.privacy.spans import PrivateSpan
from persona_cli.privacy.tagger import Tagger, private_spans

PUPA = "pupa/dev.jsonl"
WNUT = "ner/wnut17-dev.conll"


def hiding(find: Find, marks: Sequence[Marked]) -> dict[str, float]:
    """See scores.Hiding."""
    return {"examples": len(marks), "spans": sum(len(marked.spans) for marked in marks)} | _rounded(
        asdict(scores.hiding(find, marks))
    )


def tweets(find: Find) -> dict[str, float]:
    """WNUT 17 dev: a word counts as found when a span touches it. Handles and links are no entities there."""
    words = Tally()
    for sentence in columns(data_file(WNUT)):
        text = " ".join(token for token, _ in sentence)
        covered = cover(text, _places(find(text)))
        at = 0
        for token, tag in sentence:
            words.add(any(covered[at : at + len(token)]), tag != "O")
            at += len(token) + 1
    return _rounded({"precision": words.precision, "recall": words.recall, "f1": words.f(1)})


def web(find: Find) -> dict[str, float]:
    """EWT dev: proper nouns of which nothing is left, and words that are none and stay."""
    proper, other = Tally(), Tally()
    for marked in treebank.texts("dev"):
        covered = cover(marked.text, _places(find(marked.text)))
        label = [""] * len(marked.text)
        for start, end, name in marked.spans:
            label[start:end] = [name] * (end - start)
        for word in WORD.finditer(marked.text):
            names, found = set(label[word.start() : word.end()]), covered[word.start() : word.end()]
            if names == {ANY}:
                proper.add(all(found), private=True)
            elif names == {""}:
                other.add(any(found), private=False)
    kept = other.nothing / max(1, other.nothing + other.false)
    return _rounded({"proper_nouns_hidden": proper.recall, "other_words_kept": kept})


def curves(
    tagger: Tagger, sets: Mapping[str, Sequence[Find]], thresholds: Sequence[float]
) -> dict[str, list[dict[str, float]]]:
    """scores.Prompts for the union of the tagger at each threshold and each set of other sources."""
    rows = json_lines(PUPA)
    queries = [row["user_query"] for row in rows]
    judged = [tagger.odds(query) for query in queries]
    found = {
        threshold: [private_spans(query, *odds, threshold) for query, odds in zip(queries, judged, strict=True)]
        for threshold in thresholds
    }
    measured: dict[str, list[dict[str, float]]] = {}
    for name, beside in sets.items():
        others = [[span for find in beside for span in find(query)] for query in queries]
        measured[name] = []
        for threshold in thresholds:
            sent = [
                scores.replaced(query, [*own, *other])
                for query, own, other in zip(queries, found[threshold], others, strict=True)
            ]
            measured[name].append({"threshold": threshold} | _rounded(asdict(scores.prompts(rows, sent))))
    return measured


def held_out_texts() -> list[str]:
    """Texts to compare two forms of the model on."""
    return [marked.text for marked in presidio(held_out=True)] + [
        joined(sentence).text for sentence in columns(data_file(WNUT))
    ]


def _places(spans: Iterable[PrivateSpan]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(figure, 4) for name, figure in figures.items()}
