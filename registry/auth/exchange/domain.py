"""Which domains can be proven, and which namespaces that gives. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from registry.auth.exchange.login import LoginRefused

_LONGEST: Final = 253
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
# URL Standard, "ends in a number": some resolvers read such a name as an address.
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*", re.ASCII)


def well_formed(text: str) -> bool:
    """Whether *text* is a domain: two LDH labels or more, at most 253 characters, and no address."""
    labels = text.split(".")
    return (
        len(text) <= _LONGEST
        and len(labels) > 1
        and all(map(_LABEL.fullmatch, labels))
        and not _NUMBER.fullmatch(labels[-1])
    )


def require_provable(text: str, shared_hosts: Iterable[str]) -> str:
    """
    *text*, if it is a domain and neither one of *shared_hosts* nor below one.

    Raises LoginRefused.
    """
    if not well_formed(text):
        raise LoginRefused(
            "invalid domain: expected letters, digits and hyphens in two labels or more, such as acme.example; "
            "an address is not a domain"
        )
    folded = text.lower()
    for shared in shared_hosts:
        if folded == shared.lower() or folded.endswith(f".{shared.lower()}"):
            raise LoginRefused(f"invalid domain: hosts of {shared} are given to anybody and prove nothing here")
    return text


def names_at(domain: str) -> str:
    """The pattern of the names in the namespace of *domain*. Its case is kept (reference §6.2)."""
    return f"{_reversed(domain)}/*"


def names_below(domain: str) -> str:
    """The pattern of the names in the namespaces below that of *domain*."""
    return f"{_reversed(domain)}.*"


def _reversed(domain: str) -> str:
    return ".".join(reversed(domain.split(".")))
