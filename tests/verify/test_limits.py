"""What is remembered, what is shared, and how much is asked at once."""

import asyncio
import threading
from collections.abc import Iterator

import msgspec
import pytest

from registry.catalog.entry import ServerName
from registry.errors import ConfigFault, Invalid
from registry.settings import Settings
from registry.settings.secret import SecretRef
from registry.settings.verify import IndexSettings, OciHostSettings, VerifySettings
from registry.verify.index import Address
from registry.verify.ownership import require_usable
from registry.verify.refusal import PackageRefused
from registry.verify.terms import VerifyTerms
from tests.doubles.clock import FrozenClock
from tests.doubles.faults import Fault, hang_before_headers, status
from tests.doubles.indexes import NpmIndex
from tests.doubles.wire import Request, Response
from tests.verify.world import TERMS, accepted, asking, document, package, refused

pytestmark = pytest.mark.anyio

FAX = package("npm", "fax", "1.0.0")
SCAN = package("npm", "scan", "1.0.0")
NAME = ServerName.parse("com.acme/fax")


@pytest.fixture
def index() -> Iterator[NpmIndex]:
    with NpmIndex() as running:
        for name in ("fax", "scan", "copy"):
            running.publish(name, "1.0.0", mcp_name="com.acme/fax")
        yield running


def verified(index: NpmIndex) -> VerifySettings:
    return VerifySettings(npm=IndexSettings(url=index.url, allow_private=True))


def limited(**changes: float) -> VerifyTerms:
    return msgspec.structs.replace(TERMS, **changes)


class TestRemembered:
    async def test_a_yes_is_remembered_for_five_minutes(self, index: NpmIndex) -> None:
        """By the stopwatch: a step of the host's clock changes nothing."""
        clock = FrozenClock(1_000_000)
        async with asking(verified(index), clock=clock) as asked:
            await accepted(asked, FAX)
            clock.step_to(10**15)
            clock.advance(299)
            await accepted(asked, FAX)
            assert len(index.requests) == 1

            clock.advance(1)
            await accepted(asked, FAX)
            assert len(index.requests) == 2

    async def test_a_yes_is_for_one_package_one_version_and_one_server(self, index: NpmIndex) -> None:
        """Anything else is asked about."""
        async with asking(verified(index)) as asked:
            await accepted(asked, FAX)
            await accepted(asked, SCAN)
            await refused(asked, package("npm", "fax", "1.0.1"))
            told = await refused(asked, FAX, name=ServerName.parse("com.evil/fax"))

        assert told.endswith("NPM package 'fax' has mcpName 'com.acme/fax', not 'com.evil/fax'")

    async def test_a_no_is_not_remembered(self, index: NpmIndex) -> None:
        """Whoever mends the package can publish at once."""
        async with asking(verified(index)) as asked:
            await refused(asked, package("npm", "fax", "1.0.1"))
            index.publish("fax", "1.0.1", mcp_name="com.acme/fax")
            await accepted(asked, package("npm", "fax", "1.0.1"))

    async def test_only_so_much_is_remembered(self, index: NpmIndex) -> None:
        """The oldest goes first."""
        async with asking(verified(index), terms=limited(remembered=2)) as asked:
            await accepted(asked, FAX, SCAN, package("npm", "copy", "1.0.0"))
            await accepted(asked, package("npm", "copy", "1.0.0"), SCAN)
            assert len(index.requests) == 3

            await accepted(asked, FAX)
            assert len(index.requests) == 4


class TestShared:
    async def test_the_same_question_at_the_same_time_is_asked_once(self, index: NpmIndex) -> None:
        """Twenty publishers of one manifest are one lookup."""
        async with asking(verified(index)) as asked:
            await asyncio.gather(*(accepted(asked, FAX) for _ in range(20)))

        assert len(index.requests) == 1

    async def test_a_no_is_shared_with_nobody(self, index: NpmIndex) -> None:
        """Who waited for an answer that was a fault asks by itself."""
        index.faults.append(Fault(status(500), times=1))

        async with asking(verified(index)) as asked:
            told = await asyncio.gather(*(asked.require(NAME, document(FAX)) for _ in range(3)), return_exceptions=True)

        assert [type(each) for each in told] == [PackageRefused, type(None), type(None)]
        assert len(index.requests) == 2

    async def test_who_goes_away_takes_nobody_along(self, index: NpmIndex) -> None:
        """A publisher who hangs up leaves the turn and the question to the next."""
        arrived = threading.Event()

        def hang(request: Request, response: Response) -> Response:
            arrived.set()
            return hang_before_headers()(request, response)

        index.faults.append(Fault(hang, times=1))
        async with asking(verified(index), terms=limited(at_once=1)) as asked:
            leaving = asyncio.create_task(asked.require(NAME, document(FAX)))
            assert await asyncio.to_thread(arrived.wait, 10)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving

            await accepted(asked, FAX)


class TestBounds:
    async def test_so_many_lookups_go_at_once(self, index: NpmIndex) -> None:
        """The others wait for their turn, and not longer than a document may take."""
        index.faults.append(Fault(hang_before_headers()))
        async with asking(verified(index), terms=limited(at_once=1, document_s=1.0)) as asked:
            first, second = await asyncio.gather(refused(asked, FAX), refused(asked, SCAN))

        late = "could not be looked up: this server's packages took more than 1 s. Likely transient, retry later"
        assert first == f"registry validation failed for package 0 (fax): NPM package 'fax' {late}"
        assert second == f"registry validation failed for package 0 (scan): NPM package 'scan' {late}"
        assert len(index.requests) == 1

    async def test_so_many_documents_wait(self, index: NpmIndex) -> None:
        """One more is told at once to come again, and finds room when the others have gone."""
        index.faults.append(Fault(hang_before_headers()))
        async with asking(verified(index), terms=limited(documents=1, document_s=1.0)) as asked:
            _, second = await asyncio.gather(refused(asked, FAX), refused(asked, SCAN))
            index.faults.clear()
            await accepted(asked, package("npm", "copy", "1.0.0"))

        assert second == (
            "registry validation failed for package 0 (scan): NPM package 'scan' could not be looked up: too many "
            "packages are being verified. Likely transient, retry later"
        )
        assert index.asked == ["GET /fax/1.0.0", "GET /copy/1.0.0"]

    async def test_so_many_packages_of_one_server_are_looked_up(self, index: NpmIndex) -> None:
        """Those that are not verified do not count."""
        plain = package("pypi", "fax")
        async with asking(verified(index), terms=limited(packages=2)) as asked:
            await accepted(asked, plain, FAX, plain, SCAN, plain)
            told = await refused(asked, plain, FAX, plain, SCAN, package("npm", "copy", "1.0.0"))

        assert told == (
            "registry validation failed for package 4 (copy): at most 2 packages of one server can be verified"
        )

    async def test_the_packages_share_the_time_of_the_document(self, index: NpmIndex) -> None:
        """A document of many slow packages does not take many times as long."""
        index.faults.append(Fault(hang_before_headers(), after=1))
        async with asking(verified(index), terms=limited(document_s=1.0)) as asked:
            told = await refused(asked, FAX, SCAN)

        assert told.startswith("registry validation failed for package 1 (scan): ")
        assert "this server's packages took more than 1 s" in told

    async def test_a_refusal_is_the_callers_to_mend(self) -> None:
        """Publishing answers it like any other mistake in what was sent."""
        assert issubclass(PackageRefused, Invalid)


class TestUsable:
    @pytest.mark.parametrize(
        "settings",
        [
            Settings(verify=VerifySettings(npm=IndexSettings(url="https://a.example", token=SecretRef(env="ABSENT")))),
            Settings(
                verify=VerifySettings(
                    oci=(OciHostSettings(host="a", url="https://a.example", token=SecretRef(env="ABSENT")),)
                )
            ),
        ],
    )
    async def test_a_token_that_is_not_there_stops_the_start(self, settings: Settings) -> None:
        """Before anything listens, and again where the verifiers are made."""
        with pytest.raises(ConfigFault, match="ABSENT that holds a secret is not set"):
            require_usable(settings, {})
        with pytest.raises(ConfigFault, match="ABSENT that holds a secret is not set"):
            async with asking(settings.verify):
                pass

    async def test_an_address_without_a_usable_host_stops_the_start(self) -> None:
        """What the egress would refuse at every lookup is refused at once."""
        settings = Settings(verify=VerifySettings(pypi=IndexSettings(url="https://127.1")))

        with pytest.raises(ConfigFault, match=r"a url in \[verify\] cannot be used: the host looks like an address"):
            require_usable(settings, {})

    def test_what_can_be_used_starts(self) -> None:
        """Nothing is asked for that was not configured."""
        require_usable(Settings(), {})
        require_usable(
            Settings(verify=VerifySettings(npm=IndexSettings(url="https://a.example", token=SecretRef(env="A")))),
            {"A": "s3cr3t"},
        )

    def test_a_token_is_not_shown(self) -> None:
        """Not even where an address is printed whole."""
        assert "s3cr3t" not in repr(Address(url="https://a.example", allow_private=False, token="s3cr3t"))
