"""The commands that ask for something. They invoke `on_request` and tell its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import GOOD, Line, in_zone, show
from tidegate.cli.paper import Paper
from tidegate.cli.replies import reply_lines
from tidegate.cli.roots import wait_for
from tidegate.cli.send import Body, send
from tidegate.cli.streams import complain
from tidegate.cli.times import show_time


def ask(verb: str, name: str, caller: str, wish: Mapping[str, Any], *, as_json: bool) -> int:
    """Ask for something about an instance; an empty name stands for the fleet."""
    return tell(name, send(verb, name, caller, wish), as_json=as_json)


def ask_all(verb: str, name: str, caller: str, wish: Mapping[str, Any], *, fleet: bool, as_json: bool) -> int:
    """Ask for something about one instance or about all of them; which, has to be said."""
    if fleet == bool(name):
        raise Mistake(f"say which: `tidegate {verb} NAME` for an instance, `tidegate {verb} --fleet` for all of them")
    return ask(verb, name, caller, wish, as_json=as_json)


def resize(name: str, caller: str, wish: Mapping[str, Any], *, wait: bool, as_json: bool) -> int:
    """Ask for a rung, and wait for the end of it if so asked."""
    despite = [guard.strip() for guard in str(wish["despite"]).split(",") if guard.strip()]
    reply = send("resize", name, caller, {**wish, "despite": despite})
    if not wait or wish["dry_run"]:
        return tell(name, reply, as_json=as_json, beside=_stands_though_held(name, reply))
    if not as_json:
        tell(name, reply, as_json=False)
    receipt = None
    try:
        receipt = _awaited(name, reply, quiet=as_json)
    except KeyboardInterrupt:
        complain(f"nobody waits any more, and the request stands: `tidegate explain {reply['key']}`")
        raise
    finally:
        # Whatever becomes of waiting: this is what was asked for and taken.
        if as_json:
            Paper().json({**reply, "receipt": receipt})
    if receipt is None:
        return 0
    if receipt["to_rung"] != wish["to"]:
        raise Failed(f"{name}#{receipt['number']} went to {receipt['to_rung']}; {wish['to']} is decided on after it")
    if not receipt["as_wanted"]:
        raise Failed(f"{name}#{receipt['number']} {receipt['outcome']}: {receipt['why']}")
    return 0


def _awaited(name: str, reply: Body, *, quiet: bool) -> Body | None:
    """The receipt of the operation that the request began, once it is settled; None where nothing is to be done.

    One that was under way already is waited for as well, wherever it goes. Raises Failed where nothing is under way.
    """
    if reply["code"] == "as-wanted":
        return None
    if (reply["decision"] != "resize" and reply["code"] != "operation") or reply.get("operation") is None:
        raise Failed(f"{name} is held, so there is nothing to wait for: {_held(name, reply)}")
    return wait_for(name, int(reply["operation"]), quiet=quiet)


def _held(name: str, reply: Body) -> str:
    """Why it is held, and that the override orders all the same once it is not."""
    zone = str(reply.get("timezone") or "UTC")
    override = reply.get("override")
    if not override:
        return in_zone(str(reply["reason"]), zone)
    until = str(override["until"])
    ends = "it is released" if until == "released" else show_time(datetime.fromisoformat(until), zone)
    stands = f"the override {override['to']} stands until {ends}, and orders once nothing holds it"
    return f"{in_zone(str(reply['reason']), zone)}; {stands}; to take it back: `tidegate release {name}`"


def _stands_though_held(name: str, reply: Body) -> Iterator[Line]:
    """Of a dry run that is held: that the override would stand, and what it would come to."""
    if reply.get("dry_run") and reply.get("override") and reply["decision"] == "hold" and reply["code"] != "as-wanted":
        yield (f"held as it is, the override would stand; to take it back: `tidegate release {name}`",)


def _rehearsed(reply: Body) -> Iterator[Line]:
    """Of a dry run: from where to where, every field, and what an hour costs, as in a plan."""
    if not reply.get("dry_run") or not reply.get("changes"):
        return
    when = "" if reply["decision"] == "resize" else "once nothing holds it: "
    change = f"{str(reply['direction']).upper()} {reply['rung']} -> {reply['wanted']}"
    fields = ", ".join(f"{one['field']} {_value(one['before'])} -> {_value(one['after'])}" for one in reply["changes"])
    before, after = reply["hourly_price_before"], reply["hourly_price_after"]
    cost = f"; {before:g} -> {after:g} an hour" if before is not None and after is not None else ""
    yield (when, (change, GOOD), f"   {fields}{cost}")


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def tell(name: str, reply: Body, *, as_json: bool, beside: Iterable[Line] = ()) -> int:
    """Print an answer, and what is known beside it."""
    if as_json:
        Paper().json(reply)
    else:
        show(reply_lines(name, reply, (*beside, *_rehearsed(reply))))
    return 0
