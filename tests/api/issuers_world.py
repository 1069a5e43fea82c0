"""A registry that trusts issuers, for the tests of callers with their tokens."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.policy.claims import READ
from tests.api.publishing import CONFIGURATION, Client
from tests.api.raw_request import send
from tests.doubles.issued import bearer
from tests.doubles.issuer import Issuer, IssuerKey
from tests.doubles.loaded_store import acme, serving
from tests.doubles.opened import OPEN
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

GOVERNANCE: Final = (
    OPEN + '\n[[team]]\nname = "backend~prod"\n[[grant]]\nteam = "backend~prod"\npattern = "io.github.octavia/*"\n'
    '[[team]]\nname = "frontend"\n'
)
LIST: Final = "/v0.1/servers"
DOORS: Final = (LIST, "/teams/backend~prod/v0.1/servers", "/v1/approvals", "/v0.1/x/registry/mine")


class World:
    """
    A registry, and the issuers it knows.

    `one` is trusted with mappings. `away` never answered yet. `inside` is on loopback, where the registry may not go
    for it. `sent`: every token that was sent.
    """

    def __init__(self, registry: RunningRegistry, one: Issuer, away: Issuer, inside: Issuer, key: IssuerKey) -> None:
        self.registry = registry
        self.one, self.away, self.inside = one, away, inside
        self.key = key
        self.sent: list[str] = []

    def claims(self, *groups: str, scope: object = READ, **more: object) -> dict[str, object]:
        made = self.one.claims(self.registry.url, self.registry.clock.now_us(), groups=list(groups), scope=scope)
        return {name: value for name, value in (made | more).items() if value is not None}

    def token(self, *groups: str, **more: object) -> str:
        return self.key.token(self.claims(*groups, **more))

    def ask(self, token: str, path: str = LIST, *lines: str, method: str = "GET", body: object = None) -> Answer:
        self.sent.append(token)
        content = b"" if body is None else json.dumps(body).encode()
        head = (bearer(token), f"Content-Length: {len(content)}", "Content-Type: application/json", *lines)
        return send(self.registry.port, path, *head, method=method, body=content)

    def client(self, token: str) -> Client:
        self.sent.append(token)
        return Client(self.registry, token)


@contextmanager
def issuers_world(folder: Path) -> Iterator[World]:
    """A running registry of two workers that trusts some issuers."""
    key = IssuerKey("first")
    with Issuer(key) as one, Issuer(key) as away, Issuer(key) as inside:
        away.away = True
        configuration = f"""{CONFIGURATION}
[auth.none]
[[oidc]]
name = "acme"
issuer = "{one.url}"
allow_private = true
[[oidc.mapping]]
claims = {{ groups = ["backend", "platform"] }}
teams = ["backend~prod", "frontend"]
[[oidc.mapping]]
claims = {{ groups = "owners" }}
teams = ["frontend"]
roles = ["publisher"]
namespaces = ["com.partner/*"]
[[oidc.mapping]]
claims = {{ groups = "governors" }}
roles = ["admin", "auditor", "approver"]
namespaces = ["com.other/*"]
[[oidc]]
name = "away"
issuer = "{away.url}"
allow_private = true
[[oidc]]
name = "inside"
issuer = "{inside.url}"
"""
        with serving(folder, acme()[1:], configuration=configuration, governance=GOVERNANCE, workers=2) as running:
            yield World(running, one, away, inside, key)


def token_part(content: bytes) -> str:
    """*content* as a part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
