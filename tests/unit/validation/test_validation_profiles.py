"""Where the two profiles part: the public registry's verdict with its bugs, and ours without them."""

from typing import Final

import pytest

from schemas.server_json.document import require_unambiguous
from schemas.validation.engine import publish_issues, validate
from schemas.validation.issue import IssueType, Profile, valid
from schemas.validation.reserialised import reserialised
from schemas.validation.versions import PUBLISHED
from tests.manifests import Manifest, issues_of, manifest, with_argument, with_package, with_remote, without

_DRAFT: Final = "https://static.modelcontextprotocol.io/schemas/draft/server.schema.json"

# document, valid by ours, valid by theirs
VERDICTS: Final[dict[str, tuple[Manifest, bool, bool]]] = {
    "beyond reproach": (manifest(), True, True),
    "a prerelease with an x": (manifest(version="1.0.0-next.1"), True, False),
    "a package's prerelease with an x": (with_package(version="1.0.0-linux"), True, False),
    "null for an optional list": (manifest(packages=None), False, True),
    "null for a flag": (with_argument(type="named", name="--a", isRepeated=None), False, True),
    "an empty title": (manifest(title=""), False, False),
    "an empty website": (manifest(websiteUrl=""), False, True),
    "an empty repository": (manifest(repository={}), False, False),
    "empty texts in the repository": (manifest(repository={"url": "", "source": ""}), False, False),
    "an empty checksum": (with_package(fileSha256=""), False, False),
    "an empty base address": (with_package(registryBaseUrl=""), False, True),
    "an empty value": (with_argument(type="positional", value=""), True, False),
    "an empty hint": (with_argument(type="positional", valueHint=""), True, False),
    "an empty name of a named argument": (with_argument(type="named", name=""), False, False),
    "an unknown member": (manifest(license="MIT"), False, False),
    "an unknown member of _meta": (manifest(_meta={"com.acme/build": 1}), False, False),
    "no name": (without(manifest(), "name"), False, False),
    "an empty version": (manifest(version=""), True, True),
    "a draft": (manifest(schema=_DRAFT), False, False),
    "a header without a value": (with_remote(headers=[{"name": "A"}]), True, True),
}  # fmt: skip


class TestProfiles:
    @pytest.mark.parametrize(("document", "ours", "theirs"), VERDICTS.values(), ids=VERDICTS.keys())
    def test_each_verdict_is_pinned(self, document: Manifest, ours: bool, theirs: bool) -> None:
        """
        The differences are these and no others: bugs mended, and the sent text judged in place of a copy of it.
        """
        assert valid(issues_of(document, Profile.PRIVATE)) is ours
        assert valid(issues_of(document, Profile.OFFICIAL)) is theirs

    def test_failures_at_the_root_are_shown_by_ours(self) -> None:
        """
        What is wrong with the document as a whole is listed; the public registry's schema stage hides it.
        """
        document = without(without(manifest(), "name"), "version")

        ours = [issue.message for issue in issues_of(document) if issue.type is IssueType.SCHEMA]
        theirs = issues_of(document, Profile.OFFICIAL)

        assert ours == ["'name' is a required property", "'version' is a required property"]
        assert [issue.message for issue in theirs] == [
            "expected required property name to be present",
            "expected required property version to be present",
        ]

    def test_the_official_profile_stops_at_the_form(self) -> None:
        """
        A body the public registry's framework refuses is not looked at any further there; ours tells everything.
        """
        document = manifest(version="latest", license="MIT")

        assert [issue.path for issue in issues_of(document, Profile.OFFICIAL)] == ["license"]
        assert [issue.path for issue in issues_of(document)] == ["license", "version"]

    @pytest.mark.parametrize("profile", Profile)
    def test_another_spelling_of_a_member_is_ambiguous(self, profile: Profile) -> None:
        """
        The public registry folds case; a document that two parsers read differently is refused under both profiles.
        """
        [issue] = validate(b'{"Name": "com.acme/payroll"}', profile=profile)

        assert issue.type is IssueType.JSON
        assert "'Name'" in issue.message

    @pytest.mark.parametrize("version", PUBLISHED[:-1])
    def test_an_old_schema_warns_and_no_more(self, version: str) -> None:
        """
        A document that keeps the rules of an old schema stays valid.
        """
        url = f"https://static.modelcontextprotocol.io/schemas/{version}/server.schema.json"
        document = {"$schema": url, "name": "com.acme/payroll", "description": "Pay slips.", "version": "1.0.0"}

        for profile in Profile:
            assert {issue.reference for issue in issues_of(document, profile)} <= {
                "schema-version-deprecated",
                "vscode-drops",
            }


class TestReserialised:
    def test_empty_members_vanish_and_required_ones_appear(self) -> None:
        """
        The copy that the public registry judges drops what is empty and has what its types always write.
        """
        sent: Manifest = {
            "name": "com.acme/payroll",
            "title": "",
            "repository": {"url": "", "source": None},
            "packages": [
                {"identifier": "", "transport": {"headers": [], "url": ""}, "packageArguments": [{"isRequired": False}]}
            ],
            "remotes": [],
            "websiteUrl": None,
            "_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"a": {}}},
        }

        assert reserialised(sent) == {
            "$schema": "",
            "name": "com.acme/payroll",
            "description": "",
            "version": "",
            "repository": {},
            "packages": [
                {
                    "registryType": "",
                    "identifier": "",
                    "transport": {"type": ""},
                    "packageArguments": [{"type": ""}],
                }
            ],
            "_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"a": {}}},
        }

    def test_nothing_is_lost_that_says_something(self) -> None:
        """
        A document of which every member says something comes out as it went in.
        """
        assert reserialised(manifest()) == manifest()


class TestPublishing:
    def test_the_json_schema_counts_only_if_asked_for(self) -> None:
        """
        The public registry publishes what fails its JSON Schema; an organisation can decide otherwise.
        """
        document = require_unambiguous(b'{"$schema":"' + manifest()["$schema"].encode() + b'","name":"com.acme/a1"}')

        lenient = publish_issues(document, full_schema=False)
        strict = publish_issues(document, full_schema=True)

        assert lenient == []
        assert [issue.path for issue in strict] == ["", ""]

    def test_advice_keeps_nobody_from_publishing(self) -> None:
        """
        Publishing asks the version and the semantic rules.
        """
        document = manifest(version="latest", schema="x")
        document["packages"] = []

        assert [issue.path for issue in publish_issues(document, full_schema=False)] == ["schema", "version"]
