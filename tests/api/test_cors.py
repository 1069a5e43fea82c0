"""CORS: ours is unconditional, since pages call registries and clients check for the headers (clients.md §1, §2)."""

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader
from tests.doubles.plain_client import fetch
from tests.running import RunningRegistry

TARGETS = (
    "/v0.1/servers",
    "/v0.1/servers/",
    "/v0.1/servers?limit=0",
    "/v0.1/servers?updated_since=x",
    "/v0.1/servers/com.acme%2Fpayroll/versions/latest",
    "/v0.1/servers/com.acme%2Fnobody/versions",
    "/v0.1/servers/a%00/versions",
    "/v0.1/servers?search=%00",
    "/v0.1/nothing",
    "/nothing",
    "/health",
    "/docs",
    "/openapi.json",
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "OPTIONS"])
def test_on_every_response(world: RunningRegistry, target: str, method: str) -> None:
    """
    Ours, unlike reference §1.1.3, §10.25: errors, HEAD, PATCH and NUL 400s carry the headers, with or without Origin.
    """
    for lines in ([], ["Origin: vscode-file://vscode-app"], ["Origin: null"]):
        headers = send(world.port, target, *lines, method=method).headers

        assert headers["access-control-allow-origin"] == "*"
        assert {"Content-Type", "Content-Length"} <= set(headers["access-control-expose-headers"].split(", "))
        assert "access-control-allow-credentials" not in headers


def test_on_a_401(world: RunningRegistry) -> None:
    """
    Ours: a page can read why it was refused.
    """
    assert send(world.port, "/v0.1/servers", "Authorization: Bearer x").headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("wanted", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"])
@pytest.mark.parametrize("target", ["/v0.1/servers", "/v0.1/servers/com.acme%2Fx/versions/latest", "/v0/nothing", "/"])
def test_preflight(reader: Reader, target: str, wanted: str) -> None:
    """
    Ours, unlike reference §1.1.3: the same 204 for every preflight, with every method and both headers listed.
    """
    answer = fetch(
        reader.url,
        target,
        method="OPTIONS",
        Origin="https://page.example",
        Access_Control_Request_Method=wanted,
        Access_Control_Request_Headers="authorization",
    )

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert answer.headers["access-control-max-age"] == "86400"
    assert answer.headers["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def test_options_without_a_method_is_no_preflight(reader: Reader) -> None:
    """
    reference §1.1.3: OPTIONS without Access-Control-Request-Method falls through to the 404.
    """
    assert fetch(reader.url, "/v0.1/servers", method="OPTIONS", Origin="https://page.example").status == 404


def test_administration_is_not_for_pages(reader: Reader) -> None:
    """
    Ours: nothing under /v1/ tells a browser that a page may read it.
    """
    for target in ("/v1/sync-runs", "/v1/approvals", "/v1/capabilities", "/v1/blocks?name=com.acme%2Fx&reason=r"):
        for method in ("GET", "OPTIONS"):
            answer = fetch(reader.url, target, method=method, Access_Control_Request_Method="GET")

            assert "access-control-allow-origin" not in answer.headers
