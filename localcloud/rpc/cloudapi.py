"""API Gateway dedicated instances, `CloudAPI` 2016-07-14: read and resize (facts A.3, A.4, B.2, B.3, C.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from localcloud.rpc.estate import Estate, Kept, Wish
from localcloud.rpc.load import Figure, Load, measured_until, spans
from localcloud.rpc.operation import ApiError, Caller, Operation, Parameters, RpcProduct
from localcloud.rpc.parameters import TIME_FORM, read_time
from localcloud.rpc.schema import operation, version
from localcloud.rpc.specs import GATEWAY_SPECS
from localcloud.rpc.timeline import Moment, Phase
from localcloud.rpc.tokens import Tokens
from localcloud.world import Usage

PRODUCT = "CloudAPI"
RUNNING, MODIFYING = "RUNNING", "MODIFYING"
BILLING = {"PRE_PAID": "PrePaid", "POST_PAID": "PayAsYouGo"}
SPEC_ORDER = list(GATEWAY_SPECS)
LASTS = timedelta(days=365)
MINUTE, MOST_POINTS = timedelta(minutes=1), 1440
REUSE_IGNORED, REUSE_REPLAYED = "ignored", "replayed"
LABELS = {
    "en": ("Maximum requests per second", "SLA"),
    "zh": ("最大每秒请求数", "SLA"),
    "ja": ("1秒あたりの最大リクエスト数", "SLA"),
}


class CloudApi:
    """The API Gateway instances of the account, by the vendor's API."""

    def __init__(self, estate: Estate, load: Load, tokens: Tokens, account_id: str) -> None:
        self._estate, self._load, self._tokens, self._account_id = estate, load, tokens, account_id

    def product(self) -> RpcProduct:
        """Give the product for the front door. RAM cannot scope ModifyInstanceSpec to one instance (fact F.17)."""
        operations = {
            "ModifyInstanceSpec": operation(
                PRODUCT, "ModifyInstanceSpec", self.modify, lambda _: ("apigateway:ModifyInstanceSpec", "*")
            ),
            "DescribeInstances": operation(
                PRODUCT, "DescribeInstances", self.describe, lambda _: ("apigateway:DescribeInstances", "*")
            ),
            "DescribeInstanceQps": self._monitor("DescribeInstanceQps", self.qps),
            "DescribeInstanceSlbConnect": self._monitor("DescribeInstanceSlbConnect", self.connections),
        }
        return RpcProduct(PRODUCT, version(PRODUCT), operations)

    def _monitor(self, action: str, run: Callable[[Parameters, Caller], Mapping[str, Any]]) -> Operation:
        """Make an operation that shows how an instance is used; RAM can scope these to one instance."""

        def permission(parameters: Parameters) -> tuple[str, str]:
            instance_id = parameters["InstanceId"]
            where = f"{self._estate.region_of(instance_id)}:{self._account_id}"
            return f"apigateway:{action}", f"acs:apigateway:{where}:instance/{instance_id}"

        return operation(PRODUCT, action, run, permission)

    def _find(self, instance_id: str, caller: Caller) -> Kept:
        if kept := self._estate.find("apigateway", instance_id, caller.region):
            return kept
        raise ApiError("NotFoundInstance", f"The instance {instance_id} does not exist.")

    def modify(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Order another spec. The answer names neither the order nor the instance; without AutoPay nobody pays."""
        kept = self._find(parameters["InstanceId"], caller)
        behaviour = self._estate.behaviour(kept.instance_id)
        token = parameters["Token"].strip()
        reuse = behaviour.gateway_token_reuse
        if reuse != REUSE_IGNORED and self._tokens.is_used(kept.instance_id, token):
            if reuse == REUSE_REPLAYED:
                return {}
            raise ApiError("RepeatedCommit", "The request was submitted before; do not submit frequently.")
        wish = self._wish(kept, parameters, caller)
        self._tokens.keep(kept.instance_id, token, parameters, {})
        self._estate.order(kept, wish)
        return {}

    def _wish(self, kept: Kept, parameters: Parameters, caller: Caller) -> Wish:
        wanted = parameters["InstanceSpec"]
        if wanted not in GATEWAY_SPECS:
            raise ApiError("InvalidInstanceSpec", f"The spec {wanted} is not sold.")
        moment = self._estate.moment(kept)
        if self._status(kept, moment) != RUNNING:
            raise ApiError("InvalidInstanceStatus", "Only a running instance can be resized.")
        behaviour = self._estate.behaviour(kept.instance_id)
        if behaviour.unpaid_blocks_next and self._estate.orders.unpaid(kept.instance_id):
            raise ApiError("ORDER.INST_HAS_UNPAID_ORDER", "The instance has an unpaid order.", 405)
        before = str(moment.spec["InstanceSpec"])
        if wanted == before:
            raise ApiError("InvalidInstanceSpec.NoChange", "The instance has this spec already.")
        up = SPEC_ORDER.index(wanted) > SPEC_ORDER.index(before)
        if up != (parameters.get("ModifyAction", "UPGRADE") == "UPGRADE"):
            raise ApiError("InvalidModifyAction", "ModifyAction does not fit the direction of the change.")
        return Wish(
            {"InstanceSpec": wanted},
            "Upgrade" if up else "Downgrade",
            caller.principal,
            pays=parameters.get("AutoPay", False) and not behaviour.wait_for_payment,
            skips_switchover=parameters.get("SkipWaitSwitch", False),
        )

    def describe(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read instances. An id that nobody has gives an empty list, not an error."""
        wanted = parameters.get("InstanceId", "")
        kept = [one for one in self._estate.all("apigateway", caller.region) if wanted in ("", one.instance_id)]
        kept = [one for one in kept if parameters.get("InstanceType", type_of(one)) == type_of(one)]
        wanted_tags = tags_of(parameters.get("Tag", {}))
        kept = [one for one in kept if wanted_tags.items() <= one.began.tags.items()]
        number, size = parameters.get("PageNumber", 1), parameters.get("PageSize", 10)
        page = kept[(number - 1) * size : number * size]
        seen_at = self._estate.seen_at("DescribeInstances", wanted)
        shown = [self._shown(one, seen_at, parameters.get("Language", "zh")) for one in page]
        return {
            "Instances": {"InstanceAttribute": shown},
            "PageNumber": number,
            "PageSize": size,
            "TotalCount": len(kept),
        }

    def _status(self, kept: Kept, moment: Moment) -> str:
        if kept.began.status:
            return kept.began.status
        if moment.phase is Phase.WAITING_FOR_SWITCH:
            return self._estate.behaviour(kept.instance_id).switchover_status
        return (moment.status or MODIFYING) if moment.phase is Phase.APPLYING else RUNNING

    def _shown(self, kept: Kept, seen_at: datetime, language: str) -> dict[str, Any]:
        moment = self._estate.moment(kept, seen_at)
        word = self._estate.behaviour(kept.instance_id).word
        spec = GATEWAY_SPECS[str(moment.spec["InstanceSpec"])]
        values = (str(spec.rps), "99.95%" if spec.name.startswith("api.s1.") else "99.99%")
        attributes = [
            {"LocalName": label, "Value": value} for label, value in zip(LABELS[language], values, strict=True)
        ]
        return {
            "InstanceId": kept.instance_id,
            "InstanceName": kept.began.name or kept.instance_id,
            "Status": word(self._status(kept, moment)),
            "InstanceSpec": spec.name,
            "InstanceRpsLimit": spec.rps,
            "InstanceSpecAttributes": {"SpecAttribute": attributes},
            "InstanceChargeType": BILLING[kept.began.billing],
            "InstanceType": type_of(kept),
            "DedicatedInstanceType": "normal",
            **addresses(kept.instance_id, moment),
            **times(kept),
            "ZoneId": f"{self._estate.region_of(kept.instance_id)}-MAZ5(g,h)",
            "RegionId": self._estate.region_of(kept.instance_id),
            "HttpsPolicies": "HTTPS2_TLS1_2",
            "AclStatus": "off",
            "SupportIpv6": False,
            "Tags": {"TagInfo": [{"Key": key, "Value": value} for key, value in kept.began.tags.items()]},
        }

    def qps(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read the requests per second, a figure a minute; only the RELEASE stage has any."""
        has_any = parameters["StageName"] == "RELEASE"
        figures = self._figures("DescribeInstanceQps", parameters, caller, lambda usage: usage.tps if has_any else 0)
        return {"InstanceQps": {"MonitorItem": [item(at, figure.high) for at, figure in figures]}}

    def connections(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read the connections, three figures a minute; a tenth of them is idle."""
        figures = self._figures("DescribeInstanceSlbConnect", parameters, caller, lambda usage: usage.connections)
        items = []
        for at, figure in figures:
            every = {"Maximum": figure.high, "Minimum": figure.low, "Average": figure.mean}[parameters["SbcName"]]
            idle = int(every) // 10
            parts = {"InstanceMaxConnection": every, "InstanceInactiveConnection": idle}
            parts["InstanceActiveConnection"] = every - idle
            items += [{"Item": name, **item(at, value)} for name, value in parts.items()]
        return {"InstanceSlbConnect": {"MonitorItem": items}}

    def _figures(
        self, action: str, parameters: Parameters, caller: Caller, figure: Callable[[Usage], int]
    ) -> list[tuple[datetime, Figure]]:
        """Give a figure for each whole minute from StartTime on and before EndTime."""
        kept = self._find(parameters["InstanceId"], caller)
        start, end = (moment_of(parameters, name) - timedelta.resolution for name in ("StartTime", "EndTime"))
        now = self._estate.seen_at(action, kept.instance_id)
        measured = measured_until(self._estate.behaviour(kept.instance_id), now)
        minutes = spans(start, end, MINUTE, measured)[:MOST_POINTS] if measured else []
        return [(at, self._load.over(kept, at, at + MINUTE, figure)) for at in minutes]


def type_of(kept: Kept) -> str:
    """Whether an instance is one's own or shared with others."""
    return kept.began.edition or "VPC_DEDICATED"


def tags_of(members: Mapping[str, str]) -> dict[str, str]:
    """Read the members of a list of tags: `{"1.Key": ..., "1.Value": ...}`."""
    return {
        value: members.get(f"{name.removesuffix('.Key')}.Value", "")
        for name, value in members.items()
        if name.endswith(".Key")
    }


def addresses(instance_id: str, moment: Moment) -> dict[str, str]:
    """Give the egress addresses, and the new ones while a switchover waits for somebody (fact B.3)."""
    shown = {
        "InternetEgressAddress": internet_address(instance_id, moment.address),
        "VpcEgressAddress": vpc_address(instance_id, moment.address),
    }
    if moment.new_address is not None:
        both = f"{shown['InternetEgressAddress']},{internet_address(instance_id, moment.new_address)}"
        shown["InternetEgressAddress"] = both
        shown["NewVpcEgressAddress"] = vpc_address(instance_id, moment.new_address)
    return shown


def internet_address(instance_id: str, generation: int) -> str:
    """Make up a public address that is always the same for the same instance and generation."""
    digest = hashlib.sha256(f"{instance_id}/{generation}".encode()).digest()
    return f"47.{digest[0]}.{digest[1]}.{digest[2] % 254 + 1}"


def vpc_address(instance_id: str, generation: int) -> str:
    """Make up a private range, likewise."""
    digest = hashlib.sha256(f"vpc/{instance_id}/{generation}".encode()).digest()
    return f"100.104.{digest[0]}.{digest[1] // 64 * 64}/26"


def times(kept: Kept) -> dict[str, str]:
    """Give the times of an instance, each in a form of its own."""
    expires_ms = int((kept.created_at + LASTS).timestamp() * 1000)
    return {
        "CreatedTime": kept.created_at.strftime("%Y-%m-%d %H:%M:%S.0"),
        "ExpiredTime": str(expires_ms) if kept.began.billing == "PRE_PAID" else "",
        "MaintainStartTime": "22:00Z",
        "MaintainEndTime": "02:00Z",
    }


def moment_of(parameters: Parameters, name: str) -> datetime:
    """Read a time in UTC."""
    try:
        return read_time(parameters[name])
    except ValueError:
        raise ApiError("InvalidParameter", f"The specified parameter {name} is not valid: use {TIME_FORM}.") from None


def item(at: datetime, value: float) -> dict[str, str]:
    """Write one figure as the vendor's samples have it: texts, and a line end after the time."""
    return {"ItemTime": _item_time(at), "ItemValue": f"{value:.0f}"}


@lru_cache(maxsize=1024)
def _item_time(at: datetime) -> str:
    return at.strftime(TIME_FORM) + "\n"
