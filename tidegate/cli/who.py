"""Who is asking: recorded with every request."""

from __future__ import annotations

import getpass
import socket


def caller_named(given: str = "") -> str:
    """The login here, and the name given with `--as` before it."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError, ImportError):
        login = "nobody"
    here = f"{login}@{socket.gethostname()}"
    return f"{given} ({here})" if given else here
