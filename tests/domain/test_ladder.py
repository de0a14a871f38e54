"""The ladder: where an instance stands, and the ways between rungs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.domain.ladder import Ladder, Rung
from tidegate.domain.reading import Direction

if TYPE_CHECKING:
    from tests.domain.conftest import Make

NAMES = ("a", "b", "c", "d")
LADDER = Ladder(tuple(Rung(name, {"Tps": index + 1, "Queues": 10}) for index, name in enumerate(NAMES)))


def test_an_instance_stands_on_the_rung_whose_every_field_it_has(make: Make) -> None:
    ladder = make.policy().rungs
    assert [ladder.match(make.spec(name)) for name in ladder.names] == list(ladder.rungs)


def test_fields_that_no_rung_names_do_not_matter_to_where_an_instance_stands(make: Make) -> None:
    rung = make.policy().rungs.match(make.spec("medium", SupportEip=False, Storage=7))
    assert rung is not None
    assert rung.name == "medium"


@pytest.mark.parametrize("spec", [{"MaxPrivateTps": 5000, "QueueCapacity": 200}, {"MaxPrivateTps": 5000}, {}])
def test_an_instance_between_rungs_or_with_a_field_missing_stands_on_none(make: Make, spec: dict[str, int]) -> None:
    assert make.policy().rungs.match(spec) is None


def test_a_value_of_another_type_is_another_value() -> None:
    assert LADDER.match({"Tps": "1", "Queues": 10}) is None


def test_of_several_rungs_that_fit_the_highest_is_it() -> None:
    ladder = Ladder((Rung("bare", {"Tps": 1}), Rung("more", {"Tps": 1, "Queues": 10})))
    assert ladder.match({"Tps": 1, "Queues": 10}) == ladder.rung("more")
    assert ladder.match({"Tps": 1, "Queues": 5}) == ladder.rung("bare")


def test_the_nearest_rung_differs_in_the_fewest_fields_and_is_the_smaller_one_in_a_tie(make: Make) -> None:
    ladder = make.policy().rungs
    assert ladder.nearest(make.spec("large", MaxPrivateTps=9000)).name == "large"
    assert ladder.nearest({"MaxPrivateTps": 5000, "QueueCapacity": 1000}).name == "medium"


def test_a_rung_names_the_fields_in_which_a_spec_differs_from_it(make: Make) -> None:
    rung = make.policy().rungs.rung("medium")
    assert rung.differing(make.spec("medium", QueueCapacity=401)) == ("QueueCapacity",)
    assert rung.differing({}) == ("MaxPrivateTps", "QueueCapacity")


def test_a_rung_that_does_not_exist_is_a_key_error() -> None:
    for ask in (LADDER.rung, LADDER.index):
        with pytest.raises(KeyError, match="huge"):
            ask("huge")
    assert "huge" not in LADDER
    assert "a" in LADDER


def test_steps_up_end_at_the_top() -> None:
    assert [LADDER.above("b", steps) for steps in (0, 1, 2, 3, 20)] == ["b", "c", "d", "d", "d"]


def test_the_highest_of_some_rungs_goes_by_the_ladder_and_not_by_the_alphabet(make: Make) -> None:
    assert make.policy().rungs.highest(["medium", "small"]) == "medium"


@settings(deadline=None)
@given(*[st.sampled_from(NAMES)] * 3)
def test_a_clamped_rung_lies_within_the_bounds_and_is_the_rung_itself_if_that_does(
    name: str, one: str, other: str
) -> None:
    lowest, highest = sorted((one, other))
    held = LADDER.clamp(name, lowest, highest)
    assert lowest <= held <= highest
    assert held == name or not lowest <= name <= highest


@settings(deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_the_way_back_is_the_other_direction(one: str, other: str) -> None:
    if one != other:
        assert {LADDER.direction(one, other), LADDER.direction(other, one)} == set(Direction)
        assert (LADDER.direction(one, other) is Direction.UP) == (one < other)
