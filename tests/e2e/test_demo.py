"""The demo is the main job from beginning to end, so it is a test too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WITHIN_S = 300
"""It takes less than a minute on a machine of its own."""


def test_the_demo_ends_well_with_a_receipt_and_one_order_for_every_operation(project: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "demo", "--json", "--speed", "1200"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["ok"] is True
    receipts = said["receipts"]
    # On a busy machine the evening may come before the alert's resize began: which instance was first says nothing.
    assert sorted((one["instance"], one["number"], one["to_rung"]) for one in receipts) == [
        ("edge-gateway", 1, "api.s1.medium"),
        ("orders-mq", 1, "medium"),
        ("orders-mq", 2, "small"),
        ("orders-mq", 3, "medium"),
    ]
    assert all(one["ok"] for one in receipts)
    assert all(len(one["vendor_orders"]) == 1 for one in receipts)
    assert {order for one in receipts for order in one["vendor_orders"]} == {one["order_id"] for one in receipts}
