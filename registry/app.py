"""The composition root: the only module that knows which concrete class goes where.

`build` makes the application of one worker process. Nothing is opened before the server calls its lifespan, because
a worker may be forked and database connections do not survive that.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.types import ASGIApp

from registry import RELEASE
from registry.api.access import AccessLog
from registry.api.attempts import Attempts
from registry.api.auth import Logins
from registry.api.callers import Callers
from registry.api.challenge import Challenge
from registry.api.edge import Edge
from registry.api.hosts import Hosts
from registry.api.identity import Identity
from registry.api.measures import Measures
from registry.api.noted import noted_on
from registry.api.policy import POLICY, Access, operation_of
from registry.api.problems import answer
from registry.api.publish import PublishRoutes
from registry.api.refusals import Refusals
from registry.api.routes import routes
from registry.api.write_turns import WriteTurns
from registry.auth.authenticate import Authenticator
from registry.auth.capabilities import Capabilities
from registry.auth.exchange.configured import configured_logins
from registry.clock import Clock
from registry.commands.actor import START
from registry.commands.follow import follow_all
from registry.commands.perform import perform
from registry.commands.webhooks import configure_webhooks
from registry.declaration import apply, read_declaration
from registry.egress.client import Network, trust
from registry.egress.names import NameServers
from registry.errors import ConfigFault, RegistryError
from registry.logs import BoundLog, Lines
from registry.outbox.webhook import resolved_webhooks
from registry.policy.token import without_secrets
from registry.settings import Settings
from registry.store.interface import EVERYONE
from registry.store.sqlite.copy import discard_leftovers
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from registry.verify.ownership import require_usable
from registry.wiring import (
    checkpoint_key,
    configured_upstreams,
    egress_client,
    ensure_signing_key,
    issuer_tokens,
    make_checkpoint_key,
    private_source,
    publisher,
    registry_tokens,
    sender,
)
from sync.configure import put_in_force
from sync.deliveries import Deliveries
from sync.schedule import Jobs


def prepare(settings: Settings, *, clock: Clock, log: BoundLog) -> None:
    """
    Bring the store up to date and the configured upstreams in force, before any worker begins.

    Raises:
        ConfigFault: a secret that is referred to is missing, readable by others or of no use; there is no such team.
        StoreFault: the store cannot be prepared; see migrations.migrate.
    """
    upstreams = configured_upstreams(settings, os.environ)
    require_usable(settings, os.environ)
    webhooks = [webhook.name for webhook in resolved_webhooks(settings, os.environ)]
    declared = None if settings.governance.file is None else read_declaration(settings.governance.file)
    for step in migrate(settings.store.path, clock=clock, release=RELEASE):
        log.info(f"prepared the store: {step}", store=str(settings.store.path))
    discard_leftovers(settings.store.path)
    ensure_signing_key(settings, log)
    # What would stop every worker stops the start.
    registry_tokens(settings, clock, os.environ)
    trust(settings.egress.ca_file)
    if settings.auth.dns is not None:
        NameServers(settings.egress.nameservers)
    if (made := make_checkpoint_key(settings)) is not None:
        log.info(f"made the key that signs checkpoints of the record: {made}", file=str(made))
    key = checkpoint_key(settings, os.environ)
    log.info(f"checkpoints of the record are signed by {key.id}", key=key.id, public_key=key.public.hex())

    async def put() -> None:
        store = SqliteStore(settings.store.path, clock)
        try:
            await put_in_force(
                store, upstreams, private=private_source(settings), severities=settings.validation.severities()
            )
            await perform(store, lambda transaction: configure_webhooks(transaction, webhooks))
            if declared is not None:
                steps = await apply(
                    store, declared, actor=START, approvers=settings.governance.approvers, now_us=clock.now_us()
                )
                for step in steps:
                    log.info(f"governance: {step.sign} {step.what}")
            await follow_all(store)
            team = settings.anonymous.team
            if team is not None and store.view(team) is None:
                raise ConfigFault(f'[anonymous] team names "{team}", and there is no such team; there is "{EVERYONE}"')
            for issuer in settings.issuers:
                for team in (each for mapping in issuer.mappings for each in mapping.teams):
                    if not store.snapshot().team_exists(team):
                        raise ConfigFault(f'[[oidc]] "{issuer.name}" gives team "{team}", and there is no such team')
        finally:
            await store.aclose()

    asyncio.run(put())


def build(
    settings: Settings,
    *,
    clock: Clock,
    lines: Lines,
    log: BoundLog,
    network: Network | None = None,
) -> ASGIApp:
    """
    The application of one worker.

    Args:
        settings: With its secrets resolvable; the store it names must have been migrated.
        network: What opens sockets to others; tests pass one of their own.
    """
    upstreams = configured_upstreams(settings, os.environ)
    store = SqliteStore(settings.store.path, clock)
    signs = checkpoint_key(settings, os.environ)
    measures = Measures()
    callers = Callers(settings.server.trusted_proxies)
    tokens = registry_tokens(settings, clock, os.environ)
    client = egress_client(settings, clock, network=network)
    issuers = issuer_tokens(settings, client=client, clock=clock, log=log)
    challenge = Challenge(public_url=settings.server.public_url, issuers=() if issuers is None else issuers.urls)
    authenticator = Authenticator(
        store, anonymous_team=settings.anonymous.team, registry_tokens=tokens, issuers=issuers, clock=clock
    )
    identity = Identity(
        authenticator, Capabilities(store, clock), callers, Attempts(clock), public_url=settings.server.public_url
    )
    refusals = Refusals(store, clock, log)
    webhooks, messages = resolved_webhooks(settings, os.environ), sender(settings, client, clock)
    logins = None
    if tokens is not None:
        exchanges = configured_logins(
            settings.auth,
            public_url=settings.server.public_url,
            client=client,
            nameservers=settings.egress.nameservers,
            clock=clock,
        )
        logins = Logins(exchanges, tokens=tokens, store=store, clock=clock, callers=callers, log=log)
    publish = PublishRoutes(
        store,
        publisher(settings, store, client=client, clock=clock, environ=os.environ),
        identity,
        callers,
        WriteTurns(clock),
        private=private_source(settings),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            lines.flush_aside()
            stack.callback(lines.close)
            stack.push_async_callback(store.aclose)
            await stack.enter_async_context(client)
            stack.push_async_callback(refusals.flush)
            watching = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(watching.create_task(refusals.watch()).cancel)
            jobs = Jobs(
                store=store,
                clock=clock,
                upstreams=upstreams,
                client=client,
                retention=settings.retention,
                log=log,
                checkpoint_key=signs,
                deliveries=Deliveries(store, clock, webhooks, sender=messages, log=log),
                expiry_notice_s=settings.governance.expiry_notice_s,
            )
            await jobs.start()
            stack.push_async_callback(jobs.stop)
            log.info("worker ready", pid=os.getpid())
            yield

    application = Litestar(
        route_handlers=routes(
            store,
            clock,
            identity,
            measures,
            publish,
            challenge=challenge,
            public_url=settings.server.public_url,
            on_loopback=settings.server.on_loopback,
            callers=callers,
            logins=logins,
            github_client_id=None if settings.auth.github_at is None else settings.auth.github_at.client_id,
            severities=settings.validation.severities(),
            approvers=settings.governance.approvers,
            webhooks=webhooks,
            sender=messages,
        ),
        lifespan=[lifespan],
        before_request=None if issuers is None else _prepared(identity),
        exception_handlers={Exception: _answered(log, challenge)},
        openapi_config=None,
        logging_config=None,
    )
    return Edge(
        application,
        clock=clock,
        hosts=Hosts(settings.server.allowed_hosts),
        callers=callers,
        access=AccessLog(lines, clock),
        measures=measures,
        refusals=refusals,
    )


# Any: Litestar's Request is generic over user, token and state, none of which is used.
def _prepared(identity: Identity) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    async def prepare(request: Request[Any, Any, Any]) -> None:
        # Where no credential is looked at, nobody waits for an issuer.
        if Access.OPEN not in POLICY[operation_of(str(request.scope["route_handler"].name))].needs:
            await identity.prepare(request.scope)

    return prepare


# Any: as above.
def _answered(log: BoundLog, challenge: Challenge) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    def handler(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        answered = answer(error, request.scope["path"], challenge=challenge.headers(request.scope, error))
        noted_on(request.scope).error = error
        if answered.status >= 500 and not isinstance(error, RegistryError):
            shown = without_secrets(request.scope["path"])[:200]
            log.error(f"{request.method} {shown} failed: {type(error).__name__}", exc_info=error)
        headers = {name.decode(): value.decode() for name, value in answered.headers}
        return Response(answered.body, status_code=answered.status, headers=headers, media_type=headers["content-type"])

    return handler
