"""What the public registry's own types keep of a document: it checks that, and not the text it was sent.

Members that are empty, false or null vanish, four members of a server and the required ones of its parts are there
even if they were not sent, and everything unknown is gone (reference §1.4, §5.2).
"""

from collections.abc import Callable
from typing import Final

from schemas.validation.reading import Members

PUBLISHER: Final = "io.modelcontextprotocol.registry/publisher-provided"

_Shape = Callable[[object], object]


def reserialised(members: Members) -> Members:
    """*members* after the detour. They must have passed `schemas.validation.body`, so that every type is right."""
    kept = _SERVER(members)
    assert isinstance(kept, dict)
    repository = members.get("repository")
    if isinstance(repository, dict):
        # A pointer upstream, and therefore kept even if nothing is in it: `repository: {}` stays.
        kept["repository"] = _REPOSITORY(repository)
    return kept


def _text(value: object) -> object:
    return value if isinstance(value, str) else ""


def _flag(value: object) -> object:
    return value is True


def _free(value: object) -> object:
    return value


def _texts(value: object) -> object:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _object(*, always: dict[str, _Shape], kept: dict[str, _Shape]) -> _Shape:
    def shaped(value: object) -> object:
        given = value if isinstance(value, dict) else {}
        result: Members = {name: shape(given.get(name)) for name, shape in always.items()}
        for name, shape in kept.items():
            if name in given and (found := shape(given[name])) not in ("", False, [], {}, None):
                result[name] = found
        return result

    return shaped


def _list(shape: _Shape) -> _Shape:
    return lambda value: [shape(each) for each in value] if isinstance(value, list) else []


def _map(shape: _Shape) -> _Shape:
    return lambda value: {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else {}


_INPUT_MEMBERS: Final[dict[str, _Shape]] = {
    "description": _text,
    "isRequired": _flag,
    "format": _text,
    "value": _text,
    "isSecret": _flag,
    "default": _text,
    "placeholder": _text,
    "choices": _texts,
}
_VARIABLES: Final = _map(_object(always={}, kept=_INPUT_MEMBERS))
_KEY_VALUE: Final = _object(always={"name": _text}, kept={**_INPUT_MEMBERS, "variables": _VARIABLES})
_ARGUMENT: Final = _object(
    always={"type": _text},
    kept={**_INPUT_MEMBERS, "variables": _VARIABLES, "name": _text, "valueHint": _text, "isRepeated": _flag},
)
_TRANSPORT: Final = _object(
    always={"type": _text}, kept={"url": _text, "headers": _list(_KEY_VALUE), "variables": _VARIABLES}
)
_REPOSITORY: Final = _object(always={}, kept=dict.fromkeys(("url", "source", "id", "subfolder"), _text))
_ICON: Final = _object(always={"src": _text}, kept={"mimeType": _text, "sizes": _texts, "theme": _text})
_PACKAGE: Final = _object(
    always={"registryType": _text, "identifier": _text, "transport": _TRANSPORT},
    kept={
        **dict.fromkeys(("registryBaseUrl", "version", "fileSha256", "runtimeHint"), _text),
        "runtimeArguments": _list(_ARGUMENT),
        "packageArguments": _list(_ARGUMENT),
        "environmentVariables": _list(_KEY_VALUE),
    },
)
_SERVER: Final = _object(
    always=dict.fromkeys(("$schema", "name", "description", "version"), _text),
    kept={
        "title": _text,
        "websiteUrl": _text,
        "icons": _list(_ICON),
        "packages": _list(_PACKAGE),
        "remotes": _list(_TRANSPORT),
        "_meta": _object(always={}, kept={PUBLISHER: _free}),
    },
)
