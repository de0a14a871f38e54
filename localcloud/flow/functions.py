"""The built-in functions of expressions whose names and results are documented (fact flow 2.4).

`uuid` is the parser's: it alone reads the execution. Functions that are only rumoured are refused by name, with the
reason, so that no flow comes to rest on them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
ANY_NUMBER = 99

UNVERIFIED = {
    "regexMatchString": "the order of its arguments is not documented",
    "intAdd": "it is only in one translation of the documentation",
    "get": "it is only in one translation of the documentation",
    "randomInt": "it is only in one translation of the documentation",
}


class EvaluationError(ValueError):
    """An expression cannot be evaluated: a missing key, a wrong type. The execution fails with FnF.RuntimeError."""


@dataclass(frozen=True)
class Function:
    """A built-in: how many arguments it takes, and what it does with their values."""

    least: int
    most: int
    apply: Callable[[Sequence[Any]], Any]


def canonical(value: Any) -> str:
    """Give the text by which two JSON values are equal or not: `1` is not `true`."""
    return json.dumps(value, sort_keys=True)


def wanted(value: Any, kind: type, word: str) -> Any:
    """Give `value` if it is of that kind."""
    if not isinstance(value, kind):
        raise EvaluationError(f"{word} expected, not {canonical(value)[:80]}")
    return value


def fill(arguments: Sequence[Any]) -> str:
    """Replace each `{}` in order; only texts, numbers and booleans can be filled in."""
    pieces = str(wanted(arguments[0], str, "text")).split("{}")
    values = arguments[1:]
    if len(pieces) - 1 != len(values):
        raise EvaluationError(f"format has {len(pieces) - 1} places for {len(values)} values")
    return pieces[0] + "".join(scalar(value) + piece for value, piece in zip(values, pieces[1:], strict=True))


def scalar(value: Any) -> str:
    """Write a text, number or boolean."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise EvaluationError(f"format takes text, numbers and booleans, not {canonical(value)[:80]}")


def length(arguments: Sequence[Any]) -> int:
    """Count the items of a list, the keys of a map or the characters of a text."""
    value = arguments[0]
    if not isinstance(value, (str, list, Mapping)):
        raise EvaluationError(f"length takes a list, map or text, not {canonical(value)}")
    return len(value)


def contains(arguments: Sequence[Any]) -> bool:
    """Tell whether a list holds a value."""
    sought = canonical(arguments[1])
    return any(canonical(item) == sought for item in wanted(arguments[0], list, "a list"))


def unique(arguments: Sequence[Any]) -> list[Any]:
    """Give each value of a list once, where it came first."""
    return list({canonical(item): item for item in reversed(wanted(arguments[0], list, "a list"))}.values())[::-1]


def merged(arguments: Sequence[Any]) -> dict[str, Any]:
    """Put two maps together; the later one wins."""
    first, second = (wanted(each, dict, "a map") for each in arguments)
    return {**first, **second}


def parsed(arguments: Sequence[Any]) -> dict[str, Any]:
    """Read a JSON object from text."""
    try:
        value = json.loads(wanted(arguments[0], str, "text"))
    except json.JSONDecodeError as error:
        raise EvaluationError(f"stringToJson: {error}") from error
    return dict(wanted(value, dict, "a map"))


def decoded(arguments: Sequence[Any]) -> str:
    """Read text from base64."""
    try:
        return base64.b64decode(wanted(arguments[0], str, "text"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise EvaluationError(f"fromBase64: {error}") from error


def digest(arguments: Sequence[Any]) -> str:
    """Give the hex digest of a text."""
    text, algorithm = (wanted(each, str, "text") for each in arguments)
    if algorithm not in DIGESTS:
        raise EvaluationError(f"hash knows {', '.join(DIGESTS)}, not {algorithm}")
    return hashlib.new(DIGESTS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def split(arguments: Sequence[Any]) -> list[str]:
    """Split a text (first) at a separator (second); the order is assumed."""
    text, separator = (wanted(each, str, "text") for each in arguments)
    if not separator:
        raise EvaluationError("split needs a separator")
    return list(text.split(separator))


FUNCTIONS: Mapping[str, Function] = {
    "format": Function(1, ANY_NUMBER, fill),
    "length": Function(1, 1, length),
    "arrayContains": Function(2, 2, contains),
    "arrayUnique": Function(1, 1, unique),
    "toArray": Function(0, ANY_NUMBER, list),
    "mapKeys": Function(1, 1, lambda arguments: list(wanted(arguments[0], dict, "a map"))),
    "mapValues": Function(1, 1, lambda arguments: list(wanted(arguments[0], dict, "a map").values())),
    "jsonMerge": Function(2, 2, merged),
    "stringToJson": Function(1, 1, parsed),
    "fromBase64": Function(1, 1, decoded),
    "hash": Function(2, 2, digest),
    "split": Function(2, 2, split),
}
