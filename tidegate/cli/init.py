"""Writing the first policy file from what is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.aliyun.errors import VendorError
from tidegate.app.wiring import vendor
from tidegate.cli.access import credentials_of
from tidegate.cli.errors import Failed, Mistake
from tidegate.cli.looks import CALM, GOOD, NEEDS, Line, show
from tidegate.cli.paper import Paper, columns
from tidegate.cli.publish import counted
from tidegate.cli.roots import clock
from tidegate.domain.policy import REGION
from tidegate.operate.draft import Drafted, draft, drafted
from tidegate.operate.survey import LeftOut, survey
from tidegate.policyfile import BadPolicy, parse_policy
from tidegate.products import NAMES, product
from tidegate.products.listing import Choice, Listed, list_instances, product_of
from tidegate.settings import read_cli_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.aliyun.client import Aliyun

NO_GROUPS = "the gateway's API knows no resource groups: choose its instances by --tag or --instance"


@dataclass(frozen=True)
class Wish:
    """Which instances are meant."""

    region: str
    ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    resource_group: str = ""


def init(wish: Wish, out: Path, *, force: bool, as_json: bool) -> int:
    """Write a policy file with the instances as they are; nothing but the file is written."""
    if out.exists() and not force:
        raise Mistake(f"{out} is there already; --out names another file, --force replaces it")
    settings = read_cli_settings()
    region = wish.region or settings.region
    if not region:
        raise Mistake("say which region: --region cn-hangzhou, or TIDEGATE_REGION in the environment")
    if not re.match(REGION, region):
        raise Mistake(f"`{region}` is the name of no region; they are like cn-hangzhou")
    choice = _choice(wish)
    credentials_of(settings)
    aliyun, now = vendor(settings, region), clock()
    listed, notes = _listed(aliyun, wish, choice)
    found, left_out = survey(listed, lambda name: product(name, aliyun, now=now))
    instances = drafted(found)
    if not instances:
        told = [f"nothing in {region} that a policy can be about", *notes, *map(_left, left_out)]
        raise Failed("; ".join(told))
    _write(out, draft(instances, left_out, region, now().date()), force=force)
    if as_json:
        Paper().json(_as_json(out, instances, left_out, notes))
    else:
        show(_lines(out, instances, left_out, notes))
    return 0


def _choice(wish: Wish) -> Choice:
    """Raises Mistake for what names nothing, or contradicts itself."""
    if not all(wish.ids):
        raise Mistake("--instance is empty: name an instance by its id, or leave it out for all of the region")
    if wish.ids and (wish.tags or wish.resource_group):
        raise Mistake("--instance names each one: leave out --tag and --resource-group")
    pairs = [each.partition("=") for each in wish.tags]
    if wrong := [key + sign for key, sign, _ in pairs if not (key and sign)]:
        raise Mistake(f"`{wrong[0]}` is no tag; write --tag KEY=VALUE")
    return Choice({key: value for key, _, value in pairs}, wish.resource_group)


def _listed(aliyun: Aliyun, wish: Wish, choice: Choice) -> tuple[list[Listed], list[str]]:
    """The instances that are meant, and what could not be listed. Raises VendorError where nothing could."""
    if wish.ids:
        return [Listed(product_of(each), each) for each in dict.fromkeys(wish.ids)], []
    asked = ["rabbitmq"] if choice.resource_group else NAMES
    answers = {name: _answer(aliyun, name, choice) for name in asked}
    failures = {name: answer for name, answer in answers.items() if isinstance(answer, VendorError)}
    if len(failures) == len(answers):
        raise failures[asked[0]]
    notes = [f"{name} could not be listed: {failure}" for name, failure in failures.items()]
    found = [each for answer in answers.values() if isinstance(answer, list) for each in answer]
    return found, [*notes, *([NO_GROUPS] if choice.resource_group else [])]


def _answer(aliyun: Aliyun, name: str, choice: Choice) -> list[Listed] | VendorError:
    try:
        return list_instances(aliyun, name, choice)
    except VendorError as error:
        return error


def _write(out: Path, text: str, *, force: bool) -> None:
    """Write the file whole or not at all, once it is sure to be a policy."""
    try:
        parse_policy(text.encode(), str(out))
    except BadPolicy as bad:
        raise Failed(f"what was found makes no valid policy, so nothing was written: {bad.problems[0]}") from bad
    part = out.with_name(f"{out.name}.part")
    try:
        if force:
            part.write_text(text, "utf-8")
            part.replace(out)
        else:
            # Made only where nothing stands, also if somebody puts a file there meanwhile.
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise Mistake(f"{out}: {error.strerror or error}") from error


def _lines(
    out: Path, instances: Sequence[Drafted], left_out: Sequence[LeftOut], notes: Sequence[str]
) -> Iterator[Line]:
    rows = [(each.name, each.rung, each.found.listed.product, each.found.listed.instance_id) for each in instances]
    for row in columns(rows):
        yield ("+ ", (row[0], GOOD), *row[1:])
    for each in left_out:
        yield ("- ", (_left(each), NEEDS))
    for note in notes:
        yield ("! ", (note, NEEDS))
    told = f"{out}: {counted(len(instances), 'instance')}, all in mode observe"
    yield (told + (f"; {len(left_out)} left out" if left_out else ""),)
    yield ((f"next: `tidegate deploy --policy {out}`; where it is deployed, `tidegate policy push {out}`", CALM),)


def _left(each: LeftOut) -> str:
    name = f" ({each.listed.name})" if each.listed.name not in ("", each.listed.instance_id) else ""
    return f"{each.listed.instance_id}{name}: {each.why}"


def _as_json(
    out: Path, instances: Sequence[Drafted], left_out: Sequence[LeftOut], notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "file": str(out),
        "instances": [
            {
                "instance": each.name,
                **vars(each.found.listed),
                "rung": each.rung,
                "billing": each.found.reading.billing.value,
                "edition": each.found.reading.edition,
                "spec": dict(each.found.reading.spec),
            }
            for each in instances
        ],
        "left_out": [{**vars(each.listed), "why": each.why} for each in left_out],
        "notes": list(notes),
    }
