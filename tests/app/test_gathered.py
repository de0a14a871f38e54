"""Messages about several instances: many in one, a summary a day; and channels that fail hold up nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tidegate.app.index import index_entry
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.queue import LINES_KEPT, MOST_AN_HOUR, Line, Queue, in_one

Opens = Callable[..., Any]
CHAT, ONCALL, DAILY = "TIDEGATE_CHAT_URL", "TIDEGATE_ONCALL_URL", "TIDEGATE_DAILY_URL"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def line(number: int) -> Line:
    """One message of many."""
    return Line(f"mq-{number}", f"op{number}-outcome", f"mq-{number} small -> medium: resized")


def full(now: datetime) -> Queue:
    """A queue to which as much went within the last hour as may."""
    queue = Queue()
    for number in range(MOST_AN_HOUR):
        queue, alone = queue.taken(line(number), now)
        assert alone
    return queue


def test_ten_messages_of_an_hour_are_told_one_by_one_and_more_are_one() -> None:
    queue = full(NOON)
    for number in range(20, 25):
        queue, alone = queue.taken(line(number), NOON + MINUTE)
        assert not alone
    assert queue.due_at() == NOON + HOUR
    title, text = in_one(queue)
    assert title == "Tidegate: 5 messages in one"
    assert all(f"mq-{number} small -> medium: resized" in text for number in range(20, 25))
    assert "None of them needs you" in text
    assert "Quiet this:" in text


def test_a_message_that_is_tried_again_is_in_the_one_message_once() -> None:
    queue, _ = full(NOON).taken(line(20), NOON)
    queue, alone = queue.taken(line(20), NOON + MINUTE)
    assert (alone, queue.count) == (False, 1)


def test_more_than_can_be_read_is_counted_and_the_message_is_short() -> None:
    queue = full(NOON)
    for number in range(1000):
        queue, _ = queue.taken(line(number + 100), NOON)
    assert (queue.count, len(queue.waiting)) == (1000, LINES_KEPT)
    title, text = in_one(queue)
    assert title == "Tidegate: 1000 messages in one"
    assert len(text) < 2000
    assert "more. None of them needs you" in text


def test_what_came_while_it_was_told_waits_on() -> None:
    queue, _ = full(NOON).taken(line(20), NOON)
    claimed = queue.claimed(NOON + HOUR)
    assert claimed.due_at() == NOON + HOUR + 5 * MINUTE
    told = claimed.told(queue, NOON + HOUR)
    assert (told.count, told.due_at(), told.failures) == (0, None, 0)


def test_where_the_one_message_fails_others_are_tried_by_themselves() -> None:
    """So that it is noticed by their tries that the channel is dead."""
    queue, _ = full(NOON).taken(line(20), NOON)
    _, alone = queue.claimed(NOON + HOUR).taken(line(21), NOON + HOUR)
    assert alone


def _many(desk: Opens, count: int, **notify: Any) -> Any:
    """A desk with so many queues more, each with its own name, all told to the same channels."""
    at = desk(more=count)
    told = [{"url_env": CHAT, "on": ["resized", "held"]}, {"url_env": ONCALL, "on": ["failed", "needs-person"]}]
    over = {"cooldown": {"up": "0s", "down": "0s"}, "notify": notify.get("notify", told)}
    more = [
        {**at.orders_mq, **over, "name": f"more-{n}", "instance_id": f"amqp-cn-more{n:04}"} for n in range(1, count + 1)
    ]
    at.push(*more, fleet={"orders_at_once": 50, "orders_per_hour": 100})
    at.live(2)
    return at


@pytest.mark.once
def test_a_fleet_that_resizes_at_once_tells_ten_and_then_all_others_in_one(desk: Opens) -> None:
    at = _many(desk, 13)
    for n in range(1, 14):
        at.hear(at.alert(f"a{n}"), f"more-{n}")
    at.live(20)
    told = [text for kind, text in at.messages if kind == "resized"]
    assert len(told) == MOST_AN_HOUR
    at.live(62)
    (one,) = [text for _, text in at.messages if "messages in one" in text]
    assert one.startswith("Tidegate: 3 messages in one: ")
    assert sum(f"more-{n} small -> medium: resized" in " ".join([*told, one]) for n in range(1, 14)) == 13
    before = len(at.messages)
    at.live(130)
    assert len(at.messages) == before
    assert all(each.sent_at for n in range(1, 14) for each in at.state(f"more-{n}").told)


def test_what_needs_somebody_is_told_at_once_however_many_there_are(desk: Opens) -> None:
    told = [{"url_env": CHAT, "on": ["resized", "held", "needs-person", "failed"]}]
    at = _many(desk, 13, notify=told)
    for n in range(1, 14):
        at.by_hand("large", f"more-{n}")
    at.live(130)
    assert sum("is held" in text for _, text in at.messages) == 13
    assert not [text for _, text in at.messages if "messages in one" in text]


def test_what_waits_for_a_channel_that_the_policy_names_no_more_ends_with_a_line_of_the_log(
    desk: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    at = desk()
    at.live(1)
    for number in range(MOST_AN_HOUR + 4):
        at.around.fleet.pace(CHAT, line(number), at.clock.now())
    assert at.around.fleet.state().queues[CHAT].count == 4
    with caplog.at_level("INFO"):
        at.live(65)
    assert CHAT not in at.around.fleet.state().queues
    (dropped,) = [record.getMessage() for record in caplog.records if "queue-dropped" in record.getMessage()]
    assert f'"channel": "{CHAT}", "messages": 4' in dropped
    assert not [text for _, text in at.messages if "messages in one" in text]


def test_a_channel_with_nothing_waiting_and_nothing_lately_is_forgotten_with_the_next_message(desk: Opens) -> None:
    at = desk()
    fleet = at.around.fleet
    fleet.pace(CHAT, line(1), NOON)
    fleet.pace(ONCALL, line(2), NOON + HOUR - MINUTE)
    assert set(fleet.state().queues) == {CHAT, ONCALL}
    fleet.pace(ONCALL, line(3), NOON + HOUR)
    assert set(fleet.state().queues) == {ONCALL}


def test_what_waits_is_told_where_a_policy_that_cannot_be_read_may_name_the_channel(desk: Opens) -> None:
    at = desk()
    at.live(1)
    for number in range(MOST_AN_HOUR + 4):
        at.around.fleet.pace(CHAT, line(number), at.clock.now())
    at.shelf.delete(f"policy/{at.around.cache['hash']}/edge-gateway.json")
    at.around.cache.clear()
    at.live(65)
    assert len([text for _, text in at.messages if text.startswith("Tidegate: 4 messages in one: ")]) == 1


def _daily(desk: Opens, zone: str = "UTC", **over: Any) -> Any:
    at = desk()
    notify = [{"url_env": DAILY, "on": ["summary"]}]
    prices = [
        {**rung, "hourly_price": price} for rung, price in zip(at.orders_mq["ladder"], (1.9, 2.7, 4.2), strict=True)
    ]
    mine = {
        **at.orders_mq,
        "ladder": prices,
        "cooldown": {"up": "0s", "down": "0s"},
        "timezone": zone,
        "notify": notify,
    }
    at.push({**mine, **over}, {**at.edge, "mode": "observe", "timezone": zone, "notify": notify})
    return at


def _to(at: Any, hour: int, minute: int = 0) -> None:
    """Let time pass until an hour of the next day, by UTC."""
    target = (at.clock.now() + timedelta(days=1)).replace(hour=hour, minute=minute)
    at.clock.advance((target - at.clock.now()).total_seconds() - 60)
    at.live(1)


def test_a_day_is_summed_up_once_at_nine_by_the_policys_zone(desk: Opens) -> None:
    at = _daily(desk)
    at.live(2)
    at.hear(at.alert())
    at.live(20)
    at.hear(at.alert("g1", rule="", rule_id="gw-qps-high"), "edge-gateway")
    _to(at, 8, 58)
    before = len(at.messages)
    at.live(180)
    ((kind, text),) = at.messages[before:]
    assert kind == "summary"
    assert text.startswith("Tidegate's day: 1 resized. 2 instances since Mon 02 Mar 12:01. Resized: ")
    assert "Resized: orders-mq small -> medium (12:" in text
    assert "+0.8 an hour)" in text
    assert "Observed only: edge-gateway: would go up to api.s1.medium for" in text
    assert "1 of 2 instances cost 2.7 an hour by the policy, +0.8 since then" in text
    assert text.endswith("Quiet this: take `summary` out of the channel's `on` in the policy.")


def test_nine_is_nine_where_the_policy_lives(desk: Opens) -> None:
    at = _daily(desk, "Asia/Shanghai")
    _to(at, 0, 59)
    assert [kind for kind, _ in at.messages] == []
    at.live(1)
    assert [kind for kind, _ in at.messages] == ["summary"]


def test_a_summary_that_is_claimed_is_not_told_again_whoever_fails(desk: Opens) -> None:
    at = _daily(desk)
    _to(at, 8, 58)
    at.channel_works = False
    at.live(10)
    at.channel_works = True
    at.live(300)
    assert at.messages == []
    _to(at, 9, 2)
    assert len(at.messages) == 1


def test_where_a_channel_takes_no_summary_another_one_is_told_so(desk: Opens) -> None:
    at = _daily(desk, notify=[{"url_env": DAILY, "on": ["summary"]}, {"url_env": ONCALL, "on": ["failed"]}])
    channels = Channels(DAILY)
    object.__setattr__(at.around, "send", channels)
    at.live(60)
    ((channel, text),) = channels.taken
    assert channel == ONCALL
    assert text.startswith(f"channel {DAILY} takes no messages: it did not take the summary of the day.")
    assert "If nobody does, " in text


def test_a_morning_without_ticks_is_made_up_for_until_the_afternoon(desk: Opens) -> None:
    at = _daily(desk)
    _to(at, 14, 30)
    assert [kind for kind, _ in at.messages] == ["summary"]
    _to(at, 15, 30)
    assert [kind for kind, _ in at.messages] == ["summary"]


def test_a_summary_says_first_what_needs_somebody(desk: Opens) -> None:
    at = _daily(desk)
    at.live(2)
    at.by_hand({"MaxPrivateTps": 4500, "QueueCapacity": 300, "MaxConnections": 2500})
    at.live(70)
    _to(at, 9)
    text = at.messages[-1][1]
    assert text.startswith("Tidegate's day: 1 needs you. 2 instances since ")
    assert ". Needs you: orders-mq: " in text


def test_an_index_names_channels_of_summaries_only_where_there_are_any(desk: Opens) -> None:
    at = desk()
    plain = InstancePolicy.model_validate(at.orders_mq)
    asked = InstancePolicy.model_validate({**at.orders_mq, "notify": [{"url_env": DAILY, "on": ["summary"]}]})
    assert "summaries" not in index_entry(plain)
    assert index_entry(asked)["summaries"] == [DAILY]


class Channels:
    """Channels of which some take nothing; remembers every try."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.tried, self.taken = set(dead), list[str](), list[tuple[str, str]]()

    def __call__(self, channel: str, _title: str, text: str, _kind: str) -> bool:
        """Take a message, or not."""
        self.tried.append(channel)
        if channel in self.dead:
            return False
        self.taken.append((channel, text))
        return True


def _silent(desk: Opens, count: int) -> tuple[Any, Channels]:
    at = _many(desk, count)
    channels = Channels(CHAT)
    object.__setattr__(at.around, "send", channels)
    for n in range(1, count + 1):
        at.hear(at.alert(f"a{n}"), f"more-{n}")
    return at, channels


@pytest.mark.once
def test_a_channel_that_takes_nothing_stops_no_resize_and_is_told_of_once_on_another(desk: Opens) -> None:
    at, channels = _silent(desk, 4)
    at.live(90)
    assert [at.settled(f"more-{n}").to_rung for n in range(1, 5)] == ["medium"] * 4
    told = [text for channel, text in channels.taken if channel == ONCALL and "takes no messages" in text]
    assert len(told) == 1
    assert f"channel {CHAT} takes no messages, after 5 tries" in told[0]
    at.live(5 * 60)
    assert len([text for _, text in channels.taken if "takes no messages" in text]) == 1


def test_a_channel_that_failed_is_spared_within_the_minute_and_tried_again_after_it(desk: Opens) -> None:
    at, channels = _silent(desk, 4)
    at.live(15)
    channels.tried.clear()
    at.tick()
    at.tick()
    assert channels.tried.count(CHAT) <= 1
    channels.dead.clear()
    at.live(30)
    assert sum(channel == CHAT for channel, _ in channels.taken) == 4


@pytest.mark.parametrize("on", [["summary"], ["resized", "summary"]])
def test_a_channel_of_summaries_is_told_nothing_else_by_that(desk: Opens, on: list[str]) -> None:
    at = _daily(desk, notify=[{"url_env": DAILY, "on": on}])
    at.live(2)
    at.hear(at.alert())
    at.live(20)
    assert [kind for kind, _ in at.messages] == ["summary", *on[:-1]]


def test_an_instance_whose_policy_cannot_be_read_takes_neither_the_summary_nor_the_tick_from_the_others(
    desk: Opens,
) -> None:
    at = _daily(desk)
    at.live(2)
    index = dict(at.around.book().index)
    documents = {name: at.around.policies.document(at.around.book().hash, name) for name in index["instances"]}
    documents["edge-gateway"]["of_another_version"] = True
    at.around.policies.publish(documents, index, "test")
    _to(at, 9, 1)
    kind, text = at.messages[-1]
    assert kind == "summary"
    assert "Not read: edge-gateway: " in text
    assert at.around.fleet.state().last_tick == at.clock.now()


def test_what_was_not_taken_about_a_silent_channel_is_left_to_the_instances_to_tell(desk: Opens) -> None:
    """Where nobody can be reached when the summary is due, nobody has been told of the channel that is dead."""
    told = [{"url_env": DAILY, "on": ["summary", "resized"]}, {"url_env": ONCALL, "on": ["failed"]}]
    at = _daily(desk, notify=told)
    channels = Channels(DAILY, ONCALL)
    object.__setattr__(at.around, "send", channels)
    at.live(2)
    _to(at, 9, 1)
    assert {DAILY, ONCALL} == set(channels.tried)
    channels.dead.discard(ONCALL)
    at.hear(at.alert())
    at.live(90)
    (one,) = [text for channel, text in channels.taken if channel == ONCALL]
    assert f"channel {DAILY} takes no messages" in one


def test_an_instance_whose_policy_cannot_be_read_does_not_hide_the_fleet_s_pause(desk: Opens) -> None:
    at = desk()
    at.push(at.orders_mq, at.edge)
    at.say("pause", "", fleet=True, reason="audit")
    at.live(2)
    index = dict(at.around.book().index)
    documents = {name: at.around.policies.document(at.around.book().hash, name) for name in index["instances"]}
    documents["edge-gateway"]["of_another_version"] = True
    at.around.policies.publish(documents, index, "test")
    at.clock.advance(25 * 3600)
    at.tick()
    assert any(text.startswith("Tidegate is paused") for _, text in at.messages)
    assert at.around.fleet.state().last_tick == at.clock.now()
