"""A module in a folder."""


def handler(event: bytes, context: object) -> str:
    return "from below"
