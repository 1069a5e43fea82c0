"""Who changes what is published here, and what each such change has to find out first."""

from collections.abc import Iterable

import msgspec

from registry.catalog.entry import ServerName, SourceId, Status
from registry.catalog.overlay import PRIVATE, owner
from registry.catalog.published import published, published_item
from registry.catalog.view import StoredEntry
from registry.commands.actor import Actor
from registry.commands.quota import Quota, spend_quotas
from registry.errors import ChangeRefused, NotFound, Refused
from registry.store.interface import Snapshot, Transaction


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf something is changed, and what that counts against. `now_us`: of the wall clock."""

    actor: Actor
    quotas: tuple[Quota, ...] = ()
    now_us: int

    def count(self, transaction: Transaction) -> None:
        """Raises Throttled if there were too many."""
        spend_quotas(transaction, self.quotas, now_us=self.now_us)


def require_ours(snapshot: Snapshot, name: ServerName) -> None:
    """Raises ChangeRefused if another source than the private one answers for *name*, or would."""
    having = [SourceId(source) for source in snapshot.sources_having(name) if source != PRIVATE]
    remembered = snapshot.remembered(name)
    answering = owner(
        name, snapshot.sources(), having=having, remembered=None if remembered is None else SourceId(remembered)
    )
    if answering is None or answering == PRIVATE:
        return
    raise ChangeRefused(
        f"name is mirrored from {answering}" if answering in having else f"namespace is claimed by {answering}"
    )


def require_unblocked(snapshot: Snapshot, name: ServerName, version: str) -> None:
    """Raises Refused if *name*, or that version of it, is blocked. Only for who may publish it: it says so."""
    for block in snapshot.governance.blocks(name):
        if block.version in (None, version):
            what = name if block.version is None else f"{name}@{version}"
            raise Refused(f"{what} is blocked by an operator: nothing is published under it until that ends")


def private_entries(
    snapshot: Snapshot, name: ServerName, version: str | None = None, *, missing: str
) -> list[StoredEntry]:
    """
    All that is published here of *name*.

    Args:
        version: It must be among them, in whatever status.
        missing: The words of the NotFound.

    Raises:
        Refused: there is such an entry, of an upstream.
        NotFound: there is none.
    """
    entries = snapshot.entries(PRIVATE, name)
    if any(version is None or entry.version == version for entry in entries):
        return entries
    for source in snapshot.sources_having(name):
        if source != PRIVATE and (version is None or snapshot.held(source, [(name, version)])):
            raise Refused(f"{name} is mirrored from {source} and read-only here")
    raise NotFound(missing)


def require_free(snapshot: Snapshot, name: ServerName, urls: Iterable[str]) -> None:
    """
    Raises ChangeRefused if another server published here can be reached at one of *urls*.

    reference §4.1: compared as they stand, with every version that is not deleted of every other name.
    """
    for url in urls:
        other = snapshot.remote_user(url, but=name)
        if other is not None:
            raise ChangeRefused(f"remote URL {url} is already used by another server", taken_by=other)


def item_of(snapshot: Snapshot, name: ServerName, version: str) -> bytes:
    """The item of a version that is published here, as its publishers see it."""
    entries = published(snapshot.entries(PRIVATE, name))
    return published_item(next(each for each in entries if each.entry.version == version), snapshot.document)


def leaves_deleted(entry: StoredEntry, status: Status) -> bool:
    """Whether an entry that gets *status* counts again where deleted ones do not."""
    return entry.status == Status.DELETED and status is not Status.DELETED
