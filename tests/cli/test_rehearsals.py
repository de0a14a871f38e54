"""What a dry run, a wait that is in vain, and a pause of the fleet tell of what stands; and a tick that is dead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidegate.app.tick import tick

if TYPE_CHECKING:
    from tests.cli.conftest import Office
    from tests.cli.shop import Shop
    from tests.said import Said

NAME = "orders-mq"
LADDER = [
    {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "hourly_price": 1.9},
    {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "hourly_price": 4.2},
]
CHANGE = "UP small -> large   MaxPrivateTps 3000 -> 8000, QueueCapacity 200 -> 1000; 1.9 -> 4.2 an hour"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\+08:00")
ME = re.compile(r"li \([^)]*\)")


def plain(text: str) -> list[str]:
    """Lines, their times and the login blotted out."""
    return ME.sub("LI", TIME.sub("TIME", text)).splitlines()


def resize(shop: Shop, *more: str) -> Said:
    """Li asks for large."""
    return shop.run("resize", NAME, "--to", "large", "--for", "2h", "--as", "li", *more)


def test_a_dry_run_says_from_where_to_where_field_by_field_and_at_what_price(shop: Shop) -> None:
    shop.rules(ladder=LADDER)
    assert plain(resize(shop, "--dry-run").out) == [
        "orders-mq  resize: large wanted by override by LI until TIME",
        "override large until TIME",
        CHANGE,
        "dry run: nothing was written",
    ]
    told = resize(shop, "--dry-run", "--json").json
    assert (told["rung"], told["wanted"], told["hourly_price_before"], told["hourly_price_after"]) == (
        "small",
        "large",
        1.9,
        4.2,
    )


def test_a_dry_run_that_is_held_says_what_would_stand_and_order_later(shop: Shop) -> None:
    shop.rules(ladder=LADDER)
    shop.run("pause", NAME, "--as", "li")
    assert plain(resize(shop, "--dry-run").out) == [
        "orders-mq  held: paused by LI, until `tidegate unpause orders-mq`",
        "override large until TIME",
        "held as it is, the override would stand; to take it back: `tidegate release orders-mq`",
        f"once nothing holds it: {CHANGE}",
        "dry run: nothing was written",
    ]


def test_who_waits_in_vain_is_told_that_the_override_stands_and_how_to_take_it_back(shop: Shop) -> None:
    shop.run("pause", NAME, "--as", "li")
    said = resize(shop, "--wait")
    why = "orders-mq is held, so there is nothing to wait for: paused by LI, until `tidegate unpause orders-mq`"
    stands = "the override large stands until TIME, and orders once nothing holds it"
    assert said.code == 1
    assert plain(said.err) == [f"tidegate: {why}; {stands}; to take it back: `tidegate release orders-mq`"]
    assert shop.run("release", NAME).code == 0


def test_an_override_without_an_end_is_told_as_one_to_who_waits_in_vain(shop: Shop) -> None:
    shop.run("pause", NAME)
    said = shop.run("resize", NAME, "--to", "large", "--until-released", "--wait", "--json")
    assert (said.code, said.json["decision"], said.json["receipt"]) == (1, "hold", None)
    assert shop.run("explain", said.json["key"]).code == 0
    assert "; the override large stands until it is released, and orders once nothing holds it; " in said.err


def test_the_fleets_pause_is_told_in_the_zone_in_which_status_tells_it(shop: Shop) -> None:
    said = shop.run("pause", "--fleet", "--for", "2h", "--as", "li", "--dry-run")
    assert plain(said.out) == ["fleet  the fleet would be paused by LI until TIME", "dry run: nothing was written"]
    paused = shop.run("pause", "--fleet", "--for", "2h", "--as", "li")
    assert plain(paused.out) == ["fleet  the fleet is paused by LI until TIME"]
    ends = re.search(r" (\d\d:\d\d)\+08:00$", paused.out.strip())
    assert ends is not None
    assert re.search(rf"FLEET PAUSED by li .* until (\w+ )?{ends[1]}\+08:00", shop.run("status").out)


def test_a_tick_that_is_dead_is_marked_in_the_head_and_said_to_programs(office: Office) -> None:
    office.push()
    assert office.run("status", "--json").json["tick_dead"] is False
    tick(office.around, lambda: True)
    office.server.advance(9 * 60)
    assert "   last tick 9m ago   " in office.run("status").out
    office.server.advance(28 * 24 * 3600)
    assert "   ! last tick 28d9m ago   " in office.run("status").out
    told = office.run("status", "--json").json
    assert (told["tick_dead"], told["needs_you"]) == (True, 0)
