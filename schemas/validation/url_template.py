"""Addresses with parts in braces that are filled in later (reference §5.3, "template check")."""

import re
from typing import Final

from schemas.validation.go_url import GoUrl, GoUrlError, parse

_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_PORT: Final = re.compile(r":\{[^{}]+\}(?=/|\Z)")
_STAND_INS: Final = {"host": "host.example", "port": "8080", "path": "api", "protocol": "http", "scheme": "http"}


def names(template: str) -> list[str]:
    """The names in braces, in the order they stand."""
    return _VARIABLE.findall(template)


def filled(template: str) -> GoUrl | None:
    """*template* with plausible values in place of its variables; None if that is no absolute http(s) address."""
    if "{" in template:
        template = _PORT.sub(":8080", template)
        template = _VARIABLE.sub(lambda match: _STAND_INS.get(match[1], "word"), template)
    try:
        url = parse(template)
    except GoUrlError:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def undefined(template: str, available: list[str]) -> str | None:
    """What is wrong with the names in *template*, given which are *available*; None if nothing is."""
    known = set(available)
    if all(name in known for name in names(template)):
        return None
    return (
        f"template variables in URL {template} reference undefined variables."
        f" Available variables: [{' '.join(available)}]"
    )
