"""`PATCH …/status`, one and all versions, and `DELETE` (reference §4.3, §8 TestUpdateServerStatusEndpoint)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from registry.policy.principal import Role
from schemas.rfc3339 import parse_instant
from tests.api.publishing import MIRRORED, Client, manifest, problem, server_path, taking, token, version_path
from tests.api.world import OFFICIAL
from tests.running import RunningRegistry

_NUMBERS = count(1)
_DENIED = "You do not have publish or edit permissions for this server"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("statuses")) as running:
        yield running


@pytest.fixture
def name(registry: RunningRegistry, bearer: str) -> str:
    """A server with one published version."""
    name = f"com.partner/status-{next(_NUMBERS)}"
    assert Client(registry, bearer).publish(manifest(name)).status == 200
    return name


def _block(answer: Any) -> dict[str, Any]:  # Any: an Answer; JSON as it came
    assert answer.status == 200, answer.body
    block: dict[str, Any] = answer.json()["_meta"][OFFICIAL]
    return block


class TestOne:
    @pytest.mark.parametrize("path", [("deprecated", "deleted", "active"), ("deleted", "deprecated", "active")])
    def test_any_status_may_follow_any(self, client: Client, name: str, path: tuple[str, ...]) -> None:
        """
        reference §4.3; deleted versions are found.
        """
        for status in path:
            assert _block(client.set_status(name, "1.0.0", status))["status"] == status

        assert client.read(name).status == 200

    def test_a_message_is_set_changed_and_cleared(self, client: Client, name: str) -> None:
        """
        reference §4.3: leaving it out clears it, and counts as a change; the status' own time moves with the status.
        """
        first = _block(client.set_status(name, "1.0.0", "deprecated", "old"))
        second = _block(client.set_status(name, "1.0.0", "deprecated", "older"))
        third = _block(client.set_status(name, "1.0.0", "deprecated"))

        assert [first.get("statusMessage"), second.get("statusMessage"), third.get("statusMessage")] == [
            "old",
            "older",
            None,
        ]
        assert first["statusChangedAt"] == third["statusChangedAt"]
        times = [first["publishedAt"], *(each["updatedAt"] for each in (first, second, third))]
        assert [*map(parse_instant, times)] == sorted(set(map(parse_instant, times)))

    def test_the_longest_message_and_the_way_back(self, client: Client, name: str) -> None:
        """
        reference §1.5, §4.3: 500 characters, counted as such; going to active clears them.
        """
        longest = "é🦉" * 250

        deprecated = _block(client.set_status(name, "1.0.0", "deprecated", longest))
        active = _block(client.set_status(name, "1.0.0", "active"))

        assert (deprecated["statusMessage"], active.get("statusMessage")) == (longest, None)

    def test_what_changes_nothing_is_400(self, client: Client, name: str) -> None:
        """
        reference §4.3, with the sentences that programs know.
        """
        assert problem(client.set_status(name, "1.0.0", "active"))[:2] == (
            400,
            "No changes to apply: status and message are already set to the provided values",
        )
        assert problem(client.set_status(name, "1.0.0", "active", "why"))[:2] == (
            400,
            "status_message cannot be provided when setting status to active",
        )

    def test_a_deleted_version_is_gone_from_reads(self, client: Client, name: str) -> None:
        """
        reference §2: a list and a detail need include_deleted.
        """
        client.set_status(name, "1.0.0", "deleted", "taken down")

        assert client.read(name).status == 404
        assert client.read(name, "1.0.0").status == 404
        found = client.read(name, "latest", "?include_deleted=true").json()
        assert found["_meta"][OFFICIAL]["statusMessage"] == "taken down"

    def test_a_version_that_is_not_there_is_404(self, client: Client, name: str) -> None:
        """
        reference §4.3.
        """
        assert problem(client.set_status(name, "2.0.0", "deleted"))[:2] == (404, "Server version not found")

    @pytest.mark.parametrize("version", ["1.0.0", "9.9.9"])
    def test_who_may_not_learns_nothing(self, registry: RunningRegistry, name: str, version: str) -> None:
        """
        Ours on purpose: the same 403 whether the version exists or not.
        """
        other = Client(registry, token(registry, Role.PUBLISHER, Role.ADMIN, namespaces=("com.other",)))

        assert problem(other.set_status(name, version, "deleted"))[:2] == (403, _DENIED)
        assert problem(other.delete(name, version))[:2] == (403, _DENIED)

    @pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ADMIN])
    def test_publisher_and_admin_may(self, registry: RunningRegistry, name: str, role: Role) -> None:
        """
        reference §8: publish or edit, either is enough.
        """
        caller = Client(registry, token(registry, role, namespaces=(name,)))

        assert caller.set_status(name, "1.0.0", "deprecated").status == 200

    def test_a_version_that_returns_needs_its_urls(self, client: Client, name: str) -> None:
        """
        reference §4.3: from deleted they are looked at again, with the clash in the answer.
        """
        remotes = [{"type": "sse", "url": f"https://mcp.example/{name}"}]
        client.publish(manifest(name, "2.0.0", remotes=remotes))
        client.set_status(name, "2.0.0", "deleted")
        client.publish(manifest(f"{name}-heir", remotes=remotes))

        for answer in (client.set_status(name, "2.0.0", "active"), client.set_all(name, "deprecated")):
            assert problem(answer) == (
                400,
                "Failed to update server status",
                [f"remote URL https://mcp.example/{name} is already used by server {name}-heir"],
            )

    @pytest.mark.parametrize(
        ("body", "location", "message"),
        [
            ({}, "body", "expected required property status to be present"),
            ([], "body", "expected object"),
            ("deleted", "body", "expected object"),
            ({"status": "gone"}, "body.status", 'expected value to be one of "active, deprecated, deleted"'),
            ({"status": 1}, "body.status", "expected string"),
            ({"status": "deleted", "statusMessage": "x" * 501}, "body.statusMessage", "expected length <= 500"),
            *(
                (
                    {"status": "deleted", "statusMessage": f"gone{character}"},
                    "body.statusMessage",
                    "expected one line of text, without control characters",
                )
                for character in ("\n", "\x00", "\x1b[2J", "\x7f", "\x9b")
            ),
            ({"status": "deleted", "status_message": "x"}, "body.status_message", "unexpected property"),
        ],
        ids=repr,
    )
    def test_a_wrong_form_is_422(self, client: Client, name: str, body: object, location: str, message: str) -> None:
        """
        reference §1.5, "status body".
        """
        answer = client.request("PATCH", f"{version_path(name, '1.0.0')}/status", body)

        assert answer.status == 422
        assert [(each["location"], each["message"]) for each in answer.json()["errors"]] == [(location, message)]

    def test_header_and_body(self, registry: RunningRegistry, name: str) -> None:
        """
        reference §1.2: a missing header is a 422, broken JSON a 400, whichever status it is for.
        """
        nobody = Client(registry, None)
        path = f"{version_path(name, '1.0.0')}/status"

        assert problem(nobody.request("PATCH", path, {}))[2] == [
            "required header parameter is missing",
            "expected required property status to be present",
        ]
        assert problem(nobody.request("PATCH", path, b'{"status":"active","status":"deleted"}'))[0] == 400
        assert problem(nobody.request("PATCH", f"{server_path(name)}/status", b"{}"))[0] == 422

    def test_an_encoded_name_and_version(self, client: Client, name: str) -> None:
        """
        reference §8 TestUpdateServerStatusEndpoint URLEncoding; the slash of a name may also stand as it is.
        """
        client.publish(manifest(name, "1.1.0+build"))

        assert client.set_status(name, "1.1.0+build", "deprecated").status == 200
        plain = client.request("PATCH", f"/servers/{name}/versions/1.1.0+build/status", {"status": "deleted"})
        assert plain.status == 200


class TestAll:
    def test_all_versions_change_together(self, client: Client, name: str) -> None:
        """
        reference §4.3: every version is in the answer, newest published first, and every one is counted.
        """
        for version in ("1.1.0", "0.9.0"):
            client.publish(manifest(name, version))
        client.set_status(name, "1.0.0", "deprecated")

        answer = client.set_all(name, "deprecated").json()

        assert answer["updatedCount"] == 3
        assert [each["server"]["version"] for each in answer["servers"]] == ["0.9.0", "1.1.0", "1.0.0"]
        assert {each["_meta"][OFFICIAL]["status"] for each in answer["servers"]} == {"deprecated"}

    def test_deleted_and_back(self, client: Client, name: str) -> None:
        """
        reference §8 TestUpdateAllVersionsStatusEndpoint.
        """
        assert client.set_all(name, "deleted").status == 200
        assert client.read(name).status == 404
        assert client.set_all(name, "active").status == 200
        assert client.read(name).status == 200

    def test_what_changes_nothing_is_400(self, client: Client, name: str) -> None:
        """
        reference §4.3: one sentence for both, also for a message with active.
        """
        for message in (None, "why"):
            assert problem(client.set_all(name, "active", message))[:2] == (
                400,
                "No changes to apply: all versions already have the requested status and message",
            )

    def test_a_name_that_is_not_there_is_404(self, client: Client) -> None:
        """
        reference §4.3.
        """
        assert problem(client.set_all("com.partner/nothing", "deleted"))[:2] == (404, "Server not found")

    def test_what_is_mirrored_is_read_only(self, client: Client) -> None:
        """
        Ours on purpose, for one version, for all, and for a deletion.
        """
        words = (403, f"{MIRRORED[0]} is mirrored from official and read-only here")

        assert problem(client.set_all(MIRRORED[0], "deleted"))[:2] == words
        assert problem(client.set_status(*MIRRORED, "deleted"))[:2] == words
        assert problem(client.delete(*MIRRORED))[:2] == words


class TestDelete:
    def test_it_is_a_change_of_status(self, client: Client, name: str) -> None:
        """
        Ours: the answer is the entry, and a second deletion answers the same.
        """
        first, second = client.delete(name, "1.0.0"), client.delete(name, "1.0.0")

        assert _block(first)["status"] == "deleted"
        assert first.body == second.body
        assert client.read(name).status == 404

    def test_what_is_not_there_is_404(self, client: Client, name: str) -> None:
        """
        Like a status of it.
        """
        assert problem(client.delete(name, "2.0.0"))[:2] == (404, "Server version not found")
        assert problem(client.delete("nonsense", "2.0.0"))[:2] == (404, "Server version not found")

    def test_no_header_is_422(self, registry: RunningRegistry, name: str) -> None:
        """
        Like every write.
        """
        assert problem(Client(registry, None).delete(name, "1.0.0"))[:2] == (422, "validation failed")
