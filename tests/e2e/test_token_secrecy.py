"""A canary: nothing that a registry writes or answers holds a token, whatever is done with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from registry.policy.principal import Role
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

ANONYMOUS = '[anonymous]\nteam = "everyone"\n'


def _everywhere(port: int, token: str) -> list[bytes]:
    """What comes back when *token* is shown where it belongs, and where it does not."""
    json = ("Content-Type: application/json",)
    label = b'{"owner":"x","roles":["reader"],"label":"%b"}' % token.encode()
    answers = [
        send(port, "/v0.1/servers", bearer(token)),
        send(port, "/v0.1/servers", bearer(token), bearer(token)),
        send(port, "/v0.1/servers", f"Authorization: Basic {token}"),
        send(port, "/v0.1/servers", bearer(token + "x")),
        send(port, f"/v0.1/servers?search={token}&cursor={token}&limit=x"),
        send(port, f"/v0.1/servers/{token}/versions"),
        send(port, f"/v1/tokens/{token}"),
        send(port, f"/v1/tokens/{token}", bearer(token)),
        send(port, f"/v1/tokens/{token}/more", bearer(token), method="BREW"),
        send(port, f"/{token}"),
        send(port, "/v1/tokens", bearer(token), "X-Forwarded-For: " + token),
        send(port, "/v1/tokens", bearer(token), *json, f"Content-Length: {len(label)}", method="POST", body=label),
        send(port, "/v1/status", bearer(token)),
        send(port, "/metrics"),
        send(port, "/health", bearer(token)),
        send(port, f"/v1/tokens/{token}", bearer(token), method="DELETE"),
        send(port, "/v0.1/servers", bearer(token)),
    ]
    return [answer.body for answer in answers] + [repr(answer.headers).encode() for answer in answers]


class TestCanary:
    def test_nothing_holds_it(self, tmp_path: Path) -> None:
        """
        Not an answer, not the log, not the metrics, not the database or its log, not a backup, not the record.
        """
        registry = RunningRegistry(tmp_path, ANONYMOUS)
        with registry:
            tokens = [
                issue(registry, Role.ADMIN, Role.READER, namespaces=["*"], owner="canary"),
                mcp_registry("token", "create", "--role", "reader", "--config", registry.config).out.strip(),
            ]
            shown = [body for token in tokens for body in _everywhere(registry.port, token)]
            listed = mcp_registry("token", "list", "--config", registry.config)
            revoked = mcp_registry("token", "revoke", tokens[1], "--config", registry.config)
            backup = mcp_registry("backup", tmp_path / "copy.db", "--config", registry.config)
            dumped = mcp_registry("audit", "dump", tmp_path / "record.jsonl", "--config", registry.config)
            with closing(sqlite3.connect(registry.store)) as connection:
                events = connection.execute("SELECT record FROM audit_events").fetchall()
            written = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
            registry.stop()
        log = repr(registry.log)

        assert [outcome.status for outcome in (listed, revoked, backup, dumped)] == [0, 0, 0, 0]
        assert {"copy.db", "record.jsonl", "registry.db", "registry.db-wal"} <= written.keys()
        assert any(b"token.issued" in record for (record,) in events)
        assert any(b"token.revoked" in record for (record,) in events)
        assert any(b"token.issue_refused" in record for (record,) in events)
        assert any(b"view.read_refused" in record for (record,) in events)
        assert "/v1/tokens/" in log
        for token in tokens:
            secret = token[14:]
            assert secret not in log
            assert secret not in listed.out + listed.err + revoked.out + revoked.err
            assert [body for body in shown if secret.encode() in body] == []
            assert [name for name, content in written.items() if secret.encode() in content] == []
            assert token[:13] in log
