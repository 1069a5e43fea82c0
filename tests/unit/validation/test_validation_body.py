"""The form of a request body: what the public registry's framework answers with 422."""

from typing import Final

import pytest

from schemas.validation.body import MOST_FAILURES, body_failures
from tests.manifests import Manifest, manifest, with_argument, with_package, with_remote, without

Row = tuple[Manifest, list[tuple[str, str]]]

_NAME: Final = "expected string to match pattern ^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"
_HEX: Final = "ab12" * 16

TEXTS: Final[list[Row]] = [
    (manifest(schema=""), [("body.$schema", "expected length >= 1")]),
    (manifest(schema="a:b:%zz"), []),
    (manifest(schema=":"), [
        ("body.$schema", 'expected string to be RFC 3986 uri: parse ":": missing protocol scheme'),
    ]),
    (manifest(name="a/"), [
        ("body.name", "expected length >= 3"),
        ("body.name", _NAME),
    ]),
    (manifest(name="com.acme/" + "a" * 192), [("body.name", "expected length <= 200")]),
    (manifest(name="com.acme/" + "a" * 191), []),
    (manifest(name="com.acme/a\n"), [("body.name", _NAME)]),
    (manifest(description=""), [("body.description", "expected length >= 1")]),
    (manifest(description="ä" * 100), []),
    (manifest(description="\U0001f4b6" * 101), [("body.description", "expected length <= 100")]),
    (manifest(version=""), []),
    (manifest(version=1), [("body.version", "expected string")]),
    (manifest(version=None), [("body.version", "expected string")]),
    (manifest(title=""), [("body.title", "expected length >= 1")]),
    (manifest(title="a" * 101), [("body.title", "expected length <= 100")]),
    (manifest(websiteUrl="relative"), []),
    (manifest(websiteUrl="https://a b/"), [
        ("body.websiteUrl",
         'expected string to be RFC 3986 uri: parse "https://a b/": invalid character " " in host name'),
    ]),
    (manifest(repository={"url": "%"}), [
        ("body.repository.url", 'expected string to be RFC 3986 uri: parse "%": invalid URL escape "%"'),
    ]),
    (with_package(registryBaseUrl="\x7f"), [
        ("body.packages[0].registryBaseUrl",
         'expected string to be RFC 3986 uri: parse "\x7f": net/url: invalid control character in URL'),
    ]),
    (with_package(version=""), [("body.packages[0].version", "expected length >= 1")]),
    (with_package(registryType=""), [("body.packages[0].registryType", "expected length >= 1")]),
    (with_package(identifier=""), [("body.packages[0].identifier", "expected length >= 1")]),
    (with_package(fileSha256=_HEX), []),
    (with_package(fileSha256=_HEX.upper()), [
        ("body.packages[0].fileSha256", "expected string to match pattern ^[a-f0-9]{64}$"),
    ]),
    (with_argument(type="", format=""), [
        ("body.packages[0].packageArguments[0].format",
         'expected value to be one of "string, number, boolean, filepath"'),
    ]),
]  # fmt: skip
ICONS: Final[list[Row]] = [
    (manifest(icons=[{}]), [("body.icons[0]", "expected required property src to be present")]),
    (manifest(icons=[{"src": "https://acme.example/" + "a" * 235}]), [("body.icons[0].src", "expected length <= 255")]),
    (manifest(icons=[{"src": "a", "mimeType": "image/gif", "theme": "Dark", "sizes": ["whatever"]}]), [
        ("body.icons[0].mimeType",
         'expected value to be one of "image/png, image/jpeg, image/jpg, image/svg+xml, image/webp"'),
        ("body.icons[0].theme", 'expected value to be one of "light, dark"'),
    ]),
    (manifest(icons=[{"src": "a", "sizes": [48]}]), [("body.icons[0].sizes[0]", "expected string")]),
]  # fmt: skip
FORMS: Final[list[Row]] = [
    ({}, [
        ("body", f"expected required property {name} to be present")
        for name in ("$schema", "name", "description", "version")
    ]),
    (manifest(status="active"), [("body.status", "unexpected property")]),
    (manifest(repository={"URL": "x"}), [("body.repository.URL", "unexpected property")]),
    (manifest(repository={}), []),
    (
        manifest(_meta={"tools": []}),
        [
            (
                "body._meta.tools",
                "unexpected property: a publisher's own data stands in "
                "io.modelcontextprotocol.registry/publisher-provided",
            )
        ],
    ),
    (manifest(_meta={"io.modelcontextprotocol.registry/publisher-provided": {"any": [1, None]}}), []),
    (manifest(_meta={"io.modelcontextprotocol.registry/publisher-provided": 1}), [
        ("body._meta.io.modelcontextprotocol.registry/publisher-provided", "expected object"),
    ]),
    (manifest(packages=None, remotes=None, icons=None, repository=None, _meta=None, title=None, websiteUrl=None), []),
    (manifest(packages={}), [("body.packages", "expected array")]),
    (manifest(packages=[None, 1]), [("body.packages[0]", "expected object"), ("body.packages[1]", "expected object")]),
    (manifest(packages=[{"registryType": "npm", "identifier": "a"}]), [
        ("body.packages[0]", "expected required property transport to be present"),
    ]),
    (with_package(transport={}), [
        ("body.packages[0].transport", "expected required property type to be present"),
    ]),
    (with_package(registry_type="npm"), [("body.packages[0].registry_type", "unexpected property")]),
    (with_package(transport={"type": "pipe"}), []),
    (with_package(transport={"type": "sse", "url": "a", "variables": {"a": {"name": 1}}}), [
        ("body.packages[0].transport.variables.a.name", "unexpected property"),
    ]),
    (with_argument(value="a"), [
        ("body.packages[0].packageArguments[0]", "expected required property type to be present"),
    ]),
    (with_argument(type="positional", isRepeated="yes", isRequired=None, choices=["a", 1]), [
        ("body.packages[0].packageArguments[0].choices[1]", "expected string"),
        ("body.packages[0].packageArguments[0].isRepeated", "expected boolean"),
    ]),
    (with_package(environmentVariables=[{"value": "a"}]), [
        ("body.packages[0].environmentVariables[0]", "expected required property name to be present"),
    ]),
    (with_remote(headers=[{"name": "A", "variables": []}]), [
        ("body.remotes[0].headers[0].variables", "expected object"),
    ]),
    (with_remote(type=None), [("body.remotes[0].type", "expected string")]),
]  # fmt: skip


class TestBody:
    @pytest.mark.parametrize(("document", "expected"), TEXTS + ICONS + FORMS)
    def test_each_rule(self, document: Manifest, expected: list[tuple[str, str]]) -> None:
        """
        Each failure names its place, in the order of the types, in the framework's words.
        """
        assert [(failure.location, failure.message) for failure in body_failures(document)] == expected

    def test_the_value_is_what_is_there(self) -> None:
        """
        A failure carries the offending value; of a missing or an unexpected member, the object around it.
        """
        wrong, surplus, missing = (
            body_failures(document)[0]
            for document in (manifest(version=7), manifest(extra=1), without(manifest(), "version"))
        )

        assert wrong.value == 7
        assert surplus.value == manifest(extra=1)
        assert missing.value == without(manifest(), "version")

    def test_there_is_a_most(self) -> None:
        """
        However much is wrong, an answer lists so much of it and no more.
        """
        assert len(body_failures(manifest(packages=[{}] * 5000))) == MOST_FAILURES
