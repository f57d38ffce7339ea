"""The main text of a web page, without menus, scripts and what is around an article."""

from __future__ import annotations

import logging
import re
from typing import Final

# Below this share of all the words of a page, what was taken for its article is a part of it at most.
LEAST_SHARE: Final = 0.2
SHORT_PAGE: Final = 50
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_GAPS: Final = re.compile(r"\n\s*\n\s*")
_UNREAD: Final = ("script", "style", "noscript", "template", "svg", "iframe", "object", "head")
_BLOCKS: Final = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol p pre section table tr ul".split()
)
_CELLS: Final = frozenset(("td", "th"))


def main_text(page: str) -> str:
    """The article of an HTML page as text, or all its text where no article is found in it; "" where it has none."""
    # lxml reports every oddity of a page, and trafilatura each page without an article.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    page = _DECLARATION.sub("", page).replace("\0", "")
    if not page.strip():
        return ""
    everything = all_text(page)
    words = len(everything.split())
    if words < SHORT_PAGE:
        return everything
    article = _article(page)
    return article if len(article.split()) >= LEAST_SHARE * words else everything


def all_text(page: str) -> str:
    """All that a reader of the page would see."""
    from lxml import etree, html

    try:
        root = html.document_fromstring(page, parser=html.HTMLParser(recover=True, no_network=True, huge_tree=True))
    except (etree.LxmlError, ValueError):
        return ""
    title = (root.findtext(".//title") or "").strip()
    for element in list(root.iter(*_UNREAD, etree.Comment, etree.ProcessingInstruction)):
        if element.getparent() is not None:
            element.drop_tree()
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS and not (event == "end" and element.tag == "br"):
            parts.append("\n")
        if event == "start":
            parts.append(element.text or "")
        elif element is not root:
            parts.append((" " if element.tag in _CELLS else "") + (element.tail or ""))
    text = _GAPS.sub("\n\n", _BLANKS.sub(" ", "".join(parts))).strip()
    text = "\n".join(line.strip() for line in text.split("\n"))
    return f"{title}\n\n{text}".strip() if title and title not in text else text


def _article(page: str) -> str:
    from trafilatura import extract

    try:
        found = extract(page, output_format="markdown", include_comments=False, include_tables=True, no_fallback=False)
    except Exception:  # whatever a broken page makes of it: all its text is still there
        return ""
    return (found or "").strip()
