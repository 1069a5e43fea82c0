"""`mcp-registry audit`: reading, dumping and verifying the record, on the store and on a running registry."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.policy.principal import Role
from tests.api.publishing import Client, manifest, taking
from tests.doubles.issued import issue
from tests.e2e.command import Outcome, mcp_registry
from tests.running import RunningRegistry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with something on record: publications, a refusal, tokens."""
    with taking(tmp_path_factory.mktemp("audit")) as running:
        client = Client(running, issue(running, Role.PUBLISHER, namespaces=["com.partner/*"], owner="ci@partner"))
        for version in ("1.0.0", "1.1.0"):
            assert client.publish(manifest(version=version)).status == 200
        assert client.set_status("com.partner/tools", "1.0.0", "deprecated", "use 1.1.0").status == 200
        assert client.publish(manifest("com.acme/payroll")).status == 403
        yield running


@pytest.fixture(scope="module")
def auditor(registry: RunningRegistry) -> str:
    return issue(registry, Role.AUDITOR, owner="eve@audit")


@pytest.fixture(params=["here", "there"])
def where(request: pytest.FixtureRequest, registry: RunningRegistry, auditor: str) -> dict[str, str]:
    """On the store, or on the server with an auditor's token: as environment."""
    if request.param == "here":
        return {"MCP_REGISTRY_CONFIG": str(registry.config)}
    return {"MCP_REGISTRY_SERVER": registry.url, "MCP_REGISTRY_TOKEN": auditor}


def _audit(where: dict[str, str], *words: str | Path) -> Outcome:
    return mcp_registry("audit", *words, **where)


class TestList:
    def test_newest_first_with_all_there_is_to_say(self, where: dict[str, str]) -> None:
        """
        Who, what, from where, before and after; as JSON the very bytes that were sealed beside it.
        """
        listed = _audit(where, "list", "--actor", "ci@partner", "--json")

        assert listed.status == 0, listed.err
        assert [(each["action"], each["outcome"]) for each in listed.json] == [
            ("server.publish_refused", "refused"),
            ("server.status_changed", "done"),
            ("server.published", "done"),
            ("server.published", "done"),
        ]
        changed = listed.json[1]
        assert changed["object"] == "com.partner/tools@1.0.0"
        assert changed["before"] == {"status": "active", "message": None}
        assert changed["after"] == {"status": "deprecated", "message": "use 1.1.0"}
        assert changed["source"] == "127.0.0.1"
        assert changed["request"].startswith("req_")
        assert json.loads(changed["record"])["after"] == changed["after"]

    def test_as_a_table(self, where: dict[str, str]) -> None:
        """
        For people: one line an event.
        """
        listed = _audit(where, "list", "--outcome", "refused")

        assert listed.status == 0, listed.err
        assert "server.publish_refused" in listed.out
        assert "server.published " not in listed.out

    def test_by_time(self, where: dict[str, str]) -> None:
        """
        From a day on, before a day; what is no instant is a usage error.
        """
        assert _audit(where, "list", "--since", "2100-01-01").out == "nothing of that kind is on record\n"
        assert _audit(where, "list", "--until", "2100-01-01", "--limit", "1", "--json").json[0]["sequence"] > 3
        assert _audit(where, "list", "--since", "soon").status == 2

    def test_more_than_a_page(self, where: dict[str, str]) -> None:
        """
        As many as are asked for, without a gap.
        """
        numbers = [each["sequence"] for each in _audit(where, "list", "--limit", "1000", "--json").json]

        assert numbers == list(range(numbers[0], 0, -1))


class TestTail:
    def test_the_latest_oldest_first(self, where: dict[str, str]) -> None:
        """
        The last few of what is asked for, a line each.
        """
        tailed = _audit(where, "tail", "-n", "2", "--action", "server.published")

        assert tailed.status == 0, tailed.err
        assert [line.split()[4] for line in tailed.out.splitlines()] == [
            "com.partner/tools@1.0.0",
            "com.partner/tools@1.1.0",
        ]

    def test_as_json_lines(self, where: dict[str, str]) -> None:
        """
        For scripts: one object a line.
        """
        tailed = _audit(where, "tail", "-n", "3", "--json")

        assert len([json.loads(line) for line in tailed.out.splitlines()]) == 3

    def test_goes_on_with_what_happens(self, where: dict[str, str], registry: RunningRegistry) -> None:
        """
        With --follow, what is recorded from now on, as it happens and nothing twice; until it is told to end.
        """
        words = ["-m", "registry", "audit", "tail", "-f", "-n", "1", "--json", "--action", "server.status_changed"]
        client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="ci@partner"))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MCP_REGISTRY_")}
        with subprocess.Popen(
            [sys.executable, *words],
            stdout=subprocess.PIPE,
            text=True,
            env=inherited | where,
            cwd=Path(__file__).resolve().parents[2],
        ) as following:
            assert following.stdout is not None
            try:
                latest = json.loads(following.stdout.readline())
                for status in ("active", "deprecated"):
                    assert client.set_status("com.partner/tools", "1.0.0", status).status == 200
                    event = json.loads(following.stdout.readline())
                    assert (event["sequence"] > latest["sequence"], event["after"]["status"]) == (True, status)
                    latest = event
            finally:
                following.send_signal(signal.SIGINT)
            assert following.wait(30) == 130


class TestDump:
    @pytest.mark.parametrize("form", ["jsonl", "csv"])
    def test_verifies_without_its_store(self, where: dict[str, str], tmp_path: Path, form: str) -> None:
        """
        What was written is sound, with its checkpoints, wherever it is taken; and readable by its owner alone.
        """
        file = tmp_path / "dump"

        dumped = _audit(where, "dump", file, "--format", form)
        verified = mcp_registry("audit", "verify", file)

        assert dumped.status == 0, dumped.err
        assert verified.status == 0, verified.out + verified.err
        assert "unchanged" in verified.out
        assert "checkpoints confirm it" in verified.out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_what_was_changed_is_named(self, where: dict[str, str], tmp_path: Path) -> None:
        """
        The number of the event, the line in the file, and a status that scripts see.
        """
        file = tmp_path / "dump"
        _audit(where, "dump", file)
        lines = file.read_text().splitlines(keepends=True)
        [at] = [number for number, line in enumerate(lines) if '"sequence":5,' in line and '"part":"event"' in line]

        for changed in (
            [*lines[:at], lines[at].replace("actor", "actot", 1), *lines[at + 1 :]],
            [*lines[:at], *lines[at + 1 :]],
            lines[:at],
        ):
            file.write_text("".join(changed))
            verified = mcp_registry("audit", "verify", file)

            assert verified.status == 1
            assert "broken at event 5" in verified.out, verified.out

    def test_a_file_that_exists_is_left_alone(self, where: dict[str, str], tmp_path: Path) -> None:
        """
        A dump replaces nothing.
        """
        file = tmp_path / "precious"
        file.write_text("mine")

        assert _audit(where, "dump", file).status == 1
        assert file.read_text() == "mine"

    def test_to_standard_output_and_from_standard_input(self, where: dict[str, str]) -> None:
        """
        Between commands.
        """
        dumped = _audit(where, "dump", "-")

        assert mcp_registry("audit", "verify", "-", typed=dumped.out).status == 0

    def test_a_stretch(self, where: dict[str, str], registry: RunningRegistry, tmp_path: Path) -> None:
        """
        From a checkpoint on, and only up to an instant: it says what it is, and is sound.
        """
        _audit({"MCP_REGISTRY_CONFIG": str(registry.config)}, "dump", tmp_path / "confirms")
        late, early = tmp_path / "late", tmp_path / "early"

        assert _audit(where, "dump", late, "--since", "2100-01-01").status == 0
        assert _audit(where, "dump", early, "--until", "2001-01-01").status == 0

        verdicts = [mcp_registry("audit", "verify", file, "--json").json for file in (late, early)]
        assert [each["broken"] for each in verdicts] == [None, None]
        assert verdicts[0]["begins_after"] > 5
        assert (verdicts[1]["begins_after"], verdicts[1]["events"]) == (0, 0)


class TestVerify:
    def test_the_record_itself(self, where: dict[str, str], registry: RunningRegistry) -> None:
        """
        Sound, confirmed by the key that the log named, and not by another one.
        """
        signed = registry.wait_until(lambda line: str(line.get("event")).startswith("checkpoints of the record"))

        verified = _audit(where, "verify", "--json")

        assert verified.status == 0, verified.out + verified.err
        assert verified.json["broken"] is None
        assert verified.json["keys"] == [signed["key"]]
        assert _audit(where, "verify", "--key", signed["public_key"]).status == 0
        other = _audit(where, "verify", "--key", "ab" * 32)
        assert (other.status, "nobody trusts" in other.out) == (1, True)
        assert _audit(where, "verify", "--key", "short").status == 2

    def test_a_key_beside_the_store(self, registry: RunningRegistry) -> None:
        """
        Nobody configured one, so there is one that only its owner reads; the log names it and does not hold it.
        """
        file = registry.store.with_name("registry.db.audit-key")

        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert registry.count("made the key that signs checkpoints") == 1
        assert file.read_text().strip() not in repr(registry.log)


class TestMeddling:
    @pytest.mark.parametrize(
        ("statement", "at"),
        [
            ("UPDATE audit_events SET record = CAST(replace(record, 'ci@', 'no@') AS BLOB) WHERE id = :at", True),
            ("UPDATE audit_events SET actor = 'nobody' WHERE id = :at", True),
            ("DELETE FROM audit_events WHERE id = :at", True),
            ("DELETE FROM audit_events WHERE id >= :at", True),
            ("DELETE FROM audit_checkpoints WHERE sequence = (SELECT min(sequence) FROM audit_checkpoints)", False),
        ],
    )
    def test_is_found_in_the_store(self, tmp_path: Path, statement: str, at: bool) -> None:
        """
        Whoever can write the file can change it, and not unnoticed.
        """
        with taking(tmp_path) as registry:
            client = Client(registry, issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], owner="ci@partner"))
            for version in range(3):
                client.publish(manifest(version=f"{version}.0.0"))
                here = {"MCP_REGISTRY_CONFIG": str(registry.config)}
                assert _audit(here, "dump", tmp_path / f"dump{version}").status == 0
            published = _audit(here, "list", "--action", "server.published", "--json").json[1]["sequence"]
            with closing(sqlite3.connect(registry.store)) as connection, connection:
                connection.execute("DROP TRIGGER audit_events_stay")
                connection.execute("DROP TRIGGER audit_events_stand")
                connection.execute(statement, {"at": published} if at else {})

            verified = _audit(here, "verify", "--json")

        assert verified.status == 1
        if at:
            assert verified.json["broken"]["sequence"] == published


class TestForAuditors:
    def test_nobody_else(self, registry: RunningRegistry) -> None:
        """
        No other role reads the record, and nobody without a credential does.
        """
        others = [role for role in Role if role is not Role.AUDITOR]
        token = issue(registry, *others, namespaces=["*"], owner="everybody")

        for path in ("/audit-events", "/audit-checkpoints"):
            assert Client(registry, token, prefix="/v1").request("GET", path).status == 403
            assert Client(registry, None, prefix="/v1").request("GET", path).status == 401

    def test_pages_and_filters(self, registry: RunningRegistry, auditor: str) -> None:
        """
        Newest or oldest first, cursor by cursor, without a gap; wrong parameters are named.
        """
        client = Client(registry, auditor, prefix="/v1")
        for order in ("newest", "oldest"):
            numbers: list[int] = []
            cursor = ""
            while True:
                page = client.request("GET", f"/audit-events?order={order}&limit=3&cursor={cursor}").json()
                numbers += [each["sequence"] for each in page["items"]]
                if "nextCursor" not in page["metadata"]:
                    break
                cursor = page["metadata"]["nextCursor"]
            everything = list(range(1, max(numbers) + 1))
            assert numbers == (everything if order == "oldest" else everything[::-1])
        assert page["metadata"]["head"] >= max(numbers)

        for wrong in (
            "limit=0",
            "limit=501",
            "cursor=x",
            "order=up",
            "outcome=maybe",
            "since=now",
            "actor=" + "x" * 501,
        ):
            assert client.request("GET", f"/audit-events?{wrong}").status in (400, 422), wrong
