"""Amounts of money, where the words around make them somebody's: salary, debt, rent, balance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy.patterns.found import found
from persona_cli.privacy.spans import MONEY, PrivateSpan

_AMOUNT: Final = re.compile(
    r"(?:(?<![\w$])(?:US|CA|AU|NZ|HK)?[$€£¥₹₽]|\b(?:USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CNY|Rs\.?) ?)"
    r"\s?\d[\d,.' ]*(?<=\d)(?:\s?(?:k|m|bn|million|billion|thousand|lakhs?|crores?)\b)?"
    r"|(?<![\w.,])\d[\d,.']*(?<=\d)\s?(?:k\s?)?(?:[€£]|(?:USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CNY|"
    r"dollars?|euros?|"
    r"pounds|rupees|francs)\b)",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\b(?:salary|wages?|income|earn(?:s|ed|ing|ings)?|paid|pays?|paycheck|bonus|compensation|owes?|owed|debts?|"
    r"loans?|mortgage|"
    r"rent|balance|savings?|net worth|deposit|pension|alimony|inheritance|settlement|offer|bank|account|"
    r"credit limit|invoice|"
    r"makes?|stipend|raise|transfer(?:red)?|refund|overdrawn|tuition)\b",
    re.IGNORECASE,
)
_REACH: Final = 45


def find(text: str) -> Iterator[PrivateSpan]:
    """Amounts with a currency, near a word of somebody's own money, on the same line."""
    for match in _AMOUNT.finditer(text):
        left = max(text.rfind("\n", 0, match.start()) + 1, match.start() - _REACH)
        right = text.find("\n", match.end())
        right = min(len(text) if right < 0 else right, match.end() + _REACH)
        if _OWN.search(text, left, match.start()) or _OWN.search(text, match.end(), right):
            first = match.group().split("\n")[0]
            yield found(text, match.start(), match.start() + len(first), MONEY, 0.7)
