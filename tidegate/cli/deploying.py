"""Deploying from the command line: the plan, the progress, what stands at the end and what comes next."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate import names
from tidegate.aliyun.errors import VendorError
from tidegate.cli.access import deployer
from tidegate.cli.accounts import make_sure_whose
from tidegate.cli.deployment import decided, plan_lines, show_plan
from tidegate.cli.effects import start_lines
from tidegate.cli.errors import Mistake
from tidegate.cli.looks import in_words
from tidegate.cli.paper import Paper, columns, plain
from tidegate.cli.pushes import why_not
from tidegate.cli.roots import clock, read_file
from tidegate.cli.who import caller_named
from tidegate.operate.deploy import CannotDeploy, DeployFailed, account_of, deploy, named, plan, read_code
from tidegate.operate.deploy.parameters import check_asked
from tidegate.operate.deploy.plan import Wish
from tidegate.operate.deploy.second import OUTPUT, functions_in, second
from tidegate.operate.deploy.template import Template
from tidegate.operate.ours import REQUESTS
from tidegate.settings import read_cli_settings

if TYPE_CHECKING:
    from tidegate.aliyun.stacks import Step
    from tidegate.operate.candidate import Candidate
    from tidegate.operate.deploy import Account, Code, Deployed
    from tidegate.operate.doctor import Finding

HIDDEN, RUNTIME = "(hidden)", "Runtime"
SECOND = 2
ASKED = "functions/on_request.handler"
"""The function that the command line asks."""
VERBS = {"CREATE": "made", "UPDATE": "changed", "DELETE": "gone"}


@dataclass(frozen=True)
class Wanted:
    """What was written on the command line."""

    prefix: str
    stack: str
    policy: Path | None
    package: Path | None
    mode: str
    parameters: tuple[str, ...]
    caller: str
    generation: int
    accept: int

    @property
    def second(self) -> bool:
        """Whether functions of 2.0 are wanted."""
        return self.generation == SECOND


@dataclass
class Talker:
    """Tells the progress as lines, or keeps them for the JSON at the end; secrets are struck out of both."""

    secrets: tuple[str, ...]
    quiet: bool
    steps: list[dict[str, str]] = field(default_factory=list)

    def line(self, text: str) -> None:
        """Say one line."""
        if not self.quiet:
            Paper().line(self.safe(text))

    def step(self, step: Step) -> None:
        """Say what became of one resource."""
        verb, _, end = step.status.partition("_")
        if end not in ("COMPLETE", "FAILED") or step.kind == "ALIYUN::ROS::Stack":
            return
        told = {"resource": step.name, "type": step.kind, "status": step.status, "reason": self.safe(step.reason)}
        self.steps.append(told)
        said = VERBS.get(verb, step.status) if end == "COMPLETE" else f"failed: {step.reason}"
        self.line(f"  {step.name:<24} {said}")

    def safe(self, text: str) -> str:
        """Give a text without a secret parameter's value, whoever wrote it."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return plain(text)


def run(wanted: Wanted, *, yes: bool, doctor: bool, as_json: bool) -> int:
    """Plan a deployment, and carry it out if that is wished."""
    policy = _candidate(wanted.policy)
    template = _template()
    asked = _asked(wanted, template)
    settings = deployer()
    account, stack = named(account_of(settings, clock()), wanted.stack, wanted.prefix)
    make_sure_whose(account.aliyun, account.settings.account)
    talker = Talker(_hidden(template, account), quiet=as_json)
    code = _code(account, stack, wanted, asked, template)
    said = second(template, account.prefix) if wanted.second else None
    sent = said.template if said else template
    wish = Wish(
        stack,
        sent,
        code,
        asked,
        policy,
        partial(why_not, accept=wanted.accept),
        caller_named(wanted.caller),
        second=wanted.second,
    )
    try:
        planned = plan(account, wish)
        if not yes:
            show_plan(planned, wish, said, as_json=as_json)
            return 0
        if not as_json:
            for line in plan_lines(planned, wish, said):
                talker.line(line)
        done = deploy(account, wish, planned, talker)
    except CannotDeploy as error:
        raise CannotDeploy("\n".join(map(talker.safe, str(error).splitlines()))) from None
    except (DeployFailed, VendorError) as error:
        advice = f"; {error.advice}" if isinstance(error, VendorError) and error.advice else ""
        raise DeployFailed("\n".join(map(talker.safe, f"{error}{advice}".splitlines()))) from None
    found = _looked_over(account, done) if doctor and done.policy else []
    _end(account, done, talker, found, as_json=as_json)
    return 0


def _candidate(path: Path | None) -> Candidate | None:
    if path is None:
        return None
    from tidegate.operate.candidate import from_file  # noqa: PLC0415 - only with a policy

    return from_file(read_file(path))


def _template() -> Template:
    from tidegate.operate.package import project_root, rendered  # noqa: PLC0415 - it reads files

    return Template.parse(rendered(project_root()))


def _asked(wanted: Wanted, template: Template) -> dict[str, str]:
    asked = {}
    for given in wanted.parameters:
        name, separator, value = given.partition("=")
        if not name:
            raise Mistake("--parameter is NAME=VALUE, and this one has no name")
        if not separator:
            raise Mistake(f"--parameter is NAME=VALUE, not `{name}`")
        asked[name] = value
    if wanted.mode:
        if wanted.mode not in ("observe", "act"):
            raise Mistake("--mode is observe or act")
        if "Mode" not in template.parameters:
            raise Mistake("the template has no parameter Mode, so --mode says nothing")
        asked["Mode"] = wanted.mode
    # Before anybody is asked, and before anything is packed, which takes a while.
    check_asked(template, asked)
    return asked


def _code(account: Account, name: str, wanted: Wanted, asked: Mapping[str, str], template: Template) -> Code:
    stack = account.stack(name)
    before = stack.parameters if stack else {}
    known = account.settings
    bucket = before.get("CodeBucket") or names.code_bucket(account.prefix, known.account, known.region)
    return read_code(wanted.package or _packed(asked, before, template), bucket)


def _packed(asked: Mapping[str, str], before: Mapping[str, str], template: Template) -> Path:
    """Pack the code for the runtime that the functions have, or are to have."""
    from tidegate.operate.package import build, project_root  # noqa: PLC0415 - only without --package

    runtime = asked.get(RUNTIME) or before.get(RUNTIME) or str(template.parameters[RUNTIME].get("Default", ""))

    def say(text: str) -> None:
        sys.stderr.write(f"{plain(text)}\n")

    return build(project_root(), runtime.removeprefix("python"), Path("dist"), say=say).path


def _hidden(template: Template, account: Account) -> tuple[str, ...]:
    from tidegate.operate.deploy.template import variable_of  # noqa: PLC0415 - only here

    names = [variable_of(name) for name in template.parameters if template.is_secret(name)]
    whole = [account.settings.variables[name] for name in names if name in account.settings.variables]
    parts = [part for value in whole for part in value.split(",") if part]
    # The longest first: a part must not break up the whole.
    return tuple(sorted({*whole, *parts}, key=len, reverse=True))


def _looked_over(account: Account, done: Deployed) -> list[Finding]:
    """What the check-up finds that is not well."""
    from tidegate.app.machine import machine  # noqa: PLC0415 - only at the end
    from tidegate.operate.doctor import Level, Place, examine  # noqa: PLC0415

    function = names.function_name(account.prefix, REQUESTS)
    settings = replace(read_cli_settings(), prefix=account.prefix, fc_function=function)
    asked = next((said for said in functions_in(done.outputs) if said["Handler"] == ASKED), None)
    if asked is not None:
        settings = replace(settings, fc_api="2.0", fc_service=asked["Service"], fc_function=asked["FunctionName"])
    settings = replace(settings, store=f"oss://{done.ledger_bucket}")
    place = Place(account.deployed(done.ledger_bucket), settings, account.around(done.ledger_bucket), machine())
    try:
        return [finding for finding in examine(place) if finding.level is not Level.OK]
    finally:
        place.close()


def _end(account: Account, done: Deployed, talker: Talker, found: list[Finding], *, as_json: bool) -> None:
    paper, comes = Paper(), _next(account, done)
    if as_json:
        paper.json(
            {
                "stack": done.stack.name,
                "status": done.stack.status,
                "changed": list(done.changed),
                "policy": done.policy,
                **decided(done.judged),
                "store": f"oss://{done.ledger_bucket}",
                "outputs": {name: talker.safe(str(value)) for name, value in _outputs(done).items()},
                "steps": talker.steps,
                "doctor": [{**asdict(each), "level": each.level.value} for each in found],
                "next": comes,
                "done": True,
            }
        )
        return
    talker.line(f"stack {done.stack.name} is {done.stack.status}" if done.changed else "no change")
    # In mode observe every order is denied, as the plan has said.
    acts = done.stack.parameters.get("Mode") != "observe"
    for order in start_lines(done.judged) if done.judged and acts else ():
        talker.line(in_words(order))
    for row in columns([(f"  {name}", str(value)) for name, value in _outputs(done).items()]):
        talker.line("".join(row).rstrip())
    for each in found:
        do = f" -> {each.do}" if each.do else ""
        talker.line(f"doctor: {each.level.value:<5} {each.check}: {each.found}{do}")
    for line in comes:
        talker.line(line)


def _outputs(done: Deployed) -> dict[str, Any]:
    """What a stack puts out for people."""
    return {name: value for name, value in done.outputs.items() if not name.startswith(OUTPUT)}


def _next(account: Account, done: Deployed) -> list[str]:
    lines = [f"export TIDEGATE_PREFIX={account.prefix}"] if account.prefix != names.DEFAULT else []
    lines += [f"export TIDEGATE_STORE=oss://{done.ledger_bucket}"]
    for said in functions_in(done.outputs):
        if said["Handler"] == ASKED:
            lines += ["export TIDEGATE_FC_API=2.0", f"export TIDEGATE_FC_SERVICE={said['Service']}"]
            lines += [f"export TIDEGATE_FC_FUNCTION={said['FunctionName']}"]
    if "ContactGroup" in done.stack.parameters and not done.stack.parameters["ContactGroup"]:
        lines.append("no alarm rings if Tidegate itself dies: --parameter ContactGroup=GROUP, one of CloudMonitor's")
    if not done.policy:
        return [*lines, "no policy is in force yet: tidegate policy push --policy FILE"]
    around = account.around(done.ledger_bucket)
    fleet = around.fleet.state()
    tick, pause = fleet.last_tick, fleet.pause
    if pause is not None and pause.holds(around.now()):
        lines.append(f"the fleet is paused by {pause.by}, so nothing is ordered until: tidegate unpause --fleet")
    told = f"the last tick was at {tick:%Y-%m-%dT%H:%M:%SZ}" if tick else "the first tick comes within a minute or two"
    return [*lines, f"{told}; then: tidegate status"]
