"""The fields of server.json that we read, and what makes a document ambiguous.

Documents are served exactly as their source sent them, to clients with parsers of every kind. What two parsers
could read differently would let a name mean one server to us and another to a client, so it is found here; that a
document merely fails its JSON Schema is no reason to refuse it.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Final

_NAMES_OF_SERVER: Final = frozenset(
    {"$schema", "name", "description", "title", "repository", "version", "websiteUrl", "icons", "packages", "remotes"}
    | {"_meta"}
)
_NAMES_OF_PACKAGE: Final = frozenset(
    {"registryType", "registryBaseUrl", "identifier", "version", "fileSha256", "runtimeHint", "transport"}
    | {"runtimeArguments", "packageArguments", "environmentVariables"}
)
_NAMES_OF_TRANSPORT: Final = frozenset({"type", "url", "headers", "variables"})
_NAMES_OF_REPOSITORY: Final = frozenset({"url", "source", "id", "subfolder"})
_NAMES_OF_ICON: Final = frozenset({"src", "mimeType", "sizes", "theme"})
# Arguments, environment variables, headers, and the values of `variables`: one set, as they differ by two names.
_NAMES_OF_INPUT: Final = frozenset(
    {"description", "isRequired", "format", "value", "isSecret", "default", "placeholder", "choices", "variables"}
    | {"type", "name", "valueHint", "isRepeated"}
)
_INPUTS_OF_PACKAGE: Final = ("runtimeArguments", "packageArguments", "environmentVariables")
_MOST_NESTED: Final = 100


class AmbiguousDocument(ValueError):
    """Raised when two parsers could read a document differently; the message says where."""


def require_unambiguous(document: bytes) -> dict[str, object]:
    """
    The members of *document*, a JSON object.

    Raises:
        AmbiguousDocument: it is not one JSON object in UTF-8, a member stands twice, the name of a member the
            schema knows is spelled in another case (some parsers fold case), a text holds half a surrogate pair,
            a number is out of range, or it is nested more than 100 deep. Names that users choose (of `variables`,
            inside `_meta`) may differ by case only.
    """
    try:
        text = document.decode()
        members = _DECODER.decode(text)
        # A lone surrogate escape decodes to a text that no UTF-8 can carry.
        if "\\u" in text or "\\U" in text:
            json.dumps(members, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise AmbiguousDocument("it is not valid UTF-8, or holds half a surrogate pair") from error
    except RecursionError as error:
        raise AmbiguousDocument("it is nested too deep") from error
    except AmbiguousDocument:
        raise
    except ValueError as error:
        raise AmbiguousDocument(f"it is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise AmbiguousDocument("it is not a JSON object")
    if text.count("{") + text.count("[") > _MOST_NESTED and _depth(members) > _MOST_NESTED:
        raise AmbiguousDocument(f"it is nested more than {_MOST_NESTED} deep")
    _require_exact_names(members)
    return members


def registry_types(members: dict[str, object]) -> tuple[str, ...]:
    """The `registryType` of every package, as far as they are texts."""
    return tuple(_words(package.get("registryType") for _, package in _objects(members, "packages")))


def transports(members: dict[str, object]) -> tuple[str, ...]:
    """The transport types of packages and remotes, as far as they are texts."""
    of_packages = (package.get("transport") for _, package in _objects(members, "packages"))
    kinds = [transport.get("type") for transport in of_packages if isinstance(transport, dict)]
    kinds += [remote.get("type") for _, remote in _objects(members, "remotes")]
    return tuple(_words(kinds))


def text_of(members: dict[str, object], member: str) -> str:
    """The text at *member*; empty if something else is there."""
    found = members.get(member)
    return found if isinstance(found, str) else ""


def _words(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        # A filter compares whole words; what has blanks in it is no value anybody can ask for.
        if isinstance(value, str) and value and len(value) <= 64 and not any(map(str.isspace, value)):
            yield value


def _objects(members: dict[str, object], member: str) -> Iterator[tuple[str, dict[str, object]]]:
    found = members.get(member)
    if isinstance(found, list):
        for index, element in enumerate(found):
            if isinstance(element, dict):
                yield f"{member}[{index}]", element


def _depth(value: object) -> int:
    """How deep *value* is nested. A loop: the parser takes what would exhaust the stack of a recursion here."""
    depth = 0
    level = [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _require_exact_names(members: dict[str, object]) -> None:
    _require_exact_case(members, _NAMES_OF_SERVER, "")
    repository = members.get("repository")
    if isinstance(repository, dict):
        _require_exact_case(repository, _NAMES_OF_REPOSITORY, "repository")
    for place, icon in _objects(members, "icons"):
        _require_exact_case(icon, _NAMES_OF_ICON, place)
    for place, package in _objects(members, "packages"):
        _require_exact_case(package, _NAMES_OF_PACKAGE, place)
        for member in _INPUTS_OF_PACKAGE:
            _require_exact_inputs(package, member, place)
        transport = package.get("transport")
        if isinstance(transport, dict):
            _require_exact_transport(transport, f"{place}.transport")
    for place, remote in _objects(members, "remotes"):
        _require_exact_transport(remote, place)


def _require_exact_transport(transport: dict[str, object], place: str) -> None:
    _require_exact_case(transport, _NAMES_OF_TRANSPORT, place)
    _require_exact_inputs(transport, "headers", place)
    _require_exact_variables(transport, place)


def _require_exact_inputs(owner: dict[str, object], member: str, place: str) -> None:
    for inner, given in _objects(owner, member):
        _require_exact_case(given, _NAMES_OF_INPUT, f"{place}.{inner}")
        _require_exact_variables(given, f"{place}.{inner}")


def _require_exact_variables(owner: dict[str, object], place: str) -> None:
    variables = owner.get("variables")
    if isinstance(variables, dict):
        # The names are the user's own; what each holds is an input.
        for name, given in variables.items():
            if isinstance(given, dict):
                _require_exact_case(given, _NAMES_OF_INPUT, f"{place}.variables.{name}")


def _require_exact_case(members: dict[str, object], known: frozenset[str], place: str) -> None:
    if members.keys() <= known:
        return
    # Go's parser, and with it many clients, folds case as Unicode does: the long s is an s, the Kelvin sign a k.
    folded = {name.casefold(): name for name in known}
    for name in members.keys() - known:
        exact = folded.get(name.casefold())
        if exact is not None:
            raise AmbiguousDocument(f"{place or 'it'} has a member {name!r}, which some parsers read as {exact!r}")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise AmbiguousDocument(f"the member {name!r} stands twice")
            seen.add(name)
    return members


def _refuse_constant(text: str) -> object:
    raise AmbiguousDocument(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    # Some parsers read 1e400 as infinity, others refuse the whole answer it stands in.
    if math.isinf(number):
        raise AmbiguousDocument(f"the number {text[:40]} is out of range")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant, parse_float=_finite)
