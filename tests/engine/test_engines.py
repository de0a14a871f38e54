"""localcloud's interpreter against one that others wrote: both come to the same, call by call (see `asl.py`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.utils import json_path

from tests.engine.engines import on_localcloud, on_moto
from tests.engine.reach import seen, wanted
from tests.engine.scripts import Answer, Script, said, script

Json = dict[str, Any]

FEW, MANY = 100, 500
ONLY_SOME = {
    "Submit is not tried again",
    *(f"{task}.Retry[{number}] counts anew" for task in ("Submit", "Look") for number in (0, 1)),
}
"""What can be seen of some tasks alone: others are tried again whatever failed, or are entered once."""


@pytest.fixture
def paths_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto keep the JSONPaths that it has read: it reads each anew, which takes 20 ms before Python 3.11."""
    for module in (json_path, result_path):
        monkeypatch.setattr(module, "parse", lru_cache(maxsize=None)(module.parse))


@pytest.mark.once
@pytest.mark.soak
@pytest.mark.usefixtures("paths_kept")
def test_both_engines_go_the_same_way_call_the_same_and_end_alike(flow: Json, soaking: bool) -> None:  # noqa: FBT001 - a fixture
    scripts = [script(flow, seed) for seed in range(MANY if soaking else FEW)]
    theirs = on_moto(flow, scripts)
    ours = [on_localcloud(flow, each) for each in scripts]
    apart = [
        f"{each.name}\nlocalcloud {mine}\nmoto       {other}"
        for each, mine, other in zip(scripts, ours, theirs, strict=True)
        if mine != other
    ]
    assert not apart, f"{len(apart)} of {len(scripts)} differ, first {apart[0]}"


def test_the_scripts_come_through_every_state_branch_rule_and_catch(flow: Json) -> None:
    found = {part for seed in range(FEW) for part in seen(flow, on_localcloud(flow, script(flow, seed)))}
    assert not (wanted(flow) | ONLY_SOME) - found


@pytest.mark.once
@pytest.mark.usefixtures("paths_kept")
def test_a_call_that_nobody_answers_times_out_on_both(flow: Json) -> None:
    late = Answer(error="FnF.TaskTimeout")
    answers = {"Submit": [late], "Look": [late, said({"next": "settle"})], "Settle": []}
    silence = Script(0, {"instance": "orders-mq", "operation": 1}, answers)
    (theirs,) = on_moto(flow, [silence], silent=True)
    ours = on_localcloud(flow, silence)
    assert [(visit.state, len(visit.calls)) for visit in ours.visits if visit.calls] == [
        ("Submit", 1),
        ("Look", 2),
        ("Settle", 1),
    ]
    assert (theirs, theirs.status) == (ours, "Succeeded")
