"""Everything the ledger holds survives being written as JSON and read back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.app import codec
from tidegate.domain import facts, signal, state
from tidegate.domain.facts import Fact
from tidegate.domain.operation import Attempt, Evidence, Operation
from tidegate.domain.signal import Signal
from tidegate.domain.state import State
from tidegate.ledger.record import Corrupt

if TYPE_CHECKING:
    from tests.domain.conftest import Make

ROUGH = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FIRST, LAST = datetime(2020, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - `timezones` adds the zone
ZONES = st.sampled_from([timezone.utc, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
WHOLE = {
    Attempt,
    Evidence,
    Operation,
    State,
    *(state.Ring, state.Ringing, state.Word, state.Pause, state.Drift, state.Approved, state.Spent),
    *(state.Demand, state.Override, state.Settled, state.Seen, state.Told, state.Circuit, state.Stance),
    *(facts.Answer, signal.Alert, signal.Request),
    *get_args(Fact),
}
"""The values whose every field is drawn, also those that have a default."""


def _any(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, small enough to draw a thousand of."""
    arguments = get_args(hint)
    if hint in WHOLE:
        return _built(hint)
    if get_origin(hint) is tuple and arguments[-1] is ...:
        return st.lists(_any(arguments[0]), max_size=2).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(_any, arguments))
    if hint is str:
        return TEXT
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is datetime:
        return st.datetimes(FIRST, LAST, timezones=ZONES)
    if "Mapping" in str(get_origin(hint)):
        return st.dictionaries(_any(arguments[0]), _any(arguments[1]), max_size=2)
    if type(None) in arguments or "Union" in str(type(hint)):
        return st.one_of(*[st.none() if part is type(None) else _any(part) for part in arguments])
    found: st.SearchStrategy[Any] = st.from_type(hint)
    return found


def _built(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    drawn = {field.name: _any(hints[field.name]) for field in fields(kind) if field.name != "kind"}
    return st.builds(kind, **drawn)


def _through_json(written: Any) -> Any:
    return json.loads(json.dumps(written, allow_nan=False))


@ROUGH
@given(st.one_of(*map(_built, get_args(Fact))))
def test_every_fact_reads_back_as_it_was_written(fact: Fact) -> None:
    read = codec.read_fact(_through_json(codec.write_fact(fact)))
    assert read == fact
    assert type(read) is type(fact)


@ROUGH
@given(st.one_of(*map(_built, get_args(Signal))))
def test_every_signal_reads_back_as_it_was_written(heard: Signal) -> None:
    written = _through_json(codec.write_signal(heard))
    assert written["id"] == heard.key
    assert codec.read_signal(written) == heard


@ROUGH
@given(_built(Operation))
def test_every_operation_reads_back_as_it_was_written(operation: Operation) -> None:
    read = codec.read(Operation, _through_json(codec.write(Operation, operation)))
    assert read == operation
    assert [type(value) for value in read.to_spec.values()] == [type(value) for value in operation.to_spec.values()]


@ROUGH
@given(_built(State))
def test_every_state_reads_back_as_it_was_written(known: State) -> None:
    assert codec.read_state(_through_json(codec.write_state(known))) == known


def test_nothing_written_is_the_state_of_an_instance_never_seen() -> None:
    assert codec.read_state({}) == State()
    assert codec.write_state(State()) == {}


def test_what_is_as_usual_is_left_out(make: Make) -> None:
    written = codec.write_state(make.state(operation=make.operation()))
    assert "circuit" not in written
    assert "outcome" not in written["operation"]
    assert "evidence" not in written["operation"]


def test_a_true_and_a_one_stay_what_they_are() -> None:
    adopted = facts.Adopted("small", {"SupportEip": True, "Nodes": 1, "Version": "1", "Flag": False, "Free": 0})
    read = codec.read_fact(_through_json(codec.write_fact(adopted)))
    assert isinstance(read, facts.Adopted)
    assert [type(value) for value in read.spec.values()] == [bool, int, str, bool, int]


@pytest.mark.parametrize(
    "written", [{}, {"kind": "guessed"}, {"kind": "claimed"}, {"kind": "closed", "operation": "x"}]
)
def test_what_is_no_fact_is_not_read(written: dict[str, Any]) -> None:
    with pytest.raises(Corrupt):
        codec.read_fact(written)
