"""A private key that nobody configured: made once, beside the store, for its owner alone.

32 random bytes as 64 hexadecimal characters on one line, so that it is read as any other secret is (secret.py).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from registry.errors import ConfigFault
from registry.settings.secret import SecretRef

_SEED: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_SEED_BYTES: Final = 32


def make_key_file(path: Path) -> bool:
    """
    Make the key at *path* unless there is one; whether it was made now.

    Of several processes that start at once one makes it, and nobody ever finds half of one.
    """
    if path.exists():
        return False
    fresh = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as opened:
            opened.write(os.urandom(_SEED_BYTES).hex().encode() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        # Unlike a rename, a link never replaces what another process has put there meanwhile.
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def resolve_seed(reference: SecretRef, environ: Mapping[str, str]) -> bytes:
    """
    The 32 bytes of the key that *reference* names.

    Raises ConfigFault for one that is missing, readable by others, or no key; the message never contains it.
    """
    text = reference.resolve(environ)
    if not _SEED.fullmatch(text):
        where = f"the environment variable {reference.env}" if reference.env else f"the file {reference.file}"
        raise ConfigFault(f"{where} holds no signing key: expected 64 hexadecimal characters")
    return bytes.fromhex(text)
