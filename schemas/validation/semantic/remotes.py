"""What is wrong with a remote: its transport type and its address (reference §5.3)."""

from collections.abc import Iterator
from typing import Final

from schemas.validation.go_url import GoUrl
from schemas.validation.issue import Issue, semantic_error
from schemas.validation.reading import Members, listed, member_object, text
from schemas.validation.url_template import filled, undefined

_OF_THE_USER: Final = ("localhost", "127.0.0.1")


def remote_issues(members: Members) -> Iterator[Issue]:
    """How the remotes of *members* break the rules. One address can break two."""
    for path, remote in listed(members, "remotes"):
        kind, address = text(remote, "type"), text(remote, "url")
        if kind not in ("streamable-http", "sse"):
            message = f"unsupported transport type for remotes: {kind} (only streamable-http and sse are supported)"
            yield semantic_error(f"{path}.type", message, "unsupported-remote-transport-type")
            continue
        where = f"{path}.url"
        url = filled(address)
        if not address:
            message = f"url is required for {kind} transport type"
            yield semantic_error(where, message, "remote-transport-url-required")
        elif url is None or not _reachable(url):
            yield semantic_error(where, f"invalid remote URL: {address}", "invalid-remote-url")
        wrong = address if url is None else undefined(address, list(member_object(remote, "variables")))
        if wrong is not None:
            yield semantic_error(where, f"invalid remote URL: {wrong}", "invalid-templated-url")


def _reachable(url: GoUrl) -> bool:
    """Whether others than the machine it runs on can reach *url*, and safely."""
    host = url.hostname
    return url.scheme == "https" and host not in _OF_THE_USER and not host.endswith(".localhost")
