"""`/auth/none`: anybody may publish below one namespace that is there for trying things out (reference §6.3).

Unlike upstream it does not let anybody edit: here that is for administrators.
"""

from collections.abc import Mapping
from typing import Final

from registry.auth.exchange.login import Granted, permissions
from registry.auth.registry_tokens import Action, Method

_NAMES: Final = "io.modelcontextprotocol.anonymous/*"


class AnonymousExchange:
    """See login.Login."""

    method: Final = Method.NONE
    members: Final[tuple[str, ...]] = ()
    failure: Final = "Token exchange failed"

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        return Granted(method=self.method, subject="anonymous", permissions=permissions([Action.PUBLISH], [_NAMES]))
