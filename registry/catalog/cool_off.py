"""What the cool-off of a new version counts from: a fresh release is kept out of views for a while.

Most of what is published to do harm is found out within a day. How long to wait is the source's (`Source.cool_off_us`).
It is waited for once: what a view could show does not go because the wait became longer, or a clock was set back.
"""


def fresh_from_us(
    published_us: int | None, *, seen_us: int, cool_off_us: int, in_first_walk: bool, now_us: int
) -> int | None:
    """
    The instant from which *cool_off_us* counts; None if there is nothing left to wait for.

    Args:
        published_us: As the source states it; None if it does not, which says nothing of age.
        seen_us: When we saw the version first.
        in_first_walk: It came with the first full walk of its source: what is old there is not new because we are.
    """
    if not cool_off_us:
        return None
    if published_us is None:
        published_us = seen_us
    from_us = published_us if in_first_walk else max(published_us, seen_us)
    return from_us if now_us < from_us + cool_off_us else None
