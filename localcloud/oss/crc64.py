"""CRC-64/ECMA-182 as OSS reports it in `x-oss-hash-crc64ecma`; the SDK compares it with its own."""

from __future__ import annotations

POLYNOMIAL = 0xC96C5795D7870F42  # ECMA-182, lowest bit first
ALL_ONES = 0xFFFFFFFFFFFFFFFF


def _row(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = tuple(_row(byte) for byte in range(256))


def crc64(body: bytes) -> int:
    """Give the checksum of a body."""
    value = ALL_ONES
    for byte in body:
        value = TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ ALL_ONES
