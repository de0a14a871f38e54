"""What the checks look at. Everything is read once, when it is first asked for; what failed fails again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from tidegate.aliyun.answers import Body
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.codes import FLOW, RAM, STS
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.deployed import Deployed, Trigger
from tidegate.aliyun.endpoints import Endpoint
from tidegate.aliyun.functions import GONE, Function, InvokeFailed
from tidegate.aliyun.line import SdkLine
from tidegate.aliyun.patience import Patience
from tidegate.app import codec
from tidegate.app.machine import Machine
from tidegate.app.report.facts import book_of
from tidegate.app.surroundings import Book, Surroundings
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Reading
from tidegate.domain.state import State
from tidegate.operate.doctor.expected import Expected, expected, services_of
from tidegate.operate.doctor.finding import Skipped, Verdict, skip
from tidegate.operate.doctor.noting import Noted, NotingLine
from tidegate.operate.ours import ROOT, deployed_name, functions
from tidegate.products import product
from tidegate.settings import CliSettings, Settings

T = TypeVar("T")
BUDGET_S = 40.0
"""For what is done once for every instance; a check as a whole may take longer."""
CONNECT_S, READ_S, PATIENCE_S = 3.0, 10.0, 2.0


@dataclass
class Place:
    """One account, region and ledger, as the one who asks may see them."""

    settings: Settings
    cli: CliSettings
    around: Surroundings
    machine: Machine
    """Whose clock signs, whose chance is used, and who tells people."""
    policy_hash: str = ""
    """The hash of the policy file that ought to be in force; empty where none was named."""
    send_test: bool = False
    """Whether something may be written: a test message, a probe in the bucket."""
    noted: list[Noted] = field(default_factory=list)
    """What the vendor answered, without what it said."""
    facts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Other behaviour that was seen: a fact's label and what was seen, by a name of its own."""
    _kept: dict[str, tuple[Any, Exception | None]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The time that the ledger goes by."""
        return self.around.now()

    @cached_property
    def credentials(self) -> Credentials:
        """What signs. Raises Skipped where there is nothing."""
        known = self.settings
        if not known.access_key_id or not known.access_key_secret:
            raise Skipped("nobody can ask without an access key", "see credentials")
        return Credentials(known.access_key_id, known.access_key_secret, known.security_token)

    @cached_property
    def expected(self) -> Expected | None:
        """What the project's own files say."""
        return expected(ROOT, self.settings.prefix)

    @property
    def functions(self) -> Sequence[str]:
        """The functions that should be there, by their short names."""
        return list(self.expected.functions) if self.expected else functions()

    def close(self) -> None:
        """Let go of open connections."""
        for made, _ in self._kept.values():
            if isinstance(made, Aliyun):
                made.close()

    def in_time(self, policies: Sequence[InstancePolicy], left_out: list[Verdict]) -> Iterator[InstancePolicy]:
        """Give instances as long as there is time: of a large fleet some are looked at, and the rest is said."""
        began = self.machine.monotonic()
        for number, policy in enumerate(policies):
            if self.machine.monotonic() - began > BUDGET_S:
                left = f"{len(policies) - number} of {len(policies)} instances were not looked at in time"
                left_out.append(skip(left, "run it nearer to the region, or look at them with `tidegate explain`"))
                return
            yield policy

    def call(self, product_: str, action: str, parameters: Mapping[str, str | int | bool], region: str = "") -> Body:
        """Read something of the vendor's. Raises VendorError, Skipped."""
        return self.aliyun(region or self.settings.region).call(product_, action, parameters, read=True)

    def who(self) -> Body:
        """Who asks."""
        return self._once("who", lambda: self.call(STS, "GetCallerIdentity", {}))

    def function(self, short: str) -> Mapping[str, Any]:
        """A deployed function's settings. Raises InvokeFailed."""
        return self._once(f"function {short}", lambda: self._found(short)[1])

    def variables(self, short: str) -> Mapping[str, Any]:
        """A deployed function's environment. Raises InvokeFailed."""
        shown = self.function(short).get("environmentVariables")
        return shown if isinstance(shown, dict) else {}

    def triggers(self, short: str) -> list[Trigger]:
        """A deployed function's triggers. Raises InvokeFailed."""
        service = self.service_of(short)
        return self._once(f"triggers {short}", lambda: self._deployed(service).triggers(self.name_of(short)))

    def service_of(self, short: str) -> str:
        """The service of a deployed function; empty with 3.0, which knows none. Raises InvokeFailed."""
        return self._found(short)[0]

    def name_of(self, short: str) -> str:
        """What a function is called where it is deployed."""
        return deployed_name(short, self.cli.fc_function)

    def flow(self) -> Body:
        """The deployed workflow."""
        return self._once("flow", lambda: self.call(FLOW, "DescribeFlow", {"Name": self.settings.flow}))

    def role(self, name: str) -> Body:
        """A role, with whom it trusts."""
        return self._once(f"role {name}", lambda: self.call(RAM, "GetRole", {"RoleName": name}))

    def book(self) -> Book:
        """The policy in force. Raises NothingPushed."""
        return self._once("book", lambda: book_of(self.around, None))

    def policies(self) -> list[InstancePolicy]:
        """Every instance's policy; none where no policy was pushed yet."""
        book = self._once("book or none", self.around.book)
        return [book.read(name) for name in book.names] if book else []

    def reading(self, policy: InstancePolicy) -> Reading:
        """One look at an instance. Raises VendorError."""

        def read() -> Reading:
            return product(policy.product, self.aliyun(policy.region), now=self.around.now).read(policy.instance_id)

        return self._once(f"reading {policy.name}", read)

    def state(self, policy: InstancePolicy) -> State:
        """What the ledger says of an instance."""

        def read() -> State:
            head = self.around.ledger.head(self.around.key(policy))
            return codec.state_in(head) if head else State()

        return self._once(f"state {policy.name}", read)

    def _found(self, short: str) -> tuple[str, Mapping[str, Any]]:
        """A function with its service, empty with 3.0."""
        return self._once(f"found {short}", lambda: self._look_in(self._services(short), short))

    def _look_in(self, services: Sequence[str], short: str) -> tuple[str, Mapping[str, Any]]:
        service, *others = services
        try:
            return service, self._deployed(service).function(self.name_of(short))
        except InvokeFailed as error:
            if error.code not in GONE or not others:
                raise
        return self._look_in(others, short)

    def _services(self, short: str) -> list[str]:
        if self.cli.fc_api != "2.0":
            return [""]
        return services_of(short, self.cli.fc_service, self.expected)

    def _deployed(self, service: str) -> Deployed:
        endpoint = self.cli.fc_endpoint
        if not endpoint:
            raise Skipped("where Function Compute answers is not known", "set TIDEGATE_FC_ENDPOINT")
        url = Function(endpoint, "").url
        return Deployed(url, self.credentials, self.machine.now, service)

    def aliyun(self, region: str) -> Aliyun:
        """The vendor's API in a region. Raises Skipped."""
        return self._once(f"aliyun {region}", lambda: self._client(region))

    def _client(self, region: str) -> Aliyun:
        endpoint, here = self.settings.endpoint, self.machine
        loopback = Endpoint.parse(endpoint).loopback
        sdk = SdkLine(self.credentials, region, connect_s=CONNECT_S, read_s=READ_S, loopback=loopback)
        return Aliyun(
            self.credentials,
            region,
            Patience(here.sleep, here.monotonic, here.chance, limit_s=PATIENCE_S),
            endpoints={"*": endpoint} if endpoint else None,
            line=NotingLine(sdk, self.noted.append),
        )

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._kept:
            try:
                self._kept[name] = (make(), None)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is so for everybody who asks
                self._kept[name] = (None, error)
        made, failed = self._kept[name]
        if failed is not None:
            raise failed
        kept: T = made
        return kept
