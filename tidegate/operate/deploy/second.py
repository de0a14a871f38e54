"""Function Compute 2.0: the same template without its 3.0 resources, and functions and triggers made by `fc2`.

ROS makes all else, and works out what the functions' properties are: the stack puts them out, but for secrets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tidegate.aliyun.errors import VendorError
from tidegate.aliyun.second import SecondGeneration
from tidegate.aliyun.stacks import Stack
from tidegate.names import DEFAULT
from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.faults import CannotDeploy
from tidegate.operate.deploy.naming import PREFIX
from tidegate.operate.deploy.template import Template

FC3 = "ALIYUN::FC3::"
FUNCTION, TRIGGER = f"{FC3}Function", f"{FC3}Trigger"
ROLE = "ALIYUN::RAM::Role"
OUTPUT = "Fc2"
"""What the outputs begin with that only this module reads."""
WHY = {
    "http": "an HTTP function of 2.0 is a WSGI application, and this one is not; alerts come by the topic",
    f"{FC3}AsyncInvokeConfig": "fc2 cannot set retries and destinations of asynchronous calls",
    f"{FC3}ConcurrencyConfig": "fc2 cannot limit the instances of a function",
    "": "it is about a function of 3.0",
}
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
"""Of a service, a function or a trigger: it stands in the path of a call."""
_HOLE = re.compile(r"\$\{([A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_.-]+)?\}")


@dataclass(frozen=True)
class Second:
    """A template for 2.0. `services` are by function; `left_out` says of what cannot be done there, why."""

    template: Template
    services: Mapping[str, str]
    left_out: Mapping[str, str]


def second(template: Template, prefix: str = DEFAULT) -> Second:
    """Give the template of all but the functions, which puts out what they shall be."""
    resources: dict[str, Any] = dict(template.body["Resources"])
    functions = {name: one["Properties"] for name, one in resources.items() if one["Type"] == FUNCTION}
    names = {name: said["FunctionName"] for name, said in functions.items()}
    roles = {name: _service(resources, name, said) for name, said in functions.items()}
    services = {written(names[name]): written(role) for name, role in roles.items()}
    gone = {name for name, one in resources.items() if str(one["Type"]).startswith(FC3)}
    left_out = dict(_unable(resources, gone))
    kept = {}
    for name, one in resources.items():
        if name in gone:
            continue
        if set(_named(one)) & gone:
            left_out[name] = WHY[""]
            gone.add(name)
            continue
        kept[name] = _as_second(one, services)
    outputs = {
        name: _with_names(said, names)
        for name, said in (template.body.get("Outputs") or {}).items()
        if not set(_named(_with_names(said, names))) & gone
    }
    for name, said in functions.items():
        triggers = [one["Properties"] for one in resources.values() if _is_for(one, name, names[name])]
        outputs[f"{OUTPUT}{name}"] = {"Value": _output(template, said, roles[name], triggers, names)}
    shown = {_filled(name, prefix): _filled(service, prefix) for name, service in services.items()}
    return Second(Template({**template.body, "Resources": kept, "Outputs": outputs}), shown, left_out)


def written(name: Any) -> str:
    """Give a name as it is written, `${Prefix}` and all; empty for one that is made in any other way."""
    text = name.get("Fn::Sub") if isinstance(name, Mapping) else name
    return text if isinstance(text, str) else ""


def _filled(text: str, prefix: str) -> str:
    return text.replace(f"${{{PREFIX}}}", prefix)


def _service(resources: Mapping[str, Any], name: str, said: Mapping[str, Any]) -> Any:
    """A 2.0 function has its role from its service, so there is a service for each role, called as that."""
    owner = (said.get("Role") or {}).get("Fn::GetAtt") or [""]
    role = (resources.get(owner[0]) or {}).get("Properties") or {}
    if not written(role.get("RoleName")):
        raise CannotDeploy(f"{name} has no role of this template, so it has no service of 2.0")
    return role["RoleName"]


def _unable(resources: Mapping[str, Any], gone: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(gone):
        kind = resources[name]["Type"]
        if kind == TRIGGER and resources[name]["Properties"].get("TriggerType") == "http":
            yield name, WHY["http"]
        elif kind in WHY:
            yield name, WHY[kind]


def _is_for(resource: Mapping[str, Any], logical: str, name: Any) -> bool:
    if resource["Type"] != TRIGGER or resource["Properties"].get("TriggerType") == "http":
        return False
    said = resource["Properties"]["FunctionName"]
    return said in (name, {"Ref": logical}, {"Fn::GetAtt": [logical, "FunctionName"]})


def _output(
    template: Template,
    said: Mapping[str, Any],
    service: Any,
    triggers: list[Mapping[str, Any]],
    names: Mapping[str, Any],
) -> dict[str, Any]:
    environment = dict(said.get("EnvironmentVariables") or {})
    secrets = {
        key: value["Ref"]
        for key, value in environment.items()
        if isinstance(value, Mapping) and value.get("Ref") in template.parameters and template.is_secret(value["Ref"])
    }
    plain = {key: value for key, value in environment.items() if key not in secrets}
    if any(name in template.parameters and template.is_secret(name) for name in _named(plain)):
        raise CannotDeploy(
            f"{written(said['FunctionName'])}: a secret inside another value cannot be kept out of the outputs"
        )
    made = {
        "Service": service,
        "Role": said["Role"],
        "LogConfig": said.get("LogConfig") or {},
        "FunctionName": said["FunctionName"],
        "Description": said.get("Description", ""),
        "Handler": said["Handler"],
        "Runtime": said["Runtime"],
        "MemorySize": said.get("MemorySize", 512),
        "Timeout": said.get("Timeout", 3),
        "Code": said["Code"],
        "EnvironmentVariables": plain,
        "Secrets": secrets,
        "Triggers": [
            {key: value for key, value in one.items() if key not in ("FunctionName", "Description")} for one in triggers
        ],
    }
    return dict(_with_names(made, names))


def _named(value: Any) -> Iterator[str]:
    """Give every name that a part of a template refers to."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield item.partition(".")[0] if isinstance(item, str) else item[0]
            elif key == "DependsOn":
                yield from [item] if isinstance(item, str) else item
            elif key == "Fn::Sub" and isinstance(item, str):
                yield from _HOLE.findall(item)
            else:
                yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)


def _with_names(value: Any, names: Mapping[str, Any]) -> Any:
    """Give a part in which a function that ROS does not make is called by its name."""
    if isinstance(value, list):
        return [_with_names(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    owner = value.get("Fn::GetAtt")
    if isinstance(owner, list) and owner[0] in names and owner[1:] == ["FunctionName"]:
        return names[owner[0]]
    if value.get("Ref") in names:
        return names[str(value["Ref"])]
    return {key: _with_names(item, names) for key, item in value.items()}


def _as_second(value: Any, services: Mapping[str, str]) -> Any:
    """Give a part that calls functions, or lets them be called, in the form of 2.0 (fact flow 5.2)."""
    if isinstance(value, list):
        return [_as_second(item, services) for item in value]
    if isinstance(value, Mapping):
        return {key: _as_second(item, services) for key, item in value.items()}
    if not isinstance(value, str) or ":functions/" not in value:
        return value
    for name, service in services.items():
        value = value.replace(f":functions/{name}/LATEST", f":services/{service}.LATEST/functions/{name}")
        value = value.replace(f":functions/{name}/*", f":services/{service}*/functions/{name}")
    return value


class _Trigger(BaseModel):
    model_config = ConfigDict(extra="allow")

    TriggerName: Name
    TriggerType: Name
    TriggerConfig: dict[str, Any]


class _Code(BaseModel):
    model_config = ConfigDict(extra="allow")

    OssBucketName: str
    OssObjectName: str


class _Function(BaseModel):
    """What `_output` puts out, after ROS filled it in: numbers may have become texts."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    Service: Name
    Role: str
    LogConfig: dict[str, Any] | None = None
    FunctionName: Name
    Description: str
    Handler: str
    Runtime: str
    MemorySize: int
    Timeout: int
    Code: _Code
    EnvironmentVariables: dict[str, Any]
    Secrets: dict[str, str]
    Triggers: list[_Trigger]


def differences(account: Account, outputs: Mapping[str, Any], given: Mapping[str, str]) -> tuple[str, ...]:
    """Say which services, functions and triggers are otherwise than the stack puts out; nothing is changed."""
    told: list[str] = []
    fc2 = SecondGeneration(account.settings.fc_endpoint, account.keys, looks=True)
    _raise(fc2, outputs, given, told.append)
    return tuple(told)


def raise_functions(
    account: Account, outputs: Mapping[str, Any], given: Mapping[str, str], tell: Callable[[str], None]
) -> bool:
    """Make services, functions and triggers as the stack puts them out, and say whether any was otherwise.

    A secret that is not given stays as the function has it. Functions that are wished for no more are deleted.
    """
    return _raise(SecondGeneration(account.settings.fc_endpoint, account.keys), outputs, given, tell)


def _raise(
    fc2: SecondGeneration, outputs: Mapping[str, Any], given: Mapping[str, str], tell: Callable[[str], None]
) -> bool:
    wanted = list(functions_in(outputs))
    changed = False
    for said in wanted:
        service = {"role": said["Role"], "logConfig": _log_config(said)}
        changed |= _tell(fc2.put_service(said["Service"], service), f"service {said['Service']}", tell)
    for said in wanted:
        service, name = said["Service"], said["FunctionName"]
        code = (said["Code"]["OssBucketName"], said["Code"]["OssObjectName"])
        function = _wanted(fc2, said, given)
        changed |= _tell(fc2.put_function(service, name, function, code), f"{service}/{name}", tell)
        changed |= _raise_triggers(fc2, said, tell)
    for service in sorted({said["Service"] for said in wanted}):
        names = {said["FunctionName"] for said in wanted if said["Service"] == service}
        for name in sorted(set(fc2.functions(service)) - names):
            fc2.delete_function(service, name)
            tell(f"  {service}/{name:<24} gone")
            changed = True
    return changed


def clear_functions(account: Account, services: Iterable[str], tell: Callable[[str], None]) -> bool:
    """Delete services with all that is in them, and say whether there was any."""
    fc2 = SecondGeneration(account.settings.fc_endpoint, account.keys)
    gone = [service for service in services if fc2.delete_service(service)]
    for service in gone:
        tell(f"  service {service:<24} gone")
    return bool(gone)


def left_over(account: Account, stack: Stack) -> tuple[set[str], str]:
    """Give services of 2.0 beside a stack whose functions are of 3.0: clearing them has failed before.

    A service is called as its role is. The second is a warning: why it cannot be told whether there are any. That is no
    failure, since nobody knows how an account without Function Compute 2.0 answers.
    """
    fc2 = SecondGeneration(account.settings.fc_endpoint, account.keys)
    roles = {physical for kind, physical in account.stacks.resources(stack.id).values() if kind == ROLE}
    try:
        return {role for role in roles if role and fc2.service(role) is not None}, ""
    except VendorError as error:
        names = ", ".join(sorted(filter(None, roles)))
        return set(), (
            f"it is not known whether services of Function Compute 2.0 are left over ({error}): if this was ever "
            f"deployed with --generation 2, look for {names} in its console and delete them; left there, they would "
            "tick as well"
        )


def services_in(outputs: Mapping[str, Any]) -> set[str]:
    """Give the services of 2.0 that were made beside a stack, none where its functions are of 3.0."""
    return {str(said["Service"]) for said in functions_in(outputs)}


def functions_in(outputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give what a stack puts out of its functions."""
    for name, value in sorted(outputs.items()):
        if name.startswith(OUTPUT) and value not in (None, ""):
            yield _read(name, value)


def _read(name: str, value: Any) -> Mapping[str, Any]:
    """Read what a stack puts out of one function: anybody may have given a stack such an output."""
    try:
        said = _Function.model_validate_json(value) if isinstance(value, str) else _Function.model_validate(value)
    except (ValueError, RecursionError):
        raise CannotDeploy(
            f"the stack's output {name[:100]} does not say what a function of 2.0 shall be; "
            "this is no stack of Tidegate's, or somebody changed it"
        ) from None
    return said.model_dump(exclude_unset=True)


def _raise_triggers(fc2: SecondGeneration, said: Mapping[str, Any], tell: Callable[[str], None]) -> bool:
    service, name, changed = said["Service"], said["FunctionName"], False
    for one in said["Triggers"]:
        trigger = {
            "triggerType": one["TriggerType"],
            "triggerConfig": one["TriggerConfig"],
            "sourceArn": one.get("SourceArn") or None,
            "invocationRole": one.get("InvocationRole") or None,
        }
        made = fc2.put_trigger(service, name, one["TriggerName"], trigger)
        changed |= _tell(made, f"{name}/{one['TriggerName']}", tell)
    names = {one["TriggerName"] for one in said["Triggers"]}
    for extra in sorted(set(fc2.triggers(service, name)) - names):
        fc2.delete_trigger(service, name, extra)
        tell(f"  {name}/{extra:<24} gone")
        changed = True
    return changed


def _wanted(fc2: SecondGeneration, said: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    there = fc2.function(said["Service"], said["FunctionName"]) or {}
    before = there.get("environmentVariables") or {}
    if not isinstance(before, Mapping):
        raise CannotDeploy(f"{said['FunctionName']}: its environment, with secrets that are to stay, is not shown")
    secrets = {key: given.get(parameter, before.get(key, "")) for key, parameter in said["Secrets"].items()}
    return {
        "handler": said["Handler"],
        "runtime": said["Runtime"],
        "memorySize": int(said["MemorySize"]),
        "timeout": int(said["Timeout"]),
        # The vendor shows a checksum of the code, not where it is from.
        "description": f"{said['Description']} ({said['Code']['OssObjectName']})"[:256],
        "environmentVariables": {**said["EnvironmentVariables"], **secrets},
    }


def _log_config(said: Mapping[str, Any]) -> dict[str, Any]:
    logs = said.get("LogConfig") or {}
    return {"project": logs.get("Project", ""), "logstore": logs.get("Logstore", "")} if logs else {}


def _tell(changed: bool, what: str, tell: Callable[[str], None]) -> bool:  # noqa: FBT001 - passed through
    if changed:
        tell(f"  {what:<40} made")
    return changed
