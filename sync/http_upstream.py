"""A registry as an upstream: `GET {url}/v0.1/servers`, or `/v0/servers` where that is all it has.

The page is taken apart into the exact bytes of its items and no further; what is in them is normalize.py's concern.
"""

import asyncio
from typing import Final
from urllib.parse import quote

import msgspec

from registry.egress.client import EgressClient
from registry.egress.terms import EgressPolicy, Fetched, FetchLimits
from registry.errors import UpstreamNonsense, UpstreamRefused
from registry.settings import UpstreamSettings
from schemas.registry_api import JSON
from schemas.rfc3339 import format_instant
from sync.deadline import Deadline
from sync.pace import Pace
from sync.split import TooManyItems, split
from sync.terms import SyncTerms
from sync.upstream import UpstreamPage

_PREFIXES: Final = ("v0.1", "v0")
_LONGEST_CURSOR: Final = 4096
_SHORTEST_REQUEST_S: Final = 0.001
_TIMES_ASKED_FOR: Final = 10
_ALWAYS_TAKEN: Final = 1000
"""A page may have ten times as many items as were asked for, and a thousand in any case."""
_MOST_COMMAS: Final = 100_000
"""There are no more items than commas: with more commas than this, items are counted before any is built."""
_LARGE_BYTES: Final = 256 * 1024


class _Metadata(msgspec.Struct):
    next_cursor: str | None = msgspec.field(name="nextCursor", default=None)
    # The spelling of the first registries, which have only /v0.
    older_next_cursor: str | None = msgspec.field(name="next_cursor", default=None)


class _List(msgspec.Struct):
    servers: list[msgspec.Raw]
    metadata: _Metadata | None = None


_LIST: Final = msgspec.json.Decoder(_List)
_METADATA: Final[msgspec.json.Decoder[_Metadata | None]] = msgspec.json.Decoder(_Metadata | None)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class HttpUpstream:
    """
    One run's view of a registry: which prefix it knows is found out anew by every run.

    Args:
        token: Sent as a bearer token, to this upstream's own origin only: redirects are not followed.
    """

    def __init__(
        self,
        settings: UpstreamSettings,
        *,
        token: str | None,
        client: EgressClient,
        pace: Pace,
        deadline: Deadline,
        terms: SyncTerms,
    ) -> None:
        if settings.url is None:
            raise ValueError("an upstream of kind http has a url")
        self._base, self._prefixes = _split(settings.url)
        self._settings = settings
        self._headers = {"Accept": JSON}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._client = client
        self._pace = pace
        self._deadline = deadline
        self._terms = terms

    async def page(self, *, since_us: int | None, cursor: str | None) -> UpstreamPage:
        question = _question(self._settings.page_limit, since_us, cursor)
        while True:
            try:
                fetched = await self._get(f"{self._base}/{self._prefixes[0]}/servers?{question}")
            except UpstreamRefused as refused:
                if refused.status != 404 or len(self._prefixes) == 1:
                    raise
                self._prefixes = self._prefixes[1:]
            else:
                # From here on it is known which prefix it has.
                self._prefixes = self._prefixes[:1]
                return await self._page(fetched)

    async def _get(self, url: str) -> Fetched:
        await self._pace.turn()
        self._deadline.require()
        total_s = max(min(self._terms.page_s, self._deadline.remaining_s), _SHORTEST_REQUEST_S)
        limits = FetchLimits(
            connect_s=self._terms.connect_s,
            read_s=self._terms.read_s,
            total_s=total_s,
            max_decoded_bytes=self._settings.max_page_bytes,
            max_ratio=self._terms.max_ratio,
        )
        policy = EgressPolicy(allow_private=self._settings.allow_private)
        return await self._client.get(url, headers=self._headers, policy=policy, limits=limits)

    async def _page(self, fetched: Fetched) -> UpstreamPage:
        peer, kind = self._settings.name, fetched.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != JSON:
            raise UpstreamNonsense(f"{peer} answered with content type {kind[:80]!r}; expected {JSON}")
        most = max(_TIMES_ASKED_FOR * self._settings.page_limit, _ALWAYS_TAKEN)
        if len(fetched.body) > _LARGE_BYTES:
            taken = await asyncio.to_thread(_taken_apart, fetched.body, most)
        else:
            taken = _taken_apart(fetched.body, most)
        items, metadata = taken if not isinstance(taken, _Refused) else await self._patiently(fetched.body, most, taken)
        if len(items) > most:
            raise self._too_many(most)
        cursor = metadata.next_cursor or metadata.older_next_cursor or None
        if cursor is not None and len(cursor) > _LONGEST_CURSOR:
            raise UpstreamNonsense(f"{peer} sent a cursor of more than {_LONGEST_CURSOR} characters")
        return UpstreamPage(items=items, next_cursor=cursor)

    async def _patiently(self, body: bytes, most: int, refused: "_Refused") -> "_Taken":
        try:
            items, metadata = await asyncio.to_thread(split, body, most=most)
            return items, _METADATA.decode(metadata) or _Metadata()
        except TooManyItems as error:
            raise self._too_many(most) from error
        except (ValueError, RecursionError) as error:
            # What the first reading says is the better explanation.
            reason = refused.reason or str(error)[:200]
            raise UpstreamNonsense(f"{self._settings.name} answered with no list of servers: {reason}") from error

    def _too_many(self, most: int) -> UpstreamNonsense:
        asked = self._settings.page_limit
        return UpstreamNonsense(f"{self._settings.name} sent more than {most} items in a page; asked for were {asked}")


def _split(url: str) -> tuple[str, tuple[str, ...]]:
    """The address without a version, and the versions to try: the one it ends with, if it does."""
    base = url.rstrip("/")
    for prefix in _PREFIXES:
        if base.endswith(f"/{prefix}"):
            return base.removesuffix(f"/{prefix}"), (prefix,)
    return base, _PREFIXES


def _question(limit: int, since_us: int | None, cursor: str | None) -> str:
    question = f"limit={limit}&include_deleted=true"
    if since_us is not None:
        question += f"&updated_since={quote(format_instant(since_us), safe='')}"
    if cursor is not None:
        question += f"&cursor={quote(cursor, safe='')}"
    return question


_Taken = tuple[list[bytes], _Metadata]


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why a page was not taken apart by the fast parser; empty where that did not try."""

    reason: str


def _taken_apart(body: bytes, most: int) -> _Taken | _Refused:
    if body.count(b",") > max(_MOST_COMMAS, most):
        return _Refused(reason="")
    try:
        decoded = _LIST.decode(body)
    except _UNREADABLE as error:
        return _Refused(reason=_short(error))
    # One more tells that there are too many.
    return [bytes(raw) for raw in decoded.servers[: most + 1]], decoded.metadata or _Metadata()


def _short(error: BaseException) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:200].lower()
