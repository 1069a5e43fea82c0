"""Pages of a list as clients take them: what each insists on, and how each goes on to the next."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from registry.cli.clients.conversation import Conversation, Heard
from registry.cli.clients.diagnosis import Diagnosis
from schemas.validation.reading import Members, member_object, text

LEFT_OUT: Final = "x-registry-left-out"
MOST_PAGES: Final = 10_000
NOBODY: Final = "dev.mcp-registry.doctor/no-such-server"
OFFICIAL: Final = "io.modelcontextprotocol.registry/official"
_DIGITS: Final = 10
_UNENCODED: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """
    `fault`: why it ended early, in words; `heard`: the last answer; `finished`: whether all pages were read;
    `left_out`: how many entries the registry says it left out of them, for a client that cannot decode them.
    """

    items: list[Members]
    pages: int
    heard: Heard
    fault: str | None
    finished: bool = True
    left_out: int = 0


def items_of(heard: Heard) -> list[Members]:
    """The items of a page, as far as it has any."""
    body = heard.json()
    found = body.get("servers") if isinstance(body, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def name_of(item: Members) -> str:
    return text(member_object(item, "server"), "name")


def version_of(item: Members) -> str:
    return text(member_object(item, "server"), "version")


def official_of(item: Members) -> Members:
    return member_object(member_object(item, "_meta"), OFFICIAL)


def page_fault(heard: Heard) -> str | None:
    """What no client takes as a page, in words."""
    body = heard.json()
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    if not isinstance(body.get("servers"), list):
        return f"`servers` is {_kind(body.get('servers'))} and not an array"
    if not isinstance(body.get("metadata"), dict):
        return f"`metadata` is {_kind(body.get('metadata'))} and not an object"
    if not all(isinstance(item, dict) for item in body["servers"]):
        return "an item is not an object"
    return None


async def walk(
    talk: Conversation,
    path: str,
    asked: dict[str, str],
    *,
    encoded: bool = True,
    go_on: Callable[[], bool] = lambda: True,
) -> Walked:
    """
    Read page after page of *path*.

    Args:
        encoded: Whether the client encodes the cursor.
        go_on: Asked before every page but the first.
    """
    items: list[Members] = []
    seen: set[str] = set()
    cursor = ""
    pages = left_out = 0
    while True:
        query = urlencode(asked | ({"cursor": cursor} if cursor and encoded else {}))
        heard = await talk.get(f"{path}?{query}" + (f"&cursor={cursor}" if cursor and not encoded else ""))
        fault = heard.trouble if not heard.fine else page_fault(heard)
        if fault is not None:
            return Walked(items=items, pages=pages, heard=heard, fault=fault, left_out=left_out)
        pages += 1
        left_out += _number(heard.headers.get(LEFT_OUT, ""))
        items += items_of(heard)
        body = heard.json()
        assert isinstance(body, dict)
        following = text(member_object(body, "metadata"), "nextCursor")
        if following and not encoded and _UNENCODED.fullmatch(following) is None:
            odd = sorted(set(re.sub(_UNENCODED, "", following)))
            fault = f"the cursor holds {' '.join(odd)}, and the client appends it as it is"
        elif following in seen:
            fault = "a cursor leads back to a page that was read before"
        if fault is not None or not following:
            return Walked(items=items, pages=pages, heard=heard, fault=fault, left_out=left_out)
        if pages == MOST_PAGES or not go_on():
            return Walked(items=items, pages=pages, heard=heard, fault=None, finished=False, left_out=left_out)
        seen.add(following)
        cursor = following


def one_path(prefix: str, name: str, version: str = "latest") -> str:
    return f"{prefix}/servers/{quote(name, safe='')}/versions/{quote(version, safe='')}"


def named(heard: Heard) -> str | None:
    """The name of the server in the answer for one version; None where there is none."""
    body = heard.json()
    return name_of(body) or None if isinstance(body, dict) else None


def note_left_out(diagnosis: Diagnosis, walked: Walked) -> None:
    """Say how many entries are in the view and in no list of it."""
    if walked.left_out:
        several = f"{walked.left_out} entries are" if walked.left_out > 1 else "1 entry is"
        diagnosis.warned(
            "shows the whole view",
            f"{several} left out of the list, because the team or the address names a client that cannot decode them",
            "mcp-registry explain NAME --team TEAM says why of each; versions that are asked for by name are served",
        )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else 0


def _kind(value: object) -> str:
    match value:
        case None:
            return "null or absent"
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return "a number"
