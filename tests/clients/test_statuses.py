"""`mcp-publisher status` against this registry (reference §7, §8: TestStatusCommand_*)."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.api.publishing import manifest
from tests.api.world import OFFICIAL
from tests.clients.logins import with_a_token
from tests.clients.stock_publisher import Failure, StockPublisher
from tests.clients.written import written, yes
from tests.doubles.plain_client import fetch
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

_INSTEAD: Final = r"403: .*use `mcp-registry set-status` with the token in MCP_REGISTRY_TOKEN"


def _item(registry: RunningRegistry, name: str, version: str) -> Any:  # Any: JSON as it came
    target = f"/v0/servers/{name.replace('/', '%2F')}/versions/{version}?include_deleted=true"
    return fetch(registry.url, target).json()


class TestStatus:
    @pytest.fixture
    def published(self, logged_in: StockPublisher, tmp_path: Path, name: str) -> str:
        """A server of two versions."""
        logged_in.publish(written(tmp_path, manifest(name, "1.0.0-rc.1+build.7")))
        logged_in.publish(written(tmp_path, manifest(name, "1.0.0")))
        return name

    def test_one(self, registry: RunningRegistry, logged_in: StockPublisher, published: str) -> None:
        """
        TestStatusCommand_VersionValidation, _FlagCombinations: prereleases and builds are found; the message is kept.
        """
        version = "1.0.0-rc.1+build.7"

        assert logged_in.set_status(published, version, "deprecated", message="<b> & é") == ("active", "deprecated")
        assert logged_in.set_status(published, version, "deleted") == ("deprecated", "deleted")
        assert logged_in.set_status(published, version, "deleted", message="gone") == ("deleted", "deleted")
        official = _item(registry, published, version)["_meta"][OFFICIAL]
        assert (official["status"], official["statusMessage"]) == ("deleted", "gone")

    def test_all(self, registry: RunningRegistry, logged_in: StockPublisher, published: str) -> None:
        """
        TestStatusCommand_AllVersionsFlag, _YesFlag: whoever is asked sees every version, deleted ones too.
        """
        logged_in.set_status(published, "1.0.0", "deleted")
        shown: list[dict[str, str]] = []

        def go_on(statuses: dict[str, str]) -> bool:
            shown.append(statuses)
            return True

        count = logged_in.set_all_statuses(published, "deprecated", confirm=go_on)

        assert shown == [{"1.0.0": "deleted", "1.0.0-rc.1+build.7": "active"}]
        assert count == 2
        assert _item(registry, published, "1.0.0")["_meta"][OFFICIAL]["status"] == "deprecated"

    def test_a_no_changes_nothing(self, logged_in: StockPublisher, published: str) -> None:
        """
        TestStatusCommand_YesFlag.
        """
        logged_in.calls.clear()

        with pytest.raises(Failure):
            logged_in.set_all_statuses(published, "deleted", confirm=lambda _: False)

        assert [call.partition(" ")[0] for call in logged_in.calls] == ["GET"]

    @pytest.mark.parametrize(
        ("version", "status", "message", "said"),
        [
            ("9.9.9", "deleted", "", "404: .*Server not found"),
            ("1.0.0", "active", "", "400: .*No changes to apply"),
            ("1.0.0", "active", "why", "400: .*status_message cannot be provided when setting status to active"),
            ("1.0.0", "retired", "", "retired is no status"),
        ],
    )
    def test_refused(
        self, logged_in: StockPublisher, published: str, version: str, status: str, message: str, said: str
    ) -> None:
        """
        TestStatusCommand_Validation: what is printed says why.
        """
        with pytest.raises(Failure, match=said):
            logged_in.set_status(published, version, status, message=message)


class TestReading:
    """`status` reads before it writes, with the token it has (observed; it has sent it since 1.7.0 at least)."""

    def test_a_token_that_reads(self, closed: RunningRegistry, tmp_path: Path, name: str) -> None:
        """
        Where nobody reads without a credential, a token that reads as well is enough.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, closed)
        client.publish(written(tmp_path, manifest(name)))

        assert client.set_status(name, "1.0.0", "deprecated") == ("active", "deprecated")
        assert client.set_all_statuses(name, "deleted", confirm=yes) == 1

    @pytest.mark.parametrize(
        "words", [("--label", "publishes only"), ("--role", "reader")], ids=["no reader", "no team"]
    )
    def test_a_token_that_does_not(
        self, closed: RunningRegistry, tmp_path: Path, name: str, words: tuple[str, ...]
    ) -> None:
        """
        It sets the status of one version, which it may read; where it fails, the message names a command that works
        with the same token.
        """
        client = StockPublisher(tmp_path)
        with_a_token(client, closed, *words)
        client.publish(written(tmp_path, manifest(name)))

        client.set_status(name, "1.0.0", "deprecated")
        with pytest.raises(Failure, match=_INSTEAD):
            client.set_all_statuses(name, "deleted", confirm=yes)

        token = json.loads(client.token_file.read_text())["token"]
        instead = mcp_registry("set-status", name, "1.0.0", "active", "--server", closed.url, MCP_REGISTRY_TOKEN=token)
        assert instead.status == 0

    def test_without_any(self, closed: RunningRegistry) -> None:
        """
        A client that sends no token is told what to send, and what to use for a status.
        """
        answer = fetch(closed.url, "/v0/servers/com.partner%2Fx/versions/1.0.0?include_deleted=true")

        assert answer.status == 401
        assert "Authorization: Bearer" in answer.json()["detail"]
        assert "use `mcp-registry set-status`" in answer.json()["detail"]
