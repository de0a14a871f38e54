"""CRC-64/ECMA-182 as OSS reports it in `x-oss-hash-crc64ecma`, and Function Compute of code."""

from __future__ import annotations

import crcmod  # comes with the OSS SDK

_crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


def crc64(body: bytes) -> str:
    """Give the checksum of a body as the vendor writes it: a decimal number."""
    return str(_crc64(body))
