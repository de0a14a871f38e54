"""Whether messages reach people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidegate.aliyun.functions import InvokeFailed
from tidegate.domain.channels import dead_channels
from tidegate.operate.doctor.finding import Verdict, fail, skip, together, warn
from tidegate.operate.doctor.place import Place

TITLE, TEXT = (
    "Tidegate: a test",
    "This is a test of `tidegate doctor --send-test`. Nothing happened, and nothing is to do.",
)


def messages(place: Place) -> Verdict:
    """Whether every channel that the policy names is set up, is not given up, and takes a test message if so asked."""
    policies = place.policies()
    if not policies:
        return skip("there is no policy, so no channel to look at", "push a policy")
    channels = sorted({channel.url_env for policy in policies for channel in policy.notify})
    if not channels:
        return warn("the policy names no channel, so nobody is told of anything", "add `notify` to the policy")
    environments = {short: shown for short in place.functions if (shown := _environment(place, short))}
    left: list[Verdict] = []
    known = place.in_time(policies, left)
    dead = {name for policy in known for name in dead_channels(policy, place.state(policy), place.now)}
    parts = [part for channel in channels for part in _channel(place, channel, environments, dead)] + left
    sent = "took a test message" if place.send_test else "set up; --send-test sends a message through each"
    return together(f"{', '.join(channels)}: {sent}", parts)


def _environment(place: Place, short: str) -> Mapping[str, str]:
    """A function's environment; nothing where it is not there, which another check says."""
    try:
        return place.variables(short)
    except InvokeFailed:
        return {}


def _telling(
    place: Place, channel: str, environments: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Mapping[str, str]]:
    """The functions that tell people over a channel: by the template, or all where it does not know the channel."""
    known = place.expected.functions if place.expected else {}
    named = (
        {short: shown for short, shown in environments.items() if channel in known[short].environment} if known else {}
    )
    return named or environments


def _channel(
    place: Place, channel: str, environments: Mapping[str, Mapping[str, str]], dead: set[str]
) -> Iterator[Verdict]:
    telling = _telling(place, channel, environments)
    without = [place.name_of(short) for short, variables in telling.items() if not variables.get(channel)]
    url = next((each[channel] for each in environments.values() if each.get(channel)), "")
    url = url or place.settings.channels.get(channel, "")
    if without:
        where = "set on no function" if len(without) == len(telling) else f"not set on {', '.join(without)}"
        yield fail(f"{channel} is {where}", "deploy again with its address as a parameter")
    if channel in dead:
        yield fail(f"{channel} takes no messages", "repair or replace its address, then `--send-test`")
    if place.send_test and url and not place.machine.notify(url, TITLE, TEXT, "held"):
        yield fail(f"{channel} did not take a test message", "correct its address; the channel's own log says more")
