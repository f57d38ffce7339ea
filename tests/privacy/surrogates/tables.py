"""Tables with surrogates, as the gate would leave them."""

from __future__ import annotations

from collections.abc import Iterable

from persona_cli.privacy.known import Known, KnownValues
from persona_cli.privacy.pseudonyms import Pseudonyms, pseudonymise
from persona_cli.privacy.spans import TEXT, PrivateSpan
from persona_cli.privacy.surrogates.dressing import issue_for, put_on
from persona_cli.privacy.surrogates.table import Surrogates
from persona_cli.privacy.words import lexicon

SEED = b"0123456789abcdef"
VALUES = (
    ("PERSON", "Emma Roberts"), ("PERSON", "Emma"), ("PERSON", "Ms Roberts"), ("PERSON", "EMMA ROBERTS"),
    ("PERSON", "Tom Roberts"), ("PERSON", "Robert Young"), ("PERSON", "Bob"), ("PERSON", "E. Roberts"),
    ("PERSON", "Jan van der Berg"), ("PERSON", "Johnson"), ("PERSON", "John"), ("PERSON", "王伟"),
    ("EMAIL", "emma.roberts@acme.com"), ("PHONE", "(415) 321-9876"), ("PHONE", "+44 7712 345678"),
    ("DATE", "12 May 2026"), ("DATE", "2026-06-01"), ("ORG", "Acme Freight GmbH"), ("PLACE", "Galway"),
    ("ADDRESS", "12 Shop Street, Galway"), ("ID", "4111 1111 1111 1111"), ("ID", "GB29 NWBK 6016 1331 9268 19"),
    ("URL", "https://acme.com/x?y=1"), ("USERNAME", "@emma_r"), ("MONEY", "€240"), ("SECRET", "hunter2 hunter2"),
)  # fmt: skip


def table(values: Iterable[tuple[str, str]] = VALUES, seed: bytes = SEED, private: Iterable[str] = ()) -> Pseudonyms:
    """A table in which `values` have surrogates."""
    made = Pseudonyms(surrogates=Surrogates(seed=seed))
    made.use_surrogates(private)
    issue_for([" ".join(made.token_for(kind, value) for kind, value in values)], made, (), lambda text: ())
    return made


def surrogate(table: Pseudonyms, value: str) -> str:
    """What leaves in place of `value`."""
    return next(table.shown(entry) for entry in table.entries if entry.value == value)


def sent(text: str, spans: Iterable[PrivateSpan], table: Pseudonyms) -> str:
    """`text` as it would leave, past the same steps as in the pipeline."""
    tagged = pseudonymise(text, spans, table)
    values = [Known(entry.value, entry.kind) for entry in table.entries if entry.kind != TEXT]
    known = KnownValues(values, lexicon().is_word)
    issue_for([tagged], table, (), known.find)
    return put_on(tagged, table, known.find)
