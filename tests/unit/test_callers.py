"""Whose request it is, behind proxies that are trusted and before those that are not."""

from typing import Any, cast

import pytest
from litestar.types import HTTPScope

from registry.api.callers import Callers


def scope(peer: str, *forwarded: str) -> HTTPScope:
    # Any: an ASGI scope of which only these two members are read.
    members: dict[str, Any] = {
        "client": (peer, 4711) if peer else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    return cast("HTTPScope", members)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ((), "192.0.2.9", ("203.0.113.5",), "192.0.2.9"),
        (("10.0.0.0/8",), "192.0.2.9", ("203.0.113.5",), "192.0.2.9"),
        (("10.0.0.0/8",), "10.1.1.1", (), "10.1.1.1"),
        (("10.0.0.0/8",), "10.1.1.1", ("203.0.113.5",), "203.0.113.5"),
        (("10.0.0.0/8",), "10.1.1.1", ("198.51.100.1, 203.0.113.5",), "203.0.113.5"),
        (("10.0.0.0/8",), "10.1.1.1", ("203.0.113.5, 10.2.2.2",), "203.0.113.5"),
        (("10.0.0.0/8",), "10.1.1.1", ("203.0.113.5", "10.2.2.2"), "203.0.113.5"),
        (("10.0.0.0/8",), "10.1.1.1", ("10.3.3.3, 10.2.2.2",), "10.3.3.3"),
        (("10.0.0.0/8",), "10.1.1.1", ("203.0.113.5, nonsense",), "10.1.1.1"),
        (("10.0.0.0/8", "fd00::/8"), "fd00::1", ("2001:db8::7",), "2001:db8::7"),
        (("10.0.0.0/8",), "", ("203.0.113.5",), ""),
    ],
)
def test_the_caller(trusted: tuple[str, ...], peer: str, forwarded: tuple[str, ...], expected: str) -> None:
    """
    The peer, unless trusted proxies forwarded for somebody; nobody else's word counts.
    """
    assert Callers(trusted).address(scope(peer, *forwarded)) == expected
