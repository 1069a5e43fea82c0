"""Processes of the product as `subprocess` has them, but forked by `tests.forking`: no interpreter has to start."""

import atexit
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from tests.forking import Wanted

_PROJECT = Path(__file__).resolve().parents[1]
_ONE_AT_A_TIME = threading.Lock()


class Forked:
    """
    What `python -m ENTRY WORDS` would be, started.

    Its folder is the project.
    """

    def __init__(
        self,
        entry: str,
        words: Sequence[str],
        *,
        environ: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> None:
        wanted = Wanted(entry=entry, words=list(words), environ=dict(environ), folder=str(_PROJECT))
        self._told, telling = os.pipe()
        weakref.finalize(self, os.close, self._told)
        self._reading = threading.Lock()
        self._status: int | None = None
        try:
            with _ONE_AT_A_TIME:
                control = _forking()
                socket.send_fds(control, [msgspec.json.encode(wanted)], [stdin, stdout, stderr, telling])
                self.pid = int(control.recv(32))
        finally:
            os.close(telling)

    def poll(self) -> int | None:
        """Its exit status if it has ended; minus the number of the signal that ended it."""
        return self._ended(0)

    def wait(self, timeout_s: float) -> int:
        """Its exit status, when it has ended. Raises subprocess.TimeoutExpired."""
        status = self._ended(timeout_s)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout_s)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens to a process that has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, timeout_s: float) -> int | None:
        if self._status is None:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._told, selectors.EVENT_READ)
                if not waiting.select(timeout_s):
                    return None
            with self._reading:
                if self._status is None:
                    self._status = int(os.read(self._told, 32))
        return self._status


def run(
    entry: str, words: Sequence[str], *, environ: Mapping[str, str], typed: str, timeout_s: float
) -> tuple[int, str, str]:
    """
    Its exit status, and what it wrote to standard output and standard error.

    Raises subprocess.TimeoutExpired, and it is killed then.
    """
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(typed.encode())
        stdin.seek(0)
        process = Forked(
            entry, words, environ=environ, stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno()
        )
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        return status, _text(stdout), _text(stderr)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _forking() -> socket.socket:
    """What is asked. It ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(theirs):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            cwd=_PROJECT,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
