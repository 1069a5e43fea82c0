"""What operators do beyond the machine itself: with the role, and nobody without it."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from registry.api.attempts import PER_SOURCE
from registry.policy.principal import Role
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.doubles.loaded_store import acme, serving
from tests.doubles.plain_client import Answer
from tests.e2e.command import mcp_registry
from tests.e2e.records import audited
from tests.running import RunningRegistry

_HOST: Final = "localhost"
_READS: Final = ("/v1/status", "/v1/quarantine", "/v1/findings", "/v1/findings/summary", "/v1/sync-runs", "/metrics")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry for others, which listens beyond loopback."""
    folder = tmp_path_factory.mktemp("operated")
    with serving(folder, acme(), everywhere=True, server='allowed_hosts = ["localhost"]') as running:
        yield running


def _token(registry: RunningRegistry, *roles: Role) -> str:
    return issue(registry, *roles, owner="+".join(roles), namespaces=("*",))


def _post(registry: RunningRegistry, path: str, token: str, body: object) -> Answer:
    content = json.dumps(body).encode()
    lines = (bearer(token), "Content-Type: application/json", f"Content-Length: {len(content)}")
    return send(registry.port, path, *lines, host=_HOST, method="POST", body=content)


class TestReading:
    def test_with_the_role(self, registry: RunningRegistry) -> None:
        """
        Ours: all that is there on the machine itself.
        """
        token = _token(registry, Role.OPERATOR)

        assert [send(registry.port, path, bearer(token), host=_HOST).status for path in _READS] == [200] * len(_READS)

    def test_with_every_other_role(self, registry: RunningRegistry) -> None:
        """
        Ours: no role implies another.
        """
        token = _token(registry, *(role for role in Role if role is not Role.OPERATOR))

        assert [send(registry.port, path, bearer(token), host=_HOST).status for path in _READS] == [403] * len(_READS)

    def test_without_a_credential(self, registry: RunningRegistry) -> None:
        """
        Ours: beyond loopback nobody is on the machine itself, whatever the Host header says.
        """
        assert [send(registry.port, path, host=_HOST).status for path in _READS] == [401] * len(_READS)

    def test_details_of_health(self, registry: RunningRegistry) -> None:
        """
        Ours: the role operator is told of each upstream; everybody else whether it works, whatever they send.
        """
        operator = bearer(_token(registry, Role.OPERATOR))
        others = (
            (),
            (bearer(_token(registry, *(role for role in Role if role is not Role.OPERATOR))),),
            (bearer("mcpr_00000000_" + "A" * 43),),
            (operator, operator),
        )

        told = send(registry.port, "/v0.1/health", operator, host=_HOST)
        untold = [send(registry.port, "/v0.1/health", *lines, host=_HOST) for lines in others]

        assert {each["name"] for each in told.json()["upstreams"]} == {"internal", "official"}
        assert [(each.status, each.json().keys()) for each in untold] == [(200, {"status", "mirror_age_seconds"})] * 4

    def test_guessing_at_health(self, registry: RunningRegistry) -> None:
        """
        threats.md, auth fallback: what is tried at a route that answers everybody counts like anywhere else.
        """
        operator = bearer(_token(registry, Role.OPERATOR))
        for _ in range(PER_SOURCE.burst + 1):
            assert send(registry.port, "/health", bearer("guessed"), host=_HOST).status == 200

        held_up = send(registry.port, "/health", operator, host=_HOST)
        registry.clock.advance(PER_SOURCE.burst * PER_SOURCE.every_ns / 1e9)
        later = send(registry.port, "/health", operator, host=_HOST)

        assert (held_up.status, "upstreams" in held_up.json()) == (200, False)
        assert "upstreams" in later.json()

    def test_from_the_command_line(self, registry: RunningRegistry) -> None:
        """
        `status --server` works with the token in MCP_REGISTRY_TOKEN.
        """
        token = _token(registry, Role.OPERATOR)
        url = f"http://localhost:{registry.port}"

        told = mcp_registry("status", "--server", url, "--json", MCP_REGISTRY_TOKEN=token)
        refused = mcp_registry("status", "--server", url)

        assert "upstreams" in json.loads(told.out)
        assert refused.status == 1
        assert "a token that has the role operator" in refused.err


class TestActing:
    def test_a_run_is_asked_for_by_whoever_it_was(self, registry: RunningRegistry) -> None:
        """
        Ours: on record is the token's owner, with the role that it took.
        """
        asked = _post(registry, "/v1/sync-runs", _token(registry, Role.OPERATOR), {"upstream": "official"})

        assert asked.status == 202
        event = audited(registry, "sync.requested")[-1]
        assert (event.actor, event.roles) == ("operator", ("operator",))

    def test_a_backup_takes_the_auditor_too(self, registry: RunningRegistry) -> None:
        """
        Ours: the record is in it, so that the role operator alone is not enough.
        """
        assert _post(registry, "/v1/backup", _token(registry, Role.OPERATOR), {}).status == 403
        assert _post(registry, "/v1/backup", _token(registry, Role.AUDITOR), {}).status == 403
        both = _post(registry, "/v1/backup", _token(registry, Role.OPERATOR, Role.AUDITOR), {})
        assert both.status == 200
        assert both.body.startswith(b"SQLite format 3")
