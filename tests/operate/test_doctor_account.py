"""Whose key it is, whose clock, and who answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_a_wrong_secret_is_named_with_the_vendors_word(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong")
    found = clinic.finds("credentials")
    assert (found.level, found.do) == ("FAIL", "check the access key that Tidegate runs with")
    assert found.found.startswith("SignatureDoesNotMatch")


def test_a_key_of_another_account_is_named(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_ACCOUNT", "9999999999999999")
    found = clinic.finds("credentials")
    assert found.level == "FAIL"
    assert found.found == "the key is of account 1234567890123456, TIDEGATE_ACCOUNT says 9999999999999999"
    assert found.do.startswith("use a key of that account, or correct TIDEGATE_ACCOUNT")


def test_a_user_is_told_by_name_and_the_accounts_own_key_is_remarked_on(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the account's own key; a RAM user's is enough" in clinic.finds("credentials").found
    user = clinic.edit(lambda: clinic.cloud.identity.create_user("li"))
    with clinic.key_of(user, monkeypatch):
        assert clinic.finds("credentials").found == "acs:ram::1234567890123456:user/li"


SKEWS = {
    3600: ("FAIL", "ahead of the vendor", "set its clock: a signature holds for 15 minutes only"),
    -3600: ("FAIL", "behind the vendor", "set its clock"),
    120: ("WARN", "ahead of the vendor", "let the clock be kept by NTP"),
    5: ("ok", "within ", ""),
}


@pytest.mark.parametrize("behind_s", SKEWS)
def test_a_skewed_clock_is_named_before_signatures_are_refused(
    clinic: Any, behind: Callable[[int], str], monkeypatch: pytest.MonkeyPatch, behind_s: int
) -> None:
    level, told, do = SKEWS[behind_s]
    monkeypatch.setenv("TIDEGATE_ENDPOINT", behind(behind_s))
    found = clinic.finds("clock")
    assert found.level == level
    assert told in found.found
    assert found.do.startswith(do)


def test_a_host_that_gives_no_answer_is_named(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_OSS_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("TIDEGATE_FC_ENDPOINT", "127.0.0.1:1")
    found = clinic.finds("endpoints")
    assert found.level == "FAIL"
    assert found.found == "Function Compute: no answer (ConnectionError); OSS: no answer (ConnectionError)"
    assert found.do == "look at DNS, the proxy, the firewall and TIDEGATE_ENDPOINT here"


def test_a_proxy_of_the_shell_is_not_asked_for_a_cloud_on_this_machine(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = clinic.environment["TIDEGATE_ENDPOINT"]
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for name in (endpoint, endpoint.replace("127.0.0.1", "localhost")):
        monkeypatch.setenv("TIDEGATE_ENDPOINT", name)
        assert clinic.finds("credentials").level == "ok"
