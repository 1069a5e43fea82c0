"""What outlives a process of the delivery to a webhook: how far it is in the record, and how it goes."""

import msgspec


class WebhookState(msgspec.Struct, frozen=True, kw_only=True):
    """
    The record is the outbox: an event is delivered when `position` has passed it. Instants are microseconds since 1970
    UTC, None where it has not happened.

    Attributes:
        since_us: When it was configured; what was on record by then is none of its business.
        position: The number of the last event that is dealt with: delivered, given up, or nothing it is told of.
        tries: How often delivering the event it is at has failed.
        next_us: When that is tried again; None: at once.
        trouble: Why the last try failed; None if it did not.
        trouble_us: Since when nothing got through.
        delivered: How many events were.
        dead: How many were given up; the last of them at `dead_us`.
    """

    name: str
    since_us: int
    position: int
    tries: int = 0
    next_us: int | None = None
    trouble: str | None = None
    trouble_us: int | None = None
    delivered: int = 0
    delivered_us: int | None = None
    dead: int = 0
    dead_us: int | None = None
