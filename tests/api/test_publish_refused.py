"""What `POST /publish` refuses, and in which words (reference §1.5, §4.1.5-6), over HTTP to a running registry."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from registry.policy.principal import Role
from tests.api.publishing import CONFIGURATION, MIRRORED, Client, manifest, problem, taking, token
from tests.doubles.issued import issue
from tests.running import RunningRegistry

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("publishing")) as running:
        yield running


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/server-{next(_NUMBERS)}"


class TestRules:
    @pytest.mark.parametrize(
        "changes",
        [
            {"version": "latest"},
            {"version": "^1.0.0"},
            {"version": ">=1.0.0"},
            {"schema": "https://example.com/nothing"},
            {"remotes": [{"type": "streamable-http", "url": "http://a.example"}]},
            {"remotes": [{"type": "stdio", "url": "https://a.example"}]},
            {"title": "  "},
            {"websiteUrl": "http://a.example"},
        ],
        ids=repr,
    )
    def test_a_broken_rule_is_422(self, client: Client, name: str, changes: dict[str, Any]) -> None:
        """
        reference §4.1.5: one sentence that sends the caller to /validate, and no errors.
        """
        answer = client.publish(manifest(name) | changes if "schema" not in changes else manifest(name, **changes))

        assert problem(answer) == (422, "Failed to publish server, invalid schema: call /validate for details", [])
        assert "errors" not in answer.json()

    @pytest.mark.parametrize(
        ("changes", "location", "message"),
        [
            ({"name": "a/b/c"}, "body.name", "expected string to match pattern"),
            ({"name": "/xyz"}, "body.name", "expected string to match pattern"),
            ({"name": "https://a/b"}, "body.name", "expected string to match pattern"),
            ({"name": "a.b"}, "body.name", "expected string to match pattern"),
            ({"name": "a.b/c/"}, "body.name", "expected string to match pattern"),
            ({"name": "/a.b/c"}, "body.name", "expected string to match pattern"),
            ({"name": "a.b//c"}, "body.name", "expected string to match pattern"),
            ({"name": "a.b/c/d/e"}, "body.name", "expected string to match pattern"),
            ({"name": "a.b/"}, "body.name", "expected string to match pattern"),
            ({"description": "x" * 101}, "body.description", "expected length <= 100"),
            ({"tools": []}, "body.tools", "unexpected property"),
            ({"_meta": {"x": 1}}, "body._meta.x", "unexpected property: a publisher's own data stands in io.modelc"),
        ],
        ids=repr,
    )
    def test_a_wrong_form_is_422_with_its_place(
        self, client: Client, changes: dict[str, Any], location: str, message: str
    ) -> None:
        """
        reference §1.5, §8 TestPublishEndpoint_MultipleSlashesEdgeCases.
        """
        answer = client.publish(manifest() | changes)

        assert answer.status == 422
        (error,) = answer.json()["errors"]
        assert error["location"] == location
        assert error["message"].startswith(message)

    @pytest.mark.parametrize(
        ("twisted", "why"),
        [
            ('"name":"com.partner/a","name":"com.partner/b"', "the member 'name' stands twice"),
            ('"Name":"com.partner/a"', "'Name', which some parsers read as 'name'"),
            ('"ver\\u017fion":"1.0.0"', "which some parsers read as 'version'"),
        ],
    )
    def test_what_two_parsers_read_differently_is_400(self, client: Client, twisted: str, why: str) -> None:
        """
        Ours on purpose: names are case-sensitive and stand once, and the message says so.
        """
        body = json.dumps(manifest(name="com.partner/c"))[:-1] + "," + twisted + "}"

        status, detail, (message,) = problem(client.publish(body.encode()))

        assert (status, detail) == (400, "validation failed")
        assert why in message

    def test_the_json_schema_is_not_asked_unless_configured(
        self, client: Client, name: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """
        reference §4.1.5: upstream leaves it out; `require_valid_schema` adds it, with the same 422.
        """
        # The schema wants a type of icon sizes that nothing else asks for.
        document = manifest(name, icons=[{"src": "https://a.example/x.png", "sizes": ["large"]}])
        assert client.publish(document).status == 200

        strict = CONFIGURATION.replace("[publish]", "[publish]\nrequire_valid_schema = true")
        with taking(tmp_path_factory.mktemp("strict"), strict) as running:
            answer = Client(running, token(running, Role.PUBLISHER, namespaces=("*",))).publish(document)

        assert problem(answer)[:2] == (422, "Failed to publish server, invalid schema: call /validate for details")


class TestRefused:
    def _why(self, client: Client, document: dict[str, Any]) -> str:
        status, detail, (why,) = problem(client.publish(document))
        assert (status, detail) == (400, "Failed to publish server")
        return why

    def _block(self, approver: Client, **what: str) -> None:
        answer = approver.request("POST", "/blocks", {**what, "reason": "r"}, "Content-Type: application/json")
        assert answer.status == 201, answer.body

    def test_a_duplicate_is_400(self, client: Client, name: str) -> None:
        """
        reference §4.1.6e: never 409; also of a deleted version.
        """
        client.publish(manifest(name))
        client.set_status(name, "1.0.0", "deleted")

        assert self._why(client, manifest(name)) == "invalid version: cannot publish duplicate version"

    @pytest.mark.parametrize(("size", "accepted"), [(4096, True), (4097, False)])
    def test_what_the_publisher_provides_has_4_kb(self, client: Client, name: str, size: int, accepted: bool) -> None:
        """
        reference §4.1.6a: counted compact, sorted, with < > & escaped as Go does.
        """
        key = "io.modelcontextprotocol.registry/publisher-provided"
        provided = {"x": "<" * 10}
        padding = size - len('{"x":"","y":""}') - 60
        document = manifest(name, _meta={key: provided | {"y": "é" * (padding // 2) + "a" * (padding % 2)}})

        if accepted:
            assert client.publish(document).status == 200
        else:
            assert self._why(client, document) == f"_meta.{key} extension exceeds 4KB limit ({size} bytes)"

    def test_what_is_mirrored_cannot_be_published(self, client: Client) -> None:
        """
        Ours on purpose: until the namespace is claimed for the private source.
        """
        assert self._why(client, manifest(MIRRORED[0], "99.0.0")) == "name is mirrored from official"

    def test_a_remote_url_is_one_servers(self, registry: RunningRegistry, client: Client, name: str) -> None:
        """
        reference §4.1.6c; the other server is named only to who may see it.
        """
        url = f"https://mcp.example/{name}/{client.prefix}"
        remotes = [{"type": "streamable-http", "url": url}]
        other = f"{name}-other"
        assert client.publish(manifest(name, remotes=remotes)).status == 200
        assert client.publish(manifest(name, "1.1.0", remotes=remotes)).status == 200

        blind = Client(registry, token(registry, Role.PUBLISHER, namespaces=(other,)), client.prefix)

        assert self._why(client, manifest(other, remotes=remotes)) == (
            f"remote URL {url} is already used by server {name}"
        )
        assert self._why(blind, manifest(other, remotes=remotes)) == (
            f"remote URL {url} is already used by another server"
        )

    @pytest.mark.parametrize("version", ["   ", "v" * 256, "1.0\u0000", "1.0\n"])
    def test_a_version_that_cannot_be_carried(self, client: Client, name: str, version: str) -> None:
        """
        reference §4.1.6f, with words instead of SQL.
        """
        assert self._why(client, manifest(name, version)).startswith("not a version: ")

    def test_what_is_blocked(self, registry: RunningRegistry, client: Client, name: str) -> None:
        """
        Ours: an operator's block is told to who may publish the name, and to nobody else.
        """
        approver = Client(registry, issue(registry, Role.APPROVER, namespaces=["com.partner/*"], teams=()), "/v1")
        stranger = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.other/*"]), client.prefix)
        self._block(approver, name=name, version="1.1.0")

        assert client.publish(manifest(name)).status == 200
        refused = client.publish(manifest(name, "1.1.0"))
        untold = stranger.publish(manifest(name, "1.1.0"))

        told = "is blocked by an operator: nothing is published under it until that ends"
        assert problem(refused) == (403, f"{name}@1.1.0 {told}", [])
        assert untold.status == 403
        assert "blocked" not in untold.json()["detail"]
        self._block(approver, name=name)
        assert problem(client.publish(manifest(name, "1.2.0"))) == (403, f"{name} {told}", [])

    @pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u061c", "\u200b", "\u2028", "\ufeff", "\U000e0061"])
    def test_a_version_with_what_nobody_sees(self, client: Client, name: str, mark: str) -> None:
        """
        threats.md, namespace squatting: no version that reads like another one, or turns the text around it.
        """
        why = f"invalid version: version contains U+{ord(mark):04X}, which nobody sees; leave it out"

        assert self._why(client, manifest(name, f"1.0{mark}.0")) == why

    @pytest.mark.parametrize(
        ("package", "why"),
        [
            (
                {"registryType": "npm", "registryBaseUrl": "https://npm.other.example"},
                'package_bases = ["https://npm.other.example"]',
            ),
            (
                {"registryType": "oci", "identifier": "images.other.example/x:1.0"},
                'oci_hosts = ["images.other.example"]',
            ),
        ],
    )
    def test_a_package_from_where_nobody_allowed(
        self, client: Client, name: str, package: dict[str, Any], why: str
    ) -> None:
        """
        An absent base is always right; another needs a line in the configuration, and the answer shows it.
        """
        given = {"identifier": "x", "version": "1.0.0", "transport": {"type": "stdio"}} | package
        if package["registryType"] == "oci":
            del given["version"]

        message = self._why(client, manifest(name, packages=[given]))

        assert message.startswith(f"registry validation failed for package 0 ({given['identifier']}): ")
        assert why in message
