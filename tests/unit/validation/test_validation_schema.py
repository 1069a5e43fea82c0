"""Which schema a document is held against, and how its failures read."""

from typing import Final

import pytest

from schemas.validation.issue import Issue, IssueType, Profile, Severity
from schemas.validation.schema_issues import MOST_ISSUES
from schemas.validation.versions import CURRENT_URL, PUBLISHED, version_issues
from tests.manifests import Manifest, issues_of, manifest, with_argument, with_package, with_remote, without


def _url(version: str, host: str = "static.modelcontextprotocol.io") -> str:
    return f"https://{host}/schemas/{version}/server.schema.json"


def _schema(document: Manifest, profile: Profile = Profile.PRIVATE) -> list[tuple[str, str]]:
    return [(issue.path, issue.message) for issue in issues_of(document, profile) if issue.type is IssueType.SCHEMA]


DEPRECATED: Final = "schema-version-deprecated"


class TestSchemaVersion:
    @pytest.mark.parametrize(
        ("url", "references"),
        [
            ("", ["schema-field-required"]),
            (CURRENT_URL, []),
            *((_url(version), [DEPRECATED]) for version in PUBLISHED[:-1]),
            (_url(PUBLISHED[-1], "mirror.acme.example"), [DEPRECATED]),
            (CURRENT_URL + "#", [DEPRECATED]),
            (_url("draft"), [DEPRECATED, "schema-version-not-available"]),
            (_url("2099-01-01"), [DEPRECATED, "schema-version-not-available"]),
            (_url("../../etc"), ["schema-version-extraction-error"]),
            (_url("é"), ["schema-version-extraction-error"]),
            ("https://acme.example/schema.json", ["schema-version-extraction-error"]),
        ],
    )
    def test_each_kind_of_address(self, url: str, references: list[str]) -> None:
        """
        Only the version in the address counts, not its host; old ones warn, unknown ones and the draft are errors.
        """
        issues = version_issues(url)

        assert [issue.reference for issue in issues] == references
        assert {issue.path for issue in issues} <= {"schema"}
        assert all((issue.severity is Severity.WARNING) == (issue.reference == DEPRECATED) for issue in issues)

    def test_the_texts(self) -> None:
        """
        They are the public registry's, which its command line looks for.
        """
        texts = [issue.message for url in ("", "x", _url("2025-10-17")) for issue in version_issues(url)]

        assert texts == [
            "$schema field is required",
            "failed to extract schema version from URL: invalid schema URL format: x",
            "schema version 2025-10-17 is not the current version (2025-12-11)."
            " Consider updating to the latest schema version",
        ]
        assert version_issues(_url("1"))[1].message.startswith("schema version 1 not available: ")

    def test_a_document_is_held_against_the_schema_it_names(self) -> None:
        """
        A title is unknown before October 2025 and fine there; a package without a version is not.
        """
        old = with_package(registryType="oci", identifier="images.acme.example/payroll:1")
        old["$schema"] = _url("2025-09-29")
        old["packages"][0].pop("version")

        assert _schema(old) == [("packages[0]", "'version' is a required property")]

    def test_a_name_the_schema_does_not_know_is_told(self) -> None:
        """
        The first schema spells the members of a package in another way: each it does not know is named.
        """
        old = manifest(schema=_url("2025-07-09"))
        old["packages"] = [{"registryType": "npm", "identifier": "a", "version": "1", "transport": {"type": "stdio"}}]

        assert _schema(old) == [
            ("packages[0]", "'registry_type' is a required property"),
            ("packages[0]", "the schema it names knows no 'registryType'"),
        ]

    def test_of_a_draft_all_else_is_told_too(self) -> None:
        """
        Nobody can publish a draft, and its author still learns what its schema says.
        """
        draft = with_remote(url="mcp", headers=[{"value": "a"}])
        draft["$schema"] = _url("draft")

        assert [path for path, _ in _schema(draft)] == ["schema", "remotes[0].url", "remotes[0].headers[0]"]
        assert [path for path, _ in _schema(draft, Profile.OFFICIAL)][:1] == ["remotes[0].headers[0]"]


class TestSchemaFailures:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            (without(manifest(), "name"), [("", "'name' is a required property")]),
            (manifest(repository={}), [
                ("repository", "'url' is a required property"), ("repository", "'source' is a required property"),
            ]),
            (manifest(description="a" * 132), [
                ("description", "it has 132 characters, 32 more than the 100 allowed"),
            ]),
            (manifest(websiteUrl="acme.example"), [("websiteUrl", '"acme.example" is no absolute URI')]),
            (manifest(icons=[{"src": "https://acme.example/a", "sizes": ["４8x48"]}]), [
                ("icons[0].sizes[0]", r'"４8x48" does not match ^(\d+x\d+|any)$'),
            ]),
            (with_package(transport={"type": "htp"}), [
                ("packages[0].transport.type", "\"htp\" is not one of 'stdio', 'streamable-http', 'sse'"),
            ]),
            (with_package(transport={"type": "sse"}), [("packages[0].transport", "'url' is a required property")]),
            (with_package(transport="stdio"), [("packages[0].transport", 'it is "stdio", and must be of type object')]),
            (with_argument(type="positional"), [
                ("packages[0].packageArguments[0]", "it needs 'valueHint' or 'value'"),
            ]),
            (with_argument(type="named"), [("packages[0].packageArguments[0]", "'name' is a required property")]),
            (with_argument(type="positional", value="a", format="integer"), [
                ("packages[0].packageArguments[0].format",
                 "\"integer\" is not one of 'string', 'number', 'boolean', 'filepath'"),
            ]),
            (manifest(packages=None), [("packages", "it is null, and must be of type array")]),
            (manifest(version={}), [("version", "it is an object, and must be of type string")]),
            (manifest(description=""), [("description", "it has 0 characters, and needs 1")]),
            (with_package(version="latest"), [("packages[0].version", '"latest" is not allowed here')]),
            (with_package(schema="x", fileSha256="A" * 900), [
                ("packages[0].schema", "unexpected property"),
                ("packages[0].fileSha256", f'"{"A" * 100}…" does not match ^[a-f0-9]{{64}}$'),
            ]),
            (with_remote(type="stdio", url=""), [
                ("remotes[0].type", "\"stdio\" is not one of 'streamable-http', 'sse'"),
            ]),
            (with_remote(variables={"a": {"isSecret": "yes"}}), [
                ("remotes[0].variables.a.isSecret", 'it is "yes", and must be of type boolean'),
            ]),
        ],
    )  # fmt: skip
    def test_they_say_what_was_meant(self, document: Manifest, expected: list[tuple[str, str]]) -> None:
        """
        Where one of several forms must fit, the one that was meant is judged, and said once.
        """
        assert _schema(document) == expected

    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            (manifest(repository={}), [("repository", "missing required fields: 'url', 'source'")]),
            (manifest(icons=[{"src": "relative"}]), [("icons[0].src", "'relative' has invalid format 'uri'")]),
            (manifest(icons=[{"src": "https://acme.example/a", "sizes": ["big"]}]), [
                ("icons[0].sizes[0]", "does not match pattern '^(\\d+x\\d+|any)$'"),
            ]),
            (manifest(version="1" * 256), [("version", "length must be <= 255, but got 256")]),
            (with_package(version="latest"), [("packages[0].version", "not failed")]),
            (with_package(transport={"type": "sse"}), [
                ("packages[0].transport.type", 'value must be "stdio"'),
                ("packages[0].transport", "missing required fields: 'url'"),
                ("packages[0].transport.type", 'value must be "streamable-http"'),
                ("packages[0].transport", "missing required fields: 'url'"),
            ]),
        ],
    )  # fmt: skip
    def test_the_official_profile_lists_every_form(self, document: Manifest, expected: list[tuple[str, str]]) -> None:
        """
        The public registry lists what each form has against a value, in its own words.
        """
        found = _schema(document, Profile.OFFICIAL)

        assert sorted(found) == sorted(expected)

    def test_the_reference_tells_the_way_to_the_rule(self) -> None:
        """
        A reference is the place in the schema and the way there, definitions in brackets.
        """
        issue = next(
            issue for issue in issues_of(manifest(repository={}), Profile.OFFICIAL) if issue.path == "repository"
        )

        assert issue == Issue(
            type=IssueType.SCHEMA,
            path="repository",
            message="missing required fields: 'url', 'source'",
            severity=Severity.ERROR,
            reference="#/definitions/Repository/required from: [#/definitions/ServerDetail]/properties/repository/"
            "[#/definitions/Repository]/required",
        )

    def test_there_is_a_most(self) -> None:
        """
        However much is wrong, so many failures are listed and no more.
        """
        assert len(_schema(with_package(environmentVariables=[{"name": 1}] * 3000))) == MOST_ISSUES
