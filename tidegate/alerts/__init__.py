"""Vendors' alert messages, read into Tidegate's own `Alert`: strict in what comes out, lenient in what comes in.

delivery = receive(event)                      # the envelope only
if delivery.kind is Kind.HTTP and not same_token(delivery.token, accepted): ...   # 404, nothing read further
reading = read(delivery)                       # alerts and rejections, no exceptions but TooLarge and Unreadable
"""

from __future__ import annotations

from tidegate.alerts.delivery import Delivery, Kind, TooLarge, Unreadable, receive, same_token
from tidegate.alerts.formats import read
from tidegate.alerts.reading import Reading, Rejected

__all__ = [
    "Delivery",
    "Kind",
    "Reading",
    "Rejected",
    "TooLarge",
    "Unreadable",
    "read",
    "receive",
    "same_token",
]
