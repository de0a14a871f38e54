"""How deep YAML may go: the loaders slow down and fall over at some depth, so it is looked at before it is read."""

from __future__ import annotations

import yaml

DEEPEST = 100
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TooDeep(yaml.YAMLError):
    """Lists and maps inside of each other, deeper than anybody writes them."""


def check_nesting(text: str, deepest: int = DEEPEST) -> None:
    """Raise TooDeep, or what the loader raises where the text is no YAML up to there."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            raise TooDeep(f"nested deeper than {deepest} levels")
