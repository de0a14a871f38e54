"""Ladders against what the vendor sells: the tables of facts D.1 and D.2 warn, and refuse nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tidegate.policyfile import Policy
from tidegate.policyfile.warnings import warnings_of
from tidegate.products.sold import EDITIONS, EIP_TPS, Figures

Parse = Callable[[str], Policy]
Warned = Callable[..., list[str]]


@pytest.fixture
def warned(parse: Parse) -> Warned:
    """The warnings about a RabbitMQ instance of this edition with these rungs: `path: why; what to do`."""

    def lines(*rungs: str, edition: str = "") -> list[str]:
        ladder = ", ".join(f"{{rung: r{n}, {rung}}}" for n, rung in enumerate(rungs))
        expect = f"expect: {{edition: {edition}}}, " if edition else ""
        keys = f"product: rabbitmq, region: r, instance_id: i, {expect}ladder: [{ladder}]"
        text = f"version: 1\ninstances: {{mq: {{{keys}}}}}"
        found = warnings_of(parse(text), date(2026, 3, 2))
        return [str(each).partition("instances.mq.")[2] for each in found]

    return lines


ENTERPRISE = "MaxPrivateTps: {}, QueueCapacity: {}, MaxConnections: {}"


@pytest.mark.parametrize("edition", ["enterprise", "Enterprise", ""])
def test_what_is_sold_is_not_warned_of(warned: Warned, edition: str) -> None:
    rungs = (ENTERPRISE.format(3000, 200, 2000), ENTERPRISE.format(8000, 1000, 5000))
    assert warned(*rungs, edition=edition) == []


@pytest.mark.parametrize(
    ("rung", "told"),
    [
        (
            "MaxPrivateTps: 3100",
            "ladder[0].MaxPrivateTps: 3100 is not sold: MaxPrivateTps is 3000 or 4000 near it; write",
        ),
        (
            "MaxPrivateTps: 500",
            "ladder[0].MaxPrivateTps: 500 is not sold: MaxPrivateTps is 1000 near it; write one of ",
        ),
        ("MaxPrivateTps: 2000000", "ladder[0].MaxPrivateTps: 2000000 is not sold: MaxPrivateTps is 1000000 near it; "),
        (
            "MaxEipTps: 130",
            "ladder[0].MaxEipTps: 130 is not sold: MaxEipTps is 128 to 44,928 in steps of 128; write one ",
        ),
        ("MaxEipTps: 45056", "ladder[0].MaxEipTps: 45056 is not sold: "),
        ("TracingStorageTime: 5", "ladder[0].TracingStorageTime: 5 is not sold: TracingStorageTime is 3, 7, 15 days; "),
        (
            "QueueCapacity: 7001",
            "ladder[0].QueueCapacity: 7001 is not sold: QueueCapacity is 50 to 1,000 in steps of 5 (professional), ",
        ),
        (
            "MaxConnections: 20000",
            "ladder[0].MaxConnections: 20000 is not sold: MaxConnections is 1,000 to 5,000 (prof",
        ),
        (
            "StorageSize: 200",
            "ladder[0].StorageSize: 200 is not sold: StorageSize is 700 to 2,800 in steps of 100 (vip)",
        ),
    ],
)
def test_a_figure_that_is_not_sold_is_warned_of(warned: Warned, rung: str, told: str) -> None:
    (line,) = warned(rung)
    assert line.startswith(told)
    assert line.endswith("the vendor would refuse it, or round it and sell more")


@pytest.mark.parametrize(
    ("edition", "rungs", "told"),
    [
        (
            "",
            ["QueueCapacity: 6000, MaxConnections: 10000", "QueueCapacity: 10000, MaxConnections: 50000"],
            "ladder[1]: `r1` has figures of vip, and the rung below it those of enterprise; an edition is ",
        ),
        (
            "enterprise",
            ["QueueCapacity: 10000"],
            "ladder[0]: `r0` has figures of vip, and the instance is expected to be enterprise; QueueCapacity is 200 ",
        ),
        (
            "enterprise",
            ["StorageSize: 700"],
            "ladder[0]: `r0` has figures of vip, and the instance is expected to be enterprise; StorageSize is not ",
        ),
        (
            "",
            ["QueueCapacity: 10000, MaxConnections: 2000"],
            "ladder[0]: the figures of `r0` go together in no edition: QueueCapacity is vip's, MaxConnections is ",
        ),
        (
            "",
            ["Edition: shared, ProvisionedCapacity: 2000", "Edition: dedicated, ProvisionedCapacity: 20000"],
            "ladder[1].Edition: `r1` is of another Edition than the rung below it; an edition is changed ",
        ),
        (
            "",
            ["ProvisionedCapacity: 2000, MaxPrivateTps: 3000"],
            "ladder[0]: ProvisionedCapacity is of serverless instances alone, MaxPrivateTps of the others; ",
        ),
    ],
)
def test_figures_of_several_editions_are_warned_of(warned: Warned, edition: str, rungs: list[str], told: str) -> None:
    (line,) = warned(*rungs, edition=edition)
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("queues", "connections", "right"), [(50, 2000, 1000), (400, 1000, 1600), (400, 1601, 1600), (1000, 4000, 4000)]
)
def test_connections_of_a_professional_instance_go_with_its_queues(
    warned: Warned, queues: int, connections: int, right: int
) -> None:
    """Four for each queue, from 1,000 to 5,000."""
    found = warned(f"QueueCapacity: {queues}, MaxConnections: {connections}", edition="professional")
    told = f"{connections} connections do not go with {queues} queues: a professional instance has {right} then; write"
    assert [line.startswith(f"ladder[0].MaxConnections: {told} {right}, or other queues") for line in found] == (
        [] if connections == right else [True]
    )


def test_an_edition_that_no_instance_reports_is_warned_of(warned: Warned) -> None:
    why = "expect.edition: no instance reports the edition `platinum`, so it would always be held"
    assert warned("MaxPrivateTps: 3000", edition="platinum") == [f"{why}; write `vip`, which is platinum's name there"]
    (line,) = warned("MaxPrivateTps: 3000", edition="huge")
    assert line.endswith("write one of professional, enterprise, vip, serverless")


def test_a_statistic_that_no_metric_has_is_warned_of(parse: Parse) -> None:
    confirm = "{metric: InstanceConnections, above: 1, statistic: Sum}"
    ladder = "[{rung: a, MaxConnections: 2000}, {rung: b, MaxConnections: 3000}]"
    keys = f"product: rabbitmq, region: r, instance_id: i, ladder: {ladder}"
    text = f"version: 1\ninstances: {{mq: {{{keys}, alerts: [{{rule: x, raise: 1, confirm: {confirm}}}]}}}}"
    (warning,) = warnings_of(parse(text), date(2026, 3, 2))
    assert (warning.path, warning.advice) == ("instances.mq.alerts[0].confirm.statistic", "write another one")


def test_a_spec_of_a_gateway_that_is_on_no_list_is_warned_of(parse: Parse) -> None:
    text = "version: 1\ninstances: {e: {product: apigateway, region: r, instance_id: i, ladder: [api.s1.smal, x]}}"
    found = [str(each).partition("instances.e.")[2] for each in warnings_of(parse(text), date(2026, 3, 2))]
    advice = "check its spelling; a spec of your account alone may stay"
    assert found[0] == (
        f"ladder[0]: `api.s1.smal` is not on the vendor's list of specs; did you mean `api.s1.small`?; {advice}"
    )
    assert found[1].startswith("ladder[1]: `x` is not on the vendor's list of specs; there is api.s1.medium, ")


def test_figures_begin_at_the_least_and_go_up_in_steps() -> None:
    figures = Figures(50, 60, 5)
    assert [figure for figure in range(45, 70) if figure in figures] == [50, 55, 60]


def test_the_editions_of_the_table_do_not_overlap_in_queues_but_for_the_small_ones() -> None:
    """What tells the editions apart by a ladder's figures."""
    enterprise, vip = EDITIONS["enterprise"]["QueueCapacity"], EDITIONS["vip"]["QueueCapacity"]
    assert enterprise.most < vip.least
    assert EIP_TPS.most % EIP_TPS.step == 0
