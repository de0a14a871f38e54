"""Which month `orders` is about where none is named."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from localcloud.clock import Clock

if TYPE_CHECKING:
    from tests.cli.conftest import Office


@pytest.fixture
def clock() -> Clock:
    """Half past midnight on the first of April in Shanghai; in UTC it is March."""
    return Clock(datetime(2026, 3, 31, 16, 30, tzinfo=timezone.utc), speed=0)


def test_without_a_month_it_is_the_one_where_the_instances_are(office: Office) -> None:
    office.push()
    assert office.run("orders", "--json").json["month"] == "2026-04"


def test_where_instances_are_of_several_zones_it_is_the_month_in_utc(office: Office) -> None:
    office.rules(timezone="Europe/Berlin")
    assert office.run("orders", "--json").json["month"] == "2026-03"
