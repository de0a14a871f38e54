"""What holds in every scenario, whatever it expects: one order an operation, all of it settled, all of it answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from localcloud.project.scenario.stage import Stage
from localcloud.project.scenario.told import Chronicle, records_of
from tidegate.app import codec
from tidegate.domain.fold import fold
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import State


def broken(story: Chronicle, unsettled: Collection[str]) -> Iterator[str]:
    """Every promise that was not kept. `unsettled` names instances whose operation may be open."""
    yield from _one_order_each(story)
    yield from _bounds(story)
    for name, policy in story.policies.items():
        yield from _at_rest(story.stage, policy, may_be_open=name in unsettled)
        yield from _folds(story.stage, policy)


def _one_order_each(story: Chronicle) -> Iterator[str]:
    placed: dict[tuple[str, int], list[str]] = {}
    for order in story.orders:
        if not order.operation:
            yield f"one order per operation: {order.instance} has order {order.order_id} of no operation"
        placed.setdefault((order.instance, order.operation), []).append(order.order_id)
    for (name, number), orders in placed.items():
        if number and len(orders) > 1:
            yield f"one order per operation: {name}#{number} has {len(orders)}: {', '.join(orders)}"


def _bounds(story: Chronicle) -> Iterator[str]:
    """No order may lead outside of `min` and `max`, nor off the ladder."""
    for order in story.orders:
        policy = story.policies[order.instance]
        names = policy.rungs.names
        within = names[names.index(policy.lowest) : names.index(policy.highest) + 1]
        if order.end not in within:
            yield f"never outside the policy: {order.instance} was ordered to {order.end}"


def _at_rest(stage: Stage, policy: InstancePolicy, *, may_be_open: bool) -> Iterator[str]:
    head = stage.around.ledger.head(stage.around.key(policy))
    state = codec.read_state(head.state) if head else State()
    if state.operation and not may_be_open:
        operation = state.operation
        yield f"everything settled: {policy.name}#{operation.number} is still {operation.phase.value}"
    running = stage.executions.running(policy.name)
    if running and not state.operation:
        yield f"everything settled: execution {running[0]} still runs"
    if waiting := stage.around.ledger.inbox(stage.around.key(policy)):
        yield f"everything answered: {len(waiting)} signals of {policy.name} wait in its inbox"


def _folds(stage: Stage, policy: InstancePolicy) -> Iterator[str]:
    """The newest record's state is what all records come to."""
    state = State()
    for record, fact in records_of(stage, policy):
        state = fold(state, fact, record.at)
        if codec.write_state(state) != record.state:
            yield f"the ledger agrees with itself: record {record.seq} of {policy.name} holds another state"
            return
