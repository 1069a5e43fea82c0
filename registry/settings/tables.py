"""Decodes the tables of the configuration file into `registry.settings`, collecting every problem.

Each value is decoded on its own, so that one mistake does not hide the next; a table whose optional values
are wrong is still made, without them, so that the rules between values can be checked too. Such settings
are never used: any problem at all refuses the whole configuration. A value is never repeated in a message
where it may be a secret.
"""

import enum
import json
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields

from registry.settings import Settings, UpstreamSettings
from registry.settings.oidc import IssuerSettings
from registry.settings.positions import Path, Positions
from registry.settings.problem import ConfigProblem, did_you_mean
from registry.settings.rules import (
    UpstreamRules,
    check_auth,
    check_issuers,
    check_secret,
    check_validation,
    check_verify,
    check_webhooks,
)
from registry.settings.secret import SecretRef
from registry.settings.validation import ValidationSettings
from registry.settings.verify import VerifySettings
from registry.settings.webhooks import WebhookSettings

_S = TypeVar("_S", bound=Struct)
_MAX_SHOWN: Final = 60
_NEVER_SHOWN: Final = frozenset(
    {"token", "secret", "env", "file", "url", "public_url", "signing_key", "signing_keys", "verify"}
)
REPEATED: Final[Mapping[str, type[Struct]]] = {
    "upstream": UpstreamSettings,
    "oidc": IssuerSettings,
    "webhook": WebhookSettings,
}
"""Tables that are written with two brackets, as often as wanted, each with a name of its own."""
_KINDS: Final = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", list: "an array"}


class Reading:
    """One pass over one decoded document; the problems gather in `problems`, in no particular order."""

    def __init__(self, file: str, positions: Positions, origins: Mapping[Path, str]) -> None:
        """*origins* names the environment variable of every path that one has set."""
        self.problems: list[ConfigProblem] = []
        self._file = file
        self._positions = positions
        self._origins = origins

    def settings(self, document: Mapping[str, object]) -> Settings:
        """The settings in *document*; only to be used when `problems` is empty afterwards."""
        known = {field.encode_name: field for field in fields(Settings)}
        tables: dict[str, object] = {}
        issuers: list[tuple[int, IssuerSettings]] = []
        for key, value in document.items():
            if key not in known:
                message = f"unknown table or key {json.dumps(key)}{did_you_mean(key, known)}"
                self._report((key,), f"one of {', '.join(sorted(known))}", message)
            elif key == "upstream":
                tables["upstreams"] = self._upstreams(value, _claims(document))
            elif key == "oidc":
                issuers = [(index, issuer) for index, issuer, _ in self._repeated(key, value, IssuerSettings)]
                tables["issuers"] = tuple(issuer for _, issuer in issuers)
            elif key == "webhook":
                tables["webhooks"] = self._webhooks(value)
            elif isinstance(value, dict):
                table: Struct | None = self._table(known[key].type, value, (key,), f"[{key}]")
                tables[known[key].name] = table
                if isinstance(table, VerifySettings):
                    check_verify(self._report, table)
                if isinstance(table, ValidationSettings):
                    check_validation(self._report, table)
            else:
                self._report((key,), f"a table [{key}]", f"expected one table [{key}], got {_kind(value)}")
        settings = _make(Settings, {name: table for name, table in tables.items() if table is not None})
        check_auth(self._report, settings.auth, settings.server)
        check_issuers(self._report, issuers, settings.server)
        return settings

    def _upstreams(self, value: object, private_claims: Iterable[str]) -> tuple[UpstreamSettings, ...]:
        rules = UpstreamRules(self._report, private_claims=private_claims)
        if isinstance(value, list):
            value = [
                {"precedence": (index + 1) * 10, **table} if isinstance(table, dict) else table
                for index, table in enumerate(value)
            ]
        decoded = []
        for index, upstream, keys in self._repeated("upstream", value, UpstreamSettings):
            decoded.append(upstream)
            rules.check(index, upstream, keys)
        return tuple(decoded)

    def _webhooks(self, value: object) -> tuple[WebhookSettings, ...]:
        decoded = self._repeated("webhook", value, WebhookSettings)
        check_webhooks(self._report, {index: webhook for index, webhook, _ in decoded})
        return tuple(webhook for _, webhook, _ in decoded)

    def _repeated(self, key: str, value: object, cls: type[_S]) -> list[tuple[int, _S, frozenset[str]]]:
        """Each table of `[[key]]` that can be made, with its place and the keys it sets."""
        expected = f"tables [[{key}]], with two brackets"
        if not isinstance(value, list):
            self._report((key,), expected, f"expected {expected}, got {_kind(value)}")
            return []
        decoded = []
        for index, table in enumerate(value):
            path: Path = (key, index)
            if not isinstance(table, dict):
                self._report(path, expected, f"expected {expected}, got {_kind(table)}")
                continue
            name = table.get("name")
            label = f"[[{key}]] {json.dumps(name)}" if isinstance(name, str) else f"[[{key}]]"
            made = self._table(cls, table, path, label)
            if made is not None:
                decoded.append((index, made, frozenset(table)))
        return decoded

    def _table(self, cls: type[_S], table: Mapping[str, object], path: Path, label: str) -> _S | None:
        """None where a value the struct cannot be made without is absent or wrong."""
        known = {field.encode_name: field for field in fields(cls)}
        values: dict[str, object] = {}
        for key, value in table.items():
            if key not in known:
                self._report_unknown((*path, key), key, label, cls)
                continue
            already = len(self.problems)
            decoded = self._value(known[key].type, value, (*path, key), f'"{key}" in {label}')
            if len(self.problems) == already:
                values[known[key].name] = decoded
        required = {field.encode_name: field.name for field in fields(cls) if field.required}
        for key in sorted(required.keys() - table.keys()):
            self._report(path, f'"{key}"', f'{label} needs "{key}"')
        return _make(cls, values) if values.keys() >= set(required.values()) else None

    def _value(self, declared: object, value: object, path: Path, label: str) -> object:
        base, meta = unwrap(declared)
        if get_origin(base) is tuple:
            if isinstance(value, list) and len(value) >= (meta.min_length or 0):
                element = get_args(base)[0]
                return tuple(self._value(element, one, (*path, at), label) for at, one in enumerate(value))
            self._mismatch(path, label, meta.description or "an array", value)
            return None
        if isinstance(base, type) and issubclass(base, Struct):
            return self._inline(base, value, path, label)
        try:
            return msgspec.convert(_parse(meta, value), declared, dec_hook=_already_parsed)
        except ValueError as error:
            hint = "" if isinstance(error, msgspec.ValidationError) else str(error)
            self._mismatch(path, label, _expected(base, meta), value, hint)
            return None

    def _inline(self, cls: type[Struct], value: object, path: Path, label: str) -> Struct | None:
        if not isinstance(value, dict):
            needed = ", ".join(f"{field.encode_name} = …" for field in fields(cls) if field.required)
            choice = [needed] if needed else [f"{field.encode_name} = …" for field in fields(cls)]
            self._mismatch(path, label, " or ".join(f"{{ {keys} }}" for keys in choice), value)
            return None
        already = len(self.problems)
        table = self._table(cls, value, path, label)
        if isinstance(table, SecretRef) and len(self.problems) == already:
            check_secret(self._report, path, label, table)
        return table

    def _mismatch(self, path: Path, label: str, expected: str, value: object, hint: str = "") -> None:
        got = _kind(value) if _NEVER_SHOWN.intersection(path) else _shown(value)
        message = f"{label}: expected {expected}, got {got}"
        self._report(path, expected, f"{message} ({hint})" if hint else message)

    def _report_unknown(self, path: Path, key: str, label: str, cls: type[Struct]) -> None:
        known = [field.encode_name for field in fields(cls)]
        homes = [home for home, keys in _keys_by_table().items() if key in keys]
        elsewhere = f"; it belongs in {homes[0]}" if homes else ""
        hint = did_you_mean(key, known) or elsewhere
        self._report(path, f"one of {', '.join(known)}", f"unknown key {json.dumps(key)} in {label}{hint}")

    def _report(self, path: Path, expected: str, message: str) -> None:
        prefixes = (path[:length] for length in range(len(path), 0, -1))
        variable = next((self._origins[prefix] for prefix in prefixes if prefix in self._origins), None)
        self.problems.append(
            ConfigProblem(
                source=variable or self._file,
                line=None if variable else self._positions.line(path),
                key=_dotted(path),
                expected=expected,
                message=message,
            )
        )


def _claims(document: Mapping[str, object]) -> list[str]:
    """What `[publish]` claims, as far as it can be read; what is wrong with it is reported with its table."""
    publish = document.get("publish")
    claims = publish.get("claims") if isinstance(publish, dict) else None
    return [claim for claim in claims if isinstance(claim, str)] if isinstance(claims, list) else []


def unwrap(declared: object) -> tuple[object, Meta]:
    """The plain type behind a field's declared one, without None, and the rules declared with it."""
    if get_origin(declared) in (Union, types.UnionType):
        declared = next(member for member in get_args(declared) if member is not type(None))
    if get_origin(declared) is Annotated:
        base, meta = get_args(declared)[:2]
        return base, meta
    return declared, Meta()


def _keys_by_table() -> dict[str, set[str]]:
    structs = {f"[{table.encode_name}]": table.type for table in fields(Settings) if table.encode_name not in REPEATED}
    structs |= {f"[[{key}]]": cls for key, cls in REPEATED.items()}
    return {label: {field.encode_name for field in fields(cls)} for label, cls in structs.items()}


def _parse(meta: Meta, value: object) -> object:
    parser: Callable[[object], object] | None = (meta.extra or {}).get("parse")
    return value if parser is None else parser(value)


def _already_parsed(_type: type, value: object) -> object:
    return value


def _make(cls: type[_S], values: Mapping[str, object]) -> _S:
    return cls(**values)


def _expected(base: object, meta: Meta) -> str:
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return " or ".join(f'"{member.value}"' for member in base)
    return meta.description or str(base)


def _expected_table(cls: type[Struct]) -> str:
    if cls is not SecretRef:
        return "a table"
    return " or ".join(f"{{ {field.name} = … }}" for field in fields(cls))


def _shown(value: object) -> str:
    if isinstance(value, bool | int | float | str) and len(shown := json.dumps(value)) <= _MAX_SHOWN:
        return shown
    return _kind(value)


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if value == []:
        return "an empty array"
    return _KINDS.get(type(value), "a date or time")


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
