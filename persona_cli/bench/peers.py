"""Other detectors, measured beside persona's where they are installed (the extra `peers`): scrubadub and Presidio.

scrubadub with its default detectors. Presidio's analyzer with its pattern recognisers (and the context words they use)
over a blank English pipeline of spaCy: its usual pipelines are downloads of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from persona_cli.bench.scores import Find
from persona_cli.cli import screen
from persona_cli.privacy.spans import DETAIL, PrivateSpan


def peers() -> Iterator[tuple[str, Find]]:
    """The name and the find of each that is installed; says which are not."""
    for name, package, opened in (("scrubadub", "scrubadub", _scrubadub), ("Presidio", "presidio_analyzer", _presidio)):
        if find_spec(package) is None:
            screen.write(f"{name:<26} not installed: pip install 'persona-cli[peers]'\n")
        else:
            yield name, opened()


def _scrubadub() -> Find:
    import scrubadub

    scrubber = scrubadub.Scrubber()

    def find(text: str) -> Iterator[PrivateSpan]:
        for filth in scrubber.iter_filth(text):
            yield PrivateSpan(filth.beg, filth.end, DETAIL, text[filth.beg : filth.end], "scrubadub")

    return find


def _presidio() -> Find:
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # Else its recogniser of e-mail addresses asks the network for the list of domains, at every run.
    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        """No downloads: words without tags."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """There is nothing to load."""

    analyzer = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])

    def find(text: str) -> Iterator[PrivateSpan]:
        for result in analyzer.analyze(text=text, language="en"):
            yield PrivateSpan(result.start, result.end, DETAIL, text[result.start : result.end], "presidio")

    return find
