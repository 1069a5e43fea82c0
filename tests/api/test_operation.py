"""health, ping, version, metrics, documentation (reference §1.3)."""

import re
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.api.raw_request import send
from tests.api.reading import Reader
from tests.doubles.loaded_store import acme, serving
from tests.running import RunningRegistry

PREFIXES = ("", "/v0", "/v0.1")


@pytest.mark.parametrize("prefix", PREFIXES)
class TestProbes:
    def test_health(self, reader: Reader, prefix: str) -> None:
        """
        reference §1.3: status ok, github_client_id left out when unset. Ours: the age of the mirror beside it.
        """
        answer = reader.get(f"{prefix}/health")

        health = answer.json()
        assert (answer.status, health["status"]) == (200, "ok")
        assert "github_client_id" not in health
        assert health["mirror_age_seconds"] >= 0
        assert {upstream["name"] for upstream in health["upstreams"]} == {"internal", "official", "odd"}

    def test_ping(self, reader: Reader, prefix: str) -> None:
        """
        reference §1.3: {"pong":true}.
        """
        answer = reader.get(f"{prefix}/ping")

        assert (answer.status, answer.body) == (200, b'{"pong":true}\n')
        assert answer.headers["content-type"] == "application/json"

    def test_version(self, reader: Reader, prefix: str) -> None:
        """
        reference §1.3: version, git_commit, build_time.
        """
        assert reader.get(f"{prefix}/version").json().keys() == {"version", "git_commit", "build_time"}

    def test_without_any_credential(self, world: RunningRegistry, prefix: str) -> None:
        """
        reference §1.3: probes need no credential, and one that is bad does not make them fail.
        """
        for path in ("health", "ping", "version"):
            assert send(world.port, f"{prefix}/{path}", "Authorization: Bearer nonsense").status == 200


def _counted(reader: Reader) -> dict[tuple[str, str, str], float]:
    pattern = r'mcp_registry_http_requests_total\{method="(\w+)",path="([^"]+)",status_code="(\d+)"\} ([\d.]+)'
    text = reader.get("/metrics").body.decode()
    return {(method, path, status): float(count) for method, path, status, count in re.findall(pattern, text)}


class TestMetrics:
    def test_names_and_buckets(self, reader: Reader) -> None:
        """
        reference §1.3: requests, errors, a histogram with the official bounds, and whether the service is up.
        """
        reader.page("limit=0")
        answer = reader.get("/metrics")

        text = answer.body.decode()
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "mcp_registry_service_up 1.0" in text
        assert 'mcp_registry_http_errors_total{method="GET",path="/v0.1/servers",status_code="422"}' in text
        bounds = re.findall(
            r'request_duration_seconds_bucket\{le="([^"]+)",method="GET",path="/v0.1/servers",status_code="422"\}', text
        )
        assert bounds == ["0.005", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "20.0", "50.0", "+Inf"]

    def test_routes_are_counted_by_their_template(self, reader: Reader) -> None:
        """
        reference §1.3: the label is the route, whatever name or version was asked for, and how it was spelled.
        """
        before = _counted(reader)
        for target in ("com.acme%2Fpayroll/versions/latest", "com.acme/payroll/versions/1.0.0/", "x%2Fy/versions/1"):
            reader.get(f"/v0/servers/{target}")

        after = _counted(reader)

        grown = {
            labels: count - before.get(labels, 0) for labels, count in after.items() if count != before.get(labels)
        }
        templates = {path for _, path, _ in grown}
        assert len(templates) == 1
        assert re.fullmatch(r"/v0/servers/\{\w+\}/versions/\{\w+\}", templates.pop())
        assert {status: count for (_, _, status), count in grown.items()} == {"200": 2.0, "404": 1.0}

    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("GET", "/health"),
            ("GET", "/v0/ping"),
            ("GET", "/v0.1/health"),
            ("GET", "/metrics"),
            ("GET", "/docs"),
            ("GET", "/nothing"),
            ("GET", "/v0.1/nothing"),
            ("POST", "/v0.1/servers"),
            ("BREW", "/v0.1/servers"),
            ("OPTIONS", "/v0.1/servers"),
            ("GET", "/v0.1/servers?search=%00"),
        ],
    )
    def test_not_counted(self, world: RunningRegistry, reader: Reader, method: str, target: str) -> None:
        """
        reference §1.3: probes, metrics and docs are not counted, nor what found no route; labels stay few.
        """
        before = _counted(reader)

        send(world.port, target, "Access-Control-Request-Method: GET", method=method)

        assert _counted(reader) == before

    def test_the_mirror_is_in_it(self, reader: Reader) -> None:
        """
        Ours: how old the mirror of each upstream is, and how large the store.
        """
        text = reader.get("/metrics").body.decode()

        assert 'mcp_registry_mirror_age_seconds{upstream="internal"}' in text
        assert 'mcp_registry_mirror_failing{upstream="official"} 0.0' in text
        assert 'mcp_registry_store_bytes{part="file"}' in text


def _operations(document: dict[str, Any]) -> set[str]:  # Any: an OpenAPI document
    return {operation["operationId"] for path in document["paths"].values() for operation in path.values()}


class TestDocumentation:
    @pytest.mark.parametrize("target", ["/docs", "/"])
    def test_page_loads_nothing(self, reader: Reader, target: str) -> None:
        """
        Ours, unlike reference §1.3 (a CDN): one page of our own, no script, nothing loaded from anywhere.
        """
        answer = reader.get(target)

        page = answer.body.decode()
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<(script|link|img|iframe|object|embed|base)\b|@import|url\(|\bon\w+=", page)
        links = re.findall(r"""(?:href|src)\s*=\s*["']([^"']*)""", page)
        assert links
        assert not any("//" in link for link in links)

    def test_page_describes_every_operation(self, reader: Reader) -> None:
        """
        Ours: what the OpenAPI document has below /v0.1 is on the page.
        """
        page = reader.get("/docs").body.decode()

        for path in reader.get("/openapi.json").json()["paths"]:
            assert "/v0/" in path or path in page

    def test_openapi(self, reader: Reader) -> None:
        """
        clients.md §5: ToolHive wants info.version 1.0.0 and the official registry's address in the description.
        """
        as_json, as_yaml = reader.get("/openapi.json"), reader.get("/openapi.yaml")

        document = as_json.json()
        assert as_json.headers["content-type"] == "application/openapi+json"
        assert as_yaml.headers["content-type"] == "application/openapi+yaml"
        assert yaml.safe_load(as_yaml.body) == document
        assert document["openapi"].startswith("3.1")
        assert document["info"]["version"] == "1.0.0"
        assert "https://github.com/modelcontextprotocol/registry" in document["info"]["description"]

    def test_operation_ids(self, reader: Reader) -> None:
        """
        reference §1.3: operation ids are the official ones, once for each prefix.
        """
        operations = _operations(reader.get("/openapi.json").json())

        for name in ("list-servers", "get-server-version", "get-server-versions", "get-health", "ping", "get-version"):
            assert {f"{name}-v0", f"{name}-v0.1"} <= operations


class TestBeyondLoopback:
    def test_operations_take_a_credential(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """
        Ours: where others can connect, sync runs, metrics and status are for the role operator (test_operators.py), and
        health has no details.
        """
        folder = tmp_path_factory.mktemp("public")
        with serving(folder, acme(), everywhere=True, server='allowed_hosts = ["registry.example"]') as registry:
            for path in (
                "/v1/sync-runs",
                "/v1/sync-runs/run_x",
                "/v1/status",
                "/v1/quarantine",
                "/v1/findings",
                "/metrics",
            ):
                assert send(registry.port, path, host="registry.example").status == 401
            posted = send(registry.port, "/v1/sync-runs", "Content-Type: application/json", method="POST",
                          host="registry.example", body=b'{"upstream":"official"}')  # fmt: skip
            health = send(registry.port, "/health", host="registry.example").json()
            read = send(registry.port, "/v0.1/servers", host="registry.example")
            unknown = send(registry.port, "/v0.1/servers", host="127.0.0.1")

        assert posted.status == 401
        assert health.keys() == {"status", "mirror_age_seconds"}
        assert read.status == 200
        assert unknown.status == 400


class TestBehindAProxy:
    def test_what_was_forwarded_is_not_from_here(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """
        Ours: behind a reverse proxy on the same host everybody comes from loopback; operations are refused then, and
        health keeps its details to itself.
        """
        folder = tmp_path_factory.mktemp("proxied")
        names = 'allowed_hosts = ["registry.example", "127.0.0.1"]'
        with serving(folder, acme(), server=names) as registry:
            for path in ("/v1/sync-runs", "/v1/status", "/v1/quarantine", "/v1/findings", "/metrics"):
                assert send(registry.port, path, host="registry.example").status == 401
                assert send(registry.port, path, "X-Forwarded-For: 203.0.113.9").status == 401
                assert send(registry.port, path, "Forwarded: for=203.0.113.9").status == 401
                assert send(registry.port, path).status == 200
            forwarded = send(registry.port, "/health", "X-Forwarded-For: 203.0.113.9").json()
            here = send(registry.port, "/health").json()

        assert forwarded.keys() == {"status", "mirror_age_seconds"}
        assert here.keys() == {"status", "mirror_age_seconds", "upstreams"}

    def test_operations_are_never_for_other_origins(self, world: RunningRegistry) -> None:
        """
        Ours: what only operators may read carries no CORS header, however many slashes lead to it.
        """
        for path in ("/v1/status", "//v1/status", "/metrics", "/v1/sync-runs/none"):
            assert "access-control-allow-origin" not in send(world.port, path).headers


class TestSyncRuns:
    def test_refuses_pages(self, world: RunningRegistry) -> None:
        """
        Ours: an Origin, even `null`, means a browser, and no browser is answered.
        """
        for origin in ("https://evil.example", "null", "http://127.0.0.1"):
            for target in (
                "/v1/sync-runs",
                "/v1/sync-runs/run_x",
                "/v1/status",
                "/v1/quarantine",
                "/v1/findings",
                "/metrics",
            ):
                assert send(world.port, target, f"Origin: {origin}").status == 401

    def test_pages_by_cursor(self, reader: Reader) -> None:
        """
        Ours: newest first, and the cursor leads to the next ones.
        """
        first = reader.get("/v1/sync-runs?limit=2").json()
        second = reader.get(f"/v1/sync-runs?limit=2&cursor={first['metadata']['nextCursor']}").json()

        ids = [run["run"] for run in first["items"] + second["items"]]
        requested = [run["requested_at"] for run in first["items"] + second["items"]]
        assert len(set(ids)) == 4
        assert requested == sorted(requested, reverse=True)

    @pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "9" * 19, "9" * 30, "²"])
    def test_a_cursor_of_another_kind_is_400(self, reader: Reader, cursor: str) -> None:
        """
        Ours: here a cursor is a number of ours, and what is none is refused.
        """
        assert reader.get(f"/v1/sync-runs?cursor={quote(cursor)}").status == 400

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"{", 400),
            (b"[]", 400),
            (b"{}", 400),
            (b'{"upstream":1}', 400),
            (b'{"upstream":"x","extra":1}', 400),
            (b'{"upstream":"nobody"}', 404),
            (b'{"upstream":"x"' + b" " * 5000 + b"}", 400),
            (b"\xff", 400),
        ],
    )
    def test_what_cannot_be_asked_for(self, world: RunningRegistry, body: bytes, status: int) -> None:
        """
        Ours: a request that is none is refused with a problem, and starts nothing.
        """
        lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")

        answer = send(world.port, "/v1/sync-runs", *lines, method="POST", body=body)

        assert answer.status in (status, 413)
        assert answer.headers["content-type"] == "application/problem+json"

    def test_needs_a_content_type(self, world: RunningRegistry) -> None:
        """
        Ours: a form, which a page can send anywhere without a preflight, starts nothing.
        """
        body = b'{"upstream":"official"}'
        lines = ("Content-Type: text/plain", f"Content-Length: {len(body)}")

        assert send(world.port, "/v1/sync-runs", *lines, method="POST", body=body).status == 400
