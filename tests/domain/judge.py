"""What DESIGN 4 promises of every order, judged by the policy and the diary alone: no guard has a hand in this."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tidegate.domain.operation import Outcome
from tidegate.domain.signal import AlertState, Request, Verb

if TYPE_CHECKING:
    from tests.domain.life import Life
    from tests.domain.world import Order
    from tidegate.domain.alertrule import AlertRule
    from tidegate.domain.policy import InstancePolicy
    from tidegate.domain.when import WallSpan

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BROKEN = (Outcome.REFUSED, Outcome.ROLLED_BACK, Outcome.ORDER_CANCELLED, Outcome.ABANDONED, Outcome.SETTLED_ELSEWHERE)
MOVED = (Outcome.RESIZED, Outcome.RESIZED_ELSEWHERE, Outcome.SETTLED_ELSEWHERE, Outcome.ROLLED_BACK)


class Judge:
    """Judges one order at a time; it raises AssertionError, which names the promise that is broken."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def __call__(self, life: Life, order: Order) -> None:
        """Hold the order against every promise."""
        case = Case(life, order)
        for promise, is_kept in {**case.nobody_overrules(), **case.a_person_may_overrule()}.items():
            assert is_kept, f"{promise}: {order} at {life.now}; {life.policy!r}"
        self._approved(case)

    def _approved(self, case: Case) -> None:
        """A yes is to just this change at this cost, in time, and good for one operation."""
        if not case.asks():
            return
        operation = case.order.operation
        said = [name for name, used_by in self._used.items() if used_by == operation]
        if said:
            return
        latest = list(case.diary.questions)[-1] if case.diary.questions else ""
        assert latest, f"nobody was asked: {case.order}"
        question, asked_at, until = case.diary.questions[latest]
        rungs = (case.rung(case.order.before_tps), case.rung(case.order.after_tps))
        assert (question.from_rung, question.to_rung) == rungs, f"another change was asked: {question} {case.order}"
        assert question.cost == case.price(case.order.after_tps), f"another price was asked: {question}"
        answered = [at for at, name in case.diary.yes if name == latest]
        assert answered, f"nobody said yes to {question}: {case.order}"
        assert all(asked_at <= at < until for at in answered), f"yes was said out of time: {question}"
        assert case.now < until, f"the yes is over since {until}: {case.order}"
        meanwhile = {rung for at, rung in case.diary.wants if max(answered) <= at}
        is_partly = any(rule.urgent for rule in case.policy.alerts)
        assert is_partly or meanwhile <= {rungs[1]}, f"the demand changed since the yes, to {meanwhile}: {case.order}"
        assert latest not in self._used, f"the yes was used by operation {self._used[latest]}: {case.order}"
        self._used[latest] = operation


class Case:
    """One order, and what its judge can see."""

    def __init__(self, life: Life, order: Order) -> None:
        self.life, self.order, self.now, self.policy, self.diary = life, order, order.at, life.policy, life.diary
        self.tps = [int(rung.spec["MaxPrivateTps"]) for rung in self.policy.ladder]
        self.names = [rung.rung for rung in self.policy.ladder]
        self.is_up = order.after_tps > order.before_tps
        self.way = "up" if self.is_up else "down"
        self.override = self._override()

    def nobody_overrules(self) -> dict[str, bool]:
        """What holds whoever asks."""
        world, policy = self.life.world, self.policy
        place = self.tps.index(self.order.after_tps)
        low, high = (self.names.index(name) for name in (policy.lowest, policy.highest))
        return {
            "observed only": policy.mode == "act",
            "bounds": low <= place <= high,
            "not read": world.is_readable and self.order.before_tps == world.tps != self.order.after_tps,
            "unhealthy": world.is_healthy,
            "not as expected": policy.expect.billing in (None, world.billing)
            and (policy.expect.edition or "enterprise").lower() == "enterprise",
            "paused": not self._is_paused(),
            "the fleet is paused": not (world.fleet_pause and world.fleet_pause.holds(self.now)),
            "orders at once": world.at_once < 3,
            "orders an hour": world.in_hour < 12,
            "another operation is open": not self._others_open(),
            "the circuit is open": not self._is_broken(),
            "too dear": self._is_affordable(),
            "nobody wants it": self._is_wanted(place),
        }

    def a_person_may_overrule(self) -> dict[str, bool]:
        """What holds unless somebody said that it need not."""
        return {
            "cooldown": self.despite("cooldown") or self._has_rested(),
            "budget": self.despite("budget") or self._is_in_budget(),
            "window": self.despite("window") or self._is_in_window() or self._is_urgent(),
            "blackout": self.despite("window") or not self._is_blacked_out(),
            "drift": self.despite("drift") or not self._is_fought(),
            "fit": self.despite("fit") or self.is_up or self._fits(),
        }

    # What people said -------------------------------------------------------------------------------------------

    def _override(self) -> Request | None:
        standing: Request | None = None
        for _, request, refused in self.diary.requests:
            if request.verb is Verb.RELEASE or (request.verb is Verb.RESIZE and not refused):
                standing = request if request.verb is Verb.RESIZE else None
        return standing if standing and (standing.until is None or self.now < standing.until) else None

    def despite(self, guard: str) -> bool:
        """Whether a person said so, it still stands, and the instance has not been brought there since."""
        said = self.override
        if said is None or guard not in said.despite:
            return False
        aimed = {order.operation: order.after_tps for order in self.diary.orders}
        ended = [number for at, number, how in self.diary.endings if at > said.at and how in MOVED]
        return all(aimed.get(number) != self.order.after_tps for number in ended)

    def _is_paused(self) -> bool:
        until: datetime | None = None
        is_paused = False
        for at, request, refused in self.diary.requests:
            if request.verb is Verb.UNPAUSE:
                is_paused = False
            elif request.verb in (Verb.PAUSE, Verb.CANCEL) and not refused:
                is_paused, until = True, request.until or (at + HOUR if request.verb is Verb.CANCEL else None)
        return is_paused and (until is None or self.now < until)

    def _is_broken(self) -> bool:
        broken = [at for at, _, outcome in self.diary.endings if outcome in BROKEN]
        acked = [at for at, request, _ in self.diary.requests if request.verb is Verb.ACK]
        return bool(broken) and not any(at >= broken[-1] for at in acked)

    def asks(self) -> bool:
        """Whether a person must say yes."""
        policy, price = self.policy, self.price(self.order.after_tps)
        if self.way in policy.approval.when:
            return True
        if not self.is_up:
            return policy.subscription_down == "ask" and self.life.world.billing.value == "subscription"
        return bool(policy.cost.soft and price and price > policy.cost.soft)

    # Money, rest and number -------------------------------------------------------------------------------------

    def rung(self, tps: int) -> str:
        """The rung's name, or that it is none."""
        return self.names[self.tps.index(tps)] if tps in self.tps else "as found"

    def price(self, tps: int) -> float | None:
        """What it costs for an hour."""
        return self.policy.ladder[self.tps.index(tps)].hourly_price if tps in self.tps else None

    def _is_affordable(self) -> bool:
        hard, after, before = self.policy.cost.hard, self.price(self.order.after_tps), self.price(self.order.before_tps)
        if hard is None or after is None or after <= hard:
            return True
        return after <= before if before is not None else not self.is_up

    def _others_open(self) -> bool:
        ended = {number for _, number, _ in self.diary.endings}
        return any(order.operation not in {*ended, self.order.operation} for order in self.diary.orders)

    def _has_rested(self) -> bool:
        rest = self.policy.cooldown.up if self.is_up else self.policy.cooldown.down
        ends = [at for at, _, outcome in self.diary.endings if outcome in MOVED]
        return not ends or self.now - ends[-1] >= rest

    def _is_in_budget(self) -> bool:
        zone, budget = ZoneInfo(self.policy.timezone), self.policy.budget
        first = {order.operation: order for order in reversed(self.diary.orders)}
        first.pop(self.order.operation, None)
        earlier = sorted(first.values(), key=lambda order: order.at)
        ways = [(order.at, order.after_tps > order.before_tps) for order in earlier]
        turns = [at for (was_at, was_up), (at, is_up) in pairwise(ways) if was_up != is_up and at - was_at < DAY]
        today = self.now.astimezone(zone).date()
        used = sum(1 for at, is_up in ways if is_up == self.is_up and at.astimezone(zone).date() == today)
        turned = sum(1 for at in turns if at.astimezone(zone).date() == today)
        turns_now = bool(ways) and ways[-1][1] and self.now - ways[-1][0] < DAY
        if self.is_up:
            return used < budget.ups_per_day
        return used < budget.downs_per_day and not (turns_now and turned >= budget.reversals_per_day)

    def _fits(self) -> bool:
        used, headroom = self.life.world.used, self.policy.fit.headroom
        return used is not None and used * (100 + headroom) <= self.order.after_tps * 100

    # Time -------------------------------------------------------------------------------------------------------

    def _is_in_window(self) -> bool:
        windows = self.policy.resize_windows.up if self.is_up else self.policy.resize_windows.down
        return windows is None or any(is_open(window, self.policy, self.now) for window in windows)

    def _is_blacked_out(self) -> bool:
        closed = [each for each in self.policy.blackouts if self.way in [way.value for way in each.directions]]
        return any(is_open(blackout, self.policy, self.now) for blackout in closed)

    def _is_urgent(self) -> bool:
        """Whether an urgent rule rings that asks for so much, and is borne out."""
        return self.is_up and any(rule.urgent and self._asks_for_it(rule) for rule in self.policy.alerts)

    def _asks_for_it(self, rule: AlertRule) -> bool:
        """Whether a rule may ask for so much now; how far `raise` leads is not reckoned."""
        if not self._may_ring(rule) or not self._is_borne_out(rule):
            return False
        return rule.at_least is None or max(self._bounded(rule.at_least)) >= self.tps.index(self.order.after_tps)

    def _bounded(self, rung: str) -> tuple[int, ...]:
        """The place of a rung, and the least that is possible."""
        return self.names.index(rung), self.names.index(self.policy.lowest)

    def _is_borne_out(self, rule: AlertRule) -> bool:
        load = self.life.world.load[rule.confirm.metric] if rule.confirm else None
        return rule.confirm is None or (load is not None and load > rule.confirm.above)

    def _times(self, rule: AlertRule, state: AlertState) -> list[datetime]:
        return [alert.at for _, alert in self.diary.alerts if alert.rule == rule.rule and alert.state is state]

    def _may_ring(self, rule: AlertRule) -> bool:
        """Whether its demand may be open: it is not over whichever way late alerts are read."""
        firing, over = self._times(rule, AlertState.FIRING), self._times(rule, AlertState.OK)
        if not firing or self.now - max(firing) >= self.policy.forget_after:
            return False
        release = rule.release_after if rule.release_after is not None else self.policy.release_after
        ends = [at + release for at in over if at >= max(firing)]
        return rule.confirm is not None or not ends or self.now < max(ends)

    def _rings(self, rule: AlertRule) -> bool:
        """Whether its demand is open for sure."""
        firing, over = self._times(rule, AlertState.FIRING), self._times(rule, AlertState.OK)
        is_remembered = bool(firing) and self.now - max(firing) < self.policy.forget_after
        return is_remembered and rule.confirm is None and not any(at >= max(firing) for at in over)

    # Drift, and who wants what ----------------------------------------------------------------------------------

    def _is_fought(self) -> bool:
        """Whether a colleague's change is taken back that nobody has taken over."""
        if self.order.before_tps == self.diary.last_set_tps or not self.diary.console:
            return False
        changed, _ = self.diary.console[-1]
        said = [request for at, request, refused in self.diary.requests if at >= changed and not refused]
        stood = [request for at, request, refused in self.diary.requests if not refused and lasts(request, changed)]
        if any("drift" in request.despite for request in (*said, *stood)):
            return False
        rule = self.policy.on_drift
        takes_over = rule.action != "hold" or any("drift" in request.despite for _, request, _ in self.diary.requests)
        if takes_over and self.order.before_tps in [tps for _, tps in self.diary.console[:-1]]:
            # It was taken over before; that it is there again looks as if what came in between was a stale read.
            return False
        if self.now - changed < MINUTE:
            return True
        is_ours = self.order.before_tps in self.tps and self._is_within(self.tps.index(self.order.before_tps))
        if rule.action == "keep" and is_ours:
            is_over = self.now >= changed + (rule.keep_for or DAY)
            return not is_over and not any(request.verb in (Verb.RESIZE, Verb.RELEASE) for request in said)
        if rule.action == "adopt" and is_ours:
            return not self.is_up and self.override is None
        rung_out = any(at >= changed and alert.state is AlertState.FIRING for at, alert in self.diary.alerts)
        asked = any(request.verb is Verb.RESIZE for request in said)
        begun = any(begin >= changed for begin, _ in self._entries())
        return not (self.is_up and (rung_out or asked or begun))

    def _is_within(self, place: int) -> bool:
        return self.names.index(self.policy.lowest) <= place <= self.names.index(self.policy.highest)

    def _entries(self) -> Iterator[tuple[datetime, int]]:
        """The timetable's entries that are open, by when they began, with their place."""
        for entry in self.policy.timetable:
            early = self.policy.resize_takes if entry.ready_by else timedelta(0)
            for begin, end in wall_spans(entry, self.policy, self.now):
                if begin - early <= self.now < end:
                    yield begin - early, self.names.index(entry.rung)

    def _is_wanted(self, place: int) -> bool:
        """Whether somebody wants so much, and nobody more; an override rules alone."""
        low, high = (self.names.index(name) for name in (self.policy.lowest, self.policy.highest))
        if self.override:
            return True if self.diary.console else place == self.names.index(self.override.to) or self._is_urgent()
        claims = [max((place for _, place in self._entries()), default=-1), self._home()]
        if self.is_up:
            return place <= max(low, *claims) or any(map(self._asks_for_it, self.policy.alerts))
        rung = [self.names.index(rule.at_least) for rule in self.policy.alerts if rule.at_least and self._rings(rule)]
        return place >= min(max(low, *claims, *rung), high)

    def _home(self) -> int:
        """Where it returns to; the top where a console change may have become home or an override."""
        if self.policy.base != "keep":
            return self.names.index(self.policy.base)
        adopted = [request for _, request, refused in self.diary.requests if request.verb is Verb.ADOPT and not refused]
        if adopted or (self.diary.console and self.policy.on_drift.action != "hold"):
            return len(self.names) - 1 if self.is_up else -1
        return self.life.home


def lasts(request: Request, at: datetime) -> bool:
    """Whether what was asked for stood at a moment."""
    return request.at <= at and (request.until is None or at < request.until)


def is_open(span: WallSpan, policy: InstancePolicy, now: datetime) -> bool:
    """Whether a wall-clock span is open."""
    return any(begin <= now < end for begin, end in wall_spans(span, policy, now))


def wall_spans(span: WallSpan, policy: InstancePolicy, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of some days around, where no clock is changed."""
    zone = ZoneInfo(span.timezone or policy.timezone)
    today = now.astimezone(zone).date()
    for day in (today + DAY * back for back in (-2, -1, 0, 1)):
        if is_on(span, day):
            night = DAY * (span.end <= span.start)
            yield datetime.combine(day, span.start, zone), datetime.combine(day, span.end, zone) + night


def is_on(span: WallSpan, day: date) -> bool:
    """Whether it starts on a day."""
    if not (span.valid_from or day) <= day <= (span.valid_until or day):
        return False
    month_end = (day + DAY).month != day.month
    words = {WEEK[day.weekday()], day.isoformat(), f"{day:%m-%d}"}
    words |= {"workdays"} if day.weekday() < 5 else set()
    return not words.isdisjoint(span.days) or (month_end and "month-end" in span.days)
