"""Entries that Copilot for Xcode cannot decode. It decodes a page as a whole: one of them empties the page.

One issue for a document, at the first place: all of them have to be mended before anything is gained.
"""

from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.missing_value_hint import unhinted
from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, inputs, listed, member_object, text

_FORMATS: Final = ("string", "number", "boolean", "filepath")
_MEDIA_TYPES: Final = ("image/png", "image/jpeg", "image/jpg", "image/svg+xml", "image/webp")
_THEMES: Final = ("light", "dark")
_LOCAL: Final = ("stdio", "streamable-http", "sse")
_REMOTE: Final = ("streamable-http", "sse")


def _check(members: Members) -> Iterator[Remark]:
    places = list(_places(members))
    if places:
        path, why = places[0]
        others = f" ({len(places) - 1} more places like it)" if len(places) > 1 else ""
        yield path, f"Xcode fails to read every page of the list that this entry is on: {why}{others}"


def _places(members: Members) -> Iterator[Remark]:
    repository = member_object(members, "repository")
    if repository and not (text(repository, "url") and text(repository, "source")):
        yield "repository", "a repository needs url and source"
    for path, icon in listed(members, "icons"):
        yield from _unknown(icon, path, "mimeType", _MEDIA_TYPES)
        yield from _unknown(icon, path, "theme", _THEMES)
    for path, package in listed(members, "packages"):
        if not isinstance(package.get("transport"), dict):
            yield path, "a package needs a transport"
        else:
            yield from _unknown(member_object(package, "transport"), f"{path}.transport", "type", _LOCAL)
    for path, remote in listed(members, "remotes"):
        yield from _unknown(remote, path, "type", _REMOTE)
    for path in unhinted(members):
        yield path, "a positional argument needs a valueHint"
    for path, _, _, given in inputs(members):
        yield from _unknown(given, path, "format", _FORMATS)


def _unknown(members: Members, path: str, member: str, known: tuple[str, ...]) -> Iterator[Remark]:
    found = members.get(member)
    if found is not None and found not in known:
        yield f"{path}.{member}", f"it does not know the {member} {found!r}"


RULE: Final = Rule(id="xcode-decoder", check=_check)
