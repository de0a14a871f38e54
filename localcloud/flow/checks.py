"""What can be wrong with a scope as a whole: names, transitions, reachability, busy loops (fact flow 13.1)."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.flow.faults import FlowError, Place
from localcloud.flow.model import Scope, State, Task, Wait


def check_scope(scope: Scope, place: Place) -> None:
    """Refuse a scope that could lose its way. Scopes inside it were checked when they were read."""
    if scope.start not in scope.states:
        raise place.at("StartAt").fault(f"there is no state {scope.start!r} in this scope")
    for state in scope.states.values():
        for field, target in state.targets():
            if target not in scope.states:
                raise FlowError(state.name, field, f"there is no state {target!r} in this scope")
    check_reachable(scope)
    check_busy_loops(scope.states)


def check_reachable(scope: Scope) -> None:
    """Refuse states that no transition leads to."""
    seen, ahead = {scope.start}, [scope.start]
    while ahead:
        fresh = {target for _, target in scope.states[ahead.pop()].targets()} - seen
        seen |= fresh
        ahead.extend(fresh)
    for name in scope.states:
        if name not in seen:
            raise FlowError(name, "Name", "no transition leads to this state")


def check_busy_loops(states: Mapping[str, State]) -> None:
    """Refuse a circle of states in which nothing is called and no time passes."""
    quick = {name: state for name, state in states.items() if not takes_time(state)}
    done: set[str] = set()
    for name in quick:
        follow(name, quick, done, [])


def follow(name: str, quick: Mapping[str, State], done: set[str], trail: list[str]) -> None:
    """Walk on from one state; raise where the walk meets itself."""
    if name in trail:
        circle = " -> ".join([*trail[trail.index(name) :], name])
        raise FlowError(name, "Next", f"a circle without a Wait or a Task: {circle}")
    if name in done or name not in quick:
        return
    for _, target in quick[name].targets():
        follow(target, quick, done, [*trail, name])
    done.add(name)


def takes_time(state: State) -> bool:
    """Tell whether a state, or one inside it, waits or calls."""
    if isinstance(state.body, (Task, Wait)):
        return True
    return any(takes_time(inner) for _, scope in state.scopes() for inner in scope.states.values())
