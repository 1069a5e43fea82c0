"""What an administrator may hand out by issuing a token: never more than it has.

An administrator for every name (pattern `*`) is the organisation's own and hands out anything: the first one is made
on the host, where whoever reaches the store could write into it anyway. Every other administrator hands out its own
roles, its own teams, and patterns that lie within its own. The same rule says which tokens it may see and revoke:
those that it could have issued.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from registry.catalog.pattern import EVERY_NAME, parse_pattern, within
from registry.errors import Invalid
from registry.policy.parts import withheld_by_all
from registry.policy.principal import Principal, Role

_FOR_NAMES: Final = (Role.PUBLISHER, Role.ADMIN)
_MOST: Final = 100


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a token lets its bearer do. The first of `teams` is the home team; `namespaces` are patterns.
    """

    roles: tuple[Role, ...]
    teams: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()


def mandate(roles: Iterable[Role], teams: Iterable[str], namespaces: Iterable[str]) -> Mandate:
    """
    The mandate of a token to be issued, every part once, patterns parsed.

    Raises:
        Invalid: without any role; publisher or admin without a pattern, since no pattern is no name; a pattern that is
            none; more than 100 teams or patterns.
    """
    made = Mandate(
        roles=tuple(dict.fromkeys(roles)),
        teams=tuple(dict.fromkeys(teams)),
        namespaces=tuple(dict.fromkeys(map(parse_pattern, namespaces))),
    )
    if not made.roles:
        raise Invalid(f"a token needs a role; there are {', '.join(Role)}")
    for role in _FOR_NAMES:
        if role in made.roles and not made.namespaces:
            raise Invalid(f"the role {role} needs a namespace, such as com.acme/*; * stands for every name")
    if len(made.teams) > _MOST or len(made.namespaces) > _MOST:
        raise Invalid(f"a token names at most {_MOST} teams and {_MOST} namespaces")
    return made


@withheld_by_all
def withheld(giver: Principal, wanted: Mandate) -> str | None:
    """Why *giver* may not hand *wanted* out, in words for the caller; None if it may."""
    if Role.ADMIN not in giver.roles:
        return "tokens are handed out by the role admin"
    if EVERY_NAME in giver.namespaces:
        return None
    lacking = [role.value for role in wanted.roles if role not in giver.roles]
    if lacking:
        return f"you do not have the role {', '.join(lacking)} yourself"
    foreign = [team for team in wanted.teams if team not in giver.teams]
    if foreign:
        return f"you do not belong to team {', '.join(foreign)}"
    outside = [
        pattern for pattern in wanted.namespaces if not any(within(pattern, outer) for outer in giver.namespaces)
    ]
    if outside:
        return f"{', '.join(outside)} is outside of your own namespaces"
    return None


def may_manage(giver: Principal, existing: Mandate) -> bool:
    """Whether *giver* may see and revoke a token with this mandate: one that it could have issued."""
    return withheld(giver, existing) is None
