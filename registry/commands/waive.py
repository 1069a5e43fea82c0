"""Let a new version be seen before its cool-off is over."""

import msgspec

from registry.catalog.entry import ServerName
from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.commands.project_views import project_views, standing
from registry.errors import Conflict, NotFound
from registry.store.interface import Transaction


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """Versions whose cool-off nobody waits for."""

    name: str
    versions: tuple[str, ...]


def waive_cool_off(
    transaction: Transaction, name: ServerName, version: str | None, *, reason: str, actor: Actor
) -> Done[Waived]:
    """
    Do not wait for the cool-off of a version, or of all that are in one. Of the bytes they have now: others wait again.

    Raises:
        NotFound: no source that answers for the name has such a version.
        Conflict: there is no cool-off to waive.
    """
    decides = standing(transaction, name)
    entries = [entry for entry in decides.entries if version in (None, entry.version)]
    about = str(name) if version is None else f"{name}@{version}"
    if not entries:
        raise NotFound(f"there is no {about}")
    until_us = decides.fresh_until_us
    cooling = [entry for entry in entries if until_us.get(entry.version, 0) > transaction.now_us]
    if not cooling:
        raise Conflict(f"cannot waive the cool-off of {about}: there is none, or it is over")
    transaction.firewall.waive_cool_off(cooling, by=actor.subject)
    project_views(transaction, [name])
    waived = Waived(name=str(name), versions=tuple(sorted(entry.version for entry in cooling)))
    digest = cooling[0].digest.hex() if len(cooling) == 1 else None
    event = actor.event(
        "cool_off.waived",
        about,
        {"server": waived.name, "versions": " ".join(waived.versions), "audience": "*", "reason": reason},
        digest=digest,
    )
    return Done(value=waived, event=event)
