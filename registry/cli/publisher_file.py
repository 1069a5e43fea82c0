"""`token.json`, from which the stock `mcp-publisher` takes its credential and its registry (reference §7)."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from registry.errors import Invalid

_METHOD: Final = "token"


def usual_path() -> Path:
    """Where `mcp-publisher` looks for it."""
    return Path.home() / ".config" / "mcp-publisher" / "token.json"


@contextmanager
def publisher_file(path: Path) -> Iterator[Callable[[str, str], None]]:
    """
    A function that puts (token, registry) into the file at *path*, readable by its owner alone. What was there before
    is replaced whole, or stays if the function is not called.

    Raises Invalid before anything else happens if the file cannot be written: a token is shown once, and must not be
    drawn for a file that cannot take it.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Invalid(f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:

            def put(token: str, registry: str) -> None:
                file.write(msgspec.json.encode({"token": token, "method": _METHOD, "registry": registry}) + b"\n")
                file.flush()
                os.fsync(file.fileno())
                os.replace(fresh, path)

            yield put
    finally:
        fresh.unlink(missing_ok=True)
