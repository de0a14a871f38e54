"""The three ways to stop Tidegate that docs/stop.md describes, each tried on a whole cloud and undone again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import yaml

from localcloud.fc.function import Ref
from localcloud.project.up import ROOT, command_environment
from tidegate.app.steps.which import NO_TRY
from tidegate.cli import main

PAGE = ROOT / "docs" / "stop.md"
COMMAND = re.compile(r"^\$ (tidegate .*)$", re.MULTILINE)
DETACH = re.compile(r"DetachPolicyFromRole --PolicyType Custom --PolicyName (\S+) --RoleName (\S+)")
NAMES = ("before-the-pause", "in-the-pause", "without-a-timer", "without-submit", "before-the-role", "without-the-role")
LATE = timedelta(minutes=2)
"""A tick that had begun may still end."""

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def place(opens_for_all: Callable[..., Any]) -> Any:
    """A cloud whose changes take long enough to stop something meanwhile; every test has instances of its own."""
    return opens_for_all(*NAMES, behaviour={"apply_takes": "3m", "order_visible_after": "10s"})


@pytest.fixture
def run(place: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a command as a person does, and give what it prints."""
    for name, value in command_environment(place.address).items():
        monkeypatch.setenv(name, value)

    def once(line: str) -> str:
        capsys.readouterr()
        assert main(shlex.split(line)[1:]) == 0
        return capsys.readouterr().out

    return once


def test_a_paused_fleet_orders_nothing_and_what_is_under_way_is_followed(
    place: Any, run: Callable[[str], str], waits: Callable[..., Any]
) -> None:
    pause, status, unpause = COMMAND.findall(PAGE.read_text("utf-8"))[:3]
    place.ring("before-the-pause")
    waits("the order", lambda: place.orders("before-the-pause"))
    assert "paused" in run(pause)
    try:
        # A door that has too little time keeps the alert, and the next tick decides.
        assert place.ring("in-the-pause")["answer"] in ("hold", "kept")
        waits("the hold", lambda: "the fleet is paused" in str(place.state("in-the-pause").stance))
        assert "paused" in run(status)
        assert place.settled("before-the-pause").outcome.value == "resized"
        assert place.orders("in-the-pause") == []
    finally:
        run(unpause)
    assert place.settled("in-the-pause").outcome.value == "resized"


def test_without_the_timer_alerts_still_order_and_orders_are_still_followed(place: Any) -> None:
    with timer(place, enable=False):
        stopped_at = place.around.now()
        place.ring("without-a-timer")
        assert place.settled("without-a-timer").outcome.value == "resized"
        last = place.around.fleet.state().last_tick
        assert last is None or last < stopped_at + LATE


@contextmanager
def timer(place: Any, *, enable: bool) -> Iterator[None]:
    """The tick's timer, enabled or not."""
    ref, name = Ref("tidegate-on-schedule"), "tick"
    config = dict(place.cloud.run(lambda: place.host.registry.trigger(ref, name))["config"])
    for one in ({**config, "enable": enable}, config):
        place.cloud.run(partial(place.host.registry.update_trigger, ref, name, {"config": one}))
        place.cloud.run(place.whole.fc.timers.reconsider)
        if one is not config:
            yield


def test_a_submit_that_cannot_run_orders_nothing_and_its_operation_is_refused(place: Any) -> None:
    place.fault("fc.Invoke", "throttle", instance="tidegate-submit", times=None)
    try:
        place.ring("without-submit")
        settled = place.settled("without-submit")
    finally:
        place.cloud.run(place.cloud.cloud.faults.clear)
    assert (settled.outcome.value, place.orders("without-submit")) == ("refused", [])
    assert settled.why == f"it could not be submitted: {NO_TRY}"


def test_a_submit_role_without_its_permission_is_refused_by_the_vendor_and_what_stands_is_followed(
    place: Any, waits: Callable[..., Any]
) -> None:
    place.ring("before-the-role")
    waits("the order", lambda: place.orders("before-the-role"))
    ((policy, role),) = DETACH.findall(PAGE.read_text("utf-8"))
    with detached(place, policy, role):
        place.ring("without-the-role")
        settled = place.settled("without-the-role")
        assert (settled.outcome.value, place.orders("without-the-role")) == ("refused", [])
        assert "grant the missing permission" in settled.why
        assert place.state("without-the-role").circuit is not None
        assert place.settled("before-the-role").outcome.value == "resized"


@contextmanager
def detached(place: Any, policy: str, name: str) -> Iterator[None]:
    """A role of the template without one of its policies."""
    template = yaml.safe_load((ROOT / "template.yml").read_text("utf-8").replace("${Prefix}", "tidegate"))
    roles = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "ALIYUN::RAM::Role"]
    named = {role["RoleName"]["Fn::Sub"]: [one["PolicyName"]["Fn::Sub"] for one in role["Policies"]] for role in roles}
    identity = place.cloud.cloud.identity
    entry = place.cloud.run(lambda: identity._drawer[f"role/{name}"])
    known, trust = entry["policies"], entry["trust"]
    left = [document for each, document in zip(named[name], known, strict=True) if each != policy]
    assert len(left) == len(known) - 1, "the page names a policy that the template has"
    try:
        place.cloud.run(partial(identity.create_role, name, left, trust))
        yield
    finally:
        place.cloud.run(partial(identity.create_role, name, known, trust))
