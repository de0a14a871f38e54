"""The table of vendor codes, against the list of all codes that the documents name (facts C.1 to C.3, E, flow 8.3)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tidegate.aliyun.codes import AMQP, BSS, CMS, FLOW, GATEWAY, TABLE, Next, lookup, row_for

LIST = Path(__file__).with_name("vendor_codes.csv")
ALL = [tuple(line.values()) for line in csv.DictReader(LIST.read_text().splitlines())]

FITTING = {
    "R": {Next.THROTTLED, Next.BUSY},
    "T": {Next.REFUSED, Next.MISSING},
    "H": {Next.NEEDS_PERSON},
    "V": {Next.UNANSWERED, Next.ELSEWHERE},
}
"""What each class of the facts may become: retry, terminal, human, verify first."""


@pytest.mark.parametrize(("product", "status", "code", "kind", "next_name"), ALL)
def test_every_documented_code_says_what_to_do_next(
    product: str, status: str, code: str, kind: str, next_name: str
) -> None:
    assert row_for(product, code) is not None
    found = lookup(product, code, int(status)).next
    assert found is Next[next_name]
    assert found in FITTING[kind]


def test_every_row_of_the_table_speaks_of_some_documented_code() -> None:
    for row in TABLE:
        assert any(row.meets(str(line[0]), str(line[2]).lower()) for line in ALL), row


@pytest.mark.parametrize("row", [row for row in TABLE if row.next is Next.NEEDS_PERSON], ids=lambda row: row.text)
def test_whatever_needs_a_person_tells_the_person_what_to_do(row: object) -> None:
    assert getattr(row, "advice", "")


def test_no_two_rows_of_equal_weight_speak_of_one_code() -> None:
    for product, _, code, _, _ in ALL:
        weights = [row.weight for row in TABLE if row.meets(str(product), str(code).lower())]
        assert weights.count(max(weights)) == 1, code


@pytest.mark.parametrize("product", [AMQP, GATEWAY, BSS, FLOW, CMS])
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NobodyDocumentedThis", 400, Next.REFUSED),
        ("NobodyDocumentedThis", 409, Next.REFUSED),
        ("NobodyDocumentedThis", 429, Next.THROTTLED),
        ("NobodyDocumentedThis", 408, Next.UNANSWERED),
        ("NobodyDocumentedThis", 500, Next.UNANSWERED),
        ("NobodyDocumentedThis", 504, Next.UNANSWERED),
        ("NobodyDocumentedThis", 200, Next.UNANSWERED),
        ("NobodyDocumentedThis", 302, Next.UNANSWERED),
        ("", 400, Next.UNANSWERED),
        ("", 0, Next.UNANSWERED),
        ("UnauthorizedOperation", 503, Next.UNANSWERED),
        ("Throttling.Whatever", 503, Next.THROTTLED),
    ],
)
def test_an_unknown_code_is_a_refusal_only_with_a_4xx(product: str, code: str, status: int, expected: Next) -> None:
    assert lookup(product, code, status).next is expected
