"""Keys of instances, and what a record looks like on the shelf."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from tidegate.ledger.record import (
    FLEET,
    SCHEMA,
    UNREADABLE,
    InstanceKey,
    NewerSchema,
    Record,
    read_instant,
    read_record,
    write_record,
)

RECORD = Record(
    seq=7,
    at=datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=timezone.utc),
    fact={"kind": "alert"},
    state={"home": "small"},
    policy="7f3a",
    code="0.1.0",
    nonce="n",
)


def test_an_instance_s_key_is_safe_in_the_name_of_an_object() -> None:
    assert str(InstanceKey("123", "cn-hangzhou", "rabbitmq", "amqp-cn-1")) == "123/cn-hangzhou/rabbitmq/amqp-cn-1"
    assert str(InstanceKey("123", "cn-hangzhou", "rabbitmq", "../a b")) == "123/cn-hangzhou/rabbitmq/..%2Fa%20b"


@pytest.mark.parametrize("account", ["", FLEET, UNREADABLE])
def test_a_key_names_an_instance_and_never_the_fleet(account: str) -> None:
    with pytest.raises(ValueError, match="not an instance"):
        InstanceKey(account, "cn-hangzhou", "rabbitmq", "amqp-cn-1")


def test_a_record_reads_back_as_it_was_written() -> None:
    assert read_record("key", 7, write_record(RECORD)) == RECORD


def test_a_record_is_plain_json_that_a_person_can_read() -> None:
    assert json.loads(write_record(RECORD)) == {
        "seq": 7,
        "at": "2026-03-02T12:00:00.123456+00:00",
        "schema": 3,
        "code": "0.1.0",
        "policy": "7f3a",
        "nonce": "n",
        "fact": {"kind": "alert"},
        "state": {"home": "small"},
    }


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_a_record_of_every_schema_until_ours_is_read(schema: int) -> None:
    assert read_record("key", 7, write_record(replace(RECORD, schema=schema))) == replace(RECORD, schema=schema)


def test_a_record_of_the_schema_after_ours_is_refused_by_its_name_and_version() -> None:
    later = write_record(replace(RECORD, schema=SCHEMA + 1, code="1.4.0"))
    with pytest.raises(NewerSchema, match=rf"key has schema {SCHEMA + 1}, and version 1\.4\.0 wrote it"):
        read_record("key", 7, later)


def test_what_is_not_json_is_never_written() -> None:
    for value in (RECORD.at, float("nan")):
        with pytest.raises((TypeError, ValueError)):
            write_record(Record(1, RECORD.at, {"value": value}, {}, "", "", ""))


def test_an_instant_keeps_its_moment_and_needs_an_offset() -> None:
    at = read_instant("2026-03-02T20:00:00+08:00")
    assert at == datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
    assert at.utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match="no offset"):
        read_instant("2026-03-02T20:00:00")
