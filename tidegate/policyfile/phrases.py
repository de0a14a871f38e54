"""Validation errors in words: what was expected, and what was found instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from tidegate.domain.policy import InstancePolicy
from tidegate.policyfile.tree import Tree
from tidegate.policyfile.written import known_keys

KINDS: Mapping[str, str] = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a map of keys and values",
    "model": "a map of keys and values",
    "time": 'a local wall-clock time such as "08:30"',
}
"""What an error's type begins with, and what was expected then."""

PATTERNS: Mapping[str, str] = {
    "name": "a name of at most 48 lower-case letters, digits and dashes, a letter first",
    "url_env": "the name of an environment variable, such as TIDEGATE_CHAT_URL",
    "region": "a region, such as cn-hangzhou",
    "metric": "the name of a metric, such as InstanceConnections",
}
BOUNDS = {"greater_than_equal": "at least {ge}", "greater_than": "above {gt}", "less_than_equal": "at most {le}"}
OWN = {"action": "`hold`, `adopt` or a map {keep_for: 12h}"}
"""What is expected where a value is written in a shorter form than the code has it."""
BEGINNINGS = ("a duration", "a local", "a date", "at least ")
KEY = "[key]"
"""What pydantic calls the place of a map's key that is wrong."""
LONGEST_WORD = 64

Error = Mapping[str, Any]


def phrase(errors: Sequence[Error], found: Tree, model: type[BaseModel] = InstancePolicy) -> str:
    """What was expected at one place; a union gives several errors for it."""
    error = errors[0]
    kind, field = str(error["type"]), str(error["loc"][-1]) if error["loc"] else ""
    value = found.plain()
    if kind == "extra_forbidden" or field == KEY:
        return _wrong_key(error, model)
    if kind == "value_error":
        return _own_words(str(error["ctx"]["error"]), value)
    if kind in ("literal_error", "enum"):
        return f"expected {OWN.get(field, error['ctx']['expected'])}{instead(value)}"
    if kind == "string_pattern_mismatch":
        # Whoever mistakes `url_env` writes the URL itself, and there is a secret in that.
        shown = ", found something else" if field == "url_env" else instead(error["input"])
        return f"expected {PATTERNS.get(field, 'another form')}{shown}"
    if kind in ("too_short", "string_too_short"):
        return "expected at least one entry" if kind == "too_short" else "expected text that is not empty"
    if kind in BOUNDS:
        return f"expected a number {BOUNDS[kind].format(**_whole(error['ctx']))}{instead(value)}"
    kinds = dict.fromkeys(text for one in errors if (text := _kind(str(one["type"]))))
    if kinds:
        quoted = "; put it in quotes" if "text" in kinds and isinstance(value, (int, float)) else ""
        return f"expected {' or '.join(kinds)}{instead(value)}{quoted}"
    return f"expected something else: {error['msg']}{instead(value)}"


def _wrong_key(error: Error, model: type[BaseModel]) -> str:
    where = [key for key in error["loc"] if key != KEY]
    # A map that is no model names its keys itself.
    known = known_keys(where[:-1], model) if len(where) == len(error["loc"]) else [error["ctx"]["expected"].strip("'")]
    return unknown_key(str(where[-1]), known)


def missing(key: str) -> str:
    """Something that must be said is not."""
    return f"expected the key `{key}`, which is missing"


def unknown_key(key: str, known: Sequence[str]) -> str:
    """A key that nobody reads."""
    return f"unknown key `{key[:LONGEST_WORD]}`{suggestion(key, known)}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, or what there is."""
    words = sorted(each for each in known if len(each) <= LONGEST_WORD)
    # Longer words would take long to compare, and are none of ours.
    close = get_close_matches(word, words, n=1) if len(word) <= LONGEST_WORD else []
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; there is {some(words, most=40)}" if words else ""


def some(names: Sequence[str], most: int = 5) -> str:
    """Names with commas between, not more than can be read."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")


def instead(value: object) -> str:
    """What was found."""
    if isinstance(value, (dict, list)):
        return f", found a {'map' if isinstance(value, dict) else 'list'}"
    if value is None:
        return ", found nothing"
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return f", found `{written[:60]}`"


def _kind(error_type: str) -> str:
    return next((text for kind, text in KINDS.items() if error_type.startswith(kind)), "")


def _own_words(message: str, value: object) -> str:
    """Messages of the domain either name what is expected, or say what is wrong."""
    if message.startswith(BEGINNINGS):
        return f"expected {message}{'' if ';' in message else instead(value)}"
    return message


def _whole(bounds: Mapping[str, Any]) -> dict[str, Any]:
    return {key: int(bound) if bound == int(bound) else bound for key, bound in bounds.items()}
