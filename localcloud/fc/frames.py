"""What host and worker say to each other: frames of a JSON head and a body of bytes over one socket."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

_LENGTHS = struct.Struct("!II")


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """Give one frame."""
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def receive(line: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Wait for one frame, in the worker. Raises EOFError when the host is gone."""
    head, body = _LENGTHS.unpack(_exactly(line, _LENGTHS.size))
    return json.loads(_exactly(line, head)), _exactly(line, body)


async def receive_async(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Wait for one frame, in the host. Raises IncompleteReadError when the worker is gone."""
    head, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    return json.loads(await reader.readexactly(head)), await reader.readexactly(body)


def _exactly(line: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = line.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EOFError("the host is gone")
        parts += part
    return bytes(parts)
