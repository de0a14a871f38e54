"""Secrets come out of the environment and out of nothing else; whoever writes one elsewhere is told so, without it."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tidegate.aliyun.credentials import Credentials
from tidegate.app.wiring import wire
from tidegate.policyfile import BadPolicy, parse_policy
from tidegate.settings import BadSettings, CliSettings, Settings, read_cli_settings, read_settings

PRODUCT = ("tidegate", "functions")
MAY_LOOK = {"tidegate/settings.py": 3, "tidegate/app/wiring.py": 1}
"""The three readers of settings; and the local ledger, which only wants to know whether it is on Function Compute."""
WRITTEN = ("tidegate", "functions", "localcloud", "examples", "docs", "workflows", "tests", "benchmarks")
LOOKS_LIKE = {
    "an access key": r"\b(?:LTAI5?t?|STS\.)[A-Za-z0-9]{18,}\b",
    "a token of temporary keys": r"\bCAIS[A-Za-z0-9+/]{40,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a robot's address": r"(?:dingtalk\.com/robot/send\?access_token=|slack\.com/services/T)[A-Za-z0-9]{8,}",
}
MINIMUM = {"TIDEGATE_ACCOUNT": "1", "TIDEGATE_REGION": "cn-hangzhou", "TIDEGATE_STORE": "sqlite:///x"}
VARIABLES = {
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ("access_key_secret", "access key secret"),
    "ALIBABA_CLOUD_SECURITY_TOKEN": ("security_token", "security token"),
    "TIDEGATE_HOOK_TOKENS": ("hook_tokens", "hook token"),
    "TIDEGATE_CHAT_URL": ("channels", "channel"),
}
POLICY = """\
version: 1
notify:
  - {{{key}: "{value}", on: [failed]}}
{more}
instances:
  orders-mq:
    product: rabbitmq
    region: cn-hangzhou
    instance_id: amqp-cn-1
    ladder: [{{rung: small, MaxPrivateTps: 3000, QueueCapacity: 200, MaxConnections: 2000}}]
    base: small
"""


def sources(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every module that is deployed, or is the command line."""
    for top in PRODUCT:
        for path in sorted((root / top).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"))


def looks(tree: ast.Module) -> int:
    """How often a module looks at the environment, by whatever name."""
    names = {"environ", "environb", "getenv", "getenvb"}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names]
    imported = [
        alias
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
        if alias.name in names
    ]
    return len(attributes) + len(imported)


def test_the_environment_is_looked_at_in_one_module(root: Path) -> None:
    assert {name: found for name, tree in sources(root) if (found := looks(tree))} == MAY_LOOK


def test_nothing_that_is_deployed_reads_a_file_of_keys(root: Path) -> None:
    """No profile, no credentials file and no metadata service: the SDKs' own search for keys is never asked."""
    words = ("credentials_uri", "ecs_ram_role", "EcsRamRole", "/.aliyun", "DefaultCredential", "Path.home")
    for name, _ in sources(root):
        text = (root / name).read_text("utf-8")
        assert not [word for word in words if word in text], name


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_secret_is_empty_unless_its_variable_says_it(variable: str, canaries: Mapping[str, str]) -> None:
    field, canary = VARIABLES[variable]
    assert not getattr(read_settings(MINIMUM), field)
    found = getattr(read_settings({**MINIMUM, variable: canaries[canary]}), field)
    assert canaries[canary] in (found if isinstance(found, (str, tuple)) else found.values())


def test_what_holds_secrets_does_not_show_them(canaries: Mapping[str, str], leaks: Callable[..., list[str]]) -> None:
    """A log line, an assertion or a traceback may print any of these."""
    environ = {**MINIMUM, **{variable: canaries[canary] for variable, (_, canary) in VARIABLES.items()}}
    known, asked = read_settings(environ), read_cli_settings(environ)
    signs = Credentials("LTAI", known.access_key_secret, known.security_token)
    shown = f"{known!r} {known} {asked!r} {asked} {signs!r} {signs}"
    assert leaks(shown) == []
    for kind in (Settings, CliSettings, Credentials):
        hidden = {one.name for one in dataclasses.fields(kind) if not one.repr}
        assert hidden >= {"access_key_secret", "security_token"}, kind


@pytest.mark.parametrize("variable", [*VARIABLES, *MINIMUM, "TIDEGATE_FC_API", "TIDEGATE_CLOCK_URL"])
def test_what_is_wrong_with_the_settings_is_told_without_a_value(
    variable: str, canaries: Mapping[str, str], leaks: Callable[..., list[str]]
) -> None:
    """A secret in the wrong variable is a mistake people make."""
    canary = canaries["access key secret"]
    told = "".join(trouble({**known, variable: canary}) for known in ({}, MINIMUM))
    assert leaks(told) == []


def trouble(environ: Mapping[str, str]) -> str:
    """What is told of these settings, empty where there is nothing wrong with them."""
    try:
        wire(read_settings(environ))
        read_cli_settings(environ)
    except BadSettings as bad:
        return str(bad)
    return ""


@pytest.mark.parametrize("value", ["json://host/{}", "{}", "https://oapi.dingtalk.com/robot/send?access_token={}"])
def test_a_policy_names_a_variable_and_never_holds_the_address(
    value: str, canaries: Mapping[str, str], leaks: Callable[..., list[str]]
) -> None:
    wrong = POLICY.format(key="url_env", value=value.format(canaries["channel"]), more="")
    with pytest.raises(BadPolicy, match="expected the name of an environment variable") as bad:
        parse_policy(wrong.encode(), "policy.yaml")
    assert leaks(str(bad.value)) == []


@pytest.mark.parametrize(
    ("key", "more"),
    [("url", ""), ("token", ""), ("url_env", "access_key_secret: {}"), ("url_env", "hook_tokens: [{}]")],
)
def test_a_policy_has_no_place_for_a_secret(
    key: str, more: str, canaries: Mapping[str, str], leaks: Callable[..., list[str]]
) -> None:
    canary = canaries["channel"]
    value = canary if not more else "TIDEGATE_CHAT_URL"
    with pytest.raises(BadPolicy, match="unknown key") as bad:
        parse_policy(POLICY.format(key=key, value=value, more=more.format(canary)).encode(), "policy.yaml")
    assert leaks(str(bad.value)) == []


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "TIDEGATE_HOOK_TOKENS", "HOME", "TIDEGATE_STORE"])
def test_a_policy_cannot_have_another_variable_sent_anywhere(name: str, canaries: Mapping[str, str]) -> None:
    """Who may push policies may name variables: only those that are channels' have a value for them."""
    environ = {**MINIMUM, name: canaries["channel"]} if name not in MINIMUM else MINIMUM
    settings = read_settings({**environ, "TIDEGATE_CHAT_URL": "json://x"})
    assert set(settings.channels) == {"TIDEGATE_CHAT_URL"}
    assert wire(settings).send(name, "title", "text", "failed") is False


def test_no_file_of_the_project_looks_like_it_holds_a_secret(root: Path, canaries: Mapping[str, str]) -> None:
    found = []
    for path in [*root.glob("*.*"), *(each for top in WRITTEN for each in (root / top).rglob("*"))]:
        if not path.is_file() or path.suffix == ".pyc":
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [
            f"{path.relative_to(root)}: {what}"
            for what, pattern in LOOKS_LIKE.items()
            for match in re.findall(pattern, text)
            if not any(match in canary for canary in canaries.values())
        ]
    assert found == []


def test_the_template_hides_its_secrets_and_gives_each_function_only_its_own(root: Path) -> None:
    template: dict[str, Any] = yaml.safe_load((root / "template.yml").read_text("utf-8"))
    secret = {"HookTokens", "ChatUrl", "OncallUrl", "ApprovalKey"}
    parameters = template["Parameters"]
    assert {name for name, one in parameters.items() if one.get("NoEcho")} == secret
    assert not any(parameters[name].get("Default") for name in secret)
    holders: dict[str, set[str]] = {}
    for name, one in template["Resources"].items():
        for value in one["Properties"].get("EnvironmentVariables", {}).values():
            if isinstance(value, dict) and value.get("Ref") in secret:
                holders.setdefault(value["Ref"], set()).add(name)
    assert holders["HookTokens"] == {"OnAlert"}
    # Who asks makes a link, and who opens it: the steps that submit and look do neither.
    assert holders["ApprovalKey"] == {"OnAlert", "OnSchedule", "OnRequest", "Settle", "OnApproval"}
    assert not [
        one for one in template["Outputs"].values() if re.search("HookTokens|ApprovalKey|Url}", str(one["Value"]))
    ]
