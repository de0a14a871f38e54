"""The account that is deployed to: its stacks, its buckets, and the time. Here clients are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tidegate import names
from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.endpoints import Endpoint
from tidegate.aliyun.patience import Patience
from tidegate.aliyun.stacks import Stack, Stacks
from tidegate.app.machine import machine
from tidegate.app.wiring import wire
from tidegate.ledger.buckets import Buckets
from tidegate.operate.deploy.faults import CannotDeploy
from tidegate.operate.deploy.template import LEDGER
from tidegate.settings import DeploySettings, Settings

if TYPE_CHECKING:
    from tidegate.app.surroundings import Surroundings

PATIENCE_S = 30.0
STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")


@dataclass(frozen=True)
class Account:
    """One account in one region, as the person at the command line may change it."""

    settings: DeploySettings
    aliyun: Aliyun
    stacks: Stacks
    buckets: Buckets
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]

    @property
    def keys(self) -> Credentials:
        """What signs."""
        known = self.settings
        return Credentials(known.access_key_id, known.access_key_secret, known.security_token)

    @property
    def prefix(self) -> str:
        """What every name of the deployment begins with."""
        return self.settings.prefix or names.DEFAULT

    @property
    def is_simulated(self) -> bool:
        """Whether all this is a cloud on this machine."""
        return bool(self.settings.endpoint) and Endpoint.parse(self.settings.endpoint).loopback

    def stack(self, name: str) -> Stack | None:
        """Give the stack of this name, None where there is none. Raises CannotDeploy for one that is none of ours.

        Our template in the place of another one would end all that the other one made.
        """
        if not STACK_NAME.fullmatch(name):
            raise CannotDeploy(f"`{name[:80]}` is no name for a stack: letters, digits, `-` and `_`, 255 at most")
        stack = self.stacks.find(name)
        if stack is not None and LEDGER not in stack.parameters:
            raise CannotDeploy(
                f"stack {name} is none of Tidegate's: it has no parameter {LEDGER}; choose another name with --stack"
            )
        return stack

    def of(self, prefix: str) -> Account:
        """Give the same account as the place of the deployment whose names begin so, whatever the environment says."""
        return replace(self, settings=replace(self.settings, prefix=prefix))

    def around(self, ledger_bucket: str) -> Surroundings:
        """Give the surroundings of what is deployed, with its ledger in this bucket."""
        return wire(self.deployed(ledger_bucket), now=self.now)

    def deployed(self, ledger_bucket: str) -> Settings:
        """Give the settings of a person's machine for what is deployed."""
        known = self.settings
        return Settings(
            account=known.account,
            region=known.region,
            store=f"oss://{ledger_bucket}",
            oss_endpoint=known.oss_endpoint,
            endpoint=known.endpoint,
            prefix=self.prefix,
            flow=names.flow_name(self.prefix),
            access_key_id=known.access_key_id,
            access_key_secret=known.access_key_secret,
            security_token=known.security_token,
            channels={name: value for name, value in known.variables.items() if name.endswith("_URL")},
        )


def account_of(settings: DeploySettings, now: Callable[[], datetime]) -> Account:
    """Make the clients. Nothing is connected before it is used."""
    here = machine()
    keys = Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token)
    aliyun = Aliyun(
        keys,
        settings.region,
        Patience(here.sleep, here.monotonic, here.chance, limit_s=PATIENCE_S),
        endpoints={"*": settings.endpoint} if settings.endpoint else None,
    )
    buckets = Buckets(settings.region, lambda: keys, settings.oss_endpoint)
    return Account(settings, aliyun, Stacks(aliyun), buckets, now, here.sleep, here.monotonic)
