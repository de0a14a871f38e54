"""How long a sender waits for a function that was not running: an alert comes a second time, to a fresh process.

Times are the CPU's, of a child, above those of an interpreter that does nothing: what is waited for on a machine with
nothing else to do.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from benchmarks.example import LADDER, POLICY
from benchmarks.timing import Effort, Figures
from tidegate.alerts import read, receive
from tidegate.app import codec
from tidegate.app.fleet import Fleet
from tidegate.app.index import index_entry
from tidegate.domain.facts import Adopted
from tidegate.domain.policy import InstancePolicy
from tidegate.domain.state import Override, Seen, Stance, State
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import Policies
from tidegate.ledger.record import InstanceKey
from tidegate.ledger.sqlite import SqliteShelf

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION, TOKEN = "1234567890123456", "cn-hangzhou", "a-token"
NOTHING = "pass"
IMPORT = "import functions.on_alert, tidegate.app.doors, tidegate.app.wiring, tidegate.settings"
ANSWER = """
import json, sys
from functions.on_alert import handler
said = json.loads(handler(sys.stdin.buffer.read(), None)["body"])
assert [each["answer"] for each in said["alerts"]] == ["duplicate"], said
"""
OSS = "import alibabacloud_oss_v2"


def cold(effort: Effort) -> Figures:
    """What the imports and the whole answer cost. `oss_sdk_ms` comes on top where the store is a bucket."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        event = place / "event.json"
        event.write_bytes(callback())
        keep(place / "ledger.db", event.read_bytes())
        environment = _environment(place)
        taken: dict[str, list[float]] = {code: [] for code in (NOTHING, IMPORT, ANSWER, OSS)}
        for number in range(effort.rounds + 1):
            for code, times in taken.items():
                spent = child_ms(code, event, environment)
                if number:  # the first time the interpreter compiles what it imports
                    times.append(spent)
    start, imports, answer, oss = (median(times) for times in taken.values())
    return {
        "per_second": round(1000 / answer, 1),
        "unit": "cold answers",
        "rounds": effort.rounds,
        "interpreter_ms": round(start),
        "import_ms": round(imports - start),
        "answer_ms": round(answer - start),
        "oss_sdk_ms": round(oss - start),
    }


def callback() -> bytes:
    """A callback of CloudMonitor, as the HTTP trigger hands it over."""
    fields = {
        "alertName": "mq-tps-high",
        "alertState": "ALERT",
        "curValue": "4711",
        "dimensions": f"{{userId={ACCOUNT}, instanceId={POLICY['instance_id']}}}",
        "timestamp": "1772452800123",
    }
    path = f"/hook/cms/{TOKEN}"
    event = {
        "version": "v1",
        "rawPath": path,
        "body": base64.b64encode(urlencode(fields).encode()).decode(),
        "isBase64Encoded": True,
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "requestContext": {"http": {"method": "POST", "path": path}, "timeEpoch": "1772452803000"},
    }
    return json.dumps(event).encode()


def keep(file: Path, event: bytes) -> None:
    """Make a ledger in which this alert was answered already, of an instance that stands where a person wants it."""
    alert = read(receive(event)).alerts[0]
    now = datetime.now(timezone.utc)  # noqa: TID251 - the child goes by the machine's clock
    shelf, policy = SqliteShelf(file, {}), InstancePolicy.model_validate(POLICY)
    ledger = Ledger(shelf, lambda: now, lambda: "nonce")
    document = policy.model_dump(mode="json", by_alias=True)
    index = {"instances": {policy.name: index_entry(policy)}}
    hashed = Policies(shelf, lambda: now).publish({policy.name: document}, index, "bench")
    Fleet(ledger).ticked(now + timedelta(hours=1), hashed, 1)
    key = InstanceKey(ACCOUNT, policy.region, policy.product, policy.instance_id)
    adopted = codec.write_fact(Adopted("small", LADDER["small"]))
    state = codec.write_state(_answered(alert.key, now))
    ledger.append(str(key), adopted, state, after=None, policy=hashed, wake=None)


def _answered(key: str, now: datetime) -> State:
    return State(
        home="small",
        adopted_at=now,
        rung="medium",
        override=Override("medium", None, "li", now),
        seen=(Seen(key, now),),
        last_set=LADDER["medium"],
        stance=Stance("hold", "as-wanted", "", "medium", now),
    )


def _environment(place: Path) -> dict[str, str]:
    return {
        "TIDEGATE_ACCOUNT": ACCOUNT,
        "TIDEGATE_REGION": REGION,
        "TIDEGATE_STORE": f"sqlite://{place / 'ledger.db'}",
        "TIDEGATE_HOOK_TOKENS": TOKEN,
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(place / "compiled"),
    }


def child_ms(code: str, given: Path, environment: Mapping[str, str]) -> float:
    """Let an interpreter of its own do this, and give the CPU time it took. Raises RuntimeError where it fails."""
    quiet = [(os.POSIX_SPAWN_OPEN, 0, str(given), os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", code], environment, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"a child failed: {code.strip()}")
    return (usage.ru_utime + usage.ru_stime) * 1000
