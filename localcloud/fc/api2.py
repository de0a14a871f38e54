"""The 2.0 API, 2016-08-15, as `fc2` speaks it: services, their functions and triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.fc.function import Ref, check_qualifier, invalid
from localcloud.fc.host import FunctionHost
from localcloud.fc.invocation import Invocation
from localcloud.fc.route import Request, Route
from localcloud.fc.timers import Timers
from localcloud.fc.trigger_config import check_config

_SETTINGS = (
    "runtime",
    "handler",
    "timeout",
    "memorySize",
    "environmentVariables",
    "description",
    "instanceConcurrency",
)


class Api2:
    """Operations on 2.0 services and functions; it sees no 3.0 function."""

    version2 = True

    def __init__(self, host: FunctionHost, timers: Timers) -> None:
        self._host, self._timers, self._registry = host, timers, host.registry
        service, functions = "services/{service}", "services/{service}/functions"
        one = f"{functions}/{{name}}"
        trigger = f"{one}/triggers/{{trigger}}"
        self.routes: Sequence[Route] = (
            Route("POST", f"{one}/invocations", "InvokeFunction", one, self.invoke),
            Route("POST", "services", "CreateService", "services/*", self.create_service),
            Route("GET", "services", "ListServices", "services/*", self.list_services),
            Route("GET", service, "GetService", service, self.get_service),
            Route("PUT", service, "UpdateService", service, self.update_service),
            Route("DELETE", service, "DeleteService", service, self.delete_service),
            Route("POST", functions, "CreateFunction", f"{functions}/*", self.create),
            Route("GET", functions, "ListFunctions", f"{functions}/*", self.list),
            Route("GET", one, "GetFunction", one, self.get),
            Route("PUT", one, "UpdateFunction", one, self.update),
            Route("DELETE", one, "DeleteFunction", one, self.delete),
            Route("POST", f"{one}/triggers", "CreateTrigger", f"{one}/triggers/*", self.create_trigger),
            Route("GET", f"{one}/triggers", "ListTriggers", f"{one}/triggers/*", self.list_triggers),
            Route("GET", trigger, "GetTrigger", trigger, self.get_trigger),
            Route("PUT", trigger, "UpdateTrigger", trigger, self.update_trigger),
            Route("DELETE", trigger, "DeleteTrigger", trigger, self.delete_trigger),
        )

    async def invoke(self, request: Request) -> Invocation:
        """Invoke a function, synchronously unless the header asks otherwise."""
        kind = request.call.headers.get("x-fc-invocation-type", "Sync")
        if kind not in ("Sync", "Async"):
            raise invalid(f"invocation type '{kind}' is not Sync or Async")
        return await self._host.invoke(_ref(request), request.call.body, kind="Async" if kind == "Async" else "Sync")

    async def create_service(self, request: Request) -> dict[str, Any]:
        """Create a service."""
        body = dict(request.body)
        return _shown_service(self._registry.create_service(body.pop("serviceName", None), body))

    async def list_services(self, request: Request) -> dict[str, Any]:
        """Show every service."""
        del request
        return {"services": [_shown_service(entry) for entry in self._registry.services()]}

    async def get_service(self, request: Request) -> dict[str, Any]:
        """Show a service."""
        return _shown_service(self._registry.service(_service(request)))

    async def update_service(self, request: Request) -> dict[str, Any]:
        """Change a service."""
        return _shown_service(self._registry.update_service(_service(request), request.body))

    async def delete_service(self, request: Request) -> None:
        """Delete a service without functions."""
        self._registry.delete_service(_service(request))

    async def create(self, request: Request) -> dict[str, Any]:
        """Create a function in a service."""
        ref = Ref(str(request.body.get("functionName") or ""), _service(request))
        return _shown(ref, self._registry.create_function(ref, _settings(request), request.body.get("code")))

    async def list(self, request: Request) -> dict[str, Any]:
        """Show the functions of a service."""
        service = _service(request)
        self._registry.service(service)
        refs = self._registry.functions(service)
        return {"functions": [_shown(ref, self._registry.entry(ref)) for ref in sorted(refs, key=str)]}

    async def get(self, request: Request) -> dict[str, Any]:
        """Show a function."""
        return _shown(_ref(request), self._registry.entry(_ref(request)))

    async def update(self, request: Request) -> dict[str, Any]:
        """Change a function."""
        ref = _ref(request)
        return _shown(ref, self._registry.update_function(ref, _settings(request), request.body.get("code")))

    async def delete(self, request: Request) -> None:
        """Delete a function with its triggers and instances."""
        self._registry.delete_function(_ref(request))
        self._host.kill(str(_ref(request)))
        self._timers.reconsider()

    async def create_trigger(self, request: Request) -> dict[str, Any]:
        """Attach a timer or SMQ trigger. HTTP functions of 2.0 are WSGI applications, which are not offered here."""
        body = request.body
        if body.get("triggerType") == "http":
            raise invalid("HTTP triggers of 2.0 functions are not offered here; use a 3.0 function")
        trigger = {
            "name": body.get("triggerName"),
            "kind": body.get("triggerType"),
            "config": check_config(body.get("triggerType"), body.get("triggerConfig")),
            "source_arn": body.get("sourceArn") or "",
            "role": body.get("invocationRole") or "",
            "description": body.get("description") or "",
        }
        check_qualifier(body.get("qualifier"))
        entry = self._registry.create_trigger(_ref(request), trigger)
        self._timers.reconsider()
        return _shown_trigger(entry)

    async def get_trigger(self, request: Request) -> dict[str, Any]:
        """Show a trigger."""
        return _shown_trigger(self._registry.trigger(_ref(request), request.names["trigger"]))

    async def list_triggers(self, request: Request) -> dict[str, Any]:
        """Show a function's triggers."""
        self._registry.entry(_ref(request))
        return {"triggers": [_shown_trigger(entry) for entry in self._registry.triggers("", _ref(request))]}

    async def update_trigger(self, request: Request) -> dict[str, Any]:
        """Change a trigger."""
        ref, name, body = _ref(request), request.names["trigger"], request.body
        changes = {"role": body.get("invocationRole"), "description": body.get("description")}
        if body.get("triggerConfig") is not None:
            changes["config"] = check_config(self._registry.trigger(ref, name)["kind"], body["triggerConfig"])
        entry = self._registry.update_trigger(ref, name, changes)
        self._timers.reconsider()
        return _shown_trigger(entry)

    async def delete_trigger(self, request: Request) -> None:
        """Detach a trigger."""
        self._registry.delete_trigger(_ref(request), request.names["trigger"])
        self._timers.reconsider()


def _service(request: Request) -> str:
    name, _, qualifier = request.names["service"].partition(".")
    check_qualifier(qualifier)
    return name


def _ref(request: Request) -> Ref:
    return Ref(request.names["name"], _service(request))


def _settings(request: Request) -> dict[str, Any]:
    """Give the settings in the 3.0 form, which is how they are kept."""
    body = request.body
    settings = {key: body[key] for key in _SETTINGS if body.get(key) is not None}
    if body.get("initializer"):
        hook = {"handler": body["initializer"], "timeout": body.get("initializationTimeout") or 3}
        settings["instanceLifecycleConfig"] = {"initializer": hook}
    return settings


def _shown_service(entry: Mapping[str, Any]) -> dict[str, Any]:
    settings = entry["settings"]
    return {
        "serviceName": entry["name"],
        "serviceId": entry["id"],
        "description": settings.get("description") or "",
        "role": settings.get("role") or "",
        "logConfig": settings.get("logConfig") or {},
        "createdTime": entry["created"],
        "lastModifiedTime": entry["modified"],
    }


def _shown(ref: Ref, entry: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(entry["settings"])
    hook = settings.pop("instanceLifecycleConfig", {}).get("initializer") or {}
    return {
        "timeout": 3,
        "memorySize": 512,
        "environmentVariables": {},
        **settings,
        "functionName": ref.name,
        "functionId": entry["id"],
        "initializer": hook.get("handler"),
        "initializationTimeout": hook.get("timeout"),
        "codeChecksum": entry["code"],
        "codeSize": entry["code_size"],
        "createdTime": entry["created"],
        "lastModifiedTime": entry["modified"],
    }


def _shown_trigger(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "triggerId": entry["id"],
        "triggerName": entry["name"],
        "triggerType": entry["kind"],
        "triggerConfig": entry["config"],
        "sourceArn": entry["source_arn"],
        "invocationRole": entry["role"],
        "description": entry["description"],
        "qualifier": "LATEST",
        "createdTime": entry["created"],
        "lastModifiedTime": entry["modified"],
    }
