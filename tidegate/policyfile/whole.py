"""What concerns several instances of a file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree


def whole_problems(instances: Mapping[str, Tree], file: str) -> Iterator[Problem]:
    """The same instance under two names; a rule of a gateway that serves another instance as well."""
    yield from _twice(instances, file)
    yield from _shared_rules(instances, file)


def _twice(instances: Mapping[str, Tree], file: str) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], str] = {}
    for name, tree in instances.items():
        identity = tuple(tree.text(key) for key in ("product", "region", "instance_id"))
        if not all(identity):
            continue
        if (first := seen.setdefault(identity, name)) != name:
            spot = tree.keys["instance_id"].spot
            why = f"expected another instance than that of `{first}`: {identity[2]} in {identity[1]}"
            yield Problem(spot.line, spot.path, why, file)


def _shared_rules(instances: Mapping[str, Tree], file: str) -> Iterator[Problem]:
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
                yield Problem(use.spot.line, use.spot.path, why + ", ".join(names), file)
