"""The instances of the account: what they are now, and what becomes of them when somebody orders a change."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from localcloud.clock import Clock
from localcloud.faults import Detail, Faults
from localcloud.rpc.operation import ApiError
from localcloud.rpc.orders import Direction, OrderBook, PlacedOrder, Terms
from localcloud.rpc.timeline import Change, Moment, Phase, Value, at
from localcloud.world import Behaviour, Instance, World


@dataclass(frozen=True)
class Kept:
    """One instance as it is kept: how it began, and its changes."""

    began: Instance
    created_at: datetime
    changes: tuple[Mapping[str, Any], ...]

    @property
    def instance_id(self) -> str:
        """Give its id."""
        return self.began.instance_id


@dataclass(frozen=True)
class Wish:
    """A change that somebody orders. `pays` is whether the order is paid at once."""

    to: Mapping[str, Value]
    direction: Direction
    operator: str
    pays: bool
    skips_switchover: bool = False


class Estate:
    """Keeps the instances. An instance's state is never stored: it follows from its changes and the clock."""

    def __init__(
        self, drawer: MutableMapping[str, Any], world: World, orders: OrderBook, clock: Clock, faults: Faults
    ) -> None:
        self._drawer, self._world, self._clock, self._faults = drawer, world, clock, faults
        self.orders = orders
        self._began: dict[str, tuple[dict[str, Any], Instance]] = {}
        """How each instance began: as it was written, and read once."""
        for instance in world.instances:
            began, created_at = instance.model_dump(mode="json"), clock.now().isoformat()
            entry = {"began": began, "created_at": created_at, "changes": [], "refusals": 0}
            drawer.setdefault(instance.instance_id, entry)

    def all(self, product: str = "", region: str = "") -> list[Kept]:
        """Give the instances, of one product and of one region where they are named."""
        kept = [self._read(instance_id) for instance_id in self._drawer]
        kept = [one for one in kept if region in ("", self.region_of(one.instance_id))]
        return [one for one in kept if product in ("", one.began.product)]

    def find(self, product: str, instance_id: str, region: str = "") -> Kept | None:
        """Give an instance of this product, and of this region where it is named, or None."""
        if instance_id not in self._drawer or region not in ("", self.region_of(instance_id)):
            return None
        kept = self._read(instance_id)
        return kept if kept.began.product == product else None

    def region_of(self, instance_id: str) -> str:
        """Give the region of an instance."""
        return self._world.region_of(instance_id)

    def behaviour(self, instance_id: str) -> Behaviour:
        """Give how the vendor behaves towards this instance."""
        return self._world.behaviour_of(instance_id)

    def seen_at(self, call: str, instance_id: str = "") -> datetime:
        """Give the moment that a read shows: now, or an earlier one where a fault makes it stale."""
        return self._clock.now() - (self._faults.stale(call, Detail(instance_id)) or timedelta(0))

    def moment(self, kept: Kept, now: datetime | None = None) -> Moment:
        """Give what the instance is, now or at another moment."""
        return at(kept.began.spec, self.changes(kept), now or self._clock.now())

    def changes(self, kept: Kept) -> list[Change]:
        """Give everything that was ordered for the instance; with it, any moment can be told."""
        return [self._change(entry) for entry in kept.changes]

    def is_migrating(self, kept: Kept) -> bool:
        """Say whether an earlier change still moves topics about, so that no other may begin."""
        now = self._clock.now()
        lasts = self.behaviour(kept.instance_id).migrating_for
        begins = [change.begins_at for change in map(self._change, kept.changes)]
        return any(since and since <= now < since + lasts for since in begins)

    def refuses_once_more(self, kept: Kept) -> bool:
        """Count a refusal, where the world wants the first calls of each order refused (`topic_migrating_refusals`)."""
        entry = self._drawer[kept.instance_id]
        if entry["refusals"] >= self.behaviour(kept.instance_id).topic_migrating_refusals:
            return False
        entry["refusals"] += 1
        self._drawer[kept.instance_id] = entry
        return True

    def affords(self, kept: Kept, wish: Wish) -> bool:
        """Say whether the money lasts for a change that is paid at once."""
        return not wish.pays or self.orders.balance >= self._amount(kept, wish)

    def order(self, kept: Kept, wish: Wish) -> PlacedOrder | None:
        """Order a change; None where the vendor makes no order of it."""
        behaviour = self.behaviour(kept.instance_id)
        subscription = kept.began.billing == "PRE_PAID"
        placed = None
        if subscription or behaviour.pay_as_you_go_orders == "paid":
            placed = self._place(kept, wish, behaviour, subscription=subscription)
        self._plan(kept, wish, behaviour, placed)
        return placed

    def press_switch(self, instance_id: str) -> None:
        """Confirm the traffic switchover, as a person does in the console; raise where none is waited for."""
        kept = self.known(instance_id)
        moment = self.moment(kept)
        if moment.phase is not Phase.WAITING_FOR_SWITCH:
            raise ApiError("DependencyViolation", f"{instance_id} does not wait for a switchover.")
        entry = self._drawer[instance_id]
        entry["changes"][moment.number - 1]["switched_at"] = self._clock.now().isoformat()
        self._drawer[instance_id] = entry

    def resize_by_hand(
        self, instance_id: str, spec: Mapping[str, Value], by: str, *, skips_switchover: bool = True
    ) -> PlacedOrder | None:
        """Change an instance as a colleague does in the console: no checks, an order of theirs, paid at once."""
        kept = self.known(instance_id)
        before = self.moment(kept).spec
        price = self._world.prices.of(kept.began.product, {**before, **spec})
        up = price >= self._world.prices.of(kept.began.product, before)
        wish = Wish(
            {**before, **spec}, "Upgrade" if up else "Downgrade", by, pays=True, skips_switchover=skips_switchover
        )
        return self.order(kept, wish)

    def known(self, instance_id: str) -> Kept:
        """Give an instance of any product; raise where there is none."""
        if instance_id not in self._drawer:
            raise ApiError("InstanceNotExist", f"The instance {instance_id} does not exist.", 404)
        return self._read(instance_id)

    def _read(self, instance_id: str) -> Kept:
        entry = self._drawer[instance_id]
        written, began = self._began.get(instance_id, (None, None))
        if began is None or written != entry["began"]:
            began = Instance.model_validate(entry["began"])
            self._began[instance_id] = entry["began"], began
        return Kept(began, datetime.fromisoformat(entry["created_at"]), tuple(entry["changes"]))

    def _place(self, kept: Kept, wish: Wish, behaviour: Behaviour, *, subscription: bool) -> PlacedOrder:
        shown = behaviour.order_visible_after
        terms = Terms(
            pays=wish.pays or not subscription,
            visible_after=None if shown == "never" else shown,
            ends_after=behaviour.unpaid_ends_after,
            shows_config=behaviour.order_config == "full",
        )
        return self.orders.place(
            terms,
            product=kept.began.product,
            instance_id=kept.instance_id,
            direction=wish.direction,
            before=dict(self.moment(kept).spec),
            after=dict(wish.to),
            subscription=subscription,
            amount=f"{self._amount(kept, wish):.2f}",
            operator=wish.operator,
        )

    def _amount(self, kept: Kept, wish: Wish) -> Decimal:
        if kept.began.billing == "POST_PAID":
            return Decimal(0)
        product, prices = kept.began.product, self._world.prices
        return prices.of(product, wish.to) - prices.of(product, self.moment(kept).spec)

    def _plan(self, kept: Kept, wish: Wish, behaviour: Behaviour, placed: PlacedOrder | None) -> None:
        entry = self._drawer[kept.instance_id]
        change = {
            "number": len(entry["changes"]) + 1,
            "order_id": placed.order_id if placed else "",
            "ordered_at": self._clock.now().isoformat(),
            "to": dict(wish.to),
            "takes_s": behaviour.apply_takes.total_seconds(),
            "shows_early": behaviour.new_values_before_completion,
            "status": behaviour.status_during_resize or "",
            "switchover": kept.began.product == "apigateway" and behaviour.switchover and not wish.skips_switchover,
            "switchover_ends_after_s": behaviour.switchover_ends_after.total_seconds(),
            "switched_at": "",
            "rolls_back": behaviour.rolls_back,
        }
        entry["changes"], entry["refusals"] = [*entry["changes"], change], 0
        self._drawer[kept.instance_id] = entry

    def _change(self, entry: Mapping[str, Any]) -> Change:
        return Change(
            number=entry["number"],
            to=entry["to"],
            begins_at=self._begins_at(entry),
            takes=timedelta(seconds=entry["takes_s"]),
            shows_early=entry["shows_early"],
            status=entry["status"],
            switchover=entry["switchover"],
            switchover_ends_after=timedelta(seconds=entry["switchover_ends_after_s"]),
            switched_at=datetime.fromisoformat(entry["switched_at"]) if entry["switched_at"] else None,
            rolls_back=entry["rolls_back"],
        )

    def _begins_at(self, entry: Mapping[str, Any]) -> datetime | None:
        if not entry["order_id"]:
            return datetime.fromisoformat(entry["ordered_at"])
        order = self.orders.find(entry["order_id"])
        return datetime.fromisoformat(order.paid_at) if order and order.paid_at else None
