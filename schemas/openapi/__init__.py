"""The description of what we serve, as OpenAPI 3.1.

Its parts are written by hand and name each path once, without its prefix; `document` spells it out for every prefix,
because clients generate from whole paths.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml

_PARTS = ("registry.yaml", "governance.yaml", "webhooks.yaml")
_BOTH = frozenset({"/health", "/ping", "/version"})


def document(prefixes: Sequence[str]) -> dict[str, Any]:  # Any: an OpenAPI document has no narrower type
    """The whole document; every operation of the registry API under each of *prefixes*, its id ending with it."""
    described = _described()
    paths: dict[str, Any] = {}
    for path, operations in described["paths"].items():
        unprefixed = path == "/metrics" or path.startswith("/v1/")
        if unprefixed or path in _BOTH:
            paths[path] = operations
        if not unprefixed:
            for prefix in prefixes:
                paths[prefix + path] = _renamed(operations, prefix.lstrip("/"))
    return described | {"paths": paths}


def as_yaml(described: dict[str, Any]) -> str:
    """*described* as YAML, members in their order."""
    text: str = yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100)
    return text


def _described() -> dict[str, Any]:
    """The parts as one document, each name once."""
    whole, *others = [yaml.safe_load(files(__package__).joinpath(part).read_text("utf-8")) for part in _PARTS]
    described: dict[str, Any] = whole
    for part in others:
        described["tags"] += part["tags"]
        _add(described["paths"], part["paths"])
        for kind, components in part["components"].items():
            _add(described["components"][kind], components)
    return described


def _add(members: dict[str, Any], more: dict[str, Any]) -> None:
    twice = members.keys() & more.keys()
    if twice:
        raise ValueError(f"described twice: {sorted(twice)}")
    members.update(more)


def _renamed(operations: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {
        method: operation | {"operationId": f"{operation['operationId']}-{suffix}"}
        if "operationId" in operation
        else operation
        for method, operation in operations.items()
    }
