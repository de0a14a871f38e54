"""The parts of Alibaba Cloud that Tidegate touches, on one machine, reached through the vendors' own SDKs."""
