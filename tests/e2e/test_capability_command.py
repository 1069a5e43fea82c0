"""`mcp-registry capability`, on the store itself and on a running server."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from registry.policy.principal import Role
from tests.api.addressed import GOVERNANCE
from tests.doubles.issued import issue
from tests.doubles.plain_client import fetch
from tests.e2e.command import Outcome, mcp_registry
from tests.running import RunningRegistry

WHERE = ("here", "there")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """Running, with teams; nobody reads it without a credential."""
    with RunningRegistry(tmp_path_factory.mktemp("capabilities"), "", governance=GOVERNANCE) as running:
        yield running


def _capability(registry: RunningRegistry, where: str, *words: str) -> Outcome:
    """`mcp-registry capability …` on the store, or on the running server as an administrator."""
    if where == "here":
        return mcp_registry("capability", *words, "--config", registry.config)
    root = issue(registry, Role.ADMIN, owner="root", namespaces=["*"])
    return mcp_registry("capability", *words, "--server", registry.url, MCP_REGISTRY_TOKEN=root)


def _reads(registry: RunningRegistry, outcome: Outcome) -> int:
    return fetch(registry.url, f"{urlsplit(outcome.out.strip()).path}/v0.1/servers").status


class TestCapability:
    @pytest.mark.parametrize("where", WHERE)
    def test_the_address_alone_on_standard_output(self, registry: RunningRegistry, where: str) -> None:
        """
        What a client is configured with, as it is; everything else is said on standard error, without the secret.
        """
        made = _capability(registry, where, "create", "--team", "backend~prod", "--label", "editors")

        assert made.status == 0, made.err
        assert re.fullmatch(rf"{registry.url}/t/backend~prod\.[0-9a-z]{{32}}\n", made.out)
        assert re.match(r"cap_\w{26} reads the view of backend~prod; expires 20", made.err)
        assert made.out.strip().rpartition(".")[2] not in made.err
        assert _reads(registry, made) == 200

    @pytest.mark.parametrize("where", WHERE)
    def test_rotate_and_revoke(self, registry: RunningRegistry, where: str) -> None:
        """
        Both addresses are good during the overlap; revoked, the old one is nothing.
        """
        owner = f"ann-{where}"
        old = _capability(registry, where, "create", "--team", "backend", "--owner", owner, "--expires", "never")
        old_id = old.err.split()[0]

        new = _capability(registry, where, "rotate", old_id, "--overlap", "7d")
        during = [_reads(registry, each) for each in (old, new)]
        revoked = _capability(registry, where, "revoke", old_id, f"cap_{'0' * 26}")
        after = [_reads(registry, each) for each in (old, new)]

        assert (new.status, during, after) == (0, [200, 200], [404, 200])
        assert revoked.status == 1
        assert revoked.out == f"{old_id} of backend: revoked\n"
        assert revoked.err == f"mcp-registry: there is no capability cap_{'0' * 26}\n"
        listed = _capability(registry, where, "list", "--team", "backend", "--json").json
        items = [each for each in listed if each["owner"] == owner]
        assert [(each["state"], each["replaced_by"]) for each in items] == [
            ("active", None),
            ("revoked", items[0]["id"]),
        ]
        assert old_id in _capability(registry, where, "list").out

    def test_networks(self, registry: RunningRegistry) -> None:
        """
        From there alone.
        """
        words = ("create", "--team", "backend", "--network")

        near = _capability(registry, "here", *words, "127.0.0.0/8")
        far = _capability(registry, "here", *words, "10.0.0.0/8")

        assert [_reads(registry, each) for each in (near, far)] == [200, 404]
        assert "from 127.0.0.0/8" in near.err

    def test_as_json(self, registry: RunningRegistry) -> None:
        """
        All there is to know of it, the address too.
        """
        made = _capability(registry, "here", "create", "--team", "backend", "--json").json

        assert made["url"].startswith(f"{registry.url}/t/backend.")
        assert (made["team"], made["state"], made["replaces"]) == ("backend", "active", None)

    @pytest.mark.parametrize(
        "words",
        [
            ("create", "--team", "no-such"),
            ("create", "--team", "Backend"),
            ("create", "--team", "backend", "--network", "10.0.0.1/8"),
            ("create", "--team", "backend", "--label", "/t/backend.0123456789abcdefghijklmnopqrstuv"),
            ("rotate", f"cap_{'0' * 26}"),
            ("rotate", "https://registry.example/t/backend.0123456789abcdefghijklmnopqrstuv"),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("where", WHERE)
    def test_what_cannot_be_done(self, registry: RunningRegistry, where: str, words: tuple[str, ...]) -> None:
        """
        One line says why, and repeats no secret.
        """
        outcome = _capability(registry, where, *words)

        assert outcome.status == 1
        assert outcome.out == ""
        assert len(outcome.err.splitlines()) == 1
        assert "0123456789abcdefghijklmnopqrstuv" not in outcome.err

    @pytest.mark.parametrize(
        "words", [("create",), ("create", "--team", "backend", "--expires", "soon"), ("revoke",)], ids=str
    )
    def test_usage(self, registry: RunningRegistry, words: tuple[str, ...]) -> None:
        """
        What is missing or cannot be read.
        """
        assert _capability(registry, "here", *words).status == 2

    @pytest.mark.parametrize("where", WHERE)
    def test_for_a_client(self, registry: RunningRegistry, where: str) -> None:
        """
        An address may be for a client that decodes less; one that takes its place is for the same.
        """
        made = _capability(registry, where, "create", "--team", "backend", "--compat", "xcode", "--json").json

        rotated = _capability(registry, where, "rotate", made["id"], "--json").json

        assert (made["compat"], rotated["compat"]) == ("xcode", "xcode")


class TestWorkers:
    def test_a_revocation_is_in_force_in_all_of_them(self, tmp_path: Path) -> None:
        """
        From the end of the command on nobody reads through it, whichever worker is asked.
        """
        with RunningRegistry(tmp_path, "", governance=GOVERNANCE, workers=2) as registry:
            made = _capability(registry, "here", "create", "--team", "backend")
            before = {_reads(registry, made) for _ in range(20)}

            _capability(registry, "here", "revoke", made.err.split()[0])

            assert before == {200}
            assert {_reads(registry, made) for _ in range(40)} == {404}
