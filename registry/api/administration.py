"""What the routes of administrators share: bodies, lifetimes, answers that nobody keeps."""

from typing import Final, TypeVar

import msgspec
from litestar.types import HTTPScope

from registry.api.answers import Header
from registry.clock import Clock
from registry.commands.actor import Actor
from registry.errors import Invalid
from registry.policy.principal import Principal, Role

_T = TypeVar("_T")

DAY_S: Final = 86_400
LARGEST_BODY: Final = 64 * 1024
NOT_KEPT: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"),)
_MOST_S: Final = 99_999 * DAY_S


def acting_administrator(principal: Principal) -> Actor:
    """Who acts, in the role that lets them."""
    return Actor(subject=principal.subject, roles=(Role.ADMIN.value,))


def decoded(scope: HTTPScope, body: bytes, kind: type[_T]) -> _T:
    """What *body* says. Raises Invalid where it is not JSON, by its type too, or has another shape."""
    if not any(name == b"content-type" and value.startswith(b"application/json") for name, value in scope["headers"]):
        raise Invalid("the body must be JSON; send Content-Type: application/json")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not what is expected here: {error}") from error


def expiry(expires_in_s: int | None, clock: Clock) -> int | None:
    """The instant that far from now, None for never. Raises Invalid for what lies outside of 99999 days."""
    if expires_in_s is None:
        return None
    if not 1 <= expires_in_s <= _MOST_S:
        raise Invalid("expires_in_s must be from 1 to the seconds of 99999 days, or null for never")
    return clock.now_us() + expires_in_s * 1_000_000
