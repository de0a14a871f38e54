"""The process of one worker: started as any other, or forked from one that has the libraries in memory already.

Forking is quicker and is right for nearly every function. A function that brings its own copy of a library, or sets
what an interpreter or a library reads as it begins, gets a process that begins with it.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from select import poll
from threading import Lock
from typing import Protocol

from localcloud.fc.environment import BASE
from localcloud.fc.forkserver import LARGEST

LAUNCH_FOLDER = Path(__file__).resolve().parents[2]
LAYERS = Path("/opt/python")
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "PYDANTIC_")
"""How the variables begin that count only from the first moment of a process."""
ANSWERS_WITHIN_S = 30.0


class Process(Protocol):
    """What the host must know of a worker's process, and do to it."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Something but None when it has ended."""

    def wait(self) -> object:
        """Wait for its end."""

    def kill(self) -> None:
        """Kill it, if it still runs."""

    def terminate(self) -> None:
        """Ask it to end, if it still runs."""


class Forked:
    """A process that is no child of ours, by its pidfd: another process with its number is never mistaken for it."""

    def __init__(self, pid: int, watch: int) -> None:
        self.pid = pid
        self._watch = watch
        self._lock = Lock()
        self._has_ended = False

    def poll(self) -> int | None:
        """Give 0 when it has ended, however it did."""
        return 0 if self._is_over(0) else None

    def wait(self) -> object:
        """Wait for its end."""
        return self._is_over(None)

    def kill(self) -> None:
        """Kill it, if it still runs."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end, if it still runs."""
        self._signal(signal.SIGTERM)

    def _is_over(self, limit_ms: int | None) -> bool:
        with self._lock:
            if self._has_ended:
                return True
            # A copy, as the loop may ask, and close it, while a thread waits.
            watch = os.dup(self._watch)
        try:
            end = poll()
            end.register(watch)
            is_over = bool(end.poll(limit_ms))
        finally:
            os.close(watch)
        if is_over:
            self._forget()
        return is_over

    def _forget(self) -> None:
        with self._lock:
            if not self._has_ended:
                self._has_ended = True
                os.close(self._watch)

    def _signal(self, number: signal.Signals) -> None:
        # While it is locked the pidfd cannot become another process's.
        with self._lock, suppress(ProcessLookupError):
            if not self._has_ended:
                signal.pidfd_send_signal(self._watch, number)


class ForkServer:
    """One such process, for all clouds of this one. It ends with us."""

    def __init__(self, libraries: Sequence[str]) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(ANSWERS_WITHIN_S)
        self.loaded: frozenset[str] = frozenset()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "localcloud.fc.forkserver", str(theirs.fileno()), *libraries],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=BASE,
                cwd=LAUNCH_FOLDER,
            )
        atexit.register(self.close)

    @property
    def is_ready(self) -> bool:
        """Whether it has loaded the libraries; then `loaded` names all that it has, the standard ones too."""
        if not self.loaded:
            with suppress(OSError):
                self.loaded = frozenset(self._line.recv(LARGEST, socket.MSG_DONTWAIT).decode().split())
        return bool(self.loaded)

    def fork(self, environment: Mapping[str, str], nice: int, line: int, log: int) -> Forked:
        """Have a worker forked that has these ends of its line and its log. Raises OSError where it does not answer."""
        asked = {"environment": dict(environment), "nice": nice}
        socket.send_fds(self._line, [json.dumps(asked).encode()], [line, log])
        said, watches, _, _ = socket.recv_fds(self._line, 64, 1)
        if not said or not watches:
            raise ConnectionResetError("the fork server is gone")
        return Forked(int(said), watches[0])

    def close(self) -> None:
        """End it. What was forked from it goes on."""
        atexit.unregister(self.close)
        self._line.close()
        self._process.kill()
        self._process.wait()


class Launcher:
    """Starts workers, in the quickest way that is right for a function."""

    def __init__(self, libraries: Sequence[str] = ()) -> None:
        self._libraries = tuple(libraries)
        self._can_fork = bool(libraries) and hasattr(os, "pidfd_open")

    def prepare(self) -> None:
        """Let the libraries be loaded before the first worker is needed: later that would be in a worker's way."""
        if self._can_fork:
            _server_of(self._libraries)

    def launch(self, environment: Mapping[str, str], places: Iterable[Path], nice: int, line: int, log: int) -> Process:
        """Start a worker that has these ends of its line and its log. Takes some milliseconds. Raises OSError.

        `places` are the folders in which the function's own modules lie, which go before libraries.
        """
        server = _server_of(self._libraries) if self._can_fork and not _is_read_at_start(environment) else None
        if server is not None and server.loaded.isdisjoint(_modules_in(places)):
            try:
                return server.fork(environment, nice, line, log)
            except TimeoutError:
                # It may still fork, and two workers on one line would answer for each other.
                _forget(self._libraries, server)
                raise
            except OSError:
                _forget(self._libraries, server)
        return subprocess.Popen(
            [sys.executable, "-m", "localcloud.fc.worker", str(line), str(nice)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(line,),
            env=dict(environment),
            cwd=LAUNCH_FOLDER,
        )


def _is_read_at_start(environment: Mapping[str, str]) -> bool:
    return any(name.startswith(READ_AT_START) for name in environment if environment[name] != BASE.get(name))


def _modules_in(places: Iterable[Path]) -> set[str]:
    """The names of the modules that lie in these folders, or in a layer's."""
    return {each.name.partition(".")[0] for place in (*places, LAYERS) if place.is_dir() for each in place.iterdir()}


_LOCK = Lock()
_SERVERS: dict[tuple[str, ...], ForkServer] = {}


def _server_of(libraries: tuple[str, ...]) -> ForkServer | None:
    """The fork server with these libraries, once it is ready; it is begun where there is none."""
    with _LOCK:
        server = _SERVERS.get(libraries)
        if server is None:
            server = _SERVERS[libraries] = ForkServer(libraries)
        return server if server.is_ready else None


def _forget(libraries: tuple[str, ...], server: ForkServer) -> None:
    """Begin anew: this one does not answer."""
    with _LOCK:
        if _SERVERS.get(libraries) is server:
            del _SERVERS[libraries]
    server.close()
