"""`mcp-registry doctor`: every client against our own server, and against registries that are wrong in one way each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from click.testing import CliRunner

from registry.cli.main import cli
from registry.policy.principal import Role
from tests.api.addressed import addressed
from tests.doubles.addresses import Address, open_address
from tests.doubles.issued import issue
from tests.doubles.web import Asked, Reply, WebServer
from tests.e2e.command import Outcome, mcp_registry
from tests.running import RunningRegistry

CLIENTS = ("vscode", "copilot-cli", "jetbrains", "xcode", "toolhive", "docker")
CORS = {"Access-Control-Allow-Origin": "*"}
NAMES = ("com.acme/fax", "com.acme/payroll")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with teams that everybody reads."""
    with addressed(tmp_path_factory.mktemp("doctor")) as running:
        yield running


@pytest.fixture(scope="module")
def address(registry: RunningRegistry) -> Address:
    """A capability address of the team `backend`."""
    return open_address(registry, "backend")


def _doctor(client: str, url: str, *words: str, **environ: str) -> Outcome:
    """The command, in this process: there are many of them."""
    given = {"MCP_REGISTRY_TOKEN": None} | environ
    ended = CliRunner().invoke(cli, ["doctor", "--client", client, *words, url], env=given)
    return Outcome(status=ended.exit_code, out=ended.stdout, err=ended.stderr)


def _failed(outcome: Outcome) -> list[str]:
    """What failed, in one text each; each says how it is mended."""
    assert outcome.err == ""
    checks = [check for check in outcome.json["checks"] if check["state"] == "failed"]
    assert all(check["mend"] for check in checks)
    assert outcome.status == (1 if checks else 0)
    return [f"{check['what']}: {check['said']} | {check['mend']}" for check in checks]


def _item(name: str, **changes: object) -> dict[str, Any]:  # Any: as the wire has it
    remote = {"type": "streamable-http", "url": "https://mcp.acme.example/"}
    server = {"name": name, "description": "A server", "version": "1.0.0", "remotes": [remote]}
    official = {"status": "active", "publishedAt": "2025-09-09T00:00:00Z", "isLatest": True}
    return {"server": server | changes, "_meta": {"io.modelcontextprotocol.registry/official": official}}


def _reply(value: object, headers: Mapping[str, str], status: int = 200) -> Reply:
    spelt = {"Content-Type": "application/json", **headers}
    return Reply(status=status, headers=spelt, body=msgspec.json.encode(value))


class Fake:
    """A registry that lists two servers, and is well in everything that a test does not change."""

    def __init__(self) -> None:
        self.items = [_item(name) for name in NAMES]
        self.headers: dict[str, str] = dict(CORS)
        self.cursor = "next"
        self.status = 200
        self.absent = 404
        self.change: Callable[[dict[str, Any]], object] = lambda page: page

    def __call__(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.target)
        if self.status != 200:
            return _reply({"detail": "no"}, self.headers, self.status)
        if "/versions/" in parts.path:
            name = parts.path.split("/")[3].replace("%2F", "/")
            found = next((each for each in self.items if each["server"]["name"] == name), None)
            if found is None:
                return _reply({"detail": "no"}, self.headers, self.absent)
            return _reply(found, self.headers)
        query = parse_qs(parts.query)
        limit = int(query.get("limit", ["30"])[0])
        start = 1 if "cursor" in query else 0
        items = self.items[start : start + limit]
        metadata: dict[str, Any] = {"count": len(items)}
        if start + limit < len(self.items):
            metadata["nextCursor"] = self.cursor
        return _reply(self.change({"servers": items, "metadata": metadata}), self.headers)


def _diagnosed(client: str, fake: Fake) -> list[str]:
    with WebServer(fake) as server:
        return _failed(_doctor(client, server.url, "--json"))


class TestWell:
    @pytest.mark.parametrize("client", [*CLIENTS, "mcp-publisher"])
    def test_at_the_root(self, registry: RunningRegistry, client: str) -> None:
        """
        Nothing fails for any client where everybody reads; what was asked is told in words.
        """
        outcome = mcp_registry("doctor", "--client", client, registry.url)

        assert outcome.status == 0, outcome.out
        assert f"ok    {client} " in outcome.out
        assert "FAIL" not in outcome.out

    @pytest.mark.parametrize("client", CLIENTS)
    def test_at_a_capability_address(self, registry: RunningRegistry, address: Address, client: str) -> None:
        """
        The same for what is given to clients that send no token; its secret is not repeated.
        """
        outcome = _doctor(client, f"{registry.url}{address.base}/", "--json")

        assert _failed(outcome) == []
        assert outcome.json["url"].endswith("/t/backend.…/")
        assert address.secret not in outcome.out

    def test_at_a_team_s_address(self, registry: RunningRegistry) -> None:
        """
        A client that sends a token reads its team's view; one that cannot is told what would do.
        """
        token = issue(registry, Role.READER, teams=["backend"])
        base = f"{registry.url}/teams/backend"

        assert _failed(_doctor("toolhive", base, "--json", MCP_REGISTRY_TOKEN=token)) == []
        assert "set MCP_REGISTRY_TOKEN" in _failed(_doctor("toolhive", base, "--json"))[0]
        assert "capability create" in _failed(_doctor("vscode", base, "--json", MCP_REGISTRY_TOKEN=token))[0]

    @pytest.mark.parametrize("client", CLIENTS)
    def test_the_fake_is_well(self, client: str) -> None:
        """
        What the tests below break is well before.
        """
        assert _diagnosed(client, Fake()) == []


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://registry.example/?token=sesame", "capability address"),
            ("https://user:sesame@registry.example/", "capability address"),
            ("https://registry.example/v0.1", "leave that away"),
            ("https://registry.example/teams/backend/v0.1/servers/", "leave that away"),
            ("registry.example", "base address"),
            ("ftp://registry.example", "base address"),
            ("http://registry.example", "https"),
        ],
    )
    def test_what_no_client_takes(self, url: str, expected: str) -> None:
        """
        Said before anything is asked, without repeating what may be secret.
        """
        outcome = _doctor("vscode", url, "--json")

        assert expected in _failed(outcome)[0]
        assert "sesame" not in "".join(_failed(outcome))

    @pytest.mark.parametrize("client", CLIENTS)
    def test_nobody_is_there(self, client: str) -> None:
        """
        No answer is told as such.
        """
        with WebServer(Fake()) as server:
            gone = server.url

        assert "check the address" in _failed(_doctor(client, gone, "--json"))[0]

    def test_a_publisher_at_an_address_for_reading(self, registry: RunningRegistry, address: Address) -> None:
        """
        It is sent to the root.
        """
        failed = _failed(_doctor("mcp-publisher", f"{registry.url}{address.base}", "--json"))

        assert len(failed) == 3
        assert all("root address" in each for each in failed)


class TestBroken:
    @pytest.mark.parametrize("client", CLIENTS)
    def test_a_redirect(self, client: str) -> None:
        """
        No client follows one.
        """
        fake = Fake()
        fake.status = 301
        fake.headers["Location"] = "https://elsewhere.example/v0.1/servers"

        failed = _diagnosed(client, fake)

        assert "points to elsewhere.example" in failed[0]
        assert "follows no redirect" in failed[0]

    @pytest.mark.parametrize("client", [client for client in CLIENTS if client != "toolhive"])
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_credential_is_wanted(self, client: str, status: int) -> None:
        """
        These clients have none to send: a capability address is what helps.
        """
        fake = Fake()
        fake.status = status

        assert "capability create" in _diagnosed(client, fake)[0]

    @pytest.mark.parametrize("client", CLIENTS)
    def test_servers_are_null(self, client: str) -> None:
        """
        An empty list written as null is no list.
        """
        fake = Fake()
        fake.change = lambda page: page | {"servers": None}

        assert any("`servers` is null or absent" in each for each in _diagnosed(client, fake))

    @pytest.mark.parametrize("client", CLIENTS)
    def test_no_metadata(self, client: str) -> None:
        """
        Every page has it.
        """
        fake = Fake()
        fake.change = lambda page: {"servers": page["servers"]}

        assert any("`metadata` is null or absent" in each for each in _diagnosed(client, fake))

    def test_no_count(self) -> None:
        """
        VS Code wants it a number.
        """
        fake = Fake()
        fake.change = lambda page: page | {"metadata": {"count": "2"}}

        assert any("`metadata.count` is not a number" in each for each in _diagnosed("vscode", fake))

    @pytest.mark.parametrize("header", [None, "https://portal.example"])
    def test_no_cors(self, header: str | None) -> None:
        """
        VS Code reads answers in a page; without the header, or with another's, it sees nothing.
        """
        fake = Fake()
        fake.headers = {} if header is None else {"Access-Control-Allow-Origin": header}

        assert any("Access-Control-Allow-Origin" in each for each in _diagnosed("vscode", fake))

    def test_a_cursor_with_a_plus(self) -> None:
        """
        VS Code appends it as it is, and a plus arrives as a blank; who encodes it can go on.
        """
        fake = Fake()
        fake.items = [_item(f"com.acme/s{number}") for number in range(60)]
        fake.cursor = "com.acme/a:1.0.0+build"

        (failed,) = _diagnosed("vscode", fake)

        assert "the cursor holds + / :" in failed

    @pytest.mark.parametrize("client", CLIENTS)
    def test_a_cursor_that_leads_back(self, client: str) -> None:
        """
        A walk that would never end, ends.
        """
        fake = Fake()
        fake.change = lambda page: page | {"metadata": {"count": 1, "nextCursor": "next"}}

        failed = _diagnosed(client, fake)

        assert client == "copilot-cli" or any("leads back" in each for each in failed)

    def test_a_search_that_is_forgotten(self) -> None:
        """
        Where the cursor does not know the search, VS Code shows strangers on page two.
        """
        fake = Fake()
        fake.items = [_item("com.acme/a"), _item("org.other/b")]
        with_search = fake.__call__

        def answer(asked: Asked) -> Reply:
            if "search=" not in asked.target or "limit=1&" in asked.target:
                return with_search(asked)
            return _reply({"servers": fake.items[:1], "metadata": {"count": 1}}, CORS)

        with WebServer(answer) as server:
            (failed,) = _failed(_doctor("vscode", server.url, "--json"))

        assert "page two holds org.other/b" in failed

    @pytest.mark.parametrize("client", CLIENTS)
    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_who_is_absent_is_404(self, client: str, status: int) -> None:
        """
        Anything else leaves a server undetermined.
        """
        fake = Fake()
        fake.absent = status

        assert any("only 404 means" in each for each in _diagnosed(client, fake))

    def test_another_one_s_answer(self) -> None:
        """
        The name in the answer is the one that was asked for.
        """
        fake = Fake()
        answer = fake.__call__

        def swapped(asked: Asked) -> Reply:
            return _reply(_item("com.acme/other"), CORS) if "fax" in asked.target else answer(asked)

        with WebServer(swapped) as server:
            (failed,) = _failed(_doctor("copilot-cli", server.url, "--json"))

        assert "the answer is of com.acme/other" in failed

    def test_an_entry_that_xcode_cannot_decode(self) -> None:
        """
        One empties the page; JetBrains does not mind.
        """
        fake = Fake()
        argument = {"type": "positional", "value": "x"}
        package = {"registryType": "npm", "transport": {"type": "stdio"}, "packageArguments": [argument]}
        fake.items.append(_item("com.acme/args", packages=[package]))

        (failed,) = _diagnosed("xcode", fake)

        assert "com.acme/args" in failed
        assert "valueHint" in failed
        assert _diagnosed("jetbrains", fake) == []

    def test_a_page_of_a_proxy(self) -> None:
        """
        200 with a login page is no list.
        """

        def answer(_: Asked) -> Reply:
            return Reply(headers={"Content-Type": "text/html"}, body=b"<html>Sign in</html>")

        with WebServer(answer) as server:
            failed = [_failed(_doctor(client, server.url, "--json")) for client in CLIENTS]

        assert all(any("not a JSON object" in each for each in some) for some in failed)


class TestUsage:
    @pytest.mark.parametrize("words", [(), ("--client", "emacs", "https://x.example"), ("--client", "xcode")], ids=str)
    def test_what_is_missing(self, words: tuple[str, ...]) -> None:
        """
        A client that is known, and an address.
        """
        assert mcp_registry("doctor", *words).status == 2
