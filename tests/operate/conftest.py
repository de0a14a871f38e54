"""One whole cloud with the demo deployed to it, and somebody who looks it over. What a test breaks it mends again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from localcloud.cloud import Cloud
from localcloud.fc.function import Ref
from localcloud.fc.registry import Registry
from localcloud.project.compose import Whole, compose
from localcloud.project.up import DEMO, LEDGER, command_environment, compiled, publish, settle_in
from localcloud.server import Running, running
from localcloud.world import AlarmRule, World
from tests.said import Said
from tidegate.app.wiring import utc_now
from tidegate.cli import main
from tidegate.cli.doctor import place_of
from tidegate.operate.doctor import CHECKS, Finding, examine
from tidegate.operate.package import Package, build, project_root
from tidegate.operate.package.build import WHEELHOUSE
from tidegate.policyfile import compile_policy, parse_policy

if TYPE_CHECKING:
    from localcloud.identity import Keys

RABBIT = "amqp-cn-demo0001"
TOPIC = "acs:mns:cn-hangzhou:1234567890123456:/topics/tidegate-alerts"
RULE: dict[str, Any] = {
    "rule_id": "rule-1",
    "name": "rabbit-tps-high",
    "instances": [RABBIT],
    "targets": [f"{TOPIC}/messages"],
}


class Clinic:
    """The deployed demo, and the doctor."""

    def __init__(self, server: Running, whole: Whole, address: Mapping[str, str]) -> None:
        self.server, self.whole, self.address = server, whole, address
        self.cloud = server.cloud

    @property
    def environment(self) -> dict[str, str]:
        """What the account's owner has in the shell."""
        return command_environment(self.address)

    def finds(self, check: str, *, send_test: bool = False, policy: str = "") -> Finding:
        """Make one check."""
        self.rest()
        place = place_of(policy, send_test=send_test)
        try:
            [found] = examine(place, {check: CHECKS[check]})
        finally:
            place.close()
        return found

    def rest(self) -> None:
        """Let time pass, as quotas are by the second; all tests together are done before the next tick."""
        self.edit(lambda: self.cloud.clock.advance(0.4))

    def edit(self, change: Callable[[], Any]) -> Any:
        """Do something to the cloud, on its own thread."""
        return self.server.run(change)

    @contextmanager
    def kept(self, held: MutableMapping[str, Any]) -> Iterator[MutableMapping[str, Any]]:
        """Let a test do what it likes to one drawer of the cloud; it is as before afterwards."""
        before = self.edit(lambda: dict(held))
        try:
            yield held
        finally:
            self.edit(lambda: _restore(held, before))

    @property
    def registry(self) -> Registry:
        """What is deployed to Function Compute."""
        return self.whole.fc.host.registry

    @contextmanager
    def functions(self) -> Iterator[Registry]:
        """Let a test do what it likes to functions and triggers."""
        with self.kept(self.registry._drawer):
            yield self.registry

    @contextmanager
    def settings(self, short: str, **changes: Any) -> Iterator[None]:
        """A function with other settings."""
        with self.functions() as registry:
            ref = Ref(f"tidegate-{short}")
            self.edit(lambda: registry.update_function(ref, changes, None))
            yield

    @contextmanager
    def variables(self, short: str, **changes: str) -> Iterator[None]:
        """A function with other variables in its environment."""
        now = self.registry.entry(Ref(f"tidegate-{short}"))["settings"]["environmentVariables"]
        with self.settings(short, environmentVariables={**now, **changes}):
            yield

    @contextmanager
    def policy(self, change: Callable[[dict[str, Any]], Any]) -> Iterator[None]:
        """The demo's policy in force with a change."""
        written = yaml.safe_load((DEMO / "policy.yml").read_text().replace("on: [", "'on': ["))
        change(written)
        publish(self.whole, *compile_policy(parse_policy(yaml.safe_dump(written).encode())))
        try:
            yield
        finally:
            publish(self.whole, *compiled(DEMO / "policy.yml"))

    @contextmanager
    def key_of(self, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Ask with another key, for a while."""
        with monkeypatch.context() as patch:
            patch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", keys.access_key_id)
            patch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", keys.access_key_secret)
            yield

    def tick(self) -> None:
        """Let the timer's function run once."""
        done = self.server.submit(self.whole.fc.host.invoke(Ref("tidegate-on-schedule"), b"{}"), 60)
        assert done.succeeded, done.body


@contextmanager
def serving(body: bytes, behind: timedelta = timedelta()) -> Iterator[str]:
    """A server that gives one answer, whose clock may be behind ours; gives where it is."""

    class Handler(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            del timestamp
            return format_datetime(utc_now() - behind, usegmt=True)

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def behind() -> Iterator[Callable[[int], str]]:
    """Open servers whose clocks are so many seconds behind ours."""
    with ExitStack() as stack:
        yield lambda seconds: stack.enter_context(serving(b"", timedelta(seconds=seconds)))


def _restore(held: MutableMapping[str, Any], before: Mapping[str, Any]) -> None:
    for key in [key for key in held if key not in before]:
        del held[key]
    for key, value in before.items():
        held[key] = value


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The demo as it was just deployed, with one rule of CloudMonitor that rings over the topic, after one tick."""
    world = yaml.safe_load((DEMO / "world.yml").read_text())
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path_factory.mktemp("functions")))

    with running(World.model_validate({**world, "alarm_rules": [RULE]}), attach=attach, speed=0) as server:
        address = server.submit(settle_in(made[0], *compiled(DEMO / "policy.yml")), 60)
        clinic = Clinic(server, made[0], {**server.cloud.address(), **address})
        clinic.tick()
        yield clinic


@pytest.fixture(autouse=True)
def shell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner's shell, for every test that has the clinic."""
    if "clinic" in request.fixturenames:
        clinic = request.getfixturevalue("clinic")
        for name, value in clinic.environment.items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def later(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[timedelta], None]]:
    """Let the one who asks live so much later than the cloud does."""
    with ExitStack() as stack:

        def live(span: timedelta) -> None:
            at = clinic.edit(clinic.cloud.clock.now) + span
            body = json.dumps({"now": at.isoformat()}).encode()
            monkeypatch.setenv("TIDEGATE_CLOCK_URL", f"http://{stack.enter_context(serving(body))}/")

        yield live


@pytest.fixture
def run(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run one command in this process."""

    def once(*arguments: str) -> Said:
        capsys.readouterr()
        clinic.rest()
        code = main(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return once


@pytest.fixture(scope="session")
def ledger() -> str:
    """The bucket with the ledger."""
    return LEDGER


@pytest.fixture(scope="session")
def rule() -> Callable[..., AlarmRule]:
    """The rule of CloudMonitor that the demo's policy names, with other words."""
    return lambda **over: AlarmRule.model_validate({**RULE, **over})


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """Where `make` puts the wheels, as tests fetch nothing."""
    folder = project_root() / WHEELHOUSE
    if not folder.is_dir():
        pytest.skip(f"there is no {WHEELHOUSE}: `make .wheels` fetches what packages are made of")
    return folder


@pytest.fixture(scope="session")
def built(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Package]:
    """The project's own package for a Python, built once."""

    @cache
    def build_once(python: str) -> Package:
        return build(project_root(), python, tmp_path_factory.mktemp("dist"), wheelhouse)

    return build_once
