"""`mcp-registry token`, on the store itself and on a running server."""

import json
import os
import pwd
import stat
from pathlib import Path

import pytest

from registry.policy.principal import Role
from registry.policy.token import public_id
from tests.doubles.issued import issue
from tests.doubles.plain_client import fetch
from tests.e2e.command import Outcome, mcp_registry
from tests.e2e.records import audited
from tests.running import RunningRegistry


@pytest.fixture
def registry(tmp_path: Path) -> RunningRegistry:
    """Configured, not started; nobody reads it without a credential."""
    return RunningRegistry(tmp_path, "")


def _token(registry: RunningRegistry, *words: str | Path, **environ: str) -> Outcome:
    """`mcp-registry token …` on the store."""
    return mcp_registry("token", *words, "--config", registry.config, **environ)


def _there(registry: RunningRegistry, bearer: str, *words: str | Path) -> Outcome:
    """The same on the running server, as *bearer*."""
    return mcp_registry("token", *words, "--server", registry.url, MCP_REGISTRY_TOKEN=bearer)


def _reads(registry: RunningRegistry, token: str) -> int:
    return fetch(registry.url, "/v0.1/servers", Authorization=f"Bearer {token}").status


class TestCreate:
    def test_the_token_alone_on_standard_output(self, registry: RunningRegistry) -> None:
        """
        `$(mcp-registry token create …)` is the token; everything else is said on standard error.
        """
        outcome = _token(registry, "create", "--role", "reader", "--team", "everyone", "--owner", "bob")

        token = outcome.out.removesuffix("\n")
        assert outcome.status == 0
        assert public_id(token) is not None
        assert token[:13] in outcome.err
        assert token not in outcome.err
        with registry:
            assert _reads(registry, token) == 200

    def test_the_record_says_who_it_was(self, registry: RunningRegistry) -> None:
        """
        issue: as `local:<user>`, with two roles; the user is the system's account, whatever the environment says.
        """
        outcome = _token(registry, "create", "--role", "admin", LOGNAME="eve", USER="eve", LNAME="eve", USERNAME="eve")

        (event,) = audited(registry, "token.issued")
        assert outcome.status == 0
        assert (event.actor, event.roles) == (f"local:{pwd.getpwuid(os.getuid()).pw_name}", ("operator", "admin"))
        assert " of eve:" not in outcome.err

    def test_the_first_administrator(self, registry: RunningRegistry) -> None:
        """
        Before anything was ever served, on the host: for every name, which it says, and as the local user.
        """
        outcome = _token(registry, "create", "--role", "admin")

        assert outcome.status == 0
        assert "every name" in outcome.err
        (listed,) = _token(registry, "list", "--json").json
        assert (listed["roles"], listed["namespaces"], listed["teams"]) == (["admin"], ["*"], [])
        assert listed["created_by"] == f"local:{listed['owner']}"
        with registry:
            made = _there(registry, outcome.out.strip(), "create", "--role", "auditor", "--owner", "eve")
            assert made.status == 0
            assert public_id(made.out.strip()) is not None

    def test_as_json(self, registry: RunningRegistry) -> None:
        """
        JSON has the token and all there is to know of it.
        """
        made = _token(
            registry, "create", "--role", "publisher", "--role", "reader", "--namespace", "com.acme",
            "--namespace", "com.acme.*", "--team", "everyone", "--owner", "ci", "--label", "the build",
            "--expires", "12h", "--json",
        ).json  # fmt: skip

        assert made["token"].startswith(made["id"])
        assert made["roles"] == ["publisher", "reader"]
        assert made["namespaces"] == ["com.acme/*", "com.acme.*"]
        assert (made["label"], made["state"]) == ("the build", "active")

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["--role", "publisher"], "needs --namespace"),
            (["--role", "publisher", "--role", "admin"], "needs --namespace"),
            ([], "--role"),
            (["--role", "king"], "king"),
            (["--role", "auditor", "--expires", "soon"], "duration"),
            (["--role", "auditor", "--expires", "0"], "duration"),
            (["--role", "auditor", "--expires", ""], "duration"),
        ],
        ids=str,
    )
    def test_usage(self, registry: RunningRegistry, words: list[str], expected: str) -> None:
        """
        What cannot be meant is a usage error, and makes nothing.
        """
        outcome = _token(registry, "create", *words)

        assert (outcome.status, outcome.out) == (2, "")
        assert expected in outcome.err
        assert not registry.store.exists()

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["--role", "reader", "--team", "nobody"], "no team 'nobody'"),
            (["--role", "auditor", "--owner", "system:sync"], "registry's own"),
            (["--role", "publisher", "--namespace", "com.acme*"], "not a pattern"),
        ],
        ids=str,
    )
    def test_what_is_refused(self, registry: RunningRegistry, words: list[str], expected: str) -> None:
        """
        One line says what is wrong, and nothing is issued.
        """
        outcome = _token(registry, "create", *words)

        assert (outcome.status, outcome.out) == (1, "")
        assert expected in outcome.err

    def test_expiry(self, registry: RunningRegistry) -> None:
        """
        90 days unless stated; never is said, not left out.
        """
        never = _token(registry, "create", "--role", "auditor", "--expires", "never", "--json").json
        usual = _token(registry, "create", "--role", "auditor", "--json").json

        assert never["expires_at"] is None
        assert usual["expires_at"] is not None


class TestPublisherFile:
    def test_where_the_stock_client_looks(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        reference §7: `token`, `method` and `registry`, in a file and folder of the user alone. The token goes there and
        nowhere else.
        """
        outcome = _token(
            registry, "create", "--role", "publisher", "--namespace", "com.acme", "--publisher-file",
            HOME=str(tmp_path / "home"),
        )  # fmt: skip

        file = tmp_path / "home" / ".config" / "mcp-publisher" / "token.json"
        written = json.loads(file.read_text())
        assert outcome.status == 0
        assert written == {"token": written["token"], "method": "token", "registry": registry.url}
        assert public_id(written["token"]) is not None
        assert written["token"] not in outcome.out + outcome.err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert [each.name for each in file.parent.iterdir()] == ["token.json"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [((), True), (("--role", "reader"), True), (("--role", "reader", "--team", "everyone"), False)],
    )
    def test_says_what_it_is_not_enough_for(
        self, registry: RunningRegistry, tmp_path: Path, words: tuple[str, ...], said: bool
    ) -> None:
        """
        `mcp-publisher status` reads before it writes, with the same token.
        """
        file = tmp_path / "token.json"

        outcome = _token(
            registry, "create", "--role", "publisher", "--namespace", "com.acme", *words, "--publisher-file", file
        )

        assert outcome.status == 0
        assert ("mcp-publisher status reads before it writes" in outcome.err) == said

    def test_of_a_running_server(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        The registry is the server that issued it; what was in the file before is replaced, whoever could read it.
        """
        file = tmp_path / "token.json"
        file.write_text("{}")
        file.chmod(0o644)
        with registry:
            root = issue(registry, Role.ADMIN, namespaces=["*"])

            outcome = _there(
                registry, root, "create", "--role", "publisher", "--namespace", "com.acme", "--publisher-file", file,
                "--json",
            )  # fmt: skip

        written = json.loads(file.read_text())
        assert written["registry"] == registry.url
        assert outcome.json["id"] == written["token"][:13]
        assert written["token"] not in outcome.out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_one_that_cannot_be_written(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        Nothing is issued for a file that cannot take it.
        """
        (tmp_path / "file").write_text("")
        words = ("--role", "publisher", "--namespace", "com.acme", "--publisher-file", tmp_path / "file" / "token.json")

        outcome = _token(registry, "create", *words)

        assert outcome.status == 1
        assert "cannot write" in outcome.err
        assert not registry.store.exists()


class TestList:
    def test_table(self, registry: RunningRegistry) -> None:
        """
        Newest first, without anything secret.
        """
        first = _token(registry, "create", "--role", "reader", "--owner", "bob", "--label", "[red]a[/red]").out.strip()
        second = _token(registry, "create", "--role", "auditor", "--owner", "eve").out.strip()

        outcome = _token(registry, "list")
        of_bob = _token(registry, "list", "--subject", "bob")

        lines = outcome.out.splitlines()
        assert [line.split()[0] for line in lines[2:]] == [second[:13], first[:13]]
        assert "[red]a[/red]" in lines[3]
        assert first not in outcome.out
        assert second[:13] not in of_bob.out

    def test_there_and_here_alike(self, registry: RunningRegistry) -> None:
        """
        A server lists what its store holds, over as many pages as it takes.
        """
        with registry:
            root = issue(registry, Role.ADMIN, owner="root", namespaces=["*"])
            for _ in range(101):
                issue(registry, Role.READER, owner="many")

            there = _there(registry, root, "list", "--json").json
            here = _token(registry, "list", "--json").json

        assert len(there) == 102
        assert there == here

    def test_without_the_role(self, registry: RunningRegistry) -> None:
        """
        The server's own words say what is missing, with a token that lacks the role and without any.
        """
        with registry:
            reader = _there(registry, issue(registry, Role.READER), "list")
            nobody = mcp_registry("token", "list", "--server", registry.url)

        assert (reader.status, nobody.status) == (1, 1)
        assert "needs the role admin" in reader.err
        assert "needs a credential" in nobody.err


class TestRevoke:
    @pytest.mark.parametrize("where", ["here", "there"])
    def test_by_id(self, registry: RunningRegistry, where: str) -> None:
        """
        By the beginning of the token or the whole of it; in force when the command ends; one that is unknown is said
        and keeps none of the others.
        """
        with registry:
            root = issue(registry, Role.ADMIN, owner="root", namespaces=["*"])
            first, second, other = (issue(registry, Role.READER) for _ in range(3))
            words = ("revoke", first[:13], "mcpr_00000000", second)

            outcome = _token(registry, *words) if where == "here" else _there(registry, root, *words)

            assert outcome.status == 1
            assert outcome.err == "mcp-registry: there is no token mcpr_00000000\n"
            assert second not in outcome.out
            assert [_reads(registry, token) for token in (first, second, other)] == [401, 401, 200]

    @pytest.mark.parametrize("where", ["here", "there"])
    def test_of_a_subject(self, registry: RunningRegistry, where: str) -> None:
        """
        Everything a leaver had, in one command.
        """
        with registry:
            root = issue(registry, Role.ADMIN, owner="root", namespaces=["*"])
            theirs = [issue(registry, Role.READER, owner="leaver") for _ in range(2)]
            other = issue(registry, Role.READER, owner="stayer")
            words = ("revoke", "--subject", "leaver")

            outcome = _token(registry, *words) if where == "here" else _there(registry, root, *words)
            again = _token(registry, *words)

            assert (outcome.status, again.status) == (0, 0)
            assert len(outcome.out.splitlines()) == 2
            assert "no token that is not revoked" in again.out
            assert [_reads(registry, token) for token in (*theirs, other)] == [401, 401, 200]

    @pytest.mark.parametrize("words", [(), ("mcpr_ab12cd34", "--subject", "bob")], ids=str)
    def test_usage(self, registry: RunningRegistry, words: tuple[str, ...]) -> None:
        """
        Ids or a subject, one of the two.
        """
        assert _token(registry, "revoke", *words).status == 2
