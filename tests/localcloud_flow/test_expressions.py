"""Expressions and conditions: what is documented works, what is not is refused."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.flow.expressions import condition, expression
from localcloud.flow.functions import EvaluationError
from localcloud.flow.tokens import ExpressionError

VARIABLES: dict[str, Any] = {
    "$Input": {"a": 1, "名": "é", "list": [{"x": "y"}, 2, 2, True, 1], "text": "a-b", "yes": True, "map": {"k": 1}},
    "$Output": {"choices": [{"message": {"content": "hi"}}]},
    "$Context": {"Execution": {"Name": "e1"}, "Current": {"Error": {"Code": "Busy", "Detail": "d"}, "RetryCount": 2}},
    "$Global": {"g": 5},
    "uuid": lambda: "u-1",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$Input.a", 1),
        ("$Input.名", "é"),
        ("$Input.list[0].x", "y"),
        ("$Output.choices[0].message.content", "hi"),
        ("$Context.Execution.Name", "e1"),
        ("$Context.Current.Error.Code", "Busy"),
        ("$Global.g", 5),
        ('format("resize of {} refused with {}", $Input.a, "Q")', "resize of 1 refused with Q"),
        ("format('{}', $Input.yes)", "true"),
        ("length($Input.list)", 5),
        ("length($Input.text)", 3),
        ("arrayContains($Input.list, 2)", True),
        ("arrayContains($Input.list, 3)", False),
        ("arrayUnique($Input.list)", [{"x": "y"}, 2, True, 1]),
        ("toArray(1, 'b', $Input.a)", [1, "b", 1]),
        ("mapKeys($Input.map)", ["k"]),
        ("mapValues($Input.map)", [1]),
        ('jsonMerge($Input.map, stringToJson(fromBase64("eyJrIjogMn0=")))', {"k": 2}),
        ('hash("a", "MD5")', "0cc175b9c0f1b6a831c399e269772661"),
        ('hash("a", "SHA-1")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ('split($Input.text, "-")', ["a", "b"]),
        ("uuid()", "u-1"),
    ],
)
def test_an_expression_has_its_value(text: str, value: Any) -> None:
    assert expression(text).evaluate(VARIABLES) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "$",
        "$Other.a",
        "$Input.",
        "$Input .a",
        "$Input.a-b",
        "$Input.a b",
        '$Input["a"]',
        "$Input[*]",
        "$Input[-1]",
        "$Input.a + 1",
        "$Input.a == 1",
        '"text"',
        "length()",
        "length(1, 2)",
        "uuid(1)",
        "length($Input",
        'format("a \\" b")',
        "length(`a`)",
        "regexMatchString('a', 'b')",
        "intAdd(1, 2)",
        "$Context.Execution.Output",
        "$Context.Task",
        "$Context.Current.TaskToken.x",
        "length(" * 11 + "$Input" + ")" * 11,
    ],
)
def test_what_is_not_documented_does_not_parse(text: str) -> None:
    with pytest.raises(ExpressionError):
        expression(text)


def test_ten_nested_calls_parse() -> None:
    assert expression("toArray(" * 10 + "1" + ")" * 10).paths == ()


@pytest.mark.parametrize(
    "text",
    [
        "$Input.missing",
        "$Input.list[9]",
        "$Input.a.b",
        "$Input[0]",
        "length($Input.a)",
        "mapKeys($Input.list)",
        "jsonMerge($Input.map, $Input.list)",
        'stringToJson("[1]")',
        'stringToJson("{")',
        'fromBase64("?")',
        'hash("a", "MD4")',
        'format("{} {}", 1)',
        'format("{}", $Input.map)',
        'split("a", "")',
    ],
)
def test_what_cannot_be_evaluated_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        expression(text).evaluate(VARIABLES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("$Input.yes", True),
        ("$Input.a == 1", True),
        ("$Input.a != 1", False),
        ("$Input.a>=1.0", True),
        ("$Input.a < 12.5", True),
        ('$Input.text == "a-b"', True),
        ("$Input.text > `a`", True),
        ("$Input.yes == true", True),
        ('$Input.text == "x" || $Input.a == 1 && $Input.yes', True),
        ('$Input.text == "x" && $Input.a == 1 || false', False),
        ("$Context.Current.RetryCount <= 2", True),
    ],
)
def test_a_condition_is_true_or_false(text: str, value: bool) -> None:  # noqa: FBT001 - the expected value
    assert condition(text).evaluate(VARIABLES) is value


@pytest.mark.parametrize(
    "text",
    [
        "!true",
        "(true)",
        "$Input.a == 1 &&",
        "$Input.text == 'a-b'",
        "length($Input.list) > 1",
        "$Global.g == 5",
        "1 == 1 == true",
        "$Input.a + 1 == 2",
        "",
    ],
)
def test_a_condition_beyond_the_documented_subset_does_not_parse(text: str) -> None:
    with pytest.raises(ExpressionError):
        condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "$Input.a",
        "$Input.text",
        '$Input.a == "1"',
        "$Input.yes > false",
        "$Input.yes == 1",
        "$Input.missing == 1",
        "true || $Input.missing == 1",
        "$Input.map == $Input.map",
    ],
)
def test_a_condition_without_an_answer_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        condition(text).evaluate(VARIABLES)
