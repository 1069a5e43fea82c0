"""What a refusal says of how to get a better credential, and where that is read."""

from typing import cast

import pytest
from litestar.types import HTTPScope

from registry.api.challenge import WELL_KNOWN, Challenge
from registry.errors import Refused, Unauthenticated

ISSUER = "https://id.acme.example"


def _said(challenge: Challenge, error: Exception) -> list[bytes]:
    scope = {"method": "GET", "path": "/v0.1/servers", "headers": []}
    return [value for _, value in challenge.headers(cast("HTTPScope", scope), error)]


class TestChallenge:
    def test_without_an_issuer(self) -> None:
        """
        issue §1: `resource_metadata` only where an issuer is configured; elsewhere there is no such document.
        """
        challenge = Challenge(public_url="https://registry.example", issuers=())

        assert _said(challenge, Unauthenticated("no")) == [b'Bearer realm="mcp-registry"']
        assert _said(challenge, Refused("no")) == []
        assert challenge.routes() == []

    @pytest.mark.parametrize(
        ("public_url", "where", "paths"),
        [
            ("https://registry.example", f"https://registry.example{WELL_KNOWN}", {WELL_KNOWN}),
            ("https://registry.example/", f"https://registry.example{WELL_KNOWN}", {WELL_KNOWN}),
            (
                "https://acme.example:8443/mcp/registry/",
                f"https://acme.example:8443{WELL_KNOWN}/mcp/registry",
                {WELL_KNOWN, f"{WELL_KNOWN}/mcp/registry"},
            ),
        ],
    )
    def test_below_a_path(self, public_url: str, where: str, paths: set[str]) -> None:
        """
        RFC 9728 §3.1: the well-known part stands between the host and the path of the resource.
        """
        challenge = Challenge(public_url=public_url, issuers=(ISSUER,))
        (handler,) = challenge.routes()

        (said,) = _said(challenge, Unauthenticated("no"))
        assert f'resource_metadata="{where}"' in said.decode()
        assert handler.paths == paths
