"""The spaCy pipeline models/pos: parts of speech, morphology, lemmas, dependencies and sentence ends of English.

Nothing here is imported before it is used: spaCy alone takes seconds. What it costs once it is there stands in
models/pos.json.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from persona_cli.errors import ModelBroken
from persona_cli.paths import embedded_model

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "pos"
FREQUENCIES = "lexeme_prob"  # the table of the pipeline's vocabulary: log10 of a word's share of all English text
UNSEEN = -7.0  # of a word that is not in the table


@cache
def parser(lemmas: bool = False) -> Language:
    """The pipeline, loaded once a process. Without `lemmas` what costs time and is not asked for is left out.

    The fine-grained tags (token.tag_) are always left out: token.pos_ and token.morph say the same. Raises
    ModelMissing, and ModelBroken when the folder cannot be loaded or spaCy is not installed.
    """
    path = embedded_model(f"{MODEL}/meta.json").parent
    try:
        import spacy

        unused = ["tagger"] if lemmas else ["tagger", "trainable_lemmatizer"]
        return spacy.load(path, exclude=unused)
    except (ImportError, OSError, ValueError, KeyError) as error:
        raise ModelBroken(
            f"The spaCy pipeline {path} cannot be loaded ({error}). Reinstall persona (./install.sh)."
        ) from error
