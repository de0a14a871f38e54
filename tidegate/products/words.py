"""What the products' status and billing words mean. Case and punctuation vary, so neither counts (fact F.13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegate.aliyun.errors import Unreadable
from tidegate.domain.reading import Billing, Health

BILLINGS: Mapping[str, Billing] = {
    "prepaid": Billing.SUBSCRIPTION,
    "prepay": Billing.SUBSCRIPTION,
    "subscription": Billing.SUBSCRIPTION,
    "postpaid": Billing.PAY_AS_YOU_GO,
    "postpay": Billing.PAY_AS_YOU_GO,
    "payasyougo": Billing.PAY_AS_YOU_GO,
}


def plain(word: Any) -> str:
    """Give the letters and digits of a word, in lower case."""
    return "".join(letter for letter in str(word or "").lower() if letter.isalnum())


def shown_word(word: Any, most: int = 60) -> str:
    """Give a word as the vendor wrote it, cut to what can be kept and told."""
    return str(word or "")[:most]


def billing_of(word: Any) -> Billing:
    """Say how an instance is paid; raise Unreadable on an unknown word, because what is sent depends on it."""
    try:
        return BILLINGS[plain(word)]
    except KeyError:
        raise Unreadable("Billing", f"nobody documented the billing word {shown_word(repr(word))}") from None


def health_of(status: Any, known: Mapping[str, Health]) -> Health:
    """Say what a status means; a word that nobody documented is a change in progress (fact B.2)."""
    return known.get(plain(status), Health.CHANGING)
