"""No order is ever outside of the policy, but for what people may overrule: days of one instance, judged apart."""

from __future__ import annotations

from hypothesis import given

from tests.domain.deeds import DEEDS
from tests.domain.judge import Judge
from tests.domain.life import Life
from tests.domain.strategies import SEEDS, policies
from tests.sampling import draws
from tidegate.domain.policy import InstancePolicy

LIVES, STEPS = 3, 60


@draws(60, derandomize=True)
@given(policy=policies(), seed=SEEDS)
def test_no_order_breaks_a_promise(policy: InstancePolicy, seed: int) -> None:
    for life in range(LIVES):
        Life(policy, seed + life, Judge(), place=life % len(policy.ladder)).live(STEPS, DEEDS)
