"""Reads Task states: the action, its mode, and what each service wants to be told (fact flow 5)."""

from __future__ import annotations

import re

from localcloud.flow.expressions import Expression
from localcloud.flow.fields import Fields
from localcloud.flow.model import Mode, Task
from localcloud.flow.template import Template, dynamic, template

ACTION = re.compile(r"[A-Za-z][\w-]*:[A-Za-z]\w*")
LONGEST_TIMEOUT_S = 604_800
TOKEN = ("$Context", "Current", "TaskToken")

CALLBACKS = {
    "FC": frozenset({Mode.SYSTEM_CALLBACK, Mode.CUSTOM_CALLBACK}),
    "FNF": frozenset({Mode.SYSTEM_CALLBACK, Mode.CUSTOM_CALLBACK}),
    "EventBridge": frozenset({Mode.CUSTOM_CALLBACK}),
    "MNS": frozenset({Mode.CUSTOM_CALLBACK}),
    "HTTP": frozenset({Mode.CUSTOM_CALLBACK}),
    "SMS": frozenset({Mode.CUSTOM_CALLBACK}),
}
"""Which modes a service has besides RequestComplete (fact flow 5.1); others have none."""

REQUIRED = {
    "FC:InvokeFunction": frozenset({"resourceArn", "invocationType"}),
    "FNF:StartExecution": frozenset({"resourceArn"}),
    "HTTP:Request": frozenset({"url", "method"}),
    "MNS:SendMessage": frozenset({"resourceArn", "message"}),
}
KNOWN = {
    "FC:InvokeFunction": frozenset({"resourceArn", "invocationType", "body"}),
    "FNF:StartExecution": frozenset({"resourceArn", "executionName", "input"}),
}
ARN_STARTS = {"FC:InvokeFunction": "acs:fc:", "FNF:StartExecution": "acs:fnf:"}


def read_task(fields: Fields, *, express: bool) -> Task:
    """Read what makes a state a Task."""
    action = fields.text("Action")
    if not ACTION.fullmatch(action):
        raise fields.place.at("Action").fault(f"Service:Operation expected, not {action!r}")
    mode = read_mode(fields, action, express=express)
    parameters = None
    if "Parameters" in fields.node:
        parameters = template(fields.node["Parameters"], fields.place.at("Parameters"))
    check_parameters(fields, action, mode, parameters)
    return Task(action, mode, parameters, read_timeout(fields))


def read_mode(fields: Fields, action: str, *, express: bool) -> Mode:
    """Read TaskMode; refuse one that the service or the flow's mode does not have."""
    place, word = fields.place.at("TaskMode"), fields.text("TaskMode", Mode.REQUEST_COMPLETE.value)
    if word not in {mode.value for mode in Mode}:
        raise place.fault(f"{', '.join(mode.value for mode in Mode)} expected, not {word!r}")
    mode = Mode(word)
    if mode is Mode.REQUEST_COMPLETE:
        return mode
    if express:
        raise place.fault("an Express flow has RequestComplete only")
    if mode not in CALLBACKS.get(action.partition(":")[0], frozenset()):
        raise place.fault(f"{action} does not have {mode.value}")
    return mode


def read_timeout(fields: Fields) -> int | Expression | None:
    """Read Timeout, a text of digits; 0 and none at all mean never."""
    place, value = fields.place.at("Timeout"), fields.node.get("Timeout")
    if "Timeout.$" in fields.node:
        if value is not None:
            raise place.fault("either Timeout or Timeout.$, not both")
        return dynamic(fields.node["Timeout.$"], fields.place.at("Timeout.$"))
    return None if value is None else timeout_of(value, place.fault(f'"0" to "{LONGEST_TIMEOUT_S}" expected, as text'))


def timeout_of(value: object, error: Exception) -> int:
    """Give a timeout in seconds; raise `error` where `value` is no text of digits in its bounds."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,6}", value) or int(value) > LONGEST_TIMEOUT_S:
        raise error
    return int(value)


def check_parameters(fields: Fields, action: str, mode: Mode, parameters: Template | None) -> None:
    """Refuse parameters that the action cannot work with."""
    place, keys = fields.place.at("Parameters"), parameters.keys if parameters else frozenset()
    for name in sorted(REQUIRED.get(action, frozenset()) - keys):
        raise place.at(name).fault(f"{action} needs it")
    for name in sorted(keys - KNOWN.get(action, keys)):
        raise place.at(name).fault(f"{action} has no such parameter")
    arn = parameters.literals.get("resourceArn") if parameters else None
    if arn is not None and action in ARN_STARTS and not str(arn).startswith(ARN_STARTS[action]):
        raise place.at("resourceArn").fault(f"{ARN_STARTS[action]}... expected, not {arn!r}")
    if action == "FC:InvokeFunction" and parameters and "invocationType" in parameters.literals:
        check_invocation(fields, mode, parameters.literals["invocationType"])
    check_token(fields, action, mode, parameters)


def check_invocation(fields: Fields, mode: Mode, kind: object) -> None:
    """Refuse an invocation type that does not fit the mode (fact flow 5.2)."""
    place = fields.place.at("Parameters").at("invocationType")
    if kind not in ("Sync", "Async"):
        raise place.fault(f"Sync or Async expected, not {kind!r}")
    if mode is Mode.SYSTEM_CALLBACK and kind != "Async":
        raise place.fault(f"{mode.value} needs Async")


def check_token(fields: Fields, action: str, mode: Mode, parameters: Template | None) -> None:
    """Refuse a callback that nobody could ever make. An HTTP request carries the token in a header (fact flow 5.4)."""
    if mode is not Mode.CUSTOM_CALLBACK or action.startswith("HTTP:"):
        return
    for path in parameters.paths if parameters else ():
        if path == TOKEN[: len(path)]:
            return
    raise fields.place.at("Parameters").fault("$Context.Current.TaskToken is handed to nobody, so nobody can report")
