"""Patterns of names, as permissions, grants and rules write them.

They are the official registry's (reference §6.1): `*` is every name, `com.acme/*` the names of one namespace,
`com.acme.*` those of every namespace below it, and anything without a star is one name. They compare case-sensitively.
A star stands at the end, behind `/` or `.`: `com.acme*` would cover `com.acme-evil/x` as well.
"""

import re
from typing import Final

from registry.catalog.entry import ServerName
from registry.errors import Invalid

EVERY_NAME: Final = "*"
_NAMESPACE: Final = r"[a-zA-Z0-9.-]+"
_PATTERN: Final = re.compile(rf"\*|{_NAMESPACE}/(?:\*|[a-zA-Z0-9._-]+)|{_NAMESPACE}\.\*", re.ASCII)
_BARE: Final = re.compile(_NAMESPACE, re.ASCII)
_LONGEST: Final = 200


def parse_pattern(text: str) -> str:
    """
    The pattern in *text*; a namespace alone means the names in it.

    Raises Invalid for anything else, and names the four forms.
    """
    if len(text) <= _LONGEST:
        if _PATTERN.fullmatch(text):
            return text
        if _BARE.fullmatch(text):
            return f"{text}/*"
    raise Invalid(
        f"not a pattern of names: {text[: _LONGEST + 10]!r}; expected com.acme/* for a namespace, com.acme.* for those "
        "below it, com.acme/payroll for one name, or * for every name"
    )


def covers(pattern: str, name: str) -> bool:
    """Whether *name* is one of those that *pattern* stands for."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def within(inner: str, outer: str) -> bool:
    """Whether *outer* stands for every name that *inner* does, now and later."""
    if outer.endswith("*"):
        # Without their stars both are beginnings of names, and a star stands behind a separator or alone.
        return inner.removesuffix("*").startswith(outer[:-1])
    return inner == outer


def name_range(pattern: str) -> tuple[str, str]:
    """From where, included, to where, excluded, the names that *pattern* covers stand in their order."""
    if pattern.endswith("*"):
        prefix = pattern[:-1]
        return prefix, f"{prefix}\U0010ffff"
    return pattern, f"{pattern}\x01"


def covering(name: ServerName) -> list[str]:
    """Every pattern that covers *name*: few enough to look each of them up."""
    labels = name.namespace.split(".")
    above = [".".join(labels[:length]) + ".*" for length in range(1, len(labels))]
    return [EVERY_NAME, *above, f"{name.namespace}/*", str(name)]
