"""Profiles: what an instance takes over with `like`. Maps merge, lists replace."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.policyfile.phrases import suggestion
from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree, merged
from tidegate.policyfile.written import LIKE

DEEPEST = 20
"""Profiles that are like each other, in a row."""


class Profiles:
    """The profiles of a policy; what is wrong with a `like` is gathered in `problems`."""

    def __init__(self, profiles: Mapping[str, Tree]) -> None:
        self._profiles = profiles
        self.problems: list[Problem] = []

    def resolve(self, tree: Tree, above: tuple[str, ...] = ()) -> Tree:
        """The instance or profile over everything that it is like, without the word `like` itself."""
        like = tree.keys.get(LIKE)
        if like is None:
            return tree
        own = tree.without(LIKE)
        if (wrong := self._wrong(like, above)) is not None:
            self.problems.append(Problem.at(like.spot, wrong))
            return own
        return merged(own, self.resolve(self._profiles[like.value], (*above, like.value)))

    def _wrong(self, like: Tree, above: tuple[str, ...]) -> str | None:
        name = like.value
        if not isinstance(name, str):
            return "expected the name of one profile"
        if name in above:
            return f"expected profiles that end somewhere: {' -> '.join((*above, name))}"
        if len(above) >= DEEPEST:
            return f"expected at most {DEEPEST} profiles that are like each other in a row"
        if name in self._profiles:
            return None if isinstance(self._profiles[name].value, dict) else f"expected profile `{name}` to be a map"
        return f"expected the name of a profile: there is no `{name[:64]}`{suggestion(name, self._profiles)}"
