"""The types of the public registry's request body, as data: what `schemas.validation.body` checks (reference §1.5)."""

from typing import Final

import msgspec


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """
    A string.

    Attributes:
        shortest: Code points; likewise *longest*.
        pattern: Without anchors: the whole text must match.
        uri: Go must be able to parse it, which a relative or empty one passes.
    """

    shortest: int = 0
    longest: int | None = None
    pattern: str = ""
    uri: bool = False
    choices: tuple[str, ...] = ()


class Flag(msgspec.Struct, frozen=True):
    """A boolean."""


class Anything(msgspec.Struct, frozen=True):
    """An object with whatever the publisher put into it."""


class ListOf(msgspec.Struct, frozen=True):
    """An array."""

    each: "Shape"


class MapOf(msgspec.Struct, frozen=True):
    """An object whose member names the publisher chooses."""

    each: "Shape"


class Object(msgspec.Struct, frozen=True):
    """An object with these members and no others. `only`: what to say to somebody who has others there."""

    members: "dict[str, Shape]"
    required: frozenset[str] = frozenset()
    only: str = ""


Shape = Text | Flag | Anything | ListOf | MapOf | Object

_TEXT: Final = Text()
_URI: Final = Text(uri=True)
_INPUT_MEMBERS: Final[dict[str, Shape]] = {
    "description": _TEXT,
    "isRequired": Flag(),
    "format": Text(choices=("string", "number", "boolean", "filepath")),
    "value": _TEXT,
    "isSecret": Flag(),
    "default": _TEXT,
    "placeholder": _TEXT,
    "choices": ListOf(_TEXT),
}
_VARIABLES: Final = MapOf(Object(_INPUT_MEMBERS))
_KEY_VALUE: Final = Object({**_INPUT_MEMBERS, "variables": _VARIABLES, "name": _TEXT}, frozenset({"name"}))
_ARGUMENT: Final = Object(
    {
        **_INPUT_MEMBERS,
        "variables": _VARIABLES,
        "type": _TEXT,
        "name": _TEXT,
        "valueHint": _TEXT,
        "isRepeated": Flag(),
    },
    frozenset({"type"}),
)
_TRANSPORT: Final = Object(
    {"type": _TEXT, "url": _TEXT, "headers": ListOf(_KEY_VALUE), "variables": _VARIABLES}, frozenset({"type"})
)
_REPOSITORY: Final = Object({"url": _URI, "source": _TEXT, "id": _TEXT, "subfolder": _TEXT})
_ICON: Final = Object(
    {
        "src": Text(uri=True, longest=255),
        "mimeType": Text(choices=("image/png", "image/jpeg", "image/jpg", "image/svg+xml", "image/webp")),
        "sizes": ListOf(_TEXT),
        "theme": Text(choices=("light", "dark")),
    },
    frozenset({"src"}),
)
_PACKAGE: Final = Object(
    {
        "registryType": Text(shortest=1),
        "registryBaseUrl": _URI,
        "identifier": Text(shortest=1),
        "version": Text(shortest=1),
        "fileSha256": Text(pattern="[a-f0-9]{64}"),
        "runtimeHint": _TEXT,
        "transport": _TRANSPORT,
        "runtimeArguments": ListOf(_ARGUMENT),
        "packageArguments": ListOf(_ARGUMENT),
        "environmentVariables": ListOf(_KEY_VALUE),
    },
    frozenset({"registryType", "identifier", "transport"}),
)

SERVER: Final = Object(
    {
        "$schema": Text(shortest=1, uri=True),
        "name": Text(shortest=3, longest=200, pattern="[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+"),
        "description": Text(shortest=1, longest=100),
        "title": Text(shortest=1, longest=100),
        "repository": _REPOSITORY,
        "version": _TEXT,
        "websiteUrl": _URI,
        "icons": ListOf(_ICON),
        "packages": ListOf(_PACKAGE),
        "remotes": ListOf(_TRANSPORT),
        "_meta": Object(
            {"io.modelcontextprotocol.registry/publisher-provided": Anything()},
            only="a publisher's own data stands in io.modelcontextprotocol.registry/publisher-provided",
        ),
    },
    frozenset({"$schema", "name", "description", "version"}),
)
"""A server.json as the body of publish, validate and PUT."""
