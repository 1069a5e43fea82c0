"""`/v1/findings`: what the rules found in mirrored documents, for operators."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader
from tests.doubles.loaded_store import ANONYMOUS, Upstream, serving
from tests.manifests import Manifest, manifest
from tests.running import RunningRegistry

SEVERITIES = '[validation]\nerrors = ["secret-not-marked"]\ninfos = ["vscode-drops"]\n'
_FILTERS = ("", "&severity=error", "&rule=secret-not-marked", "&source=internal", "&name=com.acme/open")


def _item(**changes: object) -> bytes:
    official = {"status": "active", "publishedAt": "2025-11-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"}
    meta = {"io.modelcontextprotocol.registry/official": official | {"isLatest": True}}
    return json.dumps({"server": manifest(**changes), "_meta": meta}).encode()


def _unmarked(count: int) -> list[Manifest]:
    packages: list[Manifest] = manifest()["packages"]
    packages[0]["environmentVariables"] = [{"name": f"PAYROLL_TOKEN_{number}"} for number in range(count)]
    return packages


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """Two upstreams, some of whose documents break a rule or more, judged by an organisation that is strict."""
    upstreams = [
        Upstream(
            name="internal", items=[_item(name="com.acme/open", packages=_unmarked(12)), _item(name="com.acme/well")]
        ),
        Upstream(
            name="official",
            items=[
                _item(name="com.acme/open", version="2.0.0", packages=_unmarked(1)),
                _item(name="org.example/blank", title=" "),
                _item(name="org.example/dropped", packages=[], remotes=[]),
            ],
        ),
    ]
    with serving(tmp_path_factory.mktemp("findings"), upstreams, configuration=SEVERITIES + ANONYMOUS) as running:
        running.wait_for("validated 5 mirrored documents")
        yield running


@pytest.fixture(scope="module")
def operator(registry: RunningRegistry) -> Reader:
    return Reader(registry.url)


def _items(operator: Reader, query: str = "") -> list[dict[str, Any]]:
    answer = operator.get(f"/v1/findings?{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _keys(items: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(item["rule"], item["source"], item["name"], item["version"]) for item in items]


class TestDetail:
    def test_counts_with_the_organisation_s_severities(self, operator: Reader) -> None:
        """
        Ours: one version says at how many places its document breaks a rule, zeros if it breaks none; lists do not.
        """
        found = {
            name: operator.judged(name, version)["_meta"]["mcp-federated-registry/entry"]["findings"]
            for name, version in (
                ("com.acme/open", "1.4.2"), ("com.acme/well", "latest"), ("org.example/dropped", "1.4.2")
            )
        }  # fmt: skip

        assert found == {
            "com.acme/open": {"errors": 12, "warnings": 0, "infos": 0},
            "com.acme/well": {"errors": 0, "warnings": 0, "infos": 0},
            "org.example/dropped": {"errors": 0, "warnings": 0, "infos": 1},
        }
        assert b'"findings"' not in operator.page().body + operator.versions("com.acme/open").body
        detail = operator.version("com.acme/open", "1.4.2")
        again = operator.version("com.acme/open", "1.4.2", If_None_Match=detail.headers["etag"])
        assert (again.status, again.body) == (304, b"")


class TestList:
    def test_everything(self, operator: Reader) -> None:
        """
        Ours: every rule that an entry breaks is an item, with the severity that the organisation gives the rule.
        """
        items = _items(operator)

        assert _keys(items) == [
            ("secret-not-marked", "internal", "com.acme/open", "1.4.2"),
            ("secret-not-marked", "official", "com.acme/open", "2.0.0"),
            ("title-whitespace-only", "official", "org.example/blank", "1.4.2"),
            ("vscode-drops", "official", "org.example/dropped", "1.4.2"),
        ]
        assert [item["severity"] for item in items] == ["error", "error", "error", "info"]

    def test_one_item(self, operator: Reader) -> None:
        """
        Ours: how many places there are and the first ten of them, and the digest under which the document is served.
        """
        (item,) = _items(operator, "name=com.acme/open&source=internal")
        served = operator.version("com.acme/open", "1.4.2").json()

        assert item["digest"] == served["_meta"]["mcp-federated-registry/entry"]["digest"]
        assert (item["count"], len(item["issues"])) == (12, 10)
        assert item["issues"][1]["path"] == "packages[0].environmentVariables[1]"
        assert {issue["severity"] for issue in item["issues"]} == {"error"}
        assert item["issues"][0].keys() == {"type", "path", "message", "severity", "reference"}

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("severity=error", 3),
            ("severity=info", 1),
            ("severity=warning", 0),
            ("rule=vscode-drops", 1),
            ("rule=vscode-drops&severity=error", 0),
            ("rule=unheard-of", 0),
            ("source=official", 3),
            ("source=nobody", 0),
            ("name=com.acme/open", 2),
            ("name=com.acme", 0),
            ("severity=&rule=&source=&name=&cursor=&limit=", 4),
        ],
    )
    def test_filters(self, operator: Reader, query: str, count: int) -> None:
        """
        Ours: filters narrow together; empty ones count as absent.
        """
        assert len(_items(operator, query)) == count

    @pytest.mark.parametrize("filters", _FILTERS)
    def test_pages(self, operator: Reader, filters: str) -> None:
        """
        Ours: the cursor leads to the next ones, and is absent from the last page.
        """
        whole, walked, cursor = _items(operator, filters), list[dict[str, Any]](), ""
        while True:
            page = operator.get(f"/v1/findings?limit=1{filters}&cursor={quote(cursor)}").json()
            walked += page["items"]
            assert page["metadata"]["count"] == len(page["items"])
            cursor = page["metadata"].get("nextCursor", "")
            if not cursor:
                break

        assert walked == whole

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("cursor=x", 400),
            ("cursor=secret-not-marked.1", 400),
            ("cursor=secret-not-marked.1.-1", 400),
            ("cursor=secret-not-marked.1." + "9" * 19, 400),
            ("cursor=%D9%A3.1.1", 400),
            ("severity=bad", 422),
            ("severity=ERROR", 422),
            ("limit=0", 422),
            ("limit=101", 422),
        ],
    )
    def test_what_cannot_be_asked(self, operator: Reader, query: str, status: int) -> None:
        """
        Ours: a problem that says which parameter is wrong.
        """
        answer = operator.get(f"/v1/findings?{query}")

        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"


class TestSummary:
    def test_by_rule(self, operator: Reader) -> None:
        """
        Ours: documents and places of each rule, places by severity, and how many documents are still to be judged.
        """
        summary = operator.get("/v1/findings/summary").json()

        assert summary == {
            "pending": 0,
            "errors": 14,
            "warnings": 0,
            "infos": 1,
            "rules": [
                {"rule": "secret-not-marked", "severity": "error", "documents": 2, "issues": 13},
                {"rule": "title-whitespace-only", "severity": "error", "documents": 1, "issues": 1},
                {"rule": "vscode-drops", "severity": "info", "documents": 1, "issues": 1},
            ],
        }
        assert operator.get("/v1/status").json()["findings"] == summary


class TestOperators:
    @pytest.mark.parametrize("path", ["/v1/findings", "/v1/findings/summary"])
    def test_nobody_else(self, registry: RunningRegistry, path: str) -> None:
        """
        Ours: neither what came through a proxy nor a page in a browser.
        """
        for line in ("X-Forwarded-For: 203.0.113.9", "Origin: https://evil.example"):
            assert send(registry.port, path, line).status == 401


class TestValidate:
    def test_the_organisation_has_its_say(self, registry: RunningRegistry) -> None:
        """
        Ours: `POST /validate` judges by the severities of the configuration, as findings do.
        """
        body = json.dumps(manifest(packages=_unmarked(1))).encode()

        answer = send(registry.port, "/v0.1/validate", f"Content-Length: {len(body)}", method="POST", body=body).json()

        assert answer["valid"] is False
        assert [(issue["reference"], issue["severity"]) for issue in answer["issues"]] == [
            ("secret-not-marked", "error")
        ]
