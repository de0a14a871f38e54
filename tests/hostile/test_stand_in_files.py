"""The stand-in's own files: a world, a template and a flow are read, or refused with what is wrong, soon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from localcloud.cloud import Cloud
from localcloud.flow.faults import FlowError
from localcloud.flow.language import parse as parse_flow
from localcloud.flow.model import Flow
from localcloud.flow.tokens import ExpressionError
from localcloud.template.faults import TemplateError
from localcloud.template.model import Template
from localcloud.template.read import parse as parse_template
from localcloud.template.yaml_loader import TemplateLoader
from localcloud.world import BadWorld, World
from tests.hostile.words import TRICKS, leaves, mutated, tried
from tests.localcloud_flow.test_language import sound

ROOT = Path(__file__).parents[2]
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
TEXTS = (
    *(
        "[" * 200_000,
        "{a: " * 200_000,
        "- " * 100_000,
        "instances: " + "[" * 200_000,
        LAUGHS,
        f"instances: &i\n  - *i\n{LAUGHS}",
    ),
    *(
        "\0",
        "\ud800",
        "a: " + "9" * 5000,
        "a: 0x" + "f" * 5000,
        "a: " + "1:" * 3000 + "1",
        "a: 2026-99-99",
        "? [a]\n: b",
        "? {a: b}\n: c",
    ),
    *(
        "!!python/object/apply:os.system ['x']",
        "a: !!int x",
        "a: !!float x",
        "a: !!bool x",
        "a: !!timestamp x",
        "a: !!binary x",
    ),
    *(
        "a: &a [*a]",
        "&a {b: *a}",
        "a: *b",
        "%YAML 9.9\n---\na",
        "---\na\n---\nb",
        "a: b: c",
        "\t",
        '"' * 9999,
        "a: !Sub {a: b}",
        "!Ref [",
    ),
    *("start: 0001-01-01T00:00:00+23:59\n", "start: 9999-12-31T23:59:59\n", "balance: .nan\n", "balance: 1e999999\n"),
    *(
        "behaviour: {apply_takes: 99999999999d}\n",
        "faults: [{call: x, do: throttle, from: 0001-01-01T00:00:00+23:59}]\n",
        "",
        "null",
        "5",
    ),
)
WORLD = {
    "start": "2026-03-02T12:00:00+00:00",
    "region": "cn-hangzhou",
    "account_id": "1",
    "balance": "10.00",
    "instances": [
        {
            "product": "rabbitmq",
            "instance_id": "a",
            "billing": "PRE_PAID",
            "spec": {"MaxPrivateTps": 3000},
            "usage": {"tps": 1},
        },
        {"product": "apigateway", "instance_id": "b", "behaviour": {"switchover": False}},
    ],
    "behaviour": {"apply_takes": "6m", "rounding": "none", "order_visible_after": "never"},
    "faults": [{"call": "oss.*", "do": "throttle", "times": 2, "from": "2026-03-02T12:00:00+00:00"}],
}


def read_world(path: Path) -> World | None:
    """Read a world and begin it; None where it is refused."""
    world = tried(lambda: World.load(path), BadWorld, OSError)
    if not isinstance(world, World):
        assert isinstance(world, (BadWorld, OSError)), world
        return None
    Cloud.begin(world)
    return world


def is_template(text: str) -> bool:
    """Whether it would deploy; if not, it is told why."""
    found = tried(lambda: parse_template(text, ROOT), TemplateError)
    assert isinstance(found, (Template, TemplateError)), found
    return isinstance(found, Template)


def is_flow(text: str) -> bool:
    """Whether it would run; if not, it is told why."""
    found = tried(lambda: parse_flow(text), FlowError, ExpressionError)
    assert isinstance(found, (Flow, FlowError, ExpressionError)), found
    return isinstance(found, Flow)


@pytest.mark.parametrize("text", TEXTS)
def test_yaml_of_any_kind_is_read_or_refused_soon(text: str, tmp_path: Path, soon: Any) -> None:
    file = tmp_path / "world.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with soon():
        read_world(file)
    with soon():
        assert not is_template(text)
        assert not is_flow(text)


def test_any_part_of_a_world_is_taken_or_refused(tmp_path: Path, tries: Any) -> None:
    file = tmp_path / "world.yaml"

    def check(written: Any) -> None:
        file.write_text(json.dumps(written), encoding="utf-8")
        read_world(file)

    tries(80, check, written=mutated(WORLD))
    file.write_text(json.dumps(WORLD))
    assert read_world(file) is not None


def test_any_part_of_a_flow_is_taken_or_refused(tries: Any, soon: Any) -> None:
    long = [
        "(" * 9_000,
        "$Input." + "a." * 9_000,
        "!" * 9_000,
        "$Input" + "[0]" * 9_000,
        "- " * 9_000,
        "9" * 5000,
        "$Input.a && " * 2_000 + "true",
    ]
    worse = st.one_of(leaves, st.sampled_from([*long, *TRICKS]), st.lists(leaves, max_size=2))

    def check(written: Any) -> None:
        with soon():
            is_flow(json.dumps(written))

    tries(400, check, written=mutated(sound(), worse))
    assert is_flow(json.dumps(sound()))


@pytest.mark.parametrize(
    "condition",
    ["(" * 50_000, "!" * 50_000, "9" * 50_000 + " == 1", '"' + "\\" * 50_001, "$Input." + "a." * 50_000, "a(" * 50_000],
)
def test_an_expression_beyond_measure_is_refused_soon(condition: str, soon: Any) -> None:
    flow = sound()
    state = next(each for each in flow["States"] if each["Type"] == "Choice")
    state["Branches"][0]["Condition"] = condition
    with soon():
        assert not is_flow(json.dumps(flow))


def test_any_part_of_a_template_is_taken_or_refused(tries: Any) -> None:
    said = yaml.load((ROOT / "template.yml").read_text(), Loader=TemplateLoader)  # noqa: S506 - a safe loader with four tags more
    references = [
        {"Ref": 5},
        {"Ref": []},
        {"Fn::Sub": "${"},
        {"Fn::GetAtt": 5},
        {"Fn::Join": 5},
        {"Fn::Join": ["", 5]},
        [[]],
        {"Ref": {"Ref": "x"}},
    ]
    worse = st.one_of(leaves, st.sampled_from([*references, *TRICKS]), st.lists(leaves, max_size=2))

    def check(written: Any) -> None:
        is_template(json.dumps(written))

    tries(50, check, written=mutated(said, worse))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../secret.txt", "link.yml", "folder", ".", "/dev/zero", "a\0b", "x" * 5000]
)
def test_a_template_includes_nothing_from_outside_of_its_folder(path: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("s3cret-line")
    (home / "link.yml").symlink_to(tmp_path / "secret.txt")
    properties = {
        "Type": "ALIYUN::FNF::Flow",
        "Metadata": {"Tidegate": {"Definition": path}},
        "Properties": {"Name": "f"},
    }
    text = json.dumps({"ROSTemplateFormatVersion": "2015-09-01", "Resources": {"F": properties}})
    with pytest.raises(TemplateError) as caught:
        parse_template(text, home)
    assert "s3cret-line" not in str(caught.value)
    assert "root:x" not in str(caught.value)
