"""Odd paths, methods and hosts on the routes that publish, over HTTP to a running registry."""

from collections.abc import Iterator
from itertools import count

import pytest

from registry.policy.principal import Role
from tests.api.attacking import attacker, sent, state
from tests.api.publishing import Client, manifest, server_path, status_body, taking, version_path
from tests.api.raw_request import send
from tests.doubles.issued import issue

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("attacked")) as registry:
        yield attacker(registry)


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/attacked-{next(_NUMBERS)}"


class TestPaths:
    @pytest.mark.parametrize(
        "target",
        [
            "/v0.1/./publish",
            "/v0.1/x/../publish",
            "/v0.1/%2e%2e/v0.1/publish",
            "/v0.1/%70ublish",
            "/v0.1/publish%2F",
            "/v0.1/publish;x=1",
            "/V0.1/publish",
            "/v0.1/Publish",
            "/v0.1/publish/x",
            "/publish",
            "//v0.1/publish",
            "/v0.1//publish",
            "/v0.1/publish//",
            "*",
        ],
    )
    def test_no_other_path_publishes(self, client: Client, name: str, target: str) -> None:
        """
        reference §1.1.4: a route is its own path as it was sent; nothing is resolved, decoded or folded into it.
        """
        before = state(client)

        assert sent(client, target, manifest(name)).status == 404
        assert state(client) == before

    def test_a_trailing_slash_changes_nothing(self, client: Client, name: str) -> None:
        """
        Ours, unlike reference §1.1.2 (308, at which clients drop the body): on every route that writes.
        """
        asked = [
            ("POST", "/v0.1/publish/", manifest(name)),
            ("PATCH", f"/v0.1{version_path(name, '1.0.0')}/status/", status_body("deprecated")),
            ("PATCH", f"/v0{server_path(name)}/status/", status_body("active")),
            ("PUT", f"/v0{version_path(name, '1.0.0')}/", manifest(name, description="Edited")),
            ("DELETE", f"/v0.1{version_path(name, '1.0.0')}/", b""),
        ]

        assert [sent(client, target, body, method=method).status for method, target, body in asked] == [200] * 5

    @pytest.mark.parametrize(
        "spelling", ["{0}/{1}", "{0}%2F{1}", "{0}%2f{1}", "{0}%252F{1}", "com%2Epartner%2F{1}", "com%252Epartner%2F{1}"]
    )
    def test_every_spelling_of_a_name_is_that_name(self, client: Client, name: str, spelling: str) -> None:
        """
        reference §1.1.4: decoded twice; whoever may not touch the name may not by any other spelling.
        """
        client.publish(manifest(name))
        target = f"/v0.1/servers/{spelling.format(*name.split('/'))}/versions/1.0.0/status"
        other = issue(client.registry, Role.PUBLISHER, owner="other", namespaces=["com.other"])

        refused = sent(Client(client.registry, other), target, status_body("deleted"), method="PATCH")
        accepted = sent(client, target, status_body("deprecated"), method="PATCH")

        assert (refused.status, accepted.status) == (403, 200)

    @pytest.mark.parametrize(
        ("spelling", "status"),
        [
            ("com.partner%25252F{}", 404),
            ("com.partner%2F..%2F{}", 404),
            ("%2e%2e/com.partner%2F{}", 404),
            ("x/../com.partner%2F{}", 404),
            ("com.partner%2F{}%2F", 404),
            ("com.partner%2F{}%0a", 404),
            ("com.partner%2F{}%20", 404),
            ("com.partner%EF%BC%8F{}", 404),
            ("COM.partner%2F{}", 404),
            ("com.partner%2F{}%00", 400),
            ("com.partner%2F{}%2500", 400),
            ("com.partner%2F{}%ff", 400),
            ("com.partner%2F{}%zz", 400),
            ("com.partner%2F{}%25zz", 400),
        ],
    )
    @pytest.mark.parametrize("tail", ["/status", "/versions/1.0.0/status"])
    def test_no_trick_reaches_a_name(self, client: Client, name: str, spelling: str, status: int, tail: str) -> None:
        """
        A path that is no spelling of a name is none, whichever way a proxy might have read it.
        """
        client.publish(manifest(name))
        before = state(client)
        target = f"/v0.1/servers/{spelling.format(name.partition('/')[2])}{tail}"

        assert sent(client, target, status_body("deleted"), method="PATCH").status == status
        assert state(client) == before

    @pytest.mark.parametrize("segment", ["..", "%2e%2e", ".", "1.0.0%2F..%2F1.0.0", "1.0.0%0d%0a", "1.0.0%20", "%2F"])
    def test_no_trick_reaches_a_version(self, client: Client, name: str, segment: str) -> None:
        """
        A version is the text of its segment.
        """
        client.publish(manifest(name))
        target = f"/v0.1{server_path(name)}/versions/{segment}"

        assert sent(client, target, b"", method="DELETE").status == 404
        assert sent(client, f"{target}/status", status_body("deleted"), method="PATCH").status == 404
        assert client.read(name, "1.0.0").status == 200

    @pytest.mark.parametrize(
        "version",
        ["a/b", "/", "..", ".", "%", "100%", "%2F", "%00", "a?b#c", "a b", " 1", "status", "versions", '"', "\\", "β"],
    )
    def test_odd_versions_are_reached_by_every_route(self, client: Client, name: str, version: str) -> None:
        """
        reference §4.1.6f: whatever can be published can be read, edited, given a status and deleted, and only that.
        """
        client.publish(manifest(name, "1.0.0"))
        answers = [
            client.publish(manifest(name, version)),
            client.read(name, version),
            client.set_status(name, version, "deprecated"),
            client.edit(name, version, manifest(name, version, description="Edited")),
            client.delete(name, version),
        ]

        assert [answer.status for answer in answers] == [200] * 5, answers[0].body
        assert {answer.json()["server"]["version"] for answer in answers} == {version}
        assert client.read(name, "1.0.0").json()["server"]["description"] != "Edited"


class TestMethods:
    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "GET", "PUT", "DELETE", "TRACE", "post", "BREW"])
    def test_only_post_publishes(self, client: Client, name: str, method: str) -> None:
        """
        reference §10.3: every other method is a 404, and nothing overrides it.
        """
        before = state(client)

        answer = sent(client, "/v0.1/publish", manifest(name), method=method)

        assert answer.status == 404
        assert "allow" not in answer.headers
        assert state(client) == before

    def test_no_header_names_another_method(self, client: Client, name: str) -> None:
        """
        Ours: a method is what the request line says.
        """
        client.publish(manifest(name))
        overrides = [f"X-{each}: DELETE" for each in ("HTTP-Method-Override", "Method-Override", "HTTP-Method")]

        assert sent(client, f"/v0.1{version_path(name, '1.0.0')}", b"", *overrides, method="GET").status == 200
        assert client.read(name).status == 200

    @pytest.mark.parametrize("path", ["/v0.1/publish", "/v0.1/servers/com.partner%2Fx/versions/1/status"])
    def test_a_preflight_does_nothing(self, client: Client, path: str) -> None:
        """
        reference §1.1.3: 204, without a credential and without a look at any.
        """
        for lines in ([], ["Authorization: Bearer x"]):
            answer = send(client.registry.port, path, "Access-Control-Request-Method: POST", *lines, method="OPTIONS")

            assert (answer.status, answer.body) == (204, b"")


class TestHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "127.0.0.1/v0.1", "127.0.0.1?", "127.0.0.1#", "user@127.0.0.1", "127.0.0.1:x", ""]
    )
    def test_another_name_publishes_nothing(self, client: Client, name: str, host: str) -> None:
        """
        threats "Host": also with a good credential.
        """
        assert sent(client, "/v0.1/publish", manifest(name), host=host).status == 400
        assert client.read(name).status == 404

    def test_an_address_of_another_kind(self, client: Client, name: str) -> None:
        """
        threats "Host": a target in absolute form is read by its path; what is authorised is the name in the body.
        """
        other = Client(client.registry, issue(client.registry, Role.PUBLISHER, namespaces=["com.other"]))

        assert sent(other, "http://127.0.0.1/v0.1/publish", manifest(name)).status == 403
        assert sent(client, "http://127.0.0.1/v0.1/publish", manifest(name)).status == 200
