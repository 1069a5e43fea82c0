"""The names by which those who act are on record."""

import re
from typing import Final

from registry.errors import Invalid

OF_LOGINS: Final = ("dns", "http", "github-at", "github-oidc", "oidc", "none")
"""What subjects begin with, before a colon, who logged in to publish: one for each login."""
_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+:/#=~-]{0,199}", re.ASCII)
# What this registry calls itself, whoever works on its store, and callers without a name.
_RESERVED: Final = re.compile(r"(?:system|local):.*|anonymous|loopback", re.IGNORECASE)


def parse_subject(text: str) -> str:
    """
    The subject in *text*, for whom a credential may be issued.

    Raises Invalid for what cannot be one, and for the names under which the registry itself and work on its store are
    on record: a token must not be able to act as these.
    """
    if not _SUBJECT.fullmatch(text):
        raise Invalid(
            "not a subject: expected 1 to 200 of A-Z a-z 0-9 and . _ @ + : / # = ~ -, a letter or digit first"
        )
    if _RESERVED.fullmatch(text):
        raise Invalid(f"the subject {text} is the registry's own; choose another, such as payroll-ci")
    return text


def of_others(text: str) -> bool:
    """Whether *text* has the form of a subject that an issuer or a login vouches for, such as `acme:00u1`."""
    return ":" in text
