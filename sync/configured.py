"""A configured upstream: its settings, its secret, and how a run opens it."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from registry.catalog.entry import SourceId
from registry.catalog.overlay import Source
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.settings import UpstreamKind, UpstreamSettings
from sync.deadline import Deadline
from sync.file_upstream import FileUpstream
from sync.http_upstream import HttpUpstream
from sync.pace import Pace
from sync.pause import Pause
from sync.retry import RetryingUpstream
from sync.selection import Selection
from sync.terms import SyncTerms
from sync.upstream import Upstream


class ConfiguredUpstream(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is the secret itself, resolved at the start; None where none is configured."""

    settings: UpstreamSettings
    token: str | None = None

    def __repr__(self) -> str:
        # The token must not reach a log.
        return f"ConfiguredUpstream({self.name!r})"

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def source(self) -> Source:
        """The catalog's side of it."""
        settings = self.settings
        return Source(
            id=SourceId(settings.name),
            precedence=settings.precedence,
            claims=settings.claims,
            cool_off_us=settings.cool_off_us,
        )

    @property
    def selection(self) -> Selection:
        return Selection(include=self.settings.include, exclude=self.settings.exclude)

    @asynccontextmanager
    async def opened(
        self, *, client: EgressClient, clock: Clock, pause: Pause, deadline: Deadline, terms: SyncTerms
    ) -> AsyncIterator[Upstream]:
        """The upstream for one run, with everything around it that makes it bearable."""
        if self.settings.kind is UpstreamKind.FILE:
            file = FileUpstream(self.settings)
            try:
                yield file
            finally:
                await file.aclose()
            return
        pace = Pace(max_rate=self.settings.max_rate, clock=clock, pause=pause)
        http = HttpUpstream(self.settings, token=self.token, client=client, pace=pace, deadline=deadline, terms=terms)
        yield RetryingUpstream(http, terms=terms, deadline=deadline, pause=pause, chance=random.random)
