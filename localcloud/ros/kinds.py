"""What ROS must know of a type besides how it is made: whether one stands already, how it goes, what cannot change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.fc.function import Ref, Refusal
from localcloud.rpc.operation import ApiError
from localcloud.template.create import Targets

Properties = Mapping[str, Any]
NOT_FOUND = 404


@dataclass(frozen=True)
class Kind:
    """One type of resource. `fixed` are the properties that only a new resource can have otherwise."""

    stands: Callable[[Targets, Properties], bool]
    remove: Callable[[Targets, Properties], object]
    fixed: tuple[str, ...]


def _function_stands(targets: Targets, said: Properties) -> bool:
    ref = ref_of(said)
    return ref in targets.fc.host.registry.functions(ref.service)


def _remove_function(targets: Targets, said: Properties) -> None:
    ref = ref_of(said)
    targets.fc.host.registry.delete_function(ref)
    targets.fc.host.kill(str(ref))
    targets.fc.timers.reconsider()


def _trigger_stands(targets: Targets, said: Properties) -> bool:
    found = targets.fc.host.registry.triggers("", ref_of(said))
    return any(one["name"] == said["TriggerName"] for one in found)


def _remove_trigger(targets: Targets, said: Properties) -> None:
    targets.fc.host.registry.delete_trigger(ref_of(said), said["TriggerName"])
    targets.fc.timers.reconsider()


def _has_set(what: str) -> Callable[[Targets, Properties], bool]:
    return lambda targets, said: what in targets.fc.host.registry.entry(ref_of(said))


def _forget(what: str) -> Callable[[Targets, Properties], None]:
    return lambda targets, said: targets.fc.host.registry.forget(ref_of(said), what)


def _service_stands(targets: Targets, said: Properties) -> bool:
    return said["ServiceName"] in {entry["name"] for entry in targets.fc.host.registry.services()}


def _flow_stands(targets: Targets, said: Properties) -> bool:
    return is_known(lambda: targets.flow.flows.find(said["Name"]))


def _schedule_stands(targets: Targets, said: Properties) -> bool:
    return is_known(lambda: targets.flow.schedules.describe(said))


def ref_of(said: Properties) -> Ref:
    """Give the function that a resource is, or belongs to."""
    return Ref(said["FunctionName"], said.get("ServiceName", ""))


def is_known(look: Callable[[], object]) -> bool:
    """Say whether a look finds something."""
    try:
        look()
    except (ApiError, Refusal) as error:
        if error.status != NOT_FOUND:
            raise
        return False
    return True


def _of_smq(kind: str, name: str) -> Kind:
    return Kind(
        lambda targets, said: targets.fc.smq.has(kind, said[name]),
        lambda targets, said: targets.fc.smq.delete(kind, said[name]),
        (name,),
    )


KINDS: Mapping[str, Kind] = {
    "ALIYUN::OSS::Bucket": Kind(
        lambda targets, said: targets.oss.has_bucket(said["BucketName"]),
        lambda targets, said: targets.oss.delete_bucket(said["BucketName"]),
        ("BucketName",),
    ),
    "ALIYUN::MNS::Topic": _of_smq("topics", "TopicName"),
    "ALIYUN::MNS::Queue": _of_smq("queues", "QueueName"),
    "ALIYUN::RAM::Role": Kind(
        lambda targets, said: targets.identity.has_role(said["RoleName"]),
        lambda targets, said: targets.identity.delete_role(said["RoleName"]),
        ("RoleName",),
    ),
    "ALIYUN::FC3::Function": Kind(_function_stands, _remove_function, ("FunctionName",)),
    "ALIYUN::FC3::Trigger": Kind(_trigger_stands, _remove_trigger, ("FunctionName", "TriggerName", "TriggerType")),
    "ALIYUN::FC3::AsyncInvokeConfig": Kind(_has_set("async"), _forget("async"), ("FunctionName",)),
    "ALIYUN::FC3::ConcurrencyConfig": Kind(_has_set("reserved"), _forget("reserved"), ("FunctionName",)),
    "ALIYUN::FC::Service": Kind(
        _service_stands,
        lambda targets, said: targets.fc.host.registry.delete_service(said["ServiceName"]),
        ("ServiceName",),
    ),
    "ALIYUN::FC::Function": Kind(_function_stands, _remove_function, ("ServiceName", "FunctionName")),
    "ALIYUN::FC::Trigger": Kind(
        _trigger_stands, _remove_trigger, ("ServiceName", "FunctionName", "TriggerName", "TriggerType")
    ),
    "ALIYUN::FNF::Flow": Kind(
        _flow_stands, lambda targets, said: targets.flow.delete_flow({"Name": said["Name"]}), ("Name", "ExecutionMode")
    ),
    "ALIYUN::FNF::Schedule": Kind(
        _schedule_stands,
        lambda targets, said: targets.flow.schedules.delete(said),
        ("FlowName", "ScheduleName"),
    ),
}
ELSEWHERE = Kind(lambda _targets, _said: False, lambda _targets, _said: None, ())
"""Of a type that this cloud checks and cannot make."""


def kind_of(name: str) -> Kind:
    """Give what is known of a type."""
    return KINDS.get(name, ELSEWHERE)
