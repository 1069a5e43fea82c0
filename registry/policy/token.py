"""The form of our own tokens: `mcpr_` + 8 public characters + `_` + 43 secret ones. No I/O.

The public characters name a token wherever people and records speak of it; the secret ones are 32 random bytes in
base64url. They may hold `_` themselves, so a token is parsed by position and never split. What is stored of one is the
SHA-256 of the whole text: the secret has 256 bits, so nothing slower is needed against guessing from a stolen file.
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from registry.errors import Invalid
from registry.policy.capability import without_capabilities

PREFIX: Final = "mcpr_"
PUBLIC_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
PUBLIC_LENGTH: Final = 8
SECRET_BYTES: Final = 32

_FORM: Final = r"mcpr_([0-9a-z]{8})_[0-9A-Za-z_-]{43}"
_TOKEN: Final = re.compile(_FORM, re.ASCII)
_NAMED: Final = re.compile(r"(?:mcpr_)?([0-9a-z]{8})(?:_[0-9A-Za-z_-]{43})?", re.ASCII)
# Anything that begins like one, whole or cut: as much of a secret as is there is hidden.
_IN_TEXT: Final = re.compile(r"(mcpr_[0-9a-z]{8})_[0-9A-Za-z_-]+", re.ASCII)


def compose(public: str, secret: bytes) -> str:
    """
    The text of a token. Raises ValueError for parts of another size or alphabet: a bug of who draws them.
    """
    text = f"{PREFIX}{public}_{urlsafe_b64encode(secret).rstrip(b'=').decode()}"
    if public_id(text) != public:
        raise ValueError(f"no token is made of {public!r} and {len(secret)} bytes")
    return text


def public_id(text: str) -> str | None:
    """The 8 public characters of a token; None if *text* has not the form of one."""
    match = _TOKEN.fullmatch(text)
    return None if match is None else match[1]


def token_digest(text: str) -> bytes:
    """What is stored of a token, and compared."""
    return sha256(text.encode()).digest()


def token_name(public: str) -> str:
    """`mcpr_ab12cd34`: how people and records name a token."""
    return PREFIX + public


def named_token(text: str) -> str:
    """
    The public characters in what a person wrote: them alone, with the prefix, or the whole token.

    Raises Invalid, without repeating *text*: it may hold a secret that was mistyped.
    """
    match = _NAMED.fullmatch(text)
    if match is None:
        raise Invalid("that names no token; expected the first 13 characters of one, such as mcpr_ab12cd34")
    return match[1]


def without_secrets(text: str) -> str:
    """*text* with the secret of every token and capability address in it hidden; what names them stays."""
    return without_capabilities(_IN_TEXT.sub(r"\1_…", text) if PREFIX in text else text)
