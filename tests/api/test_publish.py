"""`POST /publish` (reference §4.1, §8 TestPublishEndpoint and its like), over HTTP to a running registry."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from registry.policy.principal import Role
from tests.api.publishing import Client, manifest, own, problem, taking, token
from tests.api.world import ENTRY, OFFICIAL
from tests.running import RunningRegistry

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("publishing")) as running:
        yield running


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/server-{next(_NUMBERS)}"


class TestAccepted:
    def test_200_and_the_new_entry(self, client: Client, name: str) -> None:
        """
        reference §4.1.7: active, the three times equal, latest; never 201.
        """
        answer = client.publish(manifest(name))

        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        block = answer.json()["_meta"][OFFICIAL]
        assert (block["status"], block["isLatest"]) == ("active", True)
        assert block["publishedAt"] == block["updatedAt"] == block["statusChangedAt"]
        assert answer.json()["_meta"][ENTRY]["source"] == "private"
        assert own(client.read(name)) == answer.json()

    def test_what_was_sent_is_kept_verbatim(self, client: Client, name: str) -> None:
        """
        Ours on purpose: false and empty members, large integers and the order of members stay as they were sent.
        """
        provided = '{"b":[],"a":{},"n":9007199254740993,"e":1e2,"t":"\\u00e9<&>"}'
        body = (
            f'{{ "version":"1.0.0", "name" : "{name}","$schema":"{manifest()["$schema"]}",\n'
            '"description":"x","remotes":[],"packages":[{"registryType":"npm","identifier":"x","version":"1.0.0",'
            '"transport":{"type":"stdio"},"packageArguments":[{"type":"positional","valueHint":"v","isRequired":false}]}],'
            f'"repository":{{}}, "_meta":{{"io.modelcontextprotocol.registry/publisher-provided":{provided}}}}}'
        ).encode()

        answer = client.publish(b" \r\n" + body + b"\n")

        assert answer.status == 200, answer.body
        assert answer.body.startswith(b'{"server":' + body + b',"_meta":')
        assert client.read(name).body.startswith(b'{"server":' + body + b',"_meta":')

    def test_a_lower_version_does_not_take_the_flag(self, client: Client, name: str) -> None:
        """
        reference §3: nor does one of equal precedence.
        """
        flags = [
            client.publish(manifest(name, version)).json()["_meta"][OFFICIAL]["isLatest"]
            for version in ("2.0.0", "1.0.0", "2.0.0+build", "v2.0.0", "2.1.0-rc.1")
        ]

        assert flags == [True, False, False, False, True]
        assert client.read(name).json()["server"]["version"] == "2.1.0-rc.1"

    @pytest.mark.parametrize("version", ["1.0.0-next.1", "1.0.0-linux", "2025.12", "snapshot", "1.0/beta", "100%"])
    def test_versions_that_upstream_would_refuse_or_not(self, client: Client, name: str, version: str) -> None:
        """
        Ours on purpose: an x in a prerelease makes no range. Versions of every form are read back under their own name.
        """
        answer = client.publish(manifest(name, version))

        assert answer.status == 200, answer.body
        assert own(client.read(name, version)) == answer.json()

    def test_it_is_listed_and_searched(self, client: Client, name: str) -> None:
        """
        What is published is served like what is mirrored.
        """
        client.publish(manifest(name, title=f"Findable {name.rpartition('-')[2]}x"))

        found = client.request("GET", f"/servers?search={name}").json()["servers"]

        assert [each["server"]["name"] for each in found] == [name]

    def test_what_an_upstream_lists_in_a_claimed_namespace(self, client: Client) -> None:
        """
        The organisation publishes its own `com.acme/payroll`, and the stranger's 9.9.9 is never served.
        """
        client.publish(manifest("com.acme/payroll", "1.0.0"))

        versions = client.request("GET", "/servers/com.acme%2Fpayroll/versions").json()["servers"]

        assert {each["server"]["version"] for each in versions} == {"1.0.0"}
        assert client.read("com.acme/payroll").json()["_meta"][ENTRY]["source"] == "private"


class TestHeaders:
    def test_no_credential_is_422(self, registry: RunningRegistry) -> None:
        """
        reference §4.1.1: a missing header is a failed validation, not a 401.
        """
        answer = Client(registry, None).publish(manifest())

        assert problem(answer) == (422, "validation failed", ["required header parameter is missing"])
        assert answer.json()["errors"][0]["location"] == "header.Authorization"

    def test_header_and_body_come_together(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: what is wrong with both is said at once; a body that is no JSON wins.
        """
        together = Client(registry, None).publish(manifest(description=""))
        broken = Client(registry, None).publish(b"{")

        assert problem(together)[2] == ["required header parameter is missing", "expected length >= 1"]
        assert problem(broken)[:2] == (400, "validation failed")

    @pytest.mark.parametrize("value", ["Basic YTpi", "Token x", "Bearer", "bearerx"])
    def test_another_scheme_is_401(self, registry: RunningRegistry, value: str) -> None:
        """
        reference §4.1.2, with the sentence that programs know.
        """
        answer = Client(registry, None).publish(manifest(), f"Authorization: {value}")

        assert problem(answer)[:2] == (401, "Invalid Authorization header format. Expected 'Bearer <token>'")

    @pytest.mark.parametrize("value", ["x", "mcpr_ab12cd34_" + "a" * 43, "ey.ey.ey"])
    def test_a_bad_token_is_401(self, registry: RunningRegistry, value: str) -> None:
        """
        reference §4.1.3, and it says nothing that would help somebody who guesses.
        """
        status, detail, (why,) = problem(Client(registry, value).publish(manifest()))

        assert (status, detail) == (401, "Invalid or expired Registry JWT token")
        assert why.startswith("failed to parse token: ")
        assert value not in why

    def test_the_scheme_in_any_case(self, registry: RunningRegistry, bearer: str, name: str) -> None:
        """
        reference §4.1.2.
        """
        assert Client(registry, None).publish(manifest(name), f"Authorization: BEARER {bearer}").status == 200

    def test_two_credentials_are_400(self, registry: RunningRegistry, bearer: str, name: str) -> None:
        """
        Nobody guesses which one was meant.
        """
        answer = Client(registry, bearer).publish(manifest(name), "Authorization: Bearer x")

        assert answer.status == 400

    def test_a_body_is_needed(self, client: Client) -> None:
        """
        reference §1.2: empty 400, too large 413, of another type 415.
        """
        large = manifest(_meta={"io.modelcontextprotocol.registry/publisher-provided": {"x": "x" * 1024 * 1024}})

        assert problem(client.publish(b""))[:2] == (400, "request body is required")
        assert client.publish(large).status == 413
        assert client.publish(manifest(), "Content-Type: text/plain").status == 415


class TestPermission:
    def test_the_sentences_that_programs_know(self, registry: RunningRegistry) -> None:
        """
        reference §4.1.4: what the caller may publish, and what it tried.
        """
        some = token(registry, Role.PUBLISHER, namespaces=("com.partner", "com.partner.*"))
        none = token(registry, Role.ADMIN)

        assert problem(Client(registry, some).publish(manifest("com.other/x"))) == (
            403,
            "You do not have permission to publish this server. You have permission to publish: "
            "com.partner/*, com.partner.*. Attempting to publish: com.other/x",
            [],
        )
        assert problem(Client(registry, none).publish(manifest("com.other/x"))) == (
            403,
            "You do not have permission to publish this server. You do not have any publish permissions. "
            "Attempting to publish: com.other/x",
            [],
        )

    def test_it_comes_before_the_rules(self, registry: RunningRegistry) -> None:
        """
        reference §4.1: 403 before 422.
        """
        some = token(registry, Role.PUBLISHER, namespaces=("com.partner",))

        assert Client(registry, some).publish(manifest("com.other/x", "latest")).status == 403


class TestTogether:
    def test_parallel_publications_of_one_name(self, registry: RunningRegistry, bearer: str, name: str) -> None:
        """
        reference §8 TestCreateServerConcurrentVersionsNoRace: each version is there, exactly one is the latest.
        """
        client = Client(registry, bearer)
        versions = [f"1.{minor}.0" for minor in range(24)]
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda version: client.publish(manifest(name, version)).status, versions))

        found = client.request("GET", f"/servers/{name.replace('/', '%2F')}/versions").json()["servers"]

        assert statuses == [200] * 24
        assert sorted(each["server"]["version"] for each in found) == sorted(versions)
        assert [each["server"]["version"] for each in found if each["_meta"][OFFICIAL]["isLatest"]] == ["1.23.0"]

    def test_the_same_version_at_once_is_published_once(
        self, registry: RunningRegistry, bearer: str, name: str
    ) -> None:
        """
        Whoever comes second is told that it is a duplicate.
        """
        client = Client(registry, bearer)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: client.publish(manifest(name)).status, range(8)))

        assert sorted(statuses) == [200] + [400] * 7

    def test_a_check_stores_nothing(self, client: Client, name: str) -> None:
        """
        `publish-check` answers what publishing would, and leaves no trace.
        """
        accepted = client.request("POST", "/x/registry/publish-check", manifest(name))
        read = client.read(name)
        client.publish(manifest(name))
        refused = client.request("POST", "/x/registry/publish-check", manifest(name))

        assert (accepted.status, accepted.json()) == (200, {"accepted": True})
        assert read.status == 404
        assert problem(refused)[2] == ["invalid version: cannot publish duplicate version"]
