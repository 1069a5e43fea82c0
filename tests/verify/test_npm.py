"""npm: `mcpName` of the version."""

from collections.abc import Iterator

import pytest

from registry.settings import PublishSettings
from registry.settings.secret import SecretRef
from registry.settings.verify import IndexSettings, VerifySettings
from tests.doubles.faults import Effect, Fault, dropped, redirected, status, throttled
from tests.doubles.indexes import NpmIndex
from tests.doubles.wire import Request
from tests.verify.world import accepted, asking, package, refused

pytestmark = pytest.mark.anyio

FAX = package("npm", "@acme/fax", "1.0.0")
FAILED = "registry validation failed for package 0 (@acme/fax): NPM package '@acme/fax'"


@pytest.fixture
def index() -> Iterator[NpmIndex]:
    with NpmIndex() as running:
        running.publish("@acme/fax", "1.0.0", mcp_name="com.acme/fax")
        yield running


def verified(index: NpmIndex, *, bases: tuple[str, ...] = (), token: SecretRef | None = None) -> VerifySettings:
    return VerifySettings(npm=IndexSettings(url=index.url, bases=bases, allow_private=True, token=token))


def _of_version(request: Request) -> bool:
    return request.path.endswith("1.0.0")


def _of_package(request: Request) -> bool:
    return request.method == "HEAD"


class TestNpm:
    async def test_the_servers_own_package_is_accepted(self, index: NpmIndex) -> None:
        """One question, about one version, the slash of the scope escaped, and nothing of ours sent along."""
        async with asking(verified(index)) as asked:
            await accepted(asked, FAX)

        assert index.asked == ["GET /@acme%2Ffax/1.0.0"]
        assert "authorization" not in index.requests[0].headers
        assert index.requests[0].headers["user-agent"] == "acme-registry/1.0"

    async def test_a_base_that_means_the_index_is_the_index(self, index: NpmIndex) -> None:
        """Lookups go to the configured address, whichever of its names the package states."""
        mirror = "https://mirror.acme.example"
        publish = PublishSettings(package_bases=(mirror, index.url))
        async with asking(verified(index, bases=(mirror,)), publish=publish) as asked:
            await accepted(asked, {**FAX, "registryBaseUrl": mirror + "/"})
            await accepted(asked, package("npm", "@acme/fax", "1.0.0", registryBaseUrl=index.url))

    @pytest.mark.parametrize(
        ("mcp_name", "reason"),
        [
            (None, """ has no mcpName; add "mcpName": "com.acme/fax" to its package.json"""),
            (7, """ has no mcpName; add "mcpName": "com.acme/fax" to its package.json"""),
            ("com.acme/fax-pro", " has mcpName 'com.acme/fax-pro', not 'com.acme/fax'"),
            ("com.acme/Fax", " has mcpName 'com.acme/Fax', not 'com.acme/fax'"),
            ("com.acme/fax ", " has mcpName 'com.acme/fax ', not 'com.acme/fax'"),
            ("", " has mcpName '', not 'com.acme/fax'"),
        ],
    )
    async def test_another_servers_package_is_refused(self, index: NpmIndex, mcp_name: object, reason: str) -> None:
        """The name is compared exactly."""
        index.publish("@acme/fax", "1.0.0", mcp_name=mcp_name)

        async with asking(verified(index)) as asked:
            assert await refused(asked, FAX) == FAILED + reason

    async def test_a_version_that_is_not_there_may_come(self, index: NpmIndex) -> None:
        """Publishing right after `npm publish` is told to wait, not to give up."""
        async with asking(verified(index)) as asked:
            told = await refused(asked, package("npm", "@acme/fax", "1.0.1"))

        assert told == (
            FAILED + " exists, but not its version 1.0.1 (status: 404); a version that was published just now can take "
            "a moment to appear"
        )
        assert index.asked == ["GET /@acme%2Ffax/1.0.1", "HEAD /@acme%2Ffax"]

    async def test_a_package_that_is_not_there_is_told_so(self, index: NpmIndex) -> None:
        """The second question tells a missing version from a missing package."""
        async with asking(verified(index)) as asked:
            told = await refused(asked, package("npm", "xaf", "1.0.0"))

        assert told == (
            "registry validation failed for package 0 (xaf): NPM package 'xaf' not found (status: 404): it does not "
            "exist in the registry"
        )

    @pytest.mark.parametrize(
        "fault", [throttled(), status(500), status(403), redirected("http://other.example/"), dropped()]
    )
    async def test_a_second_question_without_an_answer_is_inconclusive(self, index: NpmIndex, fault: Effect) -> None:
        """A 404 for the version alone does not say which of the two it is."""
        index.faults.append(Fault(status(404), when=_of_version))
        index.faults.append(Fault(fault, when=_of_package))

        async with asking(verified(index)) as asked:
            told = await refused(asked, FAX)

        assert told == (
            FAILED + " not found (status: 404), and whether it exists at all is inconclusive. Likely transient, retry "
            "later"
        )

    @pytest.mark.parametrize("code", [400, 401, 403, 410])
    async def test_any_other_refusal_of_the_index_is_a_no(self, index: NpmIndex, code: int) -> None:
        """With the status, so that an operator can tell a private package from a missing token."""
        index.faults.append(Fault(status(code)))

        async with asking(verified(index)) as asked:
            assert await refused(asked, FAX) == FAILED + f" not found (status: {code})"

    async def test_a_token_is_sent_to_its_index(self, index: NpmIndex) -> None:
        """As a bearer token, on every request."""
        async with asking(verified(index, token=SecretRef(env="NPM")), environ={"NPM": "s3cr3t"}) as asked:
            await accepted(asked, FAX)
            await refused(asked, package("npm", "@acme/fax", "1.0.1"))

        assert {request.headers["authorization"] for request in index.requests} == {"Bearer s3cr3t"}
