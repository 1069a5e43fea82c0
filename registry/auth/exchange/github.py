"""From accounts at GitHub to namespaces. Pure."""

import re
from typing import Final

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9-])?", re.ASCII)


def names_of(account: object, prefix: str) -> str | None:
    """
    The pattern of the names in the namespace of *account*, whose case is kept; None for what cannot be one.

    Args:
        prefix: What the namespaces of this GitHub begin with, ending in a dot.
    """
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        return None
    return f"{prefix}{account}/*"
