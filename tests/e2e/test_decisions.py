"""What was decided is in force in every worker when the decision is answered."""

from pathlib import Path

import httpx

from registry.policy.principal import Role
from tests.api.governing import Person, governed
from tests.e2e.mirrored import PATIENCE_S
from tests.running import RunningRegistry

_WORKERS = 4
_PATH = "/v0.1/servers/com.acme%2Fpayroll/versions/latest"


def _asked(registry: RunningRegistry, token: str) -> list[int]:
    """What every worker answers, each asked over connections of its own until all have answered."""
    statuses = []
    with httpx.Client(
        base_url=registry.url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S
    ) as client:
        for _ in range(60):
            statuses.append(client.get(_PATH, headers={"Connection": "close"}).status_code)
    return statuses


class TestDecisions:
    def test_are_in_force_in_every_worker(self, tmp_path: Path) -> None:
        """
        No request that began after an approval, a block or a revocation was answered sees what was before.
        """
        with governed(tmp_path, workers=_WORKERS) as registry:
            backend = Person(registry, "bob", Role.READER, teams=("backend",))
            approver = Person(registry, "paul", Role.APPROVER, namespaces=("*",))
            admin = Person(registry, "ada", Role.ADMIN, namespaces=("*",))
            seen = [_asked(registry, backend.token)]

            made = approver.made("/v1/approvals", name="com.acme/payroll", teams=["backend"], reason="r")
            seen.append(_asked(registry, backend.token))
            approver.made("/v1/blocks", name="com.acme/payroll", reason="r")
            seen.append(_asked(registry, backend.token))
            assert approver.delete("/v1/blocks", name="com.acme/payroll", reason="r").status == 200
            seen.append(_asked(registry, backend.token))
            (grant, *_) = admin.get("/v1/grants", team="backend").json()["items"]
            assert admin.delete(f"/v1/grants/{grant['id']}", reason="r").status == 200
            seen.append(_asked(registry, backend.token))
            admin.made("/v1/grants", team="backend", pattern="com.acme/*", reason="r")
            seen.append(_asked(registry, backend.token))
            approver.made(f"/v1/approvals/{made['id']}/revoke", reason="r")
            seen.append(_asked(registry, backend.token))

            assert [set(statuses) for statuses in seen] == [{404}, {200}, {404}, {200}, {404}, {200}, {404}]
            registry.wait_until(lambda line: line.get("path") == "/v0.1/servers/com.acme/payroll/versions/latest")
            pids = {line["pid"] for line in registry.log if str(line.get("path", "")).endswith("/versions/latest")}
            assert len(pids) == _WORKERS
