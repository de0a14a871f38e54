"""The three acts: an alert, a schedule, a person; and the receipts at the end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from localcloud.project.demo.narrator import Narrator
from localcloud.project.demo.receipts import Receipt, print_receipts, receipts
from localcloud.project.demo.stage import Stage, Stuck, open_stage, wait_for
from tidegate.domain.state import State

MQ, GATEWAY = "orders-mq", "edge-gateway"
MQ_ID, GATEWAY_ID = "amqp-cn-demo0001", "apigateway-cn-demo0001"


def play(*, speed: float, as_json: bool) -> int:
    """Play the whole demo and give its exit code."""
    console = Console(quiet=as_json)
    started = time.monotonic()
    try:
        with open_stage(speed) as stage:
            made = perform(stage, console)
            seconds = time.monotonic() - started
            good = verdict(made)
            if as_json:
                sys.stdout.write(
                    json.dumps({"ok": good, "seconds": round(seconds, 1), "receipts": made}, indent=2) + "\n"
                )
            else:
                print_receipts(console, made, good=good, seconds=seconds)
    except Stuck as stuck:
        sys.stderr.write(f"the demo got stuck: {stuck}\n")
        return 1
    return 0 if good else 1


def verdict(made: list[Receipt]) -> bool:
    """Whether every operation reached its rung by one order, and the instances report what is wanted now."""
    return len(made) == EXPECTED and all(one["ok"] for one in made)


FUNCTIONS = (
    "tidegate-on-alert",
    "tidegate-on-schedule",
    "tidegate-submit",
    "tidegate-look",
    "tidegate-settle",
    "tidegate/on-request",
)
WITHIN_S = 120.0
"""What takes half a minute on an idle machine may take long on a busy one."""
EXPECTED = 4
"""Operations: the alert's, the timetable's, the person's, and the return when the override ends."""


def perform(stage: Stage, console: Console, within_s: float = WITHIN_S) -> list[Receipt]:
    """Play the acts on an open stage. Whatever is waited for must happen within so many seconds."""
    narrator = Narrator(stage, console)
    show = Show(stage, narrator, within_s)
    console.print(f"[bold]Tidegate[/bold] on localcloud, {stage.address['endpoint']}; a simulated minute is a moment")
    stage.deploy_2_0()
    show.alert()
    show.schedule()
    show.person()
    return receipts(stage)


@dataclass
class Show:
    """The acts."""

    stage: Stage
    narrator: Narrator
    within_s: float

    def alert(self) -> None:
        """CloudMonitor rings; one rung up; the same callback three times more."""
        self.narrator.act(1, "Alert: CloudMonitor says that RabbitMQ is busy")
        said = self.stage.post_alert()["alerts"][0]
        self.narrator.say(f"callback posted -> {said['answer']}: {said['reason']}", "cyan")
        for _ in range(2):
            self._again()
        self._until(MQ, "the first resize", lambda state: settled(state, 1))
        self._again()

    def _again(self) -> None:
        said = self.stage.post_alert()["alerts"][0]
        self.narrator.say(f"the same callback again -> {said['answer']}: {said['reason']}", "dim")

    def schedule(self) -> None:
        """The timetable wants a larger gateway; somebody pays, and presses Switch."""
        self._catch_up()
        self.narrator.act(2, "Schedule: the evening wants a larger gateway")
        self._until(GATEWAY, "the timetable's resize", lambda state: state.operation is not None)
        order = self._until(GATEWAY, "the unpaid order", lambda _: self._asked("Pay order") and self._unpaid())
        self.narrator.listen(GATEWAY)
        self.narrator.say(f"the person on call pays order {order} in the console", "bold yellow")
        self.stage.console("POST", f"orders/{order}/pay")
        self._until(GATEWAY, "the switchover wait", lambda _: self._asked("press Switch"))
        self.narrator.listen(GATEWAY)
        self.narrator.say("the person on call presses Switch in the console", "bold yellow")
        self.stage.console("POST", f"instances/{GATEWAY_ID}/switch")
        self._until(GATEWAY, "the gateway's resize", lambda state: settled(state, 1))

    def person(self) -> None:
        """Somebody wants it small for two hours; a function is killed, and later a reply is lost."""
        self._catch_up()
        self.narrator.act(3, "By hand: tidegate resize orders-mq --to small --for 2h")
        self._fault("kill-caller")
        self.narrator.say("(the function that places the order will be killed before it hears the answer)", "dim")
        said = self.stage.command("resize", MQ, "--to", "small", "--for", "2h")
        self.narrator.say(f"on_request, a 2.0 function, answers -> {said['decision']}: {said['reason']}", "cyan")
        self._until(MQ, "the kill", lambda _: self._struck("kill-caller"))
        killed = sum(self.stage.console("POST", f"kill/{name}")["killed"] for name in FUNCTIONS)
        self.narrator.say(f"(killed, and with it every other function instance: {killed} more)", "dim")
        self._until(MQ, "the downgrade", lambda state: settled(state, 2))
        self._fault("lost-reply")
        self.narrator.say("(the reply to the next order will be lost after the vendor took it)", "dim")
        self._until(MQ, "the return", lambda state: settled(state, 3))

    def _catch_up(self) -> None:
        """Tell the rest of an act before the next one."""
        for name in (MQ, GATEWAY):
            self.narrator.listen(name)

    def _fault(self, kind: str) -> None:
        # The first call is refused for migrating topics, as ever in this world; the second one is taken, and struck.
        self.stage.console("POST", "faults", {"call": "UpdateInstance", "do": kind, "nth": 2})

    def _struck(self, kind: str) -> bool:
        faults = self.stage.console("GET", "faults")["faults"]
        return any(fault["struck"] for fault in faults if fault["plan"]["do"] == kind)

    def _asked(self, words: str) -> bool:
        messages = self.stage.console("GET", "messages/oncall")["messages"]
        return any(words in json.dumps(message) for message in messages)

    def _unpaid(self) -> str:
        orders = self.stage.console("GET", "orders")["orders"]
        unpaid = [order["order_id"] for order in orders if order["status"].lower() == "unpaid"]
        return unpaid[0] if unpaid else ""

    def _until(self, name: str, what: str, seen: Callable[[State], Any]) -> Any:
        """Tell what happens until something is seen; below it a line with the time and the phase."""

        def look() -> Any:
            self.narrator.listen(name)
            head = self.stage.around.ledger.head(self._key(name))
            state = read(head.state) if head else State()
            phase = f"{name} is {state.operation.phase.value}" if state.operation else f"{name} is at rest"
            live.update(f"[dim]{self.narrator.clock()}[/dim]  {phase}; waiting for {what}")
            return seen(state)

        with self.narrator.console.status(f"waiting for {what}") as live:
            found = wait_for(what, look, self.within_s)
        self.narrator.listen(name)
        return found

    def _key(self, name: str) -> str:
        book = self.stage.around.book()
        if book is None:
            raise Stuck("no policy is in force")
        return self.stage.around.key(book.read(name))


def settled(state: State, number: int) -> bool:
    """Whether the operation with this number is over."""
    return any(one.number == number for one in state.recent)


def read(written: Any) -> State:
    """Read a state."""
    from tidegate.app.codec import read_state  # noqa: PLC0415 - late, as all of the project is here

    return read_state(written)
