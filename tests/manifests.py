"""Manifests for tests: one that is beyond reproach, and the same with changes."""

import copy
import json
from random import Random
from typing import Any, Final

from schemas.validation.engine import validate
from schemas.validation.issue import Issue, Profile
from schemas.validation.versions import CURRENT_URL

Manifest = dict[str, Any]  # Tests break every part of it.

_BEYOND_REPROACH: Final[Manifest] = {
    "$schema": CURRENT_URL,
    "name": "com.acme/payroll",
    "title": "Payroll",
    "description": "Pay slips and tax statements.",
    "version": "1.4.2",
    "websiteUrl": "https://acme.example/payroll",
    "icons": [{"src": "https://acme.example/payroll.png", "mimeType": "image/png", "sizes": ["48x48"]}],
    "packages": [
        {
            "registryType": "npm",
            "identifier": "@acme/payroll",
            "version": "1.4.2",
            "transport": {"type": "stdio"},
            "runtimeArguments": [{"type": "named", "name": "--region", "value": "eu"}],
            "packageArguments": [{"type": "positional", "valueHint": "ledger"}],
            "environmentVariables": [{"name": "PAYROLL_TOKEN", "isSecret": True, "isRequired": True}],
        }
    ],
    "remotes": [
        {
            "type": "streamable-http",
            "url": "https://mcp.acme.example/{tenant}/payroll",
            "variables": {"tenant": {"description": "Who asks."}},
            "headers": [
                {"name": "Authorization", "value": "Bearer {token}", "variables": {"token": {"isSecret": True}}}
            ],
        }
    ],
    "_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"tool": "acme-release"}},
}


def manifest(**changes: object) -> Manifest:
    """A manifest beyond reproach, but for *changes*; `schema` is `$schema`."""
    document = copy.deepcopy(_BEYOND_REPROACH)
    for member, value in changes.items():
        document["$schema" if member == "schema" else member] = value
    return document


def with_package(**changes: object) -> Manifest:
    """The manifest whose only package has *changes*."""
    document = manifest()
    document["packages"][0].update(changes)
    return document


def with_remote(**changes: object) -> Manifest:
    """The manifest whose only remote has *changes*."""
    document = manifest()
    document["remotes"][0].update(changes)
    return document


def with_argument(**argument: object) -> Manifest:
    """The manifest whose package has that one argument."""
    return with_package(packageArguments=[argument])


def without(document: Manifest, member: str) -> Manifest:
    """*document* with its *member* taken away."""
    return {name: value for name, value in document.items() if name != member}


def issues_of(document: Manifest, profile: Profile = Profile.PRIVATE) -> list[Issue]:
    """What the engine says of *document*."""
    return validate(json.dumps(document).encode(), profile=profile)


_ODD_VALUES: Final[tuple[object, ...]] = (
    None, True, False, 0, -1.5, "", " ", "a", "latest", "x" * 101, "x" * 256, "ä/ö", "a/b/c", "-", "1.x", "\n",
    "com.acme/payroll\n", "https://acme.example/a", "http://[::1", "{base}/mcp", "relative", "a:b", "stdio", "sse",
    "streamable-http", "positional", "named", "npm", "0" * 64, "48x48", "４8x48", "any", "dark", "integer", "filepath",
    "deleted", [], {}, [None], [{}], [""], {"a": {}}, {"a": 1}, {"type": "stdio"}, {"type": "sse"},
    {"type": "sse", "url": "https://acme.example/mcp"}, {"type": "streamable-http", "url": "mcp"},
    {"type": "positional"}, {"type": "named", "name": "--a"}, {"url": "https://acme.example/r", "source": "github"},
)  # fmt: skip
_ODD_NAMES: Final = (
    "name", "type", "url", "value", "valueHint", "isSecret", "variables", "format", "choices", "headers", "version",
    "title", "icons", "status", "registry_type", "website_url", "value_hint", "unknown", "transport", "sizes",
)  # fmt: skip


def mutated(document: Manifest, random: Random) -> Manifest:
    """*document* with one to three changes at places of *random*'s choice: dropped, replaced, added, doubled, moved."""
    changed = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        container, key = random.choice(_places(changed))
        match random.randrange(6):
            case 0:
                del container[key]
            case 1 | 2:
                container[key] = copy.deepcopy(random.choice(_ODD_VALUES))
            case 3 if isinstance(container, dict):
                container[random.choice(_ODD_NAMES)] = copy.deepcopy(random.choice(_ODD_VALUES))
            case 4 if isinstance(container, dict):
                container[random.choice(_ODD_NAMES)] = container.pop(key)
            case _ if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
            case _:
                container[key] = [copy.deepcopy(container[key])]
        if not _places(changed):
            break
    return changed


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every place in *value*, as its container and its key there."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found.append((value, key))
            found += _places(inner)
    return found
