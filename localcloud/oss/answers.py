"""OSS's replies: XML, with its request id on every one, and its form of an error."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from localcloud.wire import Call, Reply

NOT_MODIFIED = 304
SERVER = {"server": "AliyunOSS"}
Node = tuple[str, "str | Iterable[Node]"]
"""An XML element: its name, and its text or its children."""


class OssError(Exception):
    """An error as OSS words it: code, message, HTTP status, and further fields of the XML."""

    def __init__(self, status: int, code: str, message: str, **fields: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.fields = status, code, message, fields


def invalid_argument(message: str, name: str = "", value: str = "") -> OssError:
    """Give the error for a value that OSS does not take."""
    return OssError(400, "InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def not_implemented(what: str) -> OssError:
    """Give the error for what OSS, or this stand-in, does not do; OSS's own wording is kept in front."""
    message = "A header you provided implies functionality that is not implemented."
    return OssError(501, "NotImplemented", message, Header=what)


def request_id() -> str:
    """Give a request id in OSS's form."""
    return secrets.token_hex(12).upper()


def ok(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """Give a success."""
    return Reply(status, body, {**SERVER, "x-oss-request-id": request_id(), **(headers or {})})


def ok_xml(root: Node) -> Reply:
    """Give a success with an XML body."""
    return ok(body=document(root), headers={"content-type": "application/xml"})


def refusal(error: OssError, call: Call) -> Reply:
    """Give an error. A HEAD has no body, so a header carries the XML; "not modified" has neither."""
    named = request_id()
    headers = {**SERVER, "x-oss-request-id": named}
    if error.status == NOT_MODIFIED:
        return Reply(error.status, b"", headers)
    known = [("Code", error.code), ("Message", error.message), ("RequestId", named)]
    body = document(("Error", [*known, ("HostId", call.headers.get("host", "")), *error.fields.items()]))
    if call.method == "HEAD":
        headers["x-oss-err"] = base64.b64encode(body).decode()
    return Reply(error.status, body, {**headers, "content-type": "application/xml"})


def document(root: Node) -> bytes:
    """Write an XML document."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + element(root)).encode("utf-8", "replace")


def element(node: Node) -> str:
    """Write one element."""
    name, content = node
    inner = escape(content) if isinstance(content, str) else "".join(element(child) for child in content)
    return f"<{name}>{inner}</{name}>"


def iso(at: datetime) -> str:
    """Write an instant as OSS's XML does."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_date(at: datetime) -> str:
    """Write an instant as HTTP headers do."""
    return at.astimezone(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
