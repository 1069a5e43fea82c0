"""The JSON Schema of the configuration file and the structs say the same.

JSON has one kind of number: the schema takes `1.0` for a whole number, which the structs do not. The rules between
upstreams and the inside of IPv6 addresses are beyond the schema. Everything else agrees, value by value.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import FieldInfo, fields

from registry.settings import Settings, UpstreamSettings
from registry.settings.file import check_config, load_settings
from registry.settings.secret import SecretRef
from schemas.config import keys, markdown_table, schema

Case = tuple[str, str, object]

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
_HOSTS = (
    [[], ["a"], ["a.example:8443", "[::1]", "[::1]:80"]],
    ["a", [""], ["*"], ["*.example"], ["http://a"], ["a/"], ["a:x"], [1], ["a", "b c"]],
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
    ("[[upstream]]", "token"): (
        [{"env": "A_1"}, {"env": "_a"}, {"file": "x"}],
        [{}, {"env": "A", "file": "x"}, {"env": "1A"}, {"env": ""}, {"env": "A-B"}, {"file": ""}, {"x": 1}, "s", 1],
    ),
    ("[publish]", "claims"): _CLAIMS,
    ("[publish]", "require_valid_schema"): _FLAGS,
    ("[publish]", "package_bases"): ([[], ["https://a.example/x"]], ["https://a", ["a"], ["ftp://a"], [1]]),
    ("[publish]", "oci_hosts"): _HOSTS,
    ("[publish]", "mcpb_hosts"): _HOSTS,
    ("[publish]", "principal_quota"): _COUNTS,
    ("[publish]", "source_quota"): _COUNTS,
    ("[retention]", "runs"): _DURATIONS,
    ("[retention]", "quarantine"): _DURATIONS,
    ("[retention]", "superseded_documents"): _DURATIONS,
    ("[retention]", "audit_payloads"): _DURATIONS,
    ("[audit]", "signing_key"): (
        [{"env": "A_1"}, {"file": "x"}],
        [{"env": "1A"}, {"env": ""}, {"file": ""}, {"x": 1}, "s", 1, []],
    ),
}
VALID = [(table, key, value) for (table, key), (valid, _) in CASES.items() for value in valid]
INVALID = [(table, key, value) for (table, key), (_, invalid) in CASES.items() for value in invalid]
FILE_KIND: list[tuple[dict[str, object], bool]] = [
    ({"name": "a", "kind": "file", "path": "x"}, True),
    ({"name": "a", "kind": "file"}, False),
    ({"name": "a", "kind": "file", "url": "http://a"}, False),
    ({"name": "a", "kind": "file", "path": "x", "url": "http://a"}, False),
    ({"name": "a", "kind": "http"}, False),
    ({"kind": "http", "url": "http://a"}, False),
    ({"name": "a", "url": "http://a"}, False),
]


class TestSchema:
    def test_it_is_a_json_schema(self) -> None:
        """The meta-schema of the revision it names accepts it."""
        jsonschema.Draft202012Validator.check_schema(schema())

    def test_it_names_every_key_of_the_structs_and_no_other(self) -> None:
        """No key can be added to one of the two alone."""
        named = {(table, key) for table, key, _ in keys()}

        assert named == set(_struct_fields())

    def test_every_key_is_described_and_has_its_default(self) -> None:
        """What holds when a key is absent is written down, as a value or in words, and is true."""
        structs = _struct_fields()
        for table, key, described in keys():
            field = structs[table, key]
            said = {"default", "x-default"} & described.keys()

            assert described["description"].endswith("."), key
            assert len(said) == (0 if field.required else 1), key

    def test_the_defaults_it_states_are_the_structs(self, tmp_path: Path) -> None:
        """Writing every stated default into a file changes nothing."""
        minimal = {"name": "a", "kind": "http", "url": "http://a"}
        document: dict[str, dict[str, object]] = {"[[upstream]]": dict(minimal)}
        for table, key, described in keys():
            if "default" in described:
                document.setdefault(table, {})[key] = described["default"]

        stated = load_settings(_written(tmp_path, document), {})
        absent = load_settings(_written(tmp_path, {"[[upstream]]": minimal}), {})

        assert stated == absent

    def test_a_token_has_the_keys_of_a_secret_reference(self) -> None:
        """The one nested table agrees as well."""
        [token] = [described for _, key, described in keys() if key == "token"]

        assert set(token["properties"]) == {field.encode_name for field in fields(SecretRef)}
        assert all("description" in described for described in token["properties"].values())


class TestAgreement:
    def test_there_are_cases_for_every_key(self) -> None:
        """A new key brings its values, right and wrong."""
        assert set(CASES) == {(table, key) for table, key, _ in keys()}

    @pytest.mark.parametrize("case", VALID, ids=repr)
    def test_both_accept_what_is_right(self, tmp_path: Path, case: Case) -> None:
        """What an editor with the schema shows as right, loads."""
        assert _verdicts(tmp_path, _document(*case)) == (True, True)

    @pytest.mark.parametrize("case", INVALID, ids=repr)
    def test_both_refuse_what_is_wrong(self, tmp_path: Path, case: Case) -> None:
        """What does not load, an editor with the schema underlines."""
        assert _verdicts(tmp_path, _document(*case)) == (False, False)

    @pytest.mark.parametrize("table", [*sorted({table for table, _ in CASES}), "[x]"])
    def test_both_refuse_a_key_nobody_knows(self, tmp_path: Path, table: str) -> None:
        """An unknown key is a mistake in every table, and an unknown table is one too."""
        assert _verdicts(tmp_path, _document(table, "unheard_of", 1)) == (False, False)

    @pytest.mark.parametrize(("upstream", "right"), FILE_KIND)
    def test_both_ask_for_the_location_that_fits_the_kind(
        self, tmp_path: Path, upstream: dict[str, object], right: bool
    ) -> None:
        """A url for http, a path for file, never the other, and a name and a kind always."""
        assert _verdicts(tmp_path, {"[[upstream]]": upstream}) == (right, right)

    @pytest.mark.parametrize(
        ("table", "key", "in_array"),
        [
            ("[server]", "listen", False),
            ("[server]", "public_url", False),
            ("[server]", "allowed_hosts", True),
            ("[anonymous]", "team", False),
            ("[[upstream]]", "name", False),
            ("[[upstream]]", "claims", True),
            ("[[upstream]]", "include", True),
            ("[retention]", "runs", False),
        ],
    )
    @given(text=st.text("aZ09-._*?/:@# hsmd", max_size=12), start=st.sampled_from(["", "http://", "a:", "1"]))
    def test_both_judge_any_text_alike(
        self, tmp_path_factory: pytest.TempPathFactory, table: str, key: str, in_array: bool, text: str, start: str
    ) -> None:
        """The two spellings of a pattern are one pattern."""
        value = start + text

        by_schema, by_structs = _verdicts(
            tmp_path_factory.getbasetemp(), _document(table, key, [value] if in_array else value)
        )

        assert by_schema == by_structs


class TestMarkdownTable:
    def test_it_has_a_row_for_each_key_in_order(self) -> None:
        """The README's table misses nothing."""
        header, rule, *rows = markdown_table().splitlines()

        assert header == "| Key | Default | Meaning |"
        assert rule == "| --- | --- | --- |"
        assert [row.split(" | ")[0] for row in rows] == [f"| `{table}` `{key}`" for table, key, _ in keys()]

    def test_a_default_is_written_as_in_the_file(self) -> None:
        """What stands in the table can be copied into the file."""
        table = markdown_table()

        assert '| `[store]` `path` | `"var/registry.db"` |' in table
        assert "| `[[upstream]]` `allow_private` | `false` |" in table
        assert "| `[[upstream]]` `name` | required |" in table


def _struct_fields() -> dict[tuple[str, str], FieldInfo]:
    found: dict[tuple[str, str], FieldInfo] = {}
    for table in fields(Settings):
        repeated = table.name == "upstreams"
        header = f"[[{table.encode_name}]]" if repeated else f"[{table.encode_name}]"
        for field in fields(UpstreamSettings if repeated else table.type):
            found[header, field.encode_name] = field
    return found


def _document(table: str, key: str, value: object) -> dict[str, dict[str, object]]:
    """A document that is right but for what *value* makes of it."""
    upstream: dict[str, object] = {"name": "a", "kind": "http", "url": "http://a"}
    return {"[[upstream]]": {**upstream, key: value}} if table == "[[upstream]]" else {table: {key: value}}


def _verdicts(directory: Path, document: Mapping[str, Mapping[str, object]]) -> tuple[bool, bool]:
    """Whether the schema accepts it, and whether the structs do."""
    instance: dict[str, object] = {
        header.strip("[]"): [content] if header.startswith("[[") else content for header, content in document.items()
    }
    by_schema = jsonschema.Draft202012Validator(schema()).is_valid(instance)
    return by_schema, not check_config(_written(directory, document), {})


def _written(directory: Path, document: Mapping[str, Mapping[str, object]]) -> Path:
    text = ""
    for header, content in document.items():
        text += f"{header}\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in content.items())
    path = directory / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
