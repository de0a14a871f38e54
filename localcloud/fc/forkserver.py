"""The process that workers are forked from: it has the libraries in memory that nearly every function loads.

`python -m localcloud.fc.forkserver <fd of its line to the host> <library>...`; of a library whose name ends with `.*`
all modules are loaded, for one that looks for its parts only when it is used. Most of a cold start is the loading of
libraries, and on this machine it would be paid for every instance of every function. A forked worker has them from
its first moment, as if it had just imported them; the function's own code it loads itself, every time. What must not
be shared so, the host starts in the ordinary way (`localcloud.fc.process`).

It has one thread, so it can be copied at any moment, and it forgets every child: the host holds a pidfd of each.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

LARGEST = 1 << 20
"""Of what is said over the line, in bytes."""
DESCRIPTORS = 2


def main() -> None:
    """Load the libraries, name all that is loaded, then fork whenever the host asks, until it hangs up."""
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    libraries, sys.argv[1:] = sys.argv[2:], []
    # Ctrl-C reaches all processes of a terminal; this one ends when the host does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Children are not waited for here, so that none stays behind as a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    from localcloud.fc import worker  # noqa: PLC0415 - loaded once here, for all that are forked

    worker.preload()
    for name in names(libraries):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    line.send(" ".join(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    while True:
        said, descriptors, _, _ = socket.recv_fds(line, LARGEST, DESCRIPTORS)
        if not said:
            return
        pid = os.fork()
        if pid == 0:
            line.close()
            become_worker(json.loads(said), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        try:
            watch = os.pidfd_open(pid)
        except OSError:
            # Whom nobody can watch must not answer; the host starts another one on the same line.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            raise
        socket.send_fds(line, [str(pid).encode()], [watch])
        os.close(watch)


def names(libraries: Iterable[str]) -> Iterator[str]:
    """Name the modules that are loaded for these libraries; of `package.*` the package's own and all below it."""
    for library in libraries:
        package = library.removesuffix(".*")
        yield package
        if package != library:
            with suppress(ImportError):
                places = importlib.import_module(package).__path__
                yield from (found.name for found in pkgutil.walk_packages(places, f"{package}.", lambda _: None))


def become_worker(asked: dict[str, object], line: int, log: int) -> None:
    """Stand as a process that was started for one worker, and be that worker. Never returns."""
    from localcloud.fc import worker  # noqa: PLC0415 - as above

    status: object = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.argv[0] = worker.__file__
        for stream in (1, 2):
            os.dup2(log, stream)
        os.close(log)
        environment = os.environ  # noqa: TID251 - this process is the platform: it makes the environment functions read
        environment.clear()
        environment.update(asked["environment"])  # type: ignore[call-overload]
        worker.stand_apart(int(str(asked["nice"])))
        worker.work(socket.socket(fileno=line))
        status = 0
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - whatever it is, this copy must not go on as the server
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
