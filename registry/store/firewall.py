"""The contract of the store for the namespace firewall. See interface.py."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.look_alike import LookAlike
from registry.catalog.view import StoredEntry


class Cooling(msgspec.Struct, frozen=True, kw_only=True):
    """A version in its cool-off. `until_us`: when it is over."""

    name: ServerName
    version: str
    source: str
    until_us: int


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """
    That a source has a name which another one answers for. Instants are microseconds since 1970.

    `chosen`: the source that was decided to answer for it; None while nobody has decided.
    """

    name: str
    source: str
    first_us: int
    chosen: str | None = None
    decided_us: int | None = None
    decided_by: str | None = None
    reason: str | None = None


class FirewallReads(Protocol):
    """Short reads of what is committed."""

    def cooling(self, *, now_us: int, after: tuple[str, str], limit: int) -> list[Cooling]:
        """Up to *limit* versions whose cool-off was not over then, behind that name and version, in their order."""

    def look_alike(self, name: ServerName) -> LookAlike | None:
        """What *name* looks like, if that was ever found; also when it was released."""

    def held(self, name: ServerName) -> LookAlike | None:
        """The same, if it is held."""

    def look_alikes(self, *, released: bool, after: str, limit: int) -> list[LookAlike]:
        """Up to *limit*, behind that name, in their order; *released*: also those."""

    def resembling(self, name: ServerName, *, guarded: bool = False) -> list[ServerName]:
        """
        Names that look like *name*, as far as the keys tell: `catalog.look_alike.likeness` has the last word.

        Args:
            guarded: Only those that `Firewall.guard` was told of.
        """

    def offers(self, *, decided: bool, after: tuple[str, str], limit: int) -> list[Offer]:
        """Up to *limit*, behind that name and source, in their order; *decided*: also those."""

    def offers_of(self, name: ServerName) -> list[Offer]: ...
    def undecided(self, source: str) -> int:
        """How many names *source* offers that nobody has decided about."""


class Firewall(FirewallReads, Protocol):
    """The same, and changing it, in a transaction."""

    def end_cool_off(self, entries: Iterable[StoredEntry]) -> None:
        """Their cool-off is over, for good."""

    def waive_cool_off(self, entries: Iterable[StoredEntry], *, by: str) -> None:
        """Nobody waits for the cool-off of the bytes they have."""

    def know(self, name: ServerName, *, guarded: bool) -> bool:
        """Have *name* be found by what looks like it; whether it was unknown. A known one stays as it is."""

    def guard(self, name: ServerName) -> None:
        """What looks like *name* is looked for among the guarded ones, from now on."""

    def put_look_alike(self, look_alike: LookAlike) -> None: ...
    def forget_look_alike(self, name: ServerName) -> None: ...
    def refuse(self, name: ServerName, sources: Iterable[str]) -> None:
        """Note that these have *name*, and another source answers for it. What is noted already stays as it is."""

    def put_offer(self, offer: Offer) -> None: ...
    def refused(self) -> list[Offer]:
        """Those that this transaction was the first to note."""
