"""What a push has changed: that the policy before it would still want more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tidegate.app.report.course import Stretch, lately_before
from tidegate.domain.arbiter import wanted
from tidegate.domain.terms import Terms


def pushed(stretches: Sequence[Stretch], stretch: Stretch, to_rung: str) -> tuple[datetime, str] | None:
    """When the policy changed by which a rung is wanted and no more, and the policy before that in a phrase.

    None where no policy was changed lately, or where the one before would want no more than that by now.
    """
    later = stretch
    for before in lately_before(stretches, stretch):
        if before.terms.policy != later.terms.policy:
            # By what is known now: what has ended since is not the policy's doing.
            state = replace(stretch.state, operation=None)
            want = wanted(before.terms, state, stretch.record.at, None, stretch.state.rung)
            if want is not None and _is_more(want.rung, to_rung, stretch.terms, before.terms):
                return later.record.at, f"policy {before.record.policy} ({want.rung} wanted by {want.why})"
        later = before
    return None


def _is_more(rung: str, than: str, *known: Terms) -> bool:
    """Whether a rung is above another one on the first ladder that has both."""
    ladders = (terms.ladder for terms in known if rung in terms.ladder and than in terms.ladder)
    return any(ladder.index(rung) > ladder.index(than) for ladder in list(ladders)[:1])
