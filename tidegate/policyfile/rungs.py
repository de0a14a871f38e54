"""The rungs of an instance against what its product sells."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.policyfile.problems import Problem
from tidegate.policyfile.profiles import suggestion
from tidegate.policyfile.tree import Tree


def rung_problems(tree: Tree, file: str) -> Iterator[Problem]:
    """Every field of a rung that the product does not sell, or not as this kind of value."""
    ladder = tree.child("ladder")
    if ladder is None:
        return
    if tree.text("product") == "apigateway":
        yield from _gateway(ladder, file)
    if tree.text("product") == "rabbitmq":
        yield from _rabbit(ladder, file)


def _rabbit(ladder: Tree, file: str) -> Iterator[Problem]:
    from tidegate.products.rabbitmq import NUMBERS, SWITCHES, RabbitMq  # noqa: PLC0415 - only where it is meant

    for rung in ladder.items:
        if isinstance(rung.value, str):
            why = f"expected a map such as {{rung: {rung.value}, MaxPrivateTps: 3000}}, found `{rung.value}`"
            yield Problem(rung.spot.line, rung.spot.path, why, file)
        for name, field in _fields(rung):
            value = field.value
            wrong = ""
            if name not in RabbitMq.fields:
                wrong = f"`{name}` is no field of rabbitmq{suggestion(name, list(RabbitMq.fields))}"
            elif name in NUMBERS and (isinstance(value, bool) or not isinstance(value, int) or value <= 0):
                wrong = f"expected a whole number above 0, found `{value}`"
            elif name in SWITCHES and not isinstance(value, bool):
                wrong = f"expected true or false, found `{value}`"
            if wrong:
                yield Problem(field.spot.line, field.spot.path, wrong, file)


def _gateway(ladder: Tree, file: str) -> Iterator[Problem]:
    """Specs are names; the vendor's own list tells their order, as far as it has them."""
    from tidegate.products.specs import GATEWAY_SPECS  # noqa: PLC0415 - only where it is meant

    ranks = {name: rank for rank, name in enumerate(GATEWAY_SPECS)}
    highest = -1
    for rung in ladder.items:
        for name, field in _fields(rung):
            if name != "InstanceSpec":
                yield Problem(field.spot.line, field.spot.path, f"`{name}` is no field of apigateway", file)
        spec = rung.value if isinstance(rung.value, str) else rung.text("InstanceSpec")
        rank = ranks.get(spec, highest + 1)
        if rank <= highest:
            why = f"the ladder does not rise: `{spec}` is not larger than the rung below it"
            yield Problem(rung.spot.line, rung.spot.path, why, file)
        highest = max(highest, ranks.get(spec, highest))


def _fields(rung: Tree) -> list[tuple[str, Tree]]:
    return [(name, field) for name, field in rung.keys.items() if name not in ("rung", "spec")]
