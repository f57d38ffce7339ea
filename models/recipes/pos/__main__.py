"""Makes models/pos and models/pos.json: `python -m models.recipes.pos`, from the project root.

About ten minutes on one idle core; needs PERSONA_DATA. A training that has ended is not done again: the same command
goes on with what it left in --work.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.recipes.running import Command, say

if TYPE_CHECKING:
    from spacy.language import Language

CONFIG = Path(__file__).with_name("config.cfg")
COMMAND = Command(
    "pos",
    "Train persona's spaCy pipeline.",
    "pos",
    ("spacy", "symspellpy"),
    stopped="Stopped. The same command starts the training anew.",
)
SEED = 1
DEV_SCORES = ("tag_acc", "pos_acc", "lemma_acc", "dep_uas", "dep_las", "sents_f")
SMALL_STEPS, SMALL_PARAGRAPHS = 12, 40
WORDS = 20_000  # of the frequency list
SOURCES = {
    "UD English EWT": "part of speech, morphology, lemmas, dependencies, sentences; train and dev part; CC BY-SA 4.0",
    "symspellpy": "how often English words are used: frequency_dictionary_en_82_765.txt, MIT",
}


def main(given: Sequence[str] | None = None) -> int:
    """Write the corpora, train, measure. The exit code is 0, or 1 with a sentence on stderr."""
    return COMMAND.run(COMMAND.arguments(COMMAND.parser(), given), make)


def make(options: argparse.Namespace) -> None:
    """All the stages of the recipe, one after the other."""
    from models.recipes.pos import measure

    made = trained(options.work, options.small)
    nlp = shipped(options.work / "training" / "model-best")
    part = options.out.with_name(options.out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    nlp.to_disk(part)
    shutil.rmtree(options.out, ignore_errors=True)
    part.replace(options.out)
    say(f"Measuring {options.out}.")
    files = {
        path.relative_to(options.out).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(options.out.rglob("*"))
        if path.is_file()
    }
    card: dict[str, Any] = {
        "what": "spaCy pipeline for English: tagger, morphologizer, lemmatizer, parser (and with it sentence ends)",
        "recipe": "python -m models.recipes.pos" + (" --small" if options.small else ""),
        "sources": SOURCES,
        "licence": "CC BY-SA 4.0",
        "made_with": {name: version(name) for name in ("spacy", "thinc", "numpy", "symspellpy")},
        "runs_with": f"spacy {nlp.meta['spacy_version']}",
        "seed": SEED,
        "training": made,
        "bytes": sum(file["bytes"] for file in files.values()),
        "files": files,
        "measured": measure.measured(options.out, 15 if options.small else None),
    }
    options.out.with_name(options.out.name + ".json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    say(json.dumps(card["measured"], indent=1))
    say(f"Wrote {options.out} ({card['bytes'] / 1e6:.2f} MB) and {options.out.name}.json.")


def trained(work: Path, small: bool) -> dict[str, Any]:
    """Train into work/training, unless that has been done; what it took."""
    from spacy.cli.train import train

    from models.recipes.pos import treebank

    done = work / "done.json"
    made_by = hashlib.sha256(CONFIG.read_bytes() + Path(treebank.__file__).read_bytes() + bytes([small])).hexdigest()
    if done.is_file():
        before: dict[str, Any] = json.loads(done.read_text("utf-8"))
        if before.pop("made_by") == made_by:
            say("The training has been done before.")
            return before
    shutil.rmtree(work / "training", ignore_errors=True)
    most = SMALL_PARAGRAPHS if small else None
    corpora = treebank.write(work / "corpora", SEED, most)
    steps = {"training.max_steps": SMALL_STEPS, "training.eval_frequency": SMALL_STEPS} if small else {}
    start, processor = time.perf_counter(), time.process_time()
    train(
        CONFIG,
        work / "training",
        overrides={"paths.train": str(corpora[0]), "paths.dev": str(corpora[1]), "system.seed": SEED, **steps},
    )
    best = json.loads((work / "training" / "model-best" / "meta.json").read_text("utf-8"))["performance"]
    made = {
        "seconds": round(time.perf_counter() - start),
        "processor_seconds": round(time.process_time() - processor),
        "dev": {name: round(best[name], 4) for name in DEV_SCORES},
    }
    done.write_text(json.dumps({**made, "made_by": made_by}), "utf-8")
    return made


def shipped(folder: Path) -> Language:
    """The trained pipeline with what persona needs beside it, and without the paths of this machine."""
    import spacy

    from models.recipes.pos.frequencies import log_shares
    from persona_cli.memory.parsing import FREQUENCIES

    nlp = spacy.load(folder)
    nlp.config["paths"] = dict.fromkeys(nlp.config["paths"])
    nlp.meta.update(
        name="persona_pos", version="1.0.0", license="CC BY-SA 4.0", author="persona", description=SOURCES_LINE
    )
    nlp.meta.pop("performance", None)
    nlp.vocab.lookups.add_table(FREQUENCIES, log_shares(WORDS))
    return nlp


SOURCES_LINE = "Trained on UD English EWT (CC BY-SA 4.0) by models/recipes/pos of persona."


if __name__ == "__main__":
    sys.exit(main())
