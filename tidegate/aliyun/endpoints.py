"""The vendor's products and where they answer (facts A.0, flow 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tidegate.aliyun.codes import AMQP, BSS, CMS, FLOW, GATEWAY, RAM, ROS, STS

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Say whether `host[:port]` is this machine. `localhost.example.com` is not."""
    return any(host == own or host.startswith(f"{own}:") for own in LOOPBACK)


@dataclass(frozen=True)
class Api:
    """One product's API. `hosts` are tried in order only where a product answers by account site (fact C.3)."""

    version: str
    hosts: tuple[str, ...]
    form: bool = False
    """Whether what a POST carries goes into its body: CloudFlow's inputs and ROS's templates are too long for a URL."""


APIS: Mapping[str, Api] = {
    AMQP: Api("2019-12-12", ("amqp-open.{region}.aliyuncs.com",)),
    GATEWAY: Api("2016-07-14", ("apigateway.{region}.aliyuncs.com",)),
    BSS: Api("2017-12-14", ("business.aliyuncs.com", "business.ap-southeast-1.aliyuncs.com")),
    FLOW: Api("2019-03-15", ("{region}.fnf.aliyuncs.com",), form=True),
    ROS: Api("2019-09-10", ("ros.aliyuncs.com",), form=True),
    CMS: Api("2019-01-01", ("metrics.{region}.aliyuncs.com",)),
    STS: Api("2015-04-01", ("sts.{region}.aliyuncs.com",)),
    RAM: Api("2015-05-01", ("ram.aliyuncs.com",)),
}


@dataclass(frozen=True)
class Endpoint:
    """One host, with its port where it is not the usual one, and whether it is asked over TLS."""

    host: str
    secure: bool = True

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `host[:port]`, with a scheme or without; only a loopback host goes without TLS by itself."""
        scheme, separator, rest = text.strip().rpartition("://")
        host = rest.rstrip("/")
        if separator:
            return cls(host, scheme != "http")
        return cls(host, not is_loopback(host))

    @property
    def loopback(self) -> bool:
        """Say whether it is on this machine."""
        return is_loopback(self.host)


def endpoints_of(product: str, region: str, overrides: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Give where a product answers: the override of its name or of `*` (commas between several), or the vendor's."""
    return _parsed(product, region, overrides.get(product, overrides.get("*", "")))


@lru_cache(maxsize=100)
def _parsed(product: str, region: str, override: str) -> tuple[Endpoint, ...]:
    hosts = override.split(",") if override else [host.format(region=region) for host in APIS[product].hosts]
    return tuple(Endpoint.parse(host) for host in hosts)
