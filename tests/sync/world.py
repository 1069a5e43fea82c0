"""One upstream or more, a store, and the jobs between them; a clock that only moves when something waits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog

from registry import RELEASE
from registry.audit.checkpoint import CheckpointKey
from registry.catalog.entry import ServerName
from registry.catalog.query import Query
from registry.commands.actor import local
from registry.egress.client import EgressClient
from registry.settings import RetentionSettings, Settings, UpstreamKind, UpstreamSettings
from registry.store.records import Quarantined, Run, RunKind, SourceState
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from registry.wiring import private_source
from sync.configure import put_in_force
from sync.configured import ConfiguredUpstream
from sync.deliveries import Deliveries
from sync.pause import Pause
from sync.schedule import Jobs
from sync.terms import SyncTerms
from tests.doubles.clock import FrozenClock
from tests.doubles.opened import open_up
from tests.doubles.upstream import FakeUpstream

START_US = 1_750_000_000_000_000  # 2025-06-15T15:06:40Z
ACTOR = local("ada")


class SteppingPause:
    """Waiting moves the clock and takes no time."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock
        self.waits_s: list[float] = []

    async def wait(self, seconds: float) -> None:
        self.waits_s.append(seconds)
        self._clock.advance(seconds)


class World:
    """
    Everything that a run touches, for one test.

    Args:
        terms: Short ones, so that what hangs is given up within a fraction of a second.
    """

    def __init__(self, folder: Path, store: SqliteStore, clock: FrozenClock, client: EgressClient) -> None:
        self.folder = folder
        self.store = store
        self.clock = clock
        self.client = client
        self.pause = SteppingPause(clock)
        self.terms = SyncTerms(read_s=0.3, connect_s=0.3)
        self.token: str | None = None
        self.settings: list[UpstreamSettings] = []

    async def mirror(self, upstream: FakeUpstream | Path, name: str = "official", **settings: Any) -> None:
        """Configure one more upstream (keys of UpstreamSettings), or the same one differently."""
        where: dict[str, Any] = (
            {"kind": UpstreamKind.FILE, "path": upstream}
            if isinstance(upstream, Path)
            else {"kind": UpstreamKind.HTTP, "url": upstream.url, "allow_private": True}
        )
        self.settings = [other for other in self.settings if other.name != name]
        chosen = UpstreamSettings(**{"name": name, "max_rate": 1000.0, **where, **settings})
        self.settings.append(chosen)
        await self.put_in_force()

    async def forget(self, name: str) -> None:
        """The upstream is not configured any more."""
        self.settings = [other for other in self.settings if other.name != name]
        await self.put_in_force()

    async def put_in_force(self) -> None:
        await put_in_force(self.store, self.upstreams, private=private_source(Settings()), severities={})
        await self.store.transact(open_up)

    @property
    def upstreams(self) -> list[ConfiguredUpstream]:
        return [ConfiguredUpstream(settings=settings, token=self.token) for settings in self.settings]

    def jobs(
        self,
        *,
        pause: Pause | None = None,
        checkpoint_key: CheckpointKey | None = None,
        deliveries: Deliveries | None = None,
    ) -> Jobs:
        """The jobs of one more process."""
        return Jobs(
            store=self.store,
            clock=self.clock,
            upstreams=self.upstreams,
            client=self.client,
            retention=RetentionSettings(),
            log=structlog.get_logger(),
            checkpoint_key=checkpoint_key,
            deliveries=deliveries,
            pause=pause or self.pause,
            terms=self.terms,
        )

    async def sync(self, name: str = "official", *, accepts: str | None = None) -> Run:
        """An incremental run: the first one is full by itself."""
        return await self._run(name, RunKind.INCREMENTAL, accepts)

    async def full(self, name: str = "official", *, accepts: str | None = None) -> Run:
        return await self._run(name, RunKind.FULL, accepts)

    async def _run(self, name: str, kind: RunKind, accepts: str | None) -> Run:
        jobs = self.jobs()
        try:
            return await jobs.run_now(name, kind=kind, trigger="command", actor=ACTOR, accepts=accepts)
        finally:
            await jobs.stop()

    async def served(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every item of the view, deleted ones too, by name and version."""
        view = self.store.view("everyone")
        assert view is not None
        page = await view.page(Query(limit=10_000, include_deleted=True))
        items = [msgspec.json.decode(item) for item in page.items]
        return {(item["server"]["name"], item["server"]["version"]): item for item in items}

    def raw(self, name: str, version: str) -> bytes | None:
        """The bytes of one item as they are served."""
        view = self.store.view("everyone")
        assert view is not None
        return view.version(ServerName.parse(name), version, include_deleted=True)

    async def statuses(self) -> dict[str, str]:
        """`name@version` and the status it is served with."""
        return {f"{name}@{version}": status(item) for (name, version), item in (await self.served()).items()}

    async def sources(self) -> dict[str, str]:
        """`name@version` and the upstream it is served from."""
        return {
            f"{name}@{version}": item["_meta"]["mcp-federated-registry/entry"]["source"]
            for (name, version), item in (await self.served()).items()
        }

    def state(self, name: str = "official") -> SourceState:
        return next(state for state in self.store.snapshot().source_states() if state.source == name)

    def quarantined(self) -> list[Quarantined]:
        return self.store.snapshot().quarantined(upstream=None, limit=1000)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """An empty store and no upstream yet."""
    clock = FrozenClock(START_US)
    path = folder / "registry.db"
    migrate(path, clock=clock, release=RELEASE)
    store = SqliteStore(path, clock)
    try:
        async with EgressClient(clock=clock, user_agent="mcp-federated-registry/tests") as client:
            yield World(folder, store, clock, client)
    finally:
        await store.aclose()


def status(item: dict[str, Any]) -> str:
    found = item["_meta"]["io.modelcontextprotocol.registry/official"]["status"]
    assert isinstance(found, str)
    return found


def server(name: str, version: str = "1.0.0", **members: object) -> dict[str, object]:
    """A small server.json."""
    return {"name": name, "description": f"what {name} does", "version": version, **members}


def publish(upstream: FakeUpstream, count: int, *, first: int = 0) -> None:
    """*count* servers `com.acme/s000` and on, a second apart, long before the clock's start."""
    for number in range(first, first + count):
        upstream.publish(server(f"com.acme/s{number:03d}"), at=f"2025-05-01T{number // 60:02d}:{number % 60:02d}:00Z")


__all__ = ["ACTOR", "START_US", "World", "publish", "server", "status", "world"]
