"""The route table of the application as it is composed, without a server."""

import asyncio
import io
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from registry.api.edge import Edge
from registry.api.policy import operation_of
from registry.app import build, prepare
from registry.clock import SystemClock
from registry.logs import Lines, logger
from registry.settings import Settings, StoreSettings
from registry.settings.auth import (
    AuthSettings,
    DnsLogin,
    GithubAtLogin,
    GithubOidcLogin,
    HttpLogin,
    NoneLogin,
    OidcLogin,
)
from registry.settings.oidc import IssuerSettings

EVERY_LOGIN: Final = AuthSettings(
    dns=DnsLogin(),
    http=HttpLogin(),
    github_at=GithubAtLogin(),
    github_oidc=GithubOidcLogin(),
    oidc=OidcLogin(issuer="https://issuer.example"),
    none=NoneLogin(),
)
ISSUERS: Final = (IssuerSettings(name="acme", issuer="https://id.acme.example"),)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path; HEAD is with GET. `operation`: what it is called, without the prefix."""

    operation: str
    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether its method lets one expect that something changes."""
        return self.method != "GET"


@cache
def route_table() -> tuple[Route, ...]:
    """All that an application on a loopback listener with every login and an issuer answers, which is all there is."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_table(Path(folder) / "registry.db"))


async def _table(path: Path) -> tuple[Route, ...]:
    clock, lines = SystemClock(), Lines(io.BytesIO())
    settings = Settings(store=StoreSettings(path=path), auth=EVERY_LOGIN, issuers=ISSUERS)
    log = logger(lines, clock, for_people=False)
    await asyncio.to_thread(prepare, settings, clock=clock, log=log)
    with warnings.catch_warnings():
        # The framework would have handlers say `request.scope`, which costs them a request; it says so once at start.
        warnings.simplefilter("ignore", DeprecationWarning)
        edge = build(settings, clock=clock, lines=lines, log=log)
    assert isinstance(edge, Edge)
    assert isinstance(edge.inner, Litestar)
    # What the application opened it closes when its life ends.
    async with edge.inner.lifespan():
        return tuple(
            Route(operation=operation_of(str(handler.name)), method=method, path=route.path)
            for route in edge.inner.routes
            for handler in getattr(route, "route_handlers", [])
            if isinstance(handler, HTTPRouteHandler)
            for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"})
        )
