"""Tidegate keeps managed instances on Alibaba Cloud at the right size, one proven order at a time."""

__version__ = "0.1.0"
