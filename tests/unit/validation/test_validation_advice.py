"""Rules of our own: what each remarks on, and what it leaves alone."""

import json
from typing import Any, Final

import pytest

from schemas.validation.advice import MOST_ISSUES, RULES
from schemas.validation.engine import validate
from schemas.validation.issue import IssueType, Profile, Severity, valid
from tests.manifests import Manifest, issues_of, manifest, with_argument, with_package, with_remote, without

_DIGEST: Final = "sha256:" + "0a" * 32
# Put together, so that no scanner of secrets takes this file for a leak.
_CREDENTIALS: Final = {
    "a GitHub token": "ghp_" + "aB3d5F7h9K" * 3 + "aB3d5F",
    "a GitLab token": "glpat-" + "aB3d5F7h9K" * 2,
    "an API key": "sk-" + "aB3d5F7h9K" * 4,
    "a Slack token": "xoxb-" + "1234567890-aB3d5F7h9K",
    "an npm token": "npm_" + "aB3d5F7h9K" * 3 + "aB3d5F",
    "an AWS access key": "AKIA" + "QWERTYUIOPASDFGH",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a signed token": ".".join(("eyJ" + "hbGciOiJub25l", "eyJ" + "zdWIiOiJhY21l", "c2lnbmF0dXJl")),
    "a token of this registry": "mcpr_" + "abcd1234_" + "aB3d5F7h9K" * 4 + "abc",
    "an address with a password": "postgres://acme:" + "hunter2secret@db.acme.example/payroll",
}


def _variable(name: str, **more: object) -> Manifest:
    return with_package(environmentVariables=[{"name": name, **more}])


def _header(**header: object) -> Manifest:
    return with_remote(headers=[header])


def _image(identifier: str, **more: object) -> Manifest:
    return without_version(with_package(registryType="oci", identifier=identifier, **more))


def without_version(document: Manifest) -> Manifest:
    """*document*, whose package has no version."""
    document["packages"][0].pop("version", None)
    return document


def _bare(**changes: object) -> Manifest:
    return without(without(manifest(**changes), "packages"), "remotes")


_ENV: Final = "packages[0].environmentVariables[0]"
_ARG: Final = "packages[0].packageArguments[0]"
_HEADER: Final = "remotes[0].headers[0]"

REMARKS: Final[dict[str, list[tuple[Manifest, str]]]] = {
    "secret-not-marked": [
        (_variable("API_TOKEN"), _ENV),
        (_variable("apiKey"), _ENV),
        (_variable("DB_PASSWORD", isSecret=False), _ENV),
        (_variable("CLIENT_SECRET_2"), _ENV),
        (_variable("SSH_PRIVATE_KEY"), _ENV),
        (_variable("URL", value="https://{password}", variables={"password": {}}), f"{_ENV}.variables.password"),
        (with_argument(type="named", name="--api-key"), _ARG),
        (with_argument(type="positional", valueHint="access_token"), _ARG),
        (_header(name="Authorization"), _HEADER),
        (_header(name="X-API-Key", value="{key}", variables={"key": {}}), _HEADER),
        (with_remote(url="https://acme.example/{token}", variables={"token": {}}), "remotes[0].variables.token"),
    ],
    "credential-in-value": [
        *((_variable("A", value=value), f"{_ENV}.value") for value in _CREDENTIALS.values()),
        (_variable("A", default=f"Bearer {_CREDENTIALS['a GitHub token']}"), f"{_ENV}.default"),
        (_variable("A", placeholder=_CREDENTIALS["an API key"]), f"{_ENV}.placeholder"),
        (_variable("A", choices=["a", _CREDENTIALS["an API key"]]), f"{_ENV}.choices[1]"),
        (with_argument(type="positional", valueHint="a", value=_CREDENTIALS["an npm token"]), f"{_ARG}.value"),
        (with_remote(url="https://acme:" + "hunter2secret@acme.example/"), "remotes[0].url"),
    ],
    "unpinned-version": [
        (without_version(manifest()), "packages[0]"),
        *(
            (with_package(version=version), "packages[0].version")
            for version in ("latest", "^1.0", "1.x", "*", "x", "==1.0", ">=1.0.0 <2.0.0", "1.0,<2", "!=1")
        ),
        (with_package(identifier="@acme/payroll@latest"), "packages[0].identifier"),
        (with_package(registryType="pypi", version=""), "packages[0]"),
    ],
    "oci-without-digest": [
        (_image("images.acme.example/payroll"), "packages[0].identifier"),
        (_image("images.acme.example/payroll:1.0"), "packages[0].identifier"),
        (_image("images.acme.example/payroll@sha256:abc"), "packages[0].identifier"),
    ],
    "plain-http": [
        (with_remote(url="http://acme.example/mcp"), "remotes[0].url"),
        (with_remote(url="HTTP://{tenant}.acme.example/mcp"), "remotes[0].url"),
        (with_package(transport={"type": "sse", "url": "http://acme.example/"}), "packages[0].transport.url"),
    ],
    "missing-value-hint": [
        (with_argument(type="positional", value="start"), _ARG),
        (with_package(runtimeArguments=[{"type": "positional"}]), "packages[0].runtimeArguments[0]"),
    ],
    "env-name-not-posix": [
        *((_variable(name), f"{_ENV}.name") for name in ("", "1A", "A-B", "A B", "A.B", "Ä", "A\n", "--env=A")),
    ],
    "header-template-without-variables": [
        (_header(name="X-Tenant", value="{tenant}"), f"{_HEADER}.value"),
        (_header(name="X-Tenant", value="{a}-{b}", variables={"a": {}}), f"{_HEADER}.value"),
    ],
    "vscode-drops": [
        (_bare(), ""),
        (_bare(packages=[], remotes=[]), ""),
        (without(with_package(registryType="mcpb"), "remotes"), "packages"),
        (without(manifest(), "description"), ""),
        (manifest(version=""), ""),
    ],
    "xcode-decoder": [
        (with_argument(type="positional", value="a"), _ARG),
        (_variable("A", format="integer"), f"{_ENV}.format"),
        (manifest(icons=[{"src": "https://acme.example/a", "mimeType": "image/gif"}]), "icons[0].mimeType"),
        (manifest(icons=[{"src": "https://acme.example/a", "theme": "sepia"}]), "icons[0].theme"),
        (with_remote(type="stdio"), "remotes[0].type"),
        (with_package(transport={"type": "pipe"}), "packages[0].transport.type"),
        (with_package(transport=None), "packages[0]"),
        (manifest(repository={"url": "https://git.acme.example/a/b"}), "repository"),
    ],
}
SILENT: Final[dict[str, list[Manifest]]] = {
    "secret-not-marked": [
        _variable("API_TOKEN", isSecret=True), _variable("MAX_TOKENS"), _variable("TOKEN_FILE"), _variable("KEY"),
        _variable("PASSWORD_PATH"), _variable("AWS_ACCESS_KEY_ID"), _variable("MONKEY"), _variable("PATH"),
        _variable(""), _variable("PRIMARY_KEY"), _variable("TOKENIZER"), _variable("SECRET_NAME"),
        with_argument(type="named", name="-e", value="API_TOKEN"),
        with_argument(type="named", name="--token", value="${API_TOKEN}"),
        _header(name="Authorization", value="Bearer {t}", variables={"t": {"isSecret": True}}),
    ],
    "credential-in-value": [
        _variable("A", value="ghp_" + "x" * 36), _variable("A", value="sk-..."), _variable("A", value="${API_KEY}"),
        _variable("A", default="postgres://user:password@db.acme.example"), _variable("A", value="0" * 64),
        _variable("A", default="postgres://{user}:{password}@db.acme.example"),
        _variable("A", description=_CREDENTIALS["a GitHub token"][:20]),
    ],
    "unpinned-version": [
        manifest(), with_package(version="1.0.0-linux.1"), with_package(version="v1.0"),
        _image("images.acme.example/payroll:latest"), without_version(with_package(registryType="mcpb")),
    ],
    "oci-without-digest": [
        _image(f"images.acme.example/payroll@{_DIGEST}"), _image(f"images.acme.example/payroll:1@{_DIGEST}"),
        with_package(registryType="oci", identifier="payroll", version=_DIGEST), manifest(),
    ],
    "plain-http": [
        manifest(), with_package(transport={"type": "sse", "url": "http://localhost:8080/mcp"}),
        with_package(transport={"type": "sse", "url": "http://127.0.0.1/mcp"}),
        with_package(transport={"type": "sse", "url": "http://{ledger}:80/mcp"}),
        with_package(transport={"type": "sse", "url": "http://[::1]:80/mcp"}),
    ],
    "missing-value-hint": [
        with_argument(type="positional", valueHint=""), with_argument(type="named", name="--a"), manifest(),
    ],
    "env-name-not-posix": [_variable("PAYROLL_TOKEN_2"), _variable("_a"), manifest()],
    "header-template-without-variables": [
        manifest(), _header(name="A", value="{a}{b}{a}", variables={"a": {}, "b": {}}), _header(name="A", value="{}"),
        _header(name="A"),
    ],
    "vscode-drops": [
        manifest(), without(manifest(), "packages"), without(manifest(), "remotes"), _image("payroll:1"),
        with_package(registryType="mcpb"),
    ],
    "xcode-decoder": [
        manifest(), manifest(repository={}), manifest(icons=[{"src": "https://acme.example/a"}]),
        with_argument(type="positional", valueHint="a", format="filepath"),
    ],
}  # fmt: skip


def _remarks(document: Manifest, rule: str) -> list[str]:
    return [issue.path for issue in issues_of(document) if issue.reference == rule]


class TestRules:
    @pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule in RULES for case in REMARKS[rule]])
    def test_remarks(self, rule: str, case: tuple[Manifest, str]) -> None:
        """
        Each rule remarks on what it is for, once, at the place that has to be mended.
        """
        document, path = case

        assert _remarks(document, rule) == [path]

    @pytest.mark.parametrize(("rule", "document"), [(rule, document) for rule in RULES for document in SILENT[rule]])
    def test_silence(self, rule: str, document: Manifest) -> None:
        """
        Each rule leaves alone what only looks like what it is for.
        """
        assert _remarks(document, rule) == []

    @pytest.mark.parametrize("value", _CREDENTIALS.values(), ids=_CREDENTIALS.keys())
    def test_what_leaked_is_not_repeated(self, value: str) -> None:
        """
        No message quotes the credential it is about: messages end up in logs and in pull requests.
        """
        issues = issues_of(_variable("A", value=value))

        assert [issue.reference for issue in issues] == ["credential-in-value"]
        assert value not in issues[0].message
        assert "hunter2" not in issues[0].message

    def test_xcode_is_told_of_once(self) -> None:
        """
        An entry that breaks Xcode's decoder at many places gets one warning, which counts them.
        """
        arguments: list[Any] = [{"type": "positional", "value": "a"}] * 3

        found = [
            issue for issue in issues_of(with_package(packageArguments=arguments)) if issue.reference == "xcode-decoder"
        ]

        assert len(found) == 1
        assert found[0].message.endswith("(2 more places like it)")

    @pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
    def test_anything_anywhere(self, rule: Any) -> None:
        """
        No rule trips over members of the wrong type.
        """
        odd_values: list[Any] = [None, 1, "a", [], {}, [None, 1, "a", [], {}], {"a": 1}]
        for odd in odd_values:
            documents = [
                {member: odd for member in manifest()},
                with_package(**{member: odd for member in ("transport", "identifier", "version", "packageArguments")}),
                with_package(environmentVariables=[{"name": odd, "value": odd, "variables": odd, "format": odd}]),
                with_package(packageArguments=[{"type": "positional", "valueHint": odd, "choices": odd}]),
                with_remote(**{member: odd for member in ("type", "url", "headers", "variables")}),
            ]

            for document in documents:
                assert all(isinstance(message, str) for _, message in rule.check(document))


class TestSeverities:
    def test_advice_is_a_warning(self) -> None:
        """
        Unless somebody says otherwise, advice does not make a document invalid.
        """
        issues = issues_of(without(manifest(), "packages") | {"remotes": []})

        assert [(issue.type, issue.severity) for issue in issues] == [(IssueType.LINTER, Severity.WARNING)]
        assert valid(issues)

    def test_an_organisation_can_raise_and_lower_it(self) -> None:
        """
        Each rule takes the severity that the configuration gives to its id, and no other rule is touched.
        """
        document = json.dumps(_image("images.acme.example/payroll", environmentVariables=[{"name": "TOKEN"}])).encode()

        issues = validate(
            document,
            severities={"oci-without-digest": Severity.ERROR, "secret-not-marked": Severity.INFO},
        )

        assert {issue.reference: issue.severity for issue in issues} == {
            "oci-without-digest": Severity.ERROR,
            "secret-not-marked": Severity.INFO,
        }
        assert not valid(issues)

    def test_rules_that_are_not_ours_cannot_be_changed(self) -> None:
        """
        A severity for a semantic rule has no effect.
        """
        document = json.dumps(manifest(version="latest")).encode()

        assert not valid(validate(document, severities={"reserved-version-string": Severity.INFO}))

    def test_the_official_profile_has_no_advice(self) -> None:
        """
        What the public registry says is all it says.
        """
        assert issues_of(_image("images.acme.example/payroll"), Profile.OFFICIAL) == []

    def test_there_is_a_most(self) -> None:
        """
        A rule stops remarking after so many places.
        """
        assert len(_remarks(with_package(environmentVariables=[{"name": "TOKEN"}] * 500), "secret-not-marked")) == (
            MOST_ISSUES
        )
