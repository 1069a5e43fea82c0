"""Forks processes of the product, which it has imported: `python -m tests.forking SOCKET`, for `tests.forked`.

Starting an interpreter and importing the product takes a second of a processor, and the tests start hundreds of
servers and commands. What is forked here is a process like any other: its own environment, folder and standard streams,
its own end. It opens no store and starts no thread before it forks.
"""

import gc
import os
import selectors
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Final

import msgspec

MOST_BYTES: Final = 128 * 1024
STREAMS: Final = 3
ENTRIES: Final[Mapping[str, str]] = {"registry": "registry.cli.main", "tests.entry": "tests.entry"}
"""What `python -m` would be told, and the module whose `main` that runs."""

_METRICS_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A process to be. With it come its standard streams, and the descriptor that is told how it ended."""

    entry: str
    words: list[str]
    environ: dict[str, str]
    folder: str


def main() -> None:
    """Fork until whoever asks is gone, and end what is left then. In what was forked: be what was wanted."""
    _import_everything()
    be = _fork_until_gone(socket.socket(fileno=int(sys.argv[1])))
    if be is not None:
        be()


def _import_everything() -> None:
    # What counts is shared between processes only if this is set when it is imported; each server sets its own.
    with tempfile.TemporaryDirectory() as folder:
        os.environ[_METRICS_DIRECTORY] = folder
        for name in ("registry.app", "registry.serve", *ENTRIES.values()):
            import_module(name)
        from registry.cli.main import cli

        with cli.make_context("mcp-registry", [], resilient_parsing=True) as context:
            for command in cli.list_commands(context):
                cli.get_command(context, command)
        assert not os.listdir(folder), "nothing is counted before there is a server"
    del os.environ[_METRICS_DIRECTORY]
    assert threading.active_count() == 1, "a thread would not be in what is forked"
    gc.collect()
    gc.freeze()


def _fork_until_gone(control: socket.socket) -> Callable[[], None] | None:
    """None in this process; in each that was forked, what it is to do."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(control, selectors.EVENT_READ)
        while True:
            for ready, _ in waiting.select():
                if ready.fileobj is not control:
                    _reap(ready.fd, *ready.data)
                    waiting.unregister(ready.fd)
                    os.close(ready.fd)
                    continue
                message, descriptors, *_ = socket.recv_fds(control, MOST_BYTES, STREAMS + 1)
                if not message:
                    _end(key.data[0] for key in waiting.get_map().values() if key.fileobj is not control)
                    return None
                pid = os.fork()
                if pid == 0:
                    others = [key for key in waiting.get_map().values() if key.fileobj is not control]
                    for key in others:
                        os.close(key.fd)
                        os.close(key.data[1])
                    control.close()
                    return _become(msgspec.json.decode(message, type=Wanted), descriptors)
                for stream in descriptors[:STREAMS]:
                    os.close(stream)
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, descriptors[STREAMS]))
                control.send(str(pid).encode())


def _reap(_: int, pid: int, told: int) -> None:
    _, status = os.waitpid(pid, 0)
    os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(told)


def _end(pids: Iterable[int]) -> None:
    """Nobody is left who would: tests that were killed leave no servers behind."""
    for pid in pids:
        os.kill(pid, signal.SIGTERM)


def _become(wanted: Wanted, descriptors: list[int]) -> Callable[[], None]:
    for number, stream in enumerate(descriptors[:STREAMS]):
        os.dup2(stream, number)
    for descriptor in descriptors:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(wanted.environ)
    os.chdir(wanted.folder)
    sys.argv = [wanted.entry, *wanted.words]
    be: Callable[[], None] = import_module(ENTRIES[wanted.entry]).main
    return be


if __name__ == "__main__":
    # Whoever interrupts the tests ends what was forked; this ends when its asker does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
