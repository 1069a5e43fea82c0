"""What the routes share that issue credentials: sizes, lifetimes, answers that nobody keeps."""

from typing import Final

from registry.api.answers import Header
from registry.clock import Clock
from registry.errors import Invalid

DAY_S: Final = 86_400
LARGEST_BODY: Final = 64 * 1024
NOT_KEPT: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"),)
_MOST_S: Final = 99_999 * DAY_S


def expiry(expires_in_s: int | None, clock: Clock) -> int | None:
    """The instant that far from now, None for never. Raises Invalid for what lies outside of 99999 days."""
    if expires_in_s is None:
        return None
    if not 1 <= expires_in_s <= _MOST_S:
        raise Invalid("expires_in_s must be from 1 to the seconds of 99999 days, or null for never")
    return clock.now_us() + expires_in_s * 1_000_000
