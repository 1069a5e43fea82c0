"""Who a request's credential says is calling.

A credential that is bad is refused; it never falls back to the anonymous view.
"""

from collections.abc import Iterable

from registry.errors import Invalid, Unauthenticated
from registry.policy.principal import Origin, Principal, Role


class Authenticator:
    """
    Args:
        anonymous_team: Whose view is read without credentials; None: nobody's.
    """

    def __init__(self, *, anonymous_team: str | None) -> None:
        self._anonymous: Principal | None = None
        if anonymous_team is not None:
            self._anonymous = Principal(
                subject="anonymous",
                origin=Origin.ANONYMOUS,
                home_team=anonymous_team,
                roles=frozenset({Role.READER}),
            )

    def reader(self, headers: Iterable[tuple[bytes, bytes]]) -> Principal:
        """
        Who reads. Names of headers are lower case, as ASGI gives them.

        Raises:
            Unauthenticated: no credential where one is needed, or one that is not known here.
            Invalid: more than one credential.
        """
        credentials = [value for name, value in headers if name == b"authorization"]
        if len(credentials) > 1:
            raise Invalid("more than one Authorization header; send one")
        if credentials:
            raise Unauthenticated("the credential is not valid here; this registry has issued none yet")
        if self._anonymous is None:
            raise Unauthenticated(
                "this registry is not read without a credential; send one as 'Authorization: Bearer …'"
            )
        return self._anonymous
