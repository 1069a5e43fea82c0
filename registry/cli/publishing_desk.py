"""Publishing and statuses from the command line, on the store itself and on a running server: the same verbs for both.

Whatever refuses is one of our own errors, with the reason and nothing around it. A server's answer becomes the error
that the same refusal is on the store.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec

from registry.catalog.entry import ServerName
from registry.cli.target import Local, Remote
from registry.cli.validation.judging import issues_in
from registry.commands.set_status import Wanted
from registry.errors import (
    ChangeRefused,
    Invalid,
    InvalidManifest,
    NotFound,
    Refused,
    RegistryError,
    Unauthenticated,
    UpstreamRefused,
)
from registry.publishing import Manifest, Publisher
from registry.store.interface import Store
from schemas.registry_api import OFFICIAL_KEY
from schemas.validation.issue import Issue, valid

T = TypeVar("T")

_HOW: Final = "an administrator makes one: mcp-registry token create --role publisher --namespace {namespace}"


class PublishingDesk(Protocol):
    """
    Each method answers with the JSON that the API answers with, and raises:

    - InvalidManifest: the document breaks the rules for publishing;
    - Invalid: what is published does not admit it;
    - NotFound, Refused, Unauthenticated, and what befalls a store or a connection.
    """

    def publish(self, manifest: Manifest, /) -> bytes: ...

    def verdict(self, document: bytes, /) -> list[Issue]:
        """What is wrong with a document that was refused as InvalidManifest, by the rules that refused it."""

    def set_status(self, name: ServerName, version: str, wanted: Wanted, /) -> bytes: ...

    def set_all_statuses(self, name: ServerName, wanted: Wanted, /, *, tell: Callable[[bytes], None]) -> int:
        """How many versions have it. *tell* gets what the API answers, part by part."""


def publishing_desk(chosen: Local | Remote) -> PublishingDesk:
    """For what a command works on. Raises UsageError for a server if there is no token."""
    if isinstance(chosen, Local):
        return _Here(chosen)
    require_token(chosen)
    return _There(chosen)


def require_token(chosen: Remote) -> None:
    """Raises UsageError if there is none: every server would refuse."""
    if not chosen.has_token:
        how = _HOW.format(namespace="NAMESPACE")
        raise click.UsageError(f"{chosen.url} needs a token, and MCP_REGISTRY_TOKEN is not set; {how}")


def explained(refused: UpstreamRefused, chosen: Remote, name: ServerName) -> RegistryError:
    """The error of our own that an answer about *name* stands for; the answer itself where it stands for none."""
    # The first is a sentence that programs know, and the reasons say the rest.
    why = "; ".join(refused.reasons) or refused.detail or str(refused)
    match refused.status:
        case 400:
            return Invalid(why)
        case 401:
            how = _HOW.format(namespace=name.namespace)
            return Unauthenticated(
                f"{chosen.url} does not accept the token in MCP_REGISTRY_TOKEN: it is wrong, expired or revoked; {how}"
            )
        case 403:
            return Refused(why)
        case 422:
            return InvalidManifest(why)
        case _:
            return refused


def verdict_of(chosen: Remote, document: bytes) -> list[Issue]:
    """What that server finds in *document*: its organisation may have made errors of what is a warning elsewhere."""
    return chosen.post("/v0.1/validate", msgspec.Raw(document), _Verdict).issues


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told of a published version."""

    name: str
    version: str
    status: str
    message: str | None
    latest: bool


def item(answer: bytes) -> Item:
    """Raises Invalid if *answer* is not what this release of a server answers."""
    told = _decoded(answer, _Answer)
    official = told.meta.official
    return Item(
        name=told.server.name,
        version=told.server.version,
        status=official.status,
        message=official.status_message,
        latest=official.is_latest,
    )


class _Here:
    """On the store. Whoever reaches it may publish every name that the private source may have."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    def publish(self, manifest: Manifest, /) -> bytes:
        return self._do(lambda desk: desk.publish(manifest, actor=self._chosen.actor, source=None), prepare=True)

    def verdict(self, document: bytes, /) -> list[Issue]:
        return issues_in(document, severities=self._chosen.settings.validation.severities())

    def set_status(self, name: ServerName, version: str, wanted: Wanted, /) -> bytes:
        return self._do(lambda desk: desk.set_status(name, version, wanted, actor=self._chosen.actor, source=None))

    def set_all_statuses(self, name: ServerName, wanted: Wanted, /, *, tell: Callable[[bytes], None]) -> int:
        async def told(desk: Publisher) -> int:
            shown = await desk.set_all_statuses(name, wanted, actor=self._chosen.actor, source=None)
            async for part in desk.statuses_answer(shown):
                tell(part)
            return len(shown)

        return self._do(told)

    def _do(self, work: Callable[[Publisher], Awaitable[T]], *, prepare: bool = False) -> T:
        # What asks a server starts faster without what publishes here.
        from registry.cli.in_force import bring_in_force
        from registry.wiring import egress_client, publisher

        chosen = self._chosen

        async def done(store: Store) -> T:
            await bring_in_force(store, chosen)
            async with egress_client(chosen.settings, chosen.clock) as client:
                return await work(
                    publisher(chosen.settings, store, client=client, clock=chosen.clock, environ=os.environ)
                )

        try:
            return chosen.run(done, prepare=prepare)
        except ChangeRefused as refused:
            if refused.taken_by is None:
                raise
            raise Invalid(str(refused).replace("another server", f"server {refused.taken_by}")) from refused


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    def publish(self, manifest: Manifest, /) -> bytes:
        document = msgspec.Raw(manifest.document)
        return self._do(manifest.name, lambda: self._chosen.post("/v0.1/publish", document, msgspec.Raw))

    def verdict(self, document: bytes, /) -> list[Issue]:
        issues = issues_in(document)
        return verdict_of(self._chosen, document) if valid(issues) else issues

    def set_status(self, name: ServerName, version: str, wanted: Wanted, /) -> bytes:
        # reference §1.1.4: segments are decoded twice.
        segment = quote(version.replace("%", "%25"), safe="")
        path = f"/v0.1/servers/{quote(name, safe='')}/versions/{segment}/status"
        return self._status(name, path, wanted)

    def set_all_statuses(self, name: ServerName, wanted: Wanted, /, *, tell: Callable[[bytes], None]) -> int:
        answer = self._status(name, f"/v0.1/servers/{quote(name, safe='')}/status", wanted)
        tell(answer + b"\n")
        return _decoded(answer, _Count).updated_count

    def _status(self, name: ServerName, path: str, wanted: Wanted) -> bytes:
        body = {"status": wanted.status.value}
        if wanted.message is not None:
            body["statusMessage"] = wanted.message
        return self._do(name, lambda: self._chosen.patch(path, body, msgspec.Raw), missing=True)

    def _do(self, name: ServerName, ask: Callable[[], msgspec.Raw], *, missing: bool = False) -> bytes:
        try:
            return bytes(ask())
        except UpstreamRefused as refused:
            if missing and refused.status == 404 and refused.detail:
                raise NotFound(refused.detail) from refused
            raise explained(refused, self._chosen, name) from refused


def _decoded(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise Invalid(f"that was no answer of an mcp-registry of this release: {error}") from error


class _Count(msgspec.Struct, frozen=True, rename="camel"):
    updated_count: int


class _Verdict(msgspec.Struct, frozen=True):
    issues: list[Issue]


class _Official(msgspec.Struct, frozen=True, rename="camel"):
    status: str
    is_latest: bool
    status_message: str | None = None


class _Meta(msgspec.Struct, frozen=True):
    official: _Official = msgspec.field(name=OFFICIAL_KEY)


class _Server(msgspec.Struct, frozen=True):
    name: str
    version: str


class _Answer(msgspec.Struct, frozen=True):
    server: _Server
    meta: _Meta = msgspec.field(name="_meta")
