"""From where the next incremental run asks."""


def watermark(*, newest_us: int | None, started_us: int, overlap_us: int, before_us: int | None) -> int | None:
    """
    The watermark after a complete walk; None if nothing is known to ask from.

    Args:
        newest_us: The newest `updatedAt` that was seen. May lie in the future, by mistake or by malice: hence the cap
            at the walk's start, without which one such entry would hide every later change.
        started_us: When the walk began, by our clock.
        before_us: The watermark so far, below which an incremental run does not go; None after a full walk, which may
            set it anew.
    """
    if newest_us is None:
        return before_us
    reached_us = min(newest_us, started_us) - overlap_us
    return reached_us if before_us is None else max(reached_us, before_us)
