"""A document as a team is shown it: its bytes with what overlays change in them, and what stood there before.

Everything else keeps its bytes: numbers, escapes and the order of members are as the source sent them. Approvals,
findings and searches are about the source's own document.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias, TypeVar

import msgspec

from registry.catalog.changes import Overlay, PackageRewrite, RemoteRewrite, is_address, is_reference
from registry.catalog.entry import Digest, digest_of

_T = TypeVar("_T")
_Members: TypeAlias = dict[str, msgspec.Raw]
_Rule: TypeAlias = Callable[[_Members], tuple[str, str] | str | None]
"""Which member of an object becomes what; why that cannot be, in words; or None, if it is not about that object."""

_members: Final = msgspec.json.Decoder(_Members).decode
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_text: Final = msgspec.json.Decoder(str).decode
_encode: Final = msgspec.json.Encoder().encode
_NOTHING: Final = msgspec.Raw(b"null")
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BOUNDARIES: Final = ("/", "?", "#")
_DOTS: Final = frozenset({".", ".."})
_ADDRESSED: Final = frozenset({"oci", "mcpb"})
"""Their identifier is the whole address: they have no index that could be named."""
_NAMES: Final = (("registryType", "registryBaseUrl"), ("registry_type", "registry_base_url"))
"""The second as the oldest of the published schemas has them."""


class Overlaid(msgspec.Struct, frozen=True, kw_only=True):
    """
    A document as it is shown. Made by `shown_as` only.

    Attributes:
        document: The bytes; None where they are the source's own. `digest`: of these.
        applied: The ids of the overlays that did something; `categories`: theirs.
        original: What stood at the JSON pointers that were changed; null for nothing.
        stamp: Differs with whatever is said beside the document.
        left: What could not be done, in words.
    """

    document: bytes | None
    digest: Digest | None
    applied: tuple[str, ...]
    original: _Members
    categories: tuple[str, ...]
    stamp: bytes
    left: tuple[str, ...]


def shown_as(
    document: bytes | None,
    *,
    applied: tuple[str, ...] = (),
    original: _Members | None = None,
    categories: tuple[str, ...] = (),
    left: tuple[str, ...] = (),
) -> Overlaid:
    """See the attributes of what is made."""
    return Overlaid(
        document=document,
        digest=None if document is None else digest_of(document),
        applied=applied,
        original=original or {},
        categories=categories,
        stamp=hashlib.blake2b(_encode((applied, original or {}, categories)), digest_size=16).digest(),
        left=left,
    )


def overlaid(document: bytes, overlays: Sequence[Overlay], *, team: str, name: str) -> Overlaid:
    """
    *document* as *overlays* have it shown to *team*: what several of them say the first one has the say about.

    Raises nothing, whatever the bytes: what cannot be done is left, and told.
    """
    try:
        members = _members(document)
    except _UNREADABLE:
        return shown_as(None, left=("the document cannot be read",))
    work = _Work(members)
    said = [(each.id, each.changes) for each in overlays]
    work.set("title", ((overlay, changes.title) for overlay, changes in said if changes.title is not None))
    work.set("icons", ((overlay, changes.icons) for overlay, changes in said if changes.icons is not None))
    work.rewrite("packages", [(overlay, _package(each)) for overlay, changes in said for each in changes.packages])
    work.rewrite(
        "remotes",
        [(overlay, _remote(each, team=team, name=name)) for overlay, changes in said for each in changes.remotes],
    )
    sorting = next((each for each in overlays if each.changes.categories), None)
    if sorting is not None:
        work.applied.add(sorting.id)
    return shown_as(
        _encode(members) if work.original else None,
        applied=tuple(each.id for each in overlays if each.id in work.applied),
        original=work.original,
        categories=() if sorting is None else sorting.changes.categories,
        left=tuple(work.left),
    )


class _Work:
    """What has been done to one document so far."""

    def __init__(self, members: _Members) -> None:
        self.members = members
        self.applied: set[str] = set()
        self.original: _Members = {}
        self.left: list[str] = []

    def set(self, member: str, values: Iterable[tuple[str, object]]) -> None:
        """Put the first of *values*, each of an overlay, at *member*."""
        for overlay, value in values:
            self._put(self.members, member, _encode(value), f"/{member}", overlay)
            return

    def rewrite(self, member: str, rules: Sequence[tuple[str, _Rule]]) -> None:
        """Let the first of *rules*, each of an overlay, that is about it change each object of a list."""
        elements = _read(_elements, self.members.get(member)) if rules else None
        if elements is None:
            return
        for index, element in enumerate(elements):
            inner = _read(_members, element)
            if inner is not None and self._rewritten(inner, f"/{member}/{index}", rules):
                elements[index] = msgspec.Raw(_encode(inner))
        if any(pointer.startswith(f"/{member}/") for pointer in self.original):
            self.members[member] = msgspec.Raw(_encode(elements))

    def _rewritten(self, inner: _Members, place: str, rules: Sequence[tuple[str, _Rule]]) -> bool:
        for overlay, rule in rules:
            match rule(inner):
                case None:
                    continue
                case str() as why:
                    self.left.append(f"{place}: {why} ({overlay})")
                    return False
                case member, value:
                    return self._put(inner, member, _encode(value), f"{place}/{member}", overlay)
        return False

    def _put(self, members: _Members, member: str, value: bytes, pointer: str, overlay: str) -> bool:
        before = members.get(member, _NOTHING)
        if _same(before, value):
            return False
        self.original[pointer] = before
        self.applied.add(overlay)
        members[member] = msgspec.Raw(value)
        return True


def _package(rewrite: PackageRewrite) -> _Rule:
    def rule(package: _Members) -> tuple[str, str] | str | None:
        kind_member, base_member = next((names for names in _NAMES if names[0] in package), _NAMES[0])
        kind = _text_at(package, kind_member)
        if rewrite.registry_type not in (None, kind):
            return None
        stated, identifier = _text_at(package, base_member), _text_at(package, "identifier")
        if rewrite.prefix is None:
            if kind in _ADDRESSED and not stated:
                return f"{identifier} is a whole address, and needs a prefix to be rewritten"
            return base_member, rewrite.to
        if not stated and kind not in _ADDRESSED and rewrite.registry_type is not None:
            return "it names no index, so a prefix does not meet it; leave the prefix out to name one"
        if (rest := _behind(rewrite.prefix, stated)) is not None:
            return _checked(base_member, rewrite.to + rest, is_address)
        if kind in _ADDRESSED and (rest := _behind(rewrite.prefix, identifier)) is not None:
            right = is_address if "://" in rewrite.to else is_reference
            return _checked("identifier", rewrite.to + rest, right)
        return None

    return rule


def _remote(rewrite: RemoteRewrite, *, team: str, name: str) -> _Rule:
    def rule(remote: _Members) -> tuple[str, str] | str | None:
        rest = _behind(rewrite.prefix or "", _text_at(remote, "url"))
        if rest is None:
            return None
        if not rewrite.whole:
            return _checked("url", rewrite.to + rest, is_address)
        if "{name}" in rewrite.to and _DOTS & set(name.split("/")):
            return f"{name} cannot stand in an address"
        return "url", rewrite.to.replace("{name}", name).replace("{team}", team)

    return rule


def _checked(member: str, value: str, right: Callable[[str], bool]) -> tuple[str, str] | str:
    return (member, value) if right(value) else f"{value!r} would be no address"


def _behind(prefix: str, address: str) -> str | None:
    """
    What follows *prefix* in *address*; None if that does not begin with it, or goes on in the middle of a word.

    Scheme and host are the same in upper and lower case, and so is what a host begins with where there is no scheme.
    """
    reached = _host_end(prefix)
    if not (address[:reached].lower() + address[reached:]).startswith(prefix[:reached].lower() + prefix[reached:]):
        return None
    rest = address[len(prefix) :]
    ends = not rest or not prefix or prefix.endswith("/") or rest.startswith(_BOUNDARIES)
    return rest if ends else None


def _host_end(address: str) -> int:
    """Up to where *address* names scheme and host."""
    begins = address.find("://") + 3 if "://" in address else 0
    ends = [at for boundary in _BOUNDARIES if (at := address.find(boundary, begins)) >= 0]
    return min(ends, default=len(address))


def _text_at(members: _Members, member: str) -> str:
    return _read(_text, members.get(member)) or ""


def _read(decode: Callable[[msgspec.Raw], _T], raw: msgspec.Raw | None) -> _T | None:
    """What *raw* holds; None if that is something else, or nothing."""
    if raw is None:
        return None
    try:
        return decode(raw)
    except _UNREADABLE:
        return None


def _same(before: msgspec.Raw, value: bytes) -> bool:
    if bytes(before) == value:
        return True
    try:
        return bool(msgspec.json.decode(before) == msgspec.json.decode(value))
    except _UNREADABLE:
        return False
