"""The form of a capability address: `/t/{team}.{secret}`, for clients that can send no token. No I/O.

The secret is 32 characters of 0-9 and a-z, 165 bits: it survives whatever folds case, and has no character at its end
that a program that looks for addresses would cut off. What is stored of it is the SHA-256 of team and secret as they
stand in the address; that many bits need nothing slower against guessing from a stolen file.
"""

import re
from hashlib import sha256
from typing import Final

ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH: Final = 32

_SECRET: Final = re.compile(rf"[0-9a-z]{{{SECRET_LENGTH}}}", re.ASCII)
# Whatever stands where a capability does: a whole one, one that is cut, or something else. A team may be called t.
_IN_PATH: Final = re.compile(r"(?<!/teams)(/t/+(?:[a-z0-9][a-z0-9~-]{0,80}\.)?)[^/]+", re.ASCII)
_ELSEWHERE: Final = re.compile(rf"\.[0-9a-z]{{{SECRET_LENGTH}}}(?![0-9a-z])", re.ASCII)


def compose_capability(team: str, secret: str) -> str:
    """What stands behind `/t/`. Raises ValueError for a secret of another form: a bug of who draws it."""
    if _SECRET.fullmatch(secret) is None:
        raise ValueError(f"no secret of a capability has {len(secret)} characters, or one of these")
    return f"{team}.{secret}"


def capability_digest(text: str) -> bytes:
    """What is stored of what stands behind `/t/`, and looked up."""
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def without_capabilities(text: str) -> str:
    """*text* with the secret of every capability address in it hidden; the team stays."""
    if "/t/" in text:
        text = _IN_PATH.sub(r"\1…", text)
    return _ELSEWHERE.sub(".…", text)
