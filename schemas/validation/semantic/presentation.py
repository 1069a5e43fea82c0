"""What clients show of a server: its page, its title, its icons (reference §5.3)."""

from collections.abc import Iterator

from schemas.validation.go_url import GO_SPACE, GoUrlError, parse
from schemas.validation.issue import Issue, semantic_error
from schemas.validation.reading import Members, listed, text


def website_issues(members: Members) -> Iterator[Issue]:
    """What is wrong with `websiteUrl`; an address without a scheme breaks two rules."""
    address = text(members, "websiteUrl")
    if not address:
        return
    try:
        url = parse(address)
    except GoUrlError as error:
        yield semantic_error("websiteUrl", f"invalid websiteUrl: {address} ({error})", "invalid-website-url")
        return
    if not url.scheme:
        message = f"websiteUrl must be absolute (include scheme): {address}"
        yield semantic_error("websiteUrl", message, "website-url-must-be-absolute")
    if url.scheme != "https":
        message = f"websiteUrl must use https scheme: {address}"
        yield semantic_error("websiteUrl", message, "website-url-invalid-scheme")


def title_issues(members: Members) -> Iterator[Issue]:
    """Whether `title` is blank, if there is one."""
    title = text(members, "title")
    if title and not title.strip(GO_SPACE):
        yield semantic_error("title", "title cannot be only whitespace", "title-whitespace-only")


def icon_issues(members: Members) -> Iterator[Issue]:
    """What is wrong with the `src` of each icon."""
    for path, icon in listed(members, "icons"):
        address = text(icon, "src")
        where = f"{path}.src"
        try:
            url = parse(address)
        except GoUrlError as error:
            yield semantic_error(where, f"invalid icon src URL: {address} ({error})", "icon-src-invalid-url")
            continue
        if not url.scheme:
            message = f"icon src must be an absolute URL (include scheme): {address}"
            yield semantic_error(where, message, "icon-src-not-absolute")
        elif url.scheme != "https":
            message = f"icon src must use https scheme (got {url.scheme}): {address}"
            yield semantic_error(where, message, "icon-src-invalid-scheme")
