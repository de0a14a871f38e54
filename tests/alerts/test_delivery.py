"""The envelope of a delivery: where the token is, what is HTTP and what is direct, and the limits of a body."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from tidegate.alerts import Delivery, Kind, Reading, TooLarge, Unreadable, read, receive, same_token

OverHttp = Callable[..., Delivery]


@pytest.mark.parametrize(
    ("path", "hint", "token"),
    [
        ("/hook/T0KEN", "", "T0KEN"),
        ("/hook/cms/T0KEN", "cms", "T0KEN"),
        ("/hook/cms/T0KEN/", "cms", "T0KEN"),
        ("/hook/sls/T0%2FKEN%21", "sls", "T0/KEN!"),
        ("/hook/cms/T0KEN/more", "", ""),
        ("/hook/cms", "cms", ""),
        ("/hook/", "", ""),
        ("/hook", "", ""),
        ("/other/T0KEN", "", ""),
        ("/", "", ""),
    ],
)
def test_the_token_and_the_format_are_found_in_the_path(over_http: OverHttp, path: str, hint: str, token: str) -> None:
    delivery = over_http("{}", path)
    assert (delivery.kind, delivery.format_hint, delivery.token) == (Kind.HTTP, hint, token)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Tidegate_Token": "T0KEN"},
        {"x_tidegate_token": " T0KEN "},
        {"Authorization": "Bearer T0KEN"},
        {"AUTHORIZATION": "bearer T0KEN"},
    ],
)
def test_the_token_is_found_in_a_header_of_any_case(over_http: OverHttp, headers: dict[str, str]) -> None:
    assert over_http("{}", "/hook/alertmanager", **headers).token == "T0KEN"
    assert over_http("{}", "/", **headers).token == "T0KEN"


def test_another_scheme_than_bearer_is_no_token(over_http: OverHttp) -> None:
    assert over_http("{}", "/", Authorization="Basic T0KEN").token == ""


def test_a_token_in_the_path_counts_before_one_in_a_header(over_http: OverHttp) -> None:
    assert over_http("{}", "/hook/FIRST", X_Tidegate_Token="SECOND").token == "FIRST"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/hook/T0KEN", "/hook/***"),
        ("//%68ook/cms/T0KEN", "/hook/cms/***"),
        ("/hook/T0KEN/cms", "/hook/***"),
        ("/hook/cms/T0KEN/more", "/hook/***"),
        ("/T0KEN", "/***"),
        ("/cms/T0KEN", "/***"),
        ("/hook", "/hook"),
        ("/other%0Aline", "/***"),
        ("/", "/"),
    ],
)
def test_a_delivery_never_shows_its_token(over_http: OverHttp, path: str, shown: str) -> None:
    delivery = over_http("T0KEN", path, X_Tidegate_Token="T0KEN", Authorization="Bearer T0KEN")
    assert delivery.path == shown
    assert "T0KEN" not in repr(delivery)


def test_the_same_token_matches_in_a_rotation_too() -> None:
    assert same_token("old", "old")
    assert same_token("old", ["new", "old"])
    assert same_token("ключ", ["ключ"])


def test_a_wrong_or_empty_token_matches_nothing() -> None:
    assert not same_token("T0KE", "T0KEN")
    assert not same_token("T0KEN", ["new", "old"])
    assert not same_token("T0KEN", [])
    assert not same_token("", "T0KEN")
    assert not same_token("\ud800", "T0KEN")


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_expected_token_never_matches(empty: str) -> None:
    assert not same_token(empty, empty)
    assert not same_token(empty, ["", empty])


def test_a_body_is_not_decoded_before_it_is_opened(over_http: OverHttp) -> None:
    """A delivery whose body is broken is still received, so that the token is compared first."""
    event = json.loads(b'{"isBase64Encoded": true, "body": "*** no base64 ***", "requestContext": {}}')
    delivery = receive(json.dumps(event).encode())
    assert delivery.token == ""
    with pytest.raises(Unreadable, match="said to be base64"):
        delivery.open()


def test_a_base64_body_and_a_plain_one_are_the_same(over_http: OverHttp) -> None:
    assert over_http("schön=1", encoded=True).open() == over_http("schön=1").open() == "schön=1".encode()


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_over_64_kib_is_too_large(over_http: OverHttp, encoded: bool) -> None:  # noqa: FBT001 - a parameter
    assert len(over_http("x" * 65536, encoded=encoded).open()) == 65536
    with pytest.raises(TooLarge, match="larger than 65536 bytes"):
        over_http("x" * 65537, encoded=encoded).open()
    with pytest.raises(TooLarge):
        over_http("x" * 1_000_000, encoded=encoded).open()


@pytest.mark.parametrize("body", ["", " \n"])
def test_an_empty_body_is_unreadable(over_http: OverHttp, body: str) -> None:
    with pytest.raises(Unreadable, match="the body is empty"):
        over_http(body).open()


def test_a_body_that_is_no_text_is_unreadable() -> None:
    event = {"requestContext": {}, "isBase64Encoded": True, "body": "/////w=="}
    with pytest.raises(Unreadable, match="not UTF-8 text: byte 0"):
        receive(json.dumps(event).encode()).open()


def test_the_arrival_of_a_request_is_known(over_http: OverHttp) -> None:
    assert over_http("{}").arrived_at == datetime(2026, 3, 2, 12, 0, 3, tzinfo=timezone.utc)


def test_a_strange_http_envelope_does_not_pass_for_a_direct_event() -> None:
    """Only HTTP is asked for a token: an envelope of a coming version must not slip by as direct."""
    for event in ({"version": "v9", "rawPath": "/x", "body": "{}"}, {"requestContext": None, "headers": 3}):
        assert receive(json.dumps(event).encode()).kind is Kind.HTTP


@pytest.mark.parametrize("event", [b"", b"hello topic", b"[]", b"{}", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_whatever_is_no_request_is_direct(event: bytes) -> None:
    assert receive(event).kind is Kind.DIRECT


def test_an_unknown_format_in_the_path_is_named(over_http: OverHttp, refusal: Callable[[Reading], str]) -> None:
    reason = refusal(read(over_http("{}", "/hook/nagios/T0KEN")))
    assert "no format is called 'nagios', known in the path are cms, cloudmonitor" in reason


def test_the_format_in_the_path_is_taken_at_its_word(
    over_http: OverHttp, parsed: Callable[[str], Any], refusal: Callable[[Reading], str]
) -> None:
    """An alert posted to another sender's path is told what is missing there, not misread."""
    body = json.dumps(parsed("sls_alert_webhook.json"))
    assert "alertName and ruleId are missing" in refusal(read(over_http(body, "/hook/cms/T0KEN")))
    assert len(read(over_http(body, "/hook/SLS/T0KEN")).alerts) == 1
