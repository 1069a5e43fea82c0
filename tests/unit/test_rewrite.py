"""What overlays may say, and documents as they have them shown."""

import json
from typing import Any

import msgspec
import pytest

from registry.catalog.changes import Changes, Icon, Overlay, PackageRewrite, RemoteRewrite, applying, require_meant
from registry.catalog.rewrite import Overlaid, overlaid
from registry.errors import Invalid
from schemas.validation.issue import Profile
from schemas.validation.schema_issues import schema_issues
from schemas.validation.versions import DRAFT, PUBLISHED
from tests.manifests import Manifest, manifest, with_package

NAME, TEAM = "com.acme/payroll", "backend~prod"
NPM = PackageRewrite(registry_type="npm", to="https://npm.acme.example/root")
HUB = PackageRewrite(prefix="docker.io", to="mirror.acme.example/hub")
GATEWAY = RemoteRewrite(to="https://gw.acme.example/{team}/mcp/{name}")
EVERYTHING = Changes(
    title="Pay slips",
    icons=(Icon(src="https://acme.example/p.svg", mime_type="image/svg+xml", sizes=("any", "48x48"), theme="dark"),),
    categories=("finance",),
    packages=(NPM, HUB),
    remotes=(GATEWAY,),
)


def _overlay(number: int = 1, changes: Changes = EVERYTHING, **said: Any) -> Overlay:  # Any: the other fields
    made = Overlay(
        id=f"ovl_{number}", name=f"o{number}", pattern="*", changes=changes, reason="r", made_us=number, made_by="ada"
    )
    return msgspec.structs.replace(made, **said)


def _shown(document: object, *changes: Changes) -> Overlaid:
    overlays = [_overlay(number, each) for number, each in enumerate(changes, 1)]
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return overlaid(body, overlays, team=TEAM, name=NAME)


def _document(shown: Overlaid) -> Manifest:
    assert shown.document is not None
    document: Manifest = json.loads(shown.document)
    return document


def _original(shown: Overlaid) -> dict[str, object]:
    return {pointer: json.loads(bytes(value)) for pointer, value in shown.original.items()}


def _packages(rewrite: PackageRewrite, **package: object) -> tuple[object, object, tuple[str, ...]]:
    """Base and identifier of the only package, and what was left."""
    shown = _shown(with_package(**package), Changes(packages=(rewrite,)))
    found = (with_package(**package) if shown.document is None else _document(shown))["packages"][0]
    return found.get("registryBaseUrl"), found["identifier"], shown.left


class TestShown:
    def test_everything_at_once(self) -> None:
        """
        What an overlay says stands in the document, and what stood there before beside it; nothing else changes.
        """
        before = manifest()

        shown = _shown(before, EVERYTHING)

        after = _document(shown)
        assert (after["title"], after["icons"][0]["theme"]) == ("Pay slips", "dark")
        assert after["packages"][0]["registryBaseUrl"] == NPM.to
        assert after["remotes"][0]["url"] == f"https://gw.acme.example/{TEAM}/mcp/{NAME}"
        assert (shown.applied, shown.categories, shown.left) == (("ovl_1",), ("finance",), ())
        assert _original(shown) == {
            "/title": "Payroll",
            "/icons": before["icons"],
            "/packages/0/registryBaseUrl": None,
            "/remotes/0/url": before["remotes"][0]["url"],
        }
        after |= {"title": before["title"], "icons": before["icons"]}
        after["packages"][0].pop("registryBaseUrl")
        after["remotes"][0]["url"] = before["remotes"][0]["url"]
        assert after == before

    def test_other_members_keep_their_bytes(self) -> None:
        """
        Numbers and escapes that a parser would write otherwise are as the source sent them.
        """
        shown = _shown(rb'{"name":"a\/b","x":1.50e+01,"big":123456789012345678901234567890,"y":"\u00e9"}', EVERYTHING)

        assert shown.document is not None
        for member in (rb'"name":"a\/b"', b'"x":1.50e+01', b'"big":123456789012345678901234567890', rb'"y":"\u00e9"'):
            assert member in shown.document

    @pytest.mark.parametrize("version", [*PUBLISHED, DRAFT])
    def test_valid_stays_valid(self, version: str) -> None:
        """
        Under every schema: a document that it takes it takes with everything an overlay may change.
        """
        kind = "registry_type" if version == PUBLISHED[0] else "registryType"
        before: Manifest = {
            "$schema": f"https://static.modelcontextprotocol.io/schemas/{version}/server.schema.json",
            "name": NAME,
            "description": "d",
            "version": "1.0.0",
            "packages": [
                {kind: "npm", "identifier": "p", "version": "1", "transport": {"type": "stdio"}},
                {kind: "oci", "identifier": "docker.io/acme/p:1", "version": "1", "transport": {"type": "stdio"}},
            ],
            "remotes": [{"type": each, "url": "https://a.example/mcp"} for each in ("sse", "streamable-http")],
        }
        assert schema_issues(before, version, Profile.PRIVATE) == []

        shown = _shown(before, EVERYTHING)

        assert len(shown.original) == 6
        assert schema_issues(_document(shown), version, Profile.PRIVATE) == []

    def test_the_first_one_has_the_say(self) -> None:
        """
        About each thing by itself; the others have the say about what it leaves open.
        """
        other = Changes(title="Other", packages=(PackageRewrite(registry_type="npm", to="https://b.example"),))

        shown = _shown(manifest(), Changes(title="Mine", categories=("x",)), other)

        assert _document(shown)["title"] == "Mine"
        assert _document(shown)["packages"][0]["registryBaseUrl"] == "https://b.example"
        assert shown.applied == ("ovl_1", "ovl_2")

    @pytest.mark.parametrize(
        ("document", "changes"),
        [
            (manifest(), Changes(title="Payroll")),
            (manifest(), Changes(packages=(HUB,))),
            (manifest(), Changes(remotes=(RemoteRewrite(prefix="https://other.example", to="https://x.example"),))),
            ({"packages": "x", "remotes": [1, None, []]}, Changes(packages=(NPM,), remotes=(GATEWAY,))),
            ({"packages": [{"registryType": 1}], "remotes": None}, Changes(packages=(NPM,), remotes=(GATEWAY,))),
        ],
    )
    def test_what_it_does_not_concern(self, document: object, changes: Changes) -> None:
        """
        Is shown as it is, whatever its form, and names no overlay.
        """
        shown = _shown(document, changes)

        assert (shown.document, shown.digest, shown.applied, shown.left) == (None, None, (), ())

    @pytest.mark.parametrize("document", [b"", b"[]", b"null", b"{", b'{"a":', b'"\xff"', b"[" * 100_000])
    def test_nothing_is_raised(self, document: bytes) -> None:
        """
        What cannot be read is left, and told.
        """
        shown = _shown(document, EVERYTHING)

        assert (shown.document, shown.left) == (None, ("the document cannot be read",))

    def test_categories_alone(self) -> None:
        """
        Stand beside the document, which stays the source's own.
        """
        shown = _shown(manifest(), Changes(categories=("a", "b")))

        assert (shown.document, shown.applied, shown.categories) == (None, ("ovl_1",), ("a", "b"))
        assert shown.stamp != _shown(manifest(), Changes(categories=("a",))).stamp


class TestPackages:
    @pytest.mark.parametrize(
        ("package", "expected"),
        [
            ({}, "https://npm.acme.example/root"),
            ({"registryBaseUrl": "https://npm.example"}, "https://npm.acme.example/root"),
            ({"registryType": "pypi"}, None),
        ],
    )
    def test_by_type(self, package: Manifest, expected: str | None) -> None:
        """
        The index of every package of the type is another one, whichever it named.
        """
        assert _packages(NPM, **package)[0] == expected

    @pytest.mark.parametrize(
        ("stated", "expected"),
        [
            (None, None),
            ("https://npm.example", "https://mirror.example/npm"),
            ("https://npm.example/sub", "https://mirror.example/npm/sub"),
            ("HTTPS://NPM.Example/Sub", "https://mirror.example/npm/Sub"),
            ("https://npm.example.evil.example", "https://npm.example.evil.example"),
            ("https://npm.examples", "https://npm.examples"),
            ("https://other.example/https://npm.example", "https://other.example/https://npm.example"),
        ],
    )
    def test_by_prefix(self, stated: str | None, expected: str | None) -> None:
        """
        Where the index begins so; a package that names none is met by its type alone. Another host that begins alike is
        another host.
        """
        rewrite = PackageRewrite(prefix="https://npm.example", to="https://mirror.example/npm")

        found, _, left = _packages(rewrite, **({} if stated is None else {"registryBaseUrl": stated}))

        assert (found, left) == (expected, ())

    def test_by_prefix_and_type_where_there_is_no_index(self) -> None:
        """
        That nothing was rewritten is told: the package is installed from wherever its client looks.
        """
        rewrite = PackageRewrite(registry_type="npm", prefix="https://npm.example", to="https://mirror.example/npm")

        found, _, left = _packages(rewrite)

        assert found is None
        assert left == (
            "/packages/0: it names no index, so a prefix does not meet it; leave the prefix out to name one (ovl_1)",
        )

    @pytest.mark.parametrize(
        ("identifier", "expected"),
        [
            ("docker.io/acme/p:1@sha256:00", "mirror.acme.example/hub/acme/p:1@sha256:00"),
            ("docker.io.evil.example/p:1", "docker.io.evil.example/p:1"),
            ("docker.io:5000/p:1", "docker.io:5000/p:1"),
            ("ghcr.io/docker.io/p:1", "ghcr.io/docker.io/p:1"),
        ],
    )
    def test_images(self, identifier: str, expected: str) -> None:
        """
        Their identifier is the whole address.
        """
        assert _packages(HUB, registryType="oci", identifier=identifier)[1] == expected

    def test_what_cannot_be_done(self) -> None:
        """
        Without a prefix there is no telling what of a whole address is to be replaced; and no address becomes none.
        """
        oci = PackageRewrite(registry_type="oci", to="https://oci.acme.example")
        files = PackageRewrite(prefix="https://a.example", to="https://b.example")

        base, identifier, left = _packages(oci, registryType="oci", identifier="docker.io/acme/p:1")
        _, kept, blank = _packages(files, registryType="mcpb", identifier="https://a.example/x y")

        assert (base, identifier) == (None, "docker.io/acme/p:1")
        assert left == (
            "/packages/0: docker.io/acme/p:1 is a whole address, and needs a prefix to be rewritten (ovl_1)",
        )
        assert (kept, len(blank)) == ("https://a.example/x y", 1)

    def test_as_the_oldest_schema_names_them(self) -> None:
        """
        2025-07-09 writes `registry_base_url`.
        """
        shown = _shown({"packages": [{"registry_type": "npm", "identifier": "p"}]}, EVERYTHING)

        assert _document(shown)["packages"] == [
            {"registry_type": "npm", "identifier": "p", "registry_base_url": "https://npm.acme.example/root"}
        ]


class TestRemotes:
    @pytest.mark.parametrize(
        ("prefix", "to", "expected"),
        [
            ("https://mcp.acme.example", "https://in.example", "https://in.example/{tenant}/payroll"),
            ("https://mcp.acme.example/", "https://in.example/a/", "https://in.example/a/{tenant}/payroll"),
            ("https://", "https://gw.example/", "https://gw.example/mcp.acme.example/{tenant}/payroll"),
            ("https://mcp.acme.exam", "https://in.example", "https://mcp.acme.example/{tenant}/payroll"),
            ("https://mcp.acme.example", "https://gw.example/{name}", f"https://gw.example/{NAME}"),
            (None, "https://gw.example/mcp", "https://gw.example/mcp"),
        ],
    )
    def test_by_prefix(self, prefix: str | None, to: str, expected: str) -> None:
        """
        The rest of the address stays, but where it is the gateway's as a whole.
        """
        rewrite = RemoteRewrite(prefix=prefix, to=to)
        require_meant(Changes(remotes=(rewrite,)))

        shown = _shown(manifest(), Changes(remotes=(rewrite,)))

        document = manifest() if shown.document is None else _document(shown)
        assert document["remotes"][0]["url"] == expected

    @pytest.mark.parametrize("name", ["../x", "com.acme/..", "./x"])
    def test_names_that_climb(self, name: str) -> None:
        """
        A name that a client would resolve to another path of the gateway does not get into its address.
        """
        shown = overlaid(
            json.dumps(manifest()).encode(), [_overlay(changes=Changes(remotes=(GATEWAY,)))], team=TEAM, name=name
        )

        assert (shown.document, shown.left) == (None, (f"/remotes/0: {name} cannot stand in an address (ovl_1)",))


class TestApplying:
    def test_the_order(self) -> None:
        """
        What spells out most of the name, then what names its teams, then what was made last; others are left out.
        """
        overlays = [
            _overlay(1),
            _overlay(2, pattern="com.acme/*"),
            _overlay(3, audience=("backend",)),
            _overlay(4),
            _overlay(5, pattern="com.acme/other"),
            _overlay(6, pattern=NAME),
        ]

        assert [each.id for each in applying(overlays, NAME)] == ["ovl_6", "ovl_2", "ovl_3", "ovl_4", "ovl_1"]


class TestMeant:
    @pytest.mark.parametrize("changes", [EVERYTHING, Changes(icons=()), Changes(packages=(NPM,))])
    def test_what_is(self, changes: Changes) -> None:
        """
        Is let through.
        """
        require_meant(changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"title": " "},
            {"title": "a\nb"},
            {"title": "\x1b[2J"},
            {"categories": ["\t"]},
            {"icons": [{"src": "http://acme.example/x.png"}]},
            {"icons": [{"src": "javascript:alert(1)"}]},
            {"icons": [{"src": "data:image/png;base64,AA"}]},
            {"icons": [{"src": "https://u:p@acme.example/x.png"}]},
            {"packages": [{"to": "https://a.example"}]},
            {"packages": [{"to": "ftp://a.example", "registry_type": "npm"}]},
            {"packages": [{"to": "https://user:secret@a.example", "registry_type": "npm"}]},
            {"packages": [{"to": "https://a.example?x=1", "registry_type": "npm"}]},
            {"packages": [{"to": "https://a.example/{name}", "registry_type": "npm"}]},
            {"packages": [{"to": "mirror.example", "prefix": "https://a.example"}]},
            {"packages": [{"to": "https://mirror.example", "prefix": "docker.io"}]},
            {"packages": [{"to": "https://mirror.example", "prefix": "https://a.example/"}]},
            {"remotes": [{"to": "/mcp"}]},
            {"remotes": [{"to": "HTTPS://gw.example"}]},
            {"remotes": [{"to": "javascript:alert(1)"}]},
            {"remotes": [{"to": "https://gw.example/{tenant}"}]},
            {"remotes": [{"to": "https://{team}.gw.example/"}]},
            {"remotes": [{"to": "https://gw.example#x"}]},
            {"remotes": [{"to": "https://gw.example", "prefix": "https://a.example/"}]},
            {"remotes": [{"to": "https://gw.example", "prefix": "a.example"}]},
        ],
        ids=str,
    )
    def test_what_is_not(self, changes: dict[str, object]) -> None:
        """
        Nothing at all, what a schema would not take, secrets in addresses, and what would let the rest of an address
        become another host.
        """
        with pytest.raises(Invalid):
            require_meant(msgspec.convert(changes, Changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"title": "x" * 101},
            {"icons": [{"src": "https://a.example", "mimeType": "text/html"}]},
            {"icons": [{"src": "https://a.example", "sizes": ["big"]}]},
            {"icons": [{"src": "https://a.example/" + "x" * 255}]},
            {"commands": []},
        ],
        ids=str,
    )
    def test_what_has_no_such_form(self, changes: dict[str, object]) -> None:
        """
        Does not get so far.
        """
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(changes, Changes)
