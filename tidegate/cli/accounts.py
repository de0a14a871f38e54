"""Whose the access key is, before anything is judged by a ledger that is kept by account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.aliyun.codes import STS
from tidegate.aliyun.errors import VendorError
from tidegate.app.wiring import vendor
from tidegate.cli.errors import Mistake
from tidegate.cli.streams import complain
from tidegate.settings import read_cli_settings, read_settings

if TYPE_CHECKING:
    from tidegate.aliyun.client import Aliyun


def make_sure_of_account(stated: str) -> None:
    """See that the key is of the account that is stated, as policies lie in the bucket without one.

    By another account's number the ledger seems to be empty: nothing under way, no order open. Raises Mistake. Where
    nobody can tell it is only said; a store in a file has no key to tell by.
    """
    settings = read_settings()
    if not settings.store.startswith("oss://"):
        return
    aliyun = vendor(read_cli_settings(), settings.region)
    try:
        make_sure_whose(aliyun, stated)
    finally:
        aliyun.close()


def make_sure_whose(aliyun: Aliyun, stated: str) -> None:
    """See that what signs is of the account that is stated. Raises Mistake; where nobody can tell it is only said."""
    try:
        account = aliyun.call(STS, "GetCallerIdentity", {}, read=True).get("AccountId")
    except VendorError as error:
        complain(f"warning: whether the key is of account {stated} cannot be told: {error}")
        return
    if not account or not isinstance(account, str):
        complain(f"warning: whether the key is of account {stated} cannot be told: the answer names none")
    elif account != stated:
        raise Mistake(
            f"the key is of account {account}, TIDEGATE_ACCOUNT says {stated}, and the ledger is kept by account: "
            "correct TIDEGATE_ACCOUNT, or use a key of that account"
        )
