"""Reading a document that may hold anything anywhere: what has the wrong type reads as absent.

The rules after the JSON Schema say what a *value* must be; that it has the wrong type has been said by then.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

Members = dict[str, object]
"""A JSON object."""

ARGUMENT_LISTS: Final = ("runtimeArguments", "packageArguments")


class InputKind(StrEnum):
    """What an input is for."""

    ARGUMENT = "argument"
    ENVIRONMENT = "environment variable"
    HEADER = "header"
    VARIABLE = "variable"


def text(members: Members, member: str) -> str:
    """The text at *member*; empty if there is none."""
    found = members.get(member)
    return found if isinstance(found, str) else ""


def member_object(members: Members, member: str) -> Members:
    """The object at *member*; empty if there is none."""
    found = members.get(member)
    return found if isinstance(found, dict) else {}


def listed(members: Members, member: str, path: str = "") -> Iterator[tuple[str, Members]]:
    """The objects in the list at *member*, each with its path; *path* is that of *members*."""
    found = members.get(member)
    if isinstance(found, list):
        prefix = f"{path}.{member}" if path else member
        for index, element in enumerate(found):
            if isinstance(element, dict):
                yield f"{prefix}[{index}]", element


def transports(members: Members) -> Iterator[tuple[str, Members]]:
    """The transport of every package, then every remote, each with its path."""
    for path, package in listed(members, "packages"):
        if isinstance(package.get("transport"), dict):
            yield f"{path}.transport", member_object(package, "transport")
    yield from listed(members, "remotes")


def arguments(members: Members) -> Iterator[tuple[str, Members]]:
    """Every argument of every package, with its path."""
    for path, package in listed(members, "packages"):
        for member in ARGUMENT_LISTS:
            yield from listed(package, member, path)


def environment(members: Members) -> Iterator[tuple[str, Members]]:
    """Every environment variable of every package, with its path."""
    for path, package in listed(members, "packages"):
        yield from listed(package, "environmentVariables", path)


def headers(members: Members) -> Iterator[tuple[str, Members]]:
    """Every header of every transport, with its path."""
    for path, transport in transports(members):
        yield from listed(transport, "headers", path)


def variables(owner: Members, path: str) -> Iterator[tuple[str, str, Members]]:
    """Path, name and input of every variable of *owner*, which is at *path*."""
    for name, given in member_object(owner, "variables").items():
        if isinstance(given, dict):
            yield f"{path}.variables.{name}", name, given


def inputs(members: Members) -> Iterator[tuple[str, InputKind, str, Members]]:
    """Path, kind, name (empty if it has none) and members of every input: whatever somebody may fill in."""
    given = (
        (InputKind.ARGUMENT, arguments(members)),
        (InputKind.ENVIRONMENT, environment(members)),
        (InputKind.HEADER, headers(members)),
    )
    for kind, found in given:
        for path, each in found:
            yield path, kind, text(each, "name") or text(each, "valueHint"), each
            for inner_path, name, inner in variables(each, path):
                yield inner_path, InputKind.VARIABLE, name, inner
    for path, transport in transports(members):
        for inner_path, name, inner in variables(transport, path):
            yield inner_path, InputKind.VARIABLE, name, inner
