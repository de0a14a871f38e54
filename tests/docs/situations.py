"""What people are told in each situation of the handbook, as it really came about on localcloud.

`python -m tests.docs.situations` writes it into the page again, where the code says it in other words by now.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from localcloud.project.scenario.deeds import Impossible
from tests.docs.story import CHAT, Story, told
from tidegate.app.report import status
from tidegate.app.report.facts import Unreadable
from tidegate.domain.held import HELD
from tidegate.domain.state import State
from tidegate.ledger.record import FLEET, Corrupt
from tidegate.ledger.sequence import NEWEST_FIRST, Sequence

PAGE = Path(__file__).parents[2] / "docs" / "handbook.md"
SHOWN = re.compile(r"(<!-- shown: ([a-z-]+) -->\n```text\n)((?:(?!```).*\n)*)(```\n)")
HELD_BY = re.compile(r"(<!-- held -->\n)((?:\|.*\n)+)")
WIDTH = 110
LARGE = {"MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000}
BY_HAND: dict[str, Any] = {"auto_pay": False}
Situation = Callable[[], str]
SITUATIONS: dict[str, Situation] = {}
"""By the name that the page gives them."""


def situation(do: Situation) -> Situation:
    """Note a situation by its name."""
    SITUATIONS[do.__name__.replace("_", "-")] = do
    return do


def last(story: Story) -> str:
    """The last message to whoever is on call."""
    return story.messages()[-1]


def colleague(story: Story, **to: int) -> None:
    """Somebody resizes orders-mq in the console."""
    story.does(console={"resize": {"instance": "orders-mq", "to": to}})


@situation
def unpaid() -> str:
    with told(edge=BY_HAND) as story:
        story.rings("edge-gateway")
        story.waits("10m")
        return last(story)


@situation
def switchover() -> str:
    with told() as story:
        story.rings("edge-gateway")
        story.waits("20m")
        return last(story)


@situation
def rolled_back() -> str:
    """The vendor of this story does not wait for a whole day."""
    with told({"switchover_ends_after": "2h"}) as story:
        story.rings("edge-gateway")
        story.waits("3h")
        return last(story)


@situation
def doubt() -> str:
    with told({"order_visible_after": "never"}) as story:
        in_doubt(story)
        return last(story)


@situation
def doubt_resized_by_hand() -> str:
    with told({"order_visible_after": "never"}) as story:
        in_doubt(story)
        colleague(story, **LARGE)
        story.waits("2h")
        return last(story)


@situation
def settled_elsewhere() -> str:
    with told({"order_visible_after": "never"}) as story:
        in_doubt(story)
        colleague(story, **{**LARGE, "MaxPrivateTps": 5000})
        story.waits("2h")
        return next(text for text in story.messages() if "settled elsewhere" in text)


def in_doubt(story: Story) -> None:
    """An order is lost on the way, and nothing shows whether it arrived."""
    story.does(fault={"call": "UpdateInstance", "do": "lost-request"})
    story.rings()
    story.waits("2h")


@situation
def migrating() -> str:
    with told({"migrating_for": "20h"}, deadlines={"apply": "1h"}) as story:
        colleague(story, QueueCapacity=300)
        story.waits("3m")
        colleague(story, QueueCapacity=200)
        story.waits("10m")
        story.rings()
        story.waits("70m")
        return last(story)


@situation
def slow() -> str:
    with told({"apply_takes": "20h"}) as story:
        story.rings()
        story.waits("150m")
        return last(story)


@situation
def drift() -> str:
    with told() as story:
        colleague(story, **LARGE)
        story.waits("3h")
        return last(story)


@situation
def off_ladder() -> str:
    with told() as story:
        colleague(story, MaxPrivateTps=4000)
        story.waits("3h")
        return last(story)


@situation
def refused() -> str:
    with told() as story:
        forbidden(story)
        return last(story)


def forbidden(story: Story) -> None:
    """The role has lost its permission when an alert rings."""
    refusal = {"status": 403, "code": "UnauthorizedOperation", "message": "No permission."}
    story.does(fault={"call": "UpdateInstance", "do": "error-before", "times": None, **refusal})
    story.rings()
    story.waits("10m")


@situation
def circuit() -> str:
    """What the next alert is answered."""
    with told() as story:
        forbidden(story)
        story.rings(state="ok")
        story.waits("45m")
        story.rings()
        return stance(story.state())


def stance(state: State) -> str:
    """The reason of the newest decision."""
    assert state.stance is not None
    return state.stance.reason


@situation
def order_cancelled() -> str:
    with told(edge=BY_HAND) as story:
        story.rings("edge-gateway")
        story.waits("10m")
        story.does(console={"cancel_order": "edge-gateway"})
        story.waits("50m")
        return last(story)


@situation
def abandoned() -> str:
    with told({"apply_takes": "20d"}, every_minute=False, remind="10d") as story:
        story.rings()
        story.waits("9d")
        return last(story)


@situation
def approval() -> str:
    with told(approval={"when": ["up"]}) as story:
        story.rings()
        story.waits("5m")
        return last(story)


@situation
def dead_tick() -> str:
    with told() as story:
        story.does(lose_ticks="2h")
        story.waits("30m")
        story.rings()
        return next(text for text in story.messages() if "tick" in text)


@situation
def dead_execution() -> str:
    with told({"apply_takes": "20h"}) as story:
        story.rings()
        story.waits("5s")
        for _ in range(20):
            with suppress(Impossible):
                story.does(kill="orders-mq")
            story.waits("60s")
        return last(story)


@situation
def silent_channel() -> str:
    """What is told on the other channel."""
    with told(edge=BY_HAND) as story:
        story.deaf.add("TIDEGATE_ONCALL_URL")
        story.rings("edge-gateway")
        story.waits("2h")
        assert story.messages() == []
        return story.messages(CHAT)[-1]


@situation
def fleet_paused() -> str:
    with told() as story:
        story.does(request={"verb": "pause", "fleet": True, "reason": "audit"})
        story.waits("25h")
        return last(story)


@situation
def newer_schema() -> str:
    """The later version is of this one's number: the code's own."""
    with told() as story:
        spoil(story, schema=99)
        assert "schema 99" in unreadable(story)
        said_of_spoilt(story, "hold")
        return last(story)


@situation
def newer_schema_answer() -> str:
    """What an alert is answered."""
    with told() as story:
        spoil(story, schema=99)
        return said_of_spoilt(story, "hold")


@situation
def unreadable_ledger() -> str:
    with told() as story:
        spoil(story)
        said_of_spoilt(story, "kept")
        assert unreadable(story) in last(story)
        return last(story)


@situation
def readable_again() -> str:
    with told() as story:
        place = spoil(story)
        story.waits("2h")
        story.stage.mortal.delete(place)
        story.waits("5m")
        return last(story)


@situation
def unreadable_fleet() -> str:
    with told() as story:
        story.waits("1m")
        spoil(story, FLEET)
        fails(story)
        return last(story)


@situation
def unreadable_policy() -> str:
    """Told to every channel that is set up: whom the policy would have told nobody knows."""
    with told() as story:
        assert story.stage.mortal.create(f"policy/current/{NEWEST_FIRST - 2:012d}.json", b"not a pointer")
        fails(story)
        return last(story)


@situation
def unreadable_several() -> str:
    with told() as story:
        for name in ("orders-mq", "edge-gateway"):
            spoil(story, story.stage.around.key(story.stage.policy_of(name)))
        story.waits("2h")
        return last(story)


def fails(story: Story) -> None:
    """No tick can be completed for a while."""
    for _ in range(20):
        with suppress(Corrupt):
            story.waits("1m")


def spoil(story: Story, key: str = "", **over: Any) -> str:
    """Somebody else writes the next record: a later version, or nobody who knows what a record is. Gives its place."""
    around = story.stage.around
    key = key or around.key(story.stage.policy_of("orders-mq"))
    head = around.ledger.head(key)
    assert head is not None
    record = {**vars(head), "seq": head.seq + 1, "at": head.at.isoformat(), **over}
    body = json.dumps(record).encode() if over else b"not a record"
    sequence = Sequence(story.stage.mortal, f"ledger/{key}/", lambda _: timedelta())
    assert sequence.create(head.seq + 1, body)
    return sequence.key(head.seq + 1)


def said_of_spoilt(story: Story, answer: str) -> str:
    """What an alert for that instance is answered, once people were told."""
    story.waits("80m")
    replied = story.rings()
    assert (replied.answer, len(story.messages()), story.orders()) == (answer, 1, [])
    return replied.reason


def unreadable(story: Story) -> str:
    """What `status` says instead of where the instance stands."""
    standing = next(one for one in status(story.stage.around).instances if one.instance == "orders-mq")
    assert isinstance(standing, Unreadable)
    return standing.trouble


def held() -> str:
    """Every reason to be held that needs a person, as the code has them."""
    rows = [["code", "press", "if nobody does"], ["---"] * 3]
    named = {"name": "NAME", "console": "the product's console"}
    rows += [[f"`{code}`", press.format(**named), otherwise] for code, (press, otherwise) in HELD.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def shown(text: str) -> str:
    """A text as the page shows it: what is new each time is named, and lines have an end."""
    text = re.sub(r"request [0-9A-F-]{36}", "request REQUEST-ID", text)
    text = re.sub(r"(?<=execution )[a-z0-9]{9}-", "EPOCH-", text)
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def rendered() -> Mapping[str, str]:
    """Every situation, as it comes about now."""
    return {name: shown(do()) for name, do in SITUATIONS.items()}


def rewritten(page: str, texts: Mapping[str, str]) -> str:
    """The page with these texts in it."""
    page = HELD_BY.sub(lambda found: f"{found[1]}{held()}", page)
    return SHOWN.sub(lambda found: f"{found[1]}{texts[found[2]]}\n{found[4]}", page)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8"), rendered()), "utf-8")
