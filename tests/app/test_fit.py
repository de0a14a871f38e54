"""Fit: before a downgrade what is in use is held against what would remain, and the figures are said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tidegate.domain.operation import Outcome

Opens = Callable[..., Any]
USAGE_CALLS = ("GetMetadataAmount", "DescribeMetricList", "DescribeInstanceQps", "DescribeInstanceSlbConnect")
FITS = {"queues": 150, "connections": 1500, "tps": 2500}
AGAIN = 11
"""Minutes within which a downgrade that did not fit is weighed again."""


def _large(desk: Opens, usage: Mapping[str, int] | None = None, **fit: Any) -> Any:
    """A desk whose instance was made large by a person, and is used so much since."""
    at = desk()
    at.push({**at.orders_mq, "cooldown": {"up": "0s", "down": "0s"}, "fit": fit}, at.edge)
    at.live(10)
    at.say("resize", to="large", until_released=True)
    at.live(20)
    at.use(**{**FITS, **(usage or {})})
    at.live(5)
    assert (at.state().rung, at.state().operation) == ("large", None)
    return at


def _asked_for_usage(at: Any) -> int:
    return sum(len(at.calls(action)) for action in USAGE_CALLS)


def test_a_downgrade_that_fits_is_ordered(desk: Opens) -> None:
    at = _large(desk)
    assert at.say("release")["decision"] == "resize"
    at.live(20)
    assert (at.settled().outcome, at.settled().to_rung) == (Outcome.RESIZED, "small")
    assert len(at.orders()) == 2


@pytest.mark.parametrize(("each_s", "orders"), [(5, 1), (15, 0)])
def test_figures_that_are_long_in_coming_are_waited_for_unless_what_was_read_grows_old(
    desk: Opens, each_s: int, orders: int
) -> None:
    at = _large(desk)
    assert at.say("release")["decision"] == "resize"
    before, ordered = _asked_for_usage(at), len(at.orders())

    def slowly() -> datetime:
        now: datetime = at.clock.now()
        return now + timedelta(seconds=each_s * (_asked_for_usage(at) - before))

    at.around = at.surroundings(slowly)
    at.submit()
    assert _asked_for_usage(at) - before >= 3
    assert (len(at.orders()) - ordered, len(at.operation().attempts)) == (orders, orders)


@pytest.mark.parametrize(
    ("usage", "figures"),
    [
        ({"queues": 212}, "queues 212 of 200"),
        ({"connections": 2001}, "connections 2001 of 2000"),
        ({"tps": 3100}, "peak TPS 3100 of 3000"),
        (
            {"queues": 300, "connections": 2500, "tps": 4000},
            "queues 300 of 200, connections 2500 of 2000, peak TPS 4000 of 3000",
        ),
    ],
)
def test_a_downgrade_that_does_not_fit_is_held_with_the_figures(
    desk: Opens, usage: dict[str, int], figures: str
) -> None:
    at = _large(desk, usage)
    answer = at.say("release")
    assert (answer["decision"], answer["code"]) == ("hold", "fit")
    assert answer["reason"] == f"small does not fit what is in use: {figures}"
    at.live(45)
    assert (at.state().rung, len(at.orders())) == ("large", 1)


@pytest.mark.parametrize("usage", [{"queues": 200}, {"connections": 2000}, {"tps": 3000}])
def test_what_just_fits_fits(desk: Opens, usage: dict[str, int]) -> None:
    assert _large(desk, usage).say("release")["decision"] == "resize"


def test_it_is_weighed_again_and_goes_down_by_itself_when_it_fits(desk: Opens) -> None:
    at = _large(desk, {"queues": 212})
    at.say("release")
    at.live(30)
    at.use(queues=180)
    at.live(AGAIN)
    assert len(at.orders()) == 2
    at.live(20)
    assert at.state().rung == "small"


@pytest.mark.parametrize(("queues", "code"), [(160, "resize"), (161, "fit"), (200, "fit")])
def test_headroom_is_what_must_stay_free(desk: Opens, queues: int, code: str) -> None:
    at = _large(desk, {"queues": queues, "connections": 100, "tps": 100}, headroom=25)
    answer = at.say("release")
    assert answer["code"] == code
    if code == "fit":
        why = f"small does not fit what is in use with 25% to spare: queues {queues} of 200"
        assert answer["reason"] == why


@pytest.mark.parametrize(("peak_over", "ago", "code"), [("1h", 50, "fit"), ("1h", 62, "resize"), ("2h", 62, "fit")])
def test_of_metrics_the_peak_of_the_last_while_counts(desk: Opens, peak_over: str, ago: int, code: str) -> None:
    at = _large(desk, peak_over=peak_over)
    at.use(tps=3500)
    at.live(2)
    at.use(tps=500)
    at.live(ago)
    assert at.say("release")["code"] == code


def test_of_queues_what_is_there_now_counts(desk: Opens) -> None:
    at = _large(desk, {"queues": 500})
    at.use(queues=10)
    assert at.say("release")["decision"] == "resize"


@pytest.mark.parametrize("call", ["GetMetadataAmount", "DescribeMetricList"])
@pytest.mark.parametrize("do", ["error-before", "throttle"])
def test_what_cannot_be_read_holds_and_is_not_guessed(desk: Opens, call: str, do: str) -> None:
    at = _large(desk)
    at.fault(call, do, times=None)
    answer = at.say("release")
    assert answer["code"] == "fit-unread"
    assert answer["reason"].startswith("what is in use cannot be read: ")
    what = "queues" if call == "GetMetadataAmount" else "connections"
    assert what in answer["reason"]
    at.live(30)
    assert len(at.orders()) == 1
    at.mend()
    at.live(5)
    assert at.operation().to_rung == "small"


@pytest.mark.parametrize("metrics", ["empty", "late"])
def test_metrics_that_show_nothing_or_nothing_new_are_unread(desk: Opens, metrics: str) -> None:
    at = desk(metrics=metrics)
    at.push({**at.orders_mq, "cooldown": {"up": "0s", "down": "0s"}}, at.edge)
    at.live(10)
    at.say("resize", to="large", until_released=True)
    at.live(20)
    assert at.say("release")["code"] == "fit-unread"
    at.live(60)
    assert len(at.orders()) == 1


def test_what_stays_unreadable_is_told_after_an_hour_with_what_to_do(desk: Opens) -> None:
    at = _large(desk)
    at.fault("GetMetadataAmount", "error-before", times=None)
    at.say("release")
    told = len(at.messages)
    at.live(58)
    assert len(at.messages) == told
    at.live(5)
    kind, text = at.messages[-1]
    assert kind == "held"
    assert "overrule it with `--despite fit`" in text
    assert "If nobody does, it stays on the larger rung, and is paid for as such." in text


def test_a_person_may_go_down_despite_it(desk: Opens) -> None:
    at = _large(desk, {"queues": 212})
    over = {"to": "small", "for": "8h", "reason": "the queues are dead"}
    assert at.say("resize", **over)["code"] == "fit"
    assert at.say("resize", despite=["fit"], **over)["decision"] == "resize"
    at.live(20)
    assert at.state().rung == "small"


def test_despite_fit_does_not_need_what_cannot_be_read(desk: Opens) -> None:
    at = _large(desk)
    at.fault("GetMetadataAmount", "error-before", times=None)
    over = {"to": "small", "for": "8h", "reason": "it is empty"}
    assert at.say("resize", despite=["fit"], **over)["decision"] == "resize"
    at.live(20)
    assert at.state().rung == "small"


def test_it_is_weighed_again_before_the_order_and_a_load_that_came_meanwhile_keeps_it_up(desk: Opens) -> None:
    at = _large(desk)
    at.say("release")
    at.use(queues=900)
    at.clock.advance(30)
    assert at.follow() == ["submit", "settle", "done"]
    assert at.settled().outcome is Outcome.CANCELLED
    assert at.settled().why == "not ordered: small does not fit what is in use: queues 900 of 200"
    assert len(at.orders()) == 1


def test_on_the_way_up_nobody_asks_what_is_in_use(desk: Opens) -> None:
    at = desk()
    at.live(10)
    at.hear(at.alert())
    at.live(30)
    assert at.settled().to_rung == "medium"
    assert _asked_for_usage(at) == 0


def test_nobody_asks_what_is_in_use_where_something_weightier_holds(desk: Opens) -> None:
    at = _large(desk)
    at.say("pause")
    before = _asked_for_usage(at)
    at.say("release")
    at.live(70)
    assert (at.state().stance.code, _asked_for_usage(at)) == ("pause", before)


def test_a_dry_run_says_the_figures_and_leaves_the_store_as_it_is(desk: Opens) -> None:
    at = _large(desk, {"queues": 212})
    before = dict(at.shelf._bodies)
    answer = at.say("release", dry_run=True)
    assert (answer["code"], answer["dry_run"]) == ("fit", True)
    assert answer["reason"] == "small does not fit what is in use: queues 212 of 200"
    assert dict(at.shelf._bodies) == before


def test_what_is_in_use_is_logged(desk: Opens, caplog: pytest.LogCaptureFixture) -> None:
    at = _large(desk)
    caplog.set_level(logging.INFO, "tidegate")
    at.say("release")
    lines = {record.getMessage() for record in caplog.records if "in-use" in record.getMessage()}
    assert len(lines) == 1
    assert "queues 150 of 200, connections 1500 of 2000, peak TPS 2500 of 3000" in lines.pop()


# Gateways


def _large_gateway(desk: Opens, **usage: int) -> Any:
    at = desk(switchover=False)
    at.push(at.orders_mq, {**at.edge, "cooldown": {"up": "0s", "down": "0s"}, "subscription_down": "allow"})
    at.live(10)
    at.say("resize", "edge-gateway", to="api.s1.medium", until_released=True)
    at.live(20)
    at.use("edge-gateway", **usage)
    at.live(5)
    assert at.state("edge-gateway").rung == "api.s1.medium"
    return at


@pytest.mark.parametrize(
    ("usage", "code", "says"),
    [
        ({"tps": 2400}, "resize", ""),
        ({"tps": 2600}, "fit", "peak RPS 2600 of 2500"),
        ({"connections": 60_000}, "fit", "connections 60000 of 50000"),
    ],
)
def test_a_gateways_requests_and_connections_are_held_against_the_smaller_spec(
    desk: Opens, usage: dict[str, int], code: str, says: str
) -> None:
    answer = _large_gateway(desk, **usage).say("release", "edge-gateway")
    assert answer["code"] == code
    assert says in answer["reason"]
