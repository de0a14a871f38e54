"""Facts, states and signals as JSON and back. What the ledger holds is what these adapters write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from tidegate.domain.facts import Fact
from tidegate.domain.fleet import FleetState
from tidegate.domain.signal import Alert, Noise, Request, Signal
from tidegate.domain.state import State
from tidegate.ledger.record import Corrupt, Record
from tidegate.ledger.sequence import NEWEST_FIRST

T = TypeVar("T")
STATES_KEPT = 64
_STATES: dict[int, tuple[Record, Any]] = {}
FACT = Annotated[Fact, Field(discriminator="kind")]
"""Named once: every new `Field` would make another adapter."""
SIGNALS: Mapping[str, type[Signal]] = {"alert": Alert, "request": Request, "noise": Noise}


@cache
def _built(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Adapters are dear to build and are built when first needed."""
    return _built(kind)


def write(kind: type[Any], value: object) -> dict[str, Any]:
    """Write a value as JSON; fields at their defaults are left out to keep records small."""
    written: dict[str, Any] = _adapter(kind).dump_python(value, mode="json", exclude_defaults=True)
    return written


def read(kind: type[T], written: Any) -> T:
    """Read a value back. Raises Corrupt where it is not one."""
    value: T = _read(kind, written, getattr(kind, "__name__", "value"))
    return value


def write_fact(fact: Fact) -> dict[str, Any]:
    """Write a fact, with its kind."""
    return {**write(type(fact), fact), "kind": fact.kind}


def read_fact(written: Any) -> Fact:
    """Read a fact back. Raises Corrupt where it is not one."""
    fact: Fact = _read(FACT, written, "fact")
    return fact


def write_state(state: State) -> dict[str, Any]:
    """Write a state."""
    return write(State, state)


def read_state(written: Any) -> State:
    """Read a state back; nothing written is the state of an instance never seen. Raises Corrupt where it is none."""
    state: State = _read(State, written, "state")
    return state


def state_in(record: Record) -> State:
    """The state in a record of an instance. Raises Corrupt where it is none.

    Remembered for the last few records: the ledger gives the same object for the same record, see `known_record`.
    """
    state: State = _remembered(record, State, "state")
    return state


def fleet_in(record: Record) -> FleetState:
    """The state in a record of the fleet, remembered likewise. Raises Corrupt where it is none."""
    state: FleetState = _remembered(record, FleetState, "FleetState")
    return state


def _remembered(record: Record, kind: type[Any], what: str) -> Any:
    known = _STATES.get(id(record))
    if known is None or known[0] is not record:
        if len(_STATES) >= STATES_KEPT:
            _STATES.clear()
        try:
            known = _STATES[id(record)] = (record, _read(kind, record.state, what))
        except Corrupt as error:
            where = "of the fleet" if kind is FleetState else f"({NEWEST_FIRST - record.seq:012d}.json)"
            raise Corrupt(f"record {record.seq} {where}: {error}") from error
    return known[1]


def _read(kind: Any, written: Any, what: str) -> Any:
    try:
        return _adapter(kind).validate_python(written)
    except (ValidationError, RecursionError, OverflowError) as error:
        raise Corrupt(f"what is written is no {what}: {' '.join(str(error).split())[:300]}") from error


def write_signal(signal: Signal) -> dict[str, Any]:
    """Write a signal, with its identity as `id` and what it is."""
    kind = next(kind for kind, cls in SIGNALS.items() if isinstance(signal, cls))
    return {**write(type(signal), signal), "id": signal.key, "is": kind}


def read_signals(waiting: Iterable[Mapping[str, Any]]) -> tuple[list[Signal], list[str]]:
    """Read what waits in an inbox; the second list names what nobody here can read, such as a later version's."""
    read = [(str(item["id"]), _signal_or_none(item)) for item in waiting]
    return [signal for _, signal in read if signal], [key for key, signal in read if signal is None]


def _signal_or_none(item: Mapping[str, Any]) -> Signal | None:
    try:
        return read_signal(dict(item))
    except (ValidationError, RecursionError, OverflowError):
        return None


def read_signal(written: dict[str, Any]) -> Signal:
    """Read a signal back."""
    kind = SIGNALS.get(str(written.get("is")), Request)
    fields = {key: value for key, value in written.items() if key not in ("id", "is")}
    signal: Signal = _adapter(kind).validate_python(fields)
    return signal
