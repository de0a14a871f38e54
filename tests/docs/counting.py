"""What Tidegate asks of the platform, counted on a whole cloud: for docs/costs.md.

`python -m tests.docs.counting` writes the figures into the page again.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from localcloud.oss import Oss
from localcloud.oss.answers import OssError
from localcloud.oss.target import target_of
from localcloud.wire import Call, Reply
from tests.cli.shop import stop_ticks
from tests.e2e.conftest import Place, opening, until
from tidegate.domain.follow import LONGEST_WAIT
from tidegate.domain.operation import Phase

PAGE = Path(__file__).parents[2] / "docs" / "costs.md"
COUNTED = re.compile(r"(<!-- counted: ([a-z-]+) -->\n)((?:\|.*\n)+)")
STEPS = ("tidegate-submit", "tidegate-look", "tidegate-settle")
FUNCTIONS = (*STEPS, "tidegate-on-alert", "tidegate-on-schedule", "tidegate-on-request")
READS = ("GetInstance", "DescribeInstances", "QueryOrders", "GetOrderDetail")
HOUR, DAYS = 60, 30
OF_A_ROLE = "STS."
"""How the access keys begin that functions have of their roles."""
LOOKS = 12
"""In an hour of the longest wait."""
COLUMNS = (
    *("invocations", "transitions", "OSS writes", "OSS lists", "OSS reads", "OSS misses"),
    "vendor reads",
    "log lines",
)


class Answers(Protocol):
    """Something that answers calls."""

    def answer(self, call: Call) -> Reply:
        """Answer one."""


@dataclass
class Counting:
    """The bucket, with everything counted that functions ask it for; what is answered with 4xx is a miss."""

    oss: Oss
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, call: Call) -> Reply:
        """Answer as the bucket does."""
        reply = self.oss.answer(call)
        if OF_A_ROLE in call.headers.get("authorization", ""):
            self.asked[self._kind(call, reply)] += 1
        return reply

    def _kind(self, call: Call, reply: Reply) -> str:
        try:
            is_object = bool(target_of(call).key)
        except OssError:
            is_object = True
        if reply.status >= 400:
            return "OSS misses"
        if not is_object:
            return "OSS lists"
        return "OSS reads" if call.method in ("GET", "HEAD") else "OSS writes"


@dataclass
class Meter:
    """What one cloud was asked for so far."""

    place: Place
    bucket: Counting

    def now(self) -> Counter[str]:
        """Every count as it is now."""
        place = self.place
        lines = [line for name in FUNCTIONS for line in place.host.logs(name)]
        begun = sum("FC Invoke Start" in line for line in lines)
        calls = place.cloud.run(lambda: list(place.cloud.cloud.door.calls.listed("")))
        vendor = sum(call["action"] in READS for call in calls)
        return Counter(
            {
                "invocations": begun,
                "vendor reads": vendor,
                "orders": sum(call["action"] in ("UpdateInstance", "ModifyInstanceSpec") for call in calls),
                "log lines": len([line for line in lines if line.startswith("FC Invoke") or '"what"' in line]),
                **self.bucket.asked,
            }
        )

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """What was asked for in between, to be read afterwards."""
        before, during = self.now(), Counter[str]()
        yield during
        during.update(self.now())
        during.subtract(before)


def opened(stack: ExitStack, *names: str, speed: float, **behaviour: Any) -> Meter:
    """A whole cloud without a timer, with a count of what its bucket is asked for."""
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))

    class Folders:
        """As many folders as are asked for."""

        def mktemp(self, name: str) -> Path:
            return Path(tempfile.mkdtemp(prefix=name, dir=scratch))

    place = opening(stack, Folders())(*names, speed=speed, behaviour=behaviour)  # type: ignore[arg-type]
    place.cloud.run(lambda: stop_ticks(place.whole))
    bucket = Counting(place.whole.oss)
    place.cloud.run(lambda: place.cloud.cloud.attach(oss=bucket))
    return Meter(place, bucket)


def ticks(instances: int, minutes: int = HOUR) -> tuple[Counter[str], Counter[str]]:
    """The first tick of a new function instance, and an hour of quiet ticks after it, or fewer minutes."""
    with ExitStack() as stack:
        meter = opened(stack, *(f"quiet-{number}" for number in range(instances)), speed=0)
        place = meter.place
        place.tick()
        place.host_kill("tidegate-on-schedule")
        place.cloud.advance(60)
        with meter.counted() as cold:
            place.tick()
        with meter.counted() as hour:
            for _ in range(minutes):
                place.cloud.advance(60)
                place.tick()
        return cold, hour


def resize() -> tuple[Counter[str], Counter[str], Counter[str]]:
    """An alert that leads to a resize; the same alert again; one that changes nothing."""
    with ExitStack() as stack:
        meter = opened(stack, "orders-mq", speed=240, apply_takes="6m", order_visible_after="30s")
        place = meter.place
        place.tick()
        alert = place.callback()
        with meter.counted() as resized:
            place.post(alert)
            place.settled()
            (execution,) = place.executions()
            place.until_ended(execution)
        resized["transitions"] = len(place.path(execution))
        with meter.counted() as again:
            place.post(alert)
        with meter.counted() as held:
            place.ring()
        return resized, again, held


def waiting() -> Counter[str]:
    """An hour in which an order waits to be paid, and nothing else happens."""
    with ExitStack() as stack:
        meter = opened(stack, "orders-mq", speed=600, wait_for_payment=True)
        place = meter.place
        place.tick()
        place.ring()
        begun = until("its rhythm", lambda: looks(place, LONGEST_WAIT), 120)
        (execution,) = place.executions()
        entered = len(place.path(execution))
        with meter.counted() as waited:
            until("an hour of looks", lambda: looks(place, LONGEST_WAIT) >= begun + LOOKS, 120)
        waited["transitions"] = len(place.path(execution)) - entered
        return waited


def looks(place: Place, wait_s: int) -> int:
    """How often the open operation was looked at, once so long is waited between two of them; before that 0."""
    open_ = place.state().operation
    return open_.looks if open_ is not None and open_.phase is Phase.UNPAID and open_.wait_s >= wait_s else 0


def counted() -> Mapping[str, str]:
    """Every table of the page, as it is counted now."""
    cold, one = ticks(1)
    _, eleven = ticks(11)
    resized, again, held = resize()
    each = Counter({name: (eleven[name] - one[name]) / 10 for name in COLUMNS})
    hour = Counter({name: one[name] - each[name] for name in COLUMNS})
    return {
        "ticks": table(
            {
                "the first tick of a new function instance": cold,
                "an hour of ticks": hour,
                "an hour, each instance": each,
            }
        ),
        "events": table(
            {
                "an alert and the resize that it leads to": resized,
                "the same alert delivered again": again,
                "an alert that is held": held,
                "an hour in which an order waits to be paid": waiting(),
            }
        ),
        "month": table(
            {
                f"{fleet} instances": Counter({name: 24 * DAYS * (hour[name] + fleet * each[name]) for name in COLUMNS})
                for fleet in (2, 20, 200)
            }
        ),
    }


def table(rows: Mapping[str, Counter[Any]]) -> str:
    """Counts as a table of the page."""
    lines = [["", *COLUMNS], ["---", *["---:"] * len(COLUMNS)]]
    lines += [[name, *(f"{counts[column]:,.0f}" for column in COLUMNS)] for name, counts in rows.items()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def figures(page: str) -> dict[tuple[str, str, str], int]:
    """The figures of the page, by table, row and column."""
    found = {}
    for _, name, body in COUNTED.findall(page):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]
        for row in rows:
            for column, cell in zip(head[1:], row[1:], strict=True):
                found[name, row[0], column] = int(cell.replace(",", ""))
    return found


def rewritten(page: str, tables: Mapping[str, str]) -> str:
    """The page with these tables in it."""
    return COUNTED.sub(lambda found: f"{found[1]}{tables[found[2]]}", page)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8"), counted()), "utf-8")
