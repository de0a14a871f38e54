"""What a triggerConfig may say, by kind of trigger (facts fc 2.1, 2.2, 2.5, 2.8). No vendor schema checks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.fc.function import Refusal, invalid
from localcloud.fc.invocation import MAX_ASYNC_BYTES
from localcloud.fc.schedule import Schedule

METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"}
RETRIES = {"BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"}

Config = Mapping[str, Any]


def check_config(kind: Any, config: Any) -> dict[str, Any]:
    """Give the config back, or refuse it with the key that is wrong."""
    if kind not in _CHECKS:
        raise invalid(f"triggerType {kind!r} is not offered here; it may be {', '.join(_CHECKS)}")
    if not isinstance(config, Mapping):
        raise invalid(f"triggerConfig of a {kind} trigger must be a map")
    _CHECKS[kind](config)
    return dict(config)


def read_config(text: Any) -> Any:
    """Read the JSON text in which the 3.0 API sends a config."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid("triggerConfig is not JSON text") from error


def _timer(config: Config) -> None:
    _only(config, {"payload", "cronExpression", "enable"})
    if not isinstance(config.get("cronExpression"), str):
        raise invalid("triggerConfig.cronExpression is required")
    Schedule.parse(config["cronExpression"])
    _is(config, "enable", bool)
    _is(config, "payload", str)
    if len(config.get("payload", "").encode()) > MAX_ASYNC_BYTES:
        raise invalid(f"triggerConfig.payload is larger than {MAX_ASYNC_BYTES} bytes")


def _http(config: Config) -> None:
    _only(config, {"authType", "methods", "disableURLInternet", "authConfig"})
    _one_of(config, "authType", {"anonymous", "function"}, required=True)
    _is(config, "disableURLInternet", bool)
    methods = config.get("methods")
    if not isinstance(methods, list) or not methods or not METHODS.issuperset(methods):
        raise invalid(f"triggerConfig.methods must list some of {', '.join(sorted(METHODS))}")


def _topic(config: Config) -> None:
    _only(config, {"notifyContentFormat", "notifyStrategy", "filterTag"})
    _one_of(config, "notifyContentFormat", {"STREAM", "JSON"})
    _one_of(config, "notifyStrategy", RETRIES)
    _is(config, "filterTag", str)


def _eventbridge(config: Config) -> None:
    kinds = {"triggerEnable", "asyncInvocationType", "eventRuleFilterPattern"}
    _only(config, kinds | {"eventSourceConfig", "eventSinkConfig", "runOptions"})
    _is(config, "triggerEnable", bool)
    source = config.get("eventSourceConfig") or {}
    _one_of(source, "eventSourceType", {"Default", "MNS"}, required=True)
    if source["eventSourceType"] == "MNS" and not queue_of(config):
        raise invalid("triggerConfig.eventSourceConfig.eventSourceParameters.sourceMNSParameters.QueueName is required")
    read_pattern(config)
    options = config.get("runOptions") or {}
    _one_of(options, "mode", {"event-driven", "event-streaming"})
    _one_of(options, "errorsTolerance", {"NONE", "ALL"})
    _one_of(options.get("retryStrategy") or {}, "PushRetryStrategy", RETRIES)
    delivery = (config.get("eventSinkConfig") or {}).get("deliveryOption") or {}
    _one_of(delivery, "eventSchema", {"CloudEvents", "RawData"})


def queue_of(config: Config) -> str:
    """Give the queue that an eventbridge trigger reads, or nothing."""
    parameters = (config.get("eventSourceConfig") or {}).get("eventSourceParameters") or {}
    return str((parameters.get("sourceMNSParameters") or {}).get("QueueName") or "")


def read_pattern(config: Config) -> dict[str, list[str]]:
    """Give the filter as lists of accepted values per attribute; finer patterns are not offered here."""
    try:
        pattern = json.loads(config.get("eventRuleFilterPattern") or "{}")
    except (TypeError, ValueError) as error:
        raise invalid("triggerConfig.eventRuleFilterPattern is not JSON text") from error
    for name, values in pattern.items() if isinstance(pattern, dict) else [("", None)]:
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise invalid(f"triggerConfig.eventRuleFilterPattern.{name} must be a list of plain values")
    return dict(pattern)


def _only(config: Config, names: set[str]) -> None:
    if unknown := sorted(set(config) - names):
        raise invalid(f"triggerConfig.{unknown[0]} is unknown; it may have {', '.join(sorted(names))}")


def _is(config: Config, name: str, kind: type) -> None:
    if name in config and not isinstance(config[name], kind):
        raise invalid(f"triggerConfig.{name} must be a {kind.__name__}, not {config[name]!r}")


def _one_of(config: Config, name: str, values: set[str], *, required: bool = False) -> None:
    if (name in config or required) and config.get(name) not in values:
        raise _wrong_value(name, config.get(name), values)


def _wrong_value(name: str, value: Any, values: set[str]) -> Refusal:
    return invalid(f"triggerConfig.{name} {value!r} must be one of {', '.join(sorted(values))}")


_CHECKS: dict[str, Callable[[Config], None]] = {
    "timer": _timer,
    "http": _http,
    "mns_topic": _topic,
    "eventbridge": _eventbridge,
}
