"""What only a person can do in the vendor's console: pay, cancel, press Switch, resize by hand, top up.

And what only the owner of a simulated cloud can do: move its clock, plan misfortunes, kill functions, read its log.
Everything lies under `/_console/` as JSON, for anybody on this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from localcloud.clock import speed
from localcloud.faults import Fault
from localcloud.messages import Messages
from localcloud.rpc.operation import ApiError
from localcloud.rpc.specs import GATEWAY_SPECS
from localcloud.wire import Call, Reply

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

PREFIX = "/_console/"
PERSON = "console"
LAST_YEAR = 2999
"""How far the clock can be moved: beyond lies the end of the calendar, where nothing can be reckoned any more."""
MOST_MONEY = Decimal(10) ** 12
LONGEST_VALUE = 15
NO_REQUEST = (
    *(ValidationError, ValueError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError, InvalidOperation),
)
"""What a path, query or body that makes no sense raises."""


@dataclass(frozen=True)
class Asked:
    """One request to the console: the variable parts of its path, its query and its JSON body."""

    names: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]


class Console:
    """Answers the requests of a person at the console."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._messages = Messages(cloud.cabinet.drawer("messages"), cloud.clock)
        self.kill: Callable[[str], int] | None = None
        """Kills a function's instances and says how many; whoever attaches Function Compute sets it."""
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Asked], Any]]] = [
            (method, re.compile(pattern), answer)
            for method, pattern, answer in (
                ("GET", r"clock", self._clock),
                ("POST", r"clock/advance", self._advance),
                ("POST", r"clock/speed", self._speed),
                ("GET", r"instances", self._instances),
                ("POST", r"instances/([^/]+)/switch", self._switch),
                ("POST", r"instances/([^/]+)/resize", self._resize),
                ("POST", r"instances/([^/]+)/usage", self._use),
                ("GET", r"orders", self._orders),
                ("POST", r"orders/([^/]+)/pay", self._pay),
                ("POST", r"orders/([^/]+)/cancel", self._cancel),
                ("GET", r"balance", self._balance),
                ("POST", r"top-up", self._top_up),
                ("GET", r"faults", self._faults),
                ("POST", r"faults", self._plan),
                ("DELETE", r"faults", self._clear),
                ("GET", r"calls", self._calls),
                ("GET", r"messages(?:/([^/]+))?", self._read_messages),
                ("POST", r"messages/([^/]+)", self._write_message),
                ("POST", r"kill/(.+)", self._kill),
            )
        ]

    def answer(self, call: Call) -> Reply:
        """Answer one request: 404 for an unknown path, 400 for a body that does not fit."""
        path = call.path.removeprefix(PREFIX).strip("/")
        for method, pattern, answer in self._routes:
            if call.method == method and (match := pattern.fullmatch(path)):
                try:
                    names = tuple(name or "" for name in match.groups())
                    return Reply.json(answer(Asked(names, dict(call.query), body_of(call))))
                except ApiError as error:
                    return Reply.json({"code": error.code, "message": error.message}, error.status)
                except NO_REQUEST as error:
                    return Reply.json({"code": "BadRequest", "message": f"{type(error).__name__}: {error}"}, 400)
        return Reply.json({"code": "NotFound", "message": f"there is no {call.method} {call.path}"}, 404)

    def _clock(self, _asked: Asked) -> Any:
        return {"now": self._cloud.clock.now().isoformat(), "speed": self._cloud.clock.speed}

    def _advance(self, asked: Asked) -> Any:
        seconds = float(asked.body["seconds"])
        if not seconds >= 0:
            raise ValueError("the clock does not go back")
        if (self._cloud.clock.now() + timedelta(seconds=seconds)).year > LAST_YEAR:
            raise ValueError(f"the clock ends with the year {LAST_YEAR}")
        self._cloud.clock.advance(seconds)
        return self._clock(asked)

    def _speed(self, asked: Asked) -> Any:
        self._cloud.clock.set_speed(speed(asked.body["speed"]))
        return self._clock(asked)

    def _instances(self, _asked: Asked) -> Any:
        return {"instances": [self._instance(kept.instance_id) for kept in self._cloud.estate.all()]}

    def _instance(self, instance_id: str) -> dict[str, Any]:
        kept = self._cloud.estate.known(instance_id)
        moment = self._cloud.estate.moment(kept)
        return {
            "instance_id": instance_id,
            "product": kept.began.product,
            "name": kept.began.name,
            "billing": kept.began.billing,
            "spec": dict(moment.spec),
            "phase": moment.phase.value,
            "changes": len(kept.changes),
            "usage": self._cloud.load.at(kept, self._cloud.clock.now()).model_dump(),
        }

    def _switch(self, asked: Asked) -> Any:
        self._cloud.estate.press_switch(asked.names[0])
        return self._instance(asked.names[0])

    def _resize(self, asked: Asked) -> Any:
        by = str(asked.body.get("by", PERSON))
        principal = f"acs:ram::{self._cloud.world.account_id}:user/{by}"
        spec = self._sold(asked.names[0], asked.body["spec"])
        order = self._cloud.estate.resize_by_hand(asked.names[0], spec, principal)
        return {**self._instance(asked.names[0]), "order_id": order.order_id if order else ""}

    def _sold(self, instance_id: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse what no instance of its kind can have: it could not be read any more."""
        has = self._cloud.estate.moment(self._cloud.estate.known(instance_id)).spec
        for name, value in spec.items():
            fits = value in GATEWAY_SPECS if name == "InstanceSpec" else len(str(value)) <= LONGEST_VALUE
            if name not in has or type(value) is not type(has[name]) or not fits:
                raise ValueError(f"{instance_id} cannot have {name[:40]}={str(value)[:40]}; it has {dict(has)}")
        return dict(spec)

    def _use(self, asked: Asked) -> Any:
        """Load an instance as its users do; what is left out of the body stays."""
        self._cloud.load.change(self._cloud.estate.known(asked.names[0]), asked.body)
        return self._instance(asked.names[0])

    def _orders(self, _asked: Asked) -> Any:
        now = self._cloud.clock.now()
        return {"orders": [{**asdict(order), "status": order.status(now)} for order in self._cloud.orders.orders()]}

    def _pay(self, asked: Asked) -> Any:
        return asdict(self._cloud.orders.pay(asked.names[0]))

    def _cancel(self, asked: Asked) -> Any:
        return asdict(self._cloud.orders.cancel(asked.names[0]))

    def _balance(self, _asked: Asked) -> Any:
        return {"balance": f"{self._cloud.orders.balance:.2f}"}

    def _top_up(self, asked: Asked) -> Any:
        amount = Decimal(str(asked.body["amount"]))
        if not abs(amount) <= MOST_MONEY:
            raise ValueError(f"at most {MOST_MONEY:,} at a time")
        self._cloud.orders.top_up(amount)
        return self._balance(asked)

    def _faults(self, _asked: Asked) -> Any:
        return {"faults": self._cloud.faults.listed()}

    def _plan(self, asked: Asked) -> Any:
        return {"name": self._cloud.faults.add(Fault.model_validate(asked.body))}

    def _clear(self, asked: Asked) -> Any:
        self._cloud.faults.clear()
        return self._faults(asked)

    def _calls(self, asked: Asked) -> Any:
        return {"calls": self._cloud.door.calls.listed(asked.query.get("action", ""))}

    def _read_messages(self, asked: Asked) -> Any:
        return {"messages": self._messages.listed(asked.names[0])}

    def _write_message(self, asked: Asked) -> Any:
        return {"number": self._messages.add(asked.names[0], asked.body)}

    def _kill(self, asked: Asked) -> Any:
        if self.kill is None:
            raise ApiError("ServiceUnavailable", "Function Compute is not part of this cloud", 503)
        return {"killed": self.kill(asked.names[0])}


def body_of(call: Call) -> dict[str, Any]:
    """Read a JSON object; no body is an empty one."""
    body = json.loads(call.body or b"{}")
    if not isinstance(body, dict):
        raise ApiError("BadRequest", "the body must be a JSON object")
    return body
