"""Let a name go that is held for what it looks like."""

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.look_alike import LookAlike
from registry.catalog.overlay import PRIVATE
from registry.commands.actor import Actor
from registry.commands.own import require_not_author
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import NotFound
from registry.store.interface import Transaction


def release_look_alike(transaction: Transaction, name: ServerName, *, reason: str, actor: Actor) -> Done[LookAlike]:
    """
    Do not hold *name* any more, whatever it looks like; what is approved of it is seen.

    Raises:
        NotFound: it is not held.
        Refused: *actor* published a version of it.
    """
    found = transaction.firewall.held(name)
    if found is None:
        raise NotFound(f"{name} is not held for what it looks like")
    published = transaction.entries(PRIVATE, name) if PRIVATE in transaction.sources_having(name) else []
    require_not_author(transaction, name, published, actor)
    released = msgspec.structs.replace(
        found, released_us=transaction.instant_us, released_by=actor.subject, reason=reason
    )
    transaction.firewall.put_look_alike(released)
    project_views(transaction, [name])
    event = actor.event("look_alike.released", str(name), {"resembles": found.resembles, "reason": reason})
    return Done(value=released, event=event)
