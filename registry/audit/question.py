"""What is asked of the record."""

import msgspec

from registry.audit.chain import SealedEvent
from registry.audit.event import Outcome


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """
    Events of exactly this action, actor, object and outcome, from *since_us* on, before *until_us*.

    None asks for nothing. What one question asks for all holds at once.
    """

    action: str | None = None
    actor: str | None = None
    object: str | None = None
    outcome: Outcome | None = None
    since_us: int | None = None
    until_us: int | None = None

    def admits(self, sealed: SealedEvent) -> bool:
        """Whether *sealed* is asked for. What cannot be read always is: nobody hides behind a broken record."""
        if self.since_us is not None and sealed.at_us < self.since_us:
            return False
        if self.until_us is not None and sealed.at_us >= self.until_us:
            return False
        try:
            event = sealed.event
        except ValueError:
            return True
        return (
            self.action in (None, event.action)
            and self.actor in (None, event.actor)
            and self.object in (None, event.object)
            and self.outcome in (None, event.outcome)
        )


EVERYTHING = Question()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """
    Some of what was asked for. `further`: the sequence to go on from; None if there is nothing more.

    There may be fewer than were wanted, or none, and more further on: a search is cut where it has read enough.
    """

    events: list[SealedEvent]
    further: int | None
