"""When something that was not taken is sent again, and when it is given up. A pure table."""

from typing import Final

from registry.errors import RegistryError, UpstreamRefused

WAITS_S: Final = (5, 30, 120, 300, 900, 1800, 3600, 7200, 14400)
"""After the first try, the second, and so on; ten tries within eight hours. What follows waits: events keep order."""

LONGEST_WAIT_S: Final = 86_400
_TRIES_OF_UNWANTED: Final = 3
# The receiver is there and says that this very message is wrong: the ones behind it need not wait for hours.
_UNWANTED: Final = frozenset({400, 413, 415, 422})


def wait_s(tries: int, fault: RegistryError) -> float | None:
    """
    How long to wait after *tries* tries of which the last ended in *fault*; None: it is given up.

    A receiver that says how long it wants to be left alone is left alone that long.
    """
    if tries > len(WAITS_S):
        return None
    wait = WAITS_S[tries - 1]
    if not isinstance(fault, UpstreamRefused):
        return wait
    if fault.status in _UNWANTED and tries >= _TRIES_OF_UNWANTED:
        return None
    return max(wait, min(fault.retry_after_s or 0, LONGEST_WAIT_S))
