"""The command line, its failures and its mistakes, with everything logged: no secret on either of its streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

COMMANDS = """
import os, traceback
from tidegate.cli import main
words, endpoints = sys.argv[1].split(), sys.argv[2:]
for endpoint in endpoints:
    os.environ["TIDEGATE_OSS_ENDPOINT"] = f"http://{endpoint}"
    os.environ["TIDEGATE_FC_ENDPOINT"] = endpoint
    try:
        print("ended", main(words), flush=True)
    except Exception:
        traceback.print_exc()
        print("ended", "badly", flush=True)
"""
READING = ("status", "status --json", "history orders-mq", "plan", "policy show orders-mq", "explain orders-mq --json")
ASKING = (
    ("resize orders-mq --to large --for 2h", "3.0"),
    ("resize orders-mq --to large --for 2h --json", "2.0"),
    ("ack orders-mq --json", "2.0"),
    ("pause --fleet --reason test", "3.0"),
)
AGAIN = {"a page of a proxy", "headers that are none", "half an answer", "no HTTP", "a reset"}
"""After these it is asked again, and again, a second apart; one such end is enough here."""


@pytest.fixture
def environ(canaries: Mapping[str, str], key_id: str) -> dict[str, str]:
    """A person's shell."""
    return {
        "TIDEGATE_ACCOUNT": "1",
        "TIDEGATE_REGION": "cn-hangzhou",
        "TIDEGATE_STORE": "oss://ledger",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": canaries["access key secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": canaries["security token"],
        "TIDEGATE_HOOK_TOKENS": canaries["hook token"],
        "TIDEGATE_CHAT_URL": f"json://127.0.0.1:1/{canaries['channel']}",
    }


@pytest.mark.parametrize("asking", ASKING)
def test_whatever_answers_in_the_place_of_the_function_no_secret_is_printed(
    asking: tuple[str, str], shouters: Any, runs: Any, environ: dict[str, str], leaks: Callable[..., list[str]]
) -> None:
    (words, api), (servers, elsewhere) = asking, shouters
    strays = len(elsewhere.heard)
    ends = [server.endpoint for name, server in servers.items() if name not in AGAIN]
    ran = runs(COMMANDS, {**environ, "TIDEGATE_FC_API": api}, words, *ends)
    assert ran.stdout.count("ended 1") == len(ends), ran.stdout + ran.stderr
    assert leaks(ran.stdout + ran.stderr) == []
    assert elsewhere.heard[strays:] == []


@pytest.mark.parametrize("words", READING)
def test_whatever_answers_in_the_place_of_the_bucket_no_secret_is_printed(
    words: str, shouters: Any, runs: Any, environ: dict[str, str], leaks: Callable[..., list[str]]
) -> None:
    servers, elsewhere = shouters
    strays = len(elsewhere.heard)
    ends = ["the string to sign", "a refusal of OSS", "a forbidding page", "a redirect"]
    ran = runs(COMMANDS, environ, words, *(servers[name].endpoint for name in ends))
    assert ran.stdout.count("ended 1") == len(ends), ran.stdout + ran.stderr
    assert leaks(ran.stdout + ran.stderr) == []
    assert elsewhere.heard[strays:] == []


@pytest.mark.once
@pytest.mark.parametrize("how", [("3.0", "the string to sign"), ("2.0", "a refusal of OSS")])
def test_whatever_answers_the_doctor_or_a_call_by_hand_no_secret_is_printed(
    how: tuple[str, str], shouters: Any, runs: Any, environ: dict[str, str], leaks: Callable[..., list[str]]
) -> None:
    """The report is read as well: it is made to be passed on."""
    (api, end), (servers, elsewhere) = how, shouters
    strays, endpoint = len(elsewhere.heard), servers[end].endpoint
    environ |= {"TIDEGATE_FC_API": api, "TIDEGATE_ENDPOINT": endpoint}
    looked = runs(COMMANDS, environ, "doctor --send-test --report /dev/stdout", endpoint)
    called = runs(COMMANDS, environ, "invoke on-schedule --json", endpoint)
    assert "ended 1" in looked.stdout
    assert "| credentials | FAIL |" in looked.stdout
    assert "ended 1" in called.stdout
    assert leaks(looked.stdout + looked.stderr + called.stdout + called.stderr) == []
    assert elsewhere.heard[strays:] == []


@pytest.mark.parametrize("missing", ["TIDEGATE_STORE", "TIDEGATE_REGION", "ALIBABA_CLOUD_ACCESS_KEY_ID"])
def test_a_mistake_in_the_environment_is_told_without_its_values(
    missing: str, runs: Any, environ: dict[str, str], leaks: Callable[..., list[str]]
) -> None:
    """As when the secret has landed in the variable of another."""
    environ[missing] = environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] if missing == "TIDEGATE_STORE" else ""
    ran = runs(COMMANDS, environ, "status", "127.0.0.1:1")
    assert "ended 2" in ran.stdout or "ended 1" in ran.stdout
    assert leaks(ran.stdout + ran.stderr) == []


def test_a_bug_of_ours_shows_no_local_values(
    runs: Any, environ: dict[str, str], leaks: Callable[..., list[str]]
) -> None:
    """What nobody foresaw is a plain traceback: lines of code, and nothing that they held."""
    code = """
from tidegate.cli import commands, main
from tidegate.settings import read_settings
@commands.app.command()
def surprise():
    held = read_settings()
    secret = held.access_key_secret
    raise ZeroDivisionError
main(["surprise"])
"""
    ran = runs(code, environ, check=False)
    assert "ZeroDivisionError" in ran.stderr
    assert leaks(ran.stdout + ran.stderr) == []


def test_a_netrc_is_not_sent_to_whoever_takes_requests(
    tmp_path: Any, shouters: Any, runs: Any, environ: dict[str, str], canaries: Mapping[str, str]
) -> None:
    """`requests` would put the password of a `.netrc` in the place of our signature."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login somebody password {canaries['channel key']}\n")
    netrc.chmod(0o600)
    servers, _ = shouters
    server = servers["a page with 200"]
    code = """
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun import functions, endpoints
from datetime import datetime, timezone
endpoints.LOOPBACK = ("nowhere",)
now = datetime.now(timezone.utc)
functions.invoke(functions.Function("http://" + sys.argv[1], "f"), Credentials("LTAI", "s"), b"", at=now, nonce="n")
"""
    runs(code, {**environ, "NETRC": str(netrc)}, server.endpoint)
    heard = server.heard[-1]
    assert "ACS3-HMAC-SHA256" in heard.headers
    assert "Basic " not in heard.headers
    assert json.dumps(heard.headers).count("Authorization") == 1
