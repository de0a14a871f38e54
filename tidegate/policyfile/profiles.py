"""Profiles: what an instance takes over with `like`. Maps merge, lists replace."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from tidegate.policyfile.problems import Problem
from tidegate.policyfile.tree import Tree, merged

LIKE = "like"


class Profiles:
    """The profiles of one file; what is wrong with a `like` is gathered in `problems`."""

    def __init__(self, profiles: Mapping[str, Tree], file: str) -> None:
        self._profiles, self._file = profiles, file
        self.problems: list[Problem] = []

    def resolve(self, tree: Tree, above: tuple[str, ...] = ()) -> Tree:
        """The instance or profile over everything that it is like, without the word `like` itself."""
        like = tree.keys.get(LIKE)
        if like is None:
            return tree
        own = tree.without(LIKE)
        if (wrong := self._wrong(like, above)) is not None:
            self.problems.append(Problem(like.spot.line, like.spot.path, wrong, self._file))
            return own
        return merged(own, self.resolve(self._profiles[like.value], (*above, like.value)))

    def _wrong(self, like: Tree, above: tuple[str, ...]) -> str | None:
        name = like.value
        if not isinstance(name, str):
            return "expected the name of one profile"
        if name in above:
            return f"expected profiles that end somewhere: {' -> '.join((*above, name))}"
        if name in self._profiles:
            return None if isinstance(self._profiles[name].value, dict) else f"expected profile `{name}` to be a map"
        return f"expected the name of a profile: there is no `{name}`{suggestion(name, self._profiles)}"


def suggestion(word: str, known: Mapping[str, object] | list[str]) -> str:
    """A hint at what may have been meant, or what there is."""
    close = get_close_matches(word, list(known), n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; there is {', '.join(sorted(known))}" if known else ""
