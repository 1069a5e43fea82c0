"""Every route, in one table."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar.handlers import HTTPRouteHandler

from registry.api.administration import administration_routes
from registry.api.approvals import approval_routes
from registry.api.asking import asking_routes
from registry.api.audit_log import audit_routes
from registry.api.auth import Logins, auth_routes
from registry.api.backup import backup_routes
from registry.api.callers import Callers
from registry.api.capabilities import capability_routes
from registry.api.challenge import Challenge
from registry.api.deciding import Deciding
from registry.api.documentation import documentation_routes
from registry.api.drift_policies import drift_policy_routes
from registry.api.explaining import explaining_routes
from registry.api.findings import finding_routes
from registry.api.firewall import firewall_routes
from registry.api.health import health_routes, metrics_route
from registry.api.identity import Identity
from registry.api.measures import Measures
from registry.api.mine import mine_route
from registry.api.operations import operation_routes
from registry.api.operators import Operators
from registry.api.overlays import overlay_routes
from registry.api.publish import PublishRoutes
from registry.api.servers import read_routes
from registry.api.subjects import subject_routes
from registry.api.sync_runs import sync_run_routes
from registry.api.tokens import token_routes
from registry.api.validate import validate_routes
from registry.api.webhooks import webhook_routes
from registry.clock import Clock
from registry.outbox.sender import Sender
from registry.outbox.webhook import Webhook
from registry.store.interface import Store
from schemas.validation.issue import Severity

PREFIXES: Final = ("/v0.1", "/v0")
"""Both answer alike, and stay alike (reference §10.30)."""
OF_A_TEAM: Final = "/teams/{team:str}"
"""Before a prefix: the view of the team that is named there, for its members."""
BY_CAPABILITY: Final = "/t/{capability:str}"
"""Before a prefix: the same for whoever has the address."""


def routes(
    store: Store,
    clock: Clock,
    identity: Identity,
    measures: Measures,
    publish: PublishRoutes,
    *,
    challenge: Challenge,
    public_url: str,
    on_loopback: bool,
    callers: Callers,
    logins: Logins | None,
    github_client_id: str | None,
    severities: Mapping[str, Severity],
    approvers: int,
    webhooks: Sequence[Webhook],
    sender: Sender,
) -> list[HTTPRouteHandler]:
    """
    All that this instance answers.

    Args:
        identity: Who a request is from.
        publish: What changes what is published here.
        challenge: What tells clients how to get a credential.
        public_url: How clients reach this instance, for the links it shows.
        on_loopback: Only this machine can connect, so operators on it need no credential.
        callers: Who is limited where callers are limited by their address.
        logins: The logins that are on; None if none is.
        github_client_id: What health tells mcp-publisher.
        severities: What the organisation makes of rules of advice, by id.
        approvers: How many approvers an approval takes.
        sender: What sends a message to one of *webhooks*.
    """
    table: list[HTTPRouteHandler] = []
    operators = Operators(identity, on_loopback=on_loopback)
    deciding = Deciding(store, clock, identity, approvers=approvers)
    for prefix in PREFIXES:
        table += read_routes(prefix, store, clock, identity.reader, severities, private=publish.private)
        table.append(mine_route(prefix, store, identity.writer, publish.private))
        table += asking_routes(prefix, deciding)
        table += read_routes(f"{OF_A_TEAM}{prefix}", store, clock, identity.member, severities)
        table.append(mine_route(f"{OF_A_TEAM}{prefix}", store, identity.belonging, publish.private))
        table += read_routes(f"{BY_CAPABILITY}{prefix}", store, clock, identity.visitor, severities)
    table += publish.routes(PREFIXES)
    table += validate_routes(PREFIXES, clock, callers, severities)
    if logins is not None:
        table += auth_routes(PREFIXES, logins)
    for prefix in ("", *PREFIXES):
        table += health_routes(prefix, store, clock, operators, github_client_id=github_client_id)
    table += challenge.routes()
    table += documentation_routes(PREFIXES, public_url)
    table += token_routes(store, clock, identity)
    table += subject_routes(store, identity)
    table += audit_routes(store, identity)
    table += administration_routes(deciding)
    table += overlay_routes(deciding)
    table += drift_policy_routes(deciding)
    table += approval_routes(deciding)
    table += explaining_routes(deciding)
    table += firewall_routes(deciding, operators)
    table += capability_routes(store, clock, identity, public_url=public_url)
    told = [webhook.settings for webhook in webhooks]
    table.append(metrics_route(store, clock, operators, measures, told))
    table += sync_run_routes(store, clock, operators)
    table += backup_routes(store, operators)
    table += operation_routes(store, clock, operators, severities, told)
    table += webhook_routes(store, clock, operators, webhooks, sender)
    table += finding_routes(store, operators, severities)
    return table
