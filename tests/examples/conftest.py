"""Scenarios in folders of their own, played in this process."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from localcloud.project.scenario.folder import read_folder
from localcloud.project.scenario.play import Options, Played, play

EXAMPLES = Path(__file__).parents[2] / "examples"

POLICY: dict[str, Any] = {
    "version": 1,
    "timezone": "Asia/Shanghai",
    "notify": [{"url_env": "TIDEGATE_CHAT_URL", "on": ["resized", "failed", "held", "needs-person"]}],
    "instances": {
        "orders-mq": {
            "product": "rabbitmq",
            "region": "cn-hangzhou",
            "instance_id": "amqp-cn-short0001",
            "mode": "act",
            "ladder": [
                {"rung": "small", "MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
                {"rung": "medium", "MaxPrivateTps": 5000, "QueueCapacity": 400, "MaxConnections": 3000},
                {"rung": "large", "MaxPrivateTps": 8000, "QueueCapacity": 1000, "MaxConnections": 5000},
            ],
            "base": "small",
            "timetable": [{"name": "office", "days": "mon-fri", "from": "10:00", "to": "13:00", "rung": "medium"}],
            "alerts": [{"rule": "rabbit-tps-high", "raise": 1}],
            "release_after": "20m",
            "cooldown": {"up": "5m", "down": "10m"},
            "subscription_down": "allow",
        }
    },
}
WORLD: dict[str, Any] = {
    "start": "2026-03-02T09:00:00+08:00",
    "instances": [
        {
            "product": "rabbitmq",
            "instance_id": "amqp-cn-short0001",
            "edition": "enterprise",
            "spec": {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
            "usage": {"queues": 100, "connections": 500, "tps": 1000},
        }
    ],
    "behaviour": {"apply_takes": "4m"},
}
ALERT = {"rule": "rabbit-tps-high", "instance": "orders-mq", "value": 2950}
OVERRIDE = {"verb": "resize", "instance": "orders-mq", "to": "large", "for": "1h"}
SCENARIO: dict[str, Any] = {
    "title": "A short day",
    "story": "A timetable, an alert and a person, one after the other.",
    "steps": [
        {"at": "10:40", "do": {"alert": ALERT}, "answer": {"answer": "resize", "saying": "large wanted"}},
        {"at": "11:30", "do": {"alert": {**ALERT, "state": "ok"}}},
        {"at": "14:30", "do": {"request": OVERRIDE}, "answer": {"answer": "resize"}},
    ],
    "until": "17:00",
    "expect": {
        "rungs": {"orders-mq": "small"},
        "orders": [
            {"instance": "orders-mq", "from": "small", "to": "medium", "at": "2026-03-02 10:00"},
            {"instance": "orders-mq", "from": "medium", "to": "large", "at": "2026-03-02 10:40"},
            {"instance": "orders-mq", "from": "large", "to": "medium", "at": "2026-03-02 11:50"},
            {"instance": "orders-mq", "from": "medium", "to": "small", "at": "2026-03-02 13:00"},
            {"instance": "orders-mq", "from": "small", "to": "large", "at": "2026-03-02 14:30"},
            {"instance": "orders-mq", "from": "large", "to": "small", "at": "2026-03-02 15:30"},
        ],
    },
}

Writes = Callable[..., Path]
USUALLY = Options()


def written(path: Path, **changes: Any) -> Path:
    """Write a folder with the short day; `scenario`, `world` and `policy` change what their files say."""
    for name, usual in (("scenario", SCENARIO), ("world", WORLD), ("policy", POLICY)):
        body = copy.deepcopy(usual)
        changed = changes.get(name, {})
        text = changed if isinstance(changed, str) else yaml.safe_dump({**body, **changed}, sort_keys=False)
        (path / f"{name}.yaml").write_text(text, "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Writes:
    """Write a scenario's folder."""
    return lambda **changes: written(tmp_path, **changes)


def played(path: Path, options: Options = USUALLY) -> Played:
    """Play a folder in silence."""
    return play(read_folder(path), Console(quiet=True), options)
