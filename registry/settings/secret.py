"""A secret by reference: where it is kept, never what it is."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from registry.errors import ConfigFault
from registry.settings.values import FilePath, Variable

_MAX_SECRET_BYTES: Final = 64 * 1024


class SecretRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is kept: in the environment variable `env` or in the file `file`, not in both."""

    env: Variable | None = None
    file: FilePath | None = None

    def resolve(self, environ: Mapping[str, str]) -> str:
        """
        The secret itself, without surrounding white space. Fails closed.

        Raises:
            ConfigFault: The variable is not set; the file cannot be read, or others than its owner may; the
                secret is empty, more than one line, or not ASCII text. The message never contains the secret.
        """
        if self.env is not None:
            if self.env not in environ:
                raise ConfigFault(f"the environment variable {self.env} that holds a secret is not set")
            return _one_line(environ[self.env], f"the environment variable {self.env}")
        if self.file is not None:
            return _one_line(_read_private(self.file), f"the secret file {self.file}")
        raise ConfigFault("a secret needs env or file to say where it is kept")


def _read_private(path: Path) -> str:
    try:
        # O_NONBLOCK: a named pipe in this place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigFault(f"cannot read the secret file {path}: {error.strerror}") from error
    with open(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigFault(f"the secret file {path} is not a regular file")
        if status.st_mode & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise ConfigFault(f"the secret file {path} is open to others (mode {mode:04o}); chmod 600 it")
        content = opened.read(_MAX_SECRET_BYTES + 1)
    if len(content) > _MAX_SECRET_BYTES:
        raise ConfigFault(f"the secret file {path} is larger than {_MAX_SECRET_BYTES} bytes")
    return content.decode("ascii", errors="replace")


def _one_line(secret: str, where: str) -> str:
    stripped = secret.strip()
    if not stripped:
        raise ConfigFault(f"{where} that holds a secret is empty")
    # A line break would end a header early; anything outside ASCII cannot travel in one.
    if not (stripped.isascii() and stripped.isprintable()):
        raise ConfigFault(f"{where} must hold one line of printable ASCII text")
    return stripped
