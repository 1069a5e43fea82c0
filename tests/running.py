"""The real server as a child process, for tests that speak to it from outside."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from tests.doubles.clock import ClockFile
from tests.doubles.opened import OPEN
from tests.forked import Forked

_READY = "worker ready"
_PATIENCE_S = 30.0


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningRegistry:
    """
    A registry that serves from a folder of its own, on a free loopback port.

    Args:
        folder: Where its configuration, store and clock are. Starting again in the same folder goes on with them.
        configuration: TOML beside `[server]` and `[store]`: upstreams, `[anonymous]`, whatever the test is about.
        governance: The governance file it starts with; the default shows everything to `everyone`.
        https_port: Where its connections to port 443 end, whatever address they are for.
    """

    def __init__(
        self,
        folder: Path,
        configuration: str,
        *,
        governance: str = OPEN,
        workers: int = 1,
        server: str = "",
        https_port: int | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        self.config = folder / "registry.toml"
        self.store = folder / "registry.db"
        self.clock = ClockFile(folder / "clock")
        # Any: a line of a log holds what it was given.
        self.log: list[dict[str, Any]] = []
        self._clock_path = folder / "clock"
        self._https_port = https_port
        self._changed = threading.Condition()
        self._process: Forked | None = None
        self._stderr: BinaryIO | None = None
        self._reader: threading.Thread | None = None
        self.governance = folder / "governance.toml"
        self.governance.write_text(governance)
        self.config.write_text(
            f'[server]\nlisten = "127.0.0.1:{self.port}"\nworkers = {workers}\n{server}\n'
            f'[store]\npath = "{self.store}"\n\n[governance]\nfile = "governance.toml"\n\n{configuration}\n'
        )

    def start(self) -> Self:
        """Returns when every worker is ready."""
        ours, theirs = os.pipe()
        self._stderr = open(ours, "rb")  # noqa: SIM115 - closed when the process has ended
        with open(os.devnull) as nothing, open(theirs, "wb") as stderr:
            self._process = Forked(
                "tests.entry",
                [
                    *("--config", str(self.config), "--clock", str(self._clock_path)),
                    *(() if self._https_port is None else ("--https-port", str(self._https_port))),
                ],
                environ={name: value for name, value in os.environ.items() if not name.startswith("MCP_REGISTRY_")},
                stdin=nothing.fileno(),
                stdout=1,
                stderr=stderr.fileno(),
            )
        self._reader = threading.Thread(target=self._read, args=(self._process, self._stderr), daemon=True)
        self._reader.start()
        try:
            self.wait_for(_READY, times=self.count(_READY) + self.workers)
            self._wait_until_accepted()
        except AssertionError:
            self._end(signal.SIGKILL)
            raise
        return self

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it and all its workers at once, as a power cut would."""
        process = self._process
        assert process is not None
        for child in self.worker_pids():
            os.kill(child, signal.SIGKILL)
        return self._end(signal.SIGKILL)

    def worker_pids(self) -> list[int]:
        """The processes that answer."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(child) for child in children.split()]

    def wait_for(self, event: str, *, times: int = 1) -> None:
        """Wait until the log holds *times* lines whose message begins with *event*."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: self.count(event) >= times or self._exited(), timeout=_PATIENCE_S)
        assert arrived, f"{event!r} was not logged in time: {self.log[-20:]}"
        assert self.count(event) >= times, f"it ended before {event!r} was logged: {self.log[-20:]}"

    def wait_until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the log holds a line for which *found* is true; that line."""
        with self._changed:
            self._changed.wait_for(lambda: any(map(found, self.log)) or self._exited(), timeout=_PATIENCE_S)
        line = next(filter(found, self.log), None)
        assert line is not None, f"not logged in time: {self.log[-20:]}"
        return line

    def count(self, event: str) -> int:
        """How many lines of the log begin with *event*."""
        return sum(str(line.get("event", "")).startswith(event) for line in self.log)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        assert self._reader is not None
        assert self._stderr is not None
        self._process.send_signal(how)
        status = self._process.wait(_PATIENCE_S)
        self._reader.join(_PATIENCE_S)
        self._stderr.close()
        return status

    def _wait_until_accepted(self) -> None:
        # A worker says that it is ready a moment before the server under it listens.
        ends = time.monotonic() + _PATIENCE_S
        while not self._exited() and time.monotonic() < ends:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
        raise AssertionError(f"it does not listen: {self.log[-20:]}")

    def _exited(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _read(self, process: Forked, stderr: BinaryIO) -> None:
        for line in stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": line.decode(errors="replace").rstrip()}
            with self._changed:
                self.log.append(entry if isinstance(entry, dict) else {"event": str(entry)})
                self._changed.notify_all()
        # Who waits for its end looks once more after this, and must not look too early.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
        with self._changed:
            self._changed.notify_all()
