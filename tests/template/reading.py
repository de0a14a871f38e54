"""A template as the checks see it: as it is written, functions and all, with the workflow that goes into it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
HOLE = re.compile(r"\$\{([^!}][^}]*)\}")
PSEUDO = {"ALIYUN::Region": "cn-hangzhou", "ALIYUN::TenantId": "1234567890123456", "ALIYUN::StackName": "tidegate"}
"""With what they may stand for. `ALIYUN::AccountId` is none of them: for a RAM user it is the user's own number."""
PREFIX, PREFIX_HOLE = "Prefix", "${Prefix}"
FUNCTION, TRIGGER, FLOW = "ALIYUN::FC3::Function", "ALIYUN::FC3::Trigger", "ALIYUN::FNF::Flow"
ROLE, BUCKET, RULE = "ALIYUN::RAM::Role", "ALIYUN::OSS::Bucket", "ALIYUN::CMS::ResourceMetricRule"
LOG_ALERT = "ALIYUN::SLS::Alert"
LATER, ALONE = "ALIYUN::FC3::AsyncInvokeConfig", "ALIYUN::FC3::ConcurrencyConfig"
QUEUE, TOPIC = "ALIYUN::MNS::Queue", "ALIYUN::MNS::Topic"
LOGS, LOGSTORE = "ALIYUN::SLS::Project", "ALIYUN::SLS::Logstore"


@dataclass(frozen=True)
class Template:
    """What `template.yml` says. `flows` has the text of each workflow that it names."""

    said: dict[str, Any]
    flows: dict[str, str] = field(default_factory=dict)

    @property
    def resources(self) -> dict[str, Any]:
        """Every resource by its name."""
        return dict(self.said["Resources"])

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter by its name."""
        return dict(self.said["Parameters"])

    @property
    def prefix(self) -> str:
        """What every name begins with where nothing else is asked for."""
        return str(self.parameters.get(PREFIX, {}).get("Default"))

    def of(self, kind: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        """The properties of every resource of one type, its names with a prefix, the default one unless stated."""
        found = {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}
        return {name: with_prefix(one, prefix or self.prefix) for name, one in found.items()}


def read() -> Template:
    """Read the project's own, with nothing shared between its parts, so that a change touches one place."""
    said = json.loads(json.dumps(yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))))
    flows = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "workflows").glob("*.yml")}
    return Template(said, flows)


def with_prefix(value: Any, prefix: str) -> Any:
    """Give a part of the template in which texts that need the prefix alone are filled in."""
    if calls(value) == "Fn::Sub" and isinstance(value["Fn::Sub"], str):
        filled = value["Fn::Sub"].replace(PREFIX_HOLE, prefix)
        return value if HOLE.search(filled) else filled
    if isinstance(value, dict):
        return {key: with_prefix(item, prefix) for key, item in value.items()}
    return [with_prefix(item, prefix) for item in value] if isinstance(value, list) else value


def calls(value: Any) -> str:
    """Give the name of the function that a value calls, or nothing."""
    if isinstance(value, Mapping) and len(value) == 1:
        (name,) = value
        return str(name) if name == "Ref" or str(name).startswith("Fn::") else ""
    return ""


def resolved(value: Any, template: Template) -> list[Any]:
    """Give what a value may be: both sides of a condition, a parameter's values, and texts with what is known in them.

    What only deployment knows stands as `{Name}` or `{Name.Attribute}`.
    """
    name = calls(value)
    if name == "Fn::If":
        return [one for side in value[name][1:] for one in resolved(side, template)]
    if name == "Ref":
        return [template.prefix if value[name] == PREFIX else PSEUDO.get(value[name], f"{{{value[name]}}}")]
    if name == "Fn::GetAtt":
        owner, attribute = value[name]
        own = with_prefix(template.resources.get(owner, {}).get("Properties", {}).get(attribute), template.prefix)
        return [own if isinstance(own, str) else f"{{{owner}.{attribute}}}"]
    if name == "Fn::Sub":
        return [HOLE.sub(lambda hole: _filled(hole[1], template), value[name])]
    return [value]


def _filled(name: str, template: Template) -> str:
    owner, dot, attribute = name.partition(".")
    return str(resolved({"Fn::GetAtt": [owner, attribute]} if dot else {"Ref": owner}, template)[0])


Reference = tuple[str, str, dict[str, bool]]
"""A name, its attribute or nothing, and under which conditions' answers it is referred to."""
Under = tuple[tuple[str, bool], ...]


def references(value: Any, under: Under = ()) -> Iterator[Reference]:
    """Give everything that a value refers to."""
    name = calls(value)
    if name == "Ref":
        yield str(value[name]), "", dict(under)
    elif name == "Fn::GetAtt":
        yield str(value[name][0]), str(value[name][1]), dict(under)
    elif name == "Fn::Sub":
        yield from _in_text(value[name], under)
    elif name == "Fn::If":
        which, *sides = value[name]
        for holds, side in zip((True, False), sides, strict=True):
            yield from references(side, (*under, (which, holds)))
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from references(item, under)


def _in_text(said: Any, under: Under) -> Iterator[Reference]:
    text, own = said if isinstance(said, list) else (said, {})
    for hole in HOLE.findall(text):
        if hole not in own:
            owner, _, attribute = hole.partition(".")
            yield owner, attribute, dict(under)
    yield from references(own, under)
