"""How each product names the errors of the front door: the same refusal has another code at every product."""

from __future__ import annotations

from dataclasses import dataclass, replace

from localcloud.rpc.operation import ApiError


@dataclass(frozen=True)
class Word:
    """One error as a product names it."""

    code: str
    status: int = 400

    def says(self, message: str) -> ApiError:
        """Make the error, with a message for this occasion."""
        return ApiError(self.code, message, self.status)


@dataclass(frozen=True)
class Words:
    """The errors of the front door in one product's words (fact C.2)."""

    unknown_key: Word = Word("InvalidAccessKeyId.NotFound")
    wrong_signature: Word = Word("SignatureDoesNotMatch")
    wrong_time: Word = Word("InvalidTimeStamp.Expired")
    used_nonce: Word = Word("SignatureNonceUsed")
    no_action: Word = Word("InvalidAction.NotFound", 404)
    wrong_method: Word = Word("UnsupportedHTTPMethod")
    denied: Word = Word("NoPermission", 403)
    throttled: Word = Word("Throttling.User")


COMMON = Words()

PRODUCTS = {
    # fact C.1
    "amqp-open": replace(COMMON, denied=Word("UnauthorizedOperation", 403), throttled=Word("Throttling.Api", 429)),
    # fact C.2: throttling is 400 here
    "CloudAPI": replace(COMMON, denied=Word("Forbidden.RAM", 403)),
    # fact C.3
    "BssOpenApi": replace(COMMON, denied=Word("NotAuthorized", 403)),
    # fact E
    "Cms": replace(COMMON, denied=Word("AccessForbidden", 403)),
    # fact flow 8.3
    "fnf": Words(
        unknown_key=Word("InvalidAccessKeyID", 403),
        wrong_signature=Word("SignatureNotMatch", 403),
        wrong_time=Word("RequestTimeTooSkewed", 403),
        used_nonce=Word("SignatureNotMatch", 403),
        no_action=Word("ActionNotSupported"),
        wrong_method=Word("ActionNotSupported"),
        denied=Word("AccessDenied", 403),
        throttled=Word("ResourceThrottled", 429),
    ),
}


def words_of(product: str) -> Words:
    """Give a product's words; one that nobody described speaks as most do."""
    return PRODUCTS.get(product, COMMON)
