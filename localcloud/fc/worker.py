"""One function instance: a process that behaves like Function Compute's Python runtime (facts fc 1 and 4).

`python -m localcloud.fc.worker <fd of its line to the host> <niceness>`. The interpreter is the host's own, whatever
Python the function asks for; what is installed beside it stands in for a layer, but not packages installed in editable
mode: those a function must bring in its own code. The process lives in simulated time: the host tells the time with
every request, and from there it runs at the machine's pace, so that the function's code needs no hook.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from localcloud.fc import context, loading, outcome
from localcloud.fc.frames import pack, receive

EXIT_TERMINATED = 143
_LABELS = {"invoke": "Invoke", "initialize": "Initialize", "pre_stop": "PreStop"}
_KEPT = frozenset(
    {
        "FC_FUNC_CODE_PATH",
        "FC_ACCOUNT_ID",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_REGION",
        "FC_CUSTOM_LISTEN_PORT",
        "FC_INSTANCE_ID",
        "FC_VER_ID",
        "FC_FUNCTION_VERSION",
        "FC_SERVICE_NAME",
        "FC_QUALIFIER",
    }
)


class _LogFormat(logging.Formatter):
    """`2026-03-02T12:00:03.123Z <request id> [INFO] message`, in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"
    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{self.formatTime(record)} {self.request_id} [{record.levelname}] {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class Worker:
    """Loads one function and answers one request at a time; modules and their globals live as long as it does."""

    def __init__(self, line: socket.socket, start: dict[str, Any]) -> None:
        self._line = line
        self._function: dict[str, Any] = start["function"]
        self._credentials: dict[str, str] | None = start["credentials"]
        self._code = Path(start["function"]["code"])
        self._travel = _traveller()
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._log_format = _LogFormat()

    def settle_in(self) -> None:
        """Put the function's code first in the path, go there, and forget where this runtime came from."""
        # What `ps` and `top` call this process; the kernel keeps the first 15 letters.
        with suppress(OSError):
            Path("/proc/self/comm").write_text(self._function["name"])
        # The first entry is where this runtime was started; it and editable installs would hide what the code lacks.
        root = sys.path.pop(0)
        sys.path[:] = [str(self._code), "/opt/python", *(place for place in sys.path if not _is_ours(place, root))]
        sys.meta_path[:] = [finder for finder in sys.meta_path if not _is_editable(finder)]
        for name in [name for name in sys.modules if name.partition(".")[0] == "localcloud"]:
            del sys.modules[name]
        environment = os.environ  # noqa: TID251 - this process is the platform: it makes the environment functions read
        for name in [name for name in environment if name.startswith(("FC_", "_FC_")) and name not in _KEPT]:
            del environment[name]
        os.chdir(self._code)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(self._log_format)
        logger = logging.getLogger()
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True)

    def serve(self) -> None:
        """Answer requests until the host hangs up."""
        while True:
            request, event = receive(self._line)
            self._travel(request["now"])
            self._line.sendall(self._answer(request, event))

    def _answer(self, request: dict[str, Any], event: bytes) -> bytes:
        step, request_id = request["step"], request["request_id"]
        if step == "load":
            return self._end(lambda: self._load(request["handler"]))[0]
        self._log_format.request_id = request_id
        print(f"FC {_LABELS[step]} Start RequestId: {request_id}")  # noqa: T201 - the platform's own log line
        reply, failure = self._end(lambda: self._run(request, event))
        sys.stderr.flush()
        print(f"FC {_LABELS[step]} End RequestId: {request_id}{failure}")  # noqa: T201 - the platform's own log line
        sys.stdout.flush()
        return reply

    def _run(self, request: dict[str, Any], event: bytes) -> bytes:
        handler = self._handler(request["handler"])
        its = context.build(self._function, self._credentials, request["request_id"], request["retry_count"])
        if request["step"] == "invoke":
            return outcome.serialized(handler(event, its))
        handler(its)
        return b""

    def _load(self, name: str) -> bytes:
        self._handler(name)
        return b""

    def _handler(self, name: str) -> Callable[..., Any]:
        if name not in self._handlers:
            self._handlers[name] = loading.load(name, self._code)
        return self._handlers[name]

    def _end(self, act: Callable[[], bytes]) -> tuple[bytes, str]:
        try:
            return pack({"ok": True}, act()), ""
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is the answer; only exits kill us
            # Two frames are ours, this method's and the step's; the third is left out of the answer.
            error.__traceback__ = _below(error, 2)
            traceback.print_exception(type(error), error, _below(error, 1))
            return pack({"ok": False}, outcome.failed(error)), ", Error: Unhandled function error"


def _below(error: Exception, count: int) -> Any:
    trace = error.__traceback__
    for _ in range(count):
        trace = trace.tb_next if trace and trace.tb_next else trace
    return trace


def _is_ours(place: str, root: str) -> bool:
    return place.startswith("__editable__") or (place == root and not root.endswith("-packages"))


def _is_editable(finder: Any) -> bool:
    return getattr(finder, "__module__", "").startswith("__editable__") or "Editable" in getattr(finder, "__name__", "")


def preload() -> None:
    """Load what every worker needs. Optional parts of time-machine are hidden: they cost 0.2 s."""
    hidden = [name for name in ("pytest", "dateutil", "dateutil.parser") if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = cast("Any", None)  # how Python marks a module as absent
    import time_machine  # noqa: PLC0415 - see above

    del time_machine
    for name in hidden:
        del sys.modules[name]


def _traveller() -> Callable[[float], None]:
    """Give what sets this process's clock."""
    preload()
    import time_machine  # noqa: PLC0415 - loaded with care, see above

    travel = time_machine.travel(0.0, tick=True)
    clock = travel.start()

    def to(now: float) -> None:
        clock.move_to(now)

    return to


def _terminated(number: int, frame: Any) -> None:
    """Show where every thread was when time ran out, then go."""
    del number, frame
    sys.stdout.flush()
    faulthandler.dump_traceback(sys.__stdout__ or sys.stdout, all_threads=True)
    os._exit(EXIT_TERMINATED)


def stand_apart(nice: int) -> None:
    """Lead a group, so that our children die with us, and give way to the platform, which shares this machine with us.

    Not a session: where the machine is full, the kernel would give each session as much as the platform has.
    """
    os.setpgid(0, 0)
    os.nice(nice)


def main() -> None:
    """Serve the host at the other end of the socket whose number is the first argument; the second is our niceness."""
    stand_apart(int(sys.argv[2]))
    line = socket.socket(fileno=int(sys.argv[1]))
    sys.argv[1:] = []
    work(line)


def work(line: socket.socket) -> None:
    """Serve the host at the other end of a line, until it hangs up."""
    line.set_inheritable(False)
    # Whoever runs the cloud in the background may have it ignore Ctrl-C, and that would be passed on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        start, _ = receive(line)
        worker = Worker(line, start)
        worker.settle_in()
        worker.serve()
    except (EOFError, ConnectionError):
        os._exit(0)


if __name__ == "__main__":
    main()
