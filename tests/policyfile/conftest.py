"""A policy text with one instance, and what is wrong with whatever a test makes of it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile import BadPolicy, Policy, parse_policy

FILE = "shop/policy.yaml"


@pytest.fixture
def parse() -> Callable[[str], Policy]:
    """Read a policy."""
    return lambda text: parse_policy(dedent(text).encode(), FILE)


@pytest.fixture
def wrong(parse: Callable[[str], Policy]) -> Callable[[str], list[str]]:
    """Everything that is wrong with a text, as it is told, without the file's name; in the order of lines."""

    def told(text: str) -> list[str]:
        with pytest.raises(BadPolicy) as bad:
            parse(text)
        lines = str(bad.value).splitlines()
        assert all(line.startswith(f"{FILE}:") for line in lines)
        return [line.removeprefix(f"{FILE}:") for line in lines]

    return told


def gateway(body: str) -> str:
    """Give the text of a policy with one gateway `edge`, whose own keys begin in line 7."""
    frame = """\
        version: 1
        instances:
          edge:
            product: apigateway
            region: cn-hangzhou
            instance_id: apigateway-cn-1
        """
    return dedent(frame) + indent(dedent(body), "    ")


@pytest.fixture
def edge(parse: Callable[[str], Policy]) -> Callable[[str], InstancePolicy]:
    """The one gateway of a policy, from its own keys."""
    return lambda body: parse(gateway(body)).instances["edge"]


@pytest.fixture
def edge_wrong(wrong: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """Everything that is wrong with the one gateway of a policy, from its own keys, which begin in line 7."""
    return lambda body: wrong(gateway(body))
