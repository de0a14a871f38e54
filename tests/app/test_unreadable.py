"""What cannot be read is told to a person: once, with reminders, and when it is over; the others go on meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.faults import Fault
from localcloud.oss import Oss
from localcloud.server import running
from tests.app.conftest import EDGE, GATEWAY, NOON, ORDERS_MQ, RABBIT, SMALL, Desk
from tidegate.app.surroundings import Surroundings
from tidegate.app.tick import tick
from tidegate.domain.calendars import PLAIN
from tidegate.ledger.creation import Patience
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.memory import MemoryShelf
from tidegate.ledger.oss import Bucket, OssObjects
from tidegate.ledger.policies import NoSuchPolicy
from tidegate.ledger.record import FLEET, UNREADABLE, Corrupt, NewerSchema
from tidegate.ledger.remote import RemoteShelf
from tidegate.ledger.sequence import NEWEST_FIRST
from tidegate.ledger.shelf import Shelf, ShelfUnavailable, Unsure

CHAT, ONCALL, SPARE = "TIDEGATE_CHAT_URL", "TIDEGATE_ONCALL_URL", "TIDEGATE_SPARE_URL"
ORDERS = {**ORDERS_MQ, "notify": [{"url_env": ONCALL}, {"url_env": CHAT, "on": ["resized"]}]}
GATE = {**EDGE, "notify": [{"url_env": CHAT}]}
GARBAGE = b"not a record"
BUCKET = "ledger-of-a-test"


@dataclass
class Told:
    """A desk whose messages are known by their channel."""

    at: Desk
    said: list[tuple[str, str, str]] = field(default_factory=list)
    """Channel, kind and text."""
    deaf: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at.around = self.surroundings()
        self.at.push(ORDERS, GATE)

    def surroundings(self) -> Surroundings:
        """One call of a function."""
        return replace(self.at.surroundings(), send=self._send, channels=(CHAT, ONCALL, SPARE))

    def _send(self, channel: str, title: str, text: str, kind: str) -> bool:
        assert text.startswith(title)
        self.tried.append(channel)
        if channel not in self.deaf:
            self.said.append((channel, kind, text))
        return channel not in self.deaf

    def minutes(self, count: int, every: int = 1) -> None:
        """Let time pass, with a tick every so many minutes, each in a call of its own. One that fails is no matter."""
        for _ in range(count // every):
            self.at.clock.advance(60 * every)
            self.at.around = replace(self.at.around, silent={})
            self.at.around.__dict__.pop("fleet", None)
            try:
                self.at.tick()
            except (Corrupt, NewerSchema, NoSuchPolicy, ShelfUnavailable, Unsure):
                continue

    def heard(self, channel: str = ONCALL) -> list[str]:
        """What one channel was told of what cannot be read."""
        return [text for name, _, text in self.said if name == channel and ("tidegate status" in text)]

    def watched(self) -> list[str]:
        """The marks by which ticks look into what cannot be read."""
        return [key for key in self.at.shelf.list("wake/") if UNREADABLE in key]

    def spoil(self, key: str, body: bytes = GARBAGE) -> str:
        """Somebody writes the next entry of a ledger, and is none of us. Gives the object's name."""
        prefix = f"ledger/{key}/"
        place = f"{prefix}{NEWEST_FIRST - 1:012d}.json"
        if newest := self.at.shelf.list(prefix, limit=1):
            number = NEWEST_FIRST - int(newest[0].removeprefix(prefix).removesuffix(".json"))
            place = f"{prefix}{NEWEST_FIRST - number - 1:012d}.json"
        assert self.at.shelf.create(place, body)
        return place

    def spoil_state(self, key: str, **over: Any) -> str:
        """The same, with a record whose state, or schema, is none of ours."""
        head = self.at.around.ledger.head(key)
        assert head is not None
        raw = {**vars(head), "seq": head.seq + 1, "at": head.at.isoformat(), "nonce": "another's", **over}
        return self.spoil(key, json.dumps(raw).encode())


@pytest.fixture
def told(desk: Callable[..., Desk]) -> Told:
    """A desk on a ledger in memory."""
    return Told(desk())


@pytest.fixture
def in_bucket() -> Iterator[Told]:
    """A desk whose ledger is in a bucket, which it reaches over HTTP like the vendor."""
    clock = Clock(NOON, speed=0)
    rabbit = {"product": "rabbitmq", "instance_id": RABBIT, "spec": SMALL, "edition": "enterprise"}
    world = {"start": NOON.isoformat(), "instances": [rabbit, {"product": "apigateway", "instance_id": GATEWAY}]}

    def attach(cloud: Any) -> None:
        cloud.attach(oss=Oss(cloud.cabinet.drawer("oss"), cloud.clock, cloud.identity, cloud.faults))

    with running(world, clock, attach=attach) as server:
        oss = server.cloud.oss
        assert isinstance(oss, Oss)
        server.run(lambda: oss.create_bucket(BUCKET, ""))
        bucket = Bucket(BUCKET, "cn-hangzhou", f"http://{server.oss_endpoint}", path_style=True)
        at = Desk(server, RemoteShelf(OssObjects(bucket, lambda: server.keys), Patience(lambda _: None)), clock)
        yield Told(at)
        at.close()


def test_a_record_spoilt_in_the_bucket_is_told_once_reminded_of_and_told_to_be_over(in_bucket: Told) -> None:
    """Nothing is ordered for it meanwhile, its neighbour is served, and what came in is answered in the end."""
    at = in_bucket.at
    in_bucket.minutes(2)
    place = in_bucket.spoil(at.key())
    at.leave(at.alert())
    at.leave(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    in_bucket.minutes(9)
    assert in_bucket.heard() == []
    assert at.operation("edge-gateway").to_rung == "api.s1.medium"
    in_bucket.minutes(9)
    (first,) = in_bucket.heard()
    assert first.startswith("orders-mq needs you. Its ledger cannot be read since 2026-03-02 12:03Z: ")
    assert place in first
    assert "Nothing is ordered for it meanwhile" in first
    in_bucket.minutes(200, every=20)
    assert in_bucket.heard() == [first]
    in_bucket.minutes(40, every=20)
    assert in_bucket.heard() == [first, first]
    assert in_bucket.heard(CHAT) == [], "it takes no message that needs a person of this instance"
    assert at.calls("UpdateInstance") == []
    at.shelf.delete(place)
    in_bucket.minutes(1)
    assert at.operation().to_rung == "medium"
    in_bucket.minutes(30)
    *_, over = in_bucket.heard()
    assert over.startswith("orders-mq is looked after again, after 4h1")
    assert len(in_bucket.heard()) == 3
    assert [kind for _, kind, text in in_bucket.said if text == over] == ["held"]
    assert in_bucket.watched() == []


def test_the_fleets_record_spoilt_in_the_bucket_is_told_though_no_tick_is_completed(in_bucket: Told) -> None:
    at = in_bucket.at
    in_bucket.minutes(2)
    place = in_bucket.spoil(FLEET)
    at.clock.advance(60)
    with pytest.raises(Corrupt, match=place):
        tick(in_bucket.surroundings(), lambda: True)
    in_bucket.minutes(60)
    for channel in (ONCALL, CHAT):
        (text,) = in_bucket.heard(channel)
        assert text.startswith("Tidegate needs you. The fleet's ledger cannot be read since 2026-03-02 12:03Z: ")
        assert place in text
    at.shelf.delete(place)
    in_bucket.minutes(5)
    assert [text.partition(",")[0] for text in in_bucket.heard()][1:] == ["Tidegate looks after every instance again"]
    in_bucket.minutes(60, every=5)
    assert len(in_bucket.heard()) == 2


def test_a_policy_spoilt_in_the_bucket_is_told_to_every_channel_that_is_set_up(in_bucket: Told) -> None:
    at = in_bucket.at
    in_bucket.minutes(2)
    assert at.around.policies.current() is not None
    place = f"policy/current/{NEWEST_FIRST - 2:012d}.json"
    at.shelf.create(place, GARBAGE)
    in_bucket.minutes(30)
    for channel in (ONCALL, CHAT, SPARE):
        (text,) = in_bucket.heard(channel)
        assert text.startswith("Tidegate needs you. The policy in force cannot be read since 2026-03-02 12:03Z: ")
        assert place in text
    at.shelf.delete(place)
    in_bucket.minutes(3)
    assert all(len(in_bucket.heard(channel)) == 2 for channel in (ONCALL, CHAT, SPARE))


def test_where_the_whole_store_does_not_answer_the_tick_fails_and_nobody_is_told(in_bucket: Told) -> None:
    """No claim can be made then; the alarm on failed ticks is what tells."""
    in_bucket.minutes(2)
    fault = Fault.model_validate({"call": "oss.*", "do": "error-before", "status": 503, "times": None})
    in_bucket.at.server.run(lambda: in_bucket.at.server.cloud.faults.add(fault))
    in_bucket.at.clock.advance(60)
    with pytest.raises(ShelfUnavailable):
        in_bucket.at.tick()
    in_bucket.minutes(30, every=10)
    assert in_bucket.tried == []
    in_bucket.at.mend()
    in_bucket.minutes(20, every=5)
    assert in_bucket.tried == []


@pytest.mark.parametrize("call", ["oss.GetObject", "oss.*"])
def test_a_policy_that_is_pushed_as_the_store_fails_is_followed_in_the_next_minutes(in_bucket: Told, call: str) -> None:
    """By the next tick it is new no more, and the turn of the instance comes once an hour.

    Where not even a mark can be put, the tick fails, and the next one begins where it began.
    """
    at = in_bucket.at
    in_bucket.minutes(20)
    at.push({**ORDERS, "base": "medium"}, GATE)
    at.fault(call, "error-before", instance=f"*{RABBIT}*", times=None, status=503)
    in_bucket.minutes(1)
    assert at.started == []
    at.mend()
    in_bucket.minutes(2)
    assert at.operation().to_rung == "medium"
    assert at.clock.now() == NOON + timedelta(minutes=23)
    in_bucket.minutes(10)
    assert [key for key in at.shelf.list("wake/") if "T122" in key] == [], "and such a mark is cleared"


def test_a_record_of_a_later_version_is_told_with_what_to_deploy(told: Told) -> None:
    told.minutes(2)
    told.spoil_state(told.at.key(), schema=99, code="9.1.0")
    told.minutes(90)
    (text,) = told.heard()
    assert "cannot be read by this version" in text
    assert "record 3 was written by a later version (9.1.0)" in text or "(9.1.0)" in text
    assert "Deploy the later version again, everywhere: `tidegate deploy`." in text


def test_what_two_versions_write_during_a_deployment_is_told_to_nobody(told: Told) -> None:
    told.minutes(2)
    place = told.spoil_state(told.at.key(), schema=99)
    told.minutes(8)
    told.at.shelf.delete(place)
    told.minutes(60)
    assert told.tried == []
    assert told.watched() == []


def test_a_state_that_is_none_is_told_with_the_record_that_holds_it(told: Told) -> None:
    told.minutes(2)
    place = told.spoil_state(told.at.key(), state={"home": {"not": "a rung"}})
    told.minutes(90)
    (text,) = told.heard()
    assert place.rpartition("/")[2] in text


def test_a_signal_that_is_none_is_told_with_its_object(told: Told) -> None:
    told.minutes(2)
    place = f"inbox/{told.at.key()}/{'0' * 32}.json"
    told.at.shelf.create(place, GARBAGE)
    told.minutes(90)
    (text,) = told.heard()
    assert place in text


def test_a_policy_of_one_instance_that_cannot_be_read_is_told_to_the_channels_of_the_others(told: Told) -> None:
    at = told.at
    told.minutes(2)
    hashed = at.around.cache["hash"]
    place = f"policy/{hashed}/orders-mq.json"
    at.shelf.delete(place)
    at.shelf.create(place, b'{"name": "orders-mq", "a_key_of_a_later_version": 1}')
    at.around.cache.clear()
    told.minutes(90)
    assert told.heard() == []
    (text,) = told.heard(CHAT)
    assert text.startswith("orders-mq needs you. Its policy cannot be read since ")
    assert "`tidegate policy push`" in text


def test_whatever_else_keeps_an_instance_from_its_turn_is_told_once_it_has_lasted(told: Told) -> None:
    def no_calendar(country: str) -> Any:
        if country:
            raise NotImplementedError("no such country")
        return PLAIN

    told.minutes(1)
    told.at.push({**ORDERS, "calendars": {"workdays": {"country": "XX"}}}, GATE)
    told.at.around = replace(told.at.around, calendar=no_calendar)
    told.minutes(90)
    assert told.heard(CHAT) == []
    (text,) = told.heard()
    assert "Looking after it fails since " in text
    assert ": NotImplementedError. " in text, "what it says may be for no chat, and is in the log"


def test_a_record_of_the_fleet_of_a_later_version_is_told_too(told: Told) -> None:
    told.minutes(2)
    place = told.spoil_state(FLEET, schema=99)
    told.minutes(60)
    (text,) = told.heard()
    assert "The fleet's ledger cannot be read by this version since " in text
    told.at.shelf.delete(place)
    told.minutes(3)
    assert len(told.heard()) == 2


def test_a_policy_whose_index_names_no_instances_is_told(told: Told) -> None:
    told.minutes(2)
    told.at.around.policies.publish({}, {"instances": {"orders-mq": {"rules": []}}}, "somebody")
    told.minutes(30)
    (text,) = told.heard(SPARE)
    assert "does not name its instances" in text


def test_two_ticks_at_once_tell_it_once(told: Told) -> None:
    told.minutes(2)
    told.spoil(told.at.key())
    one, other = told.surroundings(), told.surroundings()
    for _ in range(30):
        told.at.clock.advance(60)
        for around in (one, other):
            tick(replace(around), lambda: True)
    assert len(told.heard()) == 1


def test_a_channel_that_takes_nothing_is_left_alone_after_five_tries_and_the_other_one_is_told(told: Told) -> None:
    told.minutes(2)
    told.at.push({**ORDERS, "notify": [{"url_env": ONCALL}, {"url_env": SPARE}]}, GATE)
    told.deaf.add(ONCALL)
    place = told.spoil(told.at.key())
    told.minutes(120)
    assert (told.tried.count(ONCALL), told.tried.count(SPARE)) == (5, 1)
    told.minutes(180, every=5)
    assert (told.tried.count(ONCALL), told.tried.count(SPARE)) == (6, 2)
    told.at.shelf.delete(place)
    told.minutes(300, every=5)
    assert len(told.heard(SPARE)) == 3
    assert told.watched() == [], "nobody waits for the deaf"


def test_that_it_is_over_is_tried_again(told: Told) -> None:
    told.minutes(2)
    place = told.spoil(told.at.key())
    told.minutes(15)
    told.deaf.add(ONCALL)
    told.at.shelf.delete(place)
    told.minutes(4)
    told.deaf.clear()
    told.minutes(30)
    assert len(told.heard()) == 2
    assert "is looked after again" in told.heard()[-1]


@pytest.mark.parametrize("body", [GARBAGE, b'{"schema": 99}'])
def test_notes_that_cannot_be_read_themselves_are_begun_anew(told: Told, body: bytes) -> None:
    """Who was told is forgotten then: once too often is better than never."""
    told.minutes(2)
    told.spoil(told.at.key())
    told.minutes(15)
    told.spoil(UNREADABLE, body)
    told.minutes(60)
    assert len(told.heard()) == 2


def test_notes_of_a_later_version_are_begun_anew(told: Told) -> None:
    told.minutes(2)
    place = told.spoil(told.at.key())
    told.minutes(15)
    told.spoil_state(UNREADABLE, schema=99)
    told.minutes(30)
    told.at.shelf.delete(place)
    told.minutes(10)
    assert ["needs you" in text for text in told.heard()] == [True, True, False]


def test_many_that_cannot_be_read_are_few_messages(desk: Callable[..., Desk]) -> None:
    """They are found one by one over an hour, as each has its turn."""
    told = Told(desk())
    names = [f"mq-{number:02}" for number in range(30)]
    told.at.push(*({**ORDERS, "name": name, "instance_id": f"amqp-cn-{name}"} for name in names))
    told.minutes(1)
    places = [told.spoil(told.at.key(name)) for name in names]
    told.minutes(100)
    heard = told.heard()
    assert 1 <= len(heard) <= 4
    assert heard[-1].startswith("30 instances need you. ")
    assert "and 24 more" in heard[-1]
    assert len(heard[-1].encode()) < 2048
    for place in places:
        told.at.shelf.delete(place)
    told.minutes(20)
    over = told.heard()[len(heard) :]
    assert [text.partition(",")[0] for text in over] == ["30 instances are looked after again"]


def test_an_instance_that_left_the_policy_and_cannot_be_read_is_told_to_the_channels_of_the_others(told: Told) -> None:
    at = told.at
    told.minutes(2)
    at.hear(at.alert())
    key = at.key()
    told.spoil(key)
    at.push(GATE)
    told.minutes(120)
    (text,) = told.heard(CHAT)
    assert text.startswith(f"{RABBIT} needs you. Its ledger cannot be read ")


def test_a_request_is_kept_and_answered_while_the_fleets_record_cannot_be_read(told: Told) -> None:
    told.minutes(2)
    told.spoil(FLEET)
    told.at.around = told.surroundings()
    assert told.at.say("resize", to="large", **{"for": "2h"})["code"] == "kept"
    assert told.at.say("ack")["code"] == "kept"
    assert told.at.calls("UpdateInstance") == []


class Counting(MemoryShelf):
    """Notes every key that is asked for."""

    asked: list[str]

    def get(self, key: str) -> bytes | None:
        """Give what stands there."""
        self.asked.append(key)
        return super().get(key)

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        """Give keys."""
        self.asked.append(prefix)
        return super().list(prefix, after, limit)


def test_a_tick_that_finds_nothing_in_trouble_asks_for_nothing_more(told: Told) -> None:
    at = told.at
    shelf: Shelf = Counting()
    assert isinstance(shelf, Counting)
    shelf.asked = []
    at.shelf = shelf
    at.around = told.surroundings()
    at.push(ORDERS, GATE)
    told.minutes(120)
    assert shelf.asked
    assert [key for key in shelf.asked if UNREADABLE in key] == []
    assert [key for key in shelf.list("") if UNREADABLE in key] == []


def test_a_message_that_fails_stops_nothing(told: Told) -> None:
    def broken(channel: str, title: str, text: str, kind: str) -> bool:
        raise RuntimeError(channel + title + text + kind)

    at = told.at
    told.minutes(2)
    told.spoil(at.key())
    at.around = replace(at.around, send=broken)
    told.minutes(15)
    assert at.tick().failed == ("orders-mq",)
    assert at.around.fleet.state().last_tick == at.clock.now()


def test_a_ledger_is_begun_behind_a_record_that_cannot_be_read() -> None:
    shelf = MemoryShelf()
    shelf.create(f"ledger/{UNREADABLE}/{NEWEST_FIRST - 1:012d}.json", GARBAGE)
    ledger = Ledger(shelf, lambda: NOON + timedelta(hours=1), lambda: "nonce")
    blank = ledger.newest_or_blank(UNREADABLE)
    assert blank is not None
    assert (blank.seq, blank.state) == (1, {})
    written = ledger.append(UNREADABLE, {}, {"a": 1}, after=blank, policy="", wake=None)
    assert written is not None
    assert ledger.newest_or_blank(UNREADABLE) == written


def test_something_that_is_no_mark_keeps_nobody_from_hearing_that_it_is_over(told: Told) -> None:
    told.minutes(2)
    place = told.spoil(told.at.key())
    told.minutes(15)
    told.at.shelf.create("wake/what-is-this/here", b"{}")
    told.at.shelf.delete(place)
    told.minutes(3)
    assert ["needs you" in text for text in told.heard()] == [True, False]
