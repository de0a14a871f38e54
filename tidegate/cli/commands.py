"""Every command with its options. What a command does is loaded when it is run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from tidegate.cli.operating import operating
from tidegate.cli.options import Accept, As, File, Json, MaybeFile, Name, PolicyFile, Prefix, path
from tidegate.cli.verbs import verbs

app = typer.Typer(
    help="Keeps managed instances on Alibaba Cloud at the right size: one order per operation, proven by reading back.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="The policy in force.")
app.add_typer(policy_app, name="policy")
app.add_typer(verbs)
app.add_typer(operating)

POLICY = Path("policy.yaml")
MOST = 1_000_000
"""More lines than anybody reads."""
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def init(
    *,
    region: Annotated[str, typer.Option("--region", help="The region; TIDEGATE_REGION unless stated.")] = "",
    instance: Annotated[
        list[str] | None, typer.Option("--instance", help="Only this one, by its id; repeatable.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Only those with this tag, KEY=VALUE; repeatable.")
    ] = None,
    resource_group: Annotated[str, typer.Option("--resource-group", help="Only those in it, by its id.")] = "",
    out: Annotated[
        Path, typer.Option("--out", help="Where to write the file.", parser=path, show_default=True)
    ] = POLICY,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Json = False,
) -> int:
    """Write a policy file with the instances of a region as they are, in mode observe. It only reads the account."""
    from tidegate.cli.init import Wish  # noqa: PLC0415
    from tidegate.cli.init import init as run  # noqa: PLC0415

    wish = Wish(region, tuple(instance or ()), tuple(tag or ()), resource_group)
    return run(wish, out, force=force, as_json=as_json)


@app.command()
def validate(
    *,
    policy: File = POLICY,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 also for warnings.")] = False,
    as_json: Json = False,
) -> int:
    """Name everything that is wrong with a policy, and warn of what is hardly meant."""
    from tidegate.cli.publish import validate as run  # noqa: PLC0415

    return run(policy, strict=strict, as_json=as_json)


@app.command()
def permissions(*, policy: File = POLICY, prefix: Prefix = "", as_json: Json = False) -> int:
    """Print what RAM must allow for a policy, role by role, and no more."""
    from tidegate.cli.permissions import run  # noqa: PLC0415

    return run(policy, prefix, as_json=as_json)


@app.command()
def rules(*, policy: File = POLICY, as_json: Json = False) -> int:
    """Print CloudMonitor's rules for a policy as a template of their own."""
    from tidegate.cli.rules import run  # noqa: PLC0415

    return run(policy, as_json=as_json)


@app.command()
def plan(*, policy: MaybeFile = None, as_json: Json = False) -> int:
    """Show what would be ordered now. Nothing is written."""
    from tidegate.cli.read import plan as run  # noqa: PLC0415

    return run(policy, as_json=as_json)


@app.command()
def status(*, policy: MaybeFile = None, as_json: Json = False) -> int:
    """Show where every instance stands, and who needs you."""
    from tidegate.cli.read import status as run  # noqa: PLC0415

    return run(policy, as_json=as_json)


@app.command()
def upcoming(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this instance.")] = "",
    *,
    begin: Annotated[str, typer.Option("--from", help="When to begin instead of now: 2026-03-02, 20:05.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days to look ahead.")] = 14,
    policy: MaybeFile = None,
    as_json: Json = False,
) -> int:
    """Show every change of the wanted rung by timetable alone."""
    from tidegate.cli.upcoming import run  # noqa: PLC0415

    return run(name, begin, days, policy, as_json=as_json)


@app.command()
def history(
    name: Name,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="How many records at most.")] = 20,
    as_json: Json = False,
) -> int:
    """Show an instance's last records, newest first."""
    from tidegate.cli.read import history as run  # noqa: PLC0415

    return run(name, limit, as_json=as_json)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="An instance, an operation (NAME#3) or an alert's key.")],
    *,
    at: Annotated[str, typer.Option("--at", help="A time: 20:05, 2026-03-02T20:05, or one with its offset.")] = "",
    as_json: Json = False,
) -> int:
    """Say why a size is wanted or held.

    Of an instance: who wants which rung, and every guard. Of an operation: its receipt. Of an alert: its answer.
    """
    from tidegate.cli.read import explain as run  # noqa: PLC0415

    return run(what, at, as_json=as_json)


@app.command()
def report(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this instance.")] = "",
    *,
    observed: Annotated[str, typer.Option("--observed", help="For how long back: 14d, 12h.")] = "14d",
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="The files of the policy in force, to name lines in them.", parser=path),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show what observing has shown: what would have been ordered, held and why, and what that did to need and cost."""
    from tidegate.cli.observed import run  # noqa: PLC0415

    return run(name, observed, policy, as_json=as_json)


@app.command()
def orders(
    *,
    month: Annotated[str, typer.Option("--month", help="Which month: 2026-11; this one where none is given.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="The files of the policy in force, to name lines in them.", parser=path),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show the orders of a month: who or what caused each, what it came to, and always-at-the-top beside it."""
    from tidegate.cli.orders import run  # noqa: PLC0415

    return run(month, policy, as_csv=as_csv, as_json=as_json)


@app.command()
def doctor(
    *,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="Also send a test message, and try to overwrite a probe in the bucket.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write what was seen, redacted, to this file.", parser=path),
    ] = None,
    policy: MaybeFile = None,
    as_json: Json = False,
) -> int:
    """Look a deployment over: a line a check, and what to do about it. Nothing is written without --send-test."""
    from tidegate.cli.doctor import run  # noqa: PLC0415

    return run(policy, report, send_test=send_test, as_json=as_json)


@app.command()
def invoke(
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="A function of ours: on-schedule, look, ...")],
    *,
    event: Annotated[str, typer.Option("--event", help="A file with the event, or `-`; `{}` otherwise.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Also one that may place an order.")] = False,
    as_json: Json = False,
) -> int:
    """Call a deployed function directly, and show status, log and result."""
    from tidegate.cli.invoking import run  # noqa: PLC0415

    return run(function, event, yes=yes, as_json=as_json)


@app.command()
def watch(
    what: Annotated[str, typer.Argument(metavar="OPERATION|NAME", help="NAME#3, or an instance for its last one.")],
    *,
    timeout: Annotated[str, typer.Option("--timeout", help="How long at most: 30m, 6h.")] = "24h",
    as_json: Json = False,
) -> int:
    """Follow an operation to its end: phase, next look, order, and what you must do."""
    from tidegate.cli.watching import run  # noqa: PLC0415

    return run(what, timeout, as_json=as_json)


@policy_app.command()
def diff(file: PolicyFile = None, *, policy: File = POLICY, as_json: Json = False) -> int:
    """Compare a policy file with the one in force, and say what a push would start. Nothing is written."""
    from tidegate.cli.differences import diff as run  # noqa: PLC0415

    return run(file or policy, as_json=as_json)


@policy_app.command()
def push(
    file: PolicyFile = None,
    *,
    policy: File = POLICY,
    accept: Accept = 0,
    base: Annotated[str, typer.Option("--base", help="Only if this policy is in force, by its hash.")] = "",
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Check a policy file and put it in force. A bad one never replaces the last good one.

    It is refused if it would at once start more orders than the fleet's limit, or lose an instance under way.
    """
    from tidegate.cli.pushes import push as run  # noqa: PLC0415

    return run(file or policy, caller, accept, base, as_json=as_json)


@policy_app.command()
def rollback(
    hashed: Annotated[str, typer.Argument(metavar="[HASH]", help="Which one, instead of the one before.")] = "",
    *,
    accept: Accept = 0,
    caller: As = "",
    as_json: Json = False,
) -> int:
    """Put an earlier policy in force again: the one before, unless another is named. It passes the guards of a push."""
    from tidegate.cli.pushes import rollback as run  # noqa: PLC0415

    return run(hashed, caller, accept, as_json=as_json)


@policy_app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="An instance, by its name in the policy.")] = "",
    *,
    history: Annotated[bool, typer.Option("--history", help="Which policies were in force, newest first.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MOST, help="With --history: how many at most.")
    ] = 20,
    policy: MaybeFile = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Every value, with the file and line it is from.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Show which policy is in force, or what it says of an instance, profiles and defaults merged in."""
    from tidegate.cli import inforce, publish  # noqa: PLC0415
    from tidegate.cli.errors import Mistake  # noqa: PLC0415

    if name and not history:
        return publish.show(name, policy, resolved=resolved, as_json=as_json)
    if name or policy or resolved:
        raise Mistake(
            "--history goes alone, and --policy and --resolved go with an instance: `tidegate policy show NAME`"
        )
    return inforce.history(limit, as_json=as_json) if history else inforce.whole(as_json=as_json)


@app.command()
def package(
    *,
    python: Annotated[str, typer.Option("--python", help="3.10, 3.12 or both.")] = "both",
    out: Annotated[Path, typer.Option("--out", help="The folder that the packages are put into.", parser=path)] = Path(
        "dist"
    ),
    wheelhouse: Annotated[
        Path | None,
        typer.Option("--wheelhouse", help="Take wheels from this folder, and fetch none.", parser=path),
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Only fetch the wheels that are missing.")] = False,
    as_json: Json = False,
) -> int:
    """Pack the functions and what they need, one zip for each Python. The same files give the same bytes."""
    from tidegate.cli.pack import run  # noqa: PLC0415

    return run(python, out, wheelhouse, fetch=fetch, as_json=as_json)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def local(context: typer.Context) -> int:
    """Run a cloud on this machine: `local up`; play a scenario on one: `local play DIR`.

    `local up` deploys the project to it; see `local up --help` and `local play --help`.
    """
    from tidegate.cli.local import run  # noqa: PLC0415

    return run(context.args)


@app.command(context_settings=PASSED_ON, add_help_option=False)
def demo(context: typer.Context) -> int:
    """Play the main job on this machine."""
    from tidegate.cli.local import run  # noqa: PLC0415

    return run(["demo", *context.args])


@cache
def program() -> Callable[..., Any]:
    """The program, built once: that takes longer than most of what is asked of it."""
    return typer.main.get_command(app)
