"""What a function is: its name, its settings, and the limits both must keep (facts fc 1.5, 1.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RUNTIMES = ("python3", "python3.9", "python3.10", "python3.12")
DEBIAN_10_OR_OLDER = RUNTIMES[:3]
ENVIRONMENT_BYTES = 4096
LONGEST_TIMEOUT_S = 86_400
LONGEST_HOOK_S = 600
MOST_CPU = 16
MAX_ASYNC_RETRIES = 8
MAX_ASYNC_AGE_S = 604_800
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ARN_2 = re.compile(r"acs:fc:[^:]*:[^:]*:services/([^/.]+)(?:\.([^/]+))?/functions/([^/]+)")
_ARN_3 = re.compile(r"acs:fc:[^:]*:[^:]*:functions/([^/]+)(?:/([^/]+))?")


class Refusal(Exception):  # noqa: N818 - the platform's own refusals, answered in the form of either API
    """Function Compute says no, before any function ran."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> Refusal:
    """Give the refusal for a wrong argument."""
    return Refusal("InvalidArgument", message)


@dataclass(frozen=True)
class Ref:
    """Which function: a 3.0 function has no service, a 2.0 function has one; neither API sees the other's."""

    name: str
    service: str = ""

    def __str__(self) -> str:
        return f"{self.service}/{self.name}" if self.service else self.name

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read what `str` gives."""
        service, _, name = text.rpartition("/")
        return cls(name, service)

    @classmethod
    def from_arn(cls, arn: str) -> Ref:
        """Read the ARN of either version (fact flow 5.2). Only the qualifier LATEST exists here."""
        if found := _ARN_3.fullmatch(arn):
            name, qualifier = found.groups()
            ref = cls(name)
        elif found := _ARN_2.fullmatch(arn):
            service, qualifier, name = found.groups()
            ref = cls(name, service)
        else:
            raise invalid(f"'{arn}' is not the ARN of a function")
        check_qualifier(qualifier)
        return ref


@dataclass(frozen=True)
class Hook:
    """An initializer or PreStop function and its timeout in seconds."""

    handler: str
    timeout: int


@dataclass(frozen=True)
class Function:
    """A function as it runs. Memory is in MB, times are in seconds; `version` changes with every update."""

    ref: Ref
    version: int
    runtime: str
    handler: str
    code: str
    role: str
    timeout: int
    memory: int
    environment: Mapping[str, str]
    initializer: Hook | None
    pre_stop: Hook | None
    log_project: str
    log_store: str
    hide_credentials: str
    instances: int
    async_retries: int
    async_age: int


def read(ref: Ref, entry: Mapping[str, Any], instances: int) -> Function:
    """Give the function that a registry entry describes; `instances` is the limit where none is reserved."""
    settings, later = entry["settings"], entry.get("async", {})
    logs = settings.get("logConfig") or {}
    return Function(
        ref,
        entry["version"],
        settings["runtime"],
        settings["handler"],
        entry["code"],
        settings.get("role") or "",
        settings.get("timeout") or 3,
        settings.get("memorySize") or 512,
        settings.get("environmentVariables") or {},
        _hook(settings, "initializer"),
        _hook(settings, "preStop"),
        logs.get("project") or "",
        logs.get("logstore") or logs.get("logStore") or "",
        settings.get("disableInjectCredentials") or "None",
        entry.get("reserved") or instances,
        later.get("maxAsyncRetryAttempts", 3),
        later.get("maxAsyncEventAgeInSeconds", MAX_ASYNC_AGE_S // 7),
    )


def _hook(settings: Mapping[str, Any], name: str) -> Hook | None:
    said = (settings.get("instanceLifecycleConfig") or {}).get(name) or {}
    return Hook(said["handler"], said.get("timeout") or 3) if said.get("handler") else None


def check_name(name: Any, what: str = "function") -> str:
    """Give the name, or refuse it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(f"{what}Name {name!r} must be 1 to 64 letters, digits, '_' or '-', not first a digit or '-'")
    return name


def check_qualifier(qualifier: str | None) -> None:
    """Refuse every version and alias: only LATEST exists here."""
    if qualifier not in (None, "", "LATEST"):
        raise Refusal("VersionNotFound", f"version or alias '{qualifier}' does not exist", 404)


def check(settings: Mapping[str, Any]) -> None:
    """Refuse settings that the platform would refuse."""
    if settings.get("runtime") not in RUNTIMES:
        raise invalid(f"runtime {settings.get('runtime')!r} is not one of {', '.join(RUNTIMES)}")
    if not isinstance(settings.get("handler"), str) or not settings["handler"]:
        raise invalid("handler is required")
    within(settings, "timeout", 1, LONGEST_TIMEOUT_S)
    within(settings, "memorySize", 128, 32_768)
    within(settings, "instanceConcurrency", 1, 1)
    if (settings.get("memorySize") or 0) % 64:
        raise invalid("memorySize must be a multiple of 64")
    if settings.get("diskSize") not in (None, 512, 10240):
        raise invalid("diskSize must be 512 or 10240")
    _check_cpu(settings.get("cpu"), settings.get("memorySize") or 512)
    _check_environment(_map(settings, "environmentVariables"))
    check_shared(settings)
    _check_hooks(_map(settings, "instanceLifecycleConfig"))


def check_shared(settings: Mapping[str, Any]) -> None:
    """Refuse what neither a function nor a 2.0 service can have as its role and logs."""
    _map(settings, "logConfig")
    if not isinstance(settings.get("role") or "", str):
        raise invalid("role must be text")


def _map(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    if found is not None and not isinstance(found, Mapping):
        raise invalid(f"{name} must be a map")
    return found or {}


def _check_hooks(hooks: Mapping[str, Any]) -> None:
    for name in hooks:
        hook = _map(hooks, name)
        within(hook, "timeout", 1, LONGEST_HOOK_S)
        if not isinstance(hook.get("handler") or "", str):
            raise invalid(f"instanceLifecycleConfig.{name}.handler must be text")


def within(settings: Mapping[str, Any], name: str, low: int, high: int) -> None:
    """Refuse a whole number outside its range; absent is fine."""
    value = settings.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high):
        raise invalid(f"{name} {value!r} must be a whole number from {low} to {high}")


def _check_cpu(cpu: Any, memory_mb: int) -> None:
    if cpu is None:
        return
    if not isinstance(cpu, (int, float)) or not 0 < cpu <= MOST_CPU or not 1 <= (memory_mb / 1024) / cpu <= 4:  # noqa: PLR2004 - the vendor's ratio
        raise invalid(f"cpu {cpu!r} to memory {memory_mb} MB must be between 1:1 and 1:4 (in GB)")


def _check_environment(environment: Mapping[str, Any]) -> None:
    for key, value in environment.items():
        if not _VARIABLE.fullmatch(key) or key.startswith("FC_"):
            raise invalid(f"environment variable {key!r}: a letter first, then letters, digits or '_', and not 'FC_'")
        if not isinstance(value, str):
            raise invalid(f"environment variable {key!r} must be text")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in environment.items())
    if size > ENVIRONMENT_BYTES:
        raise invalid(f"environment variables take {size} bytes of at most {ENVIRONMENT_BYTES}")
