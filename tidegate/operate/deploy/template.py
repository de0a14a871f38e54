"""The template that is deployed, as ROS is given it, and what must be known of it here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.operate.deploy.faults import CannotDeploy

BUCKET = "ALIYUN::OSS::Bucket"
LEDGER = "LedgerBucket"
WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Template:
    """One template in ROS's JSON."""

    body: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template's JSON."""
        return cls(json.loads(text))

    @property
    def text(self) -> str:
        """The same template is the same text."""
        return json.dumps(self.body, ensure_ascii=False, indent=1) + "\n"

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Every parameter's declaration by its name."""
        return dict(self.body.get("Parameters") or {})

    @property
    def resources(self) -> Mapping[str, str]:
        """Every resource's type by its name."""
        return {name: str(one.get("Type")) for name, one in self.body["Resources"].items()}

    def is_secret(self, name: str) -> bool:
        """Whether a parameter's value must never be seen."""
        return str(self.parameters[name].get("NoEcho", "")).lower() == "true"

    def is_required(self, name: str) -> bool:
        """Whether a parameter has no default."""
        return "Default" not in self.parameters[name]

    def ledgers(self) -> list[str]:
        """Give the resources that are the ledger's bucket."""
        wanted = {"Ref": LEDGER}
        return [
            name
            for name, one in self.body["Resources"].items()
            if one.get("Type") == BUCKET and (one.get("Properties") or {}).get("BucketName") == wanted
        ]

    def without_ledger(self) -> Template:
        """Give the template for a ledger that stands already and belongs to no stack.

        So no stack can ever change that bucket, or take it for its own.
        """
        gone = set(self.ledgers())
        resources = {name: _detached(one, gone) for name, one in self.body["Resources"].items() if name not in gone}
        outputs = _detached(self.body.get("Outputs") or {}, gone)
        return Template({**self.body, "Resources": resources, **({"Outputs": outputs} if outputs else {})})


def variable_of(parameter: str) -> str:
    """Give the environment's name for a secret parameter: `HookTokens` is `TIDEGATE_HOOK_TOKENS`."""
    return f"TIDEGATE_{WORD.sub('_', parameter).upper()}"


def _detached(value: Any, gone: set[str]) -> Any:
    """Give a part of the template that speaks of the bucket by its parameter instead of its resource."""
    if isinstance(value, list):
        return [_detached(item, gone) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("Ref") in gone:
        return {"Ref": LEDGER}
    owner = value.get("Fn::GetAtt")
    if isinstance(owner, list) and owner and owner[0] in gone:
        if owner[1:] != ["Name"]:
            raise CannotDeploy(f"the ledger's bucket stands already, and the template asks for its {owner[1:]}")
        return {"Ref": LEDGER}
    return dict(_entries(value, gone))


def _entries(value: Mapping[str, Any], gone: set[str]) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if key != "DependsOn":
            yield key, _detached(item, gone)
        elif left := [name for name in ([item] if isinstance(item, str) else item) if name not in gone]:
            yield key, left
