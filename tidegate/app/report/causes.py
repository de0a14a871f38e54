"""Who or what asked for a rung: the alert rule, the timetable's entry or the person, and where the policy says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tidegate.app.report.course import Stretch, remembering
from tidegate.app.report.ended import last_end
from tidegate.app.report.pushed import pushed
from tidegate.domain.arbiter import Wanted, wanted
from tidegate.domain.facts import Decided
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.signal import AlertState
from tidegate.domain.state import Demand
from tidegate.domain.terms import Terms

FIRING = f" {AlertState.FIRING.value}"
Place = tuple[str, int]
"""A file and a line in it; empty and 0 where nobody knows."""
Places = Callable[[str, str, str], Place]
"""Where a policy, by its hash, says something: of an instance, by its name, at a key such as `alerts[0]`."""


def nowhere(_hash: str, _name: str, _key: str) -> Place:
    """Of a policy of which no file is at hand."""
    return "", 0


@dataclass(frozen=True)
class Cause:
    """Who or what. `policy` and `key` say by which policy; `file` and `line` where that is written, if known."""

    kind: str
    """`alert`, `timetable`, `person`, or `home`: nothing asked for more."""
    name: str
    """The rule, the entry, or who; of `home` what had wanted more until then: also the policy before a push."""
    why: str
    policy: str = ""
    key: str = ""
    """Empty of a person, who is in no policy."""
    file: str = ""
    line: int = 0
    alert: str = ""
    """Of an alert: the ringing that opened its demand, in a phrase: `alert tps-high firing (97)`. Empty if too old."""
    alert_key: str = ""
    """By which `tidegate explain` finds what it was answered."""
    alert_at: datetime | None = None
    """When it rang, as its sender says."""


def cause_of(stretches: Sequence[Stretch], stretch: Stretch, to_rung: str) -> Cause:
    """What asked for a rung when a stretch began, by the state that was recorded then."""
    terms, state, at = stretch.terms, stretch.state, stretch.record.at
    want = wanted(terms, replace(state, operation=None), at, None, state.rung)
    if want is None:
        return Cause("home", "", "")
    if want.override is not None:
        said = f": {want.override.reason}" if want.override.reason else ""
        return Cause("person", want.override.by, f"{want.why}{said}")
    if rule := _rule(terms, want, to_rung):
        cause = Cause("alert", rule, rule, key=_key_of_rule(terms.policy, rule))
        return _with_alert(cause, stretches, next(demand for demand in want.demands if demand.rule == rule))
    if want.timetable is not None and want.why == want.timetable.why:
        return Cause("timetable", want.timetable.name, want.why, key=_key_of_entry(terms.policy, want))
    return Cause("home", _over(stretches, stretch, to_rung), want.why, key="base")


def _over(stretches: Sequence[Stretch], stretch: Stretch, to_rung: str) -> str:
    """What had wanted more until lately, and is over: by itself, or by a push. Empty where nobody knows."""
    if to_rung not in stretch.terms.ladder:
        return ""
    by_itself = last_end(stretch.terms, remembering(stretches, stretch), to_rung, stretch.record.at)
    ends = [end for end in (by_itself, pushed(stretches, stretch, to_rung)) if end is not None]
    return max(ends)[1] if ends else ""


def placed(cause: Cause, policy: str, name: str, places: Places) -> Cause:
    """A cause with the policy it is of, and the line that says so."""
    file, line = places(policy, name, cause.key) if cause.key else ("", 0)
    return replace(cause, policy=policy, key=f"instances.{name}.{cause.key}" if cause.key else "", file=file, line=line)


def _rule(terms: Terms, want: Wanted, to_rung: str) -> str:
    """The rule that won, or the urgent one for whose part of the way nobody waits."""
    if to_rung != want.rung and to_rung in terms.ladder:
        for demand in want.demands:
            if terms.rules[demand.rule].urgent and demand.rung in (to_rung, want.clamped_from):
                return demand.rule
    return want.why if want.why in {demand.rule for demand in want.demands} else ""


def _with_alert(cause: Cause, stretches: Sequence[Stretch], demand: Demand) -> Cause:
    """The cause with the ringing by which its demand was opened: the first record that has the demand answered it."""
    for stretch in stretches:
        if not any((one.rule, one.opened_at) == (demand.rule, demand.opened_at) for one in stretch.state.demands):
            continue
        answers = stretch.fact.answers if isinstance(stretch.fact, Decided) else ()
        ringing = [each for each in answers if each.what.startswith("alert ") and FIRING in each.what]
        mine = [each for each in ringing if each.what.startswith(f"alert {demand.rule} ")] or ringing[:1]
        what, key = (mine[0].what, mine[0].key) if mine else ("", "")
        return replace(cause, alert=what, alert_key=key, alert_at=demand.opened_at)
    return replace(cause, alert_at=demand.opened_at)


def _key_of_rule(policy: InstancePolicy, rule: str) -> str:
    index = next((place for place, each in enumerate(policy.alerts) if each.identity == rule), None)
    return "" if index is None else f"alerts[{index}]"


def _key_of_entry(policy: InstancePolicy, want: Wanted) -> str:
    wish = want.timetable
    for place, entry in enumerate(policy.timetable):
        if wish is not None and (entry.name or "timetable", entry.rung) == (wish.name, wish.rung):
            return f"timetable[{place}]"
    return "timetable"
