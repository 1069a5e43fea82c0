"""What `mcp-publisher login` sends, as Go's HTTP client writes it, and what it needs to read (reference §7)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.api.logins import Surroundings, publish, surroundings
from tests.api.raw_request import send
from tests.doubles.plain_client import Answer
from tests.doubles.publisher import Ed25519Key
from tests.running import RunningRegistry


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with surroundings(tmp_path_factory.mktemp("around")) as made:
        yield made


@pytest.fixture(scope="module")
def registry(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    folder = tmp_path_factory.mktemp("registry")
    with RunningRegistry(folder, around.configuration(), https_port=around.web.port) as running:
        yield running


def exchange(registry: RunningRegistry, method: str, **members: str) -> Answer:
    """A POST of compact JSON."""
    body = json.dumps(members, separators=(",", ":")).encode()
    return send(
        registry.port,
        f"/v0/auth/{method}",
        "User-Agent: Go-http-client/1.1",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
        "Accept-Encoding: gzip",
        method="POST",
        host=f"127.0.0.1:{registry.port}",
        body=body,
    )


def needed(answer: Answer) -> str:
    """What the command keeps: exactly 200, and a token."""
    assert answer.status == 200, answer.body
    token = answer.json()["registry_token"]
    assert isinstance(token, str)
    return token


def test_login_none(registry: RunningRegistry) -> None:
    """
    `login none` posts nothing at all.
    """
    answer = send(
        registry.port,
        "/v0/auth/none",
        "User-Agent: Go-http-client/1.1",
        "Content-Length: 0",
        "Content-Type: application/json",
        "Accept-Encoding: gzip",
        method="POST",
        host=f"127.0.0.1:{registry.port}",
    )

    assert needed(answer)


def test_login_github(around: Surroundings, registry: RunningRegistry) -> None:
    """
    `login github` asks health for the client, and later exchanges the token it got from GitHub's device flow.
    """
    around.github.accounts["gho_device"] = "octavia"

    client = send(registry.port, "/v0/health").json()["github_client_id"]

    assert client
    assert needed(exchange(registry, "github-at", github_token="gho_device"))


def test_login_github_oidc(around: Surroundings, registry: RunningRegistry) -> None:
    """
    `login github-oidc` of a release that asks GitHub for the audience that --registry names.
    """
    claims = around.actions.claims(registry.url, registry.clock.now_us(), repository_owner="octavia")

    assert needed(exchange(registry, "github-oidc", oidc_token=around.key.token(claims)))


def test_login_github_oidc_of_an_old_release(around: Surroundings, registry: RunningRegistry) -> None:
    """
    A release that asks for the shared audience is told which one this registry wants.
    """
    claims = around.actions.claims("mcp-registry", registry.clock.now_us(), repository_owner="octavia")

    answer = exchange(registry, "github-oidc", oidc_token=around.key.token(claims))

    assert answer.status == 401
    assert answer.json()["errors"][0]["message"] == f"invalid audience: expected {registry.url}, got [mcp-registry]"


@pytest.mark.parametrize("method", ["dns", "http"])
def test_login_domain(around: Surroundings, registry: RunningRegistry, method: str) -> None:
    """
    `login dns` and `login http` sign the instant in whole seconds.
    """
    key = Ed25519Key()
    publish(around, method, key.record)
    timestamp = datetime.fromtimestamp(registry.clock.now_us() // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    answer = exchange(
        registry, method, domain="acme.example", timestamp=timestamp, signed_timestamp=key.sign(timestamp).hex()
    )

    assert needed(answer)
