"""Answers of the registry, kept in a file, for the bare handler to return."""

import http.client
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Questions drawn for a measurement, and what the registry answers to each."""

    targets: Sequence[str]
    bodies: Sequence[bytes]

    @property
    def mean_bytes(self) -> float:
        return sum(map(len, self.bodies)) / len(self.bodies)


def ask_each(port: int, targets: Sequence[str]) -> Drawn:
    """
    The answers to *targets*, asked one after the other; also what warms the server up.

    Raises ValueError if one of them is no 200, or lacks what the measurement says is switched on.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    bodies = []
    for target in targets:
        connection.request("GET", target)
        response = connection.getresponse()
        bodies.append(response.read())
        if response.status != 200:
            raise ValueError(f"{target} was answered with {response.status}: {bodies[-1][:200]!r}")
        if response.getheader("ETag") is None or response.getheader("Access-Control-Allow-Origin") != "*":
            raise ValueError(f"the answer to {target} has no ETag or no CORS header: {response.getheaders()}")
    connection.close()
    return Drawn(targets=targets, bodies=bodies)


def save_bodies(path: Path, bodies: Sequence[bytes]) -> None:
    path.write_bytes(msgspec.msgpack.encode(bodies))


def load_bodies(path: Path) -> list[bytes]:
    return msgspec.msgpack.decode(path.read_bytes(), type=list[bytes])


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    """Targets for wrk or the open-loop generator, one a line."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
