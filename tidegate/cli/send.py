"""Sending a person's request to the function that takes it."""

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
from tidegate.cli.access import credentials_of, endpoint_of
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.streams import complain
from tidegate.cli.who import caller_named
from tidegate.domain.durations import parse_duration
from tidegate.settings import CliSettings, read_cli_settings

TRIES, PAUSE_S = 3, 1.0
"""A request whose answer was lost is asked again under its own key, which makes no second one of it."""
WHERE = "TIDEGATE_FC_ENDPOINT, or TIDEGATE_ACCOUNT and TIDEGATE_REGION,"

Body = dict[str, Any]


def send(verb: str, name: str, caller: str, fields: Mapping[str, Any]) -> Body:
    """Ask, and give the answer with the key it can be found by. Raises Mistake for what the function calls one.

    An empty name stands for the fleet. Fields that are empty are left out.
    """
    form = {"verb": verb, "caller": caller_named(caller), "key": uuid4().hex, **checked(fields)}
    form |= {"instance": name} if name else {"fleet": True}
    settings = read_cli_settings()
    doubt = "" if form.get("dry_run") else _doubt(name, form["key"])
    try:
        body = _invoke(settings, json.dumps(form).encode(), doubt)
    except KeyboardInterrupt:
        if doubt:
            complain(doubt)
        raise
    try:
        reply = json.loads(body)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        # Whoever stands in between may have sent our own words back.
        shown = credentials_of(settings).redact(body.decode(errors="replace"))[:100]
        raise Failed(f"the function answered something else than a JSON object: {shown!r}\n{doubt}")
    if mistake := reply.get("mistake"):
        raise Mistake(str(mistake))
    return {**reply, "key": form["key"]}


def _doubt(name: str, key: str) -> str:
    """What to do where nobody knows whether a request was taken: look, before it is asked for again."""
    where = f"tidegate history {name}" if name else "tidegate status"
    return f"the request may have been taken: look with `tidegate explain {key}` or `{where}` before asking again"


def checked(wish: Mapping[str, Any]) -> Body:
    """The wish as the wire has it. Raises Mistake for what needs no asking."""
    if wish.get("for"):
        try:
            parse_duration(wish["for"])
        except ValueError as error:
            raise Mistake(f"--for is {error}, not `{wish['for']}`") from None
    if wish.get("until"):
        try:
            until = datetime.fromisoformat(str(wish["until"]).replace("Z", "+00:00"))
        except ValueError:
            raise Mistake(f"--until is a time such as 2026-03-02T18:00+08:00, not `{wish['until']}`") from None
        if until.tzinfo is None:
            raise Mistake("--until needs an offset, such as 2026-03-02T18:00+08:00")
    return {key: value for key, value in wish.items() if value}


def _invoke(settings: CliSettings, event: bytes, doubt: str) -> bytes:
    """Invoke the function, and once more where no answer came.

    Raises Failed, with `doubt`, if one never came and a try may have arrived.
    """
    endpoint, credentials = endpoint_of(settings), credentials_of(settings)
    service = settings.fc_service if settings.fc_api == "2.0" else ""
    function = Function(endpoint, settings.fc_function, service)
    patience = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, InvokeFailed) and error.again),
        wait=wait_fixed(PAUSE_S),
        stop=stop_after_attempt(TRIES),
        sleep=nap,
        reraise=True,
    )
    unanswered: list[InvokeFailed] = []

    def tried() -> bytes:
        try:
            return invoke(function, credentials, event, at=utc_now(), nonce=secrets.token_hex(16))
        except InvokeFailed as error:
            if error.again:
                unanswered.append(error)
            raise

    try:
        return patience(tried)
    except InvokeFailed as error:
        # A refusal is one only of a request that was not sent before.
        if doubt and any(each.sent for each in unanswered):
            raise Failed(f"{error}\n{doubt}") from error
        if not error.sent:
            raise Failed(f"{error}; nothing was asked. {WHERE} say where the function is") from error
        raise
