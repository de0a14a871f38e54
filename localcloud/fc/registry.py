"""Services, functions and triggers as they were created: the part of Function Compute that only remembers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.fc.code import CodeShelf
from localcloud.fc.destination import check_destinations
from localcloud.fc.function import (
    MAX_ASYNC_AGE_S,
    MAX_ASYNC_RETRIES,
    Function,
    Ref,
    Refusal,
    check,
    check_name,
    check_shared,
    read,
    within,
)

INSTANCES = 100
"""The vendor's limit for an account and region (fact fc 1.7); here it holds for each function."""
MOST_RESERVED = 300


def stamp(at: datetime) -> str:
    """Write an instant as the vendor does."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Registry:
    """Knows every service, function and trigger. All of it survives a restart with its drawer."""

    def __init__(self, drawer: MutableMapping[str, Any], clock: Clock, code: CodeShelf, instances: int) -> None:
        self._drawer, self._clock, self.code, self._instances = drawer, clock, code, instances

    def create_service(self, name: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Create a 2.0 service."""
        key = f"service/{check_name(name, 'service')}"
        if key in self._drawer:
            raise Refusal("ServiceAlreadyExists", f"service '{name}' already exists", 409)
        check_shared(settings)
        return self._store(key, {"name": name, "id": secrets.token_hex(16), "settings": dict(settings)})

    def service(self, name: str) -> dict[str, Any]:
        """Give a service's entry."""
        return self._found(f"service/{name}", "ServiceNotFound", f"service '{name}' does not exist")

    def services(self) -> list[dict[str, Any]]:
        """Give every service's entry."""
        return [entry for _, entry in self._under("service/")]

    def update_service(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change a service; its functions get new instances."""
        entry = self.service(name)
        check_shared(settings)
        entry["settings"] |= {key: value for key, value in settings.items() if value is not None}
        return self._store(f"service/{name}", entry)

    def delete_service(self, name: str) -> None:
        """Delete a service without functions."""
        self.service(name)
        if self.functions(name):
            raise Refusal("ServiceNotEmpty", f"service '{name}' is not empty", 409)
        del self._drawer[f"service/{name}"]

    def create_function(self, ref: Ref, settings: Mapping[str, Any], code: Mapping[str, Any] | None) -> dict[str, Any]:
        """Create a function with its code."""
        check_name(ref.name)
        if ref.service:
            self.service(ref.service)
        if f"function/{ref}" in self._drawer:
            raise Refusal("FunctionAlreadyExists", f"function '{ref.name}' already exists", 409)
        check(settings)
        package = self.code.keep(code)
        entry = {"settings": dict(settings), "id": secrets.token_hex(16)}
        return self._store(f"function/{ref}", {**entry, "code": package.checksum, "code_size": package.size})

    def update_function(self, ref: Ref, settings: Mapping[str, Any], code: Mapping[str, Any] | None) -> dict[str, Any]:
        """Change what is named, and leave the rest."""
        entry = self.entry(ref)
        entry["settings"] |= {key: value for key, value in settings.items() if value is not None}
        check(entry["settings"])
        if code:
            package = self.code.keep(code)
            entry |= {"code": package.checksum, "code_size": package.size}
        return self._store(f"function/{ref}", entry)

    def delete_function(self, ref: Ref) -> None:
        """Delete a function and its triggers."""
        self.entry(ref)
        for key, _ in list(self._under(f"trigger/{ref}#")):
            del self._drawer[key]
        del self._drawer[f"function/{ref}"]

    def entry(self, ref: Ref) -> dict[str, Any]:
        """Give a function's entry."""
        if ref.service:
            self.service(ref.service)
        return self._found(f"function/{ref}", "FunctionNotFound", f"function '{ref.name}' does not exist")

    def function(self, ref: Ref) -> Function:
        """Give a function as it runs. A 2.0 function takes role and logs from its service."""
        entry = self.entry(ref)
        if ref.service:
            service = self.service(ref.service)
            inherited = {key: service["settings"].get(key) for key in ("role", "logConfig")}
            entry = {**entry, "settings": {**entry["settings"], **inherited}}
            entry["version"] += service["version"] * 1_000_000
        return read(ref, entry, self._instances)

    def functions(self, service: str = "") -> list[Ref]:
        """Give the functions of one service, or all 3.0 functions."""
        refs = [Ref.parse(key.partition("/")[2]) for key, _ in self._under("function/")]
        return [ref for ref in refs if ref.service == service]

    def put_async_config(self, ref: Ref, config: Mapping[str, Any]) -> dict[str, Any]:
        """Set how often and how long asynchronous requests are retried, and which queue gets what failed for good."""
        within(config, "maxAsyncRetryAttempts", 0, MAX_ASYNC_RETRIES)
        within(config, "maxAsyncEventAgeInSeconds", 1, MAX_ASYNC_AGE_S)
        check_destinations(config.get("destinationConfig"))
        kept = ("maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds", "destinationConfig")
        given = {key: config[key] for key in kept if config.get(key) is not None}
        return self._store(f"function/{ref}", {**self.entry(ref), "async": given})

    def put_reserved(self, ref: Ref, instances: Any) -> dict[str, Any]:
        """Reserve, and so limit, the instances of one function."""
        within({"reservedConcurrency": instances}, "reservedConcurrency", 1, MOST_RESERVED)
        return self._store(f"function/{ref}", {**self.entry(ref), "reserved": instances})

    def forget(self, ref: Ref, what: str) -> None:
        """Take back what was set of a function besides its settings: `async` or `reserved`."""
        self._store(f"function/{ref}", {key: value for key, value in self.entry(ref).items() if key != what})

    def create_trigger(self, ref: Ref, trigger: Mapping[str, Any]) -> dict[str, Any]:
        """Attach a trigger, its `config` already checked."""
        self.entry(ref)
        name = check_name(trigger["name"], "trigger")
        if f"trigger/{ref}#{name}" in self._drawer:
            raise Refusal("TriggerAlreadyExists", f"trigger '{name}' already exists", 409)
        return self._store(f"trigger/{ref}#{name}", {**trigger, "function": str(ref), "id": secrets.token_hex(16)})

    def update_trigger(self, ref: Ref, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is named."""
        given = {key: value for key, value in changes.items() if value is not None}
        return self._store(f"trigger/{ref}#{name}", {**self.trigger(ref, name), **given})

    def trigger(self, ref: Ref, name: str) -> dict[str, Any]:
        """Give a trigger's entry."""
        self.entry(ref)
        return self._found(f"trigger/{ref}#{name}", "TriggerNotFound", f"trigger '{name}' does not exist")

    def triggers(self, kind: str = "", ref: Ref | None = None) -> list[dict[str, Any]]:
        """Give the triggers of one kind, of one function, or all."""
        found = self._under(f"trigger/{ref}#" if ref else "trigger/")
        return [entry for _, entry in found if not kind or entry["kind"] == kind]

    def delete_trigger(self, ref: Ref, name: str) -> None:
        """Detach a trigger."""
        self.trigger(ref, name)
        del self._drawer[f"trigger/{ref}#{name}"]

    def _store(self, key: str, entry: dict[str, Any]) -> dict[str, Any]:
        now = stamp(self._clock.now())
        entry = {"created": now, **entry, "modified": now, "version": entry.get("version", 0) + 1}
        self._drawer[key] = entry
        return entry

    def _found(self, key: str, code: str, message: str) -> dict[str, Any]:
        if key not in self._drawer:
            raise Refusal(code, message, 404)
        return dict(self._drawer[key])

    def _under(self, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for key in self._drawer:
            if key.startswith(prefix):
                yield key, dict(self._drawer[key])
