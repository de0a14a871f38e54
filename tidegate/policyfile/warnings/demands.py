"""Alert rules whose demands end before the rule can say that it still rings, or that nothing can bear out."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.domain.durations import write_duration
from tidegate.policyfile.warnings.cautions import Caution, Spare


def demand_cautions(spare: Spare) -> Iterator[Caution]:
    """A demand of which nobody speaks is forgotten: it must outlast the silence of its rule (fact fc 2.3)."""
    lasts = spare.policy.forget_after
    for index, rule in enumerate(spare.policy.alerts):
        if lasts <= rule.silence:
            silence = write_duration(rule.silence)
            why = (
                f"while `{rule.identity}` rings on it says so every {silence} (its silence time),"
                f" and after {write_duration(lasts)} (`forget_after`) its demand is forgotten"
            )
            advice = "write a longer `forget_after`, or the rule's own `silence` where it is shorter"
            yield Caution(("alerts", index), why, advice)
        if spare.policy.product == "rabbitmq" and rule.confirm and rule.confirm.statistic == "Sum":
            # Of this namespace every point has one figure, or its least, mean and greatest (fact E).
            where = ("alerts", index, "confirm", "statistic")
            yield Caution(
                where, "no metric of rabbitmq has a Sum, so nothing would bear the rule out", "write another one"
            )
