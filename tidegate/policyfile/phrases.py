"""Validation errors in words: what was expected, and what was found instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.profiles import LIKE, suggestion
from tidegate.policyfile.tree import Tree

LATER = frozenset(
    {
        *(
            "approval",
            "blackout",
            "blackouts",
            "budget",
            "fleet",
            "gap",
            "hard_cost_limit",
            "ics",
            "max_cost",
            "on_drift",
        ),
        *("overlap", "pause", "ready_by", "repeat", "resize_windows", "summary", "urgent"),
    }
)
"""Words of a policy that a later release will know."""

KINDS: Mapping[str, str] = {
    "string": "text",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a map of keys and values",
    "model": "a map of keys and values",
    "time": 'a local wall-clock time such as "08:30"',
}
"""What an error's type begins with, and what was expected then."""

PATTERNS: Mapping[str, str] = {
    "name": "a name of at most 48 lower-case letters, digits and dashes, a letter first",
    "url_env": "the name of an environment variable, such as TIDEGATE_CHAT_URL",
    "region": "a region, such as cn-hangzhou",
}

Error = Mapping[str, Any]


def phrase(errors: Sequence[Error], found: Tree) -> str:
    """What was expected at one place; a union gives several errors for it."""
    error = errors[0]
    kind, field = str(error["type"]), error["loc"][-1] if error["loc"] else ""
    value = found.plain()
    if kind == "extra_forbidden":
        return unknown_key(str(field), known_keys(error["loc"][:-1]))
    if kind == "value_error":
        return _own_words(str(error["ctx"]["error"]), value)
    if isinstance(value, str) and value in LATER:
        return f"`{value}` is not supported yet"
    if kind in ("literal_error", "enum"):
        return f"expected {error['ctx']['expected']}{_instead(value)}"
    if kind == "string_pattern_mismatch":
        return f"expected {PATTERNS.get(str(field), 'another form')}{_instead(error['input'])}"
    if kind in ("too_short", "string_too_short"):
        return "expected at least one entry" if kind == "too_short" else "expected text that is not empty"
    kinds = dict.fromkeys(text for one in errors if (text := _kind(str(one["type"]))))
    if kinds:
        quoted = "; put it in quotes" if "text" in kinds and isinstance(value, (int, float)) else ""
        return f"expected {' or '.join(kinds)}{_instead(value)}{quoted}"
    return f"expected something else: {error['msg']}{_instead(value)}"


def missing(key: str) -> str:
    """Something that must be said is not."""
    return f"expected the key `{key}`, which is missing"


def unknown_key(key: str, known: Sequence[str]) -> str:
    """A key that nobody reads, or not yet."""
    if key in LATER:
        return f"`{key}` is not supported yet"
    return f"unknown key `{key}`{suggestion(key, list(known))}"


def known_keys(where: Sequence[str | int]) -> list[str]:
    """The keys of the map at this place of an instance's policy."""
    model: type[BaseModel] = InstancePolicy
    for key in where:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if key in fields:
            model = next(_models(fields[str(key)].annotation), model)
    names = [field.alias or name for name, field in model.model_fields.items()]
    if model is InstancePolicy:
        # An instance's name is the key it stands under.
        return [LIKE, *(name for name in names if name != "name")]
    return names


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _kind(error_type: str) -> str:
    return next((text for kind, text in KINDS.items() if error_type.startswith(kind)), "")


def _own_words(message: str, value: object) -> str:
    """Messages of the domain either name what is expected, or say what is wrong."""
    if message.startswith(("a duration", "a local", "at least ")):
        return f"expected {message}{_instead(value)}"
    return message


def _instead(value: object) -> str:
    if isinstance(value, (dict, list)):
        return f", found a {'map' if isinstance(value, dict) else 'list'}"
    if value is None:
        return ", found nothing"
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return f", found `{written[:60]}`"
