"""The rules for manifests over HTTP: every row of `tests/unit/validation`, as /validate, publish and PUT answer it.

reference §8 TestValidate and its like, TestPublishEndpoint, TestValidateEndpoint; §10 traps 6, 8, 9, 20, 21.
"""

import json
from collections.abc import Iterator

import pytest

from registry.api.validate import LIMIT
from registry.policy.principal import Role
from schemas.server_json.document import AmbiguousDocument, require_unambiguous
from schemas.validation.body import body_failures
from tests.api.publishing import Client, problem, taking, version_path
from tests.doubles.issued import issue
from tests.manifests import Manifest, manifest, with_argument, with_package, without
from tests.unit.validation import test_validation_body as body
from tests.unit.validation import test_validation_semantic as semantic
from tests.unit.validation import test_validation_version_text as versions

_INVALID = "Failed to {} server, invalid schema: call /validate for details"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("rules")) as registry:
        token = issue(registry, *Role, owner="publisher", namespaces=["*"], expires_in_s=None)
        published = Client(registry, token)
        assert published.publish(_as_text(manifest())).status == 200
        yield published


@pytest.fixture(autouse=True)
def _rested(client: Client) -> None:
    """Enough time passes before each test for the bucket of /validate to be full."""
    client.registry.clock.advance(LIMIT.burst * LIMIT.every_ns / 1e9)


def _as_text(document: Manifest) -> bytes:
    return json.dumps(document).encode()


def _ambiguous(content: bytes) -> bool:
    try:
        require_unambiguous(content)
    except AmbiguousDocument:
        return True
    return False


class TestForm:
    @pytest.mark.parametrize(("document", "expected"), body.TEXTS + body.ICONS + body.FORMS)
    def test_each_rule(self, client: Client, document: Manifest, expected: list[tuple[str, str]]) -> None:
        """
        reference §1.5: the same 422 from every route that takes a manifest, with every place and text in order.
        """
        content = _as_text(document)
        asked = [("POST", "/validate"), ("POST", "/publish"), ("PUT", version_path("com.acme/payroll", "1.4.2"))]

        for method, path in asked:
            answer = client.request(method, path, content)

            if _ambiguous(content):
                # Ours on purpose: a member in another case is no unexpected one, it makes the document ambiguous.
                assert problem(answer)[:2] == (400, "validation failed")
            elif expected:
                assert problem(answer)[:2] == (422, "validation failed")
                errors = [(each["location"], each["message"]) for each in answer.json()["errors"]]
                assert errors == expected
            else:
                assert "errors" not in answer.json() or answer.json()["detail"] != "validation failed"


class TestSemantic:
    @pytest.mark.parametrize(("document", "expected"), semantic.TABLE)
    def test_each_row(self, client: Client, document: Manifest, expected: list[tuple[str, str, str]]) -> None:
        """
        reference §5.3: /validate lists it; publishing refuses it with one sentence, and what keeps the rule passes it.
        """
        verdict = client.request("POST", "/validate", _as_text(document))
        tried = client.request("POST", "/x/registry/publish-check", _as_text(document))

        if verdict.status == 422:
            # What has not even the form of a manifest is told so before any rule is asked.
            assert body_failures(document)
            assert tried.json()["errors"] == verdict.json()["errors"]
            return
        issues = [issue for issue in verdict.json()["issues"] if issue["type"] == "semantic"]
        assert [(issue["path"], issue["reference"]) for issue in issues if issue["severity"] == "error"] == [
            row[:2] for row in expected
        ]
        assert problem(tried)[:2] == (422, _INVALID.format("publish")) if expected else tried.status != 422, tried.body

    @pytest.mark.parametrize("version", versions.RANGES)
    def test_a_range_is_no_version(self, client: Client, version: str) -> None:
        """
        reference §5.3, version ranges: also in an edit.
        """
        content = _as_text(manifest(version=version))

        assert problem(client.publish(content))[:2] == (422, _INVALID.format("publish"))
        issues = client.request("POST", "/validate", content).json()["issues"]
        assert "version-looks-like-range" in {issue["reference"] for issue in issues}

    def test_the_rules_hold_for_an_edit(self, client: Client) -> None:
        """
        reference §4.2: the same rules, and its own sentence.
        """
        broken = _as_text(manifest(title="  "))

        answer = client.request("PUT", version_path("com.acme/payroll", "1.4.2"), broken)

        assert problem(answer)[:2] == (422, _INVALID.format("edit"))


class TestSchema:
    @pytest.mark.parametrize("date", ["2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17"])
    def test_an_old_date_publishes(self, client: Client, date: str) -> None:
        """
        reference §5.2, §10.21: an old schema is a warning at `schema`, and no reason not to publish.
        """
        document = without(manifest(name=f"com.acme/dated-{date}"), "remotes")
        document["$schema"] = document["$schema"].replace("2025-12-11", date)

        issues = client.request("POST", "/validate", _as_text(document)).json()["issues"]

        assert {"type": "semantic", "path": "schema", "severity": "warning"}.items() <= issues[0].items()
        assert issues[0]["reference"] == "schema-version-deprecated"
        assert client.publish(_as_text(document)).status == 200

    @pytest.mark.parametrize("date", ["draft", "2025-01-01", "2099-12-31"])
    def test_an_unknown_one_does_not(self, client: Client, date: str) -> None:
        """
        reference §5.2, §10.21: neither the draft nor a date that is none is available.
        """
        document = manifest(name="com.acme/undated")
        document["$schema"] = document["$schema"].replace("2025-12-11", date)

        verdict = client.request("POST", "/validate", _as_text(document)).json()

        assert verdict["valid"] is False
        assert "schema-version-not-available" in {issue["reference"] for issue in verdict["issues"]}
        assert problem(client.publish(_as_text(document)))[:2] == (422, _INVALID.format("publish"))


class TestTraps:
    @pytest.mark.parametrize(
        "document",
        [
            manifest(title=""),
            with_package(version=""),
            with_argument(type="positional", valueHint="x", format=""),
        ],
    )  # fmt: skip
    def test_empty_is_not_absent(self, client: Client, document: Manifest) -> None:
        """
        reference §10.6.
        """
        assert problem(client.publish(_as_text(document)))[:2] == (422, "validation failed")

    @pytest.mark.parametrize("name", ["com.acme/x\n", "com.acme/１", "com.acme/x１", "ｃom.acme/x", "com.acme/٠"])
    def test_names_are_ascii_to_their_end(self, client: Client, name: str) -> None:
        """
        reference §10.8.
        """
        assert problem(client.publish(_as_text(manifest(name=name))))[:2] == (422, "validation failed")

    @pytest.mark.parametrize("version", ["１.0.0", "1.٠.0", "1_0.0.0"])
    def test_other_digits_make_no_semantic_version(self, client: Client, version: str) -> None:
        """
        reference §10.8, §10.16: such a version is published, and lower than any semantic one.
        """
        name = f"com.acme/digits-{ord(version[2])}-{ord(version[0])}"
        for each in ("0.0.1-0", version):
            document = without(manifest(name=name, version=each), "remotes")
            assert client.publish(_as_text(document)).status == 200

        assert client.read(name).json()["server"]["version"] == "0.0.1-0"

    @pytest.mark.parametrize(
        "url", ["https://a b/", "https://a.example/\u0001", "https://a.example:x/", "https://%zz/"]
    )
    def test_addresses_are_what_go_parses(self, client: Client, url: str) -> None:
        """
        reference §10.9: blanks in a host, control characters, ports that are no number, broken escapes.
        """
        assert problem(client.publish(_as_text(manifest(websiteUrl=url))))[:2] == (422, "validation failed")
