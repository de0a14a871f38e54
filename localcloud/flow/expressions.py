"""Expressions (`key.$: ...`) and conditions, parsed once into something that can be called (facts flow 2.1 to 2.5).

Only what is documented parses; what is merely likely (arithmetic, negation, parentheses, `$Global` or functions in
conditions, escapes in texts) is refused, so that a flow which runs here does not rest on it. A missing key is an error,
and both sides of `&&` and `||` are evaluated, so that a missing key cannot hide.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.flow.functions import FUNCTIONS, UNVERIFIED, EvaluationError
from localcloud.flow.tokens import ExpressionError, Tokens

Variables = Mapping[str, Any]
"""`$Input`, `$Output`, `$Context`, `$Global`, and `uuid`, which makes the next one."""
Path = tuple[str | int, ...]
Node = Callable[[Variables], Any]

NESTED_CALLS = 10
LONGEST_NUMBER = 30
ROOTS = ("$Input", "$Output", "$Context", "$Global")
CONTEXT = {
    "Execution": ("Name", "Input", "RoleArn"),
    "Current": ("Name", "Input", "Output", "Error", "RetryCount", "TaskToken"),
}
OPEN_FIELDS = ("Input", "Output", "Error")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Expression:
    """A parsed expression. `evaluate` raises EvaluationError; `paths` are all that it reads."""

    text: str
    evaluate: Node
    paths: tuple[Path, ...]


def expression(text: str) -> Expression:
    """Parse the value of a key that ends in `.$`: a path or a call of a built-in function."""
    parser = Parser(Tokens(text))
    if parser.tokens.word.kind not in {"root", "name"}:
        raise parser.tokens.unexpected("a path or a function expected")
    return parser.finish(parser.value())


def condition(text: str) -> Expression:
    """Parse a Choice condition; its value is always a boolean."""
    parser = Parser(Tokens(text), in_condition=True)
    node = parser.either()
    return parser.finish(lambda variables: truth(node(variables), text))


@dataclass
class Parser:
    """Reads one expression, from its loosest operator to its tightest."""

    tokens: Tokens
    in_condition: bool = False
    paths: list[Path] = field(default_factory=list)

    def finish(self, node: Node) -> Expression:
        """Give the whole; anything left over is a fault."""
        if self.tokens.word.kind != "end":
            raise self.tokens.unexpected("nothing more expected")
        return Expression(self.tokens.source, node, tuple(self.paths))

    def either(self) -> Node:
        """Read `a || b || ...`."""
        parts = [self.both()]
        while self.tokens.takes("||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else combined(any, parts, self.tokens.source)

    def both(self) -> Node:
        """Read `a && b && ...`."""
        parts = [self.compared()]
        while self.tokens.takes("&&"):
            parts.append(self.compared())
        return parts[0] if len(parts) == 1 else combined(all, parts, self.tokens.source)

    def compared(self) -> Node:
        """Read `a == b`, or a lone operand."""
        left = self.value()
        if self.tokens.word.text not in COMPARISONS or self.tokens.word.kind != "symbol":
            return left
        word = self.tokens.take().text
        return comparison(word, left, self.value(), self.tokens.source)

    def value(self, depth: int = 0) -> Node:
        """Read a constant, a path or a call."""
        kind = self.tokens.word.kind
        if kind == "root":
            return self.path()
        if kind == "name":
            return self.boolean() if self.tokens.word.text in {"true", "false"} else self.call(depth + 1)
        if kind in {"number", "string"}:
            return self.constant()
        raise self.tokens.unexpected("a value expected")

    def constant(self) -> Node:
        """Read a number or a text; conditions quote with `"` and backticks, other expressions with `"` and `'`."""
        word = self.tokens.word
        if word.kind == "number":
            if len(word.text) > LONGEST_NUMBER:
                raise self.tokens.unexpected(f"a number of at most {LONGEST_NUMBER} signs expected")
            number = float(word.text) if "." in word.text else int(word.text)
            self.tokens.take()
            return lambda _: number
        if word.text[0] == ("'" if self.in_condition else "`"):
            raise self.tokens.unexpected("another kind of quote expected")
        text = self.tokens.take().text[1:-1]
        return lambda _: text

    def boolean(self) -> Node:
        """Read `true` or `false`."""
        value = self.tokens.take().text == "true"
        return lambda _: value

    def call(self, depth: int) -> Node:
        """Read `name(argument, ...)`; at most ten calls may be nested."""
        if self.in_condition:
            raise self.tokens.unexpected("functions in conditions are not documented; a value expected")
        if depth > NESTED_CALLS:
            raise self.tokens.unexpected(f"more than {NESTED_CALLS} nested calls")
        name = self.tokens.word.text
        if name != "uuid" and name not in FUNCTIONS:
            raise self.tokens.unexpected(UNVERIFIED.get(name, "no such function"))
        self.tokens.take()
        arguments = self.arguments(depth)
        if name == "uuid":
            return no_arguments(arguments, self.tokens.source)
        function = FUNCTIONS[name]
        if not function.least <= len(arguments) <= function.most:
            raise ExpressionError(f"{name} does not take {len(arguments)} arguments, in {self.tokens.source!r}")
        return lambda variables: function.apply([argument(variables) for argument in arguments])

    def arguments(self, depth: int) -> list[Node]:
        """Read what stands in a call's parentheses."""
        self.tokens.expect("(")
        if self.tokens.takes(")"):
            return []
        found = [self.value(depth)]
        while self.tokens.takes(","):
            found.append(self.value(depth))
        self.tokens.expect(")")
        return found

    def path(self) -> Node:
        """Read `$Root.name[0]...`."""
        root = self.tokens.word.text
        if root not in ROOTS:
            raise self.tokens.unexpected(f"{', '.join(ROOTS)} expected")
        if root == "$Global" and self.in_condition:
            raise self.tokens.unexpected("$Global in conditions is not documented; another value expected")
        self.tokens.take()
        steps: list[str | int] = []
        while self.tokens.word.kind in {"step", "index"} and self.tokens.word.glued:
            word = self.tokens.take()
            steps.append(word.text[1:] if word.kind == "step" else int(word.text[1:-1]))
        check_context(root, steps, self.tokens.source)
        self.paths.append((root, *steps))
        return reader(root, tuple(steps))


def check_context(root: str, steps: list[str | int], source: str) -> None:
    """Raise where a path leads to a part of `$Context` that does not exist."""
    if root != "$Context" or not steps:
        return
    fields = CONTEXT.get(str(steps[0]))
    if fields is None:
        raise ExpressionError(f"$Context has {', '.join(CONTEXT)}, not {steps[0]}, in {source!r}")
    if len(steps) > 1 and steps[1] not in fields:
        raise ExpressionError(f"$Context.{steps[0]} has {', '.join(fields)}, not {steps[1]}, in {source!r}")
    if steps[2:] and steps[1] not in OPEN_FIELDS:
        raise ExpressionError(f"$Context.{steps[0]}.{steps[1]} has no parts, in {source!r}")


def reader(root: str, steps: Path) -> Node:
    """Give a function that follows a path; a missing key or item is an error."""
    name = root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)

    def read(variables: Variables) -> Any:
        value = variables[root]
        try:
            for step in steps:
                value = into(value, step)
        except KeyError as error:
            raise EvaluationError(f"{name}: there is no {error}") from error
        return value

    return read


def into(value: Any, step: str | int) -> Any:
    """Take one step; a text or a number has no parts."""
    if isinstance(value, dict) and isinstance(step, str):
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    raise KeyError(step)


def comparison(word: str, left: Node, right: Node, source: str) -> Node:
    """Compare numbers with numbers, texts with texts, and booleans for equality; anything else is an error."""
    compare = COMPARISONS[word]

    def run(variables: Variables) -> bool:
        a, b = left(variables), right(variables)
        kinds = {kind(a), kind(b)}
        if kinds in ({"number"}, {"text"}) or (kinds == {"boolean"} and word in {"==", "!="}):
            return compare(a, b)
        raise EvaluationError(f"{source!r} compares {kind(a)} with {kind(b)}")

    return run


def kind(value: Any) -> str:
    """Name what a value is, as far as comparing goes."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def combined(how: Callable[[list[bool]], bool], parts: list[Node], source: str) -> Node:
    """Evaluate every part, then combine."""
    return lambda variables: how([truth(part(variables), source) for part in parts])


def truth(value: Any, source: str) -> bool:
    """Give a boolean; anything else is an error."""
    if not isinstance(value, bool):
        raise EvaluationError(f"{source!r} is not a boolean")
    return value


def no_arguments(arguments: list[Node], source: str) -> Node:
    """Give `uuid()`, which takes nothing."""
    if arguments:
        raise ExpressionError(f"uuid takes no arguments, in {source!r}")
    return lambda variables: variables["uuid"]()
