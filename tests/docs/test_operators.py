"""The pages for operators name what there is: fields, functions, roles, settings, commands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from localcloud.fc.trigger_config import check_config
from tests.docs.story import told
from tests.docs.test_readme import FENCE, parse
from tidegate.app.doors import Reply, guarded, receive_alerts
from tidegate.products.rabbitmq import RabbitMq

PAGES = ("handbook.md", "stop.md", "costs.md", "terraform.md", "accounts.md", "uninstall.md", "alerts.md")


def text(root: Path, name: str) -> str:
    """A page as it is."""
    return (root / "docs" / name).read_text("utf-8")


def test_every_field_that_can_be_bought_has_its_counterpart_in_terraform(root: Path) -> None:
    page = text(root, "terraform.md")
    assert [field for field in RabbitMq.fields if f"`{field}`" not in page] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_is_one_that_the_program_reads(root: Path, name: str) -> None:
    blocks = [body for kind, body in FENCE.findall(text(root, name)) if kind == "console"]
    for line in re.findall(r"^\$ (tidegate .*)$", "\n".join(blocks), re.MULTILINE):
        parse(shlex.split(line)[1:])


@pytest.mark.parametrize("name", PAGES)
def test_every_function_and_role_that_a_page_names_is_deployed(root: Path, name: str) -> None:
    deployed = (root / "template.yml").read_text("utf-8").replace("${Prefix}", "tidegate")
    named = set(re.findall(r"`(tidegate-[a-z-]+)`", text(root, name)))
    assert [one for one in sorted(named) if one not in deployed] == []


def test_what_the_page_on_alerts_says_of_the_topic_is_what_is_deployed(root: Path) -> None:
    trigger = yaml.safe_load((root / "template.yml").read_text("utf-8"))["Resources"]["OnAlertTopic"]["Properties"]
    page = text(root, "alerts.md")
    for name, value in trigger["TriggerConfig"].items():
        assert f"`{name}: {value}`" in page, name
    assert "/topics/tidegate-alerts/messages" in page


@pytest.mark.parametrize("sender", ["SMQ", "callback", "EventBridge", "Alertmanager", "ARMS", "Log Service"])
def test_of_each_sender_the_page_on_alerts_says_where_it_is_set_and_what_is_put_there(root: Path, sender: str) -> None:
    where, _, settings = text(root, "alerts.md").partition("## Where it is set")[2].partition("\n## ")
    assert any(re.match(rf"\| (CloudMonitor, )?{sender} \|", line) for line in where.splitlines()), sender
    assert re.search(rf"^## .*{sender}.*?^\| (setting|`?\w+`?)[^\n]*\| put \|$", settings, re.MULTILINE | re.DOTALL)


def test_the_disabled_timer_of_the_page_on_stopping_is_a_setting_that_is_taken(root: Path) -> None:
    assert "`enable: false`" in text(root, "stop.md")
    check_config("timer", {"cronExpression": "@every 1m", "enable": False, "payload": "{}"})


@pytest.mark.parametrize("token", ["<token>", "another"])
def test_the_try_of_the_page_on_alerts_finds_the_instance_and_moves_nothing(root: Path, token: str) -> None:
    (command,) = [body for kind, body in FENCE.findall(text(root, "alerts.md")) if kind == "sh" and "curl" in body]
    words = shlex.split(command)
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    request = {"version": "v1", "rawPath": words[2].partition(">")[2], "headers": headers, "body": words[-1]}
    with told() as story:
        arrived = {"http": {"method": "POST"}, "timeEpoch": f"{story.stage.now().timestamp() * 1000:.0f}"}
        event = json.dumps({**request, "isBase64Encoded": False, "requestContext": arrived}).encode()

        def take() -> Reply:
            return guarded(event, lambda: receive_alerts(story.stage.around, event, (token,), lambda: True))

        answers = [take(), take()]
        assert story.orders() == []
    if token == "another":
        assert [(reply.status, reply.body) for reply in answers] == [(404, {"error": "not found"})] * 2
        return
    said = [reply.body["alerts"][0] for reply in answers]
    assert [(one["instance"], one["answer"]) for one in said] == [("orders-mq", "hold"), ("orders-mq", "duplicate")]
