"""Environment variables that override the configuration file: `MCP_REGISTRY_<TABLE>__<KEY>`.

The value of a text key is taken as it stands, of any other key it is read as TOML. The variables that can
exist are listed from the structs and the file's upstreams and webhooks, never guessed from a variable's name, so that a
misspelt one is an error and not a setting that silently does nothing. The official registry reads the same
prefix; its names are refused with what to do here instead.
"""

import os
import tomllib
from collections.abc import Mapping
from typing import Final

from msgspec.structs import FieldInfo, fields

from registry.settings import Settings
from registry.settings.positions import Path
from registry.settings.problem import ConfigProblem, did_you_mean
from registry.settings.tables import REPEATED, unwrap

PREFIX: Final = "MCP_REGISTRY_"
COMMAND_LINE_VARIABLES: Final = frozenset({f"{PREFIX}{name}" for name in ("TOKEN", "CONFIG", "SERVER")})
"""Read by the command line itself: its token, and what --config and --server default to."""

_NO_COUNTERPART: Final = "it has no counterpart here; remove it"
# reference §6.3, "Config env".
_OFFICIAL_HINTS: Final = {
    "SERVER_ADDRESS": f"use {PREFIX}SERVER__LISTEN or [server] listen",
    "DATABASE_URL": f"the store is one file: use {PREFIX}STORE__PATH or [store] path",
    "SEED_FROM": "declare an [[upstream]] with a url or a path",
    "VERSION": "the version is the release's own; remove it",
    "ENABLE_ANONYMOUS_AUTH": "who may publish without credentials is [auth.none]; who may read, [anonymous] team",
    "ENABLE_REGISTRY_VALIDATION": "name the indexes to ask in [verify]; what is not named there is not verified",
    "GITHUB_CLIENT_ID": "use client_id in [auth.github_at]",
    "GITHUB_CLIENT_SECRET": _NO_COUNTERPART,
    "GITHUB_OIDC_AUDIENCE": "declare [auth.github_oidc]; the audience is [server] public_url",
    "JWT_PRIVATE_KEY": f'name it as a key, signing_keys = [{{ env = "{PREFIX}JWT_PRIVATE_KEY" }}] in [auth]',
    "OIDC_ENABLED": "declare [auth.oidc]",
    "OIDC_ISSUER": "use issuer in [auth.oidc]",
    "OIDC_CLIENT_ID": "use client_id in [auth.oidc]",
    "OIDC_EXTRA_CLAIMS": "use claims in [auth.oidc]",
    "OIDC_EDIT_PERMISSIONS": 'use roles = ["admin"] and namespaces in [auth.oidc]',
    "OIDC_PUBLISH_PERMISSIONS": 'use roles = ["publisher"] and namespaces in [auth.oidc]',
}


def override(document: dict[str, object], environ: Mapping[str, str]) -> tuple[dict[Path, str], list[ConfigProblem]]:
    """
    Write every override in *environ* into *document*, the decoded file, in place.

    Returns:
        Which variable each overridden path came from, and what was wrong with the variables.
    """
    targets = _targets(document)
    origins: dict[Path, str] = {}
    problems: list[ConfigProblem] = []
    for variable in sorted(name for name in environ if name in targets):
        path, target = targets[variable]
        try:
            value = _value(target, environ[variable])
        except ValueError:
            # The value is not repeated: what was meant as a reference to a secret may be the secret.
            expected = "a TOML value, such as 4, true or [\"a\", 'b']"
            message = f"cannot be read as a value; expected {expected}"
            problems.append(ConfigProblem(source=variable, key=variable, expected=expected, message=message))
            continue
        if _put(document, path, value):
            origins[path] = variable
    problems += _unknown(environ, known={*targets, *COMMAND_LINE_VARIABLES, *_secret_variables(document)})
    return origins, problems


def _targets(document: Mapping[str, object]) -> dict[str, tuple[Path, FieldInfo]]:
    targets: dict[str, tuple[Path, FieldInfo]] = {}
    for table in fields(Settings):
        if table.encode_name in REPEATED:
            continue
        for key in fields(table.type):
            variable = f"{PREFIX}{table.encode_name}__{key.encode_name}".upper()
            targets[variable] = ((table.encode_name, key.encode_name), key)
    for repeated, cls in REPEATED.items():
        for index, name in enumerate(_names(document, repeated)):
            for key in fields(cls):
                if name is not None and key.encode_name != "name":
                    variable = f"{PREFIX}{repeated}__{name.replace('-', '_')}__{key.encode_name}".upper()
                    targets[variable] = ((repeated, index, key.encode_name), key)
    return targets


def _names(document: Mapping[str, object], repeated: str) -> list[str | None]:
    tables = document.get(repeated)
    names = [
        table.get("name") if isinstance(table, dict) else None for table in (tables if isinstance(tables, list) else [])
    ]
    return [name if isinstance(name, str) else None for name in names]


def _secret_variables(document: Mapping[str, object]) -> set[str]:
    """The variables that references to secrets name, wherever in *document* one stands."""
    found: set[str] = set()
    level: list[object] = [document]
    while level:
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                if isinstance(each.get("env"), str):
                    found.add(each["env"])
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        level = inner
    return found


def _value(key: FieldInfo, text: str) -> object:
    base, meta = unwrap(key.type)
    if isinstance(base, type) and issubclass(base, str | os.PathLike):
        return text
    if base is float and meta.extra is not None and not text.isdecimal():
        return text  # a duration: the one number that may be written as text
    decoded = tomllib.loads(f"value = {text}")
    if set(decoded) != {"value"}:
        raise ValueError("more than one value")
    value: object = decoded["value"]
    return value


def _put(document: dict[str, object], path: Path, value: object) -> bool:
    """False where something on the way is no table; the file's own check reports that."""
    table: object = document
    for step in path[:-1]:
        if isinstance(step, int) and isinstance(table, list):
            table = table[step]
        elif isinstance(step, str) and isinstance(table, dict):
            table = table.setdefault(step, {})
    if not isinstance(table, dict):
        return False
    table[path[-1]] = value
    return True


def _unknown(environ: Mapping[str, str], *, known: set[str]) -> list[ConfigProblem]:
    problems: list[ConfigProblem] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and name not in known):
        name = variable.removeprefix(PREFIX)
        hint = _OFFICIAL_HINTS.get(name, _NO_COUNTERPART if name.startswith("OIDC_") else None)
        if hint is not None:
            message = f"is a setting of the official registry: {hint}"
        else:
            hint = f"{PREFIX}<TABLE>__<KEY>"
            near = did_you_mean(name, (word.removeprefix(PREFIX) for word in known), prefix=PREFIX)
            message = f"unknown variable{near or f'; expected {hint}'}"
        problems.append(ConfigProblem(source=variable, key=variable, expected=hint, message=message))
    return problems
