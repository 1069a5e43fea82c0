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
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from registry.settings import Settings
from registry.settings.file import check_config, load_settings
from registry.settings.oidc import MappingSettings
from registry.settings.secret import SecretRef
from registry.settings.tables import REPEATED
from registry.settings.verify import IndexSettings, McpbSettings, OciHostSettings
from schemas.config import Schema, keys, markdown_table, schema
from tests.unit.settings_cases import CASES

Case = tuple[str, str, object]

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
MINIMAL: Mapping[str, Mapping[str, object]] = {
    "[[upstream]]": {"name": "a", "kind": "http", "url": "http://a"},
    "[[oidc]]": {"name": "a", "issuer": "https://a.example"},
    "[[webhook]]": {"name": "a", "url": "http://a", "secret": {"env": "A"}},
}
"""What a table that is repeated needs to be one."""


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
        document: dict[str, dict[str, object]] = {header: dict(minimal) for header, minimal in MINIMAL.items()}
        for table, key, described in keys():
            if "default" in described:
                document.setdefault(table, {})[key] = described["default"]

        stated = load_settings(_written(tmp_path, document), {})
        absent = load_settings(_written(tmp_path, MINIMAL), {})

        assert stated == absent

    @pytest.mark.parametrize(
        ("path", "struct"),
        [
            (("upstream", "items", "token"), SecretRef),
            (("verify", "npm"), IndexSettings),
            (("verify", "npm", "token"), SecretRef),
            (("verify", "oci", "items"), OciHostSettings),
            (("verify", "oci", "items", "token"), SecretRef),
            (("verify", "mcpb"), McpbSettings),
            (("oidc", "items", "mapping", "items"), MappingSettings),
            (("webhook", "items", "secret"), SecretRef),
        ],
        ids=repr,
    )
    def test_a_nested_table_has_the_keys_of_its_struct(self, path: Sequence[str], struct: type[Struct]) -> None:
        """The tables within tables agree as well: their keys, and what holds when one is absent."""
        described = _nested(path)

        known = {field.encode_name: field for field in fields(struct)}
        assert set(described["properties"]) == set(known)
        assert set(described.get("required", ())) == {key for key, field in known.items() if field.required}
        assert all("description" in _resolved(inner) for inner in described["properties"].values())
        for key, inner in described["properties"].items():
            if "default" in inner:
                default = known[key].default
                assert inner["default"] == (list(default) if isinstance(default, tuple) else default)


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
            ("[[webhook]]", "url", False),
            ("[[webhook]]", "teams", True),
            ("[retention]", "runs", False),
            ("[auth]", "shared_hosts", True),
            ("[egress]", "nameservers", True),
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


def _nested(path: Sequence[str]) -> Schema:
    described = schema()
    for step in path:
        described = _resolved(described["items"] if step == "items" else described["properties"][step])
    return described


def _resolved(described: Schema) -> Schema:
    """The definition that it refers to, overlaid with what stands beside the reference."""
    if "$ref" not in described:
        return described
    definition: Schema = schema()["$defs"][described["$ref"].rpartition("/")[2]]
    return {**definition, **described}


def _struct_fields() -> dict[tuple[str, str], FieldInfo]:
    found: dict[tuple[str, str], FieldInfo] = {}
    for table in fields(Settings):
        repeated = REPEATED.get(table.encode_name)
        header = f"[{table.encode_name}]" if repeated is None else f"[[{table.encode_name}]]"
        for field in fields(table.type if repeated is None else repeated):
            found[header, field.encode_name] = field
    return found


def _document(table: str, key: str, value: object) -> dict[str, dict[str, object]]:
    """A document that is right but for what *value* makes of it."""
    return {table: {**MINIMAL.get(table, {}), key: value}}


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
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
