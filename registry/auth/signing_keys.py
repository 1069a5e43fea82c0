"""The keys that sign this registry's own tokens: 32 random bytes each, kept as 64 hexadecimal characters.

Where none is configured, one is made beside the store, so that several processes and restarts share it.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.settings.key_file import make_key_file, resolve_seed
from registry.settings.secret import SecretRef


class SigningKey:
    """
    One key pair. `key_id` follows from the public half, so whoever has the key gives it the same name.

    Raises ValueError for a *seed* that is not 32 bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self.private: Final = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: Final = self.private.public_key()
        digest = hashlib.sha256(self.public.public_bytes_raw()).digest()
        self.key_id: Final = base64.urlsafe_b64encode(digest[:12]).decode()

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id!r})"


def own_key_file(store: Path) -> Path:
    """Where the key is that belongs to the store at *store*."""
    return store.with_name(f"{store.name}.signing-key")


def resolved_keys(configured: Sequence[SecretRef], store: Path, environ: Mapping[str, str]) -> list[SigningKey]:
    """
    The keys that are *configured*, or the one beside the store where none is.

    Raises ConfigFault for one that is missing, readable by others, or no key; the message never contains it.
    """
    references = configured or (SecretRef(file=own_key_file(store)),)
    return [SigningKey(resolve_seed(reference, environ)) for reference in references]


def make_own_key(store: Path) -> Path | None:
    """Make the key beside the store unless there is one; its path if it was made now."""
    path = own_key_file(store)
    return path if make_key_file(path) else None
