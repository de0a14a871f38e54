"""YAML as templates use it: safe, with the short forms !Ref, !GetAtt, !Sub, !Join, !If, and no key twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml


class TemplateLoader(yaml.CSafeLoader):
    """A safe loader of templates."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """Give a map; refuse a key that stands twice, where YAML would keep the last in silence."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key != "<<" and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _short(name: str) -> Callable[[TemplateLoader, yaml.Node], dict[str, Any]]:
    def construct(loader: TemplateLoader, node: yaml.Node) -> dict[str, Any]:
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_scalar(node)}  # type: ignore[arg-type]  # a map here is PyYAML's own error

    return construct


TemplateLoader.add_constructor("!Ref", _short("Ref"))
for _name in ("GetAtt", "Sub", "Join", "If"):
    TemplateLoader.add_constructor(f"!{_name}", _short(f"Fn::{_name}"))
