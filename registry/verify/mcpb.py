"""MCPB: the bundle is there to be downloaded. Nothing in it names the server, so that is all that can be seen."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin

from registry.catalog.entry import ServerName
from registry.egress.client import EgressClient
from registry.egress.target import parse_target
from registry.egress.terms import EgressPolicy, FetchLimits
from registry.errors import Invalid, UpstreamNonsense
from registry.verify.index import REDIRECTS, is_page
from registry.verify.package import Package
from registry.verify.refusal import NotOwned, Owned, Verdict
from registry.verify.rules import host_listed

_MOST: Final = 5


class McpbVerifier:
    """
    Args:
        hosts: Where an identifier or a redirect may lead to.
    """

    def __init__(self, client: EgressClient, *, hosts: Sequence[str], allow_private: bool, limits: FetchLimits) -> None:
        self._client = client
        self._hosts = hosts
        self._policy = EgressPolicy(allow_private=allow_private)
        self._limits = limits

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package* can be downloaded; *name* cannot be found in it. Raises UpstreamFault."""
        url = package.identifier
        for _ in range(_MOST + 1):
            self._require_listed(url)
            fetched = await self._client.request(
                "HEAD", url, expected=REDIRECTS, policy=self._policy, limits=self._limits
            )
            if fetched.status == 200 and not is_page(fetched):
                return Owned()
            if fetched.status == 200:
                raise UpstreamNonsense("the host answered with a page in place of a file")
            if fetched.status not in REDIRECTS:
                return NotOwned(f"{package.subject} cannot be downloaded (status: {fetched.status})")
            url = _joined(url, fetched.headers.get("location", ""))
        raise UpstreamNonsense(f"the download is redirected more than {_MOST} times")

    def _require_listed(self, url: str) -> None:
        try:
            target = parse_target(url)
        except Invalid:
            raise UpstreamNonsense("the download leads to an address that cannot be used") from None
        if target.scheme != "https":
            raise UpstreamNonsense(f"the download leads to {target.origin}, which is not https")
        if not host_listed(target, self._hosts):
            host = target.origin.removeprefix("https://")
            raise UpstreamNonsense(f"the download leads to {host}, which is not among [verify] mcpb redirect_hosts")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise UpstreamNonsense("the download leads to an address that cannot be used") from None
