"""What the parts of a deployment are called: each name begins with the deployment's prefix, as `template.yml` says."""

from __future__ import annotations

import re

DEFAULT = "tidegate"
FORM = re.compile(r"[a-z][a-z0-9-]{0,14}[a-z0-9]")
"""As in the template. The longest name is a bucket's, 63 characters: prefix, `-ledger-`, account, region."""
WORDS = "2 to 16 small letters, digits and hyphens, a letter first and no hyphen last"


def is_prefix(text: str) -> bool:
    """Whether names may begin so."""
    return FORM.fullmatch(text) is not None


def function_name(prefix: str, short: str) -> str:
    """What a function is called: `tidegate-on-alert`."""
    return f"{prefix}-{short}"


def flow_name(prefix: str) -> str:
    """What the workflow is called."""
    return f"{prefix}-resize"


def ledger_bucket(prefix: str, account: str, region: str) -> str:
    """The bucket of the ledger, where none is named."""
    return f"{prefix}-ledger-{account}-{region}"


def code_bucket(prefix: str, account: str, region: str) -> str:
    """The bucket of the packed code."""
    return f"{prefix}-code-{account}-{region}"


def prefix_of_ledger(bucket: str, account: str, region: str) -> str:
    """The prefix of the deployment whose ledger is in this bucket, as far as its name tells; empty if it does not."""
    end = ledger_bucket("", account, region)
    return bucket.removesuffix(end) if bucket.endswith(end) and is_prefix(bucket.removesuffix(end)) else ""
