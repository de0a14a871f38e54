"""Ladders against what the vendor sells (facts D.1 and D.2): odd figures, figures of several editions, unknown specs.

The vendor's own pages disagree in places and an account may have other offers, so nothing of this is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tidegate.domain.faults import Where
from tidegate.domain.reading import Value
from tidegate.policyfile.phrases import suggestion
from tidegate.policyfile.warnings.cautions import Caution, Spare
from tidegate.products.sold import (
    EDITION_WORDS,
    EDITIONS,
    EIP_TPS,
    QUEUES_TO_CONNECTIONS,
    SERVERLESS_FIELDS,
    TPS_STEPS,
    TRACING_DAYS,
)

ODD = "the vendor would refuse it, or round it and sell more"
BY_EDITION = ("QueueCapacity", "MaxConnections", "StorageSize")
ANOTHER = "an edition is changed by a person in the console: leave the ladder within one"


def figure_cautions(spare: Spare) -> Iterator[Caution]:
    """Whatever of a ladder, or of what is expected, the vendor does not sell as far as is known."""
    if spare.policy.product == "apigateway":
        yield from _gateway(spare)
        return
    yield from _edition_word(spare)
    for index, rung in enumerate(spare.policy.ladder):
        yield from _odd(rung.spec, ("ladder", index))
        yield from _connections(spare, rung.spec, ("ladder", index))
    yield from _mixed(spare)


def _gateway(spare: Spare) -> Iterator[Caution]:
    from tidegate.products.specs import GATEWAY_SPECS  # noqa: PLC0415 - only where it is meant

    for index, rung in enumerate(spare.policy.ladder):
        spec = str(rung.spec.get("InstanceSpec"))
        if spec not in GATEWAY_SPECS:
            why = f"`{spec[:64]}` is not on the vendor's list of specs{suggestion(spec, GATEWAY_SPECS)}"
            yield Caution(("ladder", index), why, "check its spelling; a spec of your account alone may stay")


def _edition_word(spare: Spare) -> Iterator[Caution]:
    if (edition := _expected(spare)) and edition not in EDITION_WORDS:
        named = (
            "`vip`, which is platinum's name there" if edition == "platinum" else f"one of {', '.join(EDITION_WORDS)}"
        )
        why = f"no instance reports the edition `{edition[:64]}`, so it would always be held"
        yield Caution(("expect", "edition"), why, f"write {named}")


def _odd(spec: Mapping[str, Value], where: Where) -> Iterator[Caution]:
    """Figures that are sold in no edition."""
    for field, value in spec.items():
        if isinstance(value, int) and not isinstance(value, bool) and (sold := _sold_instead(field, value)):
            why = f"{value} is not sold: {field} is {sold}"
            yield Caution((*where, field), why, f"write one of these; {ODD}")


def _sold_instead(field: str, value: int) -> str:
    """What is sold of a field, empty where the value is."""
    if field == "MaxPrivateTps" and value not in TPS_STEPS:
        below, above = ([step for step in TPS_STEPS if step < value], [step for step in TPS_STEPS if step > value])
        return " or ".join(str(step) for step in (*below[-1:], *above[:1])) + " near it"
    if field == "MaxEipTps" and value not in EIP_TPS:
        return str(EIP_TPS)
    if field == "TracingStorageTime" and value not in TRACING_DAYS:
        return f"{', '.join(map(str, TRACING_DAYS))} days"
    if field in BY_EDITION and not _editions_with(field, value):
        return ", ".join(f"{figures[field]} ({name})" for name, figures in EDITIONS.items() if field in figures)
    return ""


def _connections(spare: Spare, spec: Mapping[str, Value], where: Where) -> Iterator[Caution]:
    """A professional instance has connections by its queues, not of their own."""
    queues, connections = spec.get("QueueCapacity"), spec.get("MaxConnections")
    if _expected(spare) != "professional" or not isinstance(queues, int) or not isinstance(connections, int):
        return
    bounds = EDITIONS["professional"]["MaxConnections"]
    right = min(max(queues * QUEUES_TO_CONNECTIONS, bounds.least), bounds.most)
    if connections != right:
        why = f"{connections} connections do not go with {queues} queues: a professional instance has {right} then"
        yield Caution((*where, "MaxConnections"), why, f"write {right}, or other queues")


def _mixed(spare: Spare) -> Iterator[Caution]:
    """Rungs whose figures belong to another edition than is expected, or than those of the rung below."""
    wanted = _expected(spare)
    before: set[str] = set()
    for index, rung in enumerate(spare.policy.ladder):
        where = ("ladder", index)
        for field in ("Edition", "InstanceType"):
            if index and rung.spec.get(field) != spare.policy.ladder[index - 1].spec.get(field):
                yield Caution((*where, field), f"`{rung.rung}` is of another {field} than the rung below it", ANOTHER)
        found = _editions_of(rung.spec)
        serverless = sorted(set(SERVERLESS_FIELDS) & set(rung.spec))
        if serverless and (fixed := sorted({*BY_EDITION, "MaxPrivateTps"} & set(rung.spec))):
            why = f"{', '.join(serverless)} is of serverless instances alone, {', '.join(fixed)} of the others"
            yield Caution(where, why, "name fields of one kind")
        elif found is None:
            continue
        elif not found:
            yield Caution(where, f"the figures of `{rung.rung}` go together in no edition: {_by_field(rung.spec)}", ODD)
        elif wanted in EDITIONS and wanted not in found:
            why = f"`{rung.rung}` has figures of {_or(found)}, and the instance is expected to be {wanted}"
            yield Caution(where, why, f"{_range_of(rung.spec, wanted)}; {ANOTHER}")
        elif before and not before & found:
            why = f"`{rung.rung}` has figures of {_or(found)}, and the rung below it those of {_or(before)}"
            yield Caution(where, why, ANOTHER)
        before = found or before


def _editions_of(spec: Mapping[str, Value]) -> set[str] | None:
    """The editions in which all of these figures are sold; None where that cannot be told from them."""
    known = {field: value for field, value in spec.items() if field in BY_EDITION and isinstance(value, int)}
    found = [editions for field, value in known.items() if (editions := _editions_with(field, value))]
    return set.intersection(*found) if found else None


def _editions_with(field: str, value: int) -> set[str]:
    return {name for name, figures in EDITIONS.items() if field in figures and value in figures[field]}


def _by_field(spec: Mapping[str, Value]) -> str:
    fields = {field: _editions_with(field, value) for field, value in spec.items() if isinstance(value, int)}
    return ", ".join(f"{field} is {_or(names)}'s" for field, names in fields.items() if names)


def _range_of(spec: Mapping[str, Value], edition: str) -> str:
    sold = EDITIONS[edition]
    return ", ".join(f"{field} is {sold.get(field, 'not sold')} there" for field in spec if field in BY_EDITION)


def _or(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))


def _expected(spare: Spare) -> str:
    return (spare.policy.expect.edition or "").lower()
