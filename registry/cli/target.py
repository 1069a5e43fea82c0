"""Where a command works: on the store a configuration names, or on a running server.

On the store it acts as `local:<user>`, with the roles operator and admin, and is recorded as such.
"""

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import click
import msgspec

from registry import RELEASE
from registry.clock import SystemClock
from registry.commands.actor import Actor, local
from registry.egress.terms import Downloaded, EgressPolicy, FetchLimits, Observe
from registry.errors import Invalid, NotFound
from registry.settings import Settings
from registry.settings.file import load_settings
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from registry.egress.client import EgressClient

T = TypeVar("T")

_LIMITS: Final = FetchLimits(connect_s=5, read_s=30, total_s=600, max_decoded_bytes=64 << 20, max_ratio=1000)
# The store of a large registry is a few gigabytes. Before the first byte the server copies and verifies all of it.
_DOWNLOAD: Final = FetchLimits(connect_s=5, read_s=60, total_s=3 * 3600, max_decoded_bytes=256 << 30, max_ratio=1)
_MADE_WITHIN_S: Final = 1800.0
# The operator named the server; it is as often as not on this machine.
_ANYWHERE: Final = EgressPolicy(allow_private=True)


class Local:
    """The store a configuration names, opened for one command."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.actor: Actor = local(operating_user())

    def run(self, work: Callable[[SqliteStore], Awaitable[T]], *, prepare: bool = False) -> T:
        """
        Open the store, do *work*, close it.

        Args:
            prepare: Make the store, or bring it up to date, if need be. Without it a store that is not there, or of an
                older release, is left alone.

        Raises:
            NotFound: there is no store.
            StoreFault: it is of an older release, or cannot be used.
        """

        async def opened() -> T:
            store = SqliteStore(self.settings.store.path, self.clock)
            try:
                return await work(store)
            finally:
                await store.aclose()

        path = self.settings.store.path
        if prepare:
            migrate(path, clock=self.clock, release=RELEASE)
        elif not path.exists():
            raise NotFound(f"there is no store at {path} yet; `mcp-registry serve` or `sync` makes it")
        return asyncio.run(opened())


class Remote:
    """A running server."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.has_token = token is not None
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, kind: type[T]) -> T:
        """The decoded answer to GET. Raises UpstreamFault with the server's own words."""
        return self._decoded(asyncio.run(self._request("GET", path, None)), kind)

    def post(self, path: str, body: object, kind: type[T]) -> T:
        """The decoded answer to POST with *body* as JSON; a msgspec.Raw is sent as it is."""
        return self._decoded(asyncio.run(self._request("POST", path, msgspec.json.encode(body))), kind)

    def patch(self, path: str, body: object, kind: type[T]) -> T:
        """The decoded answer to PATCH with *body* as JSON."""
        return self._decoded(asyncio.run(self._request("PATCH", path, msgspec.json.encode(body))), kind)

    def delete(self, path: str, kind: type[T]) -> T:
        """The decoded answer to DELETE."""
        return self._decoded(asyncio.run(self._request("DELETE", path, None)), kind)

    def download(self, path: str, file: BinaryIO, observe: Observe) -> Downloaded:
        """Write the answer to POST into *file* as it arrives. Raises UpstreamFault with the server's own words."""
        return asyncio.run(self._download(path, file, observe))

    async def _download(self, path: str, file: BinaryIO, observe: Observe) -> Downloaded:
        async with _client() as client:
            return await client.download(
                "POST",
                self.url + path,
                file,
                headers=self._headers,
                policy=_ANYWHERE,
                limits=_DOWNLOAD,
                answer_s=_MADE_WITHIN_S,
                observe=observe,
            )

    async def _request(self, method: str, path: str, content: bytes | None) -> bytes:
        async with _client() as client:
            headers = self._headers | ({} if content is None else {"Content-Type": "application/json"})
            fetched = await client.request(
                method,
                self.url + path,
                headers=headers,
                content=content,
                policy=_ANYWHERE,
                limits=_LIMITS,
            )
            return fetched.body

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise Invalid(f"{self.url} did not answer like an mcp-registry of this release: {error}") from error


def _client() -> "EgressClient":
    from registry.egress.client import EgressClient  # what works on the store starts faster without HTTP

    return EgressClient(clock=SystemClock(), user_agent=f"mcp-registry/{RELEASE}")


def operating_user() -> str:
    """Who runs this process, by the system's account: what the environment says of it anybody may write."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        # Containers run as accounts that have no name.
        return str(number)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: click's callbacks have any signature
    """Give a command `--config` and `--server`, as `config` and `server`."""
    command = click.option(
        "--server",
        metavar="URL",
        envvar="MCP_REGISTRY_SERVER",
        help="Work on a running server; its token from MCP_REGISTRY_TOKEN.",
    )(command)
    return click.option(
        "--config",
        metavar="FILE",
        envvar="MCP_REGISTRY_CONFIG",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Work on the store this configuration names.",
    )(command)


def target(config: Path | None, server: str | None) -> Local | Remote:
    """What the options name. On the command line one of them wins over the other from the environment."""
    context = click.get_current_context()
    given = {
        name
        for name in ("config", "server")
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    if given == {"config", "server"}:
        raise click.UsageError("give --config or --server, not both")
    if server is not None and "config" not in given:
        return remote(server)
    if config is None:
        raise click.UsageError("where? give --config FILE for the store, or --server URL for a running server")
    return Local(load_settings(config, os.environ))


def remote(server: str) -> Remote:
    """The server at that address, as the bearer of the token in the environment; an empty one counts as none."""
    return Remote(server, os.environ.get("MCP_REGISTRY_TOKEN") or None)


def local_target(config: Path | None, server: str | None, *, why: str) -> Local:
    """For what can only be done on the store itself; *why* tells the others."""
    chosen = target(config, server)
    if isinstance(chosen, Remote):
        raise click.UsageError(f"{why}; use --config FILE on the machine that has the store")
    return chosen
