"""What is wrong with a package: its identifier, its version, its arguments, its transport (reference §5.3)."""

from collections.abc import Iterator

from schemas.validation.issue import Issue, Profile, semantic_error
from schemas.validation.reading import ARGUMENT_LISTS, Members, listed, member_object, text
from schemas.validation.semantic.named_arguments import argument_issues
from schemas.validation.semantic.specific_version import version_issues
from schemas.validation.url_template import filled, undefined


def package_issues(members: Members, profile: Profile) -> Iterator[Issue]:
    """How the packages of *members* break the rules."""
    for path, package in listed(members, "packages"):
        if " " in text(package, "identifier"):
            message = "package name cannot contain spaces"
            yield semantic_error(f"{path}.identifier", message, "package-name-has-spaces")
        yield from version_issues(package, f"{path}.version", profile)
        for member in ARGUMENT_LISTS:
            for argument_path, argument in listed(package, member, path):
                yield from argument_issues(argument, argument_path)
        yield from _transport_issues(package, path)


def _transport_issues(package: Members, path: str) -> Iterator[Issue]:
    transport = member_object(package, "transport")
    kind, url = text(transport, "type"), text(transport, "url")
    where = f"{path}.transport.url"
    if kind == "stdio":
        if url:
            message = f"url must be empty for stdio transport type, got: {url}"
            yield semantic_error(where, message, "stdio-transport-url-not-empty")
    elif kind in ("streamable-http", "sse"):
        if not url:
            message = f"url is required for {kind} transport type"
            yield semantic_error(where, message, "streamable-transport-url-required")
            return
        wrong = url if filled(url) is None else undefined(url, _available(package))
        if wrong is not None:
            yield semantic_error(where, f"invalid package transport URL: {wrong}", "invalid-templated-url")
    else:
        message = f"unsupported transport type: {kind}"
        yield semantic_error(f"{path}.transport.type", message, "unsupported-transport-type")


def _available(package: Members) -> list[str]:
    """What the address of a package may refer to: its environment variables and its arguments."""
    names = [text(variable, "name") for _, variable in listed(package, "environmentVariables")]
    for member in ARGUMENT_LISTS:
        for _, argument in listed(package, member):
            names += [text(argument, "name"), text(argument, "valueHint")]
    return [name for name in names if name]
