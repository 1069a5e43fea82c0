"""The description of what we serve, as OpenAPI 3.1.

What is written by hand in `_PARTS` names each path once, without its prefix; `document` spells it out for every prefix,
because clients generate from whole paths. An operation that is also there below the address of a team (`teams`) or a
capability (`t`) says so in `x-below`.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

_PARTS = ("registry.yaml", "governance.yaml", "webhooks.yaml", "capabilities.yaml", "issuers.yaml", "record.yaml")
_BOTH = frozenset({"/health", "/ping", "/version"})
_MARK = "x-below"


class _Address(NamedTuple):
    """What stands before a prefix. `suffix`: of the ids of operations there; `security`: what they take."""

    before: str
    parameter: str
    suffix: str
    security: list[dict[str, list[str]]]


_BELOW = {
    "teams": _Address("/teams/{team}", "team", "of-team", [{"token": []}]),
    "t": _Address("/t/{capability}", "capability", "by-capability", []),
}


def document(prefixes: Sequence[str]) -> dict[str, Any]:  # Any: an OpenAPI document has no narrower type
    """The whole document; every operation of the registry API under each of *prefixes*, its id ending with it."""
    described = _described()
    paths: dict[str, Any] = {}
    for path, operations in described["paths"].items():
        plain = {method: _without_mark(operation) for method, operation in operations.items()}
        unprefixed = path == "/metrics" or path.startswith(("/v1/", "/.well-known/"))
        if unprefixed or path in _BOTH:
            paths[path] = plain
        if not unprefixed:
            for prefix in prefixes:
                paths[prefix + path] = _renamed(plain, prefix.lstrip("/"))
                for name, address in _BELOW.items():
                    there = {
                        method: _below(plain[method], address)
                        for method, operation in operations.items()
                        if name in operation.get(_MARK, ())
                    }
                    if there:
                        paths[address.before + prefix + path] = _renamed(there, prefix.lstrip("/"))
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


def _without_mark(operation: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in operation.items() if member != _MARK}


def _below(operation: dict[str, Any], address: _Address) -> dict[str, Any]:
    """*operation* as it is at that address."""
    parameter = {"$ref": f"#/components/parameters/{address.parameter}"}
    return operation | {
        "operationId": f"{operation['operationId']}-{address.suffix}",
        "security": address.security,
        "parameters": [parameter, *operation.get("parameters", [])],
    }


def _renamed(operations: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {
        method: operation | {"operationId": f"{operation['operationId']}-{suffix}"}
        if "operationId" in operation
        else operation
        for method, operation in operations.items()
    }
