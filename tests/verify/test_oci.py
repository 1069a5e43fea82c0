"""OCI: the label of the image, and the pull that gets it."""

from collections.abc import Iterator

import pytest

from registry.settings import PublishSettings
from registry.settings.secret import SecretRef
from registry.settings.verify import OciHostSettings, VerifySettings
from registry.verify.oci import LABEL
from schemas.validation.reading import Members
from tests.doubles.faults import Effect, Fault, status, throttled, under
from tests.doubles.images import ImageRegistry
from tests.doubles.indexes import answered
from tests.verify.world import accepted, asking, package, refused

pytestmark = pytest.mark.anyio

HOST = "oci.acme.example"
PUBLISH = PublishSettings(oci_hosts=(HOST, "docker.io"))
OURS = {LABEL: "com.acme/fax"}
IMAGE = f"{HOST}/tools/fax:1.0.0"
FAX = package("oci", IMAGE)
FAILED = f"registry validation failed for package 0 ({IMAGE}): OCI image '{IMAGE}' "
LATER = "Likely transient, retry later"


@pytest.fixture
def images() -> Iterator[ImageRegistry]:
    with ImageRegistry() as running:
        yield running


def verified(images: ImageRegistry, *, host: str = HOST, token: SecretRef | None = None) -> VerifySettings:
    return VerifySettings(oci=(OciHostSettings(host=host, url=images.url, allow_private=True, token=token),))


def by_digest(digest: str) -> Members:
    return package("oci", f"{HOST}/tools/fax@{digest}")


def unclear(reason: str, image: str = IMAGE) -> str:
    return (
        f"registry validation failed for package 0 ({image}): OCI image '{image}' could not be looked up: {reason}. "
        f"{LATER}"
    )


class TestLabel:
    async def test_the_servers_own_image_is_accepted(self, images: ImageRegistry) -> None:
        """Asked for a token, given one for this repository alone, then manifest and configuration."""
        digest = images.push("tools/fax", "1.0.0", labels=OURS)
        config = images.manifest(digest)["config"]["digest"]

        async with asking(verified(images), publish=PUBLISH) as asked:
            await accepted(asked, FAX)

        host = images.host.replace(":", "%3A")
        assert images.asked == [
            "GET /v2/tools/fax/manifests/1.0.0",
            f"GET /token?service={host}&scope=repository%3Atools%2Ffax%3Apull",
            "GET /v2/tools/fax/manifests/1.0.0",
            f"GET /v2/tools/fax/blobs/{config}",
        ]
        assert [request.headers.get("authorization") for request in images.requests] == [
            None,
            None,
            "Bearer pull-tools-fax",
            "Bearer pull-tools-fax",
        ]

    async def test_a_registry_that_asks_for_nothing_is_given_nothing(self, images: ImageRegistry) -> None:
        """Without a challenge there is no handshake."""
        images.guarded = False
        images.push("tools/fax", "1.0.0", labels=OURS)

        async with asking(verified(images), publish=PUBLISH) as asked:
            await accepted(asked, FAX)

        assert len(images.requests) == 2

    async def test_of_several_platforms_amd64_is_looked_at(self, images: ImageRegistry) -> None:
        """As the official registry does."""
        images.push("tools/fax", "1.0.0", labels=OURS, platforms=True)

        async with asking(verified(images), publish=PUBLISH) as asked:
            await accepted(asked, FAX)

    async def test_a_digest_goes_before_a_tag(self, images: ImageRegistry) -> None:
        """What clients will run is what is looked at, wherever the tag has moved."""
        digest = images.push("tools/fax", "1.0.0", labels=OURS)
        images.push("tools/fax", "1.0.0", labels={LABEL: "com.evil/fax"})

        async with asking(verified(images), publish=PUBLISH) as asked:
            await accepted(asked, package("oci", f"{IMAGE}@{digest}"))

        assert all("1.0.0" not in target for target in images.asked)

    async def test_a_bare_name_is_asked_for_at_docker_hub(self, images: ImageRegistry) -> None:
        """Whose configured address need not be what its name says."""
        images.push("library/fax", "1", labels=OURS)

        async with asking(verified(images, host="docker.io"), publish=PUBLISH) as asked:
            await accepted(asked, package("oci", "fax:1"))

    @pytest.mark.parametrize(
        ("labels", "reason"),
        [
            (None, f'has no label {LABEL}; add LABEL {LABEL}="com.acme/fax" to its Dockerfile'),
            ({"x": "y"}, f'has no label {LABEL}; add LABEL {LABEL}="com.acme/fax" to its Dockerfile'),
            ({LABEL: "com.acme/fax-pro"}, f"has 'com.acme/fax-pro' in its label {LABEL}, not 'com.acme/fax'"),
            ({LABEL: ""}, f"has '' in its label {LABEL}, not 'com.acme/fax'"),
        ],
    )
    async def test_another_servers_image_is_refused(
        self, images: ImageRegistry, labels: dict[str, str] | None, reason: str
    ) -> None:
        """The label is compared exactly."""
        images.push("tools/fax", "1.0.0", labels=labels)

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == FAILED + reason

    async def test_an_image_without_our_platform_is_refused(self, images: ImageRegistry) -> None:
        """There is nothing to look at."""
        digest = images.keep(
            {"manifests": [{"digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "arm64"}}]}
        )
        images.tag("tools/fax", "1.0.0", digest)

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == FAILED + "has no image for linux/amd64"


class TestPull:
    async def test_an_image_that_is_not_there_is_told_so(self, images: ImageRegistry) -> None:
        """A 404 after the handshake is a clear no."""
        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == FAILED + "does not exist in the registry (status: 404)"

    @pytest.mark.parametrize("code", [401, 403])
    async def test_an_image_that_may_not_be_pulled_is_told_so(self, images: ImageRegistry, code: int) -> None:
        """Many registries do not say whether a private image exists."""
        images.faults.append(Fault(status(code)))

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == FAILED + f"is not public, or does not exist (status: {code})"

    async def test_a_registry_that_does_not_take_its_own_token_is_asked_once_more_and_no_more(
        self, images: ImageRegistry
    ) -> None:
        """No handshake goes on forever."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        images.faults.append(Fault(lambda _, response: answered({"token": "wrong"}), when=under("/token")))

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == FAILED + "is not public, or does not exist (status: 401)"

        assert len(images.requests) == 3

    @pytest.mark.parametrize("effect", [throttled(), status(500)])
    async def test_a_throttled_handshake_is_no_yes(self, images: ImageRegistry, effect: Effect) -> None:
        """This is the hole that CVE-2026-45781 was."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        images.faults.append(Fault(effect, when=under("/token")))

        async with asking(verified(images), publish=PUBLISH) as asked:
            told = await refused(asked, FAX)

        assert told.startswith(FAILED + "could not be looked up (status: ")
        assert told.endswith(LATER)

    @pytest.mark.parametrize("token", [{}, {"token": ""}, {"token": "a b"}, {"token": "a\nb"}, {"token": "é"}])
    async def test_a_handshake_that_hands_out_nothing_is_no_answer(
        self, images: ImageRegistry, token: dict[str, str]
    ) -> None:
        """What cannot be sent in a header is no token."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        images.faults.append(Fault(lambda _, response: answered(token), when=under("/token")))

        async with asking(verified(images), publish=PUBLISH) as asked:
            told = await refused(asked, FAX)

        assert told == unclear("the registry's token service handed out no token")

    async def test_a_realm_elsewhere_is_asked_over_https_without_credentials(self, images: ImageRegistry) -> None:
        """What it hands out goes back to the registry, and to nobody else."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        with ImageRegistry(certified=True) as tokens:
            images.realm = f"{tokens.url}/token?x=1"
            async with asking(verified(images), publish=PUBLISH) as asked:
                await accepted(asked, FAX)

            host = images.host.replace(":", "%3A")
            assert tokens.asked == [f"GET /token?x=1&service={host}&scope=repository%3Atools%2Ffax%3Apull"]
            assert "authorization" not in tokens.requests[0].headers

    @pytest.mark.parametrize("realm", ["http://evil.example/token", "file:///etc/passwd", "http://169.254.169.254/"])
    async def test_a_realm_in_the_clear_elsewhere_is_not_asked(self, images: ImageRegistry, realm: str) -> None:
        """A registry cannot send us to any address it likes."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        images.realm = realm

        async with asking(verified(images), publish=PUBLISH) as asked:
            told = await refused(asked, FAX)

        assert told.startswith(FAILED + "could not be looked up: ")
        assert told.endswith(LATER)
        assert len(images.requests) == 1

    async def test_a_realm_at_a_metadata_address_is_not_dialled(self, images: ImageRegistry) -> None:
        """https alone opens no door: the address policy has the last word."""
        images.realm = "https://169.254.169.254/token"

        async with asking(verified(images), publish=PUBLISH) as asked:
            told = await refused(asked, FAX)

        assert told == unclear(
            "refusing to connect to 169.254.169.254: it is at a link-local or metadata address (169.254.0.0/16)"
        )

    async def test_a_configured_token_is_sent_to_its_registry_only(self, images: ImageRegistry) -> None:
        """If it is not taken, no realm gets to see it."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        verify = verified(images, token=SecretRef(env="OCI"))
        async with asking(verify, publish=PUBLISH, environ={"OCI": "pull-tools-fax"}) as asked:
            await accepted(asked, FAX)
        async with asking(verify, publish=PUBLISH, environ={"OCI": "old"}) as asked:
            told = await refused(asked, FAX)

        assert told == FAILED + "is not public, or does not exist (status: 401)"
        assert all("/token" not in target for target in images.asked)

    async def test_a_blob_kept_elsewhere_is_fetched_without_our_token(self, images: ImageRegistry) -> None:
        """Its digest says that it is the right one, wherever it came from."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        with ImageRegistry(certified=True) as files:
            files.push("tools/fax", "1.0.0", labels=OURS)
            images.blobs_at = f"{files.url}/kept"
            async with asking(verified(images), publish=PUBLISH) as asked:
                await accepted(asked, FAX)

            assert len(files.requests) == 1
            assert "authorization" not in files.requests[0].headers

    async def test_a_blob_kept_in_the_clear_elsewhere_is_not_fetched(self, images: ImageRegistry) -> None:
        """Nor is one behind more redirects than three."""
        images.push("tools/fax", "1.0.0", labels=OURS)
        images.blobs_at = "http://evil.example/kept"
        async with asking(verified(images), publish=PUBLISH) as asked:
            told = await refused(asked, FAX)
            images.blobs_at = f"{images.url}/v2/tools/fax/blobs"
            around = await refused(asked, FAX)

        assert told == unclear(f"{images.url} leads to http://evil.example, which is neither itself nor https")
        assert around == unclear(f"{images.url} redirects more than 3 times")

    async def test_what_does_not_have_its_digest_is_no_answer(self, images: ImageRegistry) -> None:
        """Manifests by digest, images within a list, configurations: all are checked."""
        lists = images.push("tools/fax", "1.0.0", labels=OURS, platforms=True)
        image = images.manifest(lists)["manifests"][1]["digest"]
        config = images.manifest(image)["config"]["digest"]
        wrong = unclear("the registry sent something that does not have the digest it was asked for by")
        async with asking(verified(images), publish=PUBLISH) as asked:
            images.replace(config, b'{"config":{"Labels":{"%b":"com.acme/fax"}}}' % LABEL.encode())
            assert await refused(asked, FAX) == wrong
            images.replace(image, b"{}")
            assert await refused(asked, FAX) == wrong
            images.replace(lists, b"{}")
            digested = await refused(asked, by_digest(lists))

        assert digested.endswith("does not have the digest it was asked for by. " + LATER)

    @pytest.mark.parametrize(
        ("manifest", "reason"),
        [
            ({}, "the registry sent a manifest that is neither an image nor a list of images"),
            (
                {"manifests": [], "config": {"digest": "sha256:" + "0" * 64}},
                "the registry sent a manifest that is neither an image nor a list of images",
            ),
            (
                {"config": {"digest": "md5:0"}},
                "the manifest names its parts by something other than SHA-256",
            ),
            (
                {"config": {"digest": "../../other/blobs/sha256:" + "0" * 64}},
                "the manifest names its parts by something other than SHA-256",
            ),
            ({"config": []}, "{url} sent a document that cannot be understood"),
        ],
    )
    async def test_a_manifest_with_two_readings_or_none_is_no_answer(
        self, images: ImageRegistry, manifest: dict[str, object], reason: str
    ) -> None:
        """An image to one reader and a list to another is neither to us."""
        images.tag("tools/fax", "1.0.0", images.keep(manifest))

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == unclear(reason.format(url=images.url))

    async def test_a_list_within_a_list_is_no_answer(self, images: ImageRegistry) -> None:
        """One level, as clients go."""
        inner = images.push("tools/fax", "x", labels=OURS, platforms=True)
        outer = images.keep({"manifests": [{"digest": inner, "platform": {"os": "linux", "architecture": "amd64"}}]})
        images.tag("tools/fax", "1.0.0", outer)

        async with asking(verified(images), publish=PUBLISH) as asked:
            assert await refused(asked, FAX) == unclear("the registry sent a list of images within a list of images")
