"""One configured index as a lookup sees it: where it is, what may be dialled for it, its token, what a request costs.

What an index says about other addresses is not trusted further than its own answer: they are followed only within its
own origin or over https, under the index's own address policy, and its token stays with its origin.
"""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import quote, urljoin

import msgspec

from registry.egress.client import EgressClient
from registry.egress.target import Target, parse_target
from registry.egress.terms import EgressPolicy, Fetched, FetchLimits
from registry.errors import Invalid, UpstreamNonsense

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
JSON: Final = "application/json"

_T = TypeVar("_T")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is the secret itself; None where there is none."""

    url: str
    allow_private: bool
    token: str | None = None

    def __repr__(self) -> str:
        return f"Address(url={self.url!r})"


class Index:
    """
    Asks one index. Every method raises UpstreamFault for anything but an answer that can be used.

    Raises:
        Invalid: the address of the index cannot be used.
    """

    def __init__(self, client: EgressClient, address: Address, limits: FetchLimits) -> None:
        self.has_token: Final = address.token is not None
        self._client = client
        self.url: Final = address.url
        self._origin = parse_target(address.url).origin
        self._token = address.token
        self._policy = EgressPolicy(allow_private=address.allow_private)
        self._limits = limits

    async def get(self, path: str, *, accept: str = JSON) -> Fetched:
        """The answer to GET of *path*, which is escaped already and goes after the index's own."""
        return await self.follow(self.url + path, accept=accept)

    async def head(self, path: str) -> None:
        """Returns if HEAD of *path* answers 2xx."""
        await self._send("HEAD", self.url + path, _bearer(self._token))

    async def follow(
        self,
        address: str,
        *,
        accept: str,
        bearer: str | None = None,
        expected: frozenset[int] = frozenset(),
        redirects: int = 0,
    ) -> Fetched:
        """
        The answer to GET of *address*, absolute or relative to the index, wherever the index got it from.

        Args:
            bearer: Sent in place of the index's own token, and as carefully.
            expected: Statuses beyond 2xx that are an answer.
            redirects: How many to follow. More than none only for what is checked by its digest.
        """
        base = self.url + "/"
        for _ in range(redirects + 1):
            target = _target(base, address)
            own = target.origin == self._origin
            if not own and target.scheme != "https":
                raise UpstreamNonsense(f"{self._origin} leads to {target.origin}, which is neither itself nor https")
            headers = {"Accept": accept, **(_bearer(bearer or self._token) if own else {})}
            url = urljoin(base, address)
            fetched = await self._send("GET", url, headers, expected | REDIRECTS if redirects else expected)
            if fetched.status not in REDIRECTS:
                return fetched
            base, address = url, fetched.headers.get("location", "")
        raise UpstreamNonsense(f"{self._origin} redirects more than {redirects} times")

    def decoded(self, fetched: Fetched, kind: type[_T]) -> _T:
        """The JSON in *fetched*, whose content type must say that it is some."""
        media = _media_type(fetched)
        if media != JSON and not media.endswith("+json"):
            raise UpstreamNonsense(f"{self._origin} did not answer with JSON")
        return self.read(fetched.body, kind)

    def read(self, body: bytes, kind: type[_T]) -> _T:
        """The JSON in *body*, whatever it is called."""
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UpstreamNonsense(f"{self._origin} sent a document that cannot be understood") from None

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], expected: frozenset[int] = frozenset()
    ) -> Fetched:
        try:
            return await self._client.request(
                method, url, headers=headers, expected=expected, policy=self._policy, limits=self._limits
            )
        except Invalid as error:
            raise UpstreamNonsense(f"{self._origin} named something that cannot be asked for: {error}") from error


def escaped(segment: str) -> str:
    """*segment* as one segment of a path."""
    return quote(segment, safe="@")


def text_of(fetched: Fetched) -> str:
    """The body as text, undecodable bytes replaced."""
    return fetched.body.decode("utf-8", errors="replace")


def is_page(fetched: Fetched) -> bool:
    """Whether it is HTML, where something else was asked for: a login or a portal that stands in the way."""
    return _media_type(fetched) == "text/html"


def _media_type(fetched: Fetched) -> str:
    return str(fetched.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _target(base: str, address: str) -> Target:
    try:
        return parse_target(urljoin(base, address))
    except (Invalid, ValueError):
        raise UpstreamNonsense("the index leads to an address that cannot be used") from None
