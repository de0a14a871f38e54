"""What has no end of its own is told once a day, until somebody ends it: what nobody sees, nobody ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.domain.facts import Telling
from tidegate.domain.fold import fold
from tidegate.domain.notice import Notice
from tidegate.domain.notices import notices
from tidegate.domain.owed import owed
from tidegate.domain.state import Override, Pause, State

if TYPE_CHECKING:
    from tests.domain.conftest import Make

DAY = timedelta(days=1)


def _overridden(make: Make, **over: Any) -> State:
    """An instance that was put on its large rung at noon, until somebody releases it."""
    return make.state(
        "large", override=Override(**{"rung": "large", "until": None, "by": "li", "at": make.noon, **over})
    )


def _paused(make: Make, **over: Any) -> State:
    return make.state(pause=Pause(**{"by": "li", "at": make.noon, **over}))


def _said(make: Make, state: State, at: datetime, **policy: Any) -> list[Notice]:
    return list(notices(make.policy(**policy), state, at))


def _told(make: Make, state: State, begin: datetime, days: float, step: timedelta, **policy: Any) -> list[datetime]:
    """When people are told something, if somebody looks in such steps and every channel works."""
    told, now = [], begin
    while now < begin + days * DAY:
        for message in owed(make.policy(**policy), state, now):
            told.append(now)
            sent = replace(message.told, sent_at=now, times=message.told.times + 1)
            state = fold(state, Telling(sent), now)
        now += step
    return told


def test_an_override_without_an_end_is_told_the_day_after(make: Make) -> None:
    state = _overridden(make, reason="sale")
    assert _said(make, state, make.noon + DAY - timedelta(seconds=1)) == []
    (notice,) = _said(make, state, make.noon + DAY)
    assert (notice.kind, notice.repeats) == ("held", False)
    assert notice.title == "orders-mq has an override to large by li that has no end"
    assert notice.text == (
        "orders-mq has an override to large by li that has no end, since Mon 02 Mar 12:00 (sale). End it with "
        "`tidegate release orders-mq`. If nobody does, it stands, and this is said again tomorrow."
    )


def test_a_pause_without_an_end_is_told_the_day_after(make: Make) -> None:
    (notice,) = _said(make, _paused(make), make.noon + DAY)
    assert (notice.kind, notice.title) == ("held", "orders-mq has a pause by li that has no end")
    assert "End it with `tidegate unpause orders-mq`." in notice.text


def test_since_when_is_said_by_the_clock_of_the_instance(make: Make) -> None:
    (notice,) = _said(make, _paused(make), make.noon + DAY, timezone="Asia/Shanghai")
    assert "since Mon 02 Mar 20:00" in notice.text


@pytest.mark.parametrize("hours", [25, 24 * 30])
def test_what_ends_by_itself_is_not_told(make: Make, hours: int) -> None:
    until = make.noon + timedelta(hours=hours)
    for state in (_overridden(make, until=until), _paused(make, until=until)):
        assert _said(make, state, until - timedelta(seconds=1)) == []


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(minutes=17), timedelta(hours=1), timedelta(hours=5)])
def test_it_is_told_once_a_day_however_often_somebody_looks(make: Make, step: timedelta) -> None:
    for state in (_overridden(make), _paused(make)):
        told = _told(make, state, make.noon, 7.5, step)
        assert [(at - make.noon) // DAY for at in told] == [1, 2, 3, 4, 5, 6, 7]


def test_of_days_on_which_nobody_looked_only_the_last_is_told(make: Make) -> None:
    """It is no flood when the tick was dead for a week."""
    assert _told(make, _overridden(make), make.noon + 7 * DAY, 0.5, timedelta(minutes=5)) == [make.noon + 7 * DAY]


def test_it_is_told_for_as_long_as_it_stands_also_when_what_was_told_is_remembered_no_more(make: Make) -> None:
    told = _told(make, _overridden(make), make.noon, 60.5, timedelta(hours=1))
    assert [(at - make.noon) // DAY for at in told] == list(range(1, 61))


def test_an_ack_quiets_the_day_and_not_the_next_one(make: Make) -> None:
    state, policy = _overridden(make), make.policy()
    (message,) = owed(policy, state, make.noon + DAY)
    acked = fold(state, Telling(replace(message.told, sent_at=make.noon + DAY, acked=True)), make.noon + DAY)
    assert owed(policy, acked, make.noon + 2 * DAY - timedelta(minutes=1)) == []
    assert len(owed(policy, acked, make.noon + 2 * DAY)) == 1


def test_once_it_was_ended_nothing_more_is_told(make: Make) -> None:
    state = replace(_overridden(make), override=None)
    assert _said(make, state, make.noon + 2 * DAY) == []


def test_a_new_one_counts_its_own_days(make: Make) -> None:
    """Released and made anew: another message, though both are a day old."""
    (old,) = _said(make, _overridden(make), make.noon + DAY)
    (new,) = _said(make, _overridden(make, at=make.after(5)), make.after(5) + DAY)
    assert old.name != new.name
    assert _said(make, _overridden(make, at=make.after(5)), make.noon + DAY) == []


def test_override_and_pause_are_told_each(make: Make) -> None:
    state = replace(_overridden(make), pause=Pause("li", make.noon))
    assert [notice.title for notice in _said(make, state, make.noon + DAY)] == [
        "orders-mq has an override to large by li that has no end",
        "orders-mq has a pause by li that has no end",
    ]


def test_only_channels_that_want_holds_hear_of_it(make: Make) -> None:
    channels = [{"url_env": "A_URL", "on": ["held"]}, {"url_env": "B_URL", "on": ["failed", "needs-person", "resized"]}]
    messages = owed(make.policy(notify=channels), _overridden(make), make.noon + DAY)
    assert [message.channel.url_env for message in messages] == ["A_URL"]
