"""Webhooks of a running registry: killed in the worst moment, looked at and tried as operators do it."""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner, Result

from registry.cli.main import cli
from registry.policy.principal import Role
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.doubles.receiver import SECRET, Receiver
from tests.running import RunningRegistry

_CONFIGURATION: Final = """
[[webhook]]
name = "chat"
url = "{url}"
secret = {{ file = "chat.secret" }}
allow_private = true

[[webhook]]
name = "inside"
url = "{url}"
secret = {{ file = "chat.secret" }}
events = ["decisions"]
teams = ["everyone"]
"""
_PROXIED: Final = "X-Forwarded-For: 203.0.113.7"


class _World(msgspec.Struct, frozen=True):
    """`before`: what had arrived when the registry was killed, and was not answered."""

    registry: RunningRegistry
    receiver: Receiver
    before: list[str]

    def get(self, path: str) -> Any:  # Any: JSON
        return send(self.registry.port, path).json()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_World]:
    """A registry that was killed between sending its first message and noting that it was taken, and started again."""
    folder = tmp_path_factory.mktemp("webhooks")
    secret = folder / "chat.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    with Receiver() as receiver:
        receiver.hold()
        registry = RunningRegistry(folder, _CONFIGURATION.format(url=receiver.url))
        registry.start()
        receiver.wait_for(1)
        before = receiver.ids
        registry.kill()
        receiver.let_go()
        with registry:
            receiver.wait_for(3)
            registry.wait_until(lambda line: line.get("webhook") == "inside")
            yield _World(registry, receiver, before)


def _ended(*words: str) -> Result:
    """The command, in this process: as its group has it, without what `main` makes of errors."""
    given = {name: None for name in os.environ if name.startswith("MCP_REGISTRY_")}
    return CliRunner().invoke(cli, words, env=given)


class TestKilled:
    def test_at_least_once(self, world: _World) -> None:
        """
        What was on its way is sent again under its id, and what follows it comes behind it.
        """
        assert [*world.before, *world.before] == world.receiver.ids[:2]
        assert world.receiver.types[:3] == ["grant.given", "grant.given", "rule.made"]
        assert world.receiver.forged == []


class TestOperators:
    def test_how_they_are_doing(self, world: _World) -> None:
        """
        In the status and in a list of their own: what waits, what was taken, why not, and no path of a receiver.
        """
        listed = world.get("/v1/webhooks")

        chat, inside = listed["items"]
        assert listed["metadata"] == {"count": 2}
        assert (chat["name"], chat["state"], chat["delivered"]) == ("chat", "ok", 2)
        assert (inside["name"], inside["state"], inside["delivered"], inside["waiting"]) == ("inside", "failing", 0, 2)
        assert "127.0.0.1" in inside["trouble"]
        assert "capability" not in json.dumps(listed)
        assert [each["name"] for each in world.get("/v1/status")["webhooks"]] == ["chat", "inside"]

    def test_metrics(self, world: _World) -> None:
        """
        What alarms are made of.
        """
        text = send(world.registry.port, "/metrics").body.decode()

        told = dict(re.findall(r'^(mcp_registry_webhook_\w+\{webhook="\w+"\}) (\S+)$', text, re.MULTILINE))
        assert told['mcp_registry_webhook_failing{webhook="inside"}'] == "1.0"
        assert told['mcp_registry_webhook_waiting{webhook="inside"}'] == "2.0"
        assert told['mcp_registry_webhook_delivered_total{webhook="chat"}'] == "2.0"
        assert told['mcp_registry_webhook_dead_total{webhook="chat"}'] == "0.0"

    def test_a_test_message(self, world: _World) -> None:
        """
        Arrives at once, signed like any other, and is on record with who sent it; one that cannot arrive says why.
        """
        token = bearer(issue(world.registry, Role.OPERATOR, owner="olga"))
        lines = (_PROXIED, token, "Content-Length: 0")

        taken = send(world.registry.port, "/v1/webhooks/chat/test", *lines, method="POST")
        refused = send(world.registry.port, "/v1/webhooks/inside/test", *lines, method="POST")

        assert (taken.status, taken.json()["delivered"]) == (200, True)
        arrived = next(each for each in world.receiver.received if each.id == taken.json()["message"])
        assert (arrived.said["type"], arrived.said["data"]["object"]) == ("webhook.test", "chat")
        assert (refused.status, refused.json()["delivered"]) == (200, False)
        assert "127.0.0.1" in refused.json()["trouble"]
        with closing(sqlite3.connect(world.registry.store)) as connection:
            recorded = connection.execute(
                "SELECT actor, object FROM audit_events WHERE action = 'webhook.tested' AND actor = 'olga' ORDER BY id"
            ).fetchall()
        assert recorded == [("olga", "chat"), ("olga", "inside")]

    def test_only_operators(self, world: _World) -> None:
        """
        Others learn neither whom is told nor how that goes.
        """
        reader = bearer(issue(world.registry, Role.READER, Role.ADMIN, namespaces=["*"]))

        assert send(world.registry.port, "/v1/webhooks", _PROXIED).status == 401
        assert send(world.registry.port, "/v1/webhooks", _PROXIED, reader).status == 403

    def test_commands(self, world: _World) -> None:
        """
        On the store and on the server; a test message that was not taken, and a receiver that takes none, are failures.
        """
        here, there = ("--config", str(world.registry.config)), ("--server", world.registry.url)
        listed = [_ended("webhook", "list", *where) for where in (here, there)]
        tried = [_ended("webhook", "test", name, *where) for where in (here, there) for name in ("chat", "inside")]
        status = _ended("status", *here)

        assert [(each.exit_code, "chat" in each.output, "127.0.0.1" in each.output) for each in listed] == [
            (0, True, True)
        ] * 2
        assert [each.exit_code for each in tried] == [0, 1, 0, 1]
        assert (status.exit_code, "inside" in status.output) == (1, True)

    def test_nothing_holds_the_secret(self, world: _World) -> None:
        """
        Neither the log nor the store, its log or what operators read.
        """
        key = SECRET.removeprefix("whsec_")
        folder: Path = world.registry.config.parent
        written = b"".join(each.read_bytes() for each in folder.glob("registry.db*"))
        said = json.dumps(world.registry.log) + json.dumps([world.get("/v1/webhooks"), world.get("/v1/status")])

        assert key.encode() not in written
        assert key not in said
        assert "capability-path" not in said
