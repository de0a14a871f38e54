"""The rungs of an instance against what its product sells."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.domain.policy import PRICE
from tidegate.policyfile.phrases import instead, suggestion
from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree


def rung_problems(tree: Tree) -> Iterator[Problem]:
    """Every field of a rung that the product does not have, or not as this kind of value."""
    ladder = tree.child("ladder")
    if ladder is None:
        return
    if tree.text("product") == "apigateway":
        yield from _gateway(ladder)
    if tree.text("product") == "rabbitmq":
        yield from _rabbit(ladder)


def _rabbit(ladder: Tree) -> Iterator[Problem]:
    from tidegate.products.rabbitmq import NUMBERS, SWITCHES, RabbitMq  # noqa: PLC0415 - only where it is meant

    for rung in ladder.items:
        if isinstance(rung.value, str):
            why = f"expected a map such as {{rung: {rung.value[:40]}, MaxPrivateTps: 3000}}{instead(rung.value)}"
            yield Problem.at(rung.spot, why)
        elif PRICE in rung.keys and not _fields(rung):
            yield Problem.at(rung.spot, "a rung names at least one field of the spec, such as MaxPrivateTps: 3000")
        for name, field in _fields(rung):
            value = field.value
            wrong = ""
            if name not in RabbitMq.fields:
                wrong = f"`{name}` is no field of rabbitmq{suggestion(name, RabbitMq.fields)}"
            elif name in NUMBERS and (isinstance(value, bool) or not isinstance(value, int) or value <= 0):
                wrong = f"expected a whole number above 0{instead(value)}"
            elif name in SWITCHES and not isinstance(value, bool):
                wrong = f"expected true or false{instead(value)}"
            if wrong:
                yield Problem.at(field.spot, wrong)


def _gateway(ladder: Tree) -> Iterator[Problem]:
    """Specs are names; the vendor's own list tells their order, as far as it has them."""
    from tidegate.products.specs import GATEWAY_SPECS  # noqa: PLC0415 - only where it is meant

    ranks = {name: rank for rank, name in enumerate(GATEWAY_SPECS)}
    highest = -1
    for rung in ladder.items:
        for name, field in _fields(rung):
            if name != "InstanceSpec":
                yield Problem.at(field.spot, f"`{name}` is no field of apigateway")
            elif not isinstance(field.value, str):
                yield Problem.at(field.spot, f"expected the name of a spec, such as api.s1.small{instead(field.value)}")
        rank = ranks.get(spec := spec_of(rung), highest + 1)
        if rank <= highest:
            why = f"the ladder does not rise: `{spec}` is not larger than the rung below it"
            yield Problem.at(rung.spot, why)
        highest = max(highest, ranks.get(spec, highest))


def spec_of(rung: Tree) -> str:
    """The spec that a rung of a gateway means: named alone, under its field, or by the rung's own name."""
    if isinstance(rung.value, str):
        return rung.value
    return rung.text("InstanceSpec") if "InstanceSpec" in rung.keys else rung.text("rung")


def _fields(rung: Tree) -> list[tuple[str, Tree]]:
    return [(name, field) for name, field in rung.keys.items() if name not in ("rung", PRICE)]
