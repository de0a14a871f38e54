"""ApsaraMQ for RabbitMQ, `amqp-open` 2019-12-12: read and resize instances (facts A.1, A.2, B.1, C.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from localcloud.rpc.estate import Estate, Kept, Wish
from localcloud.rpc.load import Load
from localcloud.rpc.operation import ApiError, Caller, Parameters, RpcProduct
from localcloud.rpc.orders import Direction, PlacedOrder
from localcloud.rpc.purchase import PARAM_ERROR, NotSold, as_sold, direction_of, wished_spec
from localcloud.rpc.schema import operation, version
from localcloud.rpc.timeline import Moment, Phase
from localcloud.rpc.tokens import Tokens

PRODUCT = "amqp-open"
SERVING = "SERVING"
READ_AS = {"MaxPrivateTps": "MaxTps", "QueueCapacity": "MaxQueue", "SupportEip": "SupportEIP"}
"""Request names whose values are read under another name (fact A.2)."""
NOT_LISTED = ("MaxConnections", "SupportTracing", "TracingStorageTime")
LASTS = timedelta(days=365)


class Amqp:
    """The RabbitMQ instances of the account, by the vendor's API."""

    def __init__(self, estate: Estate, load: Load, tokens: Tokens, account_id: str) -> None:
        self._estate, self._load, self._tokens, self._account_id = estate, load, tokens, account_id

    def product(self) -> RpcProduct:
        """Give the product for the front door."""
        one, many = self._one, lambda _: ("amqp:ListInstance", "*")
        operations = {
            "UpdateInstance": operation(PRODUCT, "UpdateInstance", self.update, lambda p: one("UpdateInstance", p)),
            "GetInstance": operation(PRODUCT, "GetInstance", self.get, lambda p: one("GetInstance", p)),
            "ListInstances": operation(PRODUCT, "ListInstances", self.list, many),
            "GetMetadataAmount": operation(PRODUCT, "GetMetadataAmount", self.amounts, lambda p: one("GetInstance", p)),
        }
        return RpcProduct(PRODUCT, version(PRODUCT), operations)

    def _one(self, action: str, parameters: Parameters) -> tuple[str, str]:
        instance_id = parameters["InstanceId"]
        region = self._estate.region_of(instance_id)
        return f"amqp:{action}", f"acs:amqp:{region}:{self._account_id}:/instances/{instance_id}"

    def _find(self, instance_id: str, caller: Caller) -> Kept:
        if kept := self._estate.find("rabbitmq", instance_id, caller.region):
            return kept
        raise ApiError("InstanceNotExist", f"The instance {instance_id} does not exist.", 404)

    def update(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Order a change of spec. A spec that nobody sells is refused with HTTP 200 and a code in the body."""
        kept = self._find(parameters["InstanceId"], caller)
        behaviour = self._estate.behaviour(kept.instance_id)
        counts = behaviour.client_token != "ignored"  # noqa: S105 - a word of the world file, not a secret
        token = parameters.get("ClientToken", "") if counts else ""
        if token and (earlier := self._tokens.earlier(kept.instance_id, token, parameters)):
            return earlier
        try:
            wish = self._wish(kept, parameters, caller)
        except NotSold as error:
            return {**answer(PARAM_ERROR, str(error)), "Success": "false", "StatusCode": "400"}
        reply = accepted(behaviour.update_data, kept.instance_id, self._order(kept, wish))
        if token:
            self._tokens.keep(kept.instance_id, token, parameters, reply)
        return reply

    def _wish(self, kept: Kept, parameters: Parameters, caller: Caller) -> Wish:
        behaviour = self._estate.behaviour(kept.instance_id)
        check_fields(kept, parameters, type_required=behaviour.instance_type_required)
        before = self._estate.moment(kept).spec
        spec = wished_spec(before, parameters, resets=behaviour.omitted_field == "reset")
        spec = as_sold(before, spec, rounds=behaviour.rounding == "up")
        self._check_state(kept)
        direction: Direction = "Upgrade" if parameters["ModifyType"] == "UPGRADE" else "Downgrade"
        # What falls back because it was omitted goes unnoticed: only what was asked for counts.
        actual = direction_of(before, {name: value for name, value in spec.items() if name in parameters})
        if actual is None:
            raise ApiError("UpDowngradeConfigNoChange", "The configuration does not change.")
        if actual != direction:
            raise ApiError("InvalidParameter", f"ModifyType does not fit the change, which is {actual}.")
        return Wish(spec, direction, caller.principal, pays=not behaviour.wait_for_payment)

    def _check_state(self, kept: Kept) -> None:
        if kept.began.status not in (None, SERVING):
            raise ApiError("InstanceStatusError", f"The instance is {kept.began.status}.")
        busy = self._estate.moment(kept).phase is not Phase.STEADY or self._estate.is_migrating(kept)
        if busy or self._estate.refuses_once_more(kept):
            message = "The instance topic is migrating, please wait until the migration ends."
            raise ApiError("InstanceUpgradeOrDownGradeTopicMigrating", message)
        if self._estate.behaviour(kept.instance_id).unpaid_blocks_next and self._estate.orders.unpaid(kept.instance_id):
            raise ApiError("ORDER.INST_HAS_UNPAID_ORDER", "The instance has an unpaid order.", 405)

    def _order(self, kept: Kept, wish: Wish) -> PlacedOrder | None:
        if not self._estate.affords(kept, wish):
            raise ApiError("INSUFFICIENT_AVAILABLE_QUOTA", "The available quota of the account is insufficient.")
        return self._estate.order(kept, wish)

    def get(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read one instance."""
        kept = self._find(parameters["InstanceId"], caller)
        return {"Data": self._shown(kept, self._estate.seen_at("GetInstance", kept.instance_id))}

    def list(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read all instances, by pages. A page lacks some fields that `get` gives."""
        start, size = page_start(parameters.get("NextToken", "")), parameters["MaxResults"]
        group = parameters.get("ResourceGroupId", "")
        kept = [one for one in self._estate.all("rabbitmq", caller.region) if group in ("", one.began.resource_group)]
        seen_at = self._estate.seen_at("ListInstances")
        shown = [self._shown(one, seen_at) for one in kept[start : start + size]]
        items = [{name: value for name, value in one.items() if name not in NOT_LISTED} for one in shown]
        following = str(start + size) if start + size < len(kept) else ""
        return {"Data": {"Instances": items, "MaxResults": size, "NextToken": following}}

    def amounts(self, parameters: Parameters, caller: Caller) -> Mapping[str, Any]:
        """Read how much of an instance is in use."""
        kept = self._find(parameters["InstanceId"], caller)
        seen_at = self._estate.seen_at("GetMetadataAmount", kept.instance_id)
        queues = self._estate.moment(kept, seen_at).spec["QueueCapacity"]
        used = self._load.at(kept, seen_at).queues
        return {
            "Data": {
                "CurrentVirtualHosts": 1,
                "CurrentExchanges": 7 + used,
                "CurrentQueues": used,
                "MaxVirtualHosts": 200,
                "MaxExchanges": queues,
                "MaxQueues": queues,
            }
        }

    def _shown(self, kept: Kept, seen_at: datetime) -> dict[str, Any]:
        moment = self._estate.moment(kept, seen_at)
        behaviour = self._estate.behaviour(kept.instance_id)
        return {**identity_of(kept), **capacity(moment), **self._words(kept, moment, behaviour.word)}

    def _words(self, kept: Kept, moment: Moment, word: Any) -> dict[str, str]:
        status = kept.began.status or (moment.status if moment.phase is not Phase.STEADY else "") or SERVING
        edition = str(moment.spec.get("InstanceType", kept.began.edition))
        return {"Status": word(status), "InstanceType": word(edition.upper())}


def check_fields(kept: Kept, parameters: Parameters, *, type_required: bool) -> None:
    """Refuse fields that do not fit a resize or the way the instance is paid (fact A.1)."""
    subscription = kept.began.billing == "PRE_PAID"
    if "EncryptedInstance" in parameters or "KmsKeyId" in parameters:
        raise ApiError("InvalidParameter", "Encryption cannot be set when an instance is resized.")
    if subscription and type_required and "InstanceType" not in parameters:
        raise ApiError("MissingParameter", "InstanceType is mandatory for a subscription instance.")
    if not subscription and "InstanceType" in parameters:
        raise ApiError("InvalidParameter", "InstanceType is for subscription instances only.")
    if subscription and "ServerlessChargeType" in parameters:
        raise ApiError("InvalidParameter", "ServerlessChargeType is for serverless instances only.")


def identity_of(kept: Kept) -> dict[str, Any]:
    """Give the fields that a resize does not touch."""
    instance_id, region = kept.instance_id, "mq.amqp.aliyuncs.com"
    created_ms = int(kept.created_at.timestamp() * 1000)
    return {
        "InstanceId": instance_id,
        "InstanceName": kept.began.name or instance_id,
        "OrderType": kept.began.billing,
        "OrderCreateTime": created_ms,
        "ExpireTime": created_ms + int(LASTS.total_seconds() * 1000),
        "AutoRenewInstance": False,
        "ServerlessSwitch": False,
        "EncryptedInstance": False,
        "ListenerMode": "tcp_and_ssl",
        "MaxVhost": 200,
        "PrivateEndpoint": f"{instance_id}-internal.{region}",
        "PublicEndpoint": f"{instance_id}.{region}",
        "ResourceGroupId": kept.began.resource_group,
        "Tags": [{"Key": key, "Value": value} for key, value in kept.began.tags.items()],
    }


def capacity(moment: Moment) -> dict[str, Any]:
    """Give what was bought, by the names it is read under."""
    return {READ_AS.get(name, name): value for name, value in moment.spec.items() if name != "InstanceType"}


def page_start(token: str) -> int:
    """Read our own page token."""
    if token and not token.isdigit():
        raise ApiError("InvalidParameter", "The specified parameter NextToken is not valid.")
    return int(token or 0)


def answer(code: int | str, message: str, data: Any = "") -> dict[str, Any]:
    """Give UpdateInstance's envelope. `Success` and `StatusCode` are texts, unlike everywhere else (fact F.2)."""
    return {"Code": code, "Message": message, "Data": data, "Success": "true", "StatusCode": "200"}


def accepted(form: str, instance_id: str, order: PlacedOrder | None) -> dict[str, Any]:
    """Give the answer to an accepted change, with `Data` in the form that the world asks for (fact F.1)."""
    content: dict[str, Any] = {"instanceId": instance_id}
    if order:
        content["orderId"] = int(order.order_id)
    number = f", “orderId”: {order.order_id}" if order else ""
    data = {
        "object": content,
        "json-string": json.dumps(content),
        "curly-string": f"{{“instanceId”: “{instance_id}”{number}}}",
        "empty": "",
    }[form]
    # The vendor's own sample of a success says this; it means nothing unless Code is not 200 (fact F.4).
    return answer(200, "InstanceNotExist", data)
