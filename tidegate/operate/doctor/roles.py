"""Whether every role can do what its functions' calls need, as far as its policies say; and no less was noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidegate.aliyun.codes import GRANT, lookup
from tidegate.aliyun.errors import Missing, VendorError
from tidegate.aliyun.functions import InvokeFailed
from tidegate.domain.policy import InstancePolicy
from tidegate.operate.doctor.finding import Verdict, fail, skip, together, warn
from tidegate.operate.doctor.fleet import ORDERS
from tidegate.operate.doctor.place import Place
from tidegate.operate.doctor.ram import Document, allows, denies, documents_of, trusted

FUNCTIONS, FLOWS = "fc.aliyuncs.com", "fnf.aliyuncs.com"
STEPS = ("submit", "look", "settle")
KEPT = ("epoch", "inbox/x", "ledger/x", "probe/x", "wake/x")
REMOVED = ("inbox/x", "probe/x", "wake/x")
PASSED_ON = ("inbox/x", "wake/x")
APPROVALS = "on-approval"
REFUSAL = re.compile(
    r"\b(NoPermission|NotAuthorized|UnauthorizedOperation|AccessDenied|AccessForbidden|Forbidden\.\w+)"
)


@dataclass(frozen=True)
class Need:
    """What must be allowed: one of these actions, on this resource."""

    actions: tuple[str, ...]
    resource: str = "*"

    def met_by(self, documents: Sequence[Document]) -> bool:
        """Whether the documents of a role allow it."""
        return any(allows(documents, action, self.resource) for action in self.actions)


def roles(place: Place) -> Verdict:
    """Compare each role's policies with what the calls of its functions declare; then ask the ledger for refusals."""
    parts: list[Verdict] = []
    needed = _needs_by_role(place, parts)
    for arn, (needs, service) in needed.items():
        parts.extend(_role(place, arn.rpartition("/")[2], needs, service))
    if not needed:
        parts.append(skip("no function and no workflow has a role that could be looked at", "see functions and flow"))
    parts.extend(_remembered(place))
    return together(f"{len(needed)} can do what their calls need", parts)


def _needs_by_role(place: Place, parts: list[Verdict]) -> dict[str, tuple[set[Need], str]]:
    gathered: dict[str, tuple[set[Need], str]] = {}
    for short in place.functions:
        try:
            arn = str(place.function(short).get("role") or "")
        except InvokeFailed:
            continue
        if not arn:
            parts.append(fail(f"{place.name_of(short)} has no role", "deploy again"))
            continue
        needs, _ = gathered.setdefault(arn, (set(), FUNCTIONS))
        needs.update(needs_of(place, short))
    if arn := _flow_role(place, parts):
        needs, _ = gathered.setdefault(arn, (set(), FLOWS))
        needs.update(_flow_needs(place))
    return gathered


def _flow_role(place: Place, parts: list[Verdict]) -> str:
    """The role of the workflow; empty where there is no workflow, which another check says."""
    try:
        arn = str(place.flow().get("RoleArn") or "")
    except Missing:
        return ""
    except VendorError as error:
        parts.append(skip(f"the role of {place.settings.flow} is not known: {error.code}", "see flow"))
        return ""
    if not arn:
        parts.append(fail(f"{place.settings.flow} has no role", "deploy again"))
    return arn


def _role(place: Place, name: str, needs: set[Need], service: str) -> Iterator[Verdict]:
    try:
        shown = place.role(name)
    except VendorError as error:
        if not error.code.startswith("EntityNotExist"):
            raise
        yield fail(f"there is no role {name}", "deploy again")
        return
    if service not in trusted(shown):
        yield fail(f"{name} does not trust {service}", "deploy again, or add it to the role's trust policy")
    documents = documents_of(place, name)
    unmet = [need for need in needs if not need.met_by(documents)]
    locked = {need.actions[0] for need in unmet if denies(documents, need.actions[0], need.resource)} & set(ORDERS)
    if locked:
        yield fail(
            f"{name} is denied {', '.join(sorted(locked))}: the deployment only observes, and the policy acts",
            "`tidegate deploy --mode act --yes` if orders may be placed, or `mode: observe` in the policy",
        )
    lacking = sorted({need.actions[0] for need in unmet} - locked)
    if lacking:
        yield fail(
            f"{name} may not {', '.join(lacking)}",
            f"grant that to {name}: deploy again; `tidegate permissions` prints what each role needs",
        )


def needs_of(place: Place, short: str) -> Iterator[Need]:
    """What one function's calls need, for the instances that the policy has."""
    if short == APPROVALS:
        # It reads what is asked and leaves a yes in the inbox; the tick decides on it.
        yield from _ledger(place, PASSED_ON, ())
        return
    yield from _ledger(place, KEPT, REMOVED)
    policies = place.policies()
    yield from _read(place, policies)
    if short == "look":
        # Two names each: documents of different years disagree on which is checked (fact A.0).
        yield Need(("bssapi:QueryOrders", "bss:DescribeOrderList"))
        yield Need(("bssapi:GetOrderDetail", "bss:DescribeOrderDetail"))
        return
    yield from _measure(place, policies)
    if short == "submit":
        yield from _order(place, [policy for policy in policies if policy.mode == "act"])
    else:
        yield Need(("fnf:StartExecution",))


def _ledger(place: Place, kept: Sequence[str], removed: Sequence[str]) -> Iterator[Need]:
    scheme, _, bucket = place.settings.store.partition("://")
    if scheme != "oss":
        return
    root = f"acs:oss:{place.settings.region}:{place.settings.account}:{bucket}"
    yield Need(("oss:GetObject",), f"{root}/ledger/x")
    yield Need(("oss:ListObjects",), root)
    yield from (Need(("oss:PutObject",), f"{root}/{key}") for key in kept)
    yield from (Need(("oss:DeleteObject",), f"{root}/{key}") for key in removed)


def _read(place: Place, policies: Sequence[InstancePolicy]) -> Iterator[Need]:
    yield from (Need(("amqp:GetInstance",), _arn(place, one)) for one in policies if one.product == "rabbitmq")
    if any(one.product == "apigateway" for one in policies):
        yield Need(("apigateway:DescribeInstances",))


def _measure(place: Place, policies: Sequence[InstancePolicy]) -> Iterator[Need]:
    if any(one.product == "rabbitmq" for one in policies):
        yield Need(("cms:QueryMetricLast",))
        yield Need(("cms:QueryMetricList",))
    for one in policies:
        if one.product == "apigateway":
            yield Need(("apigateway:DescribeInstanceQps",), _arn(place, one))
            yield Need(("apigateway:DescribeInstanceSlbConnect",), _arn(place, one))


def _order(place: Place, acting: Sequence[InstancePolicy]) -> Iterator[Need]:
    yield from (Need(("amqp:UpdateInstance",), _arn(place, one)) for one in acting if one.product == "rabbitmq")
    if any(one.product == "apigateway" for one in acting):
        yield Need(("apigateway:ModifyInstanceSpec",))


def _arn(place: Place, policy: InstancePolicy) -> str:
    product, kind = ("amqp", "/instances") if policy.product == "rabbitmq" else ("apigateway", "instance")
    return f"acs:{product}:{policy.region}:{place.settings.account}:{kind}/{policy.instance_id}"


def _flow_needs(place: Place) -> Iterator[Need]:
    root = f"acs:fc:{place.settings.region}:{place.settings.account}"
    for short in STEPS:
        try:
            service = place.service_of(short)
        except InvokeFailed:
            continue
        name = place.name_of(short)
        resource = f"services/{service}.LATEST/functions/{name}" if service else f"functions/{name}/LATEST"
        yield Need(("fc:InvokeFunction",), f"{root}:{resource}")


def _remembered(place: Place) -> Iterator[Verdict]:
    """Refusals for want of a permission that the ledger still knows of: RAM itself has the last word."""
    left: list[Verdict] = []
    for policy in place.in_time(place.policies(), left):
        state = place.state(policy)
        attempts = state.operation.attempts if state.operation else ()
        codes = [each.code for each in attempts if each.code and lookup("", each.code, 403).advice == GRANT]
        told = [state.stance.reason if state.stance else "", state.circuit.why if state.circuit else ""]
        codes += [found[1] for text in told if (found := REFUSAL.search(text))]
        if codes:
            yield warn(
                f"{policy.name} was refused with {codes[-1]}",
                f"`tidegate explain {policy.name}` shows the call; grant its action to the role that makes it",
            )
    yield from left
