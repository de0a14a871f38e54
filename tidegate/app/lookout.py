"""Looking at the world for one decision: each thing at most once, and only what the decision depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tidegate.aliyun.errors import Missing, VendorError
from tidegate.app.logs import log
from tidegate.app.page import Page
from tidegate.domain.decide import case_of, decide
from tidegate.domain.limits import FleetLimits
from tidegate.domain.measures import Measure
from tidegate.domain.observed import NOTHING, FleetUse, Observed
from tidegate.domain.reading import Billing, Health, Reading
from tidegate.domain.state import State
from tidegate.domain.verdict import Decision, Hold


@dataclass
class Lookout:
    """What was seen of one instance so far. Nothing is read before it is asked for."""

    page: Page
    now: datetime
    placing: int = 0
    """The operation whose order is about to be placed, 0 where none is."""
    limits: FleetLimits | None = None
    """The fleet's limits, where they are not those of the policy in force."""
    known: Reading | None = None
    has_read: bool = False
    measures: dict[str, Measure] = field(default_factory=dict)
    seen: Observed = NOTHING
    """What the last decision was made on."""
    _fleet: FleetUse | None = None

    def reading(self, *, as_is: bool = False) -> Reading | None:
        """Read the instance, once. `as_is`: also where less is said of it than before."""
        if not self.has_read:
            self.known, self.has_read = read_instance(self.page, as_is=as_is), True
        return self.known

    def measure(self, rules: Iterable[str]) -> Mapping[str, Measure]:
        """Read the metrics of these rules, each once."""
        policy = self.page.policy
        for rule in rules:
            known = self.page.terms.rules.get(rule)
            if rule not in self.measures and known is not None and known.confirm is not None:
                product = self.page.around.product(policy)
                self.measures[rule] = measured = product.measure(policy.instance_id, known.confirm)
                log("measured", instance=policy.name, rule=rule, **vars(measured))
        return self.measures

    def fleet(self) -> FleetUse:
        """Read how much of the fleet's limits the others use, once."""
        if self._fleet is None:
            around = self.page.around
            limits = self.limits or around.limits(self.page.policy_hash)
            self._fleet = around.fleet.known().use(limits, self.page.key, self.now, but=self.placing)
        return self._fleet

    def observed(self) -> Observed:
        """Everything seen so far; the fleet with it, where there is an instance to decide on."""
        fleet = self.fleet() if self.known is not None else None
        return Observed(self.known, self.measures, None, fleet, self.placing)

    def decide(self, state: State) -> Decision:
        """Decide on what was seen. What is in use is only looked at where a downgrade hangs on it."""
        terms, observed = self.page.terms, self.observed()
        self.seen = observed
        decision = decide(terms, state, observed, self.now)
        if not _hangs_on_usage(decision) or observed.reading is None:
            return decision
        case = case_of(terms, state, observed, self.now)
        if isinstance(case, Hold):
            return case
        policy, spec = self.page.policy, {**observed.reading.spec, **case.end.spec}
        usage = self.page.around.product(policy).usage(policy.instance_id, spec, policy.fit.peak_over)
        log("in-use", instance=policy.name, rung=case.end.name, uses=usage.says(), trouble=usage.trouble)
        self.seen = replace(observed, usage=usage)
        return decide(terms, state, self.seen, self.now)


def _hangs_on_usage(decision: Decision) -> bool:
    """Whether only what is in use stands in the way of a downgrade, or would, were the instance not just observed."""
    if not isinstance(decision, Hold):
        return False
    return "fit-unread" in (decision.code, decision.would.code if decision.would else "")


def read_instance(page: Page, *, as_is: bool = False) -> Reading | None:
    """Read the instance, or None where the vendor does not answer now; an instance that is gone is a reading.

    An answer that says nothing of a field that was known before is none either, unless it is to be taken as it is: a
    field that is not read is not sent, so the vendor's default would take its place (DESIGN 5, "what is sent").
    """
    product = page.around.product(page.policy)
    try:
        reading = product.read(page.policy.instance_id)
    except Missing as error:
        log("missing", instance=page.policy.name, code=error.code, message=error.message)
        return Reading(page.around.now(), {}, error.code, Health.GONE, Billing.PAY_AS_YOU_GO)
    except VendorError as error:
        log("unread", instance=page.policy.name, code=error.code, message=error.message, request=error.request_id)
        return None
    lacks = [] if as_is or reading.health is Health.GONE else _lacking(page.state, reading)
    if lacks:
        told = f"it does not say {', '.join(lacks)}, which it said before"
        log("unread", instance=page.policy.name, code="Incomplete", message=told, request="")
        return None
    return reading


def _lacking(state: State, reading: Reading) -> list[str]:
    """Give what was known of the instance and is not said any more."""
    operation = state.operation
    known = state.last_set if operation is None else {**operation.from_spec, **operation.to_spec}
    lacks = [field for field in reading.unsaid if field in known]
    return [*lacks, "edition"] if operation is not None and operation.edition and not reading.edition else lacks
