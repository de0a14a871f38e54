"""How each type of resource is made on this machine; made again, it is brought up to date."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.fc.compute import FunctionCompute
from localcloud.fc.function import Ref
from localcloud.fc.http import PREFIX
from localcloud.fc.trigger_config import check_config
from localcloud.flow.service import FlowService
from localcloud.identity import Identity
from localcloud.oss import Oss
from localcloud.oss.answers import OssError
from localcloud.rpc.operation import ApiError
from localcloud.template.package import zip_source

Attributes = Mapping[str, Any]
Properties = Mapping[str, Any]
NOT_FOUND = 404
AS_WRITTEN = ("EnvironmentVariables", "Tags")


@dataclass(frozen=True)
class Targets:
    """The parts of a cloud that resources are made in."""

    identity: Identity
    oss: Oss
    fc: FunctionCompute
    flow: FlowService

    def put_code(self, bucket: str, key: str, body: bytes) -> None:
        """Put packed code into OSS; the bucket is made where there is none."""
        try:
            self.oss.write(bucket, key, body)
        except OssError:
            self.oss.create_bucket(bucket)
            self.oss.write(bucket, key, body)


def _bucket(targets: Targets, properties: Properties) -> Attributes:
    name = properties["BucketName"]
    targets.oss.create_bucket(name, (properties.get("VersioningConfiguration") or {}).get("Status", ""))
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rule") or []
    targets.oss.keep(name, properties.get("AccessControl", "private"), [_expiry(rule) for rule in rules])
    domain = f"{name}.oss-{targets.fc.host.region}.aliyuncs.com"
    return {"Name": name, "DomainName": domain, "InternalDomainName": domain}


def _expiry(rule: Mapping[str, Any]) -> dict[str, Any]:
    days = int((rule.get("Expiration") or {}).get("Days") or 1)
    said = {"id": rule.get("ID", ""), "prefix": rule.get("Prefix", ""), "status": rule.get("Status", "Enabled")}
    return {**said, "days": days}


def _topic(targets: Targets, properties: Properties) -> Attributes:
    return {"ARN.WithSlash": targets.fc.smq.create_topic(properties["TopicName"])}


def _queue(targets: Targets, properties: Properties) -> Attributes:
    return {"ARN.WithSlash": targets.fc.smq.create_queue(properties["QueueName"])}


def _role(targets: Targets, properties: Properties) -> Attributes:
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies") or []]
    name = properties["RoleName"]
    return {"Arn": targets.identity.create_role(name, documents, properties["AssumeRolePolicyDocument"])}


def _function3(targets: Targets, properties: Properties) -> Attributes:
    return _function(targets, Ref(properties["FunctionName"]), properties)


def _function2(targets: Targets, properties: Properties) -> Attributes:
    said = dict(properties)
    if handler := said.pop("Initializer", None):
        hook = {"Handler": handler, "Timeout": said.pop("InitializationTimeout", 3)}
        said["InstanceLifecycleConfig"] = {"Initializer": hook}
    service = said["ServiceName"]
    return {**_function(targets, Ref(said["FunctionName"], service), said), "ServiceName": service}


def _function(targets: Targets, ref: Ref, properties: Properties) -> Attributes:
    registry = targets.fc.host.registry
    settings = _camel({key: value for key, value in properties.items() if key not in ("FunctionName", "ServiceName")})
    code = settings.pop("code", {})
    if text := code.pop("sourceCode", None):
        code = {"zipFile": base64.b64encode(zip_source(text)).decode(), **code}
    if ref in registry.functions(ref.service):
        entry = registry.update_function(ref, settings, code)
    else:
        entry = registry.create_function(ref, settings, code)
    place = f"acs:fc:{targets.fc.host.region}:{targets.fc.host.account_id}"
    service = f"services/{ref.service}/" if ref.service else ""
    return {"ARN": f"{place}:{service}functions/{ref.name}", "FunctionId": entry["id"], "FunctionName": ref.name}


def _service(targets: Targets, properties: Properties) -> Attributes:
    registry, name = targets.fc.host.registry, properties["ServiceName"]
    settings = _camel({key: value for key, value in properties.items() if key != "ServiceName"})
    if name in {entry["name"] for entry in registry.services()}:
        return {"ServiceId": registry.update_service(name, settings)["id"]}
    return {"ServiceId": registry.create_service(name, settings)["id"]}


def _trigger(targets: Targets, properties: Properties) -> Attributes:
    registry = targets.fc.host.registry
    ref = Ref(properties["FunctionName"], properties.get("ServiceName", ""))
    name, kind = properties["TriggerName"], properties["TriggerType"]
    trigger = {
        "name": name,
        "kind": kind,
        "config": check_config(kind, properties["TriggerConfig"]),
        "source_arn": properties.get("SourceArn", ""),
        "role": properties.get("InvocationRole", ""),
        "description": properties.get("Description", ""),
    }
    if any(one["name"] == name for one in registry.triggers("", ref)):
        entry = registry.update_trigger(ref, name, trigger)
    else:
        entry = registry.create_trigger(ref, trigger)
    targets.fc.timers.reconsider()
    found = {"TriggerId": entry["id"], "FunctionName": ref.name, "ServiceName": ref.service}
    if kind == "http":
        url = f"{targets.fc.host.base_url}{PREFIX}{ref.name}"
        found |= {"UrlInternet": url, "UrlIntranet": url}
    return found


def _async_config(targets: Targets, properties: Properties) -> Attributes:
    config = _camel({key: value for key, value in properties.items() if key != "FunctionName"})
    targets.fc.host.registry.put_async_config(Ref(properties["FunctionName"]), config)
    return {}


def _concurrency(targets: Targets, properties: Properties) -> Attributes:
    targets.fc.host.registry.put_reserved(Ref(properties["FunctionName"]), properties["ReservedConcurrency"])
    return {}


def _flow(targets: Targets, properties: Properties) -> Attributes:
    flows = targets.flow.flows
    given = {"Description": "", "Type": "FDL", **properties}
    is_there = _is_known(flows.describe, {"Name": properties["Name"]})
    shown = flows.update(given) if is_there else flows.create(given)
    return {key: shown[key] for key in ("Id", "Name", "CreatedTime", "LastModifiedTime")}


def _schedule(targets: Targets, properties: Properties) -> Attributes:
    schedules = targets.flow.schedules
    if _is_known(schedules.describe, properties):
        schedules.update(properties)
    else:
        schedules.create(properties)
    return {}


def _is_known(describe: Callable[[Properties], Any], given: Properties) -> bool:
    try:
        describe(given)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        return False
    return True


def _camel(value: Any) -> Any:
    """Write property names as the APIs do: ROS's first letters are capital, theirs are not."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: item if key in AS_WRITTEN else _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


CREATE: Mapping[str, Callable[[Targets, Properties], Attributes]] = {
    "ALIYUN::OSS::Bucket": _bucket,
    "ALIYUN::MNS::Topic": _topic,
    "ALIYUN::MNS::Queue": _queue,
    "ALIYUN::RAM::Role": _role,
    "ALIYUN::FC3::Function": _function3,
    "ALIYUN::FC3::Trigger": _trigger,
    "ALIYUN::FC3::AsyncInvokeConfig": _async_config,
    "ALIYUN::FC3::ConcurrencyConfig": _concurrency,
    "ALIYUN::FC::Service": _service,
    "ALIYUN::FC::Function": _function2,
    "ALIYUN::FC::Trigger": _trigger,
    "ALIYUN::FNF::Flow": _flow,
    "ALIYUN::FNF::Schedule": _schedule,
}
