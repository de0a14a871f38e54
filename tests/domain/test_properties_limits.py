"""No order is ever outside of the policy, but for what people may overrule: days of one instance, judged apart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.judge import Judge
from tests.domain.life import Life
from tests.domain.strategies import policies
from tidegate.domain.policy import InstancePolicy

LIVES, STEPS = 3, 60


@settings(deadline=None, derandomize=True, max_examples=150)
@given(policy=policies(), seed=st.integers(0, 2**32 - 1))
def test_no_order_breaks_a_promise(policy: InstancePolicy, seed: int) -> None:
    for life in range(LIVES):
        Life(policy, seed + life, Judge(), place=life % len(policy.ladder)).live(STEPS)
