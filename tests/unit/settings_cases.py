"""Values of the configuration file, right and wrong, for every key: what `test_settings_schema` feeds to both sides."""

from collections.abc import Sequence

from schemas.validation.advice import RULES

_SLUGS = (["everyone", "a", "0-", "a" * 40], ["", "-a", "A", "a_b", "a" * 41, "a b", 7, True, []])
_DURATIONS = (
    ["1s", "90s", "15m", "24h", "7d", "007d", "99999d", 1, 3600, 8_639_913_600],
    ["", "0s", "1", "h", "1 h", "1.5h", "-1s", "1w", "100000d", "1h30m", "٣h", 0, -1, 8_639_913_601, 1.5, True],
)
_URLS = (
    ["http://a", "https://a.example:443/x/y/", "http://[::1]:8080", "https://a.example/p@q"],
    [
        "",
        "a.example",
        "ftp://a",
        "https://u@a",
        "https://u:p@a",
        "http://a?q",
        "http://a/#f",
        "http://a b",
        "http://",
        1,
    ],
)
_GLOBS = (
    [[], ["io.github.*/*"], ["a/b", "?.x/y_?"]],
    ["a/b", ["a"], ["a/b/c"], ["*"], [""], ["a b/c"], ["[ab]/c"], ["a_b/c"], [1], [["a/b"]]],
)
_SIZES = ([1024, 2_147_483_648], [0, 1023, 2_147_483_649, "1 MiB", 2048.5, True])
_PATHS = (["x", "../x.db", "/a b/ü"], ["", "a\0b", 1, False, ["x"]])

_CLAIMS = (
    [[], ["com.acme"], ["com.acme.*", "x", "io.github.Some-One"]],
    ["com.acme", ["*"], ["com.*.x"], ["com.acme/x"], ["com.acme."], [".x"], ["com..x"], ["a_b"], [""], [1]],
)
_FLAGS = ([True, False], ["true", 1, 0, []])
_COUNTS = ([1, 64], [0, -1, 1.5, "1", True, []])
_NO_TABLES: tuple[object, ...] = (True, "on", 1, [], [{}])
_HOSTS = (
    [[], ["a"], ["a.example:8443", "[::1]", "[::1]:80"]],
    ["a", [""], ["*"], ["*.example"], ["http://a"], ["a/"], ["a:x"], [1], ["a", "b c"]],
)
_INDEXES: tuple[list[object], list[object]] = (
    [
        {"url": "https://a.example/npm/"},
        {"url": "http://a", "bases": [], "allow_private": True},
        {"url": "https://a", "bases": ["https://b", "https://c/x"], "token": {"env": "A"}},
        {"url": "https://a", "token": {"file": "x"}},
    ],
    [
        {},
        {"bases": ["https://b"]},
        {"url": "a"},
        {"url": "https://a", "bases": "https://b"},
        {"url": "https://a", "bases": ["b"]},
        {"url": "https://a", "allow_private": 1},
        {"url": "https://a", "token": "s"},
        {"url": "https://a", "token": {}},
        {"url": "https://a", "token": {"env": "A", "file": "x"}},
        {"url": "https://a", "x": 1},
        [{"url": "https://a"}],
        "https://a",
        True,
    ],
)

_ISSUERS = (
    ["https://id.acme.example/", "http://127.0.0.1:1/a"],
    ["", "a", "https://a.example?x", "https://u@a", 1],
)
_STAFF: dict[str, object] = {"claims": {"groups": ["a", 1, True], "d": "x", "n": 1, "b": False, "e": []}}

_RULE_LISTS = (
    [[], ["unpinned-version"], ["plain-http", "xcode-decoder"], list(RULES)],
    ["plain-http", ["unpined-version"], ["json-schema"], ["reserved-version-string"], [""], [1], [["plain-http"]], {}],
)

CASES: dict[tuple[str, str], tuple[Sequence[object], Sequence[object]]] = {
    ("[server]", "listen"): (
        ["127.0.0.1:8080", "[::1]:0", "reg.example:65535", "localhost:1"],
        ["", ":8080", "8080", "a", "a:", "a:65536", "a:08", "a b:1", "[::1]", "::1:80", "a:1:2", 8080, True],
    ),
    ("[server]", "public_url"): _URLS,
    ("[server]", "allowed_hosts"): (
        [["a"], ["a.example:8443", "[::1]", "[::1]:80"]],
        [[], "a", [""], ["*"], ["*.example"], ["http://a"], ["a/"], ["a:x"], [1], ["a", "b c"]],
    ),
    ("[server]", "trusted_proxies"): (
        [[], ["10.0.0.0/8"], ["192.0.2.1", "fd00::/8", "::/0", "0.0.0.0/0", "2001:db8::1/128"]],
        ["10.0.0.0/8", ["10.0.0.0/33"], ["10.0.0/8"], ["256.0.0.0/8"], ["proxy"], [""], ["fd00::/129"], [10]],
    ),
    ("[server]", "workers"): _COUNTS,
    ("[store]", "path"): _PATHS,
    ("[anonymous]", "team"): _SLUGS,
    ("[[upstream]]", "name"): (_SLUGS[0], [*_SLUGS[1], "private"]),
    ("[[upstream]]", "kind"): (["http"], ["file", "HTTP", "", "stdio", 1]),
    ("[[upstream]]", "url"): _URLS,
    ("[[upstream]]", "path"): ([], ["x", 1]),
    ("[[upstream]]", "precedence"): ([0, 10, 1_000_000], [-1, 1_000_001, 1.5, "1", False]),
    ("[[upstream]]", "claims"): _CLAIMS,
    ("[[upstream]]", "include"): _GLOBS,
    ("[[upstream]]", "exclude"): _GLOBS,
    ("[[upstream]]", "interval"): _DURATIONS,
    ("[[upstream]]", "reconcile_interval"): _DURATIONS,
    ("[[upstream]]", "run_deadline"): _DURATIONS,
    ("[[upstream]]", "max_rate"): ([0.01, 2, 1000], [0, -1, 1000.5, "2", True]),
    ("[[upstream]]", "max_shrink_share"): ([0, 0.2, 1], [-0.1, 1.1, "0.2", True]),
    ("[[upstream]]", "page_limit"): ([1, 100], [0, 101, 1.5, "30", True]),
    ("[[upstream]]", "max_page_bytes"): _SIZES,
    ("[[upstream]]", "max_entry_bytes"): _SIZES,
    ("[[upstream]]", "allow_private"): _FLAGS,
    ("[[upstream]]", "cool_off"): ([*_DURATIONS[0], 0], [each for each in _DURATIONS[1] if each != 0]),
    ("[[upstream]]", "token"): (
        [{"env": "A_1"}, {"env": "_a"}, {"file": "x"}],
        [{}, {"env": "A", "file": "x"}, {"env": "1A"}, {"env": ""}, {"env": "A-B"}, {"file": ""}, {"x": 1}, "s", 1],
    ),
    ("[governance]", "file"): _PATHS,
    ("[governance]", "approvers"): ([1, 2], [0, 3, -1, 1.5, "1", True, []]),
    ("[governance]", "expiry_notice"): _DURATIONS,
    ("[publish]", "claims"): _CLAIMS,
    ("[publish]", "require_valid_schema"): _FLAGS,
    ("[publish]", "package_bases"): ([[], ["https://a.example/x"]], ["https://a", ["a"], ["ftp://a"], [1]]),
    ("[publish]", "oci_hosts"): _HOSTS,
    ("[publish]", "mcpb_hosts"): _HOSTS,
    ("[publish]", "principal_quota"): _COUNTS,
    ("[publish]", "source_quota"): _COUNTS,
    ("[verify]", "npm"): _INDEXES,
    ("[verify]", "pypi"): _INDEXES,
    ("[verify]", "nuget"): _INDEXES,
    ("[verify]", "cargo"): _INDEXES,
    ("[verify]", "oci"): (
        [
            [{"host": "docker.io", "url": "https://a"}],
            [
                {"host": "a:5000", "url": "http://a:5000", "allow_private": True, "token": {"env": "A"}},
                {"host": "[::1]", "url": "http://[::1]"},
            ],
        ],
        [
            [],
            {"host": "a", "url": "https://a"},
            [{"host": "a"}],
            [{"url": "https://a"}],
            [{"host": "https://a", "url": "https://a"}],
            [{"host": "a", "url": "a"}],
            [{"host": "a", "url": "https://a", "bases": []}],
            [{"host": "a", "url": "https://a", "token": {}}],
            ["a"],
            "a",
        ],
    ),
    ("[verify]", "mcpb"): (
        [{}, {"redirect_hosts": []}, {"redirect_hosts": ["a.example", "b:8443"], "allow_private": True}],
        [
            {"redirect_hosts": "a"},
            {"redirect_hosts": ["*.a"]},
            {"allow_private": "yes"},
            {"url": "https://a"},
            [],
            True,
        ],
    ),
    ("[auth]", "signing_keys"): (
        [[], [{"env": "A"}, {"file": "x"}]],
        [{"env": "A"}, ["a" * 64], [{}], [{"env": "A", "file": "x"}], [{"env": "1A"}], [{"x": "A"}], "a", 1],
    ),
    ("[auth]", "shared_hosts"): ([[], ["github.io", "a"]], ["github.io", [""], [".io"], ["a."], ["a_b"], ["*.a"], [1]]),
    ("[auth]", "dns"): ([{}], [{"x": 1}, {"allow_private": True}, *_NO_TABLES]),
    ("[auth]", "http"): ([{}, {"allow_private": True}], [{"x": 1}, {"allow_private": 1}, *_NO_TABLES]),
    ("[auth]", "github_at"): (
        [
            {},
            {"api_url": "https://git.acme.example/api/v3/", "client_id": "Iv1.0a", "namespace_prefix": "com.acme.git."},
            {"api_url": "http://127.0.0.1:1", "allow_private": True},
        ],
        [
            {"api_url": "ftp://a"},
            {"client_id": ""},
            {"client_id": "a b"},
            {"namespace_prefix": "io.github"},
            {"namespace_prefix": "."},
            {"namespace_prefix": ""},
            {"allow_private": "yes"},
            {"x": 1},
            *_NO_TABLES,
        ],
    ),
    ("[auth]", "github_oidc"): (
        [
            {},
            {"issuer": "https://git.acme.example/_services/token", "jwks_url": "https://git.acme.example/jwks"},
            {"namespace_prefix": "a.", "allow_legacy_audience": True, "allow_private": True},
        ],
        [{"issuer": "a"}, {"jwks_url": 1}, {"allow_legacy_audience": "mcp-registry"}, {"audience": "a"}, *_NO_TABLES],
    ),
    ("[auth]", "oidc"): (
        [
            {"issuer": "https://id.acme.example/"},
            {"issuer": "https://a.example", "client_id": "registry", "roles": ["publisher", "admin"]},
            {"issuer": "https://a.example", "namespaces": ["*", "com.acme/*", "com.acme.*", "com.acme/payroll"]},
            {
                "issuer": "https://a.example",
                "claims": {"groups": ["a", 1, True], "d": "x", "n": 1, "b": False, "e": []},
            },
        ],
        [
            {},
            {"issuer": "a"},
            {"issuer": "https://a.example?x"},
            {"issuer": "https://a.example", "roles": ["operator"]},
            {"issuer": "https://a.example", "roles": "admin"},
            {"issuer": "https://a.example", "namespaces": ["com.acme"]},
            {"issuer": "https://a.example", "namespaces": ["com.acme*"]},
            {"issuer": "https://a.example", "namespaces": ["**"]},
            {"issuer": "https://a.example", "claims": {"a": {"b": 1}}},
            {"issuer": "https://a.example", "claims": {"a": [["b"]]}},
            {"issuer": "https://a.example", "claims": {"a": 1.5}},
            {"issuer": "https://a.example", "claims": ["a"]},
            {"issuer": "https://a.example", "x": 1},
            *_NO_TABLES,
        ],
    ),
    ("[auth]", "none"): (
        [{}, {"allow_beyond_loopback": True}],
        [{"allow_beyond_loopback": 1}, {"x": 1}, *_NO_TABLES],
    ),
    ("[[oidc]]", "name"): (["acme", "0-a"], ["", "Acme", "a:b", "system", "local", "dns", "oidc", "a" * 41, 1]),
    ("[[oidc]]", "issuer"): _ISSUERS,
    ("[[oidc]]", "audience"): (["registry", "https://a.example/x"], ["", "a b", "a" * 256, ["a"], 1]),
    ("[[oidc]]", "algorithms"): (
        [["RS256"], ["PS256", "ES256", "ES384", "EdDSA"]],
        [[], ["none"], ["HS256"], ["rs256"], [""], [1], "RS256"],
    ),
    ("[[oidc]]", "jwks_url"): (["https://a.example/keys", "http://127.0.0.1:1/keys"], ["a", "ftp://a", 1]),
    ("[[oidc]]", "mapping"): (
        [
            [],
            [{"claims": {}}],
            [_STAFF, {**_STAFF, "teams": ["backend", "backend~prod"], "roles": ["approver", "auditor", "operator"]}],
            [{**_STAFF, "roles": ["publisher", "admin", "reader"], "namespaces": ["com.acme/*", "*"]}],
        ],
        [
            {},
            [{}],
            [{"teams": ["backend"]}],
            [{"claims": {"a": {"b": 1}}}],
            [{"claims": {"a": 1.5}}],
            [{"claims": ["a"]}],
            [{**_STAFF, "teams": ["Backend"]}],
            [{**_STAFF, "teams": ["backend~"]}],
            [{**_STAFF, "teams": "backend"}],
            [{**_STAFF, "roles": ["root"]}],
            [{**_STAFF, "roles": ["publisher"]}],
            [{**_STAFF, "roles": ["admin"], "namespaces": []}],
            [{**_STAFF, "namespaces": ["com.acme"]}],
            [{**_STAFF, "x": 1}],
            [1],
        ],
    ),
    ("[[oidc]]", "allow_private"): _FLAGS,
    ("[egress]", "nameservers"): (
        [[], ["127.0.0.1:5353", "10.0.0.53", "[::1]", "[fd00::1]:53"]],
        ["127.0.0.1", ["ns.example"], ["::1"], ["256.0.0.1"], ["10.0.0.1:x"], [""], ["10.0.0.1:65536"], [1]],
    ),
    ("[egress]", "ca_file"): _PATHS,
    ("[validation]", "errors"): _RULE_LISTS,
    ("[validation]", "warnings"): _RULE_LISTS,
    ("[validation]", "infos"): _RULE_LISTS,
    ("[retention]", "runs"): _DURATIONS,
    ("[retention]", "quarantine"): _DURATIONS,
    ("[retention]", "superseded_documents"): _DURATIONS,
    ("[retention]", "audit_payloads"): _DURATIONS,
    ("[retention]", "ended_tokens"): _DURATIONS,
    ("[audit]", "signing_key"): (
        [{"env": "A_1"}, {"file": "x"}],
        [{}, {"env": "A", "file": "x"}, {"env": "1A"}, {"env": ""}, {"file": ""}, {"x": 1}, "s", 1, []],
    ),
    ("[[webhook]]", "name"): _SLUGS,
    ("[[webhook]]", "url"): _URLS,
    ("[[webhook]]", "secret"): (
        [{"env": "A_1"}, {"file": "x"}],
        [{}, {"env": "A", "file": "x"}, {"env": "1A"}, {"env": ""}, {"file": ""}, {"x": 1}, "whsec_s", 1, []],
    ),
    ("[[webhook]]", "events"): (
        [[], ["requests"], ["decisions", "expiries", "drift", "sync"]],
        ["sync", ["*"], ["Sync"], [""], [1], {}],
    ),
    ("[[webhook]]", "teams"): (
        [[], ["backend"], ["backend~prod", "0-"]],
        ["backend", ["*"], ["backend~"], ["~prod"], ["a~b~c"], ["A"], [""], [1]],
    ),
    ("[[webhook]]", "allow_private"): _FLAGS,
}
