"""One cloud with OSS, a bucket for each test, and both of the vendor's SDKs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import alibabacloud_oss_v2 as v2
import oss2
import pytest
import requests

from localcloud.clock import Clock
from localcloud.drawer import Cabinet
from localcloud.faults import Fault, Faults
from localcloud.identity import Identity, Keys
from localcloud.oss import Oss
from localcloud.server import Running, running

ACCOUNT = "1234567890123456"


@pytest.fixture(scope="session")
def cloud() -> Iterator[Running]:
    """Run one cloud for all tests of a worker."""
    with running(attach=lambda c: c.attach(oss=Oss(c.cabinet.drawer("oss"), c.clock, c.identity, c.faults))) as server:
        yield server


@dataclass
class Place:
    """One bucket, and ways to reach it."""

    cloud: Running
    bucket: str

    @property
    def endpoint(self) -> str:
        """Where OSS listens."""
        return f"http://{self.cloud.oss_endpoint}"

    @property
    def oss(self) -> Oss:
        """OSS itself; ask it on the cloud's own thread."""
        assert isinstance(self.cloud.cloud.oss, Oss)
        return self.cloud.cloud.oss

    def client(self, keys: Keys | None = None, **config: Any) -> Any:
        """Give the newer SDK's client, without its retries."""
        keys = keys or self.cloud.keys
        given = v2.credentials.StaticCredentialsProvider(
            keys.access_key_id, keys.access_key_secret, keys.security_token or None
        )
        settings = {"region": "cn-hangzhou", "endpoint": self.endpoint, "use_path_style": True, **config}
        return v2.Client(v2.config.Config(credentials_provider=given, retryer=v2.retry.NopRetryer(), **settings))

    def older(self, keys: Keys | None = None, version: str = "v1") -> Any:
        """Give the older SDK's bucket."""
        keys = keys or self.cloud.keys
        if keys.security_token:
            auth = oss2.StsAuth(keys.access_key_id, keys.access_key_secret, keys.security_token, version)
        else:
            auth = oss2.make_auth(keys.access_key_id, keys.access_key_secret, version)
        return oss2.Bucket(
            auth, self.endpoint, self.bucket, is_path_style=True, region="cn-hangzhou", session=once(oss2.Session())
        )

    def user(self, *actions: str, resource: str = "*", effect: str = "Allow") -> Keys:
        """Give the key of a user who may do this much."""
        policy = {"Version": "1", "Statement": [{"Effect": effect, "Action": list(actions), "Resource": resource}]}
        return self.cloud.run(lambda: self.cloud.cloud.identity.create_user(f"user-{self.bucket}", [policy]))

    def plan(self, **fault: Any) -> None:
        """Plan a misfortune for this bucket."""
        planned = Fault.model_validate({"instance": f"{self.bucket}*", **fault})
        self.cloud.run(lambda: self.cloud.cloud.faults.add(planned))


def once(session: Any) -> Any:
    """Take the older SDK's own retries away."""
    session.session.mount("http://", requests.adapters.HTTPAdapter(max_retries=0))
    return session


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Give names that no other test has."""
    return (f"bucket-{number:04d}" for number in count())


@pytest.fixture
def place(cloud: Running, names: Iterator[str]) -> Iterator[Place]:
    """Give an empty bucket."""
    place = Place(cloud, next(names))
    cloud.run(lambda: place.oss.create_bucket(place.bucket))
    yield place
    cloud.run(cloud.cloud.faults.clear)


@dataclass
class Alone:
    """OSS in one process, without HTTP."""

    oss: Oss
    identity: Identity
    clock: Clock


@pytest.fixture
def alone() -> Callable[..., Alone]:
    """Give a way to build OSS in this process, on a cabinet and at a time of the test's choice."""

    def build(cabinet: Cabinet | None = None, clock: Clock | None = None) -> Alone:
        cabinet, clock = cabinet or Cabinet(), clock or Clock.real()
        identity = Identity(cabinet.drawer("identity"), clock, ACCOUNT)
        faults = Faults(cabinet.drawer("faults"), clock)
        return Alone(Oss(cabinet.drawer("oss"), clock, identity, faults), identity, clock)

    return build
