"""Deploying without a package at hand: the code is packed from the wheels that are here, and that is what runs."""

from __future__ import annotations

import hashlib
import sys

import pytest

from localcloud.fc.function import Ref
from tests.deploy.conftest import ROOT, Site
from tidegate.operate.package.build import WHEELHOUSE, crc64
from tidegate.operate.package.runtimes import RUNTIMES

HERE = f"python{sys.version_info[0]}.{sys.version_info[1]}"
RUNS = HERE.removeprefix("python") in RUNTIMES


@pytest.mark.once
@pytest.mark.skipif(not (ROOT / WHEELHOUSE).is_dir(), reason="`make .wheels` fetches what packages are made of")
def test_a_deployment_packs_the_code_itself_and_the_functions_run_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where this Python is no runtime localcloud says so: libraries are built for one Python."""
    monkeypatch.chdir(site.folder)
    if not RUNS:
        said = site.run("deploy", "--policy", str(site.policy), "--no-doctor", "--yes")
        assert (said.code, site.functions()) == (1, set())
        told = (
            f"InvalidArgument: localcloud runs functions in its own Python, {HERE.removeprefix('python')}, and cannot"
        )
        assert told in said.err
        return
    words = ("--parameter", f"Runtime={HERE}")
    said = site.run("deploy", "--policy", str(site.policy), "--no-doctor", "--yes", "--json", *words)
    assert said.code == 0, said.err
    assert (said.json["status"], said.json["changed"]) == ("CREATE_COMPLETE", ["code", "stack", "policy"])
    (packed,) = (site.folder / "dist").glob("*.zip")
    key = f"tidegate/{hashlib.sha256(packed.read_bytes()).hexdigest()}.zip"
    assert site.whole.fc.host.registry.entry(Ref("tidegate-on-schedule"))["code"] == crc64(packed.read_bytes())
    assert site.cloud.run(lambda: site.whole.oss.read(site.code, key)) == packed.read_bytes()
    again = site.run("deploy", "--policy", str(site.policy), "--no-doctor", "--yes", "--json", *words)
    assert again.json["changed"] == []
    invoked = site.run("invoke", "on-schedule", "--json")
    assert (invoked.json["status"], invoked.json["error"]) == (200, "")
