"""Every block of `docs/getting-started.md` does what the page says, in order, from an empty folder.

One bash runs them, against a cloud with nothing deployed. What the page says to stand in for is put in place by the
comments before its blocks; every comment has one meaning here, and an unknown one fails.
"""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from localcloud.cloud import Cloud
from localcloud.identity import Keys
from localcloud.project.compose import Whole, compose
from localcloud.project.up import command_environment
from localcloud.server import Running, running
from localcloud.template.package import zip_project
from tidegate.operate.permissions import SYSTEM_POLICIES

PIECE = re.compile(
    r"^<!-- test: (?P<aside>[^\n]+) -->$|^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
SERVICES = {
    "AliyunROSFullAccess": "ros",
    "AliyunRAMFullAccess": "ram",
    "AliyunFCFullAccess": "fc",
    "AliyunFnFFullAccess": "fnf",
    "AliyunOSSFullAccess": "oss",
    "AliyunMNSFullAccess": "mns",
    "AliyunLogFullAccess": "log",
    "AliyunCloudMonitorFullAccess": "cms",
}
"""What each of the vendor's own policies allows: everything of one product."""
VARIES = (
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?|\b(?:[A-Z][a-z]{2} )?\d\d:\d\d(?=\+)", "TIME"),
    (r"\b[0-9a-f]{4,}…[0-9a-f]{4,}\b|\b[0-9a-f]{12}\b|\b[0-9a-f]{64}\b", "HASH"),
    (r"https?://\S+", "URL"),
    (r"[\d.]+ MB", "SIZE"),
    (r"\b(?:\d+[dhm])*\d+[smhd]\b(?= +last| ago|;)", "SPAN"),
    # How long the first look took, where that is not a moment.
    (r" not known SPAN;", ""),
    (r"\bby [\w.-]+@[\w.-]+", "by WHO"),
    (r"\border +\d{15}", "order NUMBER"),
)
"""What is another one each time; a time of another day has that day before it, as late in the evening two hours on."""
WAITS = ("while tidegate", "until tidegate", "tidegate watch")
"""Commands of somebody who waits: meanwhile time flies. Else it goes as it does, and no tick comes in between."""
SPEED = 60.0
WITHIN_S = 90.0
"""What one command may take at most."""
WORLD: dict[str, Any] = {
    "start": "now",
    "stack_resource_takes": "0.01s",
    "instances": [
        {
            "product": "rabbitmq",
            "instance_id": "amqp-cn-demo0001",
            "name": "orders-mq",
            "edition": "enterprise",
            "spec": {"MaxPrivateTps": 3000, "QueueCapacity": 200, "MaxConnections": 2000},
            "usage": {"queues": 141, "connections": 900, "tps": 2900},
        }
    ],
    "behaviour": {"apply_takes": "20s", "order_visible_after": "10s"},
}
# The program of this environment; what it deploys are the files at hand, as the functions run in this environment too.
PROGRAM = """#!/bin/sh
if [ "$1" = deploy ]; then shift; set -- deploy --package "{package}" "$@"; fi
PYTHONPATH="{root}" exec "{python}" -m tidegate.cli "$@"
"""


@dataclass(frozen=True)
class Piece:
    """A block of the page, or a comment about what comes next."""

    kind: str
    body: str
    aside: str


def pieces(page: str) -> list[Piece]:
    """Every block and comment of a page, in order."""
    return [Piece(one["kind"] or "", one["body"] or "", one["aside"] or "") for one in PIECE.finditer(page)]


def told(text: str) -> str:
    """A text without what is another one each time."""
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return text


def steps(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what it prints."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


class Shell:
    """One bash that stops at the first command that fails."""

    END = "---- that was all ----"

    def __init__(self, folder: Path, programs: Path) -> None:
        self._step = programs / "step.sh"
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            text=True,
        )
        self.run(
            "unset ${!TIDEGATE_@} ${!ALIBABA_CLOUD_@}\n"
            f"export PATH='{programs}:{Path(sys.executable).parent}':\"$PATH\" LANG=C.UTF-8\n"
        )

    def run(self, command: str) -> str:
        """Run some lines, and give what they printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._step.write_text(command)
        self._bash.stdin.write(f". '{self._step}' < /dev/null\necho '{self.END}'\n")
        self._bash.stdin.flush()
        printed = ""
        late = threading.Timer(WITHIN_S, self._bash.kill)
        late.start()
        for line in self._bash.stdout:
            if line.endswith(f"{self.END}\n"):
                late.cancel()
                return printed + line.removesuffix(f"{self.END}\n")
            printed += line
        late.cancel()
        pytest.fail(f"{command}\nended with {self._bash.wait()}:\n{printed}")

    def close(self) -> None:
        """End it."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.wait(30)
        self._bash.stdout.close()


@dataclass
class Reader:
    """Somebody who does what the page says, in an account of their own."""

    cloud: Running
    whole: Whole
    folder: Path
    shell: Shell
    document: Mapping[str, Any] = field(default_factory=dict)
    keys: dict[str, Keys] = field(default_factory=dict)

    def user(self, name: str, *documents: Mapping[str, Any]) -> None:
        """Make a RAM user with nothing but these documents."""
        self.keys[name] = self.cloud.run(lambda: self.cloud.cloud.identity.create_user(name, documents))

    def becomes(self, name: str) -> None:
        """Go on with the key of a user."""
        keys = self.keys[name]
        self.shell.run(
            f"export ALIBABA_CLOUD_ACCESS_KEY_ID={keys.access_key_id}\n"
            f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={keys.access_key_secret}\n"
        )

    def deployer(self) -> None:
        """Stand for account, region, keys and chat: those of localcloud, and of who deploys."""
        address = self.cloud.cloud.address()
        chat = f"json://{address['endpoint']}/_console/messages/chat"
        given = {**command_environment(address), "TIDEGATE_CHAT_URL": chat}
        self.shell.run("".join(f"export {name}={value}\n" for name, value in given.items()))
        actions = [f"{SERVICES[name]}:*" for name in SYSTEM_POLICIES]
        full = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["*"]}]}
        self.user("deployer", full, self.document)
        self.becomes("deployer")

    def operator(self) -> None:
        """Stand for the key of a user who has what was printed, and nothing else."""
        printed = json.loads((self.folder / "permissions.json").read_text())["people"]
        self.user("operator", *(printed[key]["document"] for key in ("watch", "ask", "push", "doctor")))
        self.becomes("operator")

    def later(self) -> None:
        """Let 40 minutes go by, and the tick after them."""
        self.cloud.run(lambda: self.cloud.cloud.clock.advance(40 * 60))
        self.run("until tidegate status | grep ' ok$'; do sleep 1; done\n")

    def run(self, command: str) -> str:
        """Run some lines, and give what they printed."""
        clock = self.cloud.cloud.clock
        self.cloud.run(lambda: clock.set_speed(SPEED if any(word in command for word in WAITS) else 1.0))
        return self.shell.run(command)

    def aside(self, words: str) -> bool:
        """Do what a comment asks for, and say whether it stands for the next block."""
        asides: dict[str, Callable[[], None]] = {
            "the environment at hand instead of the next block": lambda: None,
            "localcloud instead of the next block": self.deployer,
            "a user with what permissions.json says instead of the next block": self.operator,
            "40 minutes go by": self.later,
            "the key of the deployer": lambda: self.becomes("deployer"),
            "the key of the user": lambda: self.becomes("operator"),
        }
        asides[words]()
        return words.endswith("instead of the next block")

    def does(self, piece: Piece) -> None:
        """Do what a block shows, and compare what is printed with what it shows."""
        if piece.kind == "sh":
            self.run(piece.body)
        elif piece.kind == "console":
            for command, shown in steps(piece.body):
                same(command, told(shown), told(self.run(command + "\n")))
        elif piece.kind == "yaml":
            name = re.match(r"# (\S+)\n", piece.body)
            assert name is not None
            (self.folder / name[1]).write_text(piece.body)
        elif piece.kind == "json":
            self.document = json.loads(piece.body)
        else:
            pytest.fail(f"a block of kind {piece.kind!r}")


def same(command: str, shown: str, printed: str) -> None:
    """Fail where something is shown that was not printed; `...` stands for anything."""
    alike = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(shown, printed, alike), f"{command}\nshown:\n{shown}\nwas:\n{printed}"


@pytest.fixture
def reader(root: Path, tmp_path: Path) -> Iterator[Reader]:
    """Somebody with an empty folder and an account in which nothing is deployed."""
    folder, programs, package = tmp_path / "empty", tmp_path / "bin", tmp_path / "tidegate.zip"
    folder.mkdir()
    programs.mkdir()
    package.write_bytes(zip_project(root))
    program = programs / "tidegate"
    program.write_text(PROGRAM.format(package=package, root=root, python=sys.executable))
    program.chmod(0o755)
    made: list[Whole] = []

    def attach(cloud: Cloud) -> None:
        made.append(compose(cloud, tmp_path / "work"))

    with running(WORLD, attach=attach) as cloud:
        shell = Shell(folder, programs)
        try:
            yield Reader(cloud, made[0], folder, shell)
        finally:
            shell.close()


@pytest.mark.once
def test_every_block_of_the_page_does_what_it_shows_from_an_empty_folder(root: Path, reader: Reader) -> None:
    replaced = False
    for piece in pieces((root / "docs" / "getting-started.md").read_text("utf-8")):
        if piece.aside:
            assert not replaced
            replaced = reader.aside(piece.aside)
        elif replaced:
            replaced = False
        else:
            reader.does(piece)
    calls = reader.cloud.run(lambda: reader.cloud.cloud.door.calls.listed("UpdateInstance"))
    assert [call["outcome"] for call in calls] == ["ok"]
    assert reader.whole.fc.host.registry.functions() == []


def test_a_block_that_is_replaced_says_so_and_the_others_are_commands_policies_and_documents(root: Path) -> None:
    page = pieces((root / "docs" / "getting-started.md").read_text("utf-8"))
    assert len([one for one in page if one.aside.endswith("instead of the next block")]) == 3
    assert {one.kind for one in page if not one.aside} == {"sh", "console", "yaml", "json"}
    assert all(body.startswith("$ ") for body in (one.body for one in page if one.kind == "console"))


def test_what_the_page_installs_is_what_the_project_offers(root: Path) -> None:
    """That block is not run: it needs the network. What it names is there all the same."""
    page, project = (
        (root / "docs" / "getting-started.md").read_text("utf-8"),
        (root / "pyproject.toml").read_text("utf-8"),
    )
    (constraints, extra) = re.findall(r"pip install -c tidegate/(\S+) -e 'tidegate\[(\w+)\]'", page)[0]
    assert (root / constraints).is_file()
    assert re.search(rf"^{extra} = \[", project.partition("[project.optional-dependencies]")[2], re.MULTILINE)
    named = re.findall(r"Python (3\.\d+) to (3\.\d+)", page)[0]
    (bounds,) = re.findall(r'^requires-python = "([^"]+)"', project, re.MULTILINE)
    assert all(version in SpecifierSet(bounds) for version in named)


def test_a_command_that_prints_something_else_than_the_page_shows_is_noticed() -> None:
    with pytest.raises(AssertionError, match="shown"):
        same("tidegate status", told("policy 4f0c1de2a9b7\n...\nok\n"), told("policy 4f0c1de2a9b8\nHOLD\n"))


def test_what_is_another_one_each_time_is_taken_for_the_same_at_any_hour() -> None:
    """A page that is right must not be wrong by night."""
    for printed in ("override by me@here until 23:59+08:00", "override by me@here until Mon 00:40+08:00"):
        assert told(printed) == told("override by li@host until 22:52+08:00")


def test_a_command_that_fails_ends_the_session(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    shell = Shell(tmp_path / "empty", tmp_path)
    assert shell.run("name=li\n") == ""
    assert shell.run("echo $name\n") == "li\n"
    with pytest.raises(pytest.fail.Exception, match="ended with 1"):
        shell.run("false\necho not here\n")
    shell.close()
