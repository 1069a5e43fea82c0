"""What can be read of the record, on the store itself and on a running server: the same verbs for both."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from registry.audit.chain import BEGINNING, Broken, Head, SealedEvent, payload_digest
from registry.audit.checkpoint import Checkpoint
from registry.audit.question import Found, Question
from registry.audit.report import CheckpointList, EventList, checkpoint_again, sealed_again
from registry.cli.target import Local, Remote
from registry.commands.make_checkpoint import make_checkpoint
from registry.commands.perform import perform
from registry.errors import ConfigFault, UpstreamNonsense
from registry.store.interface import Snapshot, Store
from schemas.rfc3339 import format_instant

T = TypeVar("T")
R = TypeVar("R")

_HERE_AT_A_TIME: Final = 5000
_THERE_AT_A_TIME: Final = 500
# One an hour for a century.
_MOST_CHECKPOINTS: Final = 1_000_000


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """What was sealed apart: how many of it were erased, and the first that is not what was sealed."""

    erased: int = 0
    broken: Broken | None = None


class AuditDesk(Protocol):
    """Where the record is read."""

    def head(self) -> Head:
        """Where it ends at present. Elsewhere than on the store the seal is that of the event itself."""

    def found(self, question: Question, *, before: int | None, limit: int) -> Found:
        """Newest first; see interface.Snapshot.found_events."""

    def behind(self, after: int, *, until: int) -> Iterator[SealedEvent]:
        """All events behind one number, up to another, oldest first."""

    def checkpoints(self) -> list[Checkpoint]:
        """All of them, oldest first."""

    def confirm(self) -> None:
        """Have a checkpoint made where the record ends, where that can be done."""

    def apart(self) -> Apart:
        """Look at what no seal covers, where that can be seen."""


def audit_desk(chosen: Local | Remote) -> AuditDesk:
    """For what a command works on."""
    return _There(chosen) if isinstance(chosen, Remote) else _Here(chosen)


class _Here:
    """On the store."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    def head(self) -> Head:
        return self._asked(lambda snapshot: snapshot.audit_head())

    def found(self, question: Question, *, before: int | None, limit: int) -> Found:
        return self._asked(lambda snapshot: snapshot.found_events(question, before=before, limit=limit))

    def behind(self, after: int, *, until: int) -> Iterator[SealedEvent]:
        while after < until:
            page = self._asked(partial(_read, after=after, limit=min(_HERE_AT_A_TIME, until - after)))
            yield from page
            if not page:
                return
            after = page[-1].sequence

    def checkpoints(self) -> list[Checkpoint]:
        return self._asked(lambda snapshot: snapshot.checkpoints(after=-1, limit=_MOST_CHECKPOINTS))

    def confirm(self) -> None:
        from registry.wiring import checkpoint_key  # nothing else here needs what it brings along

        try:
            key = checkpoint_key(self._chosen.settings, os.environ)
        except ConfigFault:
            # Whoever may read the store need not be able to sign for it.
            return

        async def make(store: Store) -> Checkpoint | None:
            return await perform(store, lambda transaction: make_checkpoint(transaction, key))

        self._chosen.run(make)

    def apart(self) -> Apart:
        apart, after = Apart(), 0
        while apart.broken is None:
            last, apart = self._asked(partial(_compared, after=after, before=apart))
            if last is None:
                break
            after = last
        return apart

    def _asked(self, question: Callable[[Snapshot], T]) -> T:
        async def read(store: Store) -> T:
            return await store.ask(question)

        return self._chosen.run(read)


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    def head(self) -> Head:
        events, metadata = self._page({"limit": 1})
        if not events:
            return msgspec.structs.replace(BEGINNING, sequence=int(metadata["head"]))
        last = events[0]
        if last.sequence < int(metadata["head"]):
            # The end is gone; whoever follows the chain will find that it does not come this far.
            return Head(sequence=int(metadata["head"]), at_us=last.at_us, seal=last.seal)
        return last.head

    def found(self, question: Question, *, before: int | None, limit: int) -> Found:
        asked: dict[str, str | int] = {"limit": min(limit, _THERE_AT_A_TIME)}
        for name in ("action", "actor", "object", "outcome"):
            if (value := getattr(question, name)) is not None:
                asked[name] = str(value)
        for name, instant_us in (("since", question.since_us), ("until", question.until_us)):
            if instant_us is not None:
                asked[name] = format_instant(instant_us)
        if before is not None:
            asked["cursor"] = before
        events, metadata = self._page(asked)
        return Found(events=events, further=int(metadata["nextCursor"]) if "nextCursor" in metadata else None)

    def behind(self, after: int, *, until: int) -> Iterator[SealedEvent]:
        while after < until:
            events, _ = self._page({"order": "oldest", "cursor": after, "limit": min(_THERE_AT_A_TIME, until - after)})
            yield from events
            if not events:
                return
            after = events[-1].sequence

    def checkpoints(self) -> list[Checkpoint]:
        found: list[Checkpoint] = []
        asked: dict[str, str | int] = {"limit": _THERE_AT_A_TIME}
        while True:
            page = self._chosen.get("/v1/audit-checkpoints?" + urlencode(asked), CheckpointList)
            found += [self._understood(checkpoint_again, each) for each in page.items]
            if "nextCursor" not in page.metadata:
                return found
            asked["cursor"] = page.metadata["nextCursor"]

    def confirm(self) -> None:
        """A server makes its own."""

    def apart(self) -> Apart:
        """Nothing of it can be seen from here."""
        return Apart()

    def _page(self, asked: dict[str, str | int]) -> tuple[list[SealedEvent], dict[str, int | str]]:
        page = self._chosen.get("/v1/audit-events?" + urlencode(asked), EventList)
        return [self._understood(sealed_again, each) for each in page.items], page.metadata

    def _understood(self, read: Callable[[R], T], report: R) -> T:
        try:
            return read(report)
        except ValueError as error:
            raise UpstreamNonsense(f"{self._chosen.url} sent an event that cannot be read: {error}") from error


def _read(snapshot: Snapshot, *, after: int, limit: int) -> list[SealedEvent]:
    return snapshot.sealed_events(after=after, limit=limit)


def _compared(snapshot: Snapshot, *, after: int, before: Apart) -> tuple[int | None, Apart]:
    """The next events; the number of the last of them, and what was found up to it."""
    events = snapshot.sealed_events(after=after, limit=_HERE_AT_A_TIME)
    if not events:
        return None, before
    broken = {
        number: f"event {number} would be found as something else than it is"
        for number in snapshot.misfiled_events(after=after, limit=_HERE_AT_A_TIME)
    }
    erased = before.erased
    for event in events:
        if event.payload is None:
            continue
        kept = snapshot.audit_payload(event.sequence)
        if kept is None:
            erased += 1
        elif payload_digest(*kept) != event.payload:
            broken.setdefault(event.sequence, f"what was sealed apart from event {event.sequence} is not what it was")
    first = min(broken, default=None)
    found = None if first is None else Broken(sequence=first, why=broken[first])
    return events[-1].sequence, Apart(erased=erased, broken=found)
