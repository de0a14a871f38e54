"""Dependencies: each with a licence that fits, pinned, and without known fault; as far as can be seen offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from tests.security.inventory import PAGE, ROOT, Package, Row, loaded, packages, pins, table, vendored, words

PERMISSIVE = {"MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "Unlicense"}
ALLOWED = PERMISSIVE | {"MPL-2.0"}
"""MPL binds the files that are under it, not what uses them."""
INVENTORY = packages()
FAULTS = table("Known faults")
OF_THIS_PYTHON = set(INVENTORY)
WHO = {"every call", "the ledger", "the vendor", "a message", "elsewhere"}
ENVIRON = {
    "TIDEGATE_ACCOUNT": "1",
    "TIDEGATE_REGION": "cn-hangzhou",
    "TIDEGATE_STORE": "oss://ledger",
    "TIDEGATE_HOOK_TOKENS": "right",
    "TIDEGATE_CHAT_URL": "json://ENDPOINT/",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
    "TIDEGATE_OSS_ENDPOINT": "http://127.0.0.1:1",
}
DOOR = """
import json
from functions.on_alert import handler
event = {"version": "v1", "rawPath": "/hook/cms/" + sys.argv[1], "headers": {}, "isBase64Encoded": False,
         "requestContext": {"http": {"method": "POST"}, "timeEpoch": "1772452800000"},
         "body": "alertName=r&alertState=ALERT&timestamp=1772452800000&transId=a&dimensions={instanceId=amqp-cn-1}"}
print("status", handler(json.dumps(event).encode(), None)["statusCode"])
print(json.dumps(sorted(sys.modules)))
"""
LINE = """
import json
from tests.security.asker import main
main()
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("package", INVENTORY.values(), ids=list(INVENTORY))
def test_a_licence_is_one_that_fits(package: Package) -> None:
    assert words(package.licence), f"{package.name} says nothing of its licence"
    assert set(words(package.licence)) <= ALLOWED, package.licence


def test_every_dependency_is_pinned_to_what_is_installed() -> None:
    """`constraints.txt` has a version for each, the ones that others bring along too."""
    pinned = pins()
    assert {name: pinned.get(name) for name in INVENTORY} == {name: one.version for name, one in INVENTORY.items()}


def test_the_page_lists_what_there_is() -> None:
    """Some come with one Python and not with another: those say so."""
    rows = {row["package"]: row for row in table("What there is")}
    some = {name for name, row in rows.items() if "Python" in row["for"]}
    assert set(rows) - some <= OF_THIS_PYTHON <= set(rows)
    assert {name: rows[name]["licence"] for name in OF_THIS_PYTHON} == {
        name: one.licence for name, one in INVENTORY.items()
    }
    assert {name: rows[name]["for"].partition(";")[0] for name in OF_THIS_PYTHON} == {
        name: whose(one) for name, one in INVENTORY.items()
    }
    assert list(rows) == sorted(rows)


def whose(package: Package) -> str:
    """For whom a package is there: the functions first, as all others have theirs too."""
    return next(who for who in ("runtime", "cli", "local") if who in package.needed_by)


@pytest.fixture(scope="module")
def met(runs: Any) -> Mapping[str, set[str]]:
    """What is loaded by whom, each in a process of its own."""
    nobody = "127.0.0.1:1"
    shown = {
        "every call": runs(DOOR, ENVIRON, "wrong").stdout,
        "the ledger": runs(DOOR, ENVIRON, "right").stdout,
        "the vendor": runs(LINE, ENVIRON, "an order", nobody).stdout,
        "a message": runs(LINE, ENVIRON, "a message", nobody).stdout,
    }
    assert "status 404" in shown["every call"]
    assert "status 503" in shown["the ledger"]
    return {who: loaded(json.loads(out.splitlines()[-1])) & OF_THIS_PYTHON for who, out in shown.items()}


def test_the_page_says_what_a_cold_alert_loads(met: Mapping[str, set[str]]) -> None:
    """So that it is known whose faults a stranger's request can reach, before its token was looked at and after."""
    rows = {row["package"]: row["loaded by"] for row in table("What there is") if row["package"] in OF_THIS_PYTHON}
    runtime = {name for name in rows if "runtime" in INVENTORY[name].needed_by}
    first = {name: next((who for who, names in met.items() if name in names), "elsewhere") for name in runtime}
    assert {name: rows[name] for name in runtime} == first
    assert all(not rows[name] for name in rows.keys() - runtime)


@pytest.mark.parametrize("row", FAULTS, ids=[f"{row['package']} {row['fault']}" for row in FAULTS])
def test_what_is_installed_has_no_known_fault(row: Row) -> None:
    assert row["source"], row
    affected = [SpecifierSet(one) for one in row["affected"].split(" or ")]
    assert not any(INVENTORY[row["package"]].version in one for one in affected)


def test_every_fault_is_of_a_dependency() -> None:
    assert {row["package"] for row in FAULTS} <= OF_THIS_PYTHON


def test_the_page_knows_what_the_vendors_sdk_carries_inside() -> None:
    """Nobody else updates that, and no scanner of installed packages sees it."""
    rows = {row["package"]: row["version"] for row in table("Inside the vendor's SDK")}
    assert rows == dict(vendored())


def test_each_known_fault_of_what_the_sdk_carries_is_judged() -> None:
    """As many as there are: the SDK's copies are old."""
    judged = {(row["package"], row["fault"]): row["reached"] for row in table("Faults inside the vendor's SDK")}
    inside = dict(vendored())
    known = {
        (row["package"], row["fault"])
        for row in FAULTS
        if row["package"] in inside
        and any(inside[row["package"]] in SpecifierSet(one) for one in row["affected"].split(" or "))
    }
    assert known == set(judged)
    assert all(len(why) > 10 for why in judged.values())


def test_the_sdk_asks_for_no_compression_and_checks_certificates(root: Path) -> None:
    """What the judgements on the page lean on. That it follows no redirect is shown by `test_bad_ends.py`."""
    import aliyunsdkcore.client as client  # noqa: PLC0415, PLR0402 - its source is what is asked for
    from aliyunsdkcore.http import http_response  # noqa: PLC0415

    assert "add_header('Accept-Encoding', 'identity')" in Path(client.__file__).read_text("utf-8")
    sender = Path(http_response.__file__).read_text("utf-8")
    assert "allow_redirects=False" in sender
    assert "os.environ.get('ALIBABA_CLOUD_CA_BUNDLE', True)" in sender
    assert "verify" not in (root / "tidegate" / "aliyun" / "line.py").read_text("utf-8")


def test_the_page_says_when_it_was_compiled_and_what_it_cannot_know() -> None:
    text = PAGE.read_text("utf-8")
    compiled = date.fromisoformat(text.partition("Compiled on ")[2][:10])
    assert compiled >= date(2026, 11, 28)
    assert "without a network" in text
    assert PAGE.name in (ROOT / "SECURITY.md").read_text("utf-8")
