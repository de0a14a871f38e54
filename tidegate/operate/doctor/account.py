"""Who asks, by whose clock, and whether the vendor can be reached."""

from __future__ import annotations

from datetime import timedelta

from tidegate.aliyun.codes import AMQP, BSS, CMS, FLOW, GATEWAY, STS
from tidegate.aliyun.endpoints import Endpoint, endpoints_of
from tidegate.aliyun.reach import Reached, reach
from tidegate.domain.durations import write_duration
from tidegate.domain.policy import InstancePolicy
from tidegate.operate.doctor.finding import Verdict, fail, ok, skip, together, warn
from tidegate.operate.doctor.place import Place

SLOW, TOO_SLOW = timedelta(minutes=1), timedelta(minutes=10)
"""A signature holds for 15 minutes (fact A.0)."""
PRODUCT_OF = {"rabbitmq": (AMQP, CMS), "apigateway": (GATEWAY,)}


def credentials(place: Place) -> Verdict:
    """Whether there is a key, whose it is, and whether that is the account that the ledger is of."""
    known = place.settings
    if not known.access_key_id or not known.access_key_secret:
        return fail(
            "there is no access key",
            "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
            "and ALIBABA_CLOUD_SECURITY_TOKEN with a temporary key",
        )
    who = place.who()
    account, arn = str(who.get("AccountId", "")), str(who.get("Arn", ""))
    if account != known.account:
        return fail(
            f"the key is of account {account}, TIDEGATE_ACCOUNT says {known.account}",
            "use a key of that account, or correct TIDEGATE_ACCOUNT: the ledger is kept by account",
        )
    if str(who.get("IdentityType", "")) == "Account":
        return ok(f"{arn} (the account's own key; a RAM user's is enough)")
    return ok(arn)


def clock(place: Place) -> Verdict:
    """Whether this machine and the vendor agree on the time."""
    [endpoint, *_] = endpoints_of(STS, place.settings.region, _overrides(place))
    there = reach(_url(endpoint)).date
    if there is None:
        return skip("the vendor's answer has no Date")
    skew = place.machine.now() - there
    told = f"{write_duration(abs(skew))} {'ahead of' if skew > timedelta() else 'behind'} the vendor"
    place.facts["clock"] = ("A.0", f"an answer names the vendor's time in `Date`; this machine was {told}")
    if abs(skew) >= TOO_SLOW:
        return fail(f"this machine is {told}", "set its clock: a signature holds for 15 minutes only")
    if abs(skew) >= SLOW:
        return warn(f"this machine is {told}", "let the clock be kept by NTP before signatures are refused")
    return ok(f"within {write_duration(abs(skew) + timedelta(seconds=1))} of the vendor's")


def endpoints(place: Place) -> Verdict:
    """Whether everything that is asked answers from here, each product that the policy uses included."""
    parts, reached = [], 0
    for name, urls in _hosts(place).items():
        parts.append(_any_of(place, name, urls))
        reached += 1
    return together(f"{reached} of {reached} answer", parts)


def _any_of(place: Place, name: str, urls: list[str]) -> Verdict:
    """Of several hosts one is enough: billing has one for each site."""
    why = ""
    for url in urls:
        try:
            answer: Reached = reach(url)
        except OSError as error:
            why = str(error)
            continue
        place.facts[f"host of {name}"] = ("A.0", f"{name} answers an unsigned call with {answer.status}")
        return ok(name)
    return fail(f"{name}: {why}", "look at DNS, the proxy, the firewall and TIDEGATE_ENDPOINT here")


def _hosts(place: Place) -> dict[str, list[str]]:
    """Every host by whose it is."""
    known = place.settings
    asked = {(code, policy.region) for policy in _policies(place) for code in PRODUCT_OF[policy.product]}
    asked |= {(FLOW, known.region), (BSS, known.region), (STS, known.region)}
    found = {
        f"{code} in {region}": [_url(one) for one in endpoints_of(code, region, _overrides(place))]
        for code, region in sorted(asked)
    }
    if place.cli.fc_endpoint:
        endpoint = Endpoint.parse(place.cli.fc_endpoint)
        found["Function Compute"] = [_url(endpoint)]
    if known.store.startswith("oss://"):
        found["OSS"] = [known.oss_endpoint or f"https://oss-{known.region}.aliyuncs.com"]
    return found


def _policies(place: Place) -> list[InstancePolicy]:
    """The policies, none where the ledger cannot be read: that is for another check to say."""
    try:
        return place.policies()
    except Exception:  # noqa: BLE001 - as above
        return []


def _overrides(place: Place) -> dict[str, str]:
    return {"*": place.settings.endpoint} if place.settings.endpoint else {}


def _url(endpoint: Endpoint) -> str:
    return f"{'https' if endpoint.secure else 'http'}://{endpoint.host}/"
