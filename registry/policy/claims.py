"""From the claims of a token that its issuer signed to who is calling. No I/O.

What a token says becomes teams, roles and names only through the rules of the configuration: of a rule every condition
must hold, of a condition's alternatives one, and a claim of an odd type meets none. Each rule that matches gives its
roles for its own teams and names, and for no others.

The scopes say how much of that the token was issued for: `mcp-registry:read` the role reader, `mcp-registry:write`
also the roles of the rules. A token with neither has no role at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from registry.policy.principal import Origin, Principal, Role

READ: Final = "mcp-registry:read"
WRITE: Final = "mcp-registry:write"

Condition = str | int | bool | tuple[str | int | bool, ...]
"""What a claim must be, or one of what it may be."""


class ClaimRule(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an issuer's token gives whose claims meet all of `claims`; of none, every token of the issuer.

    The first of `teams`, of the first rule that matches, is the home team. `namespaces` are patterns.
    """

    claims: Mapping[str, Condition]
    teams: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    namespaces: tuple[str, ...] = ()


def meets(claims: Mapping[str, object], name: str, condition: Condition) -> bool:
    """
    Whether the claim *name* is one of what *condition* lists, or has one of it among its own elements.

    True is not 1, and a claim that is anything else than a text, a whole number, a truth or a list of those meets
    nothing.
    """
    wanted = condition if isinstance(condition, tuple) else (condition,)
    said = claims.get(name)
    given = said if isinstance(said, list) else [said]
    if not all(isinstance(each, str | int) for each in given):
        return False
    return any(type(each) is type(one) and each == one for each in given for one in wanted)


def scopes_of(claims: Mapping[str, object]) -> frozenset[str]:
    """The scopes in `scope` (RFC 9068: one text) or, without it, in `scp` (a text or a list); of odd types none."""
    said = claims["scope"] if "scope" in claims else claims.get("scp")
    if isinstance(said, str):
        return frozenset(said.split(" "))
    if isinstance(said, list) and "scope" not in claims and all(isinstance(each, str) for each in said):
        return frozenset(said)
    return frozenset()


def principal_of_claims(subject: str, claims: Mapping[str, object], rules: Iterable[ClaimRule]) -> Principal:
    """Who bears a token with *claims*, called *subject* here."""
    matching = [rule for rule in rules if all(meets(claims, name, wanted) for name, wanted in rule.claims.items())]
    scopes = scopes_of(claims)
    teams = _once(team for rule in matching for team in rule.teams)
    reads: tuple[Role, ...] = (Role.READER,) if scopes & {READ, WRITE} else ()
    acting = matching if WRITE in scopes else []
    whole = Principal(
        subject=subject,
        origin=Origin.ISSUER,
        home_team=teams[0] if teams else None,
        teams=teams,
        roles=frozenset(reads).union(*(rule.roles for rule in acting)),
        namespaces=_once(pattern for rule in acting for pattern in rule.namespaces),
        held_back=frozenset({Role.READER}).union(*(rule.roles for rule in matching)),
    )
    whole = msgspec.structs.replace(whole, held_back=whole.held_back - whole.roles)
    return msgspec.structs.replace(whole, parts=_parts(whole, reads, acting)) if len(acting) > 1 else whole


def _parts(whole: Principal, reads: tuple[Role, ...], acting: Sequence[ClaimRule]) -> tuple[Principal, ...]:
    """One that reads for all teams, then one for each rule, which reads as well: roles are handed out together."""
    given = [ClaimRule(claims={}, teams=whole.teams), *acting]
    return tuple(
        msgspec.structs.replace(
            whole, teams=rule.teams, roles=frozenset((*reads, *rule.roles)), namespaces=rule.namespaces
        )
        for rule in given
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
