"""Reads Retry and Catch (facts flow 4.1, 4.2)."""

from __future__ import annotations

from localcloud.flow.faults import Place
from localcloud.flow.fields import Fields
from localcloud.flow.model import ANY_ERROR, LONGEST_PAUSE_S, Catch, Retry
from localcloud.flow.template import template

RETRY = frozenset({"Errors", "Description", "MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxBackoffSeconds"})
CATCH = frozenset({"Errors", "Description", "OutputConstructor", "Next"})


def read_retry(fields: Fields) -> tuple[Retry, ...]:
    """Read all retry rules of a state."""
    if "Retry" not in fields.node:
        return ()
    rules = []
    seen: set[str] = set()
    for node, place in fields.items("Retry"):
        rule = Fields.of(node, place)
        rule.only(RETRY)
        errors = read_errors(rule, seen)
        rules.append(
            Retry(
                errors,
                rule.whole("MaxAttempts", 0, None),
                rule.whole("IntervalSeconds", 1, LONGEST_PAUSE_S),
                rule.rate("BackoffRate"),
                rule.whole("MaxBackoffSeconds", 1, LONGEST_PAUSE_S, default=LONGEST_PAUSE_S),
            )
        )
    return tuple(rules)


def read_catch(fields: Fields) -> tuple[Catch, ...]:
    """Read all catch rules of a state. An OutputConstructor is required: what comes without one is not documented."""
    if "Catch" not in fields.node:
        return ()
    rules = []
    seen: set[str] = set()
    for node, place in fields.items("Catch"):
        rule = Fields.of(node, place)
        rule.only(CATCH)
        errors = read_errors(rule, seen)
        if "OutputConstructor" not in rule.node:
            raise place.at("OutputConstructor").fault("is missing: the next state's input would be unknown")
        output = template(rule.node["OutputConstructor"], place.at("OutputConstructor"))
        rules.append(Catch(errors, output, rule.text("Next")))
    return tuple(rules)


def read_errors(rule: Fields, seen: set[str]) -> tuple[str, ...]:
    """Read the error names of a rule; refuse a rule that the ones before it leave nothing to match."""
    rule.text("Description")
    errors = tuple(read_name(node, place) for node, place in rule.items("Errors"))
    if ANY_ERROR in seen or seen.issuperset(errors):
        raise rule.place.at("Errors").fault("this rule can never match: rules before it match all of it")
    seen.update(errors)
    return errors


def read_name(node: object, place: Place) -> str:
    """Read one error name."""
    if not isinstance(node, str) or not node:
        raise place.fault("the name of an error expected")
    return node
