"""E-mail addresses, URLs, phone numbers, user names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy.patterns.found import follows, found
from persona_cli.privacy.spans import EMAIL, PHONE, URL, USERNAME, PrivateSpan

_EMAIL: Final = re.compile(
    r"(?<![\w.+%'-])(?:mailto:)?([\w.+%&'-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}|[\w.+-]{1,64}@localhost)(?![\w-])"
)
_SPELLED_EMAIL: Final = re.compile(
    r"(?<!\w)[\w.+-]{2,64} ?(?:\(at\)|\[at\]|\{at\}| at ) ?[\w-]{2,63}(?: ?(?:\(dot\)|\[dot\]|\{dot\}|"
    r" dot ) ?[a-z]{2,12})+\b",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"(?<![\w])(?:https?|ftps?|sftp|wss?|ssh|git|s3|gs|file|ldaps?|smb|magnet|tg)://?[^\s<>\"'`“”|\\^{}]+",
    re.IGNORECASE,
)
# Generic top-level domains and country codes that are no file endings (py, sh, rs, md, pl, ps, cc, so, ml are).
_TLD: Final = (
    "com|org|net|edu|gov|mil|int|info|biz|name|pro|io|co|ai|app|dev|me|tv|gg|us|uk|eu|de|fr|es|it|nl|be|ch|at|se|"
    "no|dk|fi|cz|"
    "sk|hu|ro|bg|gr|hr|si|ee|lt|lv|pt|ie|is|lu|li|mt|cy|ru|ua|by|kz|jp|cn|kr|tw|hk|sg|my|th|vn|id|ph|in|pk|bd|lk|"
    "np|au|nz|ca|"
    "mx|br|ar|cl|pe|uy|ve|ec|za|ng|ke|gh|eg|ma|tn|il|tr|ae|sa|qa|kw|ir|xyz|online|site|shop|store|blog|cloud|"
    "tech|agency|"
    "solutions|systems|digital|health|bank|law|email|live|news|media|studio|world|today|life|club|academy|gmbh"
)
_DOMAIN: Final = re.compile(
    rf"(?<![\w@./\\-])(?:www\.[\w-]+(?:\.[\w-]+)+|(?:[a-z0-9](?:[\w-]{{0,61}}[a-z0-9])?\.)+(?:{_TLD}))(?![\w-]|\.\w)"
    r"(?::\d{2,5})?(?:[/?#][^\s<>\"'`“”|\\^{}]*)?",
    re.IGNORECASE,
)
# Technologies that look like domains.
_NO_DOMAIN: Final = frozenset({"asp.net", "ado.net", "vb.net", "ml.net", "socket.io", "node.js", "paint.net"})
_UNBALANCED: Final = {")": "(", "]": "["}

_HANDLE: Final = re.compile(
    r"(?<![\w@./:=+\\-])@([A-Za-z_][\w.]{1,29}(?:@[\w.-]+\.\w+)?)(?![\w(@])|(?<![\w/])/?u/[\w-]{3,20}\b"
)
_DECORATORS: Final = frozenset(
    "property staticmethod classmethod override overrides media import dataclass param params return returns "
    "throws see since "
    "deprecated keyframes charset supports app pytest autowired component service entity table column id test "
    "before after "
    "beforeeach aftereach getmapping postmapping requestmapping restcontroller controller injectable input output "
    "abstractmethod cached_property lru_cache wraps contextmanager type types babel angular nestjs layer apply "
    "tailwind "
    "include interface end implementation synthesize selector".split()
)
_USER: Final = re.compile(
    r"\b(user ?name|user[ _-]?id|login(?: name)?|handle|screen ?name|nick(?:name)?|skype|telegram|instagram|"
    r"twitter|discord|"
    r"github|snapchat|tiktok|gamertag|user|account)[\"']?(?: (?:id|handle|name|"
    r"is)){0,2}\s*[:=]\s*[\"'@]?([\w.@#-]{3,40})"
    r"|\b(user ?name|login|handle|gamertag)\s+(?:is|was)\s+[\"'@]?([\w.@#-]{3,40})",
    re.IGNORECASE,
)
_SURE_USER: Final = frozenset({"username", "user name", "user_name", "login", "handle", "screen name", "gamertag"})

_NUMBER: Final = re.compile(
    r"(?<![\w.@/#=-])(?:\+|\(|00)?\d[\d \t().\u00a0/-]{5,24}\d(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w@])"
)
_CALL: Final = re.compile(
    r"\b(?:phone|telephone|tel|cell(?:phone)?|mobile|mob|handy|call(?:ed|ing|s)?|dial|ring|fax|sms|text(?:ed)?|"
    r"whats ?app|"
    r"signal|hotline|contact|reach(?:ed)?|telefon|portable|móvil|teléfono|numbers? (?:is|are)|number:|desk|"
    r"direct|office|home|"
    r"work|ph|t|m|p|f)\b[.: #]",
    re.IGNORECASE,
)
_PLACED: Final = re.compile(r"[ \t(-]{1,3}(?:office|mobile|home|fax|work|cell|desk|direct|main)\b", re.IGNORECASE)
_HEADED: Final = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|fax|number)s?:\s*\n\s*$|\b(?:answering|reached) at $", re.IGNORECASE
)
_GROUPS: Final = re.compile(r"[(]?\d{2,4}[)]?(?:[ .-]\d{2,4}){2,4}")
_DATED: Final = re.compile(
    r"\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}|(?:19|20)\d\d ?[-/–] ?(?:19|20)?\d\d"
)
# Where people write their numbers without a country code. Each costs about 0.1 ms a candidate.
REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "IT", "IN", "AU")


def find(text: str) -> Iterator[PrivateSpan]:
    """Everything by which a person is reached."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield found(text, match.start(1), match.end(1), EMAIL, 0.98)
        yield from _handles(text)
    elif "u/" in text:
        yield from _handles(text)
    for match in _SPELLED_EMAIL.finditer(text):
        yield found(text, match.start(), match.end(), EMAIL, 0.8)
    yield from _urls(text)
    yield from _users(text)
    yield from _phones(text)


def _urls(text: str) -> Iterator[PrivateSpan]:
    if "/" in text:
        for match in _LINK.finditer(text):
            yield found(text, match.start(), _link_end(match.group(), match.start()), URL, 0.95)
    if "." not in text:
        return
    for match in _DOMAIN.finditer(text):
        if match.group().casefold() in _NO_DOMAIN:
            continue
        has_path = any(mark in match.group() for mark in "/?#")
        yield found(text, match.start(), _link_end(match.group(), match.start()), URL, 0.95 if has_path else 0.85)


def _link_end(link: str, start: int) -> int:
    """Without the punctuation of the sentence around: a full stop, or a bracket that was opened before the link."""
    while link:
        last = link[-1]
        if last in ".,;:!?*_~'" or (last in _UNBALANCED and link.count(last) > link.count(_UNBALANCED[last])):
            link = link[:-1]
            continue
        cut = next((link.index(mark) for mark in ")]" if link.count(mark) > link.count(_UNBALANCED[mark])), None)
        if cut is None:
            break
        link = link[:cut]
    return start + len(link)


def _handles(text: str) -> Iterator[PrivateSpan]:
    for match in _HANDLE.finditer(text):
        name = (match.group(1) or match.group()).rstrip(".")
        if name.casefold().partition(".")[0] not in _DECORATORS:
            yield found(
                text, match.start(), match.end() - len(match.group()) + len(match.group().rstrip(".")), USERNAME, 0.85
            )


def _users(text: str) -> Iterator[PrivateSpan]:
    for match in _USER.finditer(text):
        group = 2 if match.group(2) else 4
        key, value = match.group(group - 1).casefold(), match.group(group).rstrip(".-")
        marked = any(character.isdigit() or character in "_#@" for character in value) or "." in value[1:-1]
        if marked or (group == 2 and key in _SURE_USER and len(value) >= 3):
            yield found(text, match.start(group), match.start(group) + len(value), USERNAME, 0.8)


def _phones(text: str) -> Iterator[PrivateSpan]:
    for match in _NUMBER.finditer(text):
        for start, end in _in_line(text, *match.span()):
            candidate = text[start:end]
            count = sum(character.isdigit() for character in candidate)
            if not 7 <= count <= 20 or _DATED.fullmatch(candidate.strip("() ")):
                continue
            called = follows(text, start, _CALL, 30) or _PLACED.match(text, end) is not None
            called = called or _HEADED.search(text, max(0, start - 30), start) is not None
            if not called and candidate.isdigit() and count < 10:
                continue
            if span := _number(text, start, candidate, called):
                yield span


def _in_line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of [start, end) on one line each."""
    for line in text[start:end].split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def _number(text: str, start: int, candidate: str, called: bool) -> PrivateSpan | None:
    import phonenumbers

    stripped = candidate.rstrip(" .-(/")
    end = start + len(stripped)
    # A country code says as much as the word "phone": such a number is private even when no network has given it out.
    abroad = re.match(r"\+\d", stripped) is not None
    called = called or abroad
    leniency = phonenumbers.Leniency.POSSIBLE if called else phonenumbers.Leniency.VALID
    plain = stripped.isdigit()
    for region in ("US",) if stripped.startswith("+") or (plain and not called) else REGIONS:
        for match in phonenumbers.PhoneNumberMatcher(stripped, region, leniency=leniency):
            if match.end - match.start >= 0.7 * len(stripped):
                confidence = 0.9 if called or stripped.startswith("+") else 0.6 if plain else 0.75
                return found(text, start, end, PHONE, confidence)
    if called:
        return found(text, start, end, PHONE, 0.7)
    if _GROUPS.fullmatch(stripped) and re.search(r"[-.(]", stripped) and not re.fullmatch(r"[\d.]+", stripped):
        return found(text, start, end, PHONE, 0.55)
    return None
