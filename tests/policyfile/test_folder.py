"""A folder of policy files is one policy, as if they were one file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tidegate.ledger.policies import hash_of
from tidegate.policyfile import BadPolicy, compile_policy, read_policy

Write = Callable[..., Path]
Told = Callable[[Path], list[str]]
EDGE = "{product: apigateway, region: r, instance_id: i, ladder: [api.s1.small]}"
PARTS = {
    "a-defaults.yaml": "version: 1\ntimezone: Asia/Shanghai\nfleet: {orders_at_once: 5}\n",
    "b-profiles.yml": "version: 1\nprofiles:\n  gate: {product: apigateway, region: r, ladder: [api.s1.small]}\n",
    "c-shop.yaml": "version: 1\ninstances:\n  shop: {like: gate, instance_id: i}\n",
    "d-desk.yaml": "version: 1\ninstances:\n  desk: {like: gate, instance_id: j, timezone: UTC}\n",
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A folder with these files."""

    def files(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / name).write_text(dedent(text))
        return tmp_path

    return files


@pytest.fixture
def told() -> Told:
    """Everything that is wrong with a folder, without its own name."""

    def lines(folder: Path) -> list[str]:
        with pytest.raises(BadPolicy) as bad:
            read_policy(folder)
        return [line.replace(str(folder), "DIR") for line in str(bad.value).splitlines()]

    return lines


def test_profiles_defaults_and_instances_of_all_files_go_together(write: Write) -> None:
    policy = read_policy(write(**PARTS))
    assert {name: each.timezone for name, each in policy.instances.items()} == {"shop": "Asia/Shanghai", "desk": "UTC"}
    assert (policy.fleet.orders_at_once, policy.fleet.orders_per_hour) == (5, 12)


def test_a_folder_is_published_as_one_file_with_the_same_words_would_be(write: Write, tmp_path: Path) -> None:
    whole = "version: 1\n" + "".join(text.removeprefix("version: 1\n") for text in PARTS.values())
    single = tmp_path / "whole.txt"
    single.write_text(whole.replace("instances:\n  desk", "  desk"))
    assert hash_of(*compile_policy(read_policy(write(**PARTS)))) == hash_of(*compile_policy(read_policy(single)))


def test_hidden_files_other_files_and_folders_inside_are_left_out(write: Write) -> None:
    folder = write(**PARTS, **{".old.yaml": "nonsense: 1", "notes.txt": "nonsense"})
    (folder / "more").mkdir()
    (folder / "more" / "x.yaml").write_text("nonsense: 1")
    assert set(read_policy(folder).instances) == {"shop", "desk"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            f"instances:\n  edge: {EDGE}",
            "instances:\n  edge: {like: gate}",
            "3: instances.edge: expected `edge` once; DIR/a.yaml:3 has it already; rename one of the two, or keep one",
        ),
        (
            f"profiles: {{p: {{}}}}\ninstances: {{edge: {EDGE}}}",
            "profiles:\n  p: {mode: act}",
            "3: profiles.p: expected `p` once; DIR/a.yaml:2 has it already; rename one of the two, or keep one",
        ),
        (
            f"timezone: UTC\ninstances: {{edge: {EDGE}}}",
            "timezone: UTC",
            "2: timezone: expected `timezone` once; DIR/a.yaml:2 has it already; keep one of the two",
        ),
        (
            f"fleet: {{}}\ninstances: {{edge: {EDGE}}}",
            "\nfleet: {}",
            "3: fleet: expected `fleet` once; DIR/a.yaml:2 has it already; keep one of the two",
        ),
    ],
)
def test_what_stands_in_two_files_is_told_with_both_places(
    write: Write, told: Told, first: str, second: str, expected: str
) -> None:
    folder = write(**{"a.yaml": f"version: 1\n{first}\n", "b.yaml": f"version: 1\n{second}\n"})
    assert f"DIR/b.yaml:{expected}" in told(folder)


def test_the_same_instance_in_two_files_is_told(write: Write, told: Told) -> None:
    folder = write(
        **{
            "a.yaml": f"version: 1\ninstances: {{one: {EDGE}}}\n",
            "b.yaml": f"version: 1\n\ninstances: {{two: {EDGE}}}\n",
        }
    )
    assert told(folder) == [
        "DIR/b.yaml:3: instances.two.instance_id: expected another instance than that of `one`: i in r"
    ]


def test_every_problem_names_its_own_file(write: Write, told: Told) -> None:
    bad = {"b-profiles.yml": PARTS["b-profiles.yml"] + "  bad: {modes: act}\n", "d-desk.yaml": "instances: {}\n"}
    assert told(write(**{**PARTS, **bad})) == [
        "DIR/b-profiles.yml:4: profiles.bad.modes: unknown key `modes`; did you mean `mode`?",
        "DIR/d-desk.yaml:1: instances: expected at least one instance",
        "DIR/d-desk.yaml:1: version: expected the key `version`, which is missing",
    ]


def test_a_file_that_is_no_yaml_is_told_alone(write: Write, told: Told) -> None:
    """What the others take over may stand in it."""
    (line,) = told(write(**{**PARTS, "b-profiles.yml": "version: [1"}))
    assert line.startswith("DIR/b-profiles.yml:2: expected YAML: ")


def test_files_without_any_instance_are_told_of_the_folder(write: Write, told: Told) -> None:
    assert told(write(**{"a.yaml": "version: 1\n", "b.yaml": "version: 1\n"})) == [
        "DIR: instances: expected the key `instances`, which is missing"
    ]


def test_a_folder_without_files_is_told(write: Write, told: Told) -> None:
    (line,) = told(write(**{".hidden.yaml": "version: 1"}))
    assert line == "DIR: expected at least one file *.yaml or *.yml; folders inside are not looked into"


def test_what_is_no_file_is_not_waited_for(write: Write, told: Told) -> None:
    """Reading from a pipe that nobody writes to would never end."""
    folder = write(**PARTS)
    os.mkfifo(folder / "pipe.yaml")
    assert told(folder) == ["DIR/pipe.yaml: expected a file; rename what is none"]


def test_too_many_files_and_too_large_ones_are_refused(write: Write, told: Told) -> None:
    folder = write(**{f"{number}.yaml": "version: 1\n" for number in range(1001)})
    assert told(folder) == ["DIR: expected at most 1000 files, found 1001"]
    for file in folder.iterdir():
        file.unlink()
    (folder / "large.yaml").write_bytes(b"#" * 4_000_001)
    assert told(folder) == ["DIR/large.yaml: expected at most 4,000,000 bytes"]
    for number in range(5):
        (folder / f"{number}.yaml").write_bytes(b"#" * 3_900_000)
    (folder / "large.yaml").unlink()
    assert told(folder) == ["DIR: expected files of at most 16,000,000 bytes together"]
