"""What mcp-publisher reads where nobody publishes: always below `/v0`, exactly 200 (clients.md §8, reference §7)."""

from urllib.parse import quote

import pytest

from tests.clients.decoding import one, page
from tests.doubles.plain_client import fetch


def test_login_github_asks_health(base: str) -> None:
    """
    `login github` reads github_client_id from /v0/health; a registry without GitHub leaves it out.
    """
    answer = fetch(base, "/v0/health")

    assert answer.status == 200
    assert answer.json()["status"] == "ok"
    assert "github_client_id" not in answer.json()


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("com.acme/payroll", "1.2.0+build.7", "active"),
        ("com.acme/payroll", "1.0.0", "deprecated"),
        ("com.acme/fax", "1.0.0", "deleted"),
    ],
)
def test_status_of_one_version(base: str, name: str, version: str, status: str) -> None:
    """
    `status NAME VERSION` reads the version first, deleted or not, and needs `_meta…official.status`.
    """
    target = f"/v0/servers/{quote(name, safe='')}/versions/{quote(version, safe='')}?include_deleted=true"

    assert one(fetch(base, target)).meta.official.status == status


def test_status_of_all_versions(base: str) -> None:
    """
    `status --all-versions` reads the whole history, deleted ones too.
    """
    found = page(fetch(base, "/v0/servers/org.initech%2Ffiles/versions?include_deleted=true"))

    assert {response.server.version: response.meta.official.status for response in found.servers} == {
        "1.0.0": "active",
        "1.0.1": "deleted",
    }


@pytest.mark.parametrize("name", ["com.acme/nobody", "nobody"])
def test_status_of_nobody(base: str, name: str) -> None:
    """
    A name that is not there is 404 with a detail the command prints.
    """
    answer = fetch(base, f"/v0/servers/{quote(name, safe='')}/versions?include_deleted=true")

    assert answer.status == 404
    assert answer.json()["detail"] == "Server not found"


@pytest.mark.parametrize("method", ["none", "github-at", "github-oidc", "dns", "http"])
def test_a_login_that_is_not_offered(base: str, method: str) -> None:
    """
    A login that this registry does not offer is 404, so that the command says so and does not retry.
    """
    assert fetch(base, f"/v0/auth/{method}", method="POST", Content_Length="0").status == 404
