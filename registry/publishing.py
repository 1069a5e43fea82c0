"""What happens between a server.json of the right form and its entry: the order of the checks, and who asks them.

The same for the API and the command line. What costs time, or asks somebody else, comes before the transaction; what
depends on what is stored is decided inside it.

    manifest     name and version can be carried, or the reason
    rules        schema version, semantic rules, optionally the whole JSON Schema (reference §4.1.5)
    size         of what the publisher provides (6a), not for edits
    ownership    of its packages (6b)
    commands     everything else (6c-f): `registry.commands.publish`, `edit`
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final, Protocol

import msgspec

from registry.catalog.entry import Entry, ServerName, digest_of, facets_of, parse_version, unseen_mark
from registry.catalog.published import published_item
from registry.catalog.view import VisibleEntry
from registry.clock import Clock
from registry.commands.actor import Actor
from registry.commands.change import Change
from registry.commands.edit import edit, editable
from registry.commands.perform import perform
from registry.commands.publish import Publication, publish
from registry.commands.quota import Quota, hourly
from registry.commands.set_status import Wanted, delete, set_all_statuses, set_status
from registry.errors import ChangeRefused, Invalid, InvalidManifest
from registry.settings import PublishSettings
from registry.store.interface import Snapshot, Store, Transaction
from schemas.validation.engine import publish_issues
from schemas.validation.issue import Severity, valid
from schemas.validation.reading import Members, listed, member_object, text

PUBLISHER_PROVIDED: Final = "io.modelcontextprotocol.registry/publisher-provided"
_MOST_PROVIDED_BYTES: Final = 4096
_SMALL_BYTES: Final = 16 * 1024
_PART_BYTES: Final = 256 * 1024
_INVALID_TO_PUBLISH: Final = "Failed to publish server, invalid schema: call /validate for details"
_INVALID_TO_EDIT: Final = "Failed to edit server, invalid schema: call /validate for details"
_WHITE_SPACE: Final = b" \t\r\n"
# Go escapes these in JSON, and the limit is on what Go writes (reference §4.1.6a).
_ESCAPED_BY_GO: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A server.json whose body has the right form (`schemas.validation.body`). `document`: exactly as it was sent."""

    document: bytes
    members: Members

    @property
    def name(self) -> ServerName:
        return ServerName.parse(text(self.members, "name"))

    @property
    def version(self) -> str:
        """As it stands there; whether it can be one is asked later."""
        return text(self.members, "version")


class Ownership(Protocol):
    """Whether the packages of a document are its publisher's."""

    async def require(self, name: ServerName, members: Members, /) -> None:
        """Raises Invalid with the reason (reference §4.1.6b). Anything but a clear yes is no."""


class Publisher:
    """
    Publishing here, and changing what was published.

    Args:
        severities: What the organisation makes of our own rules; those it made errors are errors here, too.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        settings: PublishSettings,
        ownership: Ownership,
        severities: Mapping[str, Severity],
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._ownership = ownership
        self._severities = severities

    async def publish(self, manifest: Manifest, *, actor: Actor, source: str | None, dry_run: bool = False) -> bytes:
        """
        Publish *manifest*; its item.

        Args:
            source: The address it comes from, None for this machine's own command line.
            dry_run: Find out whether it would be, and store nothing.

        Raises:
            InvalidManifest: it breaks a rule for publishing; `validate` says which.
            Invalid: what its publisher provides is too large, or a package is not the publisher's.
            ChangeRefused: its version holds what nobody sees; and as the command does.
            Refused, Throttled: as the command does.
        """
        await self._require_valid(manifest, _INVALID_TO_PUBLISH)
        if (mark := unseen_mark(manifest.version)) is not None:
            raise ChangeRefused(f"invalid version: version contains {mark}, which nobody sees; leave it out")
        provided = member_object(manifest.members, "_meta").get(PUBLISHER_PROVIDED)
        if provided is not None and (size := _size(provided)) > _MOST_PROVIDED_BYTES:
            raise ChangeRefused(f"_meta.{PUBLISHER_PROVIDED} extension exceeds 4KB limit ({size} bytes)")
        publication = _publication(manifest)
        await self._ownership.require(manifest.name, manifest.members)
        change = self._change(actor, source)
        if dry_run:
            return await self._tried(publication, change)
        return await perform(self._store, lambda transaction: publish(transaction, publication, change))

    def require_editable(self, name: ServerName, version: str) -> None:
        """Raises NotFound and Refused as `edit` does, for a look before anything else is judged."""
        editable(self._store.snapshot(), name, version)

    async def edit(self, manifest: Manifest, *, actor: Actor, source: str | None) -> bytes:
        """
        Put *manifest* in the place of what is published under its name and version; its item.

        Raises:
            InvalidManifest, Invalid: as `publish`.
            NotFound, Refused, ChangeRefused, Throttled: as the command does.
        """
        await self._require_valid(manifest, _INVALID_TO_EDIT)
        publication = _publication(manifest)
        await self._ownership.require(manifest.name, manifest.members)
        change = self._change(actor, source)
        return await perform(self._store, lambda transaction: edit(transaction, publication, change))

    async def set_status(
        self, name: ServerName, version: str, wanted: Wanted, *, actor: Actor, source: str | None
    ) -> bytes:
        """Set the status of one version; its item. Raises what the command does."""
        change = self._change(actor, source)
        return await perform(self._store, lambda transaction: set_status(transaction, name, version, wanted, change))

    async def set_all_statuses(
        self, name: ServerName, wanted: Wanted, *, actor: Actor, source: str | None
    ) -> list[VisibleEntry]:
        """Set the status of all versions; them, newest published first. Raises what the command does."""
        change = self._change(actor, source)
        return await perform(self._store, lambda transaction: set_all_statuses(transaction, name, wanted, change))

    async def statuses_answer(self, shown: Sequence[VisibleEntry]) -> AsyncIterator[bytes]:
        """What is answered once all statuses are set, in parts: ten thousand documents are never in memory together."""
        part = b'{"updatedCount":%d,"servers":[' % len(shown)
        after = 0
        while after < len(shown):
            items = await self._store.ask(partial(_items, shown=shown, after=after))
            yield part + b",".join(items)
            part, after = b",", after + len(items)
        yield b"]}\n"

    async def delete(self, name: ServerName, version: str, *, actor: Actor, source: str | None) -> bytes:
        """Set one version to deleted, if it is not; its item. Raises what the command does."""
        change = self._change(actor, source)
        return await perform(self._store, lambda transaction: delete(transaction, name, version, change))

    def _change(self, actor: Actor, source: str | None) -> Change:
        quotas = []
        if source is not None:
            quotas = [
                Quota(
                    key=f"change/subject/{actor.subject}",
                    whose=actor.subject,
                    limit=hourly(self._settings.principal_quota),
                ),
                Quota(key=f"change/source/{source}", whose="this address", limit=hourly(self._settings.source_quota)),
            ]
        return Change(actor=actor, quotas=tuple(quotas), now_us=self._clock.now_us())

    async def _require_valid(self, manifest: Manifest, message: str) -> None:
        if len(manifest.document) <= _SMALL_BYTES:
            right = self._valid(manifest)
        else:
            right = await asyncio.to_thread(self._valid, manifest)
        if not right:
            raise InvalidManifest(message)

    def _valid(self, manifest: Manifest) -> bool:
        return valid(
            publish_issues(
                manifest.members, full_schema=self._settings.require_valid_schema, severities=self._severities
            )
        )

    async def _tried(self, publication: Publication, change: Change) -> bytes:
        """Publish in a transaction that is not kept."""
        item = b""

        def trial(transaction: Transaction) -> None:
            nonlocal item
            item = publish(transaction, publication, change).value
            raise _NotKept

        with contextlib.suppress(_NotKept):
            await self._store.transact(trial)
        return item


class _NotKept(Exception):
    """Raised to end a transaction that was only tried."""


def _items(snapshot: Snapshot, *, shown: Sequence[VisibleEntry], after: int) -> list[bytes]:
    """The items of some that follow the first *after*, at least one."""
    items: list[bytes] = []
    size = 0
    for visible in islice(shown, after, None):
        items.append(published_item(visible, snapshot.document))
        size += len(items[-1])
        if size >= _PART_BYTES:
            break
    return items


def _publication(manifest: Manifest) -> Publication:
    """Raises ChangeRefused if its version cannot be one."""
    try:
        version = parse_version(manifest.version)
    except Invalid as error:
        raise ChangeRefused(str(error)) from error
    document = manifest.document.strip(_WHITE_SPACE)
    return Publication(
        entry=Entry(
            name=manifest.name,
            version=version,
            document=document,
            digest=digest_of(document),
            facets=facets_of(manifest.members),
        ),
        remote_urls=tuple(dict.fromkeys(text(remote, "url") for _, remote in listed(manifest.members, "remotes"))),
    )


def _size(provided: object) -> int:
    """Of what a publisher provides, as the official registry counts it: compact, sorted, escaped as Go does."""
    written = json.dumps(provided, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return len(written.translate(_ESCAPED_BY_GO).encode())
