"""What a refusal says of how to get a better credential: `WWW-Authenticate` and the document it leads to.

RFC 6750 says what stands in the header, RFC 9728 what in the document, and the MCP authorization specification
(2025-11-25) asks for both. Only where an issuer is configured is there anything to tell.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import Header, encoded
from registry.api.noted import noted_on
from registry.errors import Refused, Unauthenticated
from registry.policy.claims import READ, WRITE
from registry.policy.principal import Role

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
_REALM: Final = 'Bearer realm="mcp-registry"'
_UNCACHED: Final[tuple[Header, ...]] = ((b"cache-control", b"no-cache"),)


class ProtectedResource(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9728 §2. `resource`: what tokens are asked for, and what this registry is called."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...] = (READ, WRITE)
    bearer_methods_supported: tuple[str, ...] = ("header",)
    resource_name: str = "MCP registry"
    resource_documentation: str


class Challenge:
    """
    Args:
        public_url: How clients reach this instance.
        issuers: Whose tokens it takes, as they spell themselves.
    """

    def __init__(self, *, public_url: str, issuers: Sequence[str]) -> None:
        self._resource = ProtectedResource(
            resource=public_url,
            authorization_servers=tuple(issuers),
            resource_documentation=f"{public_url.rstrip('/')}/docs",
        )
        parts = urlsplit(public_url)
        # RFC 9728 §3.1: between the host and the path.
        self._path = parts.path.rstrip("/")
        self._metadata_url = f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{self._path}"

    def headers(self, scope: HTTPScope, error: Exception) -> tuple[Header, ...]:
        """What the answer to a request says that ended in *error*."""
        offered = bool(self._resource.authorization_servers)
        if isinstance(error, Unauthenticated):
            return _header(_REALM + (self._where(_needed(scope), _bad(scope)) if offered else ""))
        if offered and isinstance(error, Refused) and (wanted := _held_back(scope)) is not None:
            return _header(_REALM + self._where(wanted, "insufficient_scope"))
        return ()

    def routes(self) -> list[HTTPRouteHandler]:
        """The document, at the root and, where this registry is below a path, at its own address."""
        if not self._resource.authorization_servers:
            return []
        paths = list(dict.fromkeys((WELL_KNOWN, f"{WELL_KNOWN}{self._path}")))

        @route(paths, http_method=[HttpMethod.GET, HttpMethod.HEAD], name="get-protected-resource")
        async def protected_resource() -> ASGIApp:
            return encoded(self._resource, headers=_UNCACHED)

        return [protected_resource]

    def _where(self, scopes: str, error: str | None) -> str:
        said = "" if error is None else f', error="{error}"'
        return f'{said}, scope="{scopes}", resource_metadata="{self._metadata_url}"'


def _needed(scope: HTTPScope) -> str:
    """The scope to ask for, to do what was asked for."""
    reads = scope["method"] in ("GET", "HEAD") and not scope["path"].startswith("/v1/")
    return READ if reads else WRITE


def _bad(scope: HTTPScope) -> str | None:
    # RFC 6750 §3.1: without a credential no error is named.
    return "invalid_token" if any(name == b"authorization" for name, _ in scope["headers"]) else None


def _held_back(scope: HTTPScope) -> str | None:
    """The scope that a token lacks whose bearer could have more; None where no scope would help."""
    principal = noted_on(scope).principal
    if principal is None or not principal.held_back:
        return None
    return _needed(scope) if Role.READER in principal.held_back else WRITE


def _header(text: str) -> tuple[Header, ...]:
    return ((b"www-authenticate", text.encode()),)
