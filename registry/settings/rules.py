"""What must hold between the values of the configuration, when each value is right by itself.

JSON Schema can say the first two of these rules and not the others; `registry.schema.json` says those two.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from registry.catalog.overlay import PRIVATE
from registry.errors import Invalid
from registry.policy.delegation import mandate
from registry.policy.subject import OF_LOGINS
from registry.settings import ServerSettings, UpstreamKind, UpstreamSettings
from registry.settings.auth import AuthSettings
from registry.settings.oidc import IssuerSettings
from registry.settings.positions import Path
from registry.settings.secret import SecretRef
from registry.settings.validation import ValidationSettings
from registry.settings.values import host_of, is_loopback
from registry.settings.verify import VerifySettings
from registry.settings.webhooks import WebhookSettings


class Report(Protocol):
    """Takes one broken rule: where, what would be right, and the sentence for people."""

    def __call__(self, path: Path, expected: str, message: str) -> None: ...


def check_secret(report: Report, path: Path, label: str, secret: SecretRef) -> None:
    """Report a reference to a secret, at *path* and called *label*, that names no place for it or two."""
    if (secret.env is None) == (secret.file is None):
        expected = '{ env = "NAME" } or { file = "path" }'
        report(path, expected, f"{label}: expected either {expected}")


def check_verify(report: Report, verify: VerifySettings) -> None:
    """Report every host that `[verify]` names twice: it would not be clear which of the two answers for it."""
    seen: set[str] = set()
    for index, registry in enumerate(verify.oci or ()):
        host = registry.host.lower()
        if host in seen:
            message = f'"oci" in [verify] names the host "{host}" twice'
            report(("verify", "oci", index, "host"), "a host of its own", message)
        seen.add(host)


def check_validation(report: Report, validation: ValidationSettings) -> None:
    """Report every rule of advice that is given two severities."""
    taken: dict[str, str] = {}
    for key in ("errors", "warnings", "infos"):
        for position, rule in enumerate(getattr(validation, key)):
            first = taken.setdefault(rule, key)
            if first != key:
                message = f'"{key}" in [validation]: "{rule}" stands in "{first}" already'
                report(("validation", key, position), "each rule in one list", message)


def check_webhooks(report: Report, webhooks: Mapping[int, WebhookSettings]) -> None:
    """Report every name that two webhooks have, by their place: what was delivered is remembered by the name."""
    names: set[str] = set()
    for index, webhook in webhooks.items():
        if webhook.name in names:
            path: Path = ("webhook", index, "name")
            report(path, "a name of its own", f'a second [[webhook]] is called "{webhook.name}"')
        names.add(webhook.name)


class UpstreamRules:
    """Looks at the upstreams in the order of the file and remembers what each of them took."""

    def __init__(self, report: Report, *, private_claims: Iterable[str]) -> None:
        """*private_claims*: the namespaces that `[publish]` claims."""
        self._report = report
        self._names: set[str] = set()
        self._precedences: dict[int, str] = {}
        self._claims: dict[str, str] = dict.fromkeys(private_claims, PRIVATE)

    def check(self, index: int, upstream: UpstreamSettings, present: frozenset[str]) -> None:
        """
        Report every rule that *upstream* breaks, alone or beside those checked before it.

        Args:
            index: Its place in the file, from 0.
            present: The keys it sets, also those whose values are wrong and reported already.
        """
        path: Path = ("upstream", index)
        label = f'[[upstream]] "{upstream.name}"'
        self._check_location(path, label, upstream.kind, present)
        self._check_name((*path, "name"), upstream.name)
        self._check_precedence((*path, "precedence"), label, upstream)
        for position, claim in enumerate(upstream.claims):
            claimant = self._claims.setdefault(claim, upstream.name)
            if claimant != upstream.name:
                message = f'{label} claims "{claim}", which "{claimant}" claims already'
                self._report((*path, "claims", position), "a namespace claimed by one upstream", message)

    def _check_location(self, path: Path, label: str, kind: UpstreamKind, present: frozenset[str]) -> None:
        match kind:
            case UpstreamKind.HTTP:
                wanted, unfit = "url", "path"
            case UpstreamKind.FILE:
                wanted, unfit = "path", "url"
        if wanted not in present:
            self._report(path, f'"{wanted}"', f'{label} is of kind "{kind}" and needs "{wanted}"')
        if unfit in present:
            message = f'{label} is of kind "{kind}" and cannot have "{unfit}"'
            self._report((*path, unfit), f'no "{unfit}"', message)

    def _check_name(self, path: Path, name: str) -> None:
        if name == PRIVATE:
            message = f'[[upstream]] cannot be called "{PRIVATE}": that is what this registry calls its own publishers'
            self._report(path, "another name", message)
        if name in self._names:
            self._report(path, "a name of its own", f'a second [[upstream]] is called "{name}"')
        self._names.add(name)

    def _check_precedence(self, path: Path, label: str, upstream: UpstreamSettings) -> None:
        holder = self._precedences.setdefault(upstream.precedence, upstream.name)
        if holder != upstream.name:
            message = f'{label} has precedence {upstream.precedence}, which "{holder}" has already'
            self._report(path, "a precedence of its own", message)


def check_auth(report: Report, auth: AuthSettings, server: ServerSettings) -> None:
    """Report every rule that *auth* breaks on a listener as in *server*."""
    if auth.none is not None and not (server.on_loopback or auth.none.allow_beyond_loopback):
        message = (
            f"[auth.none] lets everybody who can reach {server.listen} publish; listen on loopback, or say "
            '"allow_beyond_loopback = true" there if that is meant'
        )
        report(("auth", "none"), "allow_beyond_loopback = true", message)
    spoken_to = (
        ("github_at", "api_url", auth.github_at and auth.github_at.api_url),
        ("github_oidc", "issuer", auth.github_oidc and auth.github_oidc.issuer),
        ("github_oidc", "jwks_url", auth.github_oidc and auth.github_oidc.jwks_url),
        ("oidc", "issuer", auth.oidc and auth.oidc.issuer),
    )
    for login, key, url in spoken_to:
        if url and url.startswith("http://") and not is_loopback(host_of(url)):
            message = f'"{key}" in [auth.{login}]: who somebody is cannot be told over plain http; expected https'
            report(("auth", login, key), "an https URL", message)


_NOT_ISSUERS: Final = frozenset({"system", "local", *OF_LOGINS})
"""What subjects begin with that are somebody else's."""


def check_issuers(report: Report, issuers: Iterable[tuple[int, IssuerSettings]], server: ServerSettings) -> None:
    """Report every rule that the issuers of `[[oidc]]` break, each with its place in the file."""
    names: set[str] = set()
    urls: set[str] = {server.public_url}
    for index, issuer in issuers:
        path: Path = ("oidc", index)
        label = f'[[oidc]] "{issuer.name}"'
        if issuer.name in _NOT_ISSUERS:
            message = f'[[oidc]] cannot be called "{issuer.name}": others are on record under that name'
            report((*path, "name"), "another name", message)
        if issuer.name in names:
            report((*path, "name"), "a name of its own", f'a second [[oidc]] is called "{issuer.name}"')
        if issuer.issuer in urls:
            message = f"{label}: {issuer.issuer} is an issuer already; a token would be of two"
            report((*path, "issuer"), "an issuer of its own", message)
        for key, url in (("issuer", issuer.issuer), ("jwks_url", issuer.jwks_url)):
            if url and url.startswith("http://") and not is_loopback(host_of(url)):
                message = f'"{key}" in {label}: who somebody is cannot be told over plain http; expected https'
                report((*path, key), "an https URL", message)
        names.add(issuer.name)
        urls.add(issuer.issuer)
        _check_mappings(report, path, label, issuer)


def _check_mappings(report: Report, path: Path, label: str, issuer: IssuerSettings) -> None:
    for position, mapping in enumerate(issuer.mappings):
        if mapping.roles:
            try:
                mandate(mapping.roles, mapping.teams, mapping.namespaces)
            except Invalid as error:
                report((*path, "mapping", position), "a role with what it is for", f'"mapping" in {label}: {error}')
