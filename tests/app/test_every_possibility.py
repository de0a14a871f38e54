"""What nobody can check without an account: Tidegate must be right under every setting of every switch.

The workflow is `workflows/resize.yml` itself, with the real steps as its functions and a person who does what is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from localcloud.flow.effects import Sleep, Switches
from localcloud.flow.execution import Execution
from localcloud.flow.language import parse
from localcloud.flow.outcome import ExceptionName, Outcome, outcome_of_fc
from localcloud.world import Behaviour
from tests.sampling import alternating
from tidegate.app import steps
from tidegate.app.steps import Which
from tidegate.domain.operation import Outcome as End
from tidegate.domain.operation import Phase

Opens = Callable[..., Any]
Behaves = dict[str, Any]

WORKFLOW = Path(__file__).parents[2] / "workflows" / "resize.yml"
STEPS = {"tidegate-submit": steps.submit, "tidegate-look": steps.look, "tidegate-settle": steps.settle}
FLOW_SWITCHES = {"flow_exception_names", "flow_wait_passes_input", "schedule_input"}
MOST_EXECUTIONS = 6

EVERYWHERE: list[Behaves] = [
    *({"status_case": case} for case in ("as-documented", "upper", "lower")),
    *({"status_during_resize": word} for word in (None, "UPGRADING", "SERVING", "RUNNING")),
    *({"new_values_before_completion": early, "apply_takes": "20m"} for early in (False, True)),
    *({"order_visible_after": late} for late in ("0s", "30s", "20m", "30m")),
    *({"order_config": shown} for shown in ("full", "none")),
    *({"wait_for_payment": True, "unpaid_blocks_next": blocks} for blocks in (False, True)),
    *({"metrics": shown} for shown in ("served", "empty", "late")),
    *({"metric_statistics": shown} for shown in ("value", "all")),
    {"unpaid_ends_after": "1d"},
    {"apply_takes": "0s"},
    {"apply_takes": "7h"},
]
RABBIT: list[Behaves] = [
    *({"update_data": shape} for shape in ("object", "json-string", "curly-string", "empty")),
    *({"client_token": meaning} for meaning in ("idempotent", "ignored")),
    *({"instance_type_required": required} for required in (False, True)),
    *({"omitted_field": fate} for fate in ("kept", "reset")),
    *({"rounding": way} for way in ("none", "up")),
    *({"topic_migrating_refusals": count} for count in (0, 3, 12)),
    {"migrating_for": "30m"},
]
GATEWAY: list[Behaves] = [
    *({"gateway_token_reuse": meaning} for meaning in ("refused", "ignored", "replayed")),
    *({"switchover": waits} for waits in (False, True)),
    *({"switchover_status": word} for word in ("WAIT_SWITCH", "WaitSwitch", "SWITCHING_PENDING")),
    {"switchover_ends_after": "2h"},
]
PAY_AS_YOU_GO: list[Behaves] = [{"pay_as_you_go_orders": kept} for kept in ("none", "paid")]
END_OTHERWISE: list[Behaves] = [{"rolls_back": True}, {"order_visible_after": "never"}]


FAULTS = (None, "lost-reply")


def named(behaviour: Behaves) -> str:
    """The setting, for the name of a test."""
    return ",".join(f"{name}={value}" for name, value in behaviour.items())


def called(behaviour: Behaves, fault: str | None) -> str:
    """The same, and what goes wrong."""
    return f"{named(behaviour)} {fault or 'nothing goes wrong'}"


@pytest.mark.parametrize(("behaviour", "fault"), alternating([*EVERYWHERE, *RABBIT], FAULTS, called))
def test_rabbitmq_is_resized_by_one_order_under_every_setting(desk: Opens, behaviour: Behaves, fault: str) -> None:
    at = desk(**behaviour)
    if fault:
        at.fault("UpdateInstance", fault, nth=1 + behaviour.get("topic_migrating_refusals", 0))
    at.hear(at.alert())
    carry(at, "orders-mq")
    assert at.settled().outcome is End.RESIZED
    assert len(at.orders()) == 1


@pytest.mark.parametrize(("behaviour", "fault"), alternating([*EVERYWHERE, *GATEWAY], FAULTS, called))
def test_a_gateway_is_resized_by_one_order_under_every_setting(desk: Opens, behaviour: Behaves, fault: str) -> None:
    at = desk(**behaviour)
    if fault:
        at.fault("ModifyInstanceSpec", fault)
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    carry(at, "edge-gateway")
    assert at.settled("edge-gateway").outcome is End.RESIZED
    assert len(at.orders()) == 1


@pytest.mark.parametrize("behaviour", PAY_AS_YOU_GO, ids=named)
def test_pay_as_you_go_is_resized_by_one_call_whether_it_leaves_an_order_or_not(
    desk: Opens, behaviour: Behaves
) -> None:
    at = desk(billing="POST_PAID", **behaviour)
    at.fault("ModifyInstanceSpec", "lost-reply")
    at.hear(at.alert(rule="", rule_id="gw-qps-high"), "edge-gateway")
    carry(at, "edge-gateway")
    assert at.settled("edge-gateway").outcome is End.RESIZED
    assert len(at.calls("ModifyInstanceSpec")) == 1


@pytest.mark.parametrize(("behaviour", "fault"), alternating(END_OTHERWISE, FAULTS, called))
def test_where_it_cannot_end_well_there_is_one_order_all_the_same_and_a_named_outcome(
    desk: Opens, behaviour: Behaves, fault: str
) -> None:
    at = desk(**behaviour, new_values_before_completion=True, apply_takes="20m", status_during_resize="UPDATING")
    if fault:
        at.fault("UpdateInstance", fault)
    at.hear(at.alert())
    carry(at, "orders-mq")
    assert at.settled().outcome in (End.ROLLED_BACK, End.RESIZED_ELSEWHERE)
    assert len(at.orders()) == 1


@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("names", get_args(ExceptionName))
def test_the_workflow_gets_there_however_the_platform_names_exceptions_and_passes_data(
    desk: Opens, names: ExceptionName, *, passes: bool
) -> None:
    """Where the platform's Retry does not know the exception, Catch leads to Look, and Look paces the next try."""
    at = desk(topic_migrating_refusals=12)
    at.hear(at.alert())
    carry(at, "orders-mq", Switches(exception_name=names, pass_through=passes))
    settled = at.settled()
    assert (settled.outcome, settled.attempts) == (End.RESIZED, 13)
    assert len(at.orders()) == 1


def test_every_switch_that_bears_on_an_order_is_tried_above() -> None:
    tried = {name for setting in (*EVERYWHERE, *RABBIT, *GATEWAY, *PAY_AS_YOU_GO, *END_OTHERWISE) for name in setting}
    assert tried == set(Behaviour.model_fields) - FLOW_SWITCHES


def carry(at: Any, name: str, switches: Switches = Switches()) -> None:  # noqa: B008 - a frozen value
    """Run the workflow to its end; after a handover the tick carries the operation on in a new execution."""
    for _ in range(MOST_EXECUTIONS):
        which = at.which(name)
        execute(at, which, switches)
        if at.state(name).operation is None:
            return
        at.ended.add(which.execution)
        at.clock.advance(301)
        at.tick()
    raise AssertionError(f"{name} has not settled after {MOST_EXECUTIONS} executions")


def execute(at: Any, which: Which, switches: Switches) -> None:
    """Run one execution of the workflow."""
    text = WORKFLOW.read_text("utf-8").replace("${Prefix}", "tidegate")
    flow = parse(re.sub(r"\$\{ALIYUN::\w+}", "1", text))
    given = {"instance": which.instance, "operation": which.operation}
    execution = Execution(flow, which.execution, given, seed="", switches=switches)
    execution.start(at.clock.now())
    while execution.running:
        number, effect = next(iter(execution.wanted.items()))
        outcome = Outcome.succeeded()
        if isinstance(effect, Sleep):
            at.clock.advance((effect.until - at.clock.now()).total_seconds())
        else:
            help_out(at, which.instance)
            outcome = call(at, effect.parameters, switches.exception_name)
        execution.feed(number, outcome, at.clock.now())


def call(at: Any, parameters: Mapping[str, Any], names: ExceptionName) -> Outcome:
    """Call one function and answer as Function Compute does."""
    step = STEPS[parameters["resourceArn"].split("/")[1]]
    try:
        answer = {"next": step(at.around, Which.read(parameters["body"]))}
    except Exception as error:  # noqa: BLE001 - as the platform does
        raised = {"errorType": type(error).__name__, "errorMessage": str(error)}
        return outcome_of_fc(200, {"X-Fc-Error-Type": "UnhandledInvocationError"}, json.dumps(raised).encode(), names)
    return outcome_of_fc(200, {}, json.dumps(answer).encode())


def help_out(at: Any, name: str) -> None:
    """Pay, and press Switch, as soon as the operation waits for that."""
    cloud, operation = at.server.cloud, at.state(name).operation
    if operation and operation.phase is Phase.UNPAID:
        at.server.run(lambda: [cloud.orders.pay(order.order_id) for order in cloud.orders.orders()])
    if operation and operation.phase is Phase.SWITCHOVER:
        instance_id = at.page(name).policy.instance_id
        at.server.run(lambda: cloud.estate.press_switch(instance_id))
