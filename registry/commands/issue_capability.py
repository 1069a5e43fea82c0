"""Issue a capability address, or one in the place of another. Its secret is drawn and shown by who asks."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from registry.catalog.compat import Compat
from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import Conflict, Invalid, NotFound
from registry.policy.label import parse_label
from registry.policy.subject import parse_subject
from registry.settings.values import network
from registry.store.capabilities import Capability
from registry.store.interface import Transaction
from registry.store.records import AuditEvent

_MOST_NETWORKS: Final = 100


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """`old` ends when the overlap does, at the latest; `new` has the address that replaces it."""

    old: Capability
    new: Capability


def issue_capability(
    transaction: Transaction,
    capability_id: str,
    digest: bytes,
    *,
    team: str,
    owner: str,
    label: str,
    networks: Sequence[str],
    expires_us: int | None,
    actor: Actor,
    compat: Compat | None = None,
) -> Done[Capability]:
    """
    The capability, in force from the commit on. Whether *actor* may hand out *team*'s view was decided before.

    Args:
        networks: From where it may be used; none: from anywhere.
        expires_us: The instant at which it ends; None for never.
        compat: For which client lists leave out what it cannot decode.

    Raises Invalid: no subject; a label that is too long, not printable, or holds a secret; what is no network, or more
    than 100 of them; a team that does not exist.
    """
    if not transaction.team_exists(team):
        raise Invalid(f"there is no team {team[:90]!r}; a capability address is for one that exists")
    capability = Capability(
        id=capability_id,
        digest=digest,
        team=team,
        owner=parse_subject(owner),
        label=parse_label(label),
        networks=_parsed(networks),
        created_us=transaction.instant_us,
        created_by=actor.subject,
        expires_us=expires_us,
        compat=compat,
    )
    transaction.put_capability(capability)
    detail: dict[str, str | int | None] = {
        "team": team,
        "owner": owner,
        "label": label,
        "networks": " ".join(capability.networks),
        "expires_us": expires_us,
        "compat": compat,
    }
    return Done(value=capability, event=_event("capability.issued", actor, capability_id, detail))


def rotate_capability(
    transaction: Transaction,
    old_id: str,
    capability_id: str,
    digest: bytes,
    *,
    overlap_s: int,
    within: Callable[[Capability], bool],
    actor: Actor,
) -> Done[Rotated]:
    """
    Another address for the same team, owner, label and networks, good for as long as the old one was; the old one ends
    after the overlap, or when it would have anyway.

    Args:
        within: Whether that capability is for *actor* to rotate.

    Raises:
        NotFound: there is no such capability, or it is not for *actor*; the two look alike.
        Conflict: it is not in force any more, or was rotated before: the other one is there to be rotated.
    """
    old = transaction.capability(old_id)
    if old is None or not within(old):
        raise NotFound(f"there is no capability {old_id[:40]}")
    if old.replaced_by is not None:
        raise Conflict(f"{old_id} was replaced already, by {old.replaced_by}; rotate that one, or issue another")
    if not old.in_force(transaction.now_us):
        raise Conflict(f"{old_id} is not in force any more; issue another in its place")
    ends_us = transaction.now_us + overlap_s * 1_000_000
    lifetime_us = None if old.expires_us is None else old.expires_us - old.created_us
    new = msgspec.structs.replace(
        old,
        id=capability_id,
        digest=digest,
        created_us=transaction.instant_us,
        created_by=actor.subject,
        expires_us=None if lifetime_us is None else transaction.now_us + lifetime_us,
    )
    ending = msgspec.structs.replace(
        old,
        expires_us=ends_us if old.expires_us is None else min(ends_us, old.expires_us),
        replaced_by=capability_id,
    )
    transaction.put_capability(new)
    transaction.put_capability(ending)
    detail: dict[str, str | int | None] = {
        "team": old.team,
        "by": capability_id,
        "until_us": ending.expires_us,
        "expires_us": new.expires_us,
    }
    return Done(value=Rotated(old=ending, new=new), event=_event("capability.rotated", actor, old_id, detail))


def _parsed(networks: Sequence[str]) -> tuple[str, ...]:
    if len(networks) > _MOST_NETWORKS:
        raise Invalid(f"a capability address has at most {_MOST_NETWORKS} networks")
    parsed = []
    for text in networks:
        try:
            parsed.append(network(text))
        except ValueError as error:
            # What is wrong is told where the host bits are; the text itself may be anything.
            why = f": {error}" if str(error) else ""
            raise Invalid(f"not a network: {text[:60]!r}{why}; expected one such as 10.0.0.0/8") from error
    return tuple(dict.fromkeys(parsed))


def _event(action: str, actor: Actor, capability_id: str, detail: dict[str, str | int | None]) -> AuditEvent:
    return actor.event(action, capability_id, detail)
