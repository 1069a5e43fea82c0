"""What was refused is on record: who wanted what, from where, and why not; and nobody fills the disk by it."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.audit.event import AuditEvent, Outcome, decode_event
from registry.policy.principal import Role
from tests.api.publishing import Client, manifest, taking
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.running import RunningRegistry

_JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("refusals")) as running:
        yield running


def events(registry: RunningRegistry) -> list[AuditEvent]:
    """All that is on record, oldest first."""
    with closing(sqlite3.connect(registry.store)) as connection:
        return [decode_event(row[0]) for row in connection.execute("SELECT record FROM audit_events ORDER BY id")]


@contextlib.contextmanager
def recorded(registry: RunningRegistry) -> Iterator[list[AuditEvent]]:
    """The events of the body, once it is left."""
    before = len(events(registry))
    found: list[AuditEvent] = []
    yield found
    found += events(registry)[before:]


class TestRequestId:
    def test_answer_log_and_record_have_it_in_common(self, registry: RunningRegistry) -> None:
        """
        From an answer to its line in the log and to what it did.
        """
        client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"]))

        with recorded(registry) as found:
            answer = client.publish(manifest(version="7.0.0"))

        request = answer.headers["x-request-id"]
        [event] = [each for each in found if each.action == "server.published"]
        assert (event.request, event.source, event.actor) == (request, "127.0.0.1", "payroll-ci")
        line = registry.wait_until(lambda line: line.get("request") == request)
        assert (line["path"], line["status"]) == ("/v0.1/publish", 200)

    def test_every_answer_has_one_of_its_own(self, registry: RunningRegistry) -> None:
        """
        Whatever the answer is, and whatever id the caller thought of.
        """
        answers = [
            send(registry.port, path, "X-Request-Id: mine")
            for path in ("/v0.1/servers", "/v0.1/servers", "/nowhere", "/v0.1/servers?limit=x", "/v0.1/%00")
        ]
        ids = [answer.headers["x-request-id"] for answer in answers]

        assert len(set(ids)) == len(ids)
        assert all(each.startswith("req_") and len(each) == 30 for each in ids)


class TestRecorded:
    def test_without_permission(self, registry: RunningRegistry) -> None:
        """
        Who, as what, which server, the words of the answer, and the check that said no.
        """
        client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="eve"))

        with recorded(registry) as found:
            answer = client.publish(manifest("com.acme/payroll"))

        assert answer.status == 403
        [event] = found
        assert event == AuditEvent(
            action="server.publish_refused",
            actor="eve",
            roles=("publisher",),
            object="com.acme/payroll@1.0.0",
            detail={},
            outcome=Outcome.REFUSED,
            reason=answer.json()["detail"],
            source="127.0.0.1",
            request=answer.headers["x-request-id"],
            decided_by="permission",
        )

    def test_what_a_command_refuses(self, registry: RunningRegistry) -> None:
        """
        A change that what is published does not admit: the reason, not the summary.
        """
        client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="twice"))
        assert client.publish(manifest(version="8.0.0")).status == 200

        with recorded(registry) as found:
            assert client.publish(manifest(version="8.0.0")).status == 400

        [event] = found
        assert (event.action, event.decided_by) == ("server.publish_refused", "command")
        assert event.reason == "invalid version: cannot publish duplicate version"

    @pytest.mark.parametrize(
        ("method", "path", "action"),
        [
            ("PUT", "/v0.1/servers/com.acme%2Fx/versions/1", "server.edit_refused"),
            ("PATCH", "/v0.1/servers/com.acme%2Fx/versions/1/status", "server.status_refused"),
            ("PATCH", "/v0/servers/com.acme%2Fx/status", "server.status_refused"),
            ("DELETE", "/v0.1/servers/com.acme%2Fx/versions/1", "server.delete_refused"),
            ("POST", "/v1/tokens", "token.issue_refused"),
            ("DELETE", "/v1/tokens/mcpr_abcdefgh", "token.revoke_refused"),
            ("POST", "/v1/tokens/revoke", "token.revoke_refused"),
            ("GET", "/v1/tokens", "token.read_refused"),
            ("GET", "/v1/teams", "team.read_refused"),
            ("DELETE", "/v1/grants/grt_x?reason=r", "grant.revoke_refused"),
            ("GET", "/v1/rules", "rule.read_refused"),
            ("DELETE", "/v1/rules/rule_x?reason=r", "rule.end_refused"),
            ("GET", "/v1/overlays", "overlay.read_refused"),
            ("POST", "/v1/overlays", "overlay.set_refused"),
            ("DELETE", "/v1/overlays/ovl_x?reason=r", "overlay.remove_refused"),
            ("POST", "/v1/blocks", "server.block_refused"),
            ("DELETE", "/v1/blocks?name=com.acme%2Fx&reason=r", "server.unblock_refused"),
            ("POST", "/v1/approvals", "approval.approve_refused"),
            ("POST", "/v1/approvals/apr_x/approve", "approval.approve_refused"),
            ("POST", "/v1/approvals/apr_x/reject", "approval.reject_refused"),
            ("POST", "/v1/approvals/apr_x/revoke", "approval.revoke_refused"),
            ("GET", "/v1/explain", "view.explain_refused"),
            ("POST", "/v1/preview", "decision.preview_refused"),
            ("POST", "/v1/capabilities/cap_x/rotate", "capability.rotate_refused"),
        ],
    )
    def test_every_route_by_its_name(self, registry: RunningRegistry, method: str, path: str, action: str) -> None:
        """
        What may not be done is on record under what it would have been.
        """
        body = {"PUT": manifest("com.acme/x", "1"), "PATCH": {"status": "deleted"}}.get(method)
        client = Client(registry, issue(registry, Role.READER, owner=f"{method}-{len(path)}-{action}"), prefix="")

        with recorded(registry) as found:
            answer = client.request(method, path, body, _JSON)

        assert answer.status == 403, answer.body
        assert [(each.action, each.outcome, each.decided_by) for each in found] == [
            (action, Outcome.REFUSED, "permission")
        ]

    def test_a_bad_credential(self, registry: RunningRegistry) -> None:
        """
        Nobody is named by what is not valid, and nothing of it is kept, not even where it is only read with.
        """
        token = issue(registry, Role.PUBLISHER, namespaces=["*"])[:-4] + "AAAA"

        with recorded(registry) as found:
            published = Client(registry, token).publish(manifest())
            read = send(registry.port, "/v0.1/servers", bearer(token))

        assert (published.status, read.status) == (401, 401)
        assert [(each.action, each.actor, each.decided_by) for each in found] == [
            ("server.publish_refused", "unknown", "authentication"),
            ("view.read_refused", "unknown", "authentication"),
        ]
        assert token[14:] not in repr(found)

    def test_what_is_no_refusal(self, registry: RunningRegistry) -> None:
        """
        A body that is wrong, a path that is not there, a page: none of it is evidence.
        """
        client = Client(registry, issue(registry, Role.PUBLISHER, Role.READER, namespaces=["com.partner/*"]))

        with recorded(registry) as found:
            client.publish(b"{")
            client.publish({"name": 1})
            client.delete("com.partner/nothing", "1.0.0")
            client.read("com.partner/nothing")
            Client(registry, None).publish(manifest())

        assert found == []


class TestBounded:
    def test_what_follows_is_counted(self, tmp_path: Path) -> None:
        """
        One event at once, and one with the number of the rest when the registry ends, or a minute is over.
        """
        with taking(tmp_path) as registry:
            client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="eve"))
            with recorded(registry) as found:
                for version in range(20):
                    assert client.publish(manifest("com.acme/payroll", f"{version}.0.0")).status == 403
            assert [each.detail for each in found] == [{}]

            with recorded(registry) as found:
                registry.stop()

        [event] = [each for each in found if each.outcome is Outcome.REFUSED]
        assert (event.action, event.actor, event.source) == ("server.publish_refused", "eve", "127.0.0.1")
        assert (event.object, event.request) == ("several", None)
        assert event.detail == {"times": 19, "within_s": 60}

    def test_a_refusal_that_cannot_be_recorded_is_one_all_the_same(self, tmp_path: Path) -> None:
        """
        The answer is what it would have been, and the event follows when it can be written.
        """
        with taking(tmp_path) as registry:
            client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="eve"))
            _alter(registry, "CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END")
            with recorded(registry) as meanwhile:
                assert client.publish(manifest("com.acme/payroll")).status == 403
                # A change is not made where it cannot be recorded.
                assert client.publish(manifest("com.partner/tools", "9.0.0")).status == 503
                assert client.mine().json()["servers"] == []
            _alter(registry, "DROP TRIGGER full")
            with recorded(registry) as afterwards:
                registry.stop()

        assert meanwhile == []
        [event] = [each for each in afterwards if each.outcome is Outcome.REFUSED]
        assert event.detail == {"times": 1, "within_s": 60}


def _alter(registry: RunningRegistry, statement: str) -> None:
    with closing(sqlite3.connect(registry.store)) as connection, connection:
        connection.execute(statement)
