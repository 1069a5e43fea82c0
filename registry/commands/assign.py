"""Decide which of several sources answers for a name: what was refused so far, or not."""

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import owner
from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import Conflict, NotFound
from registry.store.firewall import Offer
from registry.store.interface import Transaction


def assign_name(transaction: Transaction, name: ServerName, source: str, *, reason: str, actor: Actor) -> Done[Offer]:
    """
    Let *source* answer for *name* from now on, whoever had it first; also where it does already. Others that have it
    are refused without being reported any more. The offer that was decided about.

    Raises:
        NotFound: no configured source of that id has the name.
        Conflict: a source claims the namespace, or nobody else has the name.
    """
    sources = transaction.sources()
    configured = {each.id for each in sources}
    having = [SourceId(each) for each in transaction.sources_having(name)]
    if source not in having or source not in configured:
        raise NotFound(f"there is no {name} in a source {source[:60]!r} that is configured")
    claimant = next((each.id for each in sources if each.claim_on(name.namespace)), None)
    if claimant is not None:
        raise Conflict(f"cannot assign {name}: its namespace is claimed, and the configuration says by whom")
    others = [each for each in having if each != source]
    if not others:
        raise Conflict(f"cannot assign {name}: only {source} has it")
    remembered = transaction.remembered(name)
    before = owner(name, sources, having=having, remembered=None if remembered is None else SourceId(remembered))
    transaction.remember(name, source)
    known = {offer.source: offer for offer in transaction.firewall.offers_of(name)}
    decided = [
        Offer(
            name=str(name),
            source=each,
            first_us=known[each].first_us if each in known else transaction.instant_us,
            chosen=source,
            decided_us=transaction.instant_us,
            decided_by=actor.subject,
            reason=reason,
        )
        for each in having
    ]
    for offer in decided:
        transaction.firewall.put_offer(offer)
    project_views(transaction, [name])
    event = actor.event(
        "name.assigned",
        str(name),
        {"refused": " ".join(others), "reason": reason},
        before={"source": before},
        after={"source": source},
    )
    return Done(value=next(offer for offer in decided if offer.source == source), event=event)
