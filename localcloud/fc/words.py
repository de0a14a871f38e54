"""Function Compute's names for the errors of its front door."""

from __future__ import annotations

from localcloud.rpc.words import Word, Words

WORDS = Words(
    unknown_key=Word("InvalidAccessKeyID", 403),
    wrong_signature=Word("SignatureNotMatch", 403),
    wrong_time=Word("RequestTimeTooSkewed", 403),
    used_nonce=Word("SignatureNonceUsed", 403),
    no_action=Word("PathNotSupported"),
    wrong_method=Word("PathNotSupported"),
    denied=Word("AccessDenied", 403),
    throttled=Word("ResourceThrottled", 429),
)
