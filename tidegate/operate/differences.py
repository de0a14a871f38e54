"""Two policies side by side: instances that come and go, and every value that becomes another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.domain.policy import InstancePolicy
from tidegate.operate.candidate import FLEET, Candidate
from tidegate.policyfile.problems import Spot
from tidegate.policyfile.resolved import Resolved, in_force
from tidegate.policyfile.written import as_written, fields_of, models_of

NOWHERE = Spot("", 0)
NOTHING: tuple[Any, ...] = (None, "", [], {})
DEFAULTS = {
    (key, str(as_written(field.default)))
    for model in models_of(InstancePolicy)
    for key, field in fields_of(model).items()
    if not field.is_required()
}
LABELS: Mapping[str, str] = {
    "ladder": "rung",
    "alerts": "identity",
    "timetable": "name",
    "blackouts": "name",
    "freezes": "name",
    "notify": "url_env",
}
"""By what an item of a list is known, so that one more at the top does not look like a change of all the others."""
ITEM = re.compile(rf"({'|'.join(LABELS)})\[(\d+)\]")


@dataclass(frozen=True)
class Change:
    """One value that becomes another one; None where there was, or will be, none. Line 0: it is written nowhere."""

    instance: str
    """Empty for what concerns the whole fleet."""
    key: str
    before: Any
    after: Any
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Differences:
    """What a policy has otherwise than the one before it."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: Mapping[str, str]
    """Instances that are only called otherwise, by the new name."""
    modes: tuple[Change, ...]
    """Modes that change, and new instances that act at once."""
    changes: tuple[Change, ...]
    """All other values of instances that stay, and of the fleet."""

    @property
    def none(self) -> bool:
        """Whether there is no difference at all."""
        return not (self.added or self.removed or self.renamed or self.modes or self.changes)


def differences(before: Candidate | None, after: Candidate) -> Differences:
    """Compare two policies. Values count, not the way they are written."""
    if before is None:
        return Differences(tuple(sorted(after.instances)), (), {}, tuple(_acting(after, after.instances)), ())
    known = {_identity(policy): name for name, policy in before.instances.items()}
    was = {name: known[_identity(policy)] for name, policy in after.instances.items() if _identity(policy) in known}
    added = tuple(sorted(set(after.instances) - set(was)))
    changes = [change for name in sorted(was) for change in _between(before, was[name], after, name)]
    return Differences(
        added,
        tuple(sorted(set(before.instances) - set(was.values()))),
        {name: old for name, old in sorted(was.items()) if name != old},
        (*(each for each in changes if each.key == "mode"), *_acting(after, added)),
        (*(each for each in changes if each.key != "mode"), *_fleet(before, after)),
    )


def _identity(policy: InstancePolicy) -> tuple[str, str, str]:
    return policy.region, policy.product, policy.instance_id


def _acting(after: Candidate, names: Any) -> Iterator[Change]:
    for name in sorted(names):
        if after.instances[name].mode == "act":
            yield _change(after, name, "mode", (None, "act"), "mode")


def _fleet(before: Candidate, after: Candidate) -> Iterator[Change]:
    old, new = before.fleet.model_dump(mode="json"), after.fleet.model_dump(mode="json")
    for key, value in new.items():
        if old[key] != value:
            spot = after.places.get(FLEET, {}).get(key, NOWHERE)
            yield Change("", f"{FLEET}.{key}", old[key], value, spot.file, spot.line)


def _between(before: Candidate, was: str, after: Candidate, name: str) -> Iterator[Change]:
    old_policy, new_policy = before.instances[was], after.instances[name]
    labels = [
        {key: _labelled(policy, key) for key in LABELS if _has_labels(old_policy, key) and _has_labels(new_policy, key)}
        for policy in (old_policy, new_policy)
    ]
    old = {_key(each.key, labels[0]): each for each in in_force(old_policy)}
    new = {_key(each.key, labels[1]): each for each in in_force(new_policy)}
    told: set[str] = set()
    for key in [*new, *(key for key in old if key not in new)]:
        values = (old[key].value if key in old else None, new[key].value if key in new else None)
        if values[0] == values[1] or all(value in NOTHING for value in values):
            continue
        whole = _item(key, new if key in old else old) if (key in old) != (key in new) else ""
        place = new[key].key if key in new else ""
        if not whole:
            yield _change(after, name, key, values, place)
        elif whole not in told:
            told.add(whole)
            yield _change(after, name, whole, (_whole(whole, old), _whole(whole, new)), place)


def _item(key: str, others: Mapping[str, Resolved]) -> str:
    """The item of a list that this is a part of, if the other policy has nothing of it; empty where there is none."""
    for end in (found.end() for found in re.finditer(r"\]", key)):
        if end < len(key) and not any(other.startswith((f"{key[:end]}.", f"{key[:end]}[")) for other in others):
            return key[:end]
    return ""


def _whole(item: str, values: Mapping[str, Resolved]) -> dict[str, Any] | None:
    """An item of a list as one value, without what it has by default."""
    parts = {
        key[len(item) :].lstrip("."): each.value
        for key, each in values.items()
        if key.startswith((f"{item}.", f"{item}["))
    }
    said = {key: value for key, value in parts.items() if not _is_default(key, value)}
    return said or parts or None


def _is_default(key: str, value: Any) -> bool:
    return value in NOTHING or (key, str(value)) in DEFAULTS


def _change(after: Candidate, name: str, key: str, values: tuple[Any, Any], place: str) -> Change:
    spot = _spot(after.places.get(name, {}), place)
    return Change(name, key, *values, spot.file, spot.line)


def _spot(places: Mapping[str, Spot], key: str) -> Spot:
    """Where a value is written, or what it stands in: a rung in its short form has no keys of its own."""
    while key:
        if key in places:
            return places[key]
        key = re.sub(r"\.?[^.]*$", "", key) if not key.endswith("]") else key[: key.rindex("[")]
    return NOWHERE


def _key(key: str, labels: Mapping[str, list[str]]) -> str:
    found = ITEM.match(key)
    if found is None or found[1] not in labels:
        return key
    return f"{found[1]}[{labels[found[1]][int(found[2])]}]{key[found.end() :]}"


def _labelled(policy: InstancePolicy, key: str) -> list[str]:
    return [str(getattr(item, LABELS[key], None) or "") for item in getattr(policy, key)]


def _has_labels(policy: InstancePolicy, key: str) -> bool:
    labels = _labelled(policy, key)
    return all(labels) and len(set(labels)) == len(labels)
