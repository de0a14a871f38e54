"""The policy in force, the tick, and the instances as the vendor shows them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tidegate.aliyun.codes import GRANT
from tidegate.aliyun.errors import Missing, VendorError
from tidegate.app.fleet import TICK_DEAD_AFTER
from tidegate.domain.durations import write_duration
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.reading import Health, Reading
from tidegate.operate.doctor.finding import ALLOW, Verdict, fail, ok, skip, together, warn
from tidegate.operate.doctor.place import Place
from tidegate.products import apigateway, rabbitmq

ORDERS = ("amqp:UpdateInstance", "apigateway:ModifyInstanceSpec")
PERMISSIONS = tuple(one for one in (*rabbitmq.PERMISSIONS, *apigateway.PERMISSIONS) if one.action not in ORDERS)
"""Reading alone."""
PUSH = "`tidegate policy push --policy FILE`"


def policy(place: Place) -> Verdict:
    """Whether a policy is in force, and, where a file was named, that one; and whether a pause keeps it from acting."""
    pointer = place.around.policies.current()
    if pointer is None:
        return fail("no policy was pushed yet", f"put one in force: {PUSH}")
    told = f"{pointer.hash} by {pointer.by}, {write_duration(place.now - pointer.at)} old"
    if place.policy_hash and place.policy_hash != pointer.hash:
        return warn(f"{told}; the file is {place.policy_hash}", f"put the file in force: {PUSH}")
    pause = place.around.fleet.state().pause
    if pause is not None and pause.holds(place.now):
        return warn(
            f"{told}; the fleet is paused by {pause.by}, so nothing is ordered",
            "`tidegate unpause --fleet` when that is over",
        )
    acting = sum(1 for each in place.policies() if each.mode == "act")
    count = len(place.policies())
    return ok(f"{told}; {count} instance{'' if count == 1 else 's'}, {acting} in mode act")


def tick(place: Place) -> Verdict:
    """Whether the tick still runs: it repairs whatever was lost."""
    last = place.around.fleet.state().last_tick
    do = "see the timer of on-schedule and its log; `tidegate invoke on-schedule` runs one now"
    if last is None:
        pointer = place.around.policies.current()
        if pointer is not None and place.now - pointer.at < TICK_DEAD_AFTER:
            return warn("there was no tick yet", "look again in some minutes: it comes every minute")
        return fail("there never was a tick", do)
    age = place.now - last
    if age > TICK_DEAD_AFTER:
        return fail(f"the last tick was {write_duration(age)} ago", do)
    return ok(f"{write_duration(age)} ago")


def instances(place: Place) -> Verdict:
    """Whether the vendor knows every instance of the policy, and says that it is well."""
    policies = place.policies()
    if not policies:
        return skip("there is no policy, so no instance to look at", PUSH)
    left: list[Verdict] = []
    parts = [part for each in place.in_time(policies, left) for part in _instance(place, each)] + left
    return together(f"{len(policies)} found, healthy", parts)


def _instance(place: Place, policy: InstancePolicy) -> Iterator[Verdict]:
    name = policy.name
    try:
        reading = place.reading(policy)
    except Missing:
        yield fail(
            f"{name}: no {policy.instance_id} in {policy.region} of this account",
            "correct instance_id and region in the policy, or take the instance out of it",
        )
        return
    except VendorError as error:
        if error.advice == GRANT:
            yield skip(f"{name} may not be looked at: {error.code}", ALLOW)
            return
        yield fail(f"{name} cannot be read: {error.code}", error.advice or "look at it in the vendor's console")
        return
    label = "B.1" if policy.product == "rabbitmq" else "B.2"
    place.facts[f"status of {policy.product}"] = (label, f"a {policy.product} shows the status `{reading.status}`")
    yield from _health(name, reading)
    want = policy.expect
    if want.billing and want.billing is not reading.billing:
        yield warn(f"{name} is {reading.billing.value}, expected {want.billing.value}", "correct `expect`, or nothing")
    if want.edition and want.edition.lower() != reading.edition:
        yield warn(f"{name} is {reading.edition}, expected {want.edition}", "correct `expect`: it holds until then")


def _health(name: str, reading: Reading) -> Iterator[Verdict]:
    if reading.health is Health.GONE:
        yield fail(f"{name} is {reading.status}", "take it out of the policy")
    elif reading.health is Health.SWITCHOVER:
        yield warn(f"{name} waits for its switchover", f"`tidegate status` says by when {name} needs you")
    elif reading.health is not Health.HEALTHY:
        yield warn(f"{name} is {reading.status}", "nothing is ordered until it is healthy; look again in minutes")


def ladder(place: Place) -> Verdict:
    """Whether every instance stands on a rung of its ladder, and higher rungs cost more."""
    policies = place.policies()
    if not policies:
        return skip("there is no policy, so no ladder to look at", PUSH)
    left: list[Verdict] = []
    parts = [
        part for each in place.in_time(policies, left) for part in (*_standing(place, each), *_prices(each))
    ] + left
    return together("every instance is on a rung; prices rise", parts)


def _standing(place: Place, policy: InstancePolicy) -> Iterator[Verdict]:
    try:
        spec = place.reading(policy).spec
    except VendorError:
        # The check of the instances has said so.
        return
    if policy.rungs.match(spec) is None and not place.state(policy).found:
        nearest = policy.rungs.nearest(spec)
        named = ", ".join(f"{key} {spec.get(key)} != {nearest.spec[key]}" for key in nearest.differing(spec))
        yield warn(
            f"{policy.name} is on no rung; nearest {nearest.name}: {named}",
            f"add its spec as a rung, or `tidegate adopt {policy.name}`; it is held until then",
        )


def _prices(policy: InstancePolicy) -> Iterator[Verdict]:
    priced = [rung for rung in policy.ladder if rung.hourly_price is not None]
    for lower, higher in pairwise(priced):
        if (higher.hourly_price or 0) < (lower.hourly_price or 0):
            yield warn(
                f"{policy.name}: {higher.rung} costs less than {lower.rung}",
                "correct hourly_price, or the order of the rungs: cost limits go by it",
            )
