"""Who is asking: recorded with every request."""

from __future__ import annotations

import getpass
import socket

LONGEST = 200
"""Signs that a record takes of it."""


def caller_named(given: str = "") -> str:
    """The login here, and the name given with `--as` before it, of which as much is kept as there is room for."""
    here = _here()
    if not given:
        return here
    told = given[: LONGEST - len(f" ({here})")]
    return f"{told} ({here})"


def _here() -> str:
    """Login and host. Where the environment names a login without end, the host is still told."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError, ImportError):
        login = "nobody"
    host = f"@{socket.gethostname()}"
    # A file of logins may hold any bytes.
    return login.encode(errors="replace").decode()[: LONGEST // 2] + host
