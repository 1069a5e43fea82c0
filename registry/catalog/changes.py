"""What an overlay says: whose view of which names is shown otherwise than their source has it, and how.

What is said here is checked when it is decided, so that whatever it is put into stays valid in every published form of
server.json. How it is put into a document is in rewrite.py. Which source answers for a name is another matter, see
overlay.py.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from registry.catalog.entry import is_one_line
from registry.catalog.pattern import covers
from registry.errors import Invalid
from schemas.validation.go_url import GoUrlError, parse

PLACES: Final = ("{name}", "{team}")
"""What the address of a gateway may leave open."""

_MOST: Final = 50
_BLANKS: Final = frozenset(" \t\n\v\f\r")

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Size = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^([0-9]+x[0-9]+|any)\Z")]
MimeType = Literal["image/png", "image/jpeg", "image/jpg", "image/svg+xml", "image/webp"]


class PackageRewrite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Which packages come from elsewhere.

    `to` stands in place of `prefix` where the address of a package's index begins with it, or an identifier that is an
    address (oci, mcpb). Without a prefix it is the index of every package of `registry_type`.
    """

    to: Address
    registry_type: Word | None = None
    prefix: Address | None = None


class RemoteRewrite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Which remotes are reached elsewhere.

    `to` stands in place of `prefix`. Without a prefix, or where `to` has a place for `{name}` (the server's) or
    `{team}`, it is the whole address.
    """

    to: Address
    prefix: Address | None = None

    @property
    def whole(self) -> bool:
        return self.prefix is None or any(place in self.to for place in PLACES)


class Icon(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An icon as server.json writes it."""

    src: Annotated[str, msgspec.Meta(max_length=255)]
    mime_type: MimeType | None = None
    sizes: Annotated[tuple[Size, ...], msgspec.Meta(max_length=_MOST)] = ()
    theme: Literal["light", "dark"] | None = None


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is shown otherwise. `icons`: absent leaves those of the document, an empty list shows none."""

    title: Title | None = None
    icons: Annotated[tuple[Icon, ...], msgspec.Meta(max_length=_MOST)] | None = None
    categories: Annotated[tuple[Word, ...], msgspec.Meta(max_length=_MOST)] = ()
    packages: Annotated[tuple[PackageRewrite, ...], msgspec.Meta(max_length=_MOST)] = ()
    remotes: Annotated[tuple[RemoteRewrite, ...], msgspec.Meta(max_length=_MOST)] = ()


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """
    One overlay, in force until it is ended.

    `name`: what it is called; of one name there is one in force. `audience`: the teams it is for; None for all.
    `reason`: why it exists, in words.
    """

    id: str
    name: str
    pattern: str
    changes: Changes
    reason: str
    made_us: int
    made_by: str
    audience: tuple[str, ...] | None = None
    ended_us: int | None = None
    ended_by: str | None = None

    @property
    def in_force(self) -> bool:
        return self.ended_us is None

    @property
    def team_by_team(self) -> bool:
        """Whether teams it is for are shown different things by it."""
        return any("{team}" in remote.to for remote in self.changes.remotes)

    def is_for(self, team: str) -> bool:
        """Whether *team* is among those it is for."""
        return self.audience is None or team in self.audience


def applying(overlays: Iterable[Overlay], name: str) -> tuple[Overlay, ...]:
    """
    Those that cover *name*, the first of which has the say: it spells out most of the name, else it names its teams,
    else it was made last.
    """
    return tuple(sorted((each for each in overlays if covers(each.pattern, name)), key=_weight, reverse=True))


def require_meant(changes: Changes) -> None:
    """Raises Invalid, in words, for what cannot be meant or would make a valid document invalid."""
    if changes == Changes():
        raise Invalid("an overlay changes something: a title, icons, categories, packages or remotes")
    for text in (*(() if changes.title is None else (changes.title,)), *changes.categories):
        if not text.strip() or not is_one_line(text):
            raise Invalid(f"not a title or category: {text!r}; expected one line that is not blank")
    for icon in changes.icons or ():
        if _host(icon.src, "https") is None:
            raise Invalid(f"not the address of an icon: {icon.src!r}; expected an absolute one with https")
    for package in changes.packages:
        _require_package(package)
    for remote in changes.remotes:
        _require_remote(remote)


def is_address(text: str) -> bool:
    """Whether every schema takes *text* for an address: absolute, http or https, without a blank."""
    return _host(text, "http", "https") is not None


def is_reference(text: str) -> bool:
    """Whether *text* can stand for an image: no scheme, no blank, nothing a client would fill in."""
    return "://" not in text and text[:1].isalnum() and text.isascii() and not _BLANKS & set(text) and _plain(text)


def _weight(overlay: Overlay) -> tuple[int, bool, int, str]:
    spelled_out = len(overlay.pattern.removesuffix("*"))
    return spelled_out, overlay.audience is not None, overlay.made_us, overlay.id


def _require_package(rewrite: PackageRewrite) -> None:
    if rewrite.registry_type is None and rewrite.prefix is None:
        raise Invalid(f"packages to {rewrite.to}: say which, by registry_type, by prefix, or by both")
    of_images = rewrite.prefix is not None and "://" not in rewrite.prefix
    for text in (rewrite.to, rewrite.prefix):
        if text is not None and not (is_reference(text) if of_images else _is_beginning(text)):
            expected = "the beginning of an image reference" if of_images else "an absolute address with http or https"
            raise Invalid(f"packages to {rewrite.to}: {text!r} is not {expected}")
    _require_same_end(rewrite.prefix, rewrite.to)


def _require_remote(rewrite: RemoteRewrite) -> None:
    filled = rewrite.to
    for place in PLACES:
        filled = filled.replace(place, "x")
    if not _is_beginning(filled) or _host(rewrite.to, "http", "https") is None:
        raise Invalid(
            f"remotes to {rewrite.to!r}: expected an absolute address with http or https, in its path at most {{name}} "
            "and {team} left open"
        )
    if rewrite.prefix is not None and not (_is_beginning(rewrite.prefix) or rewrite.prefix in ("http://", "https://")):
        raise Invalid(f"remotes from {rewrite.prefix!r}: expected the beginning of an address with http or https")
    if not rewrite.whole:
        _require_same_end(rewrite.prefix, rewrite.to)


def _require_same_end(prefix: str | None, to: str) -> None:
    # What follows in the document must not become part of the host.
    if prefix is not None and prefix.endswith("/") != to.endswith("/"):
        raise Invalid(f"both {prefix!r} and {to!r} have to end with a slash, or neither")


def _is_beginning(text: str) -> bool:
    """Whether *text* is an address that more of a path may follow."""
    return is_address(text) and not {"?", "#"} & set(text) and _plain(text)


def _plain(text: str) -> bool:
    return not {"{", "}"} & set(text) and is_one_line(text)


def _host(text: str, *schemes: str) -> str | None:
    """The host of an absolute address with one of *schemes* and no user in it; None for anything else."""
    if any(map(str.isspace, text)) or not text.isprintable():
        return None
    try:
        url = parse(text)
    except GoUrlError:
        return None
    # The schemas want the scheme in lower case.
    right = text.startswith(tuple(f"{scheme}://" for scheme in schemes))
    return url.host if right and url.host and not url.user else None
