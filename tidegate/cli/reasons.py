"""What an explanation looks like on paper: who wants what, then every guard."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.app.report import Explanation
from tidegate.cli.looks import GOOD, NEEDS, Line, in_zone
from tidegate.cli.times import show_time
from tidegate.domain.asking import in_words
from tidegate.domain.weigh import Passage


def explanation_lines(told: Explanation) -> Iterator[Line]:
    """Claims, guards, figures, and what a person can do."""
    zone = told.timezone
    when = f" at {show_time(told.at, zone)}" if told.past else ""
    claims = "; ".join(
        f"{claim.who} {claim.rung}{f' ({claim.why})' * bool(claim.why)}" if claim.rung else f"{claim.who} none"
        for claim in told.claims
    )
    yield (f"wanted {told.wanted or 'nothing yet'}{when} = {in_zone(claims, zone) or 'nobody knows yet'}",)
    if passed := [one.guard for one in told.guards if one.passage is Passage.OK]:
        yield (("ok    ", GOOD), ", ".join(passed))
    yield _verdict(told)
    if figures := in_zone("; ".join(told.figures.says()), zone):
        yield (f"figures  {figures}",)
    yield from _for_people(told)
    left = [one.guard for one in told.guards if one.passage is Passage.NOT_REACHED]
    unreached = f"not reached: {', '.join(left)}         " if left else ""
    yield (f"{unreached}policy {told.policy or 'none'}  record {told.record}",)


def _verdict(told: Explanation) -> Line:
    reason = in_zone(told.reason, told.timezone)
    if told.decision == "resize":
        return (("RESIZE  ", GOOD), reason)
    if told.code == "as-wanted":
        return (("ok    ", GOOD), reason)
    holder = next((one.guard for one in told.guards if one.passage is Passage.HOLD), told.code)
    return (("HOLD  ", NEEDS), f"{holder}: {reason}")


def _for_people(told: Explanation) -> Iterator[Line]:
    approval = told.approval
    if approval is not None and not approval.used_by:
        until = show_time(approval.expires_at, told.timezone)
        what = f"approved by {approval.by}" if approval.at else f"`tidegate approve {told.instance} --id {approval.id}`"
        yield (f"approval {approval.id}: {in_words(approval)}, until {until}: {what}",)
    if told.to_do:
        yield (f"do    {told.to_do}",)
