"""Nothing that signs, or was signed, gets into a message, a traceback or a log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tidegate.aliyun.client import Aliyun
from tidegate.aliyun.credentials import Credentials
from tidegate.aliyun.errors import VendorError

SECRET = "kfg0S3cr/tKey+nobody=sees"
TOKEN = "CAIS+temporary/token=="
SPELLINGS = [spelled for plain in (SECRET, TOKEN) for spelled in (plain, quote(plain, safe=""))]


def tell_string_to_sign(vendor: Any) -> None:
    """Answer as the vendor does to a wrong signature: with all that it signed, the token among it."""
    signed = "GET&%2F&" + quote(f"AccessKeyId=LTAI&SecurityToken={quote(TOKEN, safe='')}", safe="")
    message = f"Specified signature is not matched with our calculation. server string to sign is:{signed}"
    vendor.refuses(400, "SignatureDoesNotMatch", message)


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize(
    "tell",
    [
        lambda vendor: vendor.resets(),
        lambda vendor: vendor.hangs(),
        lambda vendor: vendor.says(502, b"<html>"),
        lambda vendor: vendor.says(200, b"<html>" + TOKEN.encode()),
        tell_string_to_sign,
    ],
    ids=["reset", "hang", "HTML", "echo", "string to sign"],
)
def test_no_secret_is_in_the_log_the_message_or_the_traceback(
    vendor: Any,
    aliyun_at: Callable[..., Aliyun],
    tell: Callable[[Any], None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    tell(vendor)
    with pytest.raises(VendorError) as caught:
        aliyun_at(vendor.endpoint, security_token=TOKEN, read_s=0.2).call("amqp-open", "GetInstance", {}, read=False)
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    out, err = capfd.readouterr()
    signature = quote(vendor.seen[0].query["Signature"], safe="")
    for spelled in (*SPELLINGS, quote(SPELLINGS[3], safe=""), signature):
        assert spelled not in caplog.text + out + err + printed
    assert "aliyunsdkcore" not in caplog.text


def test_a_lost_connection_to_a_closed_port_does_not_print_the_signed_url(aliyun_at: Callable[..., Aliyun]) -> None:
    with pytest.raises(VendorError) as caught:
        aliyun_at("127.0.0.1:1", security_token=TOKEN).call("amqp-open", "UpdateInstance", {}, read=False)
    printed = "".join(traceback.format_exception(caught.value))
    assert "Signature=" not in printed
    assert not any(spelled in printed for spelled in SPELLINGS)


def test_credentials_do_not_show_what_is_secret() -> None:
    assert repr(Credentials("LTAI", SECRET, TOKEN)) == "Credentials(access_key_id='LTAI')"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url: /?Action=X&Signature=abc%3D (Caused by", "url: /?[hidden] (Caused by"),
        ("Signature=abc%3D&Action=X", "Signature=[hidden]&Action=X"),
        ("server string to sign is:GET&%2F&AccessKeyId", "server string to sign is:[hidden]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_was_signed_with_another_key_is_hidden_too(text: str, expected: str) -> None:
    assert Credentials("LTAI", "", "").redact(text) == expected
