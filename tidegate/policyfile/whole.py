"""What concerns several instances of a file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidegate.policyfile.phrases import some
from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree


def whole_problems(instances: Mapping[str, Tree]) -> Iterator[Problem]:
    """The same instance under two names; a rule of a gateway that serves another instance as well."""
    yield from _twice(instances)
    yield from _shared_rules(instances)


def _twice(instances: Mapping[str, Tree]) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], str] = {}
    for name, tree in instances.items():
        identity = tuple(tree.text(key) for key in ("product", "region", "instance_id"))
        if not all(identity):
            continue
        if (first := seen.setdefault(identity, name)) != name:
            why = f"expected another instance than that of `{first}`: {identity[2]} in {identity[1]}"
            yield Problem.at(tree.keys["instance_id"].spot, why)


def _shared_rules(instances: Mapping[str, Tree]) -> Iterator[Problem]:
    """Alerts of the gateway name no instance, so that nothing but the rule tells whom they are about."""
    users: dict[str, list[tuple[str, Tree]]] = {}
    for name, tree in instances.items():
        for rule in tree.keys["alerts"].items if "alerts" in tree.keys else ():
            for key in ("rule", "rule_id"):
                if word := rule.text(key):
                    users.setdefault(word, []).append((name, rule.keys[key]))
    for word, uses in users.items():
        names = sorted({name for name, _ in uses})
        gateways = [name for name in names if instances[name].text("product") == "apigateway"]
        if len(names) > 1 and gateways:
            for _, use in uses[1:]:
                why = f"expected a rule that serves one instance, as alerts of apigateway name none; `{word}` serves "
                yield Problem.at(use.spot, why + some(names))
