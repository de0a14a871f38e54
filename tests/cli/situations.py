"""A situation for every hold there is: what has to happen to an office so that orders-mq is held for just that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import GATEWAY, RABBIT
from tidegate.domain.limits import FleetLimits
from tidegate.domain.signal import AlertState

if TYPE_CHECKING:
    from tests.cli.conftest import Office

Situation = Callable[["Office"], None]
MQ_LARGE = {"MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000}
SMALL = {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000}
LARGE = {"rung": "large", **MQ_LARGE}
CONFIRMED = {"rule": "mq-tps-high", "raise": 1, "confirm": {"metric": "InstanceMaxTpsInMiunte", "above": 2700}}
ALL_DAY = {"days": "daily", "from": "00:00", "to": "24:00"}


def alerted(office: Office, **rules: Any) -> None:
    """An alert rings for an instance that was seen on its small rung."""
    office.rules(**rules)
    office.reconcile()
    office.rings()


def lowered(office: Office, **rules: Any) -> None:
    """The alert that had raised it is over, and so is the cooldown."""
    office.rules(**rules)
    office.reconcile()
    office.rings()
    office.reconcile()
    office.carry()
    office.rings("ring-0002", AlertState.OK)
    office.server.advance(60 * 60)


def as_wanted(office: Office) -> None:
    office.push()
    office.reconcile()


def unread(office: Office) -> None:
    alerted(office)
    office.fault("GetInstance", "error-before", times=None, status=403, code="NoPermission")


def unread_before_contact(office: Office) -> None:
    office.push()
    office.fault("GetInstance", "error-before", times=None, status=403, code="NoPermission")


def gone(office: Office) -> None:
    alerted(office)
    vendor_says(office, "RELEASED")


def gone_before_contact(office: Office) -> None:
    office.rules(instance_id="amqp-cn-nobodys01")


def off_ladder(office: Office) -> None:
    as_wanted(office)
    office.by_hand(MaxPrivateTps=4000)


def mixed(office: Office) -> None:
    """What was adopted has more connections than the large rung, and less of all else."""
    as_wanted(office)
    office.by_hand(MaxPrivateTps=4000, MaxConnections=6000)
    office.asks("adopt")
    office.asks("resize", to="large", **{"for": "2h"})


def home_unknown(office: Office) -> None:
    office.push()
    office.by_hand(MaxPrivateTps=4000)
    office.reconcile()
    office.by_hand(MaxPrivateTps=3000)


def unmeasured(office: Office) -> None:
    alerted(office, alerts=[CONFIRMED])
    office.behaves(metrics="empty")


def unconfirmed(office: Office) -> None:
    alerted(office, alerts=[CONFIRMED])


def observe(office: Office) -> None:
    alerted(office, mode="observe")


def paused(office: Office) -> None:
    alerted(office)
    office.asks("pause", reason="migration", **{"for": "2h"})


def fleet_paused(office: Office) -> None:
    alerted(office)
    office.asks("pause", "")


def operation(office: Office) -> None:
    alerted(office)
    office.reconcile()


def unhealthy(office: Office) -> None:
    alerted(office)
    vendor_says(office, "EXPIRED")


def expect(office: Office) -> None:
    alerted(office, expect={"edition": "vip"})


def expect_billing(office: Office) -> None:
    alerted(office, expect={"billing": "pay-as-you-go"})


def cost(office: Office) -> None:
    priced = [{**SMALL, "hourly_price": 1.9}, {**LARGE, "hourly_price": 4.2}]
    alerted(office, ladder=priced, cost={"hard": 4})


def circuit(office: Office) -> None:
    alerted(office)
    office.fault("UpdateInstance", "error-before", status=400, code="Refused", message="not for sale")
    office.reconcile()
    office.carry()


def fleet_at_once(office: Office) -> None:
    alerted(office, fleet={"orders_at_once": 1})
    around = office.around
    assert around.fleet.reserve(FleetLimits(), GATEWAY, 1, office.clock.now())


def fleet_in_hour(office: Office) -> None:
    alerted(office, fleet={"orders_per_hour": 1})
    around, now = office.around, office.clock.now()
    assert around.fleet.reserve(FleetLimits(), GATEWAY, 1, now)
    around.fleet.release(GATEWAY, 1, now, used=True)


def cooldown(office: Office) -> None:
    lowered(office, cooldown={"down": "2h"})


def budget(office: Office) -> None:
    alerted(office, budget={"ups_per_day": 0})


def budget_reversals(office: Office) -> None:
    lowered(office, budget={"reversals_per_day": 0})


def window(office: Office, **rules: Any) -> None:
    """It opens the day after tomorrow."""
    day = (office.clock.now() + timedelta(days=2)).date().isoformat()
    alerted(office, resize_windows={"up": [{"days": day, "from": "01:00", "to": "05:00"}]}, **rules)


def window_never(office: Office) -> None:
    alerted(office, resize_windows={"up": [{"days": "2020-02-02", "from": "01:00", "to": "05:00"}]})


def blackout(office: Office) -> None:
    alerted(office, blackouts=[{"name": "settlement", **ALL_DAY}])


def drift_unsure(office: Office) -> None:
    as_wanted(office)
    office.by_hand(**MQ_LARGE)


def drift(office: Office) -> None:
    drift_unsure(office)
    office.reconcile(force=True)
    office.server.advance(90)


def fit(office: Office) -> None:
    lowered(office)
    cloud = office.server.cloud
    office.server.run(lambda: cloud.load.change(cloud.estate.known(RABBIT), {"queues": 500}))


def fit_unread(office: Office) -> None:
    lowered(office)
    office.behaves(metrics="empty")


def approval(office: Office) -> None:
    alerted(office, approval={"when": ["up"]})


def approval_soft(office: Office) -> None:
    priced = [{**SMALL, "hourly_price": 1.9}, {**LARGE, "hourly_price": 4.2}]
    alerted(office, ladder=priced, cost={"soft": 4})


def approval_subscription(office: Office) -> None:
    lowered(office, subscription_down="ask")


def vendor_says(office: Office, status: str) -> None:
    """The vendor shows another status word for orders-mq."""
    drawer = office.server.cloud.estate._drawer

    def change() -> None:
        entry = drawer[RABBIT]
        entry["began"]["status"] = status
        drawer[RABBIT] = entry

    office.server.run(change)


SITUATIONS: Mapping[str, tuple[Situation, ...]] = {
    "as-wanted": (as_wanted,),
    "unread": (unread, unread_before_contact),
    "gone": (gone, gone_before_contact),
    "off-ladder": (off_ladder, mixed),
    "home-unknown": (home_unknown,),
    "unmeasured": (unmeasured,),
    "unconfirmed": (unconfirmed,),
    "observe": (observe,),
    "pause": (paused, fleet_paused),
    "operation": (operation,),
    "unhealthy": (unhealthy,),
    "expect": (expect, expect_billing),
    "cost": (cost,),
    "circuit": (circuit,),
    "fleet": (fleet_at_once, fleet_in_hour),
    "cooldown": (cooldown,),
    "budget": (budget, budget_reversals),
    "window": (window, window_never),
    "blackout": (blackout,),
    "drift": (drift_unsure, drift),
    "fit-unread": (fit_unread,),
    "fit": (fit,),
    "approval": (approval, approval_soft, approval_subscription),
}
"""By the code of the Hold."""
