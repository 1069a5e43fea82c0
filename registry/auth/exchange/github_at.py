"""`/auth/github-at`: an access token of GitHub proves an account, and the organisations it owns (reference §6.3).

The token is sent to GitHub's API and nowhere else: no message, log line or record has it.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from registry.auth.exchange.github import names_of
from registry.auth.exchange.login import Granted, LoginRefused, permissions
from registry.auth.registry_tokens import Action, Method
from registry.egress.client import EgressClient, EgressPolicy, FetchLimits
from registry.errors import UpstreamFault, UpstreamRefused
from registry.settings.auth import GithubAtLogin

_LIMITS: Final = FetchLimits(connect_s=5, read_s=5, total_s=10, max_decoded_bytes=1 << 20, max_ratio=200)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)
_PER_PAGE: Final = 100
_MOST_PAGES: Final = 10
# More would not fit into the headers in which the token comes back.
_MOST_NAMESPACES: Final = 100
_UNUSABLE: Final = "GitHub gave an answer that cannot be used"


class _User(msgspec.Struct, frozen=True):
    login: str


class _Membership(msgspec.Struct, frozen=True):
    # An organisation that is odd voids itself and no other.
    state: object = None
    role: object = None
    organization: object = None

    @property
    def owned(self) -> object:
        """The organisation, if the account is an owner of it."""
        if self.state != "active" or self.role != "admin" or not isinstance(self.organization, dict):
            return None
        return self.organization.get("login")


class GithubAtExchange:
    """See login.Login."""

    method: Final = Method.GITHUB_AT
    members: Final = ("github_token",)
    failure: Final = "Token exchange failed"

    def __init__(self, settings: GithubAtLogin, client: EgressClient) -> None:
        self._api_url = settings.api_url
        self._prefix = settings.namespace_prefix
        self._policy = EgressPolicy(allow_private=settings.allow_private)
        self._client = client

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        token = given["github_token"]
        if not _TOKEN.fullmatch(token):
            raise LoginRefused("this cannot be a GitHub token")
        login = await self._login(token)
        owned = await self._owned(token)
        patterns = [pattern for each in (login, *owned) if (pattern := names_of(each, self._prefix)) is not None]
        granted = permissions([Action.PUBLISH], list(dict.fromkeys(patterns))[:_MOST_NAMESPACES])
        return Granted(method=self.method, subject=login, permissions=granted)

    async def _login(self, token: str) -> str:
        try:
            body = await self._asked("/user", token)
            login = msgspec.json.decode(body, type=_User).login
        except UpstreamRefused as error:
            if error.status == 401:
                raise LoginRefused("GitHub does not know this token; log in again") from error
            raise LoginRefused(f"GitHub refused to say whose token this is: it answered {error.status}") from error
        except msgspec.MsgspecError as error:
            raise LoginRefused(_UNUSABLE) from error
        if not 0 < len(login) <= 100 or not login.isprintable():
            raise LoginRefused(_UNUSABLE)
        return login

    async def _owned(self, token: str) -> list[object]:
        """What it owns; nothing where the token may not ask, since that takes nothing from the account itself."""
        owned: list[object] = []
        for page in range(1, _MOST_PAGES + 1):
            path = f"/user/memberships/orgs?state=active&per_page={_PER_PAGE}&page={page}"
            try:
                listed = msgspec.json.decode(await self._asked(path, token), type=list[_Membership])
            except UpstreamRefused as error:
                if page == 1 and _lacks_scope(error):
                    return []
                raise LoginRefused(
                    f"GitHub refused to list your organizations: it answered {error.status}; authorize the token for "
                    "single sign-on if they ask for that, or try again later"
                ) from error
            except msgspec.MsgspecError as error:
                raise LoginRefused(_UNUSABLE) from error
            owned += [each.owned for each in listed if each.owned is not None]
            if len(listed) < _PER_PAGE:
                break
        return owned

    async def _asked(self, path: str, token: str) -> bytes:
        """Raises UpstreamRefused for an error status, else LoginRefused."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            fetched = await self._client.get(self._api_url + path, headers=headers, policy=self._policy, limits=_LIMITS)
        except UpstreamRefused:
            raise
        except UpstreamFault as error:
            raise LoginRefused("GitHub cannot be asked at present; try again later") from error
        return fetched.body


def _lacks_scope(error: UpstreamRefused) -> bool:
    """A 403 that is about what the token may, not about how often it asked or how somebody signed on."""
    headers = error.headers
    throttled = error.retry_after_s is not None or headers.get("x-ratelimit-remaining") == "0"
    said = str(error).lower()
    otherwise = throttled or "x-github-sso" in headers or "rate limit" in said or "saml" in said
    return error.status == 403 and not otherwise
