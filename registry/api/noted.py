"""What is known of a request beside what it says: its id, where it comes from, and what became of it on its way.

The edge begins the note, whoever finds something out adds to it, and the edge reads it when the answer goes out.
"""

from typing import Final

import msgspec
from litestar.types import Scope

from registry.commands.actor import Actor, acting
from registry.policy.principal import Principal, Role

_KEY: Final = "noted"


class Noted:
    """
    Attributes:
        request: The id that the answer, the access log and the record have in common.
        source: The caller's address; empty where the connection has none.
        principal: Who it is from, once that is known.
        object: What it is about, in the words of the record, once that is known.
        error: What it ended in, if it did.
    """

    __slots__ = ("error", "object", "principal", "request", "source")

    def __init__(self, request: str, source: str) -> None:
        self.request = request
        self.source = source
        self.principal: Principal | None = None
        self.object: str | None = None
        self.error: Exception | None = None

    def let_go(self) -> None:
        """
        Forget the error, and where it came from.

        The error holds the frames it passed, these the request, and the request this note: nothing of it would end
        before the garbage collector comes by. Until then the server waits for a body that nobody reads any more.
        """
        error: BaseException | None = self.error
        self.error = None
        while error is not None:
            error.__traceback__ = None
            error = error.__cause__ or error.__context__


def begin(scope: Scope, noted: Noted) -> None:
    """Note it on a request that nothing was noted on."""
    scope["state"] = {_KEY: noted}


def noted_on(scope: Scope) -> Noted:
    """The note on a request that came through the edge."""
    found: Noted = scope["state"][_KEY]
    return found


def actor_in(scope: Scope, principal: Principal, *roles: Role) -> Actor:
    """Who acts in a request, from where, under which id. *roles*: those it takes; all of the principal's without."""
    held = tuple(role.value for role in roles) or acting(principal).roles
    return requesting(scope, Actor(subject=principal.subject, roles=held))


def requesting(scope: Scope, actor: Actor) -> Actor:
    """*actor*, with the address and the id of the request that makes it act."""
    note = noted_on(scope)
    return msgspec.structs.replace(actor, source=note.source or None, request=note.request)
