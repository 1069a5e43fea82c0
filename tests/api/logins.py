"""A registry in which all logins are on, with everybody it asks on loopback."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import jwt
import msgspec

from registry.api.auth import LIMIT
from registry.auth.registry_tokens import RegistryTokens
from registry.auth.signing_keys import resolved_keys
from registry.policy.principal import Principal
from tests.api.raw_request import send
from tests.doubles.authority import Authority
from tests.doubles.github import Github
from tests.doubles.issuer import Issuer, IssuerKey
from tests.doubles.name_server import NameServer
from tests.doubles.plain_client import Answer
from tests.doubles.web import Asked, Reply, WebServer
from tests.running import RunningRegistry

HOSTS: Final = ("acme.example", "www.acme.example", "initech.example", "octo.github.io")
"""Those with a certificate."""
PUBLIC: Final = "9.9.9.9"
"""Any public address: https leads to this machine all the same."""
CONDITIONS: Final = '{ department = "platform", groups = ["publishers", "owners"] }'

Event = dict[str, Any]  # Any: JSON


class Surroundings(msgspec.Struct, kw_only=True):
    """
    Everybody that the registry asks.

    Attributes:
        pages: What the web server of a host answers at the place for proofs.
    """

    names: NameServer
    web: WebServer
    pages: dict[str, Reply]
    github: Github
    actions: Issuer
    issuer: Issuer
    key: IssuerKey
    authority: Path

    def configuration(self, *, http: str = "", more: str = "") -> str:
        """TOML with every login on. *http*, *more*: lines in `[auth.http]`, and after all of it."""
        return f"""
[egress]
nameservers = ["{self.names.address}"]
ca_file = "{self.authority}"

[auth.dns]
[auth.http]
{http}
[auth.none]
[auth.github_at]
api_url = "{self.github.url}"
client_id = "Iv1.0123456789abcdef"
allow_private = true

[auth.github_oidc]
issuer = "{self.actions.url}"
allow_private = true

[auth.oidc]
issuer = "{self.issuer.url}"
allow_private = true
claims = {CONDITIONS}
namespaces = ["com.acme/*", "com.acme.*"]
roles = ["publisher", "admin"]
{more}
"""


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Name server, web server, GitHub and issuers, running."""
    authority = Authority(folder)
    pages: dict[str, Reply] = {}

    def page(asked: Asked) -> Reply:
        there = asked.target == "/.well-known/mcp-registry-auth" and asked.host in pages
        return pages[asked.host] if there else Reply(status=404)

    key = IssuerKey("first")
    with (
        NameServer() as names,
        WebServer(page, tls=authority.server(HOSTS)) as web,
        Github() as github,
        Issuer(key) as actions,
        Issuer(key) as issuer,
    ):
        names.addresses.update({host: [PUBLIC] for host in HOSTS})
        yield Surroundings(
            names=names,
            web=web,
            pages=pages,
            github=github,
            actions=actions,
            issuer=issuer,
            key=key,
            authority=authority.certificate,
        )


def login(registry: RunningRegistry, method: str, body: object, *, prefix: str = "/v0.1") -> Answer:
    """A login by somebody who was not here for a while."""
    registry.clock.advance(LIMIT.every_ns / 1e9)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = ("Content-Type: application/json", f"Content-Length: {len(sent)}")
    return send(registry.port, f"{prefix}/auth/{method}", *head, method="POST", body=sent)


def publish(around: Surroundings, method: str, *records: str, domain: str = "acme.example") -> None:
    """Put records where *method* looks for them."""
    if method == "dns":
        around.names.texts[domain] = list(records)
    else:
        around.pages[domain] = Reply(body="\n".join(records).encode())


def now(registry: RunningRegistry) -> int:
    """The instant the registry reads."""
    return registry.clock.now_us()


def principal(registry: RunningRegistry, answer: Answer) -> Principal:
    """Whom the token in *answer* makes of its bearer, as the registry itself would say."""
    assert answer.status == 200, answer.body
    tokens = RegistryTokens(resolved_keys((), registry.store, {}), public_url=registry.url, clock=_Reading(registry))
    return tokens.verify(answer.json()["registry_token"])


def refused(answer: Answer, detail: str) -> str:
    """Why it was refused; it was, in the way reference §6.1 says."""
    problem = answer.json()
    assert (answer.status, problem["title"], problem["detail"]) == (401, "Unauthorized", detail), problem
    (error,) = problem["errors"]
    assert list(error) == ["message"]
    message: str = error["message"]
    return message


def events(registry: RunningRegistry) -> list[Event]:
    """The record, newest first."""
    with closing(sqlite3.connect(registry.store)) as connection:
        rows = connection.execute("SELECT record FROM audit_events ORDER BY id DESC").fetchall()
    return [json.loads(row[0]) for row in rows]


def everything_kept(folder: Path, registry: RunningRegistry) -> str:
    """All that outlives a login: every file of the registry and its whole log."""
    registry.stop()
    files = (each.read_bytes().decode("latin-1") for each in folder.iterdir() if each.is_file())
    return "".join(files) + json.dumps(registry.log)


class _Reading:
    """The registry's clock, as this process can read it."""

    def __init__(self, registry: RunningRegistry) -> None:
        self._clock = registry.clock

    def now_us(self) -> int:
        return self._clock.now_us()

    def monotonic_ns(self) -> int:
        return self._clock.now_us() * 1000


def claims_of(answer: Answer) -> Mapping[str, Any]:  # Any: JSON
    """The claims of the token in *answer*, unverified."""
    return jwt.decode(answer.json()["registry_token"], options={"verify_signature": False})
