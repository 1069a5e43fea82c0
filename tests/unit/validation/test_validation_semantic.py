"""The semantic rules: every row of the table they are specified by, with its path, reference and text."""

from typing import Final

import pytest

from schemas.validation.issue import IssueType, Profile, Severity
from tests.manifests import Manifest, issues_of, manifest, with_argument, with_package, with_remote

Row = tuple[Manifest, list[tuple[str, str, str]]]

NAMES: Final[list[Row]] = [
    (manifest(name=name), [("name", "invalid-server-name", message)])
    for name, message in [
        ("payroll", "server name must be in format 'dns-namespace/name' (e.g., 'com.example.api/server')"),
        ("com.acme/a/b", "server name cannot contain multiple slashes"),
        ("com.acme//b", "server name cannot contain multiple slashes"),
        ("/payroll", "server name must be in format 'dns-namespace/name' with non-empty namespace and name parts"),
        ("com.acme/", "server name must be in format 'dns-namespace/name' with non-empty namespace and name parts"),
        ("-com.acme/payroll", "server name format is invalid: namespace '-com.acme' is invalid. "),
        ("com.acme./payroll", "server name format is invalid: namespace 'com.acme.' is invalid. "),
        ("com_acme/payroll", "server name format is invalid: namespace 'com_acme' is invalid. "),
        ("a/payroll", "server name format is invalid: namespace 'a' is invalid. "),
        ("com.acme/p", "server name format is invalid: name 'p' is invalid. "),
        ("com.acme/payroll_", "server name format is invalid: name 'payroll_' is invalid. "),
        ("com.acme/päyroll", "server name format is invalid: name 'päyroll' is invalid. "),
        ("com.acme/payroll\n", "server name format is invalid: name 'payroll\n' is invalid. "),
        ("com.acmé/payroll", "server name format is invalid: namespace 'com.acmé' is invalid. "),
    ]
]
NAMES.append(
    (manifest(name=""), [("name", "invalid-server-name", "server name is required and must be a string")])
)  # fmt: skip

RESERVED: Final = "version string 'latest' is reserved and cannot be used"
VERSIONS: Final[list[Row]] = [
    (manifest(version="latest"), [("version", "reserved-version-string", RESERVED)]),
    (with_package(version="latest"), [("packages[0].version", "reserved-version-string", RESERVED)]),
    (
        manifest(version="^1.2.3"),
        [("version", "version-looks-like-range", 'version must be a specific version, not a range: "^1.2.3"')],
    ),
    (
        with_package(version="1.x"),
        [("packages[0].version", "version-looks-like-range", 'version must be a specific version, not a range: "1.x"')],
    ),
    (manifest(version=""), []),
    (manifest(version="Latest"), []),
]

# The two services that the rule knows; put together, as nothing here may name a real host.
GITHUB: Final = f"https://{'github'}.com"
GITLAB: Final = f"https://{'gitlab'}.com"


def _repository(url: str, source: str = "github", **more: str) -> Manifest:
    return manifest(repository={"url": url, "source": source, **more})


def _invalid_repository(url: str) -> list[tuple[str, str, str]]:
    return [("repository.url", "invalid-repository-url", f"invalid repository URL: {url}")]


REPOSITORIES: Final[list[Row]] = [
    (_repository(f"{GITHUB}/acme/payroll"), []),
    (_repository(f"{GITHUB}/acme/payroll/"), []),
    (_repository(f"http://www.{'github'}.com/acme/pay.roll-1_0"), []),
    (_repository(f"{GITLAB}/acme/payroll", "gitlab"), []),
    (_repository("", ""), []),
    (_repository("", "", subfolder="../up"), []),
    (_repository(f"{GITLAB}/acme/payroll"), _invalid_repository(f"{GITLAB}/acme/payroll")),
    (_repository(f"{GITHUB}/acme"), _invalid_repository(f"{GITHUB}/acme")),
    (_repository(f"{GITHUB}/acme/payroll/sub"), _invalid_repository(f"{GITHUB}/acme/payroll/sub")),
    (_repository(f"{GITHUB}/acme/pay roll"), _invalid_repository(f"{GITHUB}/acme/pay roll")),
    (_repository(f"{GITHUB}/acme/payroll\n"), _invalid_repository(f"{GITHUB}/acme/payroll\n")),
    (_repository("https://git.acme.example/a/b", "acme"), _invalid_repository("https://git.acme.example/a/b")),
    (_repository(f"{GITHUB}/acme/payroll", ""), _invalid_repository(f"{GITHUB}/acme/payroll")),
    (_repository("", "github"), _invalid_repository("")),
    (_repository(f"{GITHUB}/acme/payroll", subfolder="src/server_1.0"), []),
    *(
        (
            _repository(f"{GITHUB}/acme/payroll", subfolder=folder),
            [("repository.subfolder", "invalid-subfolder-path", f"invalid subfolder path: {folder}")],
        )
        for folder in ("/src", "src/", "src//a", "./src", "src/../a", "..", "a b", "a\n", "ä", "a\\b")
    ),
]  # fmt: skip

PRESENTATION: Final[list[Row]] = [
    (manifest(websiteUrl=""), []),
    (manifest(websiteUrl="HTTPS://acme.example"), []),
    (manifest(websiteUrl="https://acme.example:8x"), [("websiteUrl", "invalid-website-url", "invalid websiteUrl: ")]),
    (manifest(websiteUrl="https://a b.example"), [("websiteUrl", "invalid-website-url", "invalid websiteUrl: ")]),
    (
        manifest(websiteUrl="acme.example/a"),
        [
            (
                "websiteUrl",
                "website-url-must-be-absolute",
                "websiteUrl must be absolute (include scheme): acme.example/a",
            ),
            ("websiteUrl", "website-url-invalid-scheme", "websiteUrl must use https scheme: acme.example/a"),
        ],
    ),
    (
        manifest(websiteUrl="http://acme.example"),
        [("websiteUrl", "website-url-invalid-scheme", "websiteUrl must use https scheme: http://acme.example")],
    ),
    (manifest(title=" \t "), [("title", "title-whitespace-only", "title cannot be only whitespace")]),
    (manifest(title="\u2003\u00a0"), [("title", "title-whitespace-only", "title cannot be only whitespace")]),
    (manifest(title="\x1c"), []),
    (
        manifest(icons=[{"src": "https://acme.example/a.png"}, {"src": "%zz"}]),
        [("icons[1].src", "icon-src-invalid-url", "invalid icon src URL: %zz")],
    ),
    (
        manifest(icons=[{"src": "/a.png"}]),
        [
            (
                "icons[0].src",
                "icon-src-not-absolute",
                "icon src must be an absolute URL (include scheme): /a.png",
            )
        ],
    ),
    (
        manifest(icons=[{"src": "data:image/png;base64,AAAA"}]),
        [
            (
                "icons[0].src",
                "icon-src-invalid-scheme",
                "icon src must use https scheme (got data): data:image/png;base64,AAAA",
            )
        ],
    ),
]


def _named(name: str, **more: str) -> Manifest:
    return with_argument(type="named", name=name, **more)


_ARGUMENT: Final = "packages[0].packageArguments[0]"
_STARTS: Final = "argument value cannot start with the argument name: value starts with argument name"
_DEFAULT_STARTS: Final = "argument default cannot start with the argument name: default starts with argument name"

PACKAGES: Final[list[Row]] = [
    (
        with_package(identifier="acme payroll"),
        [("packages[0].identifier", "package-name-has-spaces", "package name cannot contain spaces")],
    ),
    (with_package(identifier="acme\tpayroll"), []),
    (_named("port"), []),
    (_named(""), [(f"{_ARGUMENT}.name", "named-argument-name-required", "named argument name is required")]),
    *(
        (
            _named(name),
            [(f"{_ARGUMENT}.name", "invalid-named-argument-name", f"invalid named argument name format: {name}")],
        )
        for name in ("--dir <path>", "--a>", "--a b", "$HOME")
    ),
    (
        _named("--port", value="--port 80"),
        [(f"{_ARGUMENT}.value", "argument-value-starts-with-name", f"{_STARTS} '--port': --port 80")],
    ),
    (
        _named("--port", default="--port=80"),
        [(f"{_ARGUMENT}.default", "argument-default-starts-with-name", f"{_DEFAULT_STARTS} '--port': --port=80")],
    ),
    (
        _named("", value="80"),
        [
            (f"{_ARGUMENT}.name", "named-argument-name-required", "named argument name is required"),
            (f"{_ARGUMENT}.value", "argument-value-starts-with-name", f"{_STARTS} '': 80"),
        ],
    ),
    (with_argument(type="positional", valueHint="x", name="<a b>", value="<a b>"), []),
    (
        with_package(runtimeArguments=[{"type": "named", "name": "-e", "value": "-e X"}]),
        [("packages[0].runtimeArguments[0].value", "argument-value-starts-with-name", f"{_STARTS} '-e': -e X")],
    ),
]


def _transport(**transport: object) -> Manifest:
    return with_package(transport=transport)


_TRANSPORT_URL: Final = "packages[0].transport.url"
_UNDEFINED: Final = (
    "invalid package transport URL: template variables in URL http://localhost:{nope}/mcp reference undefined"
    " variables. Available variables: [PAYROLL_TOKEN --region ledger]"
)

TRANSPORTS: Final[list[Row]] = [
    (_transport(type="stdio", url=""), []),
    (
        _transport(type="stdio", url="https://acme.example"),
        [
            (
                _TRANSPORT_URL,
                "stdio-transport-url-not-empty",
                "url must be empty for stdio transport type, got: https://acme.example",
            )
        ],
    ),
    *(
        (
            _transport(type=kind),
            [(_TRANSPORT_URL, "streamable-transport-url-required", f"url is required for {kind} transport type")],
        )
        for kind in ("streamable-http", "sse")
    ),
    (
        _transport(type="sse", url="localhost/mcp"),
        [(_TRANSPORT_URL, "invalid-templated-url", "invalid package transport URL: localhost/mcp")],
    ),
    (
        _transport(type="sse", url="ftp://acme.example/mcp"),
        [(_TRANSPORT_URL, "invalid-templated-url", "invalid package transport URL: ftp://acme.example/mcp")],
    ),
    (
        _transport(type="sse", url="http:///mcp"),
        [(_TRANSPORT_URL, "invalid-templated-url", "invalid package transport URL: http:///mcp")],
    ),
    (_transport(type="streamable-http", url="http://localhost:{nope}/mcp"), [
        (_TRANSPORT_URL, "invalid-templated-url", _UNDEFINED),
    ]),
    (_transport(type="streamable-http", url="http://localhost:8080/{ledger}/{--region}?t={PAYROLL_TOKEN}"), []),
    (
        _transport(type="pipe"),
        [("packages[0].transport.type", "unsupported-transport-type", "unsupported transport type: pipe")],
    ),
]  # fmt: skip

_REMOTE_URL: Final = "remotes[0].url"


def _invalid_remote(url: str) -> tuple[str, str, str]:
    return (_REMOTE_URL, "invalid-remote-url", f"invalid remote URL: {url}")


REMOTES: Final[list[Row]] = [
    *(
        (
            with_remote(type=kind),
            [
                (
                    "remotes[0].type",
                    "unsupported-remote-transport-type",
                    f"unsupported transport type for remotes: {kind} (only streamable-http and sse are supported)",
                )
            ],
        )
        for kind in ("stdio", "http", "")
    ),
    (
        with_remote(url=""),
        [
            (
                _REMOTE_URL,
                "remote-transport-url-required",
                "url is required for streamable-http transport type",
            ),
            (_REMOTE_URL, "invalid-templated-url", "invalid remote URL: "),
        ],
    ),
    *(
        (with_remote(url=url), [_invalid_remote(url)])
        for url in (
            "http://acme.example/mcp",
            "https://localhost/mcp",
            "https://localhost:8443/mcp",
            "https://127.0.0.1/mcp",
            "https://mcp.localhost/",
        )
    ),
    *(
        (
            with_remote(url=url),
            [_invalid_remote(url), (_REMOTE_URL, "invalid-templated-url", f"invalid remote URL: {url}")],
        )
        for url in ("mcp", "https://", "https://a b/", "https://acme.example:x/", "ftp://acme.example/", "{tenant}/mcp")
    ),
    (
        with_remote(url="https://{host}.acme.example/{tenant}"),
        [
            (
                _REMOTE_URL,
                "invalid-templated-url",
                "invalid remote URL: template variables in URL https://{host}.acme.example/{tenant} reference"
                " undefined variables. Available variables: [tenant]",
            )
        ],
    ),
    (with_remote(url="https://{tenant}.acme.example:{tenant}/{tenant}"), []),
    (with_remote(url="https://acme.example/", variables={"unused": {}}), []),
    (with_remote(url="https://10.0.0.1/mcp"), []),
    (with_remote(url="https://[::1]/mcp"), []),
    (
        with_remote(url="{scheme}://acme.example/", variables={"scheme": {}}),
        [_invalid_remote("{scheme}://acme.example/")],
    ),
]  # fmt: skip

TABLE: Final = NAMES + VERSIONS + REPOSITORIES + PRESENTATION + PACKAGES + TRANSPORTS + REMOTES


class TestSemanticRules:
    @pytest.mark.parametrize(("document", "expected"), TABLE)
    def test_each_row_of_the_table(self, document: Manifest, expected: list[tuple[str, str, str]]) -> None:
        """
        Each rule names its path and its reference, and says what the public registry says.
        """
        found = [issue for issue in issues_of(document) if issue.type is IssueType.SEMANTIC]

        assert [(issue.path, issue.reference) for issue in found] == [row[:2] for row in expected]
        assert all(issue.message.startswith(row[2]) for issue, row in zip(found, expected, strict=True))
        assert {issue.severity for issue in found} <= {Severity.ERROR}

    @pytest.mark.parametrize("profile", Profile)
    def test_a_manifest_beyond_reproach_has_no_issue(self, profile: Profile) -> None:
        """
        What keeps every rule gets no issue of any kind, under either profile.
        """
        assert issues_of(manifest(), profile) == []

    def test_issues_stand_in_the_order_of_the_document(self) -> None:
        """
        A document that breaks many rules gets all of them, in the order the rules are listed.
        """
        document = with_package(identifier="a b", version="latest", transport={"type": "pipe"})
        document.update(name="x", version="latest", websiteUrl="http://acme.example", title=" ")
        document["remotes"][0]["url"] = "http://acme.example"

        found = [issue.path for issue in issues_of(document) if issue.type is IssueType.SEMANTIC]

        assert found == [
            "name",
            "version",
            "websiteUrl",
            "title",
            "packages[0].identifier",
            "packages[0].version",
            "packages[0].transport.type",
            "remotes[0].url",
        ]
