"""What can happen to an instance, as records keep it.

Facts carry results, not orders to compute them: folding the same records gives the same state with any later policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tidegate.domain.operation import Attempt, Event, Evidence, Operation, Outcome, Verdict
from tidegate.domain.reading import Spec
from tidegate.domain.state import (
    Approved,
    Demand,
    Drift,
    Override,
    Pause,
    Ringing,
    Stance,
    State,
    Told,
    Topic,
    Word,
)


@dataclass(frozen=True)
class Answer:
    """What one alert or request was answered."""

    key: str
    what: str
    """The signal in a phrase: `alert rabbit-tps-high firing (97.39)`."""
    verdict: Literal["resize", "hold"]
    reason: str
    refused: bool = False
    """Whether it was turned down, and so changed nothing."""


@dataclass(frozen=True)
class Adopted:
    """First contact: what was there is taken over as it is."""

    rung: str
    spec: Spec
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True)
class Decided:
    """Signals were folded in, or something was seen, or the verdict changed. The rest is as it is afterwards."""

    stance: Stance
    demands: tuple[Demand, ...]
    override: Override | None
    answers: tuple[Answer, ...] = ()
    acked: bool = False
    rung: str = ""
    words: Mapping[Topic, Word] = field(default_factory=dict)
    pause: Pause | None = None
    approval: Approved | None = None
    drift: Drift | None = None
    home: str = ""
    found: Spec = field(default_factory=dict)
    last_set: Spec = field(default_factory=dict)
    ringing: tuple[Ringing, ...] = ()
    kind: Literal["decided"] = "decided"

    @classmethod
    def of(
        cls, state: State, stance: Stance, answers: tuple[Answer, ...] = (), rung: str = "", *, acked: bool
    ) -> Decided:
        """The fact that leads to this state."""
        return cls(
            stance,
            state.demands,
            state.override,
            answers,
            acked,
            rung,
            state.words,
            state.pause,
            state.approval,
            state.drift,
            state.home,
            state.found,
            state.last_set,
            state.ringing,
        )


@dataclass(frozen=True)
class Planned:
    """The intent of an operation, written before anything is ordered."""

    operation: Operation
    kind: Literal["planned"] = "planned"


@dataclass(frozen=True)
class Claimed:
    """The right to make one attempt. The specs are those of the read just made."""

    operation: int
    attempt: Attempt
    from_spec: Spec
    to_spec: Spec
    next_look_at: datetime
    skips_switchover: bool = False
    kind: Literal["claimed"] = "claimed"


@dataclass(frozen=True)
class Judged:
    """The verdict on an attempt."""

    operation: int
    attempt: int
    verdict: Verdict
    event: Event
    next_look_at: datetime
    order_id: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""
    kind: Literal["judged"] = "judged"


@dataclass(frozen=True)
class Looked:
    """One look at the instance and its order, and what it was taken for."""

    operation: int
    event: Event | None
    next_look_at: datetime
    evidence: Evidence
    wait_s: int
    order_id: str = ""
    sent_back: int = 0
    handed_over: bool = False
    kind: Literal["looked"] = "looked"


@dataclass(frozen=True)
class Carried:
    """An execution was chosen to carry the operation: the first one, or after a handover or a death."""

    operation: int
    execution: str
    number: int
    revivals: int
    next_look_at: datetime
    kind: Literal["carried"] = "carried"


@dataclass(frozen=True)
class Concluded:
    """The outcome is known."""

    operation: int
    outcome: Outcome
    why: str
    spec: Spec = field(default_factory=dict)
    kind: Literal["concluded"] = "concluded"


@dataclass(frozen=True)
class Closed:
    """The operation is settled and makes room for the next one."""

    operation: int
    rung: str
    opens_circuit: bool
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True)
class Telling:
    """A message is about to be sent to a channel, or was."""

    told: Told
    kind: Literal["telling"] = "telling"


Fact = Adopted | Decided | Planned | Claimed | Judged | Looked | Carried | Concluded | Closed | Telling
