"""Which parameters a stack is given: what was asked for, what must be new, and secrets from the environment alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.operate.deploy.account import Account
from tidegate.operate.deploy.faults import CannotDeploy
from tidegate.operate.deploy.naming import PREFIX
from tidegate.operate.deploy.template import LEDGER, Template, variable_of

MODE = "Mode"
HIDDEN = "(hidden)"
SHOWN = 80
"""So much of a value that is wrong is told."""
OWN = {
    "CodeBucket": "the package; give --package",
    "CodeObject": "the package; give --package",
    PREFIX: "--prefix; give that",
}
"""Parameters that are not given as such, and what they follow from."""


@dataclass(frozen=True)
class Given:
    """The parameters that are sent. `shown` says of every parameter what may be seen, secrets without their values."""

    values: Mapping[str, str]
    shown: Mapping[str, str]

    def plain(self, template: Template) -> dict[str, str]:
        """Give the values that are no secrets, which the vendor shows as they are."""
        return {name: value for name, value in self.values.items() if not template.is_secret(name)}

    def __repr__(self) -> str:
        return f"Given({dict(self.shown)})"


def parameters_of(
    account: Account,
    template: Template,
    asked: Mapping[str, str],
    own: Mapping[str, str],
    before: Mapping[str, str] | None,
) -> Given:
    """Decide every parameter. `own` are those that follow from the deployment itself; `before` is what stands.

    A parameter that stands and is not asked for keeps its value. Raises CannotDeploy.
    """
    check_asked(template, asked)
    known = {**_simulated(account), **own, **_secrets(account, template), **asked}
    values = {name: value for name, value in known.items() if name in template.parameters}
    here = (before or {}).get(LEDGER)
    # The ledger is found by its bucket: another one would forget every open operation.
    if here and values.get(LEDGER, here) != here:
        raise CannotDeploy(f"the ledger is in oss://{here}; a deployment cannot move it to oss://{values[LEDGER]}")
    missing = [
        name
        for name in template.parameters
        if template.is_required(name) and name not in values and name not in (before or {})
    ]
    wrong = [why for name, value in values.items() if (why := _why_not(template, name, value))]
    if missing or wrong:
        raise CannotDeploy("\n".join([*(_how(template, name) for name in missing), *wrong]))
    return Given(values, dict(_shown(template, values, before)))


def check_asked(template: Template, asked: Mapping[str, str]) -> None:
    """Raise CannotDeploy for a parameter that is none, that is not given as such, or that cannot have this value."""
    for name in asked:
        if name not in template.parameters:
            raise CannotDeploy(f"the template has no parameter {name}; it has {', '.join(template.parameters)}")
        if name in OWN:
            raise CannotDeploy(f"{name} follows from {OWN[name]} instead")
        if template.is_secret(name):
            raise CannotDeploy(f"{name} is a secret: set {variable_of(name)} in the environment instead")
    if wrong := [why for name, value in asked.items() if (why := _why_not(template, name, value))]:
        raise CannotDeploy("\n".join(wrong))


def _why_not(template: Template, name: str, value: str) -> str:
    """Why a parameter cannot be this: what its declaration allows. The vendor would say so later; secrets unseen."""
    said = template.parameters[name]
    length, pattern = len(value), str(said.get("AllowedPattern", ""))
    allowed = [str(one) for one in said.get("AllowedValues", [])]
    what = f"{variable_of(name)} ({name})" if template.is_secret(name) else f"{name}={value[:SHOWN]}"
    told = f"; {said['Description']}" if said.get("Description") else ""
    if allowed and value not in allowed:
        return f"{what}: must be {' or '.join(allowed)}{told}"
    least, most = said.get("MinLength", 0), said.get("MaxLength", "any number")
    if not least <= length <= said.get("MaxLength", length):
        return f"{what}: has {length} signs, and may have {least} to {most}{told}"
    if pattern and not re.search(pattern, value):
        return f"{what}: does not have the form {pattern}{told}"
    if said.get("Type") == "Number" and not _within(value, said):
        return f"{what}: must be a number from {said.get('MinValue')} to {said.get('MaxValue')}{told}"
    return ""


def _within(value: str, said: Mapping[str, Any]) -> bool:
    if not re.fullmatch(r"-?[0-9]{1,15}", value):
        return False
    return int(said.get("MinValue", value)) <= int(value) <= int(said.get("MaxValue", value))


def _simulated(account: Account) -> dict[str, str]:
    """Functions of a cloud on this machine must find it."""
    if not account.is_simulated:
        return {}
    return {"RpcEndpoint": account.settings.endpoint, "OssEndpoint": account.settings.oss_endpoint}


def _secrets(account: Account, template: Template) -> dict[str, str]:
    secret = [name for name in template.parameters if template.is_secret(name)]
    found = account.settings.variables
    return {name: found[variable_of(name)] for name in secret if variable_of(name) in found}


def _how(template: Template, name: str) -> str:
    if not template.is_secret(name):
        return f"{name} is needed: --parameter {name}=VALUE"
    variable = variable_of(name)
    return (
        f"{name} is needed: set {variable} in the environment, and keep it; for a token, "
        f'export {variable}=$(python -c "import secrets; print(secrets.token_urlsafe(24))")'
    )


def _shown(
    template: Template, values: Mapping[str, str], before: Mapping[str, str] | None
) -> Iterator[tuple[str, str]]:
    for name, said in template.parameters.items():
        if template.is_secret(name):
            source = f"from {variable_of(name)} {HIDDEN}" if name in values else "as before" if before else "not set"
            yield name, source
        elif name in values:
            yield name, values[name]
        elif before and name in before:
            yield name, before[name]
        else:
            yield name, str(said.get("Default", ""))
