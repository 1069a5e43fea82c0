"""mcp-publisher logs in by each method there is, and does what publishers do (reference §7)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.api.logins import Surroundings, publish, surroundings
from tests.api.publishing import manifest
from tests.clients.life import live
from tests.clients.stock_publisher import Failure, StockPublisher, audience
from tests.clients.written import written, yes
from tests.doubles.loaded_store import ANONYMOUS
from tests.doubles.publisher import Ed25519Key
from tests.running import RunningRegistry

_Login = Callable[[StockPublisher, Surroundings, RunningRegistry], None]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with surroundings(tmp_path_factory.mktemp("around")) as made:
        yield made


@pytest.fixture(scope="module")
def offering(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with every login, that everybody reads."""
    configuration = ANONYMOUS + around.configuration()
    with RunningRegistry(tmp_path_factory.mktemp("open"), configuration, https_port=around.web.port) as running:
        yield running


@pytest.fixture(scope="module")
def unread(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """The same, that nobody reads without a credential."""
    folder = tmp_path_factory.mktemp("unread")
    with RunningRegistry(folder, around.configuration(), https_port=around.web.port) as running:
        yield running


def _none(client: StockPublisher, _: Surroundings, registry: RunningRegistry) -> None:
    client.login_none(registry.url)


def _github(client: StockPublisher, around: Surroundings, registry: RunningRegistry) -> None:
    around.github.accounts["gho_device"] = "octavia"
    assert client.github_client_id(registry.url)
    client.login_github(registry.url, "gho_device")


def _github_oidc(client: StockPublisher, around: Surroundings, registry: RunningRegistry) -> None:
    claims = around.actions.claims(audience(registry.url), registry.clock.now_us(), repository_owner="octavia")
    client.login_github_oidc(registry.url, around.key.token(claims))


def _signed(method: str) -> _Login:
    def log_in(client: StockPublisher, around: Surroundings, registry: RunningRegistry) -> None:
        key = Ed25519Key()
        publish(around, method, key.record)
        instant = datetime.fromtimestamp(registry.clock.now_us() // 1_000_000, UTC)
        client.login_signed(
            method,
            registry.url,
            domain="acme.example",
            timestamp=instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
            sign=lambda text: key.sign(text.decode()),
        )

    return log_in


_METHODS: Final[Mapping[str, tuple[_Login, str]]] = {
    "none": (_none, "io.modelcontextprotocol.anonymous"),
    "github": (_github, "io.github.octavia"),
    "github-oidc": (_github_oidc, "io.github.octavia"),
    "dns": (_signed("dns"), "example.acme"),
    "http": (_signed("http"), "example.acme"),
}
"""Each with a namespace that it proves."""


@pytest.mark.parametrize("method", _METHODS)
def test_from_login_to_logout(around: Surroundings, offering: RunningRegistry, tmp_path: Path, method: str) -> None:
    """
    Log in, publish, find out what is wrong with the next version, change statuses, log out.
    """
    log_in, namespace = _METHODS[method]
    client = StockPublisher(tmp_path)

    log_in(client, around, offering)

    live(client, tmp_path, f"{namespace}/by-{method}")


@pytest.mark.parametrize("method", _METHODS)
def test_where_nobody_reads(around: Surroundings, unread: RunningRegistry, tmp_path: Path, method: str) -> None:
    """
    A login publishes, and reads just its own versions; what `status` of all of them prints names the command to use.
    """
    log_in, namespace = _METHODS[method]
    client = StockPublisher(tmp_path)
    log_in(client, around, unread)
    name = f"{namespace}/by-{method}"
    client.publish(written(tmp_path, manifest(name)))

    client.set_status(name, "1.0.0", "deprecated")

    with pytest.raises(Failure, match=r"403: .*use `mcp-registry set-status` with the token in MCP_REGISTRY_TOKEN"):
        client.set_all_statuses(name, "deleted", confirm=yes)
