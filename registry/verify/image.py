"""The reference to a container image, read strictly: which registry, which repository, which image there."""

import re
from typing import Final

import msgspec

from registry.errors import Invalid

DEFAULT_HOST: Final = "docker.io"
"""The registry of a name without a host, which every client fills in."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_HOST: Final = re.compile(
    r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::[0-9]{1,5})?"
)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST: Final = 255


class ImageReference(msgspec.Struct, frozen=True, kw_only=True):
    """`host` is in lower case, with its port if one is written. Of `tag` and `digest` either may be empty."""

    host: str
    repository: str
    tag: str
    digest: str


def parse_image(text: str) -> ImageReference:
    """
    The parts of `[host[:port]/]repository[:tag][@digest]`.

    The first part is a host where it holds a dot or a colon or is `localhost`, as every client decides it. A name
    without host is one of `docker.io`, and with a single part one of its `library/`.

    Raises:
        Invalid: *text* is no such reference; two clients could read it differently.
    """
    named, at, digest = text.partition("@")
    first, slash, rest = named.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host = first.lower()
    else:
        host, rest = DEFAULT_HOST, named
    repository, colon, tag = rest.partition(":")
    right = (
        len(named) <= _LONGEST
        and _HOST.fullmatch(host)
        and _REPOSITORY.fullmatch(repository)
        and (_TAG.fullmatch(tag) or not colon)
        and (_DIGEST.fullmatch(digest) or not at)
    )
    if not right:
        raise Invalid("not a reference to an image; expected [host/]name, then :tag or @sha256:… or both")
    if host == DEFAULT_HOST and "/" not in repository:
        repository = f"library/{repository}"
    return ImageReference(host=host, repository=repository, tag=tag, digest=digest)
