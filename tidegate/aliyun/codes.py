"""Every vendor code we know, by what to do next: the tables of facts C.1 to C.3, E and flow 8.3 as one.

Codes are compared without regard to case, because the vendor is not of one mind about it
(`InstanceUpgradeOrDownGradeTopicMigrating`, fact C.1). An exact code comes before a beginning, a longer beginning
before a shorter one, a product's own row before a common one; throttling is known by a part of the code (fact F.18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

AMQP, GATEWAY, BSS, FLOW, CMS = "amqp-open", "CloudAPI", "BssOpenApi", "fnf", "Cms"
STS, RAM, ROS = "Sts", "Ram", "ROS"
"""Asked by people's commands only: no function of ours calls any."""

SERVER_ERROR, TOO_MANY, TIMED_OUT = 500, 429, 408


class Next(str, Enum):
    """What to do after an error."""

    THROTTLED = "ask again a little later"
    BUSY = "refused for now: ask again in minutes"
    REFUSED = "refused for good"
    NEEDS_PERSON = "refused until a person mends it"
    MISSING = "there is no such thing"
    UNANSWERED = "an order may stand: look first"
    ELSEWHERE = "ask the other site's endpoint, once"


class Match(str, Enum):
    """How a row's text meets a code."""

    EXACT = "exact"
    BEGINNING = "beginning"
    PART = "part"


@dataclass(frozen=True)
class Row:
    """One line of the table. Without a product it holds for all; `advice` is for people."""

    text: str
    next: Next
    advice: str = ""
    product: str = ""
    match: Match = Match.EXACT

    def meets(self, product: str, code: str) -> bool:
        """Say whether this row speaks of the code."""
        text = self.text.lower()
        if self.product not in ("", product):
            return False
        if self.match is Match.EXACT:
            return code == text
        return code.startswith(text) if self.match is Match.BEGINNING else text in code

    @property
    def weight(self) -> tuple[bool, bool, int, bool]:
        """The weightier of two rows decides."""
        return (self.match is Match.EXACT, self.match is Match.PART, len(self.text), bool(self.product))


def _rows(next_: Next, advice: str, product: str, *texts: str, match: Match = Match.EXACT) -> list[Row]:
    return [Row(text, next_, advice, product, match) for text in texts]


TOP_UP = "top up the account: its available limit is used up"
GRANT = "grant the missing permission to the identity that Tidegate runs as"
KEYS = "check the access key that Tidegate runs with"
CLOCK = "check the clock of the machine that Tidegate runs on"
PAY = "pay or cancel the instance's pending order"
ACCOUNT = "complete the account's data in the user centre"
OWNER = "check that the order belongs to the account whose key Tidegate runs with"
SITE = "check the billing endpoint: this account belongs to neither site asked"

TABLE: Sequence[Row] = (
    # Fact C.1: ApsaraMQ for RabbitMQ.
    *_rows(Next.BUSY, "", AMQP, "InstanceUpgradeOrDownGradeTopicMigrating"),
    *_rows(Next.NEEDS_PERSON, TOP_UP, "", "INSUFFICIENT_AVAILABLE_QUOTA", "INSUFFICIENT.AVAILABLE.QUOTA"),
    *_rows(Next.NEEDS_PERSON, GRANT, "", "UnauthorizedOperation", "NoPermission", "NotAuthorized", "AccessDenied"),
    *_rows(Next.MISSING, "", "", "InstanceNotExist", "InstanceIdNotExist", "ResourceNotFound"),
    # "No change" to an order may mean that an earlier one of ours is done: look.
    *_rows(Next.UNANSWERED, "", "", "UpDowngradeConfigNoChange", "UPDOWNGRADE_CONFIG_NO_CHANGE"),
    *_rows(Next.UNANSWERED, "", "", "NoChange", match=Match.PART),
    *_rows(Next.REFUSED, "", AMQP, "InvalidParameter", "MissingParameter", "PARAM_ERRPR"),
    *_rows(Next.UNANSWERED, "", "", "RemoteCallError", "RepeatedCommit"),
    *_rows(Next.UNANSWERED, "", "", "InternalError", "UndefinedError", "ServiceUnavailable", "InternalServerError"),
    # Facts C.1, C.2 and F.18: Throttling.Api, Throttling.User, Rejected.Throttling, ...
    *_rows(Next.THROTTLED, "", "", "Throttling", match=Match.PART),
    # Fact C.2: API Gateway. Its table gives beginnings of codes.
    # Both may speak of a submission that stands.
    *_rows(Next.UNANSWERED, "", GATEWAY, "Repeated", "Duplicate", match=Match.BEGINNING),
    *_rows(Next.REFUSED, "", GATEWAY, "Missing", "Invalid", "InvalidFormat", "ExceedLimit", match=Match.BEGINNING),
    *_rows(Next.REFUSED, "", GATEWAY, "DependencyViolation", match=Match.BEGINNING),
    *_rows(Next.MISSING, "", GATEWAY, "NotFound", match=Match.BEGINNING),
    *_rows(Next.NEEDS_PERSON, GRANT, "", "Forbidden", match=Match.BEGINNING),
    # Signing and transport: the same for every product (facts A.0, C.2).
    *_rows(Next.BUSY, CLOCK, "", "InvalidTimeStamp.Expired", "RequestTimeTooSkewed"),
    # The nonce is new for every call, so the vendor has seen this very call before.
    *_rows(Next.UNANSWERED, "", "", "SignatureNonceUsed"),
    *_rows(Next.NEEDS_PERSON, KEYS, "", "SignatureDoesNotMatch", "SignatureNotMatch", "InvalidAccessKeySecret"),
    *_rows(Next.NEEDS_PERSON, KEYS, "", "InvalidAccessKeyId", "InvalidSecurityToken", match=Match.BEGINNING),
    *_rows(Next.REFUSED, "", "", "InvalidApi.NotFound", "InvalidProtocol.NeedSsl"),
    # Fact C.3: billing.
    *_rows(Next.ELSEWHERE, SITE, BSS, "NotApplicable"),
    *_rows(Next.NEEDS_PERSON, OWNER, BSS, "InvalidOwner"),
    *_rows(Next.MISSING, "", BSS, "ResourceNotExists"),
    *_rows(Next.NEEDS_PERSON, ACCOUNT, "", "ORDER.ACCOUNT_STATUS_ILLEGAL", "ORDER.ACCOUNT_INFORMATION_INCOMPLETE"),
    *_rows(Next.NEEDS_PERSON, PAY, "", "ORDER.INST_HAS_UNPAID_ORDER", "ExistUnPaidOrderError"),
    *_rows(Next.BUSY, "", "", "ResourceStatusError"),
    *_rows(Next.REFUSED, "", "", "IdempotentParameterMismatch"),
    # Fact E: CloudMonitor.
    *_rows(Next.NEEDS_PERSON, GRANT, CMS, "AccessForbidden"),
    *_rows(Next.REFUSED, "", CMS, "ParameterInvalid"),
    # Fact flow 8.3: CloudFlow.
    *_rows(Next.MISSING, "", FLOW, "FlowNotExists", "ExecutionNotExists", "ScheduleNotExists"),
    *_rows(Next.THROTTLED, "", "", "ResourceThrottled"),
    *_rows(Next.BUSY, "", FLOW, "ConcurrentUpdateError", "TaskInvalidState"),
    *_rows(Next.REFUSED, "", FLOW, "ExecutionAlreadyExists", "ExecutionAlreadyCompleted", "TaskAlreadyCompleted"),
    *_rows(Next.REFUSED, "", FLOW, "FlowAlreadyExists", "PreconditionFailed", "UnsupportedMediaType"),
    *_rows(Next.REFUSED, "", FLOW, "ActionNotSupported", "APIVersionNotSupported", "EntityTooLarge", "InvalidArgument"),
    *_rows(Next.REFUSED, "", FLOW, "MissingRequiredHeader", "MissingRequiredParams"),
)

UNKNOWN = Row("", Next.UNANSWERED)
UNKNOWN_REFUSAL = Row("", Next.REFUSED)
OVERLOADED = Row("", Next.THROTTLED)


def row_for(product: str, code: str) -> Row | None:
    """Give the table's row for a code, or None where no row speaks of it."""
    meeting = [row for row in TABLE if row.meets(product, code.lower())]
    return max(meeting, key=lambda row: row.weight, default=None)


def lookup(product: str, code: str, status: int) -> Row:
    """Give what to do after an error.

    A 5xx leaves us in doubt whatever its code, but for throttling. A code that no row knows is a refusal with a 4xx,
    and doubt with anything else; a 4xx without any code did not come from the vendor's own front and is doubt.
    """
    row = row_for(product, code)
    if status >= SERVER_ERROR and (row is None or row.next is not Next.THROTTLED):
        return UNKNOWN
    if row is not None:
        return row
    if status == TOO_MANY:
        return OVERLOADED
    known_refusal = bool(code) and 400 <= status < SERVER_ERROR and status != TIMED_OUT  # noqa: PLR2004 - 4xx
    return UNKNOWN_REFUSAL if known_refusal else UNKNOWN
