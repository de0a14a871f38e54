"""The commands that ask for something: resize, release, ack. They invoke `on_request` and tell its answer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from tidegate.aliyun.functions import Function, InvokeFailed, invoke
from tidegate.app.wiring import nap, utc_now
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.paper import Paper
from tidegate.cli.roots import wait_for
from tidegate.cli.who import caller_named
from tidegate.domain.durations import parse_duration
from tidegate.settings import BadSettings, CliSettings, read_cli_settings

TRIES, PAUSE_S = 3, 1.0
"""A request whose answer was lost is asked again under its own key, which makes no second one of it."""

Body = dict[str, Any]


def resize(name: str, caller: str, wish: Mapping[str, Any], *, wait: bool, as_json: bool) -> int:
    """Ask for a rung, and wait for the end of it if so asked."""
    fields = _checked(wish)
    reply = _request("resize", name, caller, fields)
    if not wait or wish["dry_run"]:
        return _tell(name, reply, as_json=as_json)
    if not as_json:
        _tell(name, reply, as_json=False)
    receipt = _awaited(name, reply, quiet=as_json)
    if as_json:
        Paper().json({**reply, "receipt": receipt})
    if receipt and not receipt["as_wanted"]:
        raise Failed(f"{name}#{receipt['number']} {receipt['outcome']}: {receipt['why']}")
    return 0


def _awaited(name: str, reply: Body, *, quiet: bool) -> Body | None:
    """The receipt of the operation that the request began, once it is settled; None where nothing is to be done."""
    if reply["code"] == "as-wanted":
        return None
    if reply["decision"] != "resize" or reply.get("operation") is None:
        raise Failed(f"{name} is held, so there is nothing to wait for: {reply['reason']}")
    return wait_for(name, int(reply["operation"]), quiet=quiet)


def ask(verb: str, name: str, caller: str, *, as_json: bool) -> int:
    """Ask for something that has no more to it than its name."""
    return _tell(name, _request(verb, name, caller, {}), as_json=as_json)


def _checked(wish: Mapping[str, Any]) -> Body:
    """The wish as the wire has it. Raises Mistake for what needs no asking."""
    if wish["for"]:
        try:
            parse_duration(wish["for"])
        except ValueError as error:
            raise Mistake(f"--for is {error}, not `{wish['for']}`") from None
    if wish["until"]:
        try:
            until = datetime.fromisoformat(str(wish["until"]).replace("Z", "+00:00"))
        except ValueError:
            raise Mistake(f"--until is a time such as 2026-03-02T18:00+08:00, not `{wish['until']}`") from None
        if until.tzinfo is None:
            raise Mistake("--until needs an offset, such as 2026-03-02T18:00+08:00")
    despite = [guard.strip() for guard in str(wish["despite"]).split(",") if guard.strip()]
    return {key: value for key, value in {**wish, "despite": despite}.items() if value}


def _request(verb: str, name: str, caller: str, fields: Body) -> Body:
    form = {"verb": verb, "instance": name, "caller": caller_named(caller)[:200], "key": uuid4().hex, **fields}
    body = _invoke(read_cli_settings(), json.dumps(form).encode())
    try:
        reply = json.loads(body)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise Failed(f"the function answered something else than a JSON object: {body[:100]!r}")
    if mistake := reply.get("mistake"):
        raise Mistake(str(mistake))
    return reply


def _invoke(settings: CliSettings, event: bytes) -> bytes:
    from tidegate.aliyun.credentials import Credentials  # noqa: PLC0415 - beside its only use

    if not settings.fc_endpoint:
        raise BadSettings("set TIDEGATE_FC_ENDPOINT, or TIDEGATE_ACCOUNT and TIDEGATE_REGION, in the environment")
    if not settings.access_key_id or not settings.access_key_secret:
        raise BadSettings("set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET in the environment")
    credentials = Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token)
    service = settings.fc_service if settings.fc_api == "2.0" else ""
    function = Function(settings.fc_endpoint, settings.fc_function, service)
    patience = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, InvokeFailed) and error.again),
        wait=wait_fixed(PAUSE_S),
        stop=stop_after_attempt(TRIES),
        sleep=nap,
        reraise=True,
    )
    return patience(lambda: invoke(function, credentials, event, at=utc_now(), nonce=secrets.token_hex(16)))


def _tell(name: str, reply: Body, *, as_json: bool) -> int:
    paper = Paper()
    if as_json:
        paper.json(reply)
        return 0
    if reply.get("acknowledged"):
        paper.line(f"{name}  acknowledged: what was told is quiet, and orders may go on")
    operation = f"  (operation {name}#{reply['operation']})" if reply.get("operation") else ""
    verdict = "resize" if reply["decision"] == "resize" else "ok" if reply["code"] == "as-wanted" else "held"
    paper.line(f"{name}  {verdict}: {reply['reason']}{operation}")
    if override := reply.get("override"):
        paper.line(f"override {override['to']} until {override['until']}")
    if reply.get("dry_run"):
        paper.line("dry run: nothing was written")
    return 0
