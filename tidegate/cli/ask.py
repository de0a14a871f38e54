"""The commands that ask for something. They invoke `on_request` and tell its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import show
from tidegate.cli.paper import Paper
from tidegate.cli.replies import reply_lines
from tidegate.cli.roots import wait_for
from tidegate.cli.send import Body, send


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
        return tell(name, reply, as_json=as_json)
    if not as_json:
        tell(name, reply, as_json=False)
    receipt = _awaited(name, reply, str(wish["to"]), quiet=as_json)
    if as_json:
        Paper().json({**reply, "receipt": receipt})
    if receipt and not receipt["as_wanted"]:
        raise Failed(f"{name}#{receipt['number']} {receipt['outcome']}: {receipt['why']}")
    return 0


def _awaited(name: str, reply: Body, to: str, *, quiet: bool) -> Body | None:
    """The receipt of the operation that the request began, once it is settled; None where nothing is to be done.

    One that was under way already is waited for as well; if it goes elsewhere, that is as far as can be waited.
    """
    if reply["code"] == "as-wanted":
        return None
    if (reply["decision"] != "resize" and reply["code"] != "operation") or reply.get("operation") is None:
        raise Failed(f"{name} is held, so there is nothing to wait for: {reply['reason']}")
    receipt = wait_for(name, int(reply["operation"]), quiet=quiet)
    if receipt["to_rung"] != to:
        raise Failed(f"{name}#{receipt['number']} went to {receipt['to_rung']}; {to} is decided on after it")
    return receipt


def tell(name: str, reply: Body, *, as_json: bool) -> int:
    """Print an answer."""
    if as_json:
        Paper().json(reply)
    else:
        show(reply_lines(name, reply))
    return 0
