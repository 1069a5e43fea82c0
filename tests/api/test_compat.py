"""Addresses for a client that loses a page to one entry it cannot decode. All of it is ours."""

from collections.abc import Iterator

import msgspec
import pytest
from click.testing import CliRunner

from registry.catalog.compat import Compat
from registry.cli.main import cli
from registry.policy.principal import Role
from tests.api.governing import Person
from tests.api.publishing import problem
from tests.api.reading import Reader, key
from tests.doubles.addresses import open_address
from tests.doubles.loaded_store import Upstream, serving
from tests.running import RunningRegistry

LEFT_OUT = "x-registry-left-out"
NAMES = [f"com.acme/s{number:02d}" for number in range(30)]
BROKEN = [name for index, name in enumerate(NAMES) if index % 3]


def _entry(name: str) -> bytes:
    hint = {} if name in BROKEN else {"valueHint": "file"}
    package = {
        "registryType": "npm",
        "identifier": "x",
        "version": "1.0.0",
        "transport": {"type": "stdio"},
        "packageArguments": [{"type": "positional", "value": "x"} | hint],
    }
    server = {"name": name, "description": "A server", "version": "1.0.0", "packages": [package]}
    official = {
        "status": "active",
        "publishedAt": "2025-09-09T00:00:00Z",
        "updatedAt": "2025-09-09T00:00:00Z",
        "isLatest": True,
    }
    return msgspec.json.encode({"server": server, "_meta": {"io.modelcontextprotocol.registry/official": official}})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry of which two entries in three cannot be decoded by Xcode."""
    odd = Upstream(name="odd", items=[_entry(name) for name in NAMES])
    with serving(tmp_path_factory.mktemp("compat"), [odd]) as running:
        yield running


@pytest.fixture(scope="module")
def admin(registry: RunningRegistry) -> Person:
    return Person(registry, "ada", Role.ADMIN, namespaces=("*",))


@pytest.fixture(scope="module")
def plain(registry: RunningRegistry) -> Reader:
    return Reader(registry.url, f"{open_address(registry, 'everyone').base}/v0.1")


@pytest.fixture(scope="module")
def xcode(registry: RunningRegistry) -> Reader:
    return Reader(registry.url, f"{open_address(registry, 'everyone', compat=Compat.XCODE).base}/v0.1")


class TestCompat:
    @pytest.mark.parametrize("limit", [1, 3, 4, 10, 100])
    def test_lists_leave_out_what_it_cannot_decode(self, plain: Reader, xcode: Reader, limit: int) -> None:
        """
        Every other entry comes once, unaltered, on full pages.
        """
        walk = xcode.walk(limit)

        decodable = [item for item in plain.walk(100).items if key(item)[0] not in BROKEN]
        assert walk.items == decodable
        assert all(len(page) == limit for page in walk.pages[:-1])

    def test_a_search(self, xcode: Reader) -> None:
        """
        Searched lists too.
        """
        found = xcode.walk(3, search="com.acme").keys

        assert {name for name, _ in found} == set(NAMES) - set(BROKEN)

    def test_of_a_team(self, registry: RunningRegistry, plain: Reader, xcode: Reader, admin: Person) -> None:
        """
        A team's client is that of all its readers, from one answer to the next; of others' pages nothing is left out.
        """
        before = plain.page("limit=100")
        named = admin.request("PATCH", "/v1/teams/everyone", {"compat": "xcode"})
        assert (named.status, named.json()["compat"]) == (200, "xcode")
        try:
            of_team, root = plain.page("limit=100"), Reader(registry.url).page("limit=100")
        finally:
            assert admin.request("PATCH", "/v1/teams/everyone", {"compat": None}).json()["compat"] is None

        assert of_team.json() == root.json() == xcode.page("limit=100").json()
        assert of_team.headers[LEFT_OUT] == str(len(BROKEN))
        assert of_team.headers["etag"] != before.headers["etag"]
        assert LEFT_OUT not in before.headers
        assert plain.page("limit=100").body == before.body

    @pytest.mark.parametrize("limit", [1, 7, 100])
    def test_the_number(self, xcode: Reader, limit: int) -> None:
        """
        Pages say how many they leave out; together it is all of them.
        """
        left_out, cursor = 0, ""
        while True:
            page = xcode.page({"limit": str(limit), "cursor": cursor})
            left_out += int(page.headers.get(LEFT_OUT, "0"))
            cursor = page.json()["metadata"].get("nextCursor", "")
            if not cursor:
                break

        assert left_out == len(BROKEN)

    def test_why(self, registry: RunningRegistry, admin: Person) -> None:
        """
        `explain` says why what is visible is in no list, for the client of the team or another one that is named.
        """
        reader = Person(registry, "rita", Role.READER, teams=("everyone",))
        asked = {"team": "everyone", "name": BROKEN[0]}

        unnamed = admin.get("/v1/explain", **asked).json()
        named = admin.get("/v1/explain", **asked, compat="xcode").json()
        fine = admin.get("/v1/explain", team="everyone", name=NAMES[0], compat="xcode").json()
        of_reader = reader.get("/v0.1/x/registry/explain", name=BROKEN[0], compat="xcode").json()
        unknown = admin.get("/v1/explain", **asked, compat="emacs")

        (version,) = named["versions"]
        assert (version["visible"], version["because"], named["compat"]) == (True, "visible", "xcode")
        assert version["left_out"].startswith("visible, and left out of lists for xcode: Xcode fails to read")
        assert of_reader == named
        assert (unnamed["compat"], unnamed["versions"][0]["left_out"], fine["versions"][0]["left_out"]) == (None,) * 3
        assert problem(unknown)[:2] == (422, "validation failed")
        assert admin.request("PATCH", "/v1/teams/everyone", {"compat": "xcode"}).status == 200
        try:
            assert admin.get("/v1/explain", **asked).json() == named
        finally:
            assert admin.request("PATCH", "/v1/teams/everyone", {"compat": None}).status == 200

    @pytest.mark.parametrize("client", ["xcode", "vscode", "toolhive", "docker"])
    def test_doctor_tells_the_number(self, registry: RunningRegistry, xcode: Reader, client: str) -> None:
        """
        The list is well, and what it leaves out is counted.
        """
        url = f"{registry.url}{xcode.prefix.removesuffix('/v0.1')}"

        ended = CliRunner().invoke(cli, ["doctor", "--client", client, "--json", url])

        assert ended.exit_code == 0, ended.stdout
        (told,) = [
            each for each in msgspec.json.decode(ended.stdout)["checks"] if each["what"] == "shows the whole view"
        ]
        assert told["state"] == "warned"
        assert told["said"].startswith(f"{len(BROKEN)} entries are left out of the list")

    def test_a_history(self, plain: Reader, xcode: Reader) -> None:
        """
        The list of a server's versions leaves them out as well; one version is not a list and is served as it is.
        """
        for target, count in ((f"servers/{BROKEN[0]}/versions", 0), (f"servers/{NAMES[0]}/versions", 1)):
            assert xcode.get(f"{xcode.prefix}/{target}").json()["metadata"]["count"] == count
        one = f"servers/{BROKEN[0]}/versions/1.0.0"
        assert xcode.get(f"{xcode.prefix}/{one}").body == plain.get(f"{plain.prefix}/{one}").body
