"""Keys, tokens, passwords, connection strings, in prose and code. Only the secret itself, not its label.

Known forms are matched here. What else looks like a token is shown to the plugins of detect-secrets (Yelp), whose
import costs 0.2 s and happens only then. A long random string beside a word like "key" is a secret whatever its form.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from persona_cli.privacy.patterns.found import follows, found
from persona_cli.privacy.spans import SECRET, PrivateSpan

_KNOWN: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-ant-[\w-]{10,}|sk-(?:proj|svcacct|or|lf)-[\w-]{10,}|sk-[A-Za-z0-9][\w-]{14,}|AIza[\w-]{30,}|"
    r"ya29\.[\w-]{20,}|"
    r"hf_[A-Za-z0-9]{16,}|gl(?:pat|dt|rt|ptt|cbt|soat)-[\w-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|"
    r"npm_[A-Za-z0-9]{20,}|pypi-[\w-]{30,}|xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}|(?:AKIA|ASIA|AGPA|AROA|"
    r"AIDA)[A-Z0-9]{16}|"
    r"(?:sk|rk|pk)_(?:live|test)_\w{10,}|whsec_\w{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|"
    r"dop_v1_[0-9a-f]{32,}|"
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{24,}|lin_api_\w{20,}|r8_\w{20,}|gsk_\w{20,}|tvly-\w{16,}|pplx-\w{20,}|"
    r"xai-\w{20,}|"
    r"AGE-SECRET-KEY-1[0-9A-Z]{50,}|EAACEdEose0cBA\w+|sq0(?:atp|csp)-[\w-]{20,}|SK[0-9a-f]{32}|AC[0-9a-f]{32}|"
    r"\d{8,10}:AA[\w-]{33}|[MNO][A-Za-z\d]{23}\.[\w-]{6}\.[\w-]{27,}|[0-9a-f]{32}-us\d{1,2}|"
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?|https://hooks\.slack\.com/services/[\w/]+|"
    r"https://(?:canary\.)?discord(?:app)?\.com/api/webhooks/[\w/-]+|secret_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{32,}|"
    r"dapi[0-9a-f]{32}|vault:v\d:[\w+/=]{16,}|hvs\.[\w-]{20,}|FwoGZXIvYXdz[\w/+=]{20,}|glsa_\w{30,}|"
    r"sntrys_[\w=+/-]{30,}"
    r")(?![A-Za-z0-9])"
)
_PEM: Final = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----(?:.*?-----END (?P=what)-----|(?:(?:\s|"
    r"\\n)*[\w+/=:, -]+)*)",
    re.DOTALL,
)
_SSH: Final = re.compile(r"\b(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA[\w+/]{20,}={0,3}")
_CONNECTION: Final = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,64}:[^\s/@\"'<>]{1,128}@[^\s\"'<>`]+"
)
_BEARER: Final = re.compile(r"\b(?:Bearer|Basic|Token)\s+([\w.~+/=-]{16,})", re.IGNORECASE)
_PHRASE: Final = re.compile(
    r"\b(?:seed|recovery|mnemonic|backup|wallet)(?: phrase| words)?(?: is|"
    r" are)?\s*[:=]?\s*[\"']?((?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})\b"
)
_PASSES: Final = r"(?:pass(?:word|wd|phrase|code)|pwd|contraseña|passwort|mot de passe)"
_LABEL: Final = (
    rf"(?:{_PASSES}|secret|api[ _-]?key|access[ _-]?key|auth(?:entication|orization)?[ _-]?(?:token|key|code)|"
    r"(?:access|refresh|session|security|bot)[ _-]?token|token|private[ _-]?key|client[ _-]?secret|account[ _-]?key|"
    r"signing[ _-]?key|encryption[ _-]?key|shared[ _-]?key|license[ _-]?key|credentials?|pw|pass|psk|wi-?fi key)"
)
_ASSIGNED: Final = re.compile(
    rf"(?P<label>(?<![a-zA-Z])[\w.-]{{0,40}}?{_LABEL}(?:[ _-](?:id|value|string))?)[\"'`*]{{0,3}}"
    r"(?P<verb>\s*(?::=|=>|=|:)\s*|\s+(?:is|was|are)(?: now| set to| still)?\s*:?\s+)(?P<quote>[\"'`]?)",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"[^\s\"'`,;<>()\[\]{}|]{3,200}")
_PARAMETER: Final = re.compile(r"[^\s\"'`,;<>()\[\]{}|&]{3,200}")
_PIN: Final = re.compile(
    r"\b(?:pin|cvv2?|cvc|security code|passcode|otp|verification code|access code|door code|alarm code|gate code|"
    r"combination|one[- ]time (?:code|password))\b(?: (?:code|number|no\.?))?(?: for [\w' ]{1,30}?)?(?: is| was|"
    r":| =|=)\s*[\"']?(\d{3,8})\b",
    re.IGNORECASE,
)
# Values that stand where a secret would and are none.
_NO_SECRET: Final = re.compile(
    r"(?:none|null|nil|true|false|undefined|string|str|text|varchar.*|bytes|int|required|optional|example|here|"
    r"env|secret|password|"
    r"token|key|value|changeme|todo|tbd|n/?a|not|self|the|your|my|this|that|x{3,}|\*{2,}|\.{2,}|-{2,})$|"
    r"\$|os\.|process\.|env\.|self\.|this\.|config\.|settings\.|args\.|request\.|req\.|your[_-]|my[_-](?:secret|"
    r"key|token|pass)|<|\{|"
    r"get|input\b|https?:",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(
    r"(?<![\w+/=.-])(?=[\w+/=.-]{0,64}\d)(?=[\w+/=.-]{0,64}[A-Za-z])[\w+/=.-]{16,512}(?![\w+/=-])"
)
_KEY_WORD: Final = re.compile(
    r"(?:key|token|secret|passw|pwd|auth|bearer|credential|signature|cookie|session|license|hash)", re.IGNORECASE
)
# Bits a character (Shannon). English runs at about 3.3 over such lengths in one case; random base64 above 4.
_NEAR_KEY: Final = 3.0
_ALONE: Final = 4.2
_ALONE_LENGTH: Final = 28


def find(text: str) -> Iterator[PrivateSpan]:
    """Every secret in `text`. Only private keys run over a line break."""
    sure = list(_sure(text))
    yield from sure
    covered = [(span.start, span.end) for span in sure]
    for match in _TOKEN.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in covered):
            continue
        if span := _token(text, match):
            yield span


def _sure(text: str) -> Iterator[PrivateSpan]:
    if "-----BEGIN" in text:
        for match in _PEM.finditer(text):
            yield found(text, *match.span(), SECRET, 1.0)
    for pattern, group, confidence in (
        (_KNOWN, 0, 1.0),
        (_SSH, 0, 0.9),
        (_CONNECTION, 0, 0.99),
        (_BEARER, 1, 0.95),
        (_PHRASE, 1, 0.95),
        (_PIN, 1, 0.9),
    ):
        for match in pattern.finditer(text):
            if pattern is _BEARER and not any(character.isdigit() for character in match.group(1)):
                continue
            yield found(text, *match.span(group), SECRET, confidence)
    for match in _ASSIGNED.finditer(text):
        if span := _value(text, match):
            yield span


def _value(text: str, match: re.Match[str]) -> PrivateSpan | None:
    """The value after "password:", "api_key =", "the token is"; None when it is no literal."""
    start, quote, label = match.end(), match.group("quote"), match.group("label")
    if "\n" in match.group("verb"):
        return None
    if quote:
        end = text.find(quote, start)
        line = text.find("\n", start)
        if end < 0 or (0 <= line < end) or not 3 <= end - start <= 300:
            return None
    else:
        bare = (_PARAMETER if "=" in match.group("verb") else _BARE).match(text, start)
        if bare is None or text[bare.end() : bare.end() + 1] in {"(", "["}:
            return None
        end = bare.end()
        while end > start and text[end - 1] in ".!?:*":
            end -= 1
    value = text[start:end]
    if len(value) < 3 or _NO_SECRET.match(value):
        return None
    plain = value.isalpha()
    said = match.group("verb").strip().casefold()[:1] in {"i", "w", "a"}
    is_password = re.search(_PASSES, label, re.IGNORECASE) is not None
    if not quote and plain and (said or not is_password or (len(value) < 4)):
        return None
    if not quote and said and not any(character.isdigit() or character in "!@#$%^&*_" for character in value):
        return None
    if " " in value and not is_password:
        return None
    if not is_password and not any(character.isdigit() for character in value) and entropy(value) < _NEAR_KEY:
        return None
    return found(text, start, end, SECRET, 0.9 if quote or not plain else 0.7)


def _token(text: str, match: re.Match[str]) -> PrivateSpan | None:
    """A random-looking string: beside a key word, or long and mixed enough alone, or known to detect-secrets."""
    start, value = match.start(), match.group().rstrip(".=-")
    end = start + len(value)
    if len(value) < 16 or re.fullmatch(
        r"[\d.,/+-]+|[\w-]+(?:\.[\w-]+)+\.[a-z]{2,4}|(?:[A-Za-z]+[-_/.])*[A-Za-z]+\d{0,4}", value
    ):
        return None
    bits = entropy(value)
    if bits >= _NEAR_KEY and follows(text, start, _KEY_WORD, 40):
        return found(text, start, end, SECRET, 0.85)
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    line = text[left : right if right >= 0 else len(text)]
    if "/" not in value and any(value in secret or secret in value for secret in _by_plugins(line)):
        return found(text, start, end, SECRET, 0.9)
    mixed = any(c.islower() for c in value) and any(c.isupper() for c in value) and any(c.isdigit() for c in value)
    if mixed and bits >= _ALONE and len(value) >= _ALONE_LENGTH and value.count("/") < 3:
        return found(text, start, end, SECRET, 0.6)
    return None


@lru_cache(maxsize=1)
def _plugins() -> tuple[Any, ...]:
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        cloudant,
        discord,
        github_token,
        gitlab_token,
        ibm_cloud_iam,
        ibm_cos_hmac,
        mailchimp,
        openai,
        pypi_token,
        sendgrid,
        slack,
        softlayer,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    return (
        artifactory.ArtifactoryDetector(),
        aws.AWSKeyDetector(),
        azure_storage_key.AzureStorageKeyDetector(),
        cloudant.CloudantDetector(),
        discord.DiscordBotTokenDetector(),
        github_token.GitHubTokenDetector(),
        gitlab_token.GitLabTokenDetector(),
        ibm_cloud_iam.IbmCloudIamDetector(),
        ibm_cos_hmac.IbmCosHmacDetector(),
        mailchimp.MailchimpDetector(),
        openai.OpenAIDetector(),
        pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(),
        slack.SlackDetector(),
        softlayer.SoftlayerDetector(),
        square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(),
        telegram_token.TelegramBotTokenDetector(),
        twilio.TwilioKeyDetector(),
    )


def _by_plugins(line: str) -> list[str]:
    return [secret for plugin in _plugins() for secret in plugin.analyze_string(line) if len(secret) >= 8]


def entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits a character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
