"""The configuration file as frozen structs; secrets by reference, never by value.

One struct per table. The file's keys are the field names, except that durations say their unit here
(`interval_s`) and not there (`interval`). Reading a file into these is `registry.settings.file`; every key
also stands in `schemas/config/registry.schema.json`, and a test holds the two together.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from msgspec.structs import force_setattr

from registry.settings.audit import AuditSettings
from registry.settings.auth import AuthSettings, EgressSettings
from registry.settings.oidc import IssuerSettings
from registry.settings.secret import SecretRef
from registry.settings.validation import ValidationSettings
from registry.settings.values import (
    Approvers,
    Count,
    Duration,
    FilePath,
    Flag,
    HostPattern,
    HostPatterns,
    Listen,
    NameGlob,
    NamespaceClaim,
    Network,
    PageLimit,
    Rank,
    Rate,
    Share,
    Size,
    Slug,
    TeamName,
    Url,
    Wait,
    host_of,
    is_every_address,
    is_loopback,
)
from registry.settings.verify import IndexSettings, OciHostSettings, VerifySettings
from registry.settings.webhooks import WebhookSettings

_COOL_OFF_US: Final = 24 * 3600 * 1_000_000


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[server]`. An empty `public_url` or `allowed_hosts` is filled in from the others when the value is made.

    `allowed_hosts` without a port stand for every port. An address that listens everywhere is never among
    those filled in: it is nobody's name. Replacing `listen` in a value keeps what was filled in for the old one.
    """

    listen: Listen = "127.0.0.1:8080"
    public_url: Url = ""
    allowed_hosts: HostPatterns = ()
    trusted_proxies: tuple[Network, ...] = ()
    workers: Count = 1

    def __post_init__(self) -> None:
        if not self.public_url:
            everywhere = is_every_address(self.host)
            authority = f"localhost:{self.port}" if everywhere else self.listen
            force_setattr(self, "public_url", f"http://{authority}")
        if not self.allowed_hosts:
            hosts = [host_of(self.public_url)]
            if not is_every_address(self.host):
                hosts.append(self.host)
            if self.on_loopback:
                hosts += ["localhost", "127.0.0.1", "[::1]"]
            force_setattr(self, "allowed_hosts", tuple(dict.fromkeys(hosts)))

    @property
    def host(self) -> str:
        """The host of `listen`, lower case; an IPv6 address keeps its brackets."""
        return host_of(self.listen)

    @property
    def port(self) -> int:
        """The port of `listen`; 0 lets the system choose one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def on_loopback(self) -> bool:
        """True where only this machine can connect."""
        return is_loopback(self.host)


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[store]`. Read from a file, `path` is absolute; a relative one starts at that file's directory."""

    path: FilePath = Path("var/registry.db")


class AnonymousSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[anonymous]`: whose view is read without credentials. None: nobody's, such reads answer 401."""

    team: TeamName | None = None


class GovernanceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[governance]`: who may see what. Without a file nothing is declared, and what was decided stays."""

    file: FilePath | None = None
    """Teams, grants, rules and approvals (`registry.declaration`), put in force at every start."""
    approvers: Approvers = 1
    """How many people it takes to approve."""
    expiry_notice_s: Duration = field(default=7 * 86400.0, name="expiry_notice")
    """How long before an approval ends that is announced."""


class PublishSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[publish]`: what this registry's own publishers may publish. Empty lists allow nothing.

    `claims` bind namespaces to the private source, as an upstream's do. A quota counts changes in one hour, all
    workers together: publications, edits, changes of status.
    """

    claims: tuple[NamespaceClaim, ...] = ()
    require_valid_schema: Flag = False
    package_bases: tuple[Url, ...] = ()
    """What `registryBaseUrl` of a package may say, without a trailing slash. Absent is always right."""
    oci_hosts: tuple[HostPattern, ...] = ()
    mcpb_hosts: tuple[HostPattern, ...] = ()
    principal_quota: Count = 1000
    source_quota: Count = 3000


class UpstreamKind(StrEnum):
    """Where an upstream's entries are read from: a registry's API, or a file."""

    HTTP = "http"
    FILE = "file"


class UpstreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One `[[upstream]]`. `url` is set for kind http and `path` for kind file, never both.

    Lower `precedence` wins; from a file it is 10 for the first upstream, 20 for the second, unless stated,
    and no two are equal. `claims` bind a namespace to this upstream even while it has no entry there. An
    entry is taken when its name matches one of `include` and none of `exclude`; an empty `include` takes
    nothing.
    """

    name: Slug
    kind: UpstreamKind
    url: Url | None = None
    path: FilePath | None = None
    precedence: Rank = 10
    claims: tuple[NamespaceClaim, ...] = ()
    include: tuple[NameGlob, ...] = ("*/*",)
    exclude: tuple[NameGlob, ...] = ()
    interval_s: Duration = field(default=3600.0, name="interval")
    reconcile_interval_s: Duration = field(default=86400.0, name="reconcile_interval")
    run_deadline_s: Duration = field(default=1800.0, name="run_deadline")
    max_rate: Rate = 2.0
    """Requests per second."""
    max_shrink_share: Share = 0.2
    """A full walk that would withdraw more than this share of the upstream's entries is refused; up to five may always
    go, unless it is 0."""
    page_limit: PageLimit = 100
    max_page_bytes: Size = 32 * 1024 * 1024
    """Decoded size of one page, in bytes."""
    max_entry_bytes: Size = 1024 * 1024
    """Size of one entry's document, in bytes; a larger one is quarantined."""
    allow_private: Flag = False
    cool_off_s: Wait | None = field(default=None, name="cool_off")
    """How long new versions are kept out of views, of 0 not at all. None: what the kind calls for."""
    token: SecretRef | None = None

    @property
    def cool_off_us(self) -> int:
        """How long new versions are kept out of views, in microseconds: a day where anybody may publish."""
        if self.cool_off_s is None:
            return 0 if self.kind is UpstreamKind.FILE else _COOL_OFF_US
        return round(self.cool_off_s * 1_000_000)


class RetentionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[retention]`: how long what nobody serves any more is kept."""

    runs_s: Duration = field(default=90 * 86400.0, name="runs")
    quarantine_s: Duration = field(default=90 * 86400.0, name="quarantine")
    superseded_documents_s: Duration = field(default=365 * 86400.0, name="superseded_documents")
    audit_payloads_s: Duration = field(default=365 * 86400.0, name="audit_payloads")
    ended_tokens_s: Duration = field(default=400 * 86400.0, name="ended_tokens")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration. The defaults alone serve an empty registry on loopback to nobody."""

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    anonymous: AnonymousSettings = AnonymousSettings()
    upstreams: tuple[UpstreamSettings, ...] = field(default=(), name="upstream")
    governance: GovernanceSettings = GovernanceSettings()
    publish: PublishSettings = PublishSettings()
    verify: VerifySettings = VerifySettings()
    auth: AuthSettings = AuthSettings()
    issuers: tuple[IssuerSettings, ...] = field(default=(), name="oidc")
    egress: EgressSettings = EgressSettings()
    validation: ValidationSettings = ValidationSettings()
    retention: RetentionSettings = RetentionSettings()
    audit: AuditSettings = AuditSettings()
    webhooks: tuple[WebhookSettings, ...] = field(default=(), name="webhook")


class ConfigWarning(Struct, frozen=True, kw_only=True):
    """Something that is allowed and probably not meant: which key, and why it deserves a look."""

    key: str
    message: str


def warnings(settings: Settings) -> list[ConfigWarning]:
    """What an operator should look at before serving with *settings*. None of it stops a start."""
    found: list[ConfigWarning] = []

    def warn(key: str, message: str) -> None:
        found.append(ConfigWarning(key=key, message=message))

    server = settings.server
    team = settings.anonymous.team
    if team is not None and not server.on_loopback:
        warn("anonymous.team", f"everyone who can reach {server.listen} reads the view of team {team!r}")
    if is_every_address(server.host) and is_loopback(host_of(server.public_url)):
        warn("server.public_url", f"listening on {server.listen}, but links name only {server.public_url}")
    if any(proxy.endswith("/0") for proxy in server.trusted_proxies):
        warn("server.trusted_proxies", "every client may claim any address as its own")
    if settings.auth.none is not None and not server.on_loopback:
        warn("auth.none", f"everyone who can reach {server.listen} may publish below io.modelcontextprotocol.anonymous")
    for issuer in settings.issuers:
        if not issuer.mappings:
            warn("oidc.mapping", f'issuer "{issuer.name}" has no mapping: its tokens give nothing')
    if not settings.upstreams:
        warn("upstream", "no upstream is configured: nothing will be mirrored")
    for upstream in settings.upstreams:
        found += _about_upstream(upstream)
    for kind, index in _indexes(settings.verify):
        if _in_clear(index.url):
            risk = "is sent its token" if index.token is not None else "is believed"
            warn(f"verify.{kind}", f"the index {index.url} {risk} unencrypted; use https")
    return [*found, *(warning for webhook in settings.webhooks for warning in _about(webhook))]


def _about(webhook: WebhookSettings) -> Iterator[ConfigWarning]:
    where = f'webhook "{webhook.name}"'
    for key, listed in (("events", webhook.events), ("teams", webhook.teams)):
        if listed == ():
            yield ConfigWarning(
                key=f"webhook.{key}", message=f"{where} is told of nothing: its {key} are an empty list"
            )
    if _in_clear(webhook.url):
        message = f"{where} is told over plain http what everybody on the way can read; use https"
        yield ConfigWarning(key="webhook.url", message=message)


def _about_upstream(upstream: UpstreamSettings) -> Iterator[ConfigWarning]:
    where = f'upstream "{upstream.name}"'
    if not upstream.include:
        message = f"{where} includes nothing: no entry of it will be mirrored"
        yield ConfigWarning(key="upstream.include", message=message)
    if upstream.token is not None and _in_clear(upstream.url or ""):
        yield ConfigWarning(key="upstream.token", message=f"{where} is sent its token unencrypted; use https")


def _in_clear(url: str) -> bool:
    return url.startswith("http://") and not is_loopback(host_of(url))


def _indexes(verify: VerifySettings) -> Iterator[tuple[str, IndexSettings | OciHostSettings]]:
    named = (("npm", verify.npm), ("pypi", verify.pypi), ("nuget", verify.nuget), ("cargo", verify.cargo))
    for kind, index in named:
        if index is not None:
            yield kind, index
    for registry in verify.oci or ():
        yield "oci", registry
