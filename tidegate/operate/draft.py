"""The first policy file of an account: what is there, observed, and nothing that orders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.domain.reading import Reading, Value
from tidegate.operate.survey import Found, LeftOut
from tidegate.products.sold import EDITIONS, TPS_STEPS
from tidegate.products.specs import GATEWAY_SPECS

LONGEST_NAME = 48
HINTS = 3
"""Next rungs that are shown as comments."""
RUNG_FIELDS = ("MaxPrivateTps", "QueueCapacity", "MaxConnections", "StorageSize")
"""What a ladder of RabbitMQ names; the other fields stay as they are found."""
PLAIN = re.compile(r"[a-z][a-z0-9.-]*[0-9a-z]")
WORDS = ("true", "false", "null")
HEAD = """\
# Written by `tidegate init` for {region} on {day}, from what was there: it observes, and orders nothing.
# Next: `tidegate validate`, `tidegate deploy --policy FILE`, then watch `tidegate status` for some days. Give an
# instance larger rungs, alerts or a timetable, look at `tidegate policy diff`, and say `mode: act` for one at a time.
version: 1
# timezone: Asia/Shanghai     # the wall clock of timetables, windows and budgets; UTC unless stated
# fleet: {{orders_at_once: 3, orders_per_hour: 12}}
instances:
"""


@dataclass(frozen=True)
class Drafted:
    """An instance of the file, by its name there."""

    name: str
    rung: str
    found: Found


def drafted(found: Sequence[Found]) -> list[Drafted]:
    """Give every instance a valid name that no other one has, and its rung a name after the spec."""
    taken: set[str] = set()
    made = []
    for each in sorted(found, key=lambda one: (one.listed.product, one.listed.instance_id)):
        name = _unique(_name(each), taken)
        taken.add(name)
        made.append(Drafted(name, _rung(each.reading), each))
    return made


def draft(instances: Sequence[Drafted], left_out: Sequence[LeftOut], region: str, day: date) -> str:
    """The text of the file."""
    lines = [line for each in instances for line in _instance(each, region)]
    lines += [
        f"# left out: {_shown(each.listed.instance_id)} ({each.listed.product}): {_shown(each.why)}"
        for each in left_out
    ]
    return HEAD.format(region=region, day=day) + "\n".join(lines) + "\n"


def _instance(each: Drafted, region: str) -> Iterator[str]:
    listed, reading = each.found.listed, each.found.reading
    called = f"   # {_shown(listed.name)}" if listed.name and listed.name != each.name else ""
    yield f"  {each.name}:{called}"
    yield f"    product: {listed.product}"
    yield f"    region: {_scalar(region)}"
    yield f"    instance_id: {_scalar(listed.instance_id)}"
    yield "    mode: observe"
    edition = f", edition: {_scalar(reading.edition)}" if listed.product == "rabbitmq" else ""
    yield f"    expect: {{billing: {reading.billing.value}{edition}}}"
    yield "    ladder:"
    yield from _rabbitmq(each) if listed.product == "rabbitmq" else _gateway(each)


def _gateway(each: Drafted) -> Iterator[str]:
    yield f"      - {_scalar(each.rung)}"
    specs = list(GATEWAY_SPECS)
    for spec in specs[specs.index(each.rung) + 1 :][:HINTS]:
        yield f"      # - {spec}   # {GATEWAY_SPECS[spec].rps:,} requests a second"


def _rabbitmq(each: Drafted) -> Iterator[str]:
    spec = _rung_fields(each.found.reading)
    yield f"      - {_flow(each.rung, spec)}"
    here = int(spec["MaxPrivateTps"])
    larger = [step for step in TPS_STEPS if step > here][:HINTS]
    for tps in larger:
        yield f"      # - {_flow(_tps(tps), {**spec, 'MaxPrivateTps': tps})}"
    sold = EDITIONS[each.found.reading.edition]
    figures = "; ".join(f"{name} {figure}" for name, figure in sold.items())
    yield f"      # {each.found.reading.edition}: {figures}; the buy page has the last word"


def _rung_fields(reading: Reading) -> dict[str, Value]:
    return {name: reading.spec[name] for name in RUNG_FIELDS if name in reading.spec}


def _rung(reading: Reading) -> str:
    if "InstanceSpec" in reading.spec:
        return str(reading.spec["InstanceSpec"])
    return _tps(int(reading.spec["MaxPrivateTps"]))


def _tps(figure: int) -> str:
    return f"tps-{figure}"


def _name(found: Found) -> str:
    """The vendor's name made valid, else the id."""
    for text in (found.listed.name, found.listed.instance_id, f"{found.listed.product}-{found.listed.instance_id}"):
        name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].rstrip("-")
        if re.match("[a-z]", name):
            return name
    return found.listed.product


def _unique(name: str, taken: set[str]) -> str:
    tries, unique = 1, name
    while unique in taken:
        tries += 1
        unique = f"{name[: LONGEST_NAME - len(str(tries)) - 1]}-{tries}"
    return unique


def _flow(rung: str, spec: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in {"rung": rung, **spec}.items()) + "}"


def _scalar(text: str) -> str:
    """A text as YAML has it: in quotes where it might be read as something else."""
    return text if PLAIN.fullmatch(text) and text not in WORDS else json.dumps(text)


def _shown(text: str) -> str:
    """A text of the vendor's that cannot end the comment that it stands in."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
