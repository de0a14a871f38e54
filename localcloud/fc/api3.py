"""The 3.0 API, 2023-03-30: functions without a service, triggers, asynchronous and concurrency settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.fc.function import Ref, check_qualifier, invalid
from localcloud.fc.host import FunctionHost
from localcloud.fc.http import PREFIX
from localcloud.fc.invocation import Invocation
from localcloud.fc.route import Request, Route
from localcloud.fc.timers import Timers
from localcloud.fc.trigger_config import check_config, read_config

PAGE = 100
_HIDDEN = ("code", "functionName")


class Api3:
    """Operations on 3.0 functions; it sees no 2.0 function."""

    version2 = False

    def __init__(self, host: FunctionHost, timers: Timers) -> None:
        self._host, self._timers, self._registry = host, timers, host.registry
        one, all_ = "functions/{name}", "functions/*"
        trigger = f"{one}/triggers/{{trigger}}"
        self.routes: Sequence[Route] = (
            Route("POST", "functions/{name}/invocations", "InvokeFunction", one, self.invoke),
            Route("POST", "functions", "CreateFunction", all_, self.create),
            Route("GET", "functions", "ListFunctions", all_, self.list),
            Route("GET", one, "GetFunction", one, self.get),
            Route("PUT", one, "UpdateFunction", one, self.update),
            Route("DELETE", one, "DeleteFunction", one, self.delete),
            Route("POST", f"{one}/triggers", "CreateTrigger", f"{one}/triggers/*", self.create_trigger),
            Route("GET", f"{one}/triggers", "ListTriggers", f"{one}/triggers/*", self.list_triggers),
            Route("GET", trigger, "GetTrigger", trigger, self.get_trigger),
            Route("PUT", trigger, "UpdateTrigger", trigger, self.update_trigger),
            Route("DELETE", trigger, "DeleteTrigger", trigger, self.delete_trigger),
            Route("PUT", f"{one}/async-invoke-config", "PutAsyncInvokeConfig", one, self.put_async),
            Route("GET", f"{one}/async-invoke-config", "GetAsyncInvokeConfig", one, self.get_async),
            Route("PUT", f"{one}/concurrency", "PutConcurrencyConfig", one, self.put_concurrency),
            Route("GET", f"{one}/concurrency", "GetConcurrencyConfig", one, self.get_concurrency),
        )

    async def invoke(self, request: Request) -> Invocation:
        """Invoke a function, synchronously unless the header asks otherwise."""
        check_qualifier(dict(request.call.query).get("qualifier"))
        kind = request.call.headers.get("x-fc-invocation-type", "Sync")
        if kind not in ("Sync", "Async"):
            raise invalid(f"invocation type '{kind}' is not Sync or Async")
        return await self._host.invoke(_ref(request), request.call.body, kind="Async" if kind == "Async" else "Sync")

    async def create(self, request: Request) -> dict[str, Any]:
        """Create a function."""
        ref = Ref(str(request.body.get("functionName") or ""))
        return self._shown(ref, self._registry.create_function(ref, _settings(request), request.body.get("code")))

    async def get(self, request: Request) -> dict[str, Any]:
        """Show a function."""
        check_qualifier(dict(request.call.query).get("qualifier"))
        return self._shown(_ref(request), self._registry.entry(_ref(request)))

    async def list(self, request: Request) -> dict[str, Any]:
        """Show functions by name, at most 100 at a time."""
        query = dict(request.call.query)
        refs = [
            ref
            for ref in sorted(self._registry.functions(), key=str)
            if ref.name.startswith(query.get("prefix", "")) and ref.name >= query.get("nextToken", "")
        ]
        limit = min(int(query.get("limit", PAGE)), PAGE)
        page = {"functions": [self._shown(ref, self._registry.entry(ref)) for ref in refs[:limit]]}
        return {**page, "nextToken": refs[limit].name} if refs[limit:] else page

    async def update(self, request: Request) -> dict[str, Any]:
        """Change a function; it runs in new instances from now on."""
        ref = _ref(request)
        return self._shown(ref, self._registry.update_function(ref, _settings(request), request.body.get("code")))

    async def delete(self, request: Request) -> None:
        """Delete a function with its triggers and instances."""
        self._registry.delete_function(_ref(request))
        self._host.kill(str(_ref(request)))
        self._timers.reconsider()

    async def create_trigger(self, request: Request) -> dict[str, Any]:
        """Attach a trigger."""
        ref, body = _ref(request), request.body
        trigger = {
            "name": body.get("triggerName"),
            "kind": body.get("triggerType"),
            "config": check_config(body.get("triggerType"), read_config(body.get("triggerConfig"))),
            "source_arn": body.get("sourceArn") or "",
            "role": body.get("invocationRole") or "",
            "description": body.get("description") or "",
        }
        check_qualifier(body.get("qualifier"))
        entry = self._registry.create_trigger(ref, trigger)
        self._timers.reconsider()
        return self.shown_trigger(ref, entry)

    async def get_trigger(self, request: Request) -> dict[str, Any]:
        """Show a trigger."""
        ref = _ref(request)
        return self.shown_trigger(ref, self._registry.trigger(ref, request.names["trigger"]))

    async def list_triggers(self, request: Request) -> dict[str, Any]:
        """Show a function's triggers."""
        ref = _ref(request)
        self._registry.entry(ref)
        return {"triggers": [self.shown_trigger(ref, entry) for entry in self._registry.triggers("", ref)]}

    async def update_trigger(self, request: Request) -> dict[str, Any]:
        """Change a trigger."""
        ref, name, body = _ref(request), request.names["trigger"], request.body
        changes = {"role": body.get("invocationRole"), "description": body.get("description")}
        if body.get("triggerConfig") is not None:
            kind = self._registry.trigger(ref, name)["kind"]
            changes["config"] = check_config(kind, read_config(body["triggerConfig"]))
        entry = self._registry.update_trigger(ref, name, changes)
        self._timers.reconsider()
        return self.shown_trigger(ref, entry)

    async def delete_trigger(self, request: Request) -> None:
        """Detach a trigger."""
        self._registry.delete_trigger(_ref(request), request.names["trigger"])
        self._timers.reconsider()

    async def put_async(self, request: Request) -> dict[str, Any]:
        """Set retries and age of asynchronous requests."""
        entry = self._registry.put_async_config(_ref(request), request.body)
        return {"functionArn": self.arn(_ref(request)), **entry["async"]}

    async def get_async(self, request: Request) -> dict[str, Any]:
        """Show retries and age of asynchronous requests."""
        return {"functionArn": self.arn(_ref(request)), **self._registry.entry(_ref(request)).get("async", {})}

    async def put_concurrency(self, request: Request) -> dict[str, Any]:
        """Reserve instances."""
        entry = self._registry.put_reserved(_ref(request), request.body.get("reservedConcurrency"))
        return {"functionArn": self.arn(_ref(request)), "reservedConcurrency": entry["reserved"]}

    async def get_concurrency(self, request: Request) -> dict[str, Any]:
        """Show reserved instances."""
        reserved = self._registry.entry(_ref(request)).get("reserved")
        return {"functionArn": self.arn(_ref(request)), "reservedConcurrency": reserved}

    def arn(self, ref: Ref) -> str:
        """Give a function's ARN."""
        return f"acs:fc:{self._host.region}:{self._host.account_id}:functions/{ref.name}"

    def shown_trigger(self, ref: Ref, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Give a trigger as the API shows it."""
        shown = {
            "triggerId": entry["id"],
            "triggerName": entry["name"],
            "triggerType": entry["kind"],
            "triggerConfig": json.dumps(entry["config"]),
            "sourceArn": entry["source_arn"],
            "invocationRole": entry["role"],
            "description": entry["description"],
            "qualifier": "LATEST",
            "targetArn": self.arn(ref),
            "createdTime": entry["created"],
            "lastModifiedTime": entry["modified"],
        }
        if entry["kind"] == "http":
            url = f"{self._host.base_url}{PREFIX}{ref.name}"
            shown["httpTrigger"] = {"urlInternet": url, "urlIntranet": url}
        return shown

    def _shown(self, ref: Ref, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "timeout": 3,
            "memorySize": 512,
            "environmentVariables": {},
            **entry["settings"],
            "functionName": ref.name,
            "functionId": entry["id"],
            "functionArn": self.arn(ref),
            "codeChecksum": entry["code"],
            "codeSize": entry["code_size"],
            "createdTime": entry["created"],
            "lastModifiedTime": entry["modified"],
            "state": "Active",
            "lastUpdateStatus": "Successful",
        }


def _ref(request: Request) -> Ref:
    return Ref(request.names["name"])


def _settings(request: Request) -> dict[str, Any]:
    return {key: value for key, value in request.body.items() if key not in _HIDDEN and value is not None}
