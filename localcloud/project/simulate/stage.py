"""The stage of a week: the world, the platform, the bucket, the flow and people, tied together on one clockwork."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from random import Random

from localcloud.flow.effects import Switches
from localcloud.project.simulate.bucket import Objects, Store
from localcloud.project.simulate.clockwork import Clockwork
from localcloud.project.simulate.executions import Executions
from localcloud.project.simulate.misfortunes import Misfortunes
from localcloud.project.simulate.platform import Failing, Platform
from localcloud.project.simulate.script import Script
from localcloud.project.simulate.trace import Pushed, Said, Trace
from localcloud.project.simulate.vendor import Vendor, VendorLine
from localcloud.world import World
from tidegate.app.fleet import Fleet
from tidegate.app.machine import Machine, running_on
from tidegate.domain.policy import InstancePolicy
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.policies import Policies
from tidegate.ledger.record import key_text
from tidegate.settings import Settings

SECRETS = ("canary-of-the-key", "canary-of-the-token", "canary-of-a-channel")
"""What must never be seen anywhere but in the environment."""
CHANNELS = ("TIDEGATE_CHAT_URL", "TIDEGATE_ONCALL_URL")
PUSHED_BY = "simulation"
NO_WAY = Failing(*(lambda: RuntimeError("a channel that does not answer"),) * 4)


@dataclass
class Stage:
    """One account, with everything that happens to it."""

    script: Script
    clockwork: Clockwork
    misfortunes: Misfortunes
    platform: Platform
    store: Store
    vendor: Vendor
    executions: Executions
    trace: Trace
    ledger: Ledger
    """Read past all faults, by nobody's process."""
    policies: Policies
    settings: Settings
    chance: Callable[[], float]
    nonces: int = 0
    on_said: Callable[[Said], None] | None = None
    """Told of every message as it is taken."""

    @property
    def pushed(self) -> Pushed:
        """The policy in force."""
        return self.trace.pushed[-1]

    def key(self, policy: InstancePolicy) -> str:
        """Where the instance's ledger is."""
        return key_text(self.settings.account, policy.region, policy.product, policy.instance_id)

    def push(self, number: int) -> None:
        """Put a policy in force."""
        policy = self.script.policies[number]
        hashed = self.policies.publish(policy.documents, policy.index, PUSHED_BY)
        parsed = {name: InstancePolicy.model_validate(document) for name, document in policy.documents.items()}
        self.trace.pushed.append(Pushed(self.clockwork.now(), hashed, parsed, policy.index["fleet"]))


@contextmanager
def staged(script: Script) -> Iterator[Stage]:
    """Begin the world of a script, with its first policy in force, and let the handlers run in it."""
    clockwork = Clockwork(script.start)
    world = World.model_validate(script.world)
    misfortunes = Misfortunes(script.seed, script.faults, clockwork.seconds)
    platform = Platform(clockwork, misfortunes, _skews(script))
    store = Store(clockwork.now)
    behaviour = world.behaviour
    switches = Switches(behaviour.flow_exception_names, behaviour.flow_wait_passes_input, behaviour.schedule_input)
    executions = Executions(clockwork, platform, misfortunes, switches)
    vendor = Vendor(world, clockwork.clock, executions.start)
    trace = Trace(script, vendor, executions, misfortunes, store.bodies, store.created)
    trace.faults_end_at = script.start + timedelta(seconds=script.faults.until_s)
    settings = _settings(script, world)
    over = _Past(store)
    nonces = iter(range(10**9))
    ledger = Ledger(over, clockwork.now, lambda: f"{script.seed}-past-{next(nonces)}")
    stage = Stage(
        script, clockwork, misfortunes, platform, store, vendor, executions, trace, ledger,
        Policies(over, clockwork.now), settings, Random(f"{script.seed}/chance").random,
    )  # fmt: skip
    with _listening(trace), running_on(_machine(stage)):
        stage.push(0)
        for product in script.proven:
            Fleet(stage.ledger).search_proven(product)
        try:
            yield stage
        finally:
            clockwork.close()


def _machine(stage: Stage) -> Machine:
    """What the handlers run on."""
    platform = stage.platform

    def nonce() -> str:
        stage.nonces += 1
        return sha256(f"{stage.script.seed}/{stage.nonces}".encode()).hexdigest()[:16]

    def notify(url: str, title: str, text: str, kind: str) -> bool:
        def effect(_: float) -> bool:
            said = Said(stage.clockwork.now(), url.partition("?")[0], kind, title, text)
            stage.trace.said.append(said)
            if stage.on_said is not None:
                stage.on_said(said)
            return True

        try:
            here = platform.here()
            return bool(url) and platform.cross(here, "tell", title, effect, NO_WAY, wait_s=10.0, family="tell")
        except RuntimeError:
            return False

    lines: dict[str, VendorLine] = {}

    def line(region: str) -> VendorLine:
        if region not in lines:
            lines[region] = VendorLine(region, stage.vendor, platform)
        return lines[region]

    objects = Objects(stage.store, platform)
    return Machine(
        settings=lambda: stage.settings,
        now=platform.now,
        sleep=platform.rest,
        monotonic=stage.clockwork.seconds,
        chance=stage.chance,
        nonce=nonce,
        memory=platform.memory,
        notify=notify,
        line=line,
        objects=lambda: objects,
    )


def _settings(script: Script, world: World) -> Settings:
    key, token, channel = SECRETS
    return Settings(
        account=world.account_id,
        region=world.region,
        store="oss://ledger",
        access_key_id="STS.NUE",
        access_key_secret=key,
        security_token=token,
        hook_tokens=(script.hook_token,),
        on_function_compute=True,
        channels={name: f"{name}?{channel}" for name in CHANNELS},
    )


def _skews(script: Script) -> Callable[[str], timedelta]:
    def skew(worker: str) -> timedelta:
        if not script.skew_s:
            return timedelta()
        draw = Random(f"{script.seed}/clock of {worker}").uniform(-1, 1)
        return timedelta(seconds=draw * script.skew_s)

    return skew


@dataclass
class _Past:
    """The bucket as nobody's process sees it: without travel, and without faults."""

    store: Store

    def get(self, key: str) -> bytes | None:
        return self.store.bodies.get(key)

    def create(self, key: str, body: bytes) -> bool:
        if key not in self.store.bodies:
            self.store.put(key, body)
        return self.store.bodies[key] == body

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        return self.store.page(prefix, after, limit)

    def delete(self, key: str) -> None:
        self.store.delete(key)


class _Listener(logging.Handler):
    """Keeps what handlers log."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record) if record.exc_info else record.getMessage())


@contextmanager
def _listening(trace: Trace) -> Iterator[None]:
    logger = logging.getLogger("tidegate")
    listener, before, passes = _Listener(trace.logs), logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before)
        logger.propagate = passes
